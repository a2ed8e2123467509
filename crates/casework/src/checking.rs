//! 核对: what registries are asked about people, and what they answered.
//!
//! `INVARIANT (no answer is no fact): a list of answers is known only when everybody who was asked about is answered.`

use std::collections::{BTreeMap, BTreeSet};

use base::{Date, DateTime};
use formula::{Facts, Value};
use guide::Guide;
use guide::model::{Inquiry, OfWhom, Registry, StepKind};
use serde::{Deserialize, Serialize};

use crate::clocks::due_at;
use crate::decide::{Draft, Refused, Rules};
use crate::event::{Datum, DueAt, Event, PersonRef};
use crate::facts::field_value;
use crate::given;
use crate::people::{Actor, Capacity, admit, may_perform};
use crate::refusal::{Code, Refusal};
use crate::registers::{Query, Registers, datum, found_by};
use crate::results::read_in;
use crate::state::{Instance, State, Status};

/// The registers of who has agreed to be asked about, and of which registries this bureau is connected to.
pub const AUTHORISATION: &str = "authorisation";
const CONNECTION: &str = "connection";

/// The word of a scope that leaves no registry out.
const EVERY: &str = "全部";

/// What one registry is asked about one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The case's number and a running one: what an answer names.
    pub number: String,
    /// 核对 of the guide, by name.
    pub inquiry: String,
    /// 标识 of the registry.
    pub registry: String,
    pub person: PersonRef,
    pub due: DueAt,
    /// Why it may not be asked; then it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_permitted: Option<String>,
}

/// How an answer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Pending,
    Failed,
    /// Its data are older than the registry's 有效期.
    Stale,
    NotPermitted,
    Answered,
    /// The registry has looked and has nothing.
    Empty,
}

/// What a registry answered to one question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub standing: Standing,
    /// The day of which its data are.
    pub as_of: Option<Date>,
    /// How surely it is about the person who was asked about (CHK-12), A to D.
    pub quality: char,
    /// 标识 of a column and what it says, line by line.
    pub lines: Vec<BTreeMap<String, Datum>>,
    /// What is wrong with it, in one Chinese sentence; empty where nothing is.
    pub note: String,
    /// The file or message that it came in.
    pub batch: String,
}

/// A question with what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    pub question: Question,
    /// The step that asks.
    pub instance: u32,
    pub asked_at: DateTime,
    /// The batch that it went out with, and when.
    pub sent: Option<(String, DateTime)>,
    pub answered_at: Option<DateTime>,
    pub answer: Option<Answer>,
}

/// What the column 结果 of an answer can say.
const RESULTS: [(&str, Standing); 4] = [
    ("有记录", Standing::Answered),
    ("无记录", Standing::Empty),
    ("查询失败", Standing::Failed),
    ("无权查询", Standing::NotPermitted),
];

impl Standing {
    /// As the column 结果 of an answer says it.
    pub fn of_result(word: &str) -> Option<Self> {
        RESULTS.iter().find(|(known, _)| *known == word).map(|(_, standing)| *standing)
    }

    /// As `名.答复` says it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "待复",
            Self::Failed => "失败",
            Self::Stale => "过期",
            Self::NotPermitted => "无权",
            Self::Answered => "已答复",
            Self::Empty => "无记录",
        }
    }

    /// Whether the registry has said what it knows.
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Answered | Self::Empty)
    }
}

impl Request {
    pub fn standing(&self) -> Standing {
        match (&self.answer, &self.question.not_permitted) {
            (Some(answer), _) => answer.standing,
            (None, Some(_)) => Standing::NotPermitted,
            (None, None) => Standing::Pending,
        }
    }

    /// Whether an answer that has not come should have.
    pub fn is_overdue(&self, now: DateTime) -> bool {
        self.standing() == Standing::Pending && self.question.due.at < now
    }
}

impl State {
    /// The newest question of an inquiry about each person, in the order in which they were asked.
    pub fn asked(&self, inquiry: &str) -> Vec<&Request> {
        let mut newest: Vec<&Request> = Vec::new();
        for request in self.requests.iter().filter(|request| request.question.inquiry == inquiry) {
            match newest.iter_mut().find(|known| known.question.person.number == request.question.person.number) {
                Some(known) => *known = request,
                None => newest.push(request),
            }
        }
        newest
    }

    pub fn request(&self, number: &str) -> Option<&Request> {
        self.requests.iter().find(|request| request.question.number == number)
    }

    pub(crate) fn apply_to_request(&mut self, event: &Event, at: DateTime) {
        let mut change = |number: &str, change: &dyn Fn(&mut Request)| {
            self.requests.iter_mut().filter(|known| known.question.number == number).for_each(change);
        };
        match event {
            Event::Asked { instance, questions } => {
                self.requests.extend(questions.iter().map(|question| Request {
                    question: question.clone(),
                    instance: *instance,
                    asked_at: at,
                    sent: None,
                    answered_at: None,
                    answer: None,
                }));
            }
            Event::Sent { requests, batch } => {
                requests.iter().for_each(|number| change(number, &|known| known.sent = Some((batch.clone(), at))))
            }
            Event::Answered { request, answer } => change(request, &|known| {
                (known.answered_at, known.answer) = (Some(at), Some(answer.clone()));
            }),
            _ => {}
        }
    }
}

/// 方式 of a registry's connection, and whether it is closed; `None` where this bureau is not connected.
pub fn connection(registers: &dyn Registers, registry: &Registry, on: Date) -> Option<(String, bool)> {
    let (register, column) = (CONNECTION.to_owned(), "source".to_owned());
    let row = registers.find(&Query { register, column, values: vec![registry.name.to_string()], on }).pop()?;
    let way = row.columns.get("way").and_then(Datum::text).unwrap_or_default().to_owned();
    Some((way, row.columns.get("closed") == Some(&Datum::Bool(true))))
}

/// The people whom an inquiry is about; whoever it cannot be told of is among them.
pub fn people_of(rules: Rules, state: &State, inquiry: &Inquiry, now: DateTime) -> Vec<PersonRef> {
    Draft::new(rules, state, Actor::system().reference(), now).people_of(inquiry)
}

/// The answers as formulas see them.
pub(crate) fn answers(guide: &Guide, state: &State, now: DateTime, facts: &mut Facts) {
    for inquiry in &guide.inquiries {
        let asked = state.asked(&inquiry.name);
        let word = match asked.iter().map(|request| request.standing()).min() {
            None => "未接入",
            Some(Standing::Pending) if asked.iter().any(|request| request.is_overdue(now)) => "逾期",
            Some(worst) => worst.word(),
        };
        facts.set(format!("{}.答复", inquiry.name), Value::text(word));
        put(inquiry, &asked, facts);
    }
}

/// The lines of answers, if all of them are there.
pub(crate) fn put(inquiry: &Inquiry, asked: &[&Request], facts: &mut Facts) {
    if asked.is_empty() || !asked.iter().all(|request| request.standing().is_settled()) {
        return;
    }
    let mut rows = Vec::new();
    for request in asked {
        let PersonRef { name, number } = &request.question.person;
        let number = number.as_deref().and_then(|text| base::PersonNumber::parse(text).ok());
        let person = given::person(name, number.as_ref());
        for line in request.answer.iter().flat_map(|answer| &answer.lines) {
            let mut row =
                Facts { label: Some(format!("{name}的{}", inquiry.registry.name).into()), ..Facts::default() };
            row.set("人员", person.clone());
            for column in &inquiry.registry.columns {
                let value = line.get(&*column.key).and_then(|datum| field_value(&column.ty, datum));
                value.into_iter().for_each(|value| row.set(column.name.clone(), value));
            }
            rows.push(row);
        }
    }
    facts.lists.insert(inquiry.name.clone(), rows);
}

impl Draft<'_> {
    /// Asks for what the open steps of 核对 want to know and nobody has asked for yet.
    pub(crate) fn ask(&mut self) {
        let guide = self.rules.guide;
        if guide.inquiries.is_empty() {
            return;
        }
        let open = self.state.steps.iter().filter(|i| i.status == Status::Open);
        let open = open.filter(|i| !self.state.requests.iter().any(|request| request.instance == i.id));
        for instance in open.cloned().collect::<Vec<_>>() {
            let step = guide.step_by_key(&instance.step).filter(|step| guide.steps[*step].kind == StepKind::Match);
            let Some(step) = step else { continue };
            let questions = self.questions(step, |_| true);
            if !questions.is_empty() {
                self.emit(Event::Asked { instance: instance.id, questions });
            }
        }
    }

    /// Asks once more about whom no usable answer has come.
    pub(crate) fn ask_again(&mut self, key: &str, people: &[Actor]) -> Result<(), Refused> {
        let index = self.step_index(key)?;
        let step = &self.rules.guide.steps[index];
        let open = self.state.steps.iter().find(|i| i.step == *step.key && i.status == Status::Open).cloned();
        let Some(instance) = open else {
            let text = format!("“{}”现在不能办", step.name);
            return Err(vec![Refusal::new(Code::R104, text, "请刷新页面看现在该办什么")]);
        };
        let performer = self.performer(index, instance.thread)?;
        let refusals = admit(self.rules.guide, &performer, people, step, &self.state);
        if !refusals.is_empty() {
            return Err(refusals);
        }
        let useless = |standing| matches!(standing, Standing::Failed | Standing::Stale | Standing::NotPermitted);
        let wanted = |known: Option<&Request>| known.is_none_or(|known| useless(known.standing()));
        let questions = self.questions(index, wanted);
        if questions.iter().all(|question| question.not_permitted.is_some()) {
            let text = "没有要再问的：都已答复、还在等答复，或者仍然没有授权";
            return Err(vec![Refusal::new(Code::R113, text, "没有授权的，先登记授权书；没有接入的，由您查明以后填写")]);
        }
        self.emit(Event::Asked { instance: instance.id, questions });
        Ok(())
    }

    /// One question for each registry that this bureau is connected to and each person, where it is wanted.
    fn questions(&self, step: usize, wanted: impl Fn(Option<&Request>) -> bool) -> Vec<Question> {
        let mut found: Vec<Question> = Vec::new();
        for inquiry in self.rules.guide.inquiries.iter().filter(|inquiry| inquiry.steps.contains(&step)) {
            let connection = connection(self.rules.registers, &inquiry.registry, self.now.date());
            if connection.is_none_or(|(_, closed)| closed) {
                continue;
            }
            let known = self.state.asked(&inquiry.name);
            for person in self.people_of(inquiry) {
                let before = known.iter().find(|request| request.question.person.number == person.number);
                let twice = |other: &Question| other.inquiry == *inquiry.name && other.person == person;
                if !wanted(before.copied()) || found.iter().any(twice) {
                    continue;
                }
                let due = inquiry.registry.due.due(self.now, self.rules.calendar);
                found.push(Question {
                    number: format!("{}-{}", self.state.case, self.state.requests.len() + found.len() + 1),
                    inquiry: inquiry.name.to_string(),
                    registry: inquiry.registry.key.to_string(),
                    not_permitted: self.not_permitted(&person, &inquiry.registry),
                    due: due_at(due),
                    person,
                });
            }
        }
        found
    }

    /// The people whom an inquiry is about; whoever it cannot be told of is asked about.
    fn people_of(&self, inquiry: &Inquiry) -> Vec<PersonRef> {
        let facts = self.facts(0);
        let assessment = self.assess(&facts);
        let holds = |row: Option<crate::results::At>| {
            inquiry.rows.as_ref().is_none_or(|rows| read_in((&assessment, row), rows) != Ok(Value::Bool(false)))
        };
        whom(self.rules.guide, &facts, &inquiry.of)
            .into_iter()
            .filter(|(row, _)| holds(*row))
            .map(|(_, person)| person)
            .collect()
    }

    /// Why somebody may not be asked about: who has no number, and who has not agreed (社会救助法 第四十条、第四十一条).
    fn not_permitted(&self, person: &PersonRef, registry: &Registry) -> Option<String> {
        let Some(number) = &person.number else { return Some("没有身份号码，查不了".to_owned()) };
        let numbers = self.rules.registers.numbers(number);
        let (register, column) = (AUTHORISATION.to_owned(), "person".to_owned());
        let query = Query { register, column, values: numbers.clone(), on: self.now.date() };
        let mut rows = self.rules.registers.find(&query);
        // What this very command registers is not in the store yet.
        let own = self.state.registered.iter().filter(|(at, row)| *at == self.now && row.register == AUTHORISATION);
        rows.extend(own.map(|(_, row)| row.clone()).filter(|row| numbers.contains(&row.key)));
        let Some(row) = rows.iter().max_by_key(|row| row.from) else { return Some("没有登记授权书".to_owned()) };
        let day = |key: &str| row.columns.get(key).and_then(Datum::text).and_then(|day| day.parse::<Date>().ok());
        let today = self.now.date();
        if day("withdrawn_on").is_some_and(|day| day <= today) {
            return Some("授权已经撤回".to_owned());
        }
        if day("until").is_some_and(|day| day < today) {
            return Some("授权已经到期".to_owned());
        }
        let scope = row.columns.get("scope").and_then(found_by).unwrap_or_default();
        let covers = scope.split('、').map(str::trim).any(|part| part == EVERY || part == &*registry.name);
        (!covers).then(|| format!("授权书没有写“{}”", registry.name))
    }

    /// Notes that questions have gone out. Whoever does the step that asks may send; so may the program.
    pub(crate) fn send(&mut self, requests: &[String], batch: &str, people: &[Actor]) -> Result<(), Refused> {
        let pending =
            |number: &&String| self.state.request(number).is_some_and(|known| known.standing() == Standing::Pending);
        let requests: Vec<String> = requests.iter().filter(pending).cloned().collect();
        self.may_exchange(&requests, people)?;
        if !requests.is_empty() {
            self.emit(Event::Sent { requests, batch: batch.to_owned() });
        }
        Ok(())
    }

    /// Takes answers: each question is answered once. The same again changes nothing; another answer to an answered
    /// question makes both useless, until it is asked again.
    pub(crate) fn take_answers(&mut self, answers: &[(String, Answer)], people: &[Actor]) -> Result<(), Refused> {
        if let Some(refusal) = self.is_closed() {
            return Err(vec![refusal]);
        }
        let numbers: Vec<String> = answers.iter().map(|(number, _)| number.clone()).collect();
        self.may_exchange(&numbers, people)?;
        for (number, answer) in answers {
            let Some(request) = self.state.request(number) else {
                let text = format!("没有请求“{number}”");
                return Err(vec![Refusal::new(Code::R104, text, "核对答复文件的请求号")]);
            };
            let answer = self.aged(request, answer);
            match &request.answer {
                Some(known) if known.is_same(&answer) => continue,
                Some(known) if known.standing.is_settled() && answer.standing.is_settled() => {
                    let note = format!("同一个请求两次答复不同（{}、{}），要再问一次", known.batch, answer.batch);
                    let answer = Answer { standing: Standing::Failed, note, ..answer };
                    self.emit(Event::Answered { request: number.clone(), answer });
                }
                // What has been answered does not get worse by a later failure.
                Some(known) if known.standing.is_settled() => continue,
                _ if request.question.not_permitted.is_some() => {
                    let text =
                        format!("请求“{number}”没有发出：{}", request.question.not_permitted.as_deref().unwrap_or(""));
                    return Err(vec![Refusal::new(Code::R104, text, "没有授权的答复不收")]);
                }
                _ => self.emit(Event::Answered { request: number.clone(), answer }),
            }
        }
        Ok(())
    }

    /// An answer whose data are too old, or of a day that has not come, is none.
    fn aged(&self, request: &Request, answer: &Answer) -> Answer {
        let inquiry = self.rules.guide.inquiries.iter().find(|known| *known.name == *request.question.inquiry);
        let (Some(as_of), Some(inquiry)) = (answer.as_of, inquiry) else { return answer.clone() };
        let today = self.now.date();
        let days = (today - as_of).get_days();
        let fresh = inquiry.registry.fresh_days;
        if !answer.standing.is_settled() || (0..=fresh).contains(&i64::from(days)) {
            return answer.clone();
        }
        let (standing, note) = match days < 0 {
            true => (Standing::Failed, format!("数据日期 {as_of} 在今天以后")),
            false => (Standing::Stale, format!("数据是 {as_of} 的，超过 {fresh} 日")),
        };
        Answer { standing, note, ..answer.clone() }
    }

    /// The program, and whoever holds a post that does the steps that ask.
    fn may_exchange(&self, requests: &[String], people: &[Actor]) -> Result<(), Refused> {
        let asks = |instance: &Instance| {
            let own = |number: &String| self.state.request(number).is_some_and(|known| known.instance == instance.id);
            requests.iter().any(own)
        };
        let steps = self.state.steps.iter().filter(|i| asks(i)).filter_map(|i| self.rules.guide.step_by_key(&i.step));
        let steps: BTreeSet<usize> = steps.collect();
        let may = |actor: &Actor| match &actor.capacity {
            Capacity::System => true,
            Capacity::Staff { level, posts, region } => {
                self.state.region.is_none_or(|place| region.contains(place))
                    && steps.iter().all(|step| may_perform(&self.rules.guide.steps[*step], *level, posts))
            }
            Capacity::Citizen | Capacity::Entering { .. } => false,
        };
        if people.iter().all(may) {
            return Ok(());
        }
        Err(vec![Refusal::new(Code::R101, "请求和答复由办核对的人收发，不是您的岗位或地区", "请转给有这个岗位的人")])
    }
}

impl Answer {
    fn is_same(&self, other: &Self) -> bool {
        let told = self.standing.is_settled() || self.note == other.note;
        told && (self.standing, &self.lines) == (other.standing, &other.lines)
    }
}

/// The people of a 名册 with their places, or the one of a field.
pub(crate) fn whom(guide: &Guide, facts: &Facts, of: &OfWhom) -> Vec<(Option<crate::results::At>, PersonRef)> {
    let person = |value: Option<&Value>| {
        let value = value?;
        match datum(value, &formula::Type::Text)? {
            Datum::Person(person) => Some(person),
            _ => None,
        }
    };
    match of {
        OfWhom::Field(key) => {
            let field = guide.fields.iter().find(|field| field.key == *key);
            let one = field.and_then(|field| person(facts.get(&field.name)));
            one.map(|person| (None, person)).into_iter().collect()
        }
        OfWhom::List(list) => {
            let name = &guide.program.environment().lists[*list].name;
            let rows = facts.list(name).into_iter().flatten().enumerate();
            let one = |(place, row): (usize, &Facts)| Some((Some((*list, [place, 0])), person(row.get("人员"))?));
            rows.filter_map(one).collect()
        }
    }
}
