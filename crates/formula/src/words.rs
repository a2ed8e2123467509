//! The words of the language: one table for the parser, the checker, the printer and the reference page.

/// A reserved word. It cannot name a fact, a rate or a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keyword {
    If,
    Then,
    Else,
    And,
    Or,
    For,
    Some,
    Every,
    In,
    Return,
    Satisfies,
    Between,
    To,
    Item,
    True,
    False,
    Null,
}

/// A mark or operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Symbol {
    Plus,
    Minus,
    Times,
    Divide,
    Power,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    LeftParen,
    RightParen,
    LeftBracket,
    RightBracket,
    LeftBrace,
    RightBrace,
    Comma,
    Colon,
    Dot,
    DotDot,
}

/// A row of the table of reserved words: FEEL word, Chinese words (the first is the one that is printed), meaning.
pub(crate) struct KeywordRow {
    pub keyword: Keyword,
    pub feel: &'static str,
    pub chinese: &'static [&'static str],
    pub meaning: &'static str,
}

const fn keyword(
    keyword: Keyword,
    feel: &'static str,
    chinese: &'static [&'static str],
    meaning: &'static str,
) -> KeywordRow {
    KeywordRow { keyword, feel, chinese, meaning }
}

/// In the order of the enum, so that the word of a keyword is found by its number.
pub(crate) const KEYWORDS: [KeywordRow; 17] = [
    keyword(Keyword::If, "if", &["若", "如果"], "`若 条件 则 甲 否则 乙`；条件未知时结果未知"),
    keyword(Keyword::Then, "then", &["则", "那么"], "见“若”"),
    keyword(Keyword::Else, "else", &["否则"], "见“若”；不能省"),
    keyword(Keyword::And, "and", &["且", "并且"], "两个都成立；一个不成立就不成立，即使另一个未知"),
    keyword(Keyword::Or, "or", &["或", "或者"], "至少一个成立；一个成立就成立，即使另一个未知"),
    keyword(Keyword::For, "for", &["对"], "`对 项 在 列表 取 式子`：逐项计算，得到列表；`对 月 在 1..12 取 …`"),
    keyword(Keyword::Some, "some", &["任一", "存在"], "`任一 项 在 列表 满足 条件`；空列表为假"),
    keyword(Keyword::Every, "every", &["全部", "所有"], "`全部 项 在 列表 满足 条件`；空列表为真"),
    keyword(
        Keyword::In,
        "in",
        &["在"],
        "`甲 在 [1..3]`（含两端）、`甲 在 (1..3)`（不含两端）、`甲 在 (\"A\", \"B\")`、`甲 在 (< 1, >= 5)`、`甲 在 列表`",
    ),
    keyword(Keyword::Return, "return", &["取"], "见“对”"),
    keyword(Keyword::Satisfies, "satisfies", &["满足"], "见“任一”“全部”"),
    keyword(Keyword::Between, "between", &["介于"], "`甲 介于 1 到 3`，含两端"),
    keyword(Keyword::To, "and", &["到"], "见“介于”"),
    keyword(Keyword::Item, "item", &["本项"], "筛选条件中正在看的那一项"),
    keyword(Keyword::True, "true", &["真"], "是否：是"),
    keyword(Keyword::False, "false", &["假"], "是否：否"),
    keyword(Keyword::Null, "null", &[], "不能写：用 缺失(甲) 判断有没有，用 首个已知(甲, 乙) 给出替代"),
];

/// Operators that also have Chinese words, and marks that input methods produce.
pub(crate) const OPERATORS: [(Symbol, &str, &[&str], &str); 6] = [
    (Symbol::Equal, "=", &["等于"], "相同；两边类型必须相同"),
    (Symbol::NotEqual, "!=", &["不等于", "≠"], "不同"),
    (Symbol::Less, "<", &["低于", "小于", "少于"], "不含本数"),
    (Symbol::LessEqual, "<=", &["不高于", "不大于", "不超过", "不多于", "≤"], "含本数"),
    (Symbol::Greater, ">", &["高于", "大于", "超过", "多于"], "不含本数"),
    (Symbol::GreaterEqual, ">=", &["不低于", "不小于", "不少于", "≥"], "含本数"),
];

/// A function of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Builtin {
    Sum,
    Count,
    Min,
    Max,
    Mean,
    ListContains,
    Concatenate,
    Append,
    Distinct,
    Flatten,
    Sort,
    RoundHalfUp,
    RoundUp,
    RoundDown,
    Floor,
    Ceiling,
    Abs,
    Modulo,
    StringLength,
    Contains,
    StartsWith,
    EndsWith,
    StringJoin,
    String,
    Shown,
    Not,
    FirstKnown,
    IsMissing,
    Date,
    Year,
    Month,
    Day,
    AddMonths,
    AddDays,
    MonthsBetween,
    DaysBetween,
    Age,
    MonthStart,
    MonthEnd,
    BirthDate,
    Sex,
}

/// A row of the table of functions. `feel` is empty for a function that FEEL does not have.
pub(crate) struct FunctionRow {
    pub builtin: Builtin,
    pub feel: &'static str,
    /// The first is the one that is printed.
    pub chinese: &'static [&'static str],
    pub signature: &'static str,
    pub meaning: &'static str,
}

const fn function(
    builtin: Builtin,
    feel: &'static str,
    chinese: &'static [&'static str],
    signature: &'static str,
    meaning: &'static str,
) -> FunctionRow {
    FunctionRow { builtin, feel, chinese, signature, meaning }
}

/// In the order of the enum.
pub(crate) const FUNCTIONS: [FunctionRow; 41] = [
    function(Builtin::Sum, "sum", &["合计", "总和"], "合计(数的列表) 或 合计(数, 数, …)", "空列表的合计是 0"),
    function(Builtin::Count, "count", &["计", "个数"], "计(列表)", "项数；项里有未知不影响"),
    function(Builtin::Min, "min", &["最小"], "最小(列表) 或 最小(甲, 乙, …)", "数或日期；空列表未知"),
    function(Builtin::Max, "max", &["最大"], "最大(列表) 或 最大(甲, 乙, …)", "数或日期；空列表未知"),
    function(Builtin::Mean, "mean", &["平均"], "平均(数的列表) 或 平均(数, 数, …)", "空列表未知"),
    function(Builtin::ListContains, "list contains", &["含有"], "含有(列表, 项)", "列表里有没有这一项"),
    function(Builtin::Concatenate, "concatenate", &["合并"], "合并(列表, 列表, …)", "首尾相接"),
    function(Builtin::Append, "append", &["追加"], "追加(列表, 项, …)", "在末尾加上各项"),
    function(Builtin::Distinct, "distinct values", &["去重"], "去重(列表)", "相同的只留第一个"),
    function(Builtin::Flatten, "flatten", &["展平"], "展平(列表的列表)", "去掉所有内层括号"),
    function(Builtin::Sort, "", &["排序"], "排序(列表)", "数、日期或文字，从小到大"),
    function(
        Builtin::RoundHalfUp,
        "round half up",
        &["舍入", "四舍五入"],
        "舍入(数, 位数)",
        "四舍五入到小数点后几位；位数为负则到十、百；负数按绝对值舍入",
    ),
    function(Builtin::RoundUp, "round up", &["进位"], "进位(数, 位数)", "有余数就进一，远离零"),
    function(Builtin::RoundDown, "round down", &["舍去"], "舍去(数, 位数)", "余数不计，靠近零"),
    function(Builtin::Floor, "floor", &["向下取整"], "向下取整(数) 或 向下取整(数, 位数)", "不大于它的最大整数"),
    function(Builtin::Ceiling, "ceiling", &["向上取整"], "向上取整(数) 或 向上取整(数, 位数)", "不小于它的最小整数"),
    function(Builtin::Abs, "abs", &["绝对值"], "绝对值(数)", ""),
    function(Builtin::Modulo, "modulo", &["余数"], "余数(被除数, 除数)", "符号与除数相同；除数为零未知"),
    function(Builtin::StringLength, "string length", &["字数"], "字数(文字)", "一个汉字算一个"),
    function(Builtin::Contains, "contains", &["包含"], "包含(文字, 片段)", "文字里有没有这个片段"),
    function(Builtin::StartsWith, "starts with", &["开头是"], "开头是(文字, 片段)", ""),
    function(Builtin::EndsWith, "ends with", &["结尾是"], "结尾是(文字, 片段)", ""),
    function(
        Builtin::StringJoin,
        "string join",
        &["连接"],
        "连接(文字的列表) 或 连接(文字的列表, 分隔)",
        "连成一段文字",
    ),
    function(Builtin::String, "string", &["文字"], "文字(值)", "数、是否、日期写成文字：425、true、2026-07-01"),
    function(Builtin::Shown, "", &["显示"], "显示(值)", "值在页面和文书上的样子：425、是、2026年7月1日"),
    function(Builtin::Not, "not", &["非"], "非(是否)", "未知仍是未知"),
    function(Builtin::FirstKnown, "", &["首个已知"], "首个已知(甲, 乙, …)", "第一个不缺失的；都缺失则缺失"),
    function(Builtin::IsMissing, "", &["缺失"], "缺失(值)", "值未知时为真；唯一不随未知而未知的判断"),
    function(
        Builtin::Date,
        "date",
        &["日期"],
        "日期(\"2026-07-01\") 或 日期(年, 月, 日)",
        "没有这一天则未知；写错的日期当时就报错",
    ),
    function(Builtin::Year, "", &["年份"], "年份(日期)", ""),
    function(Builtin::Month, "", &["月份"], "月份(日期)", "1 至 12"),
    function(Builtin::Day, "", &["日"], "日(日期)", "1 至 31"),
    function(Builtin::AddMonths, "", &["加月"], "加月(日期, 月数)", "当月没有这一天则取月末；月数可为负"),
    function(Builtin::AddDays, "", &["加日"], "加日(日期, 天数)", "天数可为负"),
    function(Builtin::MonthsBetween, "", &["相差月数"], "相差月数(起, 止)", "满几个月；止早于起则为负"),
    function(Builtin::DaysBetween, "", &["相差天数"], "相差天数(起, 止)", "止早于起则为负"),
    function(Builtin::Age, "", &["周岁"], "周岁(出生日期, 日期)", "过了几个生日；生日当天满岁；日期早于出生则未知"),
    function(Builtin::MonthStart, "", &["月初"], "月初(日期)", "当月第一天"),
    function(Builtin::MonthEnd, "", &["月末"], "月末(日期)", "当月最后一天"),
    function(Builtin::BirthDate, "", &["出生日期"], "出生日期(身份证号)", "号码无效则未知"),
    function(Builtin::Sex, "", &["性别"], "性别(身份证号)", "“男”或“女”；号码无效则未知"),
];

impl Keyword {
    /// The word that is printed: Chinese where there is one.
    pub fn word(self) -> &'static str {
        let row = &KEYWORDS[self as usize];
        row.chinese.first().unwrap_or(&row.feel)
    }

    /// The keyword of a word. The English `and` is always `And`; the parser of `between` knows that.
    pub fn of(word: &str) -> Option<Keyword> {
        KEYWORDS
            .iter()
            .find(|row| (row.feel == word && row.keyword != Keyword::To) || row.chinese.contains(&word))
            .map(|row| row.keyword)
    }
}

impl Symbol {
    /// The comparison that a Chinese word stands for.
    pub fn of_word(word: &str) -> Option<Symbol> {
        OPERATORS.iter().find(|(_, _, chinese, _)| chinese.contains(&word)).map(|(symbol, ..)| *symbol)
    }

    pub fn text(self) -> &'static str {
        match self {
            Symbol::Plus => "+",
            Symbol::Minus => "-",
            Symbol::Times => "*",
            Symbol::Divide => "/",
            Symbol::Power => "**",
            Symbol::Equal => "=",
            Symbol::NotEqual => "!=",
            Symbol::Less => "<",
            Symbol::LessEqual => "<=",
            Symbol::Greater => ">",
            Symbol::GreaterEqual => ">=",
            Symbol::LeftParen => "(",
            Symbol::RightParen => ")",
            Symbol::LeftBracket => "[",
            Symbol::RightBracket => "]",
            Symbol::LeftBrace => "{",
            Symbol::RightBrace => "}",
            Symbol::Comma => ",",
            Symbol::Colon => ":",
            Symbol::Dot => ".",
            Symbol::DotDot => "..",
        }
    }
}

impl Builtin {
    pub fn row(self) -> &'static FunctionRow {
        &FUNCTIONS[self as usize]
    }

    /// The name that is printed.
    pub fn name(self) -> &'static str {
        self.row().chinese[0]
    }

    /// The function of a Chinese name or of a FEEL name, whose words are joined by single blanks.
    pub fn of(name: &str) -> Option<Builtin> {
        let named = |row: &&FunctionRow| row.chinese.contains(&name) || (row.feel == name && !name.is_empty());
        FUNCTIONS.iter().find(named).map(|row| row.builtin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_stand_in_the_order_of_their_enums() {
        for (i, row) in KEYWORDS.iter().enumerate() {
            assert_eq!(row.keyword as usize, i, "{}", row.feel);
        }
        for (i, row) in FUNCTIONS.iter().enumerate() {
            assert_eq!(row.builtin as usize, i, "{}", row.signature);
        }
        for (i, (policy, ..)) in crate::HitPolicy::ALL.iter().enumerate() {
            assert_eq!(*policy as usize, i);
        }
    }

    #[test]
    fn no_word_means_two_things() {
        let mut seen = std::collections::BTreeSet::new();
        let keywords = KEYWORDS.iter().flat_map(|row| row.chinese.iter());
        let operators = OPERATORS.iter().flat_map(|row| row.2.iter());
        let functions = FUNCTIONS.iter().flat_map(|row| row.chinese.iter());
        for word in keywords.chain(operators).chain(functions) {
            assert!(seen.insert(word), "{word} stands twice");
        }
    }
}
