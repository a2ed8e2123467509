//! `minzheng explain`: how a decision was reached, recomputed from what was known then.

use base::CitizenNumber;
use casework::assess::{assess, display, people};
use casework::event::Event;
use casework::summary::Person;
use casework::{Bureau, CaseId, Entry, State, explain};
use guide::Guide;

use crate::{Outcome, Verdict, bureau, data};

/// 说明一个件的每次决定是怎样得出的，并按当时所知重新计算
#[derive(clap::Args)]
pub struct Explain {
    /// 受理号，如 DB202600012
    #[arg(value_name = "受理号")]
    case: String,
    #[command(flatten)]
    data: data::Folder,
    #[command(flatten)]
    guides: data::Guides,
}

impl Explain {
    pub fn run(&self) -> Outcome {
        let store = self.data.open()?;
        let (bureau, _) = bureau::load(self.guides.folder())?;
        let bureau = bureau::with_editions(bureau, &store)?;
        let case = CaseId(self.case.trim().to_uppercase().into());
        let file = store.case(&case).map_err(|e| e.to_string())?.ok_or_else(|| format!("没有受理号为{case}的件"))?;
        let state = &file.state;
        let guide = bureau.guide(&state.service, &state.edition).ok_or("这个件的指南版本不在库中")?;
        let mut report = format!("{case}　{}　指南版本 {}\n", guide.title, state.edition.0);
        let mut same = true;
        for (index, entry) in file.entries.iter().enumerate() {
            if let Event::Decided { .. } = &entry.event {
                let (told, again) = decision(&bureau, guide, &file.entries[..index], entry);
                report += &told;
                same &= again;
            }
        }
        if state.decisions.is_empty() {
            report += "还没有作出决定。\n";
        }
        Ok(Verdict { good: same, report: masked(report, &people(guide, state)) })
    }
}

/// One decision with its explanation; whether it comes out the same again.
fn decision(bureau: &Bureau, guide: &Guide, before: &[Entry], entry: &Entry) -> (String, bool) {
    let Event::Decided { step, outcome, as_of, results, .. } = &entry.event else { return (String::new(), true) };
    let Some(state) = State::fold(before) else { return (String::new(), false) };
    let at = base::format_datetime(entry.at);
    let evaluation = assess(guide, &state, *as_of, entry.at, &bureau.chain(state.region));
    let mut told = format!("\n{at}　{step}：{outcome}　{}（{}）\n", entry.by.name, entry.by.role);
    told += &explain::text(guide, &evaluation);
    let mut same = true;
    for (name, decided) in results.iter().filter(|(name, decided)| evaluation.value(name) != Some(decided)) {
        same = false;
        let again = evaluation.value(name).map(|value| display(guide, name, value)).unwrap_or_default();
        told += &format!("重新计算不一致：{name} 当时为{}，现算得{again}\n", display(guide, name, decided));
    }
    if same {
        told += "重新计算，结果与当时一致。\n";
    }
    (told, same)
}

/// Nobody has signed in here, so nobody's full name and number are shown.
fn masked(report: String, people: &[Person]) -> String {
    people.iter().fold(report, |report, person| {
        let report = report.replace(&person.name, &base::mask_name(&person.name));
        let number = person.number.as_deref().and_then(|typed| CitizenNumber::parse(typed).ok());
        number.map_or(report.clone(), |number| report.replace(number.as_str(), &number.masked()))
    })
}
