//! `## 经过`: each row is one command, sent through `decide` as everybody else's.

use std::collections::BTreeMap;

use base::{DateTime, RegionCode};
use formula::{Assessment, Cell, half_width};
use guide::model::{FieldType, Move, RegisterColumn, Scenario, Start, StepKind};
use guide::{Guide, RateBook, clauses, step_outputs};

use crate::answered::answers;
use crate::decide::{Command, Draft, Rules, Spell, decide};
use crate::event::{Datum, FileRef, Granted, Over, RegisterRow, Stated, Subject};
use crate::intake::{self, Form, Input, Typed};
use crate::people::{Actor, Capacity};
use crate::refusal::Refusal;
use crate::registers::{self, Given};
use crate::scenario::{Failure, World, Wrong};
use crate::state::{State, Status};

/// A case that a scenario has walked, with the time line for whoever has to understand a failure.
pub struct Walked {
    pub state: State,
    pub now: DateTime,
    pub failures: Vec<Failure>,
    line: Vec<String>,
}

/// Walks the rows of 经过.
pub fn walk(world: World, rates: &RateBook, scenario: &Scenario) -> Walked {
    let start = DateTime::constant(2026, 1, 1, 0, 0, 0, 0);
    let mut walked = Walked { state: State::default(), now: start, failures: Vec::new(), line: Vec::new() };
    let spells = match spells(scenario) {
        Ok(spells) => spells,
        Err((cell, message)) => {
            walked.fail(&cell, message);
            return walked;
        }
    };
    let rows = match register_rows(world, scenario) {
        Ok(rows) => rows,
        Err((cell, message)) => {
            walked.fail(&cell, message);
            return walked;
        }
    };
    let mut given = Given { rows, spells };
    let first = given.rows.len();
    for row in &scenario.walk {
        // What the steps before have written is read like what was given.
        given.rows.truncate(first);
        given.rows.extend(walked.state.registered.iter().map(|(_, row)| row.clone()));
        let (guide, calendar, relatives) = (world.guide, world.calendar, &[]);
        let rules = Rules { guide, rates, calendar, relatives, registers: &given, home: world.region };
        walked.step(world, (rules, &given), scenario, row);
        if !walked.failures.is_empty() {
            break;
        }
    }
    walked
}

impl Walked {
    fn fail(&mut self, cell: &Cell, message: String) {
        self.fail_with(cell, message, None);
    }

    fn fail_with(&mut self, cell: &Cell, message: String, instead: Option<String>) {
        let line = self.line.join("\n  ");
        self.failures.push(Failure {
            span: cell.span.clone(),
            message: format!("{message}。时间线：\n  {line}"),
            instead,
        });
    }

    fn step(&mut self, world: World, (rules, given): (Rules, &Given), scenario: &Scenario, row: &Move) {
        let Some(at) = moment(&row.at) else {
            return self.fail(&row.at, format!("“{}”不是时刻，写成 2026-07-01 09:00", row.at.text));
        };
        self.now = at;
        let people = match people(&row.who.text, &self.state, world.region) {
            Ok(people) => people,
            Err(message) => return self.fail(&row.who, message),
        };
        let command = match command(world.guide, scenario, row, &self.state, given) {
            Ok(command) => command,
            Err(message) => return self.fail(&row.step, message),
        };
        let result = match command {
            Ok(command) => decide(rules, &self.state, &command, &people, at),
            Err(refusals) => Err(refusals),
        };
        let what = format!("{} {} {}", row.at.text, row.who.text, row.step.text);
        let refused = match result {
            Ok(records) => {
                for record in &records {
                    self.state.apply(record);
                }
                let live: Vec<&str> = self.state.live().map(|i| &*i.step).collect();
                let closed = self.state.closed.as_ref().map_or(String::new(), |(result, _)| format!(" 办结：{result}"));
                self.line.push(format!("{what} ✓ {}{closed}", live.join("、")));
                Vec::new()
            }
            Err(refusals) => {
                let told: Vec<String> = refusals.iter().map(Refusal::to_string).collect();
                self.line.push(format!("{what} ✗ {}", told.join(" / ")));
                refusals
            }
        };
        // What the step has written is read like what was given.
        let mut given = given.clone();
        given.rows.extend(self.state.registered.iter().map(|(_, row)| row.clone()));
        self.expect(Rules { registers: &given, ..rules }, row, &refused);
    }

    fn expect(&mut self, rules: Rules, row: &Move, refused: &[Refusal]) {
        let wanted = clauses(&row.expect);
        let refusal = wanted.iter().find_map(|clause| clause.text.strip_prefix("拒 "));
        let lowest = refused.iter().map(|refusal| refusal.code).min().map(|code| code.to_string());
        if refusal.map(str::trim) != lowest.as_deref() {
            let told = |code: Option<&str>| code.map_or("通过".to_owned(), |code| format!("拒 {code}"));
            let message = format!("应{}，实际{}", told(refusal.map(str::trim)), told(lowest.as_deref()));
            // What was expected of a command that is refused cannot have come about.
            let others =
                wanted.iter().filter(|c| lowest.is_none() && !c.text.starts_with("拒 ")).map(|c| c.text.clone());
            let all: Vec<String> = lowest.iter().map(|code| format!("拒 {code}")).chain(others).collect();
            self.fail_with(&row.expect, message, Some(all.join("；")));
            return;
        }
        for clause in wanted.iter().filter(|clause| !clause.text.starts_with("拒 ")) {
            if let Err(message) = self.holds(rules, clause) {
                self.fail(clause, message);
            }
        }
    }

    fn holds(&self, rules: Rules, clause: &Cell) -> Result<(), String> {
        let guide = rules.guide;
        let text = &*clause.text;
        let open = |name: &str| {
            let key = guide.steps.iter().find(|step| &*step.name == name.trim()).map(|step| step.key.clone());
            let statuses = [Status::Open, Status::Awaiting];
            key.map(|key| self.state.steps.iter().any(|i| *i.step == *key && statuses.contains(&i.status)))
                .ok_or_else(|| format!("没有步骤“{name}”"))
        };
        if let Some(name) = text.strip_prefix("可办 ") {
            return if open(name)? { Ok(()) } else { Err(format!("“{name}”应可办，实际没有开")) };
        }
        if let Some(name) = text.strip_prefix("不可办 ") {
            return if open(name)? { Err(format!("“{name}”应不可办，实际开着")) } else { Ok(()) };
        }
        if let Some(result) = text.strip_prefix("办结：").or_else(|| text.strip_prefix("办结:")) {
            let actual = self.state.closed.as_ref().map(|(result, _)| result.as_str());
            return if actual == Some(result.trim()) {
                Ok(())
            } else {
                Err(format!("应办结：{result}，实际 {actual:?}"))
            };
        }
        if let Some((clock, day)) = text.split_once(" 到期 ") {
            return self.due(clock.trim(), day.trim());
        }
        let Some((name, value)) = text.split_once('=') else {
            return Err(format!("“{text}”不认识；可写：拒 R…、名 = 值、可办、不可办、办结：、时限 到期 日期"));
        };
        self.value(rules, name.trim(), value.trim(), clause)
    }

    /// Whether a clock ends on a day.
    pub fn due(&self, clock: &str, day: &str) -> Result<(), String> {
        let known = self.state.clocks.get(clock).ok_or_else(|| format!("时限“{clock}”还没有起算"))?;
        let actual = known.due.at.date().to_string();
        if actual == day {
            Ok(())
        } else {
            Err(format!("{clock}应到 {day}，实际到 {actual}（{}）", known.due.explained))
        }
    }

    fn value(&self, rules: Rules, name: &str, wanted: &str, place: &Cell) -> Result<(), String> {
        if let Some((column, written)) = self.written(rules.guide, name) {
            if registers::read_cell(&column.ty, wanted).as_ref() == Ok(written) {
                return Ok(());
            }
            let written = match written {
                Datum::Bool(holds) => if *holds { "是" } else { "否" }.to_owned(),
                written => registers::found_by(written).unwrap_or_default(),
            };
            return Err(format!("{name}应是 {wanted}，实际是 {written}"));
        }
        let facts = self.facts(rules);
        let assessment = Assessment::new(&rules.guide.program, &facts, rules.rates, rules.calendar);
        let cell = |text: &str| Cell { text: text.to_owned(), span: place.span.clone() };
        crate::scenario::expect(rules.guide, &assessment, &cell(name), &cell(wanted)).map_err(|wrong| wrong.message)
    }

    /// `台账.列` of the row written last, in a case that is about no row of that register itself.
    fn written<'w>(&'w self, guide: &'w Guide, name: &str) -> Option<(&'w RegisterColumn, &'w Datum)> {
        let (register, column) = name.split_once('.')?;
        let register = guide.writable.iter().find(|known| *known.name == *register)?;
        if self.state.subject.as_ref().is_some_and(|subject| *subject.register == *register.key) {
            return None;
        }
        let column = register.columns.iter().find(|known| *known.name == *column)?;
        let (_, row) = self.state.registered.iter().rfind(|(_, row)| *row.register == *register.key)?;
        Some((column, row.columns.get(&*column.key)?))
    }

    /// The facts of the case as they stand, with 计算日.
    pub fn facts(&self, rules: Rules) -> formula::Facts {
        let by = Actor::system().reference();
        Draft::new(rules, &self.state, by, self.now).facts(0).as_ref().clone()
    }

    /// What an entitlement pays in a month, in 元: the grant in force.
    pub fn granted(&self, guide: &Guide, entitlement: &str, month: base::Month) -> Option<base::Fen> {
        let key = &guide.entitlements.iter().find(|known| &*known.name == entitlement)?.key;
        Some(self.state.granted(key, month).map_or(base::Fen(0), |grant| grant.total()))
    }
}

/// What people hold by other services: `## 给定 待遇` with 身份号码, 待遇 by name, 起 and 月额.
fn spells(scenario: &Scenario) -> Result<Vec<Spell>, (Cell, String)> {
    let Some(table) = scenario.rows.iter().find(|table| table.path == "待遇") else { return Ok(Vec::new()) };
    let read = |cells: &Vec<Cell>| {
        let cell = |name: &str| table.header.iter().position(|h| h.text == name).and_then(|i| cells.get(i)).cloned();
        let cell = |name: &str| cell(name).ok_or((table.header[0].clone(), format!("给定 待遇 缺少列“{name}”")));
        let (holder, name, from, amount) = (cell("身份号码")?, cell("待遇")?.text, cell("起")?, cell("月额")?);
        let month = from.text.parse().map_err(|_| (from, "“起”写月份，例如 2026-01".to_owned()))?;
        let fen = base::Fen::parse(&amount.text).ok_or((amount, "“月额”写钱数".to_owned()))?;
        let grant = Granted {
            entitlement: name.clone(),
            components: vec![(name.clone(), fen)],
            from: month,
            decided_at: DateTime::constant(2026, 1, 1, 0, 0, 0, 0),
            suspended: false,
            holders: vec![holder.text.clone()],
        };
        let (root, case) = ("他件".to_owned(), "他件".to_owned());
        let (service, entitlement, grants) = ("他项".to_owned(), name.clone(), vec![grant]);
        Ok(Spell { holder: holder.text, root, case, service, entitlement, name, grants })
    };
    table.rows.iter().map(read).collect()
}

/// Rows of registers: `## 给定 台账名` with the columns, and 起 where they do not hold since ever.
pub(crate) fn register_rows(world: World, scenario: &Scenario) -> Result<Vec<RegisterRow>, (Cell, String)> {
    let mut found = Vec::new();
    for register in &world.guide.writable {
        let Some(table) = scenario.rows.iter().find(|table| *table.path == *register.name) else { continue };
        for cells in &table.rows {
            let mut columns = BTreeMap::new();
            let mut from = base::Date::constant(1949, 10, 1);
            for (header, cell) in table.header.iter().zip(cells).filter(|(_, cell)| !cell.text.is_empty()) {
                if header.text == "起" {
                    from = cell.text.parse().map_err(|_| (cell.clone(), "“起”写日期".to_owned()))?;
                    continue;
                }
                let column = register.columns.iter().find(|column| *column.name == *header.text);
                let column = column.ok_or_else(|| (header.clone(), format!("台账没有列“{}”", header.text)))?;
                let datum = registers::read_cell(&column.ty, &cell.text).map_err(|help| (cell.clone(), help))?;
                columns.insert(column.key.to_string(), datum);
            }
            found.push(registers::row(register, from, world.region, columns));
        }
    }
    Ok(found)
}

/// `乡 受理员 甲、乙`, `申请人 张三`, `群众 李四`, `系统`; `甲（410325102）` belongs to another region.
fn people(text: &str, state: &State, county: RegionCode) -> Result<Vec<Actor>, String> {
    let mut found: Vec<Actor> = Vec::new();
    for part in text.split('、') {
        let words: Vec<&str> = part.split_whitespace().collect();
        let (capacity, label) = match words.as_slice() {
            ["系统"] => return Ok(vec![Actor::system()]),
            ["申请人" | "群众"] => (Capacity::Citizen, "申请人"),
            ["申请人" | "群众", label] => (Capacity::Citizen, *label),
            [level, post, label] => {
                let level = guide::model::LEVELS.iter().find(|(word, _)| word == level).map(|(_, level)| *level);
                let level = level.ok_or_else(|| format!("“{part}”：级别写 村、乡、县、市、省"))?;
                let region = state.region.unwrap_or(county).at(level);
                (Capacity::Staff { level, posts: vec![(*post).to_owned()], region }, *label)
            }
            [label] if !found.is_empty() => (found[found.len() - 1].capacity.clone(), *label),
            _ => return Err(format!("“{part}”：写成 级别 岗位 称呼，或者 申请人 姓名、群众 姓名、系统")),
        };
        let plain: String = label.chars().map(half_width).collect();
        let (name, elsewhere) =
            plain.split_once('(').map_or((&*plain, None), |(n, rest)| (n, Some(rest.trim_end_matches(')'))));
        let capacity = match (capacity, elsewhere.map(RegionCode::parse)) {
            (Capacity::Staff { level, posts, .. }, Some(Ok(region))) => Capacity::Staff { level, posts, region },
            (capacity, _) => capacity,
        };
        found.push(Actor { id: name.to_owned(), name: name.to_owned(), capacity });
    }
    Ok(found)
}

/// The command of a row, or the refusals of its form.
fn command(
    guide: &Guide,
    scenario: &Scenario,
    row: &Move,
    state: &State,
    given: &Given,
) -> Result<Result<Command, Vec<Refusal>>, String> {
    let text: String = row.step.text.chars().map(half_width).collect();
    if text == "到时" {
        return Ok(Ok(Command::Tick));
    }
    if let Some(inquiry) = text.strip_prefix("答复 ") {
        return answers(guide, scenario, inquiry.trim(), state, row).map(Ok);
    }
    if let Some(step) = text.strip_prefix("再问 ") {
        return Ok(Ok(Command::Ask { step: step.trim().to_owned() }));
    }
    if let Some(start) = text.strip_prefix("启动 ") {
        return begun(guide, scenario, (start.trim(), row), given).map(Ok);
    }
    if let Some(step) = text.strip_suffix(" 异议") {
        let by = row.who.text.split_whitespace().nth(1).map(str::to_owned);
        let objection = if row.input.text.is_empty() { "情况不实".to_owned() } else { row.input.text.clone() };
        return Ok(Ok(Command::Object { step: step.trim().to_owned(), by, contact: None, text: objection }));
    }
    if let Some(step) = text.strip_suffix(" 签字") {
        return Ok(Ok(Command::Sign { step: step.trim().to_owned() }));
    }
    let (name, conclusion) = match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        Some((name, conclusion)) => (name.trim().to_owned(), Some(conclusion.trim().to_owned())),
        None => (text.trim().to_owned(), None),
    };
    let index = guide.step(&name).ok_or_else(|| format!("没有步骤“{name}”"))?;
    let input = match input(guide, scenario, row, index)? {
        Ok(input) => input,
        Err(refusals) => return Ok(Err(refusals)),
    };
    let start = guide.starts.iter().find(|start| start.first.contains(&index)).filter(|_| state.opened_at.is_none());
    Ok(Ok(match start {
        Some(start) => {
            let draw = drawn(scenario);
            let over = start.over.map(|over| inherited(guide, scenario, row, over)).transpose()?.map(Box::new);
            let subject = subject(guide, start, "", given)?;
            let (service, start) = (guide.key.to_string(), start.key.to_string());
            Command::Submit { case: "场景".into(), service, start, input, draw, over, subject }
        }
        None => Command::Do { step: name, conclusion, input },
    }))
}

/// `系统 | 启动 名称 | 键`: what the calendar begins for the row of a key, or for the only row.
fn begun(guide: &Guide, scenario: &Scenario, (start, row): (&str, &Move), given: &Given) -> Result<Command, String> {
    let start = guide.starts.iter().find(|known| *known.name == *start).ok_or_else(|| format!("没有启动“{start}”"))?;
    let subject = subject(guide, start, &row.input.text, given)?;
    let over = start.over.map(|over| inherited(guide, scenario, row, over)).transpose()?.map(Box::new);
    let (service, start) = (guide.key.to_string(), start.key.to_string());
    let input = Input::default();
    Ok(Command::Submit { case: "场景".into(), service, start, input, draw: drawn(scenario), over, subject })
}

/// The given row for which a start opens a case: that of a key, or the first.
fn subject(guide: &Guide, start: &Start, key: &str, given: &Given) -> Result<Option<Subject>, String> {
    let Some(rows) = start.rows else { return Ok(None) };
    let register = guide.writable[rows].key.to_string();
    let mut own = given.rows.iter().filter(|row| row.register == register && (key.is_empty() || row.key == key));
    let row = own.next().ok_or_else(|| format!("没有给定台账的行“{key}”"))?;
    Ok(Some(Subject { register, key: row.key.clone() }))
}

/// What a scenario writes for a field; the files of an attachment by their names, 、 between them.
fn typed(field: &guide::model::Field, text: &str) -> Typed {
    if field.ty != FieldType::Attachment {
        return Typed::Text(text.to_owned());
    }
    let file = |name: &str| FileRef {
        digest: name.to_owned(),
        kind: "jpeg".into(),
        size: 0,
        name: name.to_owned(),
        look: None,
    };
    Typed::Files(text.split('、').map(str::trim).filter(|name| !name.is_empty()).map(file).collect())
}

/// What a start over an entitlement takes over: everything in 给定, and the grants of `## 给定 待遇` (起 and components).
fn inherited(guide: &Guide, scenario: &Scenario, row: &Move, over: usize) -> Result<Over, String> {
    let before = Actor::system().reference();
    let at = moment(&row.at).ok_or("时间不对")?;
    let mut facts = Vec::new();
    for field in &guide.fields {
        let typed = match field.ty {
            FieldType::List(list) => rows(guide, scenario, ("", list), &field.name, None)?.map(Typed::Rows),
            _ => {
                let given = scenario.given.iter().find(|g| *g.name.text == *field.name && g.step.is_none());
                given.map(|given| typed(field, &given.value.text))
            }
        };
        let step = field.sources.iter().flatten().next();
        let Some((typed, step)) = typed.zip(step) else { continue };
        facts.extend(intake::datum(guide, field, &typed).map(|value| Stated {
            field: field.key.to_string(),
            step: guide.steps[*step].key.to_string(),
            value,
            valid_from: at.date(),
            recorded_at: at,
            by: before.clone(),
        }));
    }
    let mut grants = Vec::new();
    let given =
        |entitlement: &guide::model::Entitlement| scenario.rows.iter().find(|table| *table.path == *entitlement.name);
    if given(&guide.entitlements[over]).is_none() {
        return Err(format!("写上“## 给定 {}”：起和各成分", guide.entitlements[over].name));
    }
    let tables = guide.entitlements.iter().filter_map(|entitlement| Some((entitlement, given(entitlement)?)));
    for (entitlement, table, cells) in tables.flat_map(|(e, table)| table.rows.iter().map(move |row| (e, table, row))) {
        let cell = |name: &str| table.header.iter().position(|h| h.text == name).and_then(|i| cells.get(i));
        let from = cell("起").and_then(|cell| cell.text.parse().ok()).ok_or("“起”写月份，例如 2026-01")?;
        let amount = |component: &guide::model::Component| {
            let fen = cell(&component.name).and_then(|cell| base::Fen::parse(&cell.text));
            (component.name.to_string(), fen.unwrap_or_default())
        };
        let components = entitlement.components.iter().map(amount).collect();
        let decided = cell("核定日").and_then(|cell| cell.text.parse::<base::Date>().ok());
        grants.push(Granted {
            entitlement: entitlement.key.to_string(),
            components,
            from,
            decided_at: decided.map_or(at, |day| day.at(0, 0, 0, 0)),
            suspended: false,
            holders: Vec::new(),
        });
    }
    let person = guide.fields.iter().find(|field| matches!(field.ty, FieldType::Register(_)));
    let given = scenario.given.iter().find(|given| person.is_some_and(|field| *field.name == *given.name.text));
    let applicant = given.and_then(|given| given.value.text.split_whitespace().next()).unwrap_or_default();
    Ok(Over {
        case: "前件".into(),
        root: "前件".into(),
        applicant: applicant.to_owned(),
        facts,
        grants,
        reviewed: None,
    })
}

pub(crate) fn moment(cell: &Cell) -> Option<DateTime> {
    (base::tidy(&cell.text).replacen(' ', "T", 1) + ":00").parse().ok()
}

/// 给定 抽签数, from 0 to 1; without it the case is drawn last, which is in no sample.
fn drawn(scenario: &Scenario) -> Option<u32> {
    let given = scenario.given.iter().find(|given| &*given.name.text == "抽签数");
    let share = given.and_then(|given| formula::parse_decimal(&given.value.text));
    let parts = share.map(|share| (share * formula::Rational::from(1 << 32)).to_integer());
    Some(parts.and_then(|parts| u32::try_from(parts).ok()).unwrap_or(u32::MAX))
}

/// The form of a step: 给定 as it stands, 填报 as differences.
fn input(guide: &Guide, scenario: &Scenario, row: &Move, index: usize) -> Result<Result<Input, Vec<Refusal>>, String> {
    let step = &guide.steps[index];
    let mut changes: BTreeMap<String, String> = BTreeMap::new();
    for clause in clauses(&row.input) {
        let (name, value) =
            clause.text.split_once('=').ok_or_else(|| format!("填报“{}”应写成 名 = 值", clause.text))?;
        changes.insert(name.trim().to_owned(), value.trim().to_owned());
    }
    let mut form = Form::default();
    for field in intake::fields_of(guide, index) {
        if let FieldType::List(list) = field.ty {
            if let Some(rows) = rows(guide, scenario, (&step.name, list), &field.name, None)? {
                form.fields.insert(field.key.to_string(), Typed::Rows(rows));
            }
            continue;
        }
        let own = scenario.given.iter().find(|g| *g.name.text == *field.name && g.step.as_deref() == Some(&*step.name));
        let given = own.or_else(|| scenario.given.iter().find(|g| *g.name.text == *field.name && g.step.is_none()));
        let text = changes.remove(&*field.name).or_else(|| given.map(|given| given.value.text.clone()));
        form.fields.extend(text.map(|text| (field.key.to_string(), typed(field, &text))));
    }
    if step.kind == StepKind::Visit {
        form.outputs =
            [("在场人", "户主"), ("地点", "家中"), ("时间", &*row.at.text)].map(|(a, b)| (a.into(), b.into())).into();
    }
    if step.kind == StepKind::Match {
        form.outputs = BTreeMap::from([("结果".into(), "相符".into())]);
    }
    let asked = step_outputs(step.kind, &[]);
    if let Some(name) = changes.keys().find(|n| {
        ![intake::VALID_FROM, intake::PRESENT].contains(&&***n)
            && !n.starts_with("疑点")
            && !asked.iter().any(|(o, _)| o == *n)
    }) {
        return Err(format!("步骤“{}”不填“{name}”", step.name));
    }
    form.outputs.extend(changes);
    Ok(intake::read(guide, index, &form))
}

/// The rows of a list in 给定; of a nested list those of one outer row.
fn rows(
    guide: &Guide,
    scenario: &Scenario,
    (step, list): (&str, usize),
    path: &str,
    outer: Option<(usize, &str)>,
) -> Result<Option<Vec<BTreeMap<String, Typed>>>, String> {
    // 给定 步骤.列表 is for that step alone.
    let of_step = || scenario.rows.iter().find(|table| outer.is_none() && table.path == format!("{step}.{path}"));
    let Some(table) = of_step().or_else(|| scenario.rows.iter().find(|table| table.path == path)) else {
        return Ok(None);
    };
    let list = &guide.lists[list];
    let mut found = Vec::new();
    for cells in &table.rows {
        let mut pairs = table.header.iter().zip(cells);
        if let Some((number, name)) = outer {
            let label = pairs.next().map_or("", |(_, cell)| &*cell.text);
            if label != name && label != (number + 1).to_string() {
                continue;
            }
        }
        let mut row = BTreeMap::new();
        let mut name = String::new();
        for (header, cell) in pairs {
            let key = match &*header.text {
                "姓名" if list.register.is_some() => {
                    name.clone_from(&cell.text);
                    "person_name".to_owned()
                }
                "身份号码" if list.register.is_some() => "person_number".to_owned(),
                text => {
                    let column = list.columns.iter().find(|column| *column.name == *text);
                    column.map(|column| column.key.to_string()).ok_or_else(|| format!("“{path}”没有列“{text}”"))?
                }
            };
            row.insert(key, Typed::Text(cell.text.clone()));
        }
        for column in &list.columns {
            if let FieldType::List(inner) = column.ty {
                let inner = rows(
                    guide,
                    scenario,
                    (step, inner),
                    &format!("{path}.{}", column.name),
                    Some((found.len(), &name)),
                )?;
                row.extend(inner.map(|inner| (column.key.to_string(), Typed::Rows(inner))));
            }
        }
        found.push(row);
    }
    Ok(Some(found))
}

/// Whether an item of 应得 is a clock or a month of an entitlement; `None` if it is a formula.
pub(crate) fn special(walked: &Walked, guide: &Guide, item: &str, wanted: &str) -> Option<Result<(), Wrong>> {
    if let Some(clock) = item.strip_suffix(" 到期") {
        let clock = clock.trim();
        let instead = walked.state.clocks.get(clock).map(|known| known.due.at.date().to_string());
        return Some(walked.due(clock, wanted).map_err(|message| Wrong { message, instead }));
    }
    let (entitlement, month) = item.rsplit_once(' ')?;
    let month = month.parse().ok()?;
    let fen = match entitlement.strip_suffix(" 更正") {
        Some(corrected) => {
            let key = &guide.entitlements.iter().find(|known| *known.name == *corrected.trim())?.key;
            let months = walked.state.corrections(key, walked.now);
            months.into_iter().find(|(known, _)| *known == month).map_or(base::Fen(0), |(_, fen)| fen)
        }
        None => walked.granted(guide, entitlement.trim(), month)?,
    };
    if base::Fen::parse(wanted) == Some(fen) {
        return Some(Ok(()));
    }
    let message = format!("{item}应是 {wanted}，实际是 {}", fen.plain());
    Some(Err(Wrong { message, instead: Some(fen.plain()) }))
}
