//! The words of the language: one table for the lexer, the printer, the checker and the reference page.

/// A reserved word; it cannot be a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyword {
    If,
    Then,
    Else,
    And,
    Or,
    Some,
    Every,
    For,
    In,
    Satisfies,
    Return,
    Not,
    True,
    False,
    Null,
    This,
    IsA,
    Between,
}

/// Keyword, FEEL's word, the Chinese word, meaning.
pub const KEYWORDS: [(Keyword, &str, &str, &str); 18] = [
    (Keyword::If, "if", "若", "`若 条件 则 甲 否则 乙`；条件未知时结果未知，没有选中的一边不必知道"),
    (Keyword::Then, "then", "则", "见“若”"),
    (Keyword::Else, "else", "否则", "见“若”；不能省"),
    (Keyword::And, "and", "且", "两个都成立；一个不成立就不成立，即使另一个未知"),
    (Keyword::Or, "or", "或", "至少一个成立；一个成立就成立，即使另一个未知"),
    (Keyword::Some, "some", "任一", "`任一 甲 在 成员 满足 条件`；空名单不成立"),
    (Keyword::Every, "every", "全部", "`全部 甲 在 成员 满足 条件`；空名单成立"),
    (
        Keyword::For,
        "for",
        "对每个",
        "`对每个 甲 在 成员 得 式`：逐行计算，得到一列；`对每个 月 在 1..12, 甲 在 成员 得 式` 两层合成一列",
    ),
    (
        Keyword::In,
        "in",
        "在",
        "`甲 在 [1..3]`（含两端）、`甲 在 (1..3)`（不含两端）、`甲 在 (\"子\", \"丑\")`、`甲 在 一列`",
    ),
    (Keyword::Satisfies, "satisfies", "满足", "见“任一”“全部”"),
    (Keyword::Return, "return", "得", "见“对每个”"),
    (Keyword::Not, "not", "非", "`非 条件` 或 `非(条件)`"),
    (Keyword::True, "true", "是", "是否类型的“是”"),
    (Keyword::False, "false", "否", "是否类型的“否”"),
    (Keyword::Null, "null", "空", "没有值；与未知不同，只由作者写出"),
    (Keyword::This, "this", "本行", "筛选时外面的那一行"),
    (Keyword::Between, "between", "介于", "`甲 介于 1 且 3` 就是 `甲 在 [1..3]`"),
    (Keyword::IsA, "instance_of", "类型是", "`甲 类型是 数`：空不是任何类型；类型见下"),
];

impl Keyword {
    pub fn of(word: &str) -> Option<Self> {
        KEYWORDS.iter().find(|row| row.1 == word || row.2 == word).map(|row| row.0)
    }

    /// The Chinese word, which the printer writes.
    pub fn word(self) -> &'static str {
        KEYWORDS.iter().find(|row| row.0 == self).map_or("", |row| row.2)
    }
}

/// A function of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builtin {
    Sum,
    Count,
    Max,
    Min,
    Mean,
    Abs,
    Floor,
    Ceiling,
    Contains,
    Distinct,
    Concatenate,
    First,
    Last,
    Year,
    MonthNumber,
    Day,
    Date,
    Text,
    Length,
    Known,
    Done,
    Opened,
    Rounds,
    DueDay,
    Drawn,
    Round,
    PerMonth,
    PerYear,
    Age,
    MonthsBetween,
    NextMonth,
    MonthOf,
    EndOfLastMonth,
    MonthsAfter,
    WorkingDaysAfter,
    Modulo,
    Remainder,
    Odd,
    Even,
    RoundUp,
    RoundDown,
    RoundHalfUp,
    RoundHalfDown,
    Decimal,
    Product,
    Median,
    Mode,
    All,
    Any,
    Append,
    InsertBefore,
    Remove,
    Reverse,
    IndexOf,
    Union,
    Flatten,
    Join,
    Sublist,
    ListReplace,
    Range,
    Substring,
    SubstringBefore,
    SubstringAfter,
    UpperCase,
    LowerCase,
    HasText,
    StartsWith,
    EndsWith,
    StringJoin,
    ToNumber,
    DayOfYear,
    WeekOfYear,
    Weekday,
    Hour,
    Minute,
    Second,
    Time,
    Moment,
}

/// Function, FEEL's name (empty where FEEL has none), the Chinese name, arguments, meaning.
pub const BUILTINS: [(Builtin, &str, &str, &str, &str); 78] = [
    (Builtin::Sum, "sum", "合计", "合计(一列)", "各项相加；空列是 0；有一项未知则未知"),
    (Builtin::Count, "count", "计", "计(一列)", "几项；名单未知则未知"),
    (Builtin::Max, "max", "最大", "最大(一列) 最大(甲, 乙)", "空列未知"),
    (Builtin::Min, "min", "最小", "最小(一列) 最小(甲, 乙)", "空列未知"),
    (Builtin::Mean, "mean", "平均", "平均(一列)", "空列未知"),
    (Builtin::Abs, "abs", "绝对值", "绝对值(数)", ""),
    (Builtin::Floor, "floor", "取整", "取整(数)", "不大于它的最大整数"),
    (Builtin::Ceiling, "ceiling", "进整", "进整(数)", "不小于它的最小整数"),
    (Builtin::Contains, "list_contains", "包含", "包含(一列, 项)", "列里有没有这一项"),
    (Builtin::Distinct, "distinct_values", "去重", "去重(一列)", "相同的只留第一个"),
    (Builtin::Concatenate, "concatenate", "合并", "合并(一列, 一列, …)", "首尾相接"),
    (Builtin::First, "", "首项", "首项(一列)", "空列未知"),
    (Builtin::Last, "", "末项", "末项(一列)", "空列未知"),
    (Builtin::Year, "", "年份", "年份(日期)", ""),
    (Builtin::MonthNumber, "", "月份", "月份(日期)", "1 至 12"),
    (Builtin::Day, "", "日数", "日数(日期)", "1 至 31"),
    (Builtin::Date, "date", "日期", "日期(年, 月, 日) 日期(时刻)", "没有这一天则未知"),
    (Builtin::Text, "string", "文字", "文字(值)", ""),
    (Builtin::Length, "string_length", "长度", "长度(文字)", "一个汉字算一个"),
    (Builtin::Known, "", "已知", "已知(值)", "值未知时为否；唯一不随未知而未知的判断"),
    (Builtin::Done, "", "已有", "已有(步骤)", "步骤办完过"),
    (Builtin::Opened, "", "已开", "已开(步骤)", "步骤开过"),
    (Builtin::Rounds, "", "次数", "次数(步骤)", "步骤办完几轮"),
    (Builtin::DueDay, "", "到期日", "到期日(时限)", "时限的最后一天；没有起算则未知"),
    (Builtin::Drawn, "", "抽中", "抽中(比例)", "每件在提交时抽一个数，小于比例就是抽中；整件只抽一次"),
    (Builtin::Round, "", "舍入", "舍入(金额, 规则)", "舍入成分额；规则如 四舍五入到分、进到角、舍到元"),
    (Builtin::PerMonth, "", "按月", "按月(元/年)", "除以 12，成为元/月"),
    (Builtin::PerYear, "", "按年", "按年(元/月)", "乘以 12，成为元/年"),
    (Builtin::Age, "", "年龄", "年龄(人员或出生日期, 日)", "周岁；生日当天满岁"),
    (Builtin::MonthsBetween, "", "相隔月", "相隔月(日, 日)", "满几个月"),
    (Builtin::NextMonth, "", "次月", "次月(日期或月份)", "下一个月"),
    (Builtin::MonthOf, "", "当月", "当月(日期)", "所在的月"),
    (Builtin::EndOfLastMonth, "", "上月末", "上月末(日期)", "上个月的最后一天"),
    (Builtin::MonthsAfter, "", "月后", "月后(日期, 数)", "没有这一天则为月末"),
    (Builtin::WorkingDaysAfter, "", "工作日后", "工作日后(日期, 数)", "当天不算"),
    (Builtin::Modulo, "modulo", "取余", "取余(数, 除数)", "余数与除数同号"),
    (Builtin::Remainder, "", "余数", "余数(数, 除数)", "余数与被除的数同号"),
    (Builtin::Odd, "odd", "是奇数", "是奇数(数)", ""),
    (Builtin::Even, "even", "是偶数", "是偶数(数)", ""),
    (Builtin::RoundUp, "round_up", "向外取", "向外取(数, 位数)", "离零远的一边，留几位小数"),
    (Builtin::RoundDown, "round_down", "向内取", "向内取(数, 位数)", "离零近的一边"),
    (Builtin::RoundHalfUp, "round_half_up", "四舍五入", "四舍五入(数, 位数)", "一半离零远"),
    (Builtin::RoundHalfDown, "round_half_down", "五舍六入", "五舍六入(数, 位数)", "一半离零近"),
    (Builtin::Decimal, "decimal", "四舍六入", "四舍六入(数, 位数)", "一半取偶数"),
    (Builtin::Product, "product", "连乘", "连乘(一列)", "空列未知"),
    (Builtin::Median, "median", "中位数", "中位数(一列)", "空列未知"),
    (Builtin::Mode, "mode", "众数", "众数(一列)", "最多的几个，从小到大"),
    (Builtin::All, "all", "都成立", "都成立(一列)", "空列成立"),
    (Builtin::Any, "any", "有成立", "有成立(一列)", "空列不成立"),
    (Builtin::Append, "append", "追加", "追加(一列, 项, …)", ""),
    (Builtin::InsertBefore, "insert_before", "插入", "插入(一列, 第几项, 项)", "负数从后面数"),
    (Builtin::Remove, "remove", "去掉", "去掉(一列, 第几项)", "负数从后面数"),
    (Builtin::Reverse, "reverse", "倒序", "倒序(一列)", ""),
    (Builtin::IndexOf, "index_of", "各在第几", "各在第几(一列, 项)", "一列次序，从 1 数"),
    (Builtin::Union, "union", "并集", "并集(一列, 一列, …)", "合并后去重"),
    (Builtin::Flatten, "flatten", "摊平", "摊平(一列)", "列里的列都拆开"),
    (Builtin::Join, "", "合并各列", "合并各列(一列的列)", "只拆一层"),
    (Builtin::Sublist, "sublist", "截列", "截列(一列, 第几项, 几项)", "不写几项就到末尾；负数从后面数"),
    (Builtin::ListReplace, "list_replace", "换项", "换项(一列, 第几项, 项)", "负数从后面数"),
    (Builtin::Range, "", "从至", "从至(整数, 整数) 从至(日期, 日期)", "一列整数或日子；也写 1..12"),
    (Builtin::Substring, "substring", "截取", "截取(文字, 第几字, 几字)", "不写几字就到末尾；负数从后面数"),
    (Builtin::SubstringBefore, "substring_before", "之前", "之前(文字, 片段)", "没有片段是空文字"),
    (Builtin::SubstringAfter, "substring_after", "之后", "之后(文字, 片段)", "没有片段是空文字"),
    (Builtin::UpperCase, "upper_case", "大写", "大写(文字)", ""),
    (Builtin::LowerCase, "lower_case", "小写", "小写(文字)", ""),
    (Builtin::HasText, "contains", "含有", "含有(文字, 片段)", ""),
    (Builtin::StartsWith, "starts_with", "开头是", "开头是(文字, 片段)", ""),
    (Builtin::EndsWith, "ends_with", "结尾是", "结尾是(文字, 片段)", ""),
    (Builtin::StringJoin, "string_join", "连接", "连接(一列文字, 间隔)", "间隔可以不写"),
    (Builtin::ToNumber, "number", "转成数", "转成数(文字) 转成数(文字, 分组号, 小数点)", "不是数则未知"),
    (Builtin::DayOfYear, "day_of_year", "年内第几天", "年内第几天(日期)", ""),
    (Builtin::WeekOfYear, "week_of_year", "年内第几周", "年内第几周(日期)", "ISO 8601：含一月四日的是第一周"),
    (Builtin::Weekday, "", "星期几", "星期几(日期或时刻)", "1 至 7，星期一是 1"),
    (Builtin::Hour, "", "几时", "几时(时间或时刻)", "0 至 23"),
    (Builtin::Minute, "", "几分", "几分(时间或时刻)", "0 至 59"),
    (Builtin::Second, "", "几秒", "几秒(时间或时刻)", "0 至 59"),
    (Builtin::Time, "time", "时间", "时间(时刻) 时间(时, 分, 秒)", "也写 09:30；没有这个时间则未知"),
    (Builtin::Moment, "date_and_time", "时刻", "时刻(日期, 时间)", "也写 2026-07-01 09:30"),
];

impl Builtin {
    pub fn of(name: &str) -> Option<Self> {
        BUILTINS.iter().find(|row| row.2 == name || (!row.1.is_empty() && row.1 == name)).map(|row| row.0)
    }

    fn row(self) -> &'static (Builtin, &'static str, &'static str, &'static str, &'static str) {
        BUILTINS.iter().find(|row| row.0 == self).unwrap_or(&BUILTINS[0])
    }

    /// The Chinese name, which the printer writes.
    pub fn name(self) -> &'static str {
        self.row().2
    }

    /// How a call looks.
    pub fn signature(self) -> &'static str {
        self.row().3
    }
}

/// Which of the rows that match decide a table, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    Unique,
    Any,
    Priority,
    First,
    RuleOrder,
    OutputOrder,
    Collect,
    Sum,
    Min,
    Max,
    Count,
}

/// Hit policies of decision tables: the word, FEEL's letter, meaning.
pub const POLICIES: [(Policy, &str, &str, &str); 11] = [
    (Policy::Unique, "唯一", "U", "恰有一行符合；有遗漏或重叠是错误"),
    (Policy::Any, "任一", "A", "可以有几行符合，结果须相同；有遗漏或结果不同是错误"),
    (Policy::Priority, "优先", "P", "符合的行中取结果最优先的一个；次序写在表头：`→ 结论(不合格、基本合格、合格)`"),
    (Policy::First, "首条", "F", "从上到下第一个符合的行；有遗漏或永远用不到的行是错误"),
    (Policy::RuleOrder, "依次", "R", "全部符合的行，按表中次序成一列"),
    (Policy::OutputOrder, "择序", "O", "全部符合的行，按表头所列次序成一列"),
    (Policy::Collect, "收集", "C", "全部符合的行成一列"),
    (Policy::Sum, "收集合计", "C+", "全部符合的行相加；没有则为 0"),
    (Policy::Min, "收集最小", "C<", "全部符合的行中最小的；没有则未知"),
    (Policy::Max, "收集最大", "C>", "全部符合的行中最大的；没有则未知"),
    (Policy::Count, "收集计数", "C#", "符合的有几行"),
];

impl Policy {
    pub fn of(word: &str) -> Option<Self> {
        POLICIES.iter().find(|row| row.1 == word).map(|row| row.0)
    }

    /// Whether one row decides, so that a gap in the table is an error.
    pub fn is_single(self) -> bool {
        matches!(self, Self::Unique | Self::Any | Self::Priority | Self::First)
    }

    /// Whether the values of the outputs have an order, which stands in the header.
    pub fn is_ranked(self) -> bool {
        matches!(self, Self::Priority | Self::OutputOrder)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_word_means_two_things() {
        let mut seen = BTreeSet::new();
        let words = KEYWORDS.iter().flat_map(|row| [row.1, row.2]);
        let names = BUILTINS.iter().flat_map(|row| [row.1, row.2]).filter(|name| !name.is_empty());
        for word in words.chain(names) {
            assert!(seen.insert(word), "{word} stands twice");
        }
    }

    #[test]
    fn every_builtin_has_its_row() {
        assert!(BUILTINS.iter().all(|row| Builtin::of(row.2) == Some(row.0) && row.3.starts_with(row.2)));
    }
}
