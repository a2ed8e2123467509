//! What a guide is once it has been read and checked: plain values, no text left to interpret.
//!
//! Architecture invariant: a `Guide` that exists is sound.
//! Every name in it resolves, every step can be reached, every role is held, every clock starts somewhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Clock, Date, Decimal, Location, RegionCode};
use formula::{Condition, Expression, Program, Type, Value};

/// All services of a bureau, in reading order, with the roles that they share.
#[derive(Clone, Debug)]
pub struct Guides {
    pub services: Vec<Arc<Guide>>,
    pub roles: Arc<[Role]>,
}

impl Guides {
    /// The guide of a service by its folder name.
    pub fn service(&self, id: &str) -> Option<&Arc<Guide>> {
        self.services.iter().find(|g| &*g.service == id)
    }
}

/// One service: what the citizen reads and what the bureau runs.
#[derive(Clone, Debug)]
pub struct Guide {
    /// Folder name, for example `dibao`; stable in URLs and in the journal.
    pub service: Arc<str>,
    /// Chinese title, for example 最低生活保障.
    pub title: String,
    /// One sentence under the title.
    pub summary: String,
    /// Two letters that receipt numbers begin with, for example `DB`.
    pub prefix: String,
    /// The unit that answers for the service; data, because reforms move services between bureaus (ORG-01).
    pub owner: String,
    pub status: Status,
    /// Digest of every file of the folder and of the roles; a case pins it (LAW-01).
    pub edition: Edition,
    /// The files as read, so that the store can keep the edition for cases that pin it.
    pub files: Arc<BTreeMap<String, String>>,
    /// Prose sections of `guide.md` in order, as Markdown without the running tables.
    pub pages: Vec<Section>,
    pub laws: Vec<Law>,
    pub subject: Subject,
    pub form: Form,
    pub materials: Vec<Material>,
    pub program: Program,
    pub results: Vec<ResultName>,
    pub rates: RateTable,
    /// In the order of the table; the first is where a case begins.
    pub steps: Vec<Step>,
    pub limits: Vec<Limit>,
    pub recusal: Option<RecusalRule>,
    pub letters: Vec<Letter>,
    pub scenarios: Vec<Scenario>,
    pub roles: Arc<[Role]>,
}

impl Guide {
    pub fn step(&self, name: &str) -> Option<&Step> {
        self.steps.iter().find(|s| &*s.name == name)
    }

    pub fn letter(&self, name: &str) -> Option<&Letter> {
        self.letters.iter().find(|l| &*l.name == name)
    }

    /// A field of the application or of any step's form; names are unique in a guide.
    pub fn field(&self, name: &str) -> Option<&Field> {
        let forms = std::iter::once(&self.form).chain(self.steps.iter().map(|s| &s.form));
        forms.flat_map(|f| &f.fields).find(|f| &*f.name == name)
    }

    pub fn role(&self, name: &str) -> Option<&Role> {
        self.roles.iter().find(|r| &*r.name == name)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// 试行: shown to staff, takes no applications.
    Draft,
    /// 施行
    InForce,
    /// 停用: open cases go on, new ones are refused.
    Retired,
}

/// First 16 hex digits of the SM3 digest over the files of a guide.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Edition(pub Arc<str>);

/// A heading with its prose (Markdown, positions already dropped).
#[derive(Clone, Debug)]
pub struct Section {
    pub heading: String,
    pub markdown: String,
}

/// One legal source: `law/<file>.md`.
#[derive(Clone, Debug)]
pub struct Law {
    pub title: String,
    /// Rows of the table under the title: 文号, 施行日期, 来源 …
    pub facts: Vec<(String, String)>,
    pub sections: Vec<Section>,
}

/// Which fields say whom and where a case is about (概要 in `guide.md`).
#[derive(Clone, Debug)]
pub struct Subject {
    /// Field with the applicant's name.
    pub name: Arc<str>,
    /// Field with the applicant's citizen number, if the service asks for one.
    pub number: Option<Arc<str>>,
    pub phone: Option<Arc<str>>,
    /// Field (type 地区) with the village or community that the case belongs to.
    pub region: Arc<str>,
    /// Roster of people, with its name and number columns: 家庭成员（姓名、身份证号）.
    pub people: Vec<PeopleRoster>,
    /// Roster in which the applicant declares relatives among the staff: 近亲属申报（工作人员姓名、关系）.
    pub kin: Option<KinRoster>,
}

#[derive(Clone, Debug)]
pub struct KinRoster {
    pub roster: Arc<str>,
    pub staff_name: Arc<str>,
    pub relation: Arc<str>,
}

#[derive(Clone, Debug)]
pub struct PeopleRoster {
    pub roster: Arc<str>,
    pub name: Arc<str>,
    pub number: Arc<str>,
}

#[derive(Clone, Debug, Default)]
pub struct Form {
    pub fields: Vec<Field>,
}

impl Form {
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| &*f.name == name)
    }
}

#[derive(Clone, Debug)]
pub struct Field {
    /// Label on the form and identifier in formulas.
    pub name: Arc<str>,
    pub kind: FieldKind,
    pub required: bool,
    pub privacy: Privacy,
    /// Text of the first column group heading, if the table gives one (分组): forms show groups as fieldsets.
    pub group: Option<String>,
    pub help: String,
    /// Value that an empty entry stands for, if the guide declares one (默认); without it an empty entry is missing.
    pub default: Option<Value>,
    pub location: Location,
}

#[derive(Clone, Debug)]
pub enum FieldKind {
    /// 文本
    Text,
    /// 长文
    LongText,
    /// 数量(单位)
    Number { unit: String },
    /// 整数
    Integer,
    /// 金额: yuan, at most two decimals, not negative
    Money,
    /// 日期
    Date,
    /// 是否
    Bool,
    /// 选项(甲、乙)
    Choice(Vec<Arc<str>>),
    /// 多选(甲、乙)
    Choices(Vec<Arc<str>>),
    /// 身份证号
    CitizenNumber,
    /// 电话
    Phone,
    /// 地区: a village or community by its 12-digit code
    Region,
    /// 名册: rows of the form under the heading 名册：<name>
    Roster(Form),
}

impl FieldKind {
    /// The formula type of a value of this field.
    pub fn value_type(&self) -> Type {
        match self {
            FieldKind::Text
            | FieldKind::LongText
            | FieldKind::Choice(_)
            | FieldKind::CitizenNumber
            | FieldKind::Phone
            | FieldKind::Region => Type::Text,
            FieldKind::Number { .. } | FieldKind::Integer | FieldKind::Money => Type::Number,
            FieldKind::Date => Type::Date,
            FieldKind::Bool => Type::Bool,
            FieldKind::Choices(_) => Type::List(Arc::new(Type::Text)),
            FieldKind::Roster(form) => Type::List(Arc::new(form_record(form))),
        }
    }
}

/// The record type of one row of a roster.
pub fn form_record(form: &Form) -> Type {
    Type::Record(Arc::new(formula::RecordType {
        fields: form.fields.iter().map(|f| (f.name.clone(), f.kind.value_type())).collect(),
    }))
}

/// How far a field travels; masked by default (design invariant 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Privacy {
    /// 公开: may stand in a notice.
    Public,
    /// 内部: staff of the case see it.
    Internal,
    /// 敏感: masked in lists and prints, shown on the case page to those who handle it.
    Sensitive,
}

/// A paper that a case needs (材料).
#[derive(Clone, Debug)]
pub struct Material {
    pub name: Arc<str>,
    /// The step that asks for it.
    pub step: Arc<str>,
    pub required: bool,
    /// Asked for only when this holds.
    pub condition: Option<Condition>,
    /// 可核验: the bureau can fetch it, so it is never asked of the person (SA-10).
    pub obtainable: bool,
    pub help: String,
}

/// A figure that the formulas yield and that decisions, letters and pages may show (计算结果).
#[derive(Clone, Debug)]
pub struct ResultName {
    pub name: Arc<str>,
    pub value_type: Type,
    /// Unit shown behind numbers: 元, 人, 个月 …
    pub unit: String,
    /// Shown by the public self-check.
    pub self_check: bool,
    /// Kept with each decision (and read back as 上次决定.<name>).
    pub decision: bool,
    pub help: String,
}

/// Dated parameters by region; a value holds until the next start (SA-03, habit 8).
#[derive(Clone, Debug, Default)]
pub struct RateTable {
    pub rows: Vec<RateRow>,
}

#[derive(Clone, Debug)]
pub struct RateRow {
    pub name: Arc<str>,
    /// None: the whole country.
    pub region: Option<RegionCode>,
    pub value: Decimal,
    pub unit: String,
    pub from: Date,
    pub reference: String,
    /// 示例: not a published figure; pages say so beside it.
    pub example: bool,
    pub location: Location,
}

/// The step kinds are the engine's vocabulary; a guide cannot add one (方式).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// 填报: the applicant (or an officer for them) fills a form.
    Form,
    /// 办理: an officer examines, fills a form and chooses an outcome.
    Decide,
    /// 核对: facts are compared with other registries; each registry has an answer state.
    Match,
    /// 入户: a visit by at least two people, with record and photographs.
    Visit,
    /// 评议: a meeting with quorum and secret count.
    Meeting,
    /// 公示: what is frozen is posted; it runs its full time; objections divert it.
    Notice,
    /// 审批: an approver who handled no earlier step of this round.
    Approve,
    /// 送达: a letter is issued and served.
    Certify,
    /// 等待: nothing to do until the clock runs out or an event is reported.
    Wait,
}

#[derive(Clone, Debug)]
pub struct Step {
    pub name: Arc<str>,
    pub kind: StepKind,
    pub role: Arc<str>,
    /// How many different people must take part (2 for a visit).
    pub people: u32,
    pub clock: StepClock,
    /// When it does not hold, the step is passed over to the target of its first outcome.
    pub condition: Option<Condition>,
    /// Steps of the same round whose handlers may not do this one.
    pub not_with: Vec<Arc<str>>,
    pub help: String,
    pub form: Form,
    pub outcomes: Vec<Outcome>,
    pub notice: Option<NoticeRule>,
    pub meeting: Option<MeetingRule>,
    pub location: Location,
}

impl Step {
    pub fn outcome(&self, name: &str) -> Option<&Outcome> {
        self.outcomes.iter().find(|o| &*o.name == name)
    }
}

#[derive(Clone, Debug)]
pub enum StepClock {
    None,
    Fixed(Clock),
    /// A formula that yields a number of months: `按 复核间隔 个月`.
    Months(Expression),
}

/// One way a step can end (步骤结果).
#[derive(Clone, Debug)]
pub struct Outcome {
    pub name: Arc<str>,
    /// May be chosen only when it holds; missing facts forbid it too.
    pub condition: Option<Condition>,
    pub target: Target,
    /// Letter issued by this outcome.
    pub letter: Option<Arc<str>>,
    /// How often in one case (一次性告知: 1).
    pub at_most: Option<u32>,
    /// The figures of the results are fixed as a decision.
    pub decides: bool,
    /// The officer must write a reason.
    pub needs_reason: bool,
    pub help: String,
    pub basis: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Step(Arc<str>),
    /// 结束: the case is closed.
    End,
}

/// 公示: what is shown, where and how long.
#[derive(Clone, Debug)]
pub struct NoticeRule {
    /// Calendar days; None = 长期 (posting completes the step, the notice stays while the case lives).
    pub days: Option<u32>,
    pub place: String,
    /// Names of fields or results, shown in this order; only 公开 fields and results are allowed.
    pub shows: Vec<Arc<str>>,
    pub basis: String,
}

/// 评议: who must come and what carries.
#[derive(Clone, Debug)]
pub struct MeetingRule {
    pub members_min: u32,
    pub members_max: u32,
    /// Present against members due to attend.
    pub quorum: Fraction,
    /// Yes votes against votes of those present.
    pub majority: Fraction,
    pub basis: String,
}

/// `part ∘ whole` with ∘ the comparison: 过半数 is > 1/2, 半数以上 is ≥ 1/2, 三分之二以上 is ≥ 2/3 (CAL-05).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fraction {
    pub numerator: u32,
    pub denominator: u32,
    /// true: strictly more than.
    pub strict: bool,
}

impl Fraction {
    /// Exact in integers: `denominator * part` against `numerator * whole`.
    pub fn holds(self, part: u32, whole: u32) -> bool {
        let left = u64::from(self.denominator) * u64::from(part);
        let right = u64::from(self.numerator) * u64::from(whole);
        if self.strict { left > right } else { left >= right }
    }
}

/// A limit over several steps (期限): the whole from 受理 to 确认 within 30 working days.
#[derive(Clone, Debug)]
pub struct Limit {
    pub name: Arc<str>,
    /// Starts when this step ends for the first time in a round.
    pub from: Arc<str>,
    /// Met when this step ends.
    pub to: Arc<str>,
    pub clock: Clock,
    /// Longer limit and the closed list of reasons for it.
    pub extension: Option<(Clock, Vec<Arc<str>>)>,
    pub basis: String,
}

/// 回避: whose relatives, which relations.
#[derive(Clone, Debug)]
pub struct RecusalRule {
    pub relations: Vec<Arc<str>>,
    /// Roles whose relatives make a case a filed one (经办人员、村(居)委会成员).
    pub roles: Vec<Arc<str>>,
    pub basis: String,
}

/// A document with a number (文书). The body holds placeholders: `{申请人}`.
#[derive(Clone, Debug)]
pub struct Letter {
    pub name: Arc<str>,
    /// Word before the bracketed year: 嵩民低保.
    pub series: String,
    pub to: String,
    pub body: Vec<LetterPart>,
}

#[derive(Clone, Debug)]
pub enum LetterPart {
    Text(String),
    /// A field, a result or a word of the engine (文号, 今天, 机关, 期限, 理由, 受理号, 结果).
    Name(Arc<str>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    pub name: Arc<str>,
    /// English identifier used in the journal and in policies, for example `town_clerk`.
    pub id: Arc<str>,
    pub level: Level,
    pub duty: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// 个人
    Person,
    /// 村
    Village,
    /// 乡镇
    Township,
    /// 县
    County,
}

/// A worked example: test, training material and documentation at once.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub title: String,
    pub file: String,
    /// From `scenarios/bad`: it must meet a refusal.
    pub bad: bool,
    pub date: Date,
    pub region: Option<RegionCode>,
    /// Parameters laid over the guide's (what-if mechanism).
    pub rates: Vec<(Arc<str>, Decimal)>,
    /// Form entries as typed: path → text; roster rows as `家庭成员.1.姓名` (rows from 1).
    pub entries: BTreeMap<String, String>,
    pub expects: Vec<Expected>,
    pub course: Vec<CourseRow>,
}

/// A row of 结果: the name of a definition and its value as the program prints it.
#[derive(Clone, Debug)]
pub struct Expected {
    pub name: Arc<str>,
    pub value: String,
    /// The value cell, so that `--update` can rewrite it.
    pub cell: Location,
}

/// A row of 经过: when, who, does what, with what, and what should come of it.
#[derive(Clone, Debug)]
pub struct CourseRow {
    pub at: base::DateTime,
    /// Role name with an optional distinguishing letter: 乡镇经办甲.
    pub who: String,
    /// `步骤：结果`, or one of 申请, 提出异议, 答复异议, 更正, 延长, 撤回, 到期.
    pub what: String,
    /// Form entries for the step: `项目=值；项目=值`.
    pub entries: BTreeMap<String, String>,
    /// Next step, `步骤，2026-10-10前`, or `拒绝 R103`.
    pub expect: String,
    pub cell: Location,
    pub location: Location,
}
