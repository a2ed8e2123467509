//! Questions to registries and their answers, as tables that go out and come back. Whatever a registry does has an outcome
//! of its own: it answers late, twice, for another person, in another form, or not at all.

use std::collections::BTreeMap;

use base::{Date, DateTime, tidy};
use casework::checking::{Answer, Question, Request, Standing};
use casework::people::Scope;
use casework::registers::read_cell;
use casework::{Actor, Command, Datum, State};
use exchange::table::{Cell, Line, Table, read_table};
use exchange::{Unreadable, sealed, workbook};
use guide::model::{FieldType, RegisterColumn, Registry};
use linkage::{Name, Quality, Side};

use crate::{Bureau, Code, Failure, Order, Refusal, hash, refused};

/// Questions that go out in one file.
const MOST: u32 = 5_000;

/// The columns of a table of questions.
const ASKED: [&str; 7] = ["请求号", "姓名", "身份号码", "事由", "经办人", "发出日期", "答复截止"];

/// The columns of every answer, before those of the registry.
pub const ANSWERED: [&str; 5] = ["请求号", "姓名", "身份号码", "结果", "数据日期"];

/// Questions that go out together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// What the answer's file is told apart by.
    pub batch: String,
    pub count: usize,
    pub heads: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// What a file of answers was taken for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    pub batch: String,
    /// How many questions it speaks of, by what became of each.
    pub counts: BTreeMap<&'static str, usize>,
    /// What a person has to look at.
    pub told: Vec<Told>,
    /// What was found while the table was read.
    pub notes: Vec<String>,
}

/// Something about a line of answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub line: u32,
    pub request: String,
    pub outcome: &'static str,
    pub why: String,
}

/// What became of a question, beside how its answer stands.
const UNKNOWN: &str = "没有这个请求";
const SAME: &str = "以前收过";
const CLOSED: &str = "件已办结";
const NOT_TAKEN: &str = "不收";

/// Where the columns of answers stand in a table.
struct Places<'r> {
    own: [usize; 5],
    of_registry: Vec<(&'r RegisterColumn, usize)>,
}

impl Bureau {
    /// A registry of registries.md by its 标识 or name.
    pub fn registry(&self, name: &str) -> Option<&Registry> {
        self.library.registries.iter().find(|known| *known.key == *name || &*known.name == name)
    }

    /// Takes up to 5,000 questions to a registry that have not gone out, and notes that they have. `None` where there
    /// are none.
    ///
    /// # Errors
    /// Who holds no post that asks is refused.
    pub fn send_requests(
        &self,
        registry: &Registry,
        (by, scope): (&Actor, &Scope),
        now: DateTime,
    ) -> Result<Option<Outgoing>, Failure> {
        let awaited = self.store.awaited(&registry.key, "", scope, MOST)?;
        if awaited.is_empty() {
            return Ok(None);
        }
        let numbers: Vec<&str> = awaited.iter().map(|awaited| &*awaited.number).collect();
        let batch = format!("HD{}-{}", now.strftime("%Y%m%d"), &hash(&numbers)[..8]);
        let mut by_case: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        awaited.iter().for_each(|one| by_case.entry(&one.case).or_default().push(one.number.clone()));
        for (case, requests) in by_case {
            let command = Command::Send { requests, batch: batch.clone() };
            self.tell((case, &batch), command, (by, now))?;
        }
        self.request_file(registry, &batch, (by, scope), now)
    }

    /// The questions of a batch that are not answered yet, once more: a file can get lost.
    ///
    /// # Errors
    /// Only faults.
    pub fn request_file(
        &self,
        registry: &Registry,
        batch: &str,
        (by, scope): (&Actor, &Scope),
        now: DateTime,
    ) -> Result<Option<Outgoing>, Failure> {
        let awaited = self.store.awaited(&registry.key, batch, scope, MOST)?;
        let mut rows = Vec::new();
        let mut known: Option<State> = None;
        for one in &awaited {
            if known.as_ref().is_none_or(|state| state.case != one.case) {
                known = self.store.state(&one.case)?;
            }
            let Some(state) = &known else { continue };
            let Some(request) = state.request(&one.number) else { continue };
            let Question { number, person, due, .. } = &request.question;
            let citizen = person.number.clone().unwrap_or_default();
            let (title, due) = (self.purpose(state), due.at.date().to_string());
            let day = now.date().to_string();
            rows.push(vec![number.clone(), person.name.clone(), citizen, title, by.name.clone(), day, due]);
        }
        let (heads, batch, count) = (ASKED.map(str::to_owned).to_vec(), batch.to_owned(), rows.len());
        Ok((count > 0).then_some(Outgoing { batch, count, heads, rows }))
    }

    /// Why is asked: the service, and how the case began.
    fn purpose(&self, state: &State) -> String {
        let Some(guide) = self.library.guides.iter().find(|guide| *guide.key == *state.service) else {
            return state.service.clone();
        };
        let start = guide.starts.iter().find(|start| *start.key == *state.start);
        format!("{} {}", guide.title, start.map_or("", |start| &start.name))
    }

    fn tell(
        &self,
        (case, batch): (&str, &str),
        command: Command,
        (by, now): (&Actor, DateTime),
    ) -> Result<(), Failure> {
        let key = hash(&[case, batch, &by.id]);
        let (people, case) = (vec![by.clone()], Some(case.to_owned()));
        self.execute(&Order { key, people, case, command, secret: None, now }).map(|_| ())
    }

    /// What a registry answered, as a workbook or delimited text. A file is read whole or not at all; each question in it
    /// has an outcome, and the same file again changes nothing.
    ///
    /// # Errors
    /// A file that is none, or that lacks a column: the registry has changed its form.
    pub fn receive_answers(
        &self,
        registry: &Registry,
        bytes: &[u8],
        (by, now): (&Actor, DateTime),
    ) -> Result<Received, Failure> {
        let wanted: Vec<&str> =
            ANSWERED.into_iter().chain(registry.columns.iter().map(|column| &*column.name)).collect();
        let table = read_table(bytes, &wanted).map_err(unreadable)?;
        let places = Places::of(registry, &table)?;
        let batch = store::file_digest(bytes)[..16].to_owned();
        let mut received = Received { batch: batch.clone(), notes: table.notes.clone(), ..Received::default() };
        let mut by_request: BTreeMap<String, Vec<&Line>> = BTreeMap::new();
        for line in &table.lines {
            by_request.entry(tidy(places.text(line, 0))).or_default().push(line);
        }
        let mut by_case: BTreeMap<String, Vec<(String, Vec<&Line>)>> = BTreeMap::new();
        for (number, lines) in by_request {
            let case = number.rsplit_once('-').map_or("", |(case, _)| case).to_owned();
            by_case.entry(case).or_default().push((number, lines));
        }
        for (case, asked) in by_case {
            self.take_in((registry, &places), (&case, asked), (by, now), &mut received)?;
        }
        received.told.sort_by_key(|told| told.line);
        Ok(received)
    }

    /// The answers to questions of one case.
    fn take_in(
        &self,
        (registry, places): (&Registry, &Places),
        (case, asked): (&str, Vec<(String, Vec<&Line>)>),
        (by, now): (&Actor, DateTime),
        received: &mut Received,
    ) -> Result<(), Failure> {
        let before = self.store.state(case)?.unwrap_or_default();
        let known = |number: &str| before.request(number).filter(|known| *known.question.registry == *registry.key);
        let (mut answers, mut lines_of) = (Vec::new(), BTreeMap::new());
        for (number, lines) in asked {
            let first = lines.first().map_or(0, |line| line.number);
            let Some(request) = known(&number) else {
                received.tell(first, &number, UNKNOWN, "不是本局发的，或者不是问这个数据源的".to_owned());
                continue;
            };
            if let Some((result, at)) = &before.closed {
                received.tell(first, &number, CLOSED, format!("{} 已经办结：{result}", at.date()));
                continue;
            }
            let answer = self.answer(request, (registry, places), &lines, &received.batch);
            lines_of.insert(number.clone(), (first, request.answer.clone()));
            answers.push((number, answer));
        }
        if answers.is_empty() {
            return Ok(());
        }
        let key = format!("{}{}", received.batch, registry.key);
        match self.tell((case, &key), Command::Answer { answers }, (by, now)) {
            Ok(()) => {}
            Err(Failure::Refused(refusals)) => {
                let why = refusals.first().map_or_else(String::new, |refusal| refusal.text.clone());
                for (number, (line, _)) in &lines_of {
                    received.tell(*line, number, NOT_TAKEN, why.clone());
                }
                return Ok(());
            }
            Err(fault) => return Err(fault),
        }
        let after = self.store.state(case)?.unwrap_or_default();
        for (number, (line, had)) in lines_of {
            let Some(answer) = after.request(&number).and_then(|request| request.answer.as_ref()) else { continue };
            if had.as_ref() == Some(answer) {
                received.tell(line, &number, SAME, String::new());
                continue;
            }
            match answer.note.is_empty() && answer.quality == 'A' {
                true => *received.counts.entry(answer.standing.word()).or_default() += 1,
                false => received.tell(line, &number, answer.standing.word(), answer.note.clone()),
            }
        }
        Ok(())
    }

    /// One answer of the lines that speak of a question. What cannot be believed has failed, and says why.
    fn answer(&self, request: &Request, of: (&Registry, &Places), lines: &[&Line], batch: &str) -> Answer {
        match read_answer(request, of, lines) {
            Ok(answer) => Answer { batch: batch.to_owned(), ..answer },
            Err(note) => Answer {
                standing: Standing::Failed,
                as_of: None,
                quality: 'D',
                lines: Vec::new(),
                note,
                batch: batch.to_owned(),
            },
        }
    }
}

fn read_answer(request: &Request, (registry, places): (&Registry, &Places), lines: &[&Line]) -> Result<Answer, String> {
    let mut found = Answer {
        standing: Standing::Failed,
        as_of: None,
        quality: 'A',
        lines: Vec::new(),
        note: String::new(),
        batch: String::new(),
    };
    let mut repeated = 0;
    for (place, line) in lines.iter().enumerate() {
        let text = |own: usize| places.text(line, own);
        let standing = Standing::of_result(text(3)).ok_or_else(|| format!("结果“{}”不认识", text(3)))?;
        if place > 0 && standing != found.standing {
            return Err("一个请求又说有记录，又说没有".to_owned());
        }
        found.standing = standing;
        let quality = sure(request, text(1), line.cells.get(places.own[2]))?;
        found.quality = found.quality.max(quality);
        if matches!(standing, Standing::Failed | Standing::NotPermitted) {
            found.note = format!("对方答复：{}", text(3));
            continue;
        }
        let day = tidy(text(4)).parse::<Date>().map_err(|_| format!("数据日期“{}”不是日期", text(4)))?;
        found.as_of = Some(found.as_of.map_or(day, |known| known.min(day)));
        let columns = read_line((registry, places), line)?;
        match (standing, columns.is_empty()) {
            (Standing::Answered, false) if found.lines.contains(&columns) => repeated += 1,
            (Standing::Answered, false) => found.lines.push(columns),
            (Standing::Answered, true) => return Err("写了有记录，却没有内容".to_owned()),
            (_, false) => return Err("写了无记录，却有内容".to_owned()),
            (_, true) => {}
        }
    }
    if found.standing.is_settled() && found.quality > 'A' {
        found.note = match found.quality {
            'B' => "号码相同，姓名不同".to_owned(),
            'C' => "对方是十五位旧号码".to_owned(),
            _ => return Err("只有姓名和出生日期相同，号码对不上".to_owned()),
        };
    }
    if repeated > 0 {
        found.note = format!("有 {repeated} 行与别的行完全相同，只算一次");
    }
    Ok(found)
}

/// How surely an answer is of whoever was asked about.
fn sure(request: &Request, name: &str, number: Option<&Cell>) -> Result<char, String> {
    let number = match number {
        Some(Cell::Lost(text)) => {
            return Err(format!("身份号码 {}… 被表格软件改坏了", text.chars().take(6).collect::<String>()));
        }
        Some(cell) => cell.as_text(),
        None => "",
    };
    let person = &request.question.person;
    let asked = person.number.as_deref().unwrap_or_default();
    let (own, other) = (Name::new(&person.name), Name::new(name));
    let side = |number, name| Side { number, name, born: None };
    // Numbers that are no citizens' are the same or not.
    if base::CitizenNumber::parse(asked).is_err() && tidy(number) == asked {
        return Ok(if own.likeness(&other) <= linkage::Likeness::Forms { 'A' } else { 'B' });
    }
    match linkage::quality(side(asked, &own), side(number, &other)) {
        Some(Quality::A) => Ok('A'),
        Some(Quality::B) => Ok('B'),
        Some(Quality::C) => Ok('C'),
        Some(Quality::D) => Ok('D'),
        None => Err("答的是别人：号码不是所问的".to_owned()),
    }
}

fn read_line((registry, places): (&Registry, &Places), line: &Line) -> Result<BTreeMap<String, Datum>, String> {
    let mut columns = BTreeMap::new();
    for (column, place) in &places.of_registry {
        let text = match line.cells.get(*place) {
            None => continue,
            Some(Cell::Text(text)) if text.is_empty() => continue,
            Some(Cell::Text(text)) => text,
            Some(Cell::Lost(_) | Cell::Failed(_)) => return Err(format!("“{}”被表格软件改坏了", column.name)),
        };
        let datum = match &column.ty {
            FieldType::Plain(_) | FieldType::PersonNumber => read_cell(&column.ty, &base::tidy_prose(text)),
            _ => Ok(Datum::Text(base::tidy_prose(text))),
        };
        let datum = datum.map_err(|why| format!("“{}”：{why}", column.name))?;
        columns.insert(column.key.to_string(), datum);
    }
    let required = registry.columns.iter().filter(|column| column.required);
    let missing = required.filter(|column| !columns.contains_key(&*column.key)).map(|column| &*column.name).next();
    match missing {
        Some(name) if !columns.is_empty() => Err(format!("没有“{name}”")),
        _ => Ok(columns),
    }
}

impl<'r> Places<'r> {
    fn of(registry: &'r Registry, table: &Table) -> Result<Self, Failure> {
        let find = |name: &str| table.heads.iter().position(|head| head == name);
        let own = ANSWERED.map(find);
        let of_registry = registry.columns.iter().map(|column| (column, find(&column.name)));
        let missing =
            ANSWERED.iter().zip(&own).filter(|(_, place)| place.is_none()).map(|(name, _)| (*name).to_owned());
        let required = of_registry.clone().filter(|(column, place)| column.required && place.is_none());
        let missing: Vec<String> = missing.chain(required.map(|(column, _)| column.name.to_string())).collect();
        if !missing.is_empty() {
            let text = format!("“{}”的格式变了：没有列“{}”", registry.name, missing.join("”“"));
            return Err(refused(Refusal::new(Code::R108, text, "请对方按约定的列给；约定变了的，改 registries.md")));
        }
        let of_registry = of_registry.filter_map(|(column, place)| Some((column, place?))).collect();
        Ok(Self { own: own.map(Option::unwrap_or_default), of_registry })
    }

    fn text<'l>(&self, line: &'l Line, own: usize) -> &'l str {
        line.cells.get(self.own[own]).map_or("", Cell::as_text)
    }
}

impl Outgoing {
    /// The questions as a workbook in a locked archive.
    ///
    /// # Errors
    /// Only what the writers cannot do.
    pub fn locked(&self, registry: &Registry, password: &str) -> Result<Vec<u8>, String> {
        let book = workbook::plain(&registry.name, &self.heads, &self.rows).map_err(|error| error.to_string())?;
        sealed::seal(&format!("{}.xlsx", self.batch), &book, password).map_err(|error| error.to_string())
    }
}

impl Received {
    fn tell(&mut self, line: u32, request: &str, outcome: &'static str, why: String) {
        *self.counts.entry(outcome).or_default() += 1;
        if outcome != SAME {
            self.told.push(Told { line, request: request.to_owned(), outcome, why });
        }
    }
}

fn unreadable(Unreadable(why): Unreadable) -> Failure {
    refused(Refusal::new(Code::R108, why.join("；"), "请重新取一份文件再上传"))
}
