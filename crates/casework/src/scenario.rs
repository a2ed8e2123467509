//! Runs the worked examples of a guide: the same intake, gate and `decide` as the bureau, in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{DateTime, Location, RegionCode};
use formula::Evaluation;
use guide::{CourseRow, Expected, Guide, Level, Overlay, Scenario, Step};

use crate::assess::{assess_facts, declared_kin, evaluate_case};
use crate::bureau::Bureau;
use crate::command::{Actor, Command};
use crate::decide::{Circumstances, answer};
use crate::event::{CaseId, Channel, Entry, Facts, File};
use crate::intake::{Entries, Reader};
use crate::office::Kin;
use crate::refusal::Refusal;
use crate::state::State;

/// A cell of the scenario whose text is not what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    pub cell: Location,
    pub what: String,
    pub expected: String,
    pub found: String,
}

/// Runs one scenario; an empty list means that it holds.
pub fn run(bureau: &Bureau, guide: &Guide, scenario: &Scenario) -> Vec<Difference> {
    let region = scenario.region.unwrap_or_else(|| place_for(bureau));
    let mut stage = Stage::new(bureau, guide, scenario, region);
    let mut differences: Vec<Difference> = scenario.course.iter().filter_map(|row| stage.play(row)).collect();
    match stage.evaluation() {
        Ok(evaluation) => differences.extend(scenario.expects.iter().filter_map(|e| compare(guide, &evaluation, e))),
        Err(refusal) => differences.extend(scenario.expects.first().map(|e| Difference {
            cell: e.cell.clone(),
            what: "申请表".to_owned(),
            expected: e.value.clone(),
            found: refusal.fields.iter().map(|f| format!("{}：{}", f.path, f.message)).collect::<Vec<_>>().join("；"),
        })),
    }
    if scenario.bad && !stage.refused {
        let location = scenario.course.first().map(|r| r.location.clone());
        differences.extend(location.map(|cell| Difference {
            cell,
            what: "反例".to_owned(),
            expected: "至少有一步被拒绝".to_owned(),
            found: "没有一步被拒绝".to_owned(),
        }));
    }
    differences
}

/// The first village of the bureau's region, where scenarios play that name no place.
pub fn place_for(bureau: &Bureau) -> RegionCode {
    let village = bureau.regions.within(bureau.region).find(|r| r.level == base::Level::Village);
    village.map_or(bureau.region, |r| r.code)
}

fn compare(guide: &Guide, evaluation: &Evaluation, expected: &Expected) -> Option<Difference> {
    let found = match evaluation.value(&expected.name) {
        Some(value) => crate::assess::display(guide, &expected.name, value),
        None => "没有这个名称".to_owned(),
    };
    // People write amounts with or without separators of thousands.
    let plain = |text: &str| text.replace(',', "");
    (plain(&found) != plain(&expected.value)).then(|| Difference {
        cell: expected.cell.clone(),
        what: expected.name.to_string(),
        expected: expected.value.clone(),
        found,
    })
}

struct Stage<'a> {
    bureau: &'a Bureau,
    guide: &'a Guide,
    scenario: &'a Scenario,
    region: RegionCode,
    overlay: Overlay,
    state: Option<State>,
    numbers: std::cell::RefCell<BTreeMap<String, u32>>,
    cases: u32,
    last: Option<DateTime>,
    refused: bool,
}

impl<'a> Stage<'a> {
    fn new(bureau: &'a Bureau, guide: &'a Guide, scenario: &'a Scenario, region: RegionCode) -> Self {
        let overlay =
            Overlay { values: scenario.rates.iter().cloned().collect(), reference: "算例给定".to_owned() };
        Self {
            bureau,
            guide,
            scenario,
            region,
            overlay,
            state: None,
            numbers: std::cell::RefCell::default(),
            cases: 0,
            last: None,
            refused: false,
        }
    }

    fn reader(&self, at: base::Date) -> Reader<'a> {
        Reader { regions: &self.bureau.regions, region: self.bureau.region, today: at }
    }

    /// The figures at the end: of the case if one was played, else of the form alone.
    fn evaluation(&self) -> Result<Evaluation, Refusal> {
        let chain = self.bureau.chain(self.region);
        if let (Some(state), Some(last)) = (&self.state, self.last) {
            return Ok(evaluate_case(self.guide, state, last.date(), last, &chain, &self.overlay));
        }
        let day = self.scenario.date;
        let facts = self.read_application(day)?;
        Ok(assess_facts(self.guide, &facts, day, &chain, &self.overlay))
    }

    /// The scenario's form, with the place filled in where it says none.
    fn read_application(&self, day: base::Date) -> Result<Facts, Refusal> {
        let mut entries = self.scenario.entries.clone();
        entries.entry(self.guide.subject.region.to_string()).or_insert_with(|| self.region.to_string());
        self.reader(day).read(&self.guide.form, &entries).map_err(Refusal::form)
    }

    fn play(&mut self, row: &CourseRow) -> Option<Difference> {
        let found = match self.command(row).and_then(|(actor, command)| self.give(row.at, &actor, &command)) {
            Ok(()) => self.position(),
            Err(refusal) => {
                self.refused = true;
                format!("拒绝 {}", refusal.code.number())
            }
        };
        // A row may name the step alone, or the step and its day.
        let holds = row.expect == found || found.split('，').next() == Some(row.expect.as_str());
        (!holds).then(|| Difference {
            cell: row.cell.clone(),
            what: format!("{} {}", row.who, row.what),
            expected: row.expect.clone(),
            found,
        })
    }

    fn position(&self) -> String {
        match self.state.as_ref().and_then(|s| s.open.as_ref()) {
            None => "结束".to_owned(),
            Some(open) => match &open.due {
                Some(due) => format!("{}，{}前", open.step, due.at.date()),
                None => open.step.to_string(),
            },
        }
    }

    fn give(&mut self, at: DateTime, actor: &Actor, command: &Command) -> Result<(), Refusal> {
        let state = if matches!(command, Command::Apply { .. }) { None } else { self.state.as_ref() };
        let facts: Facts = match command {
            Command::Apply { facts, .. } | Command::Complete { facts, .. } | Command::Correct { facts, .. } => {
                facts.clone()
            }
            _ => Facts::new(),
        };
        let open = self.state.as_ref().filter(|s| s.closed.is_none()).map(|s| s.case.clone());
        let others: Vec<CaseId> = open.into_iter().collect();
        let kin = self.kin(&facts);
        let numbers = &self.numbers;
        let letter_number = |series: &str, year: i16| {
            let mut numbers = numbers.borrow_mut();
            let next = numbers.entry(format!("{series}{year}")).or_default();
            *next += 1;
            *next
        };
        let around = Circumstances {
            bureau: self.bureau,
            now: at,
            case: CaseId(format!("{}{}{:05}", self.guide.prefix, at.year(), self.cases + 1).into()),
            kin: &kin,
            others: &others,
            overlay: &self.overlay,
            letter_number: &letter_number,
        };
        let events = answer(self.guide, state, actor, command, &around)?;
        if matches!(command, Command::Apply { .. }) {
            self.cases += 1;
            self.state = None;
        }
        for event in events {
            let entry = Entry { at, by: actor.by(), event };
            match &mut self.state {
                Some(state) => state.apply(&entry),
                None => self.state = State::begin(&entry),
            }
        }
        self.last = Some(at);
        Ok(())
    }

    /// In a scenario, staff are known by the names that the course uses, and relatives are those declared.
    fn kin(&self, facts: &Facts) -> Vec<Kin> {
        let staff = self.scenario.course.iter().flat_map(|row| row.who.split('、'));
        let names: std::collections::BTreeSet<&str> = staff.collect();
        let declared = declared_kin(self.guide, facts).into_iter();
        let matched = declared.filter_map(|(name, relation)| {
            let role = self.role_of(names.get(&*name)?)?;
            let person: Arc<str> = self.scenario.entries.get(&*self.guide.subject.name).map_or("", |n| n).into();
            Some(Kin { staff: name.clone(), staff_name: name, role, relation, person, declared: true })
        });
        matched.collect()
    }

    fn role_of(&self, who: &str) -> Option<Arc<str>> {
        let found = self.guide.roles.iter().filter(|r| who.starts_with(&*r.name));
        found.max_by_key(|r| r.name.len()).map(|r| r.name.clone())
    }

    fn actor(&self, who: &str) -> Result<Actor, Refusal> {
        if who == "系统时钟" {
            return Ok(Actor::clock(self.bureau.region));
        }
        let role = self.role_of(who).ok_or_else(|| wrong(format!("没有角色“{who}”")))?;
        let level = self.guide.role(&role).map(|r| r.level);
        let lineage = self.bureau.regions.lineage(self.region);
        let wanted = match level {
            Some(Level::Village) => base::Level::Village,
            Some(Level::Township) => base::Level::Township,
            _ => base::Level::County,
        };
        let region = lineage.iter().find(|r| r.level == wanted).map_or(self.region, |r| r.code);
        let name: Arc<str> = who.into();
        Ok(Actor { id: name.clone(), name, role, region, number: None })
    }

    fn command(&self, row: &CourseRow) -> Result<(Actor, Command), Refusal> {
        let mut people = row.who.split('、').map(str::trim);
        let actor = self.actor(people.next().unwrap_or_default())?;
        let with = people.map(|who| self.actor(who)).collect::<Result<Vec<_>, _>>()?;
        let mut entries = row.entries.clone();
        let reason = entries.remove("理由").unwrap_or_default();
        let materials = materials_of(&mut entries);
        let command = match row.what.split_once('：') {
            Some((step, outcome)) => {
                let step = self.step(step)?;
                let facts = self.reader(row.at.date()).read(&step.form, &entries).map_err(Refusal::form)?;
                let outcome = (!outcome.is_empty()).then(|| Arc::from(outcome));
                Command::Complete { step: step.name.clone(), outcome, facts, reason, with, materials }
            }
            None => self.plain_command(row, entries, reason, materials)?,
        };
        Ok((actor, command))
    }

    fn plain_command(
        &self,
        row: &CourseRow,
        mut entries: Entries,
        reason: String,
        materials: Vec<(Arc<str>, File)>,
    ) -> Result<Command, Refusal> {
        let mut take = |name: &str| entries.remove(name).unwrap_or_default();
        Ok(match row.what.as_str() {
            "申请" => {
                let facts = self.read_application(row.at.date())?;
                let former = self.state.as_ref().map(|s| s.case.clone());
                Command::Apply { channel: Channel::Window, facts, materials, former }
            }
            "张贴" => Command::Post { materials },
            "提出异议" => {
                let name = Some(take("姓名")).filter(|n| !n.is_empty());
                Command::Object { name, contact: take("联系方式"), text: take("内容") }
            }
            "答复异议" => {
                Command::Answer {
                    number: take("序号").parse().unwrap_or(1), finding: take("结论"), text: take("答复")
                }
            }
            "更正" => {
                let from = take("生效");
                let valid_from = base::parse_date(&from).unwrap_or(row.at.date());
                let source = Some(take("来源")).filter(|s| !s.is_empty()).unwrap_or_else(|| "更正".to_owned());
                let facts = self.read_correction(&entries, row.at.date())?;
                Command::Correct { facts, valid_from, reason, source }
            }
            "延长" => Command::Extend { limit: take("期限").into(), reason },
            "撤回" => Command::Withdraw { reason },
            "到期" => Command::Wake,
            other => return Err(wrong(format!("“做什么”不能写“{other}”"))),
        })
    }

    /// A correction gives whole rosters anew and single items by themselves.
    fn read_correction(&self, entries: &Entries, day: base::Date) -> Result<Facts, Refusal> {
        read_any(self.guide, &self.reader(day), entries)
    }

    fn step(&self, name: &str) -> Result<&'a Step, Refusal> {
        self.guide.step(name).ok_or_else(|| wrong(format!("没有步骤“{name}”")))
    }
}

/// Reads entries that may belong to the application or to any step's form.
pub fn read_any(guide: &Guide, reader: &Reader, entries: &Entries) -> Result<Facts, Refusal> {
    let mut facts = Facts::new();
    let mut left = entries.clone();
    for form in std::iter::once(&guide.form).chain(guide.steps.iter().map(|s| &s.form)) {
        let belongs = |path: &str| form.field(path.split('.').next().unwrap_or(path)).is_some();
        let own: Entries = left.iter().filter(|(path, _)| belongs(path)).map(|(p, t)| (p.clone(), t.clone())).collect();
        left.retain(|path, _| !belongs(path));
        facts.extend(reader.read_some(form, &own).map_err(Refusal::form)?);
    }
    match left.keys().next() {
        None => Ok(facts),
        Some(path) => Err(wrong(format!("没有项目“{path}”"))),
    }
}

fn wrong(message: String) -> Refusal {
    Refusal::form(vec![crate::FieldError { path: "经过".to_owned(), message }])
}

/// `材料=现场照片、公示照片`: stand-ins, since a scenario has no files.
fn materials_of(entries: &mut Entries) -> Vec<(Arc<str>, File)> {
    let names = entries.remove("材料").unwrap_or_default();
    let named = names.split('、').map(str::trim).filter(|n| !n.is_empty());
    let file = |name: &str| File {
        digest: "0".repeat(64).into(),
        name: format!("{name}.png"),
        media: "image/png".to_owned(),
        bytes: 0,
    };
    named.map(|name| (Arc::from(name), file(name))).collect()
}
