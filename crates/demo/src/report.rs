//! Reports from the public, as far as the county's inspector has come with them.

use base::{DateTime, RegionCode};
use bureau::{Bureau, Failure, Order};
use casework::event::Datum;
use casework::{Actor, Command, Input};

use crate::dice::Dice;
use crate::life::{days_before, receipt, working_hour};
use crate::{VILLAGE, staff};

/// Place of the inspector in `STAFF`.
const INSPECTS: usize = 14;

const TOLD: [(&str, &str, &str); 4] = [
    ("骗领冒领", "村东头第三家", "他家在县城有房，人也不在村里住"),
    ("优亲厚友", "村里的会计", "给自己的兄弟办了低保，他家开着小卖部"),
    ("骗领冒领", "王某", "老人去世半年了，钱还在领"),
    ("刁难群众", "窗口的工作人员", "材料齐了还叫我跑了三趟"),
];

/// One report of each kind: not yet read, accepted, prolonged, answered.
pub fn reports(bureau: &Bureau, dice: &mut Dice, seed: u64, present: DateTime) -> Result<(), Failure> {
    let village = RegionCode::parse(VILLAGE).unwrap_or(RegionCode::NATION);
    for (place, (matter, reported, text)) in TOLD.iter().enumerate() {
        let case = receipt(&format!("{seed}-report-{place}"));
        let mut now = days_before(present, 4 + 12 * place as u32);
        let order = |turn: u32, people: Vec<Actor>, command: Command, now: DateTime| {
            let own = (!matches!(command, Command::Submit { .. })).then(|| case.clone());
            let secret = Some(bureau::hash(&["demo", &case])[..32].to_uppercase());
            let key = format!("demo:{case}:{turn}");
            bureau.execute(&Order { key, people, case: own, command, secret, now }).map(drop)
        };
        let values = [("report_region", VILLAGE), ("reported", *reported), ("matter", *matter), ("report_text", *text)];
        let submit = Command::Submit {
            case: case.clone(),
            service: "report".into(),
            start: "report".into(),
            input: input(&values),
            draw: None,
            over: None,
            subject: None,
        };
        order(0, vec![Actor::citizen(&format!("demo:{case}"), "匿名")], submit, now)?;
        let inspector = || vec![staff(INSPECTS, village)];
        let act = |step: &str, conclusion: Option<&str>, values: &[(&str, &str)]| Command::Do {
            step: step.into(),
            conclusion: conclusion.map(str::to_owned),
            input: input(values),
        };
        let turns = [
            act("register", Some("受理"), &[]),
            act("prolong", None, &[("prolong_note", "要向外地的房产部门核实，负责人已批准")]),
            act(
                "inquire",
                None,
                &[
                    ("inquiry", "查了死亡登记和发放记录，走访了邻居"),
                    ("proven", "是"),
                    ("measures", "停发并追回多领的"),
                ],
            ),
        ];
        for (turn, command) in turns.into_iter().take(place).enumerate() {
            now = working_hour(now, dice);
            if now < present {
                order(turn as u32 + 1, inspector(), command, now)?;
            }
        }
    }
    Ok(())
}

fn input(values: &[(&str, &str)]) -> Input {
    let datum = |text: &str| match text {
        "是" => Datum::Bool(true),
        text => Datum::Text(text.to_owned()),
    };
    Input { values: values.iter().map(|(key, text)| ((*key).to_owned(), datum(text))).collect(), ..Input::default() }
}
