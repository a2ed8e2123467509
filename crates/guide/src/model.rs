//! What a guide says, as a value. Markdown is only its file form.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use base::{Date, Level, RegionCode};
use formula::{Expression, Facts, Program, Type, Value};

pub use crate::indicators::Indicator;
pub use crate::payments::{Job, Mark};
pub use crate::registers::{AsOf, Register, RegisterColumn, Relation, Retention};
pub use crate::registries::{Doubt, Inquiry, OfWhom, Registry, Severity};
pub use crate::starts::{Counted, Start, When};
use crate::what_if::Yardstick;

/// A checked service guide.
#[derive(Clone, Debug)]
pub struct Guide {
    /// 标识 of the service: the key in storage and URLs.
    pub key: Arc<str>,
    pub title: String,
    /// SM3 digest of guide.md and law/, normalised.
    pub edition: Arc<str>,
    pub folder: String,
    pub service: Service,
    pub starts: Vec<Start>,
    pub fields: Vec<Field>,
    pub lists: Vec<List>,
    pub parameters: Vec<Parameter>,
    /// The registers that it owns.
    pub registers: Vec<Register>,
    /// Those that it may write: its own and those of registers.md.
    pub writable: Vec<Register>,
    pub relations: Vec<Relation>,
    pub program: Program,
    pub steps: Vec<Step>,
    /// What formulas see of steps that nobody has come to yet: 已有, 已开, 次数.
    pub untouched: Arc<Facts>,
    pub clocks: Vec<Clock>,
    pub publicities: Vec<Publicity>,
    pub checks: Vec<Check>,
    pub entitlements: Vec<Entitlement>,
    pub effects: Vec<Effect>,
    pub marks: Vec<Mark>,
    pub inquiries: Vec<Inquiry>,
    pub doubts: Vec<Doubt>,
    pub letters: Vec<Letter>,
    pub indicators: Vec<Indicator>,
    pub yardsticks: Vec<Yardstick>,
    pub laws: Vec<Law>,
    pub scenarios: Vec<Scenario>,
    pub fixtures: BTreeMap<String, Vec<FixtureColumn>>,
    /// The page for citizens: headings and prose of guide.md in their order.
    pub prose: Vec<Passage>,
}

/// `## 服务`.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// The register whose row the case is about.
    pub object: String,
    /// Field of the person who applies, from 凭: the case's object is found or made by it.
    pub found_by: String,
    /// Formula of the region of a newly made object.
    pub region: Option<Expression>,
    /// Formula of the day on which rates and ages are looked up; until its step is done, the day of the command.
    pub calc_date: Option<Expression>,
    /// 可见: the posts that alone see the cases; all staff of the region where it is empty.
    pub visible_to: Vec<(Level, String)>,
}

/// `## 项目`: a fact that somebody states.
#[derive(Clone, Debug)]
pub struct Field {
    pub name: Arc<str>,
    pub key: Arc<str>,
    pub ty: FieldType,
    /// `地区(乡)`: which level of region is asked for; villages where it says nothing.
    pub level: Level,
    pub required: Required,
    /// Ranks of steps, the most believed first; steps of one rank are equal and the later fact wins.
    pub sources: Vec<Vec<usize>>,
    /// The formula of that name speaks when no step did.
    pub computed: bool,
    pub note: String,
    /// The list whose column it is.
    pub list: Option<usize>,
    /// The table under `## 项目` in which it stands: a page of the form.
    pub page: usize,
    pub span: Range<usize>,
}

/// What a field holds: the closed list of format section 6.2.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldType {
    Plain(Type),
    PersonNumber,
    CreditCode,
    Account,
    Attachment,
    Signature,
    /// One row of a register of the engine, by its number in the environment.
    Register(usize),
    /// The key of a row of another register, by that register's 标识; only columns of registers have it.
    Row(Arc<str>),
    /// 名册 or 明细, by the list's number.
    List(usize),
}

#[derive(Clone, Debug)]
pub enum Required {
    Always,
    Never,
    /// In these steps.
    At(Vec<usize>),
    /// Wherever this holds once the rest of the form is known.
    If(Box<Expression>),
}

/// A 名册 (rows of a register) or 明细.
#[derive(Clone, Debug)]
pub struct List {
    pub name: Arc<str>,
    pub key: Arc<str>,
    pub parent: Option<usize>,
    /// For a 名册 the register, by its number in the environment.
    pub register: Option<usize>,
    pub columns: Vec<Field>,
}

/// `## 参数`: a rate that exists and who sets it.
#[derive(Clone, Debug)]
pub struct Parameter {
    pub name: Arc<str>,
    pub key: Arc<str>,
    pub ty: Type,
    pub dimensions: Vec<(Arc<str>, Type)>,
    /// `None` is 全国.
    pub level: Option<Level>,
    /// 沿用上级: where the level has no row, look upwards.
    pub inherit: bool,
    pub note: String,
    pub basis: String,
    /// 调整: by which service and start a new value is put in force, by their 标识; otherwise by `rates.md` alone.
    pub adjusted_by: Option<(String, String)>,
}

/// A row of `rates.md`.
#[derive(Clone, Debug, PartialEq)]
pub struct RateRow {
    pub parameter: Arc<str>,
    pub region: RegionCode,
    pub key: Vec<String>,
    pub from: Date,
    /// `None` is 停止: from that day there is no value.
    pub value: Option<Value>,
    pub document: String,
}

/// How a step is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepKind {
    Form,
    Record,
    Match,
    Visit,
    Meeting,
    Publicity,
    Decide,
    Wait,
    /// The bureau does it, row by row and slice by slice; nobody fills in a form.
    Batch(Job),
}

/// `## 步骤`.
#[derive(Clone, Debug)]
pub struct Step {
    pub name: Arc<str>,
    pub key: Arc<str>,
    pub kind: StepKind,
    /// Who does it; the first row whose condition holds. One row without condition is the rule.
    pub who: Vec<(Option<Expression>, Performer)>,
    /// 汇合: opens when nothing can arrive any more.
    pub join: bool,
    /// Opens only if this holds or is undecidable; otherwise it is skipped.
    pub condition: Option<Expression>,
    /// `在 甲 至 乙 期间`: may be started by its role while the main line is between these steps.
    pub side: Option<(usize, usize)>,
    pub arrows: Vec<Arrow>,
    pub basis: String,
    pub span: Range<usize>,
}

/// 承办: who may do a step, and the restrictions on them.
#[derive(Clone, Debug, Default)]
pub struct Performer {
    pub actor: ActorKind,
    /// How many people it takes; the second signs.
    pub head_count: usize,
    /// 不同于: nobody who acted in these steps.
    pub other_than: Vec<usize>,
    /// 非近亲属.
    pub no_relative: bool,
    /// 本人到场: fields of the people who must be there, with their identity checked, while the step is done.
    pub in_person: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum ActorKind {
    /// Level and post: `乡 受理员`.
    Staff(Level, String),
    /// The person of a field of the case, or `甲 或 乙`.
    Person(String),
    #[default]
    System,
}

/// A clause of 然后.
#[derive(Clone, Debug)]
pub struct Arrow {
    /// A conclusion of 决定, 异议 or 期满 of 公示, 期满 of 等待.
    pub conclusion: Option<Arc<str>>,
    pub condition: Option<Expression>,
    /// Written with 否则: holds when no condition before it did.
    pub otherwise: bool,
    pub target: Target,
    pub span: Range<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    Steps(Vec<usize>),
    /// 回: a new round.
    Back(usize),
    /// 办结 with its result.
    Close(Arc<str>),
    /// `—`: the branch ends.
    End,
}

/// A row of `## 时限`; rows of one name are read in order, the first whose condition holds counts.
#[derive(Clone, Debug)]
pub struct Clock {
    pub name: Arc<str>,
    pub from: ClockFrom,
    /// The step whose end (or with `until_start` whose beginning) is due.
    pub until: usize,
    pub until_start: bool,
    pub length: Length,
    pub condition: Option<Expression>,
    /// Steps whose time does not count, each perhaps on a condition.
    pub pauses: Vec<(usize, Option<Expression>)>,
    pub on_expiry: Option<Target>,
    pub basis: String,
    pub span: Range<usize>,
}

#[derive(Clone, Debug)]
pub enum ClockFrom {
    /// The end of a step.
    Done(usize),
    /// `步骤 开始`; for 公示 the posting.
    Opened(usize),
    Start,
    /// A date, or a moment.
    At(Box<Expression>),
}

#[derive(Clone, Debug)]
pub enum Length {
    Fixed(base::Clock),
    /// A parameter or formula of 日, with the word that says which days.
    Formula(Box<Expression>),
}

/// A row of `## 公示`.
#[derive(Clone, Debug)]
pub struct Publicity {
    pub step: usize,
    pub places: Vec<String>,
    /// Names of fields and formulas that are shown.
    pub shown: Vec<(String, Expression)>,
    /// Who may object: empty is nobody, 任何人 is everybody.
    pub objectors: Vec<String>,
}

/// A row of `## 校验`: what must hold when a step is submitted.
#[derive(Clone, Debug)]
pub struct Check {
    pub name: Arc<str>,
    pub steps: Vec<(usize, Option<Arc<str>>)>,
    pub condition: Expression,
    pub severity: CheckSeverity,
    pub message: String,
    pub basis: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckSeverity {
    /// 阻止: refused.
    Block,
    /// 说明: accepted with a written reason.
    Explain,
    /// 提醒.
    Remind,
}

/// `## 待遇`: what is paid, by component.
#[derive(Clone, Debug)]
pub struct Entitlement {
    pub name: Arc<str>,
    pub key: Arc<str>,
    /// 享受人 is 人员: the person of the case holds it, otherwise the people of its roster.
    pub of_person: bool,
    /// 享受人 as rows of the roster, `成员[计入]`; without it all of them.
    pub rows: Option<Expression>,
    /// 月 季 年 一次.
    pub period: String,
    /// 科目: what it is booked under; the service's title where the guide says none.
    pub programme: Option<Arc<str>>,
    /// 账户: the field of the person into whose account it goes.
    pub payee: String,
    pub components: Vec<Component>,
    /// 互斥: entitlements, also of other services, that the same person may not hold in the same month.
    pub exclusive_with: Vec<formula::Cell>,
}

#[derive(Clone, Debug)]
pub struct Component {
    pub name: Arc<str>,
    /// The name of a 分额 formula.
    pub amount: Arc<str>,
    /// 随年龄: from the month after somebody's birthday it is what the formula says then.
    pub by_age: bool,
    /// 随月份: it differs from month to month by 待遇月.
    pub by_month: bool,
}

/// A row of `## 效果`.
#[derive(Clone, Debug)]
pub struct Effect {
    pub step: usize,
    pub conclusion: Option<Arc<str>>,
    pub condition: Option<Expression>,
    /// 若 `每个 列表[条件]`: one effect for each of these rows; 内容 is read in the row.
    pub each: Option<Expression>,
    pub action: Action,
    /// From which month.
    pub from: Option<Expression>,
    pub until: Option<Expression>,
    /// 内容: what is filled in, by name.
    pub set: Vec<(String, Fill)>,
}

/// What a column is filled with.
#[derive(Clone, Debug)]
pub enum Fill {
    Value(Box<Expression>),
    /// `编号(文书)`: the number that the letter of the same decision gets.
    Number(Arc<str>),
}

impl Fill {
    pub fn expression(&self) -> Option<&Expression> {
        if let Self::Value(expression) = self { Some(expression) } else { None }
    }
}

/// 动作 with what it is about: an entitlement or a letter by its number, or a start of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// 给予.
    Grant(usize),
    /// 停止.
    Stop(usize),
    /// 暂停.
    Pause(usize),
    /// 恢复.
    Resume(usize),
    /// 发文.
    Letter(usize),
    /// 登记: a row of a register, by its number among those that the guide may write. 内容 names its columns.
    Register(usize),
    /// 启动: service and start by 标识. In 内容 stand the first step's fields by 标识, and 享受人 for a start over an
    /// entitlement: whose it is.
    Begin { service: String, start: String, span: Range<usize> },
    /// 记账: an amount from one account to another. 内容 says of what source, for what, when, whose and how much.
    Book(ledger::Heading, ledger::Heading),
}

impl Effect {
    /// The list whose rows it is for.
    pub fn list(&self) -> Option<usize> {
        self.each.as_ref().and_then(|each| row_list(&each.ty))
    }
}

/// The list that a type gives rows of.
pub fn row_list(ty: &Type) -> Option<usize> {
    match ty {
        Type::List(item) => match **item {
            Type::Row(list) => Some(list),
            _ => None,
        },
        _ => None,
    }
}

impl Action {
    /// The entitlement that is granted or changed.
    pub fn entitlement(&self) -> Option<usize> {
        match self {
            Self::Grant(index) | Self::Stop(index) | Self::Pause(index) | Self::Resume(index) => Some(*index),
            Self::Letter(_) | Self::Register(_) | Self::Begin { .. } | Self::Book(..) => None,
        }
    }
}

/// `## 文书` with its text.
#[derive(Clone, Debug)]
pub struct Letter {
    pub name: Arc<str>,
    pub key: Arc<str>,
    /// With `{区划}`, `{年}` and `{序号}`.
    pub numbering: String,
    /// Who gets it, or the list for each of whose rows it is written; then the text is read in the row.
    pub to: String,
    pub list: Option<usize>,
    pub text: Vec<LetterPart>,
}

#[derive(Clone, Debug)]
pub enum LetterPart {
    Text(String),
    Hole(Box<Expression>),
}

/// A legal source.
#[derive(Clone, Debug)]
pub struct Law {
    pub name: String,
    /// 简称: the name of its file and of references to it.
    pub short: String,
    pub file: String,
    pub facts: BTreeMap<String, String>,
    pub articles: Vec<Article>,
}

#[derive(Clone, Debug)]
pub struct Article {
    pub heading: String,
    /// The quoted text.
    pub text: String,
    /// Why it is not carried out by the program, if it is not.
    pub not_automated: Option<String>,
}

/// A passage of the guide for citizens.
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    pub level: usize,
    pub heading: String,
    /// Markdown of the prose under the heading.
    pub text: String,
}

/// One worked example: a test, training material and documentation at once.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub file: String,
    pub title: String,
    pub good: bool,
    pub given: Vec<Given>,
    /// Tables of lists and registers by their path.
    pub rows: Vec<GivenRows>,
    pub rates: Vec<GivenRate>,
    pub walk: Vec<Move>,
    pub expected: Vec<(formula::Cell, formula::Cell)>,
    pub explanation: Vec<(String, Range<usize>)>,
}

#[derive(Clone, Debug)]
pub struct Given {
    pub name: formula::Cell,
    pub value: formula::Cell,
    /// Only for this step.
    pub step: Option<String>,
}

#[derive(Clone, Debug)]
pub struct GivenRows {
    /// `成员` or `成员.收入`.
    pub path: String,
    pub span: Range<usize>,
    pub header: Vec<formula::Cell>,
    pub rows: Vec<Vec<formula::Cell>>,
}

#[derive(Clone, Debug)]
pub struct GivenRate {
    pub parameter: formula::Cell,
    pub from: formula::Cell,
    pub value: formula::Cell,
}

/// A row of `## 经过`.
#[derive(Clone, Debug)]
pub struct Move {
    pub at: formula::Cell,
    pub who: formula::Cell,
    pub step: formula::Cell,
    pub input: formula::Cell,
    pub expect: formula::Cell,
}

/// How a column of an acceptance fixture maps to the guide's names.
#[derive(Clone, Debug)]
pub struct FixtureColumn {
    pub column: String,
    pub role: String,
    pub name: String,
    pub value: String,
}

impl Guide {
    /// Whether it is a service of batches of payments.
    pub fn pays(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.kind, StepKind::Batch(job) if job != Job::Import))
    }

    pub fn step(&self, name: &str) -> Option<usize> {
        self.steps.iter().position(|step| &*step.name == name)
    }

    pub fn step_by_key(&self, key: &str) -> Option<usize> {
        self.steps.iter().position(|step| *step.key == *key)
    }

    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| &*field.name == name)
    }

    /// An entitlement by its 标识.
    pub fn entitlement(&self, key: &str) -> Option<&Entitlement> {
        self.entitlements.iter().find(|entitlement| &*entitlement.key == key)
    }
}

impl Step {
    /// Where a skipped step leads: its 期满, else 否则, else its plain arrow.
    pub fn after_skip(&self) -> Option<&Target> {
        let expiry = self.arrows.iter().find(|arrow| arrow.conclusion.as_deref() == Some("期满"));
        let otherwise = || self.arrows.iter().find(|arrow| arrow.otherwise);
        let plain = || self.arrows.iter().find(|arrow| arrow.condition.is_none() && arrow.conclusion.is_none());
        expiry.or_else(otherwise).or_else(plain).map(|arrow| &arrow.target)
    }
}

impl StepKind {
    pub const WORDS: [(&'static str, Self); 14] = [
        ("填写", Self::Form),
        ("记录", Self::Record),
        ("核对", Self::Match),
        ("走访", Self::Visit),
        ("会议", Self::Meeting),
        ("公示", Self::Publicity),
        ("决定", Self::Decide),
        ("等待", Self::Wait),
        ("编制", Self::Batch(Job::Roster)),
        ("付款", Self::Batch(Job::Pay)),
        ("收回单", Self::Batch(Job::Collect)),
        ("对账", Self::Batch(Job::Reconcile)),
        ("抽查", Self::Batch(Job::Sample)),
        ("导入", Self::Batch(Job::Import)),
    ];

    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, kind)| *kind == self).map_or("", |(word, _)| word)
    }
}

/// Levels of regions as guides write them; 全国 is not among them.
pub const LEVELS: [(&str, Level); 5] = [
    ("省", Level::Province),
    ("市", Level::City),
    ("县", Level::County),
    ("乡", Level::Township),
    ("村", Level::Village),
];
