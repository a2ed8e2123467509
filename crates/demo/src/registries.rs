//! Registries of the demo: some are connected, most answer, a few keep everybody waiting or have found something.

use std::collections::BTreeMap;

use base::{Date, DateTime};
use bureau::import::Import;
use bureau::{Bureau, Failure, Order};
use casework::checking::{Answer, Standing};
use casework::{Actor, Command, Datum};

use crate::dice::Dice;
use crate::organisations::bring_in;

/// Those that answer by themselves, and those whose files go to and fro.
const CONNECTED: [(&str, &str); 11] = [
    ("户籍", "接口"),
    ("死亡", "接口"),
    ("婚姻", "接口"),
    ("车辆", "接口"),
    ("市场主体", "接口"),
    ("服刑", "接口"),
    ("不动产", "文件"),
    ("社会保险", "文件"),
    ("养老金", "文件"),
    ("银行", "文件"),
    ("财政供养", "文件"),
];

/// Since when they are connected: what was checked before was asked by hand.
pub fn connect(bureau: &Bureau, from: Date, now: DateTime) -> Result<(), Failure> {
    let mut text = "数据源,方式,文号\n".to_owned();
    CONNECTED.iter().for_each(|(name, way)| text += &format!("{name},{way},示例共享协议\n"));
    bring_in(bureau, Import { register: "connection", bytes: text.as_bytes(), map: &[], from, by: "示例", now })
}

/// What registries answer to the questions of a case by a moment. Gives whether the check can be finished.
pub fn answer(bureau: &Bureau, case: &str, now: DateTime, present: DateTime) -> Result<bool, Failure> {
    let order = |what: &str, command: Command| {
        let key = format!("demo:{what}:{case}:{now}");
        bureau.execute(&Order {
            key,
            people: vec![Actor::system()],
            case: Some(case.to_owned()),
            command,
            secret: None,
            now,
        })
    };
    // What was connected while the step was open is asked now.
    order("ask", Command::Tick)?;
    let state = bureau.store.state(case)?.unwrap_or_default();
    let pending: Vec<_> = state.requests.iter().filter(|request| request.standing() == Standing::Pending).collect();
    let has_car = |lines: &[BTreeMap<String, Datum>]| lines.iter().any(|line| line.contains_key("plate"));
    if pending.is_empty() {
        let answered = state.requests.iter().filter_map(|request| request.answer.as_ref());
        return Ok(!answered.into_iter().any(|answer| has_car(&answer.lines)));
    }
    let hash = bureau::hash(&["demo registries", &state.case]);
    let mut dice = Dice::new(u64::from_str_radix(&hash[..8], 16).unwrap_or_default(), 3);
    // In the last two weeks files are under way.
    let recent = now.saturating_add(jiff::SignedDuration::from_hours(24 * 14)) > present;
    let (late, found) = (recent && dice.chance(70), recent && dice.chance(40));
    let by_file = |key: &str| {
        let name = bureau.registry(key).map_or("", |registry| &registry.name);
        CONNECTED.iter().any(|(known, way)| *known == name && *way == "文件")
    };
    let mut answers = Vec::new();
    for (place, request) in pending.iter().filter(|request| !late || !by_file(&request.question.registry)).enumerate() {
        let text = |text: &str| Datum::Text(text.to_owned());
        let line = |cells: &[(&str, &str)]| cells.iter().map(|(key, said)| ((*key).to_owned(), text(said))).collect();
        let lines: Vec<BTreeMap<String, Datum>> = match &*request.question.registry {
            "household_registry" => vec![line(&[("status", "正常")])],
            "vehicles" if found && place % 3 == 0 => {
                vec![line(&[("plate", "豫C00000"), ("kind", "轿车"), ("brand", "示例牌"), ("status", "正常")])]
            }
            "bank_balances" if dice.chance(30) => {
                vec![line(&[("bank", "示例农村商业银行"), ("kind", "活期"), ("balance", "126.40")])]
            }
            _ => Vec::new(),
        };
        let standing = if lines.is_empty() { Standing::Empty } else { Standing::Answered };
        let (as_of, note) = (now.date().yesterday().ok(), String::new());
        let answer = Answer { standing, as_of, quality: 'A', lines, note, batch: "示例".into() };
        answers.push((request.question.number.clone(), answer));
    }
    let doubtful = answers.iter().any(|(_, answer)| has_car(&answer.lines));
    if !answers.is_empty() {
        order("answer", Command::Answer { answers })?;
    }
    Ok(!late && !doubtful)
}
