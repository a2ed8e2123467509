//! A year of payments: what finance appropriates, a batch a month, and a bank that sends some of it back.

use std::collections::BTreeMap;

use base::{DateTime, Fen, RegionCode};
use bureau::bank::Entry;
use bureau::import::Import;
use bureau::{Bureau, Failure, Fault, Sent, Standing};
use casework::event::{PersonRef, RegisterRow};
use casework::payment::{Answer, Outcome, UNPAID};
use casework::registers::by_key;
use casework::{Actor, Capacity, Command, Datum, Input, State, Typed};
use jiff::ToSpan;

use crate::dice::Dice;
use crate::life::receipt;
use crate::organisations::bring_in;
use crate::play::{Play, Stage, say};
use crate::{COUNTY, STAFF, paper};

/// What finance gives for a year, in 元.
const GIVEN: [(&str, [(&str, &str); 4]); 3] = [
    ("最低生活保障", [("中央", "5400000"), ("省级", "2000000"), ("市级", "500000"), ("县级", "2100000")]),
    ("特困人员救助供养", [("中央", "1500000"), ("省级", "600000"), ("市级", "300000"), ("县级", "600000")]),
    ("优抚对象抚恤补助", [("中央", "7000000"), ("省级", "1500000"), ("市级", "0"), ("县级", "1500000")]),
];

const BANKS: [&str; 3] = ["农村商业银行", "邮政储蓄银行", "农业银行"];

/// What goes wrong at the bank, each with the reason that it gives.
const BACK: [&str; 4] = ["name_mismatch", "closed", "dormant", "no_account"];

/// Somebody of the county who holds a post.
fn holder(post: &str) -> Actor {
    let found = STAFF
        .iter()
        .find(|(_, _, level, posts)| *level == base::Level::County && posts.split('、').any(|known| known == post));
    let (id, name, level, posts) = *found.unwrap_or(&STAFF[0]);
    let posts = posts.split('、').map(str::to_owned).collect();
    let region = RegionCode::parse(COUNTY).unwrap_or(RegionCode::NATION);
    Actor { id: id.into(), name: name.into(), capacity: Capacity::Staff { level, posts, region } }
}

fn input(values: &[(&str, &str)], outputs: &[(&str, &str)]) -> Input {
    let text = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(key, text)| ((*key).to_owned(), Datum::Text((*text).to_owned()))).collect()
    };
    Input { values: text(values), outputs: text(outputs), ..Input::default() }
}

struct Payer<'p> {
    bureau: &'p Bureau,
    dice: Dice,
    seed: u64,
    present: DateTime,
}

impl Payer<'_> {
    fn order(&self, case: Option<&str>, post: &str, command: Command, now: DateTime) -> Result<(), Failure> {
        let key = format!("demo:{}:{case:?}:{command:?}:{now}", self.seed);
        let (people, case) = (vec![holder(post)], case.map(str::to_owned));
        self.bureau.execute(&bureau::Order { key, people, case, command, secret: None, now }).map(drop)
    }

    fn act(
        &self,
        case: &str,
        post: &str,
        (step, conclusion): (&str, Option<&str>),
        input: Input,
        now: DateTime,
    ) -> Result<(), Failure> {
        let command = Command::Do { step: step.into(), conclusion: conclusion.map(str::to_owned), input };
        self.order(Some(case), post, command, now)
    }

    /// What finance gives at the beginning of a year.
    fn appropriate(&self, year: i16) -> Result<(), Failure> {
        let day = base::Date::constant(year, 1, 4);
        for (programme, sources) in GIVEN {
            for (source, amount) in sources.iter().filter(|(_, amount)| *amount != "0") {
                let case = receipt(&format!("{}-funds-{year}-{programme}-{source}", self.seed));
                let (year, arrived) = (year.to_string(), day.to_string());
                let document = format!("示例财社〔{year}〕1号");
                let stated = [
                    ("direction", "拨来"),
                    ("fund", source),
                    ("programme", programme),
                    ("year", &year),
                    ("amount", amount),
                    ("document", &document),
                    ("arrived", &arrived),
                ];
                let submit = Command::Submit {
                    case: case.clone(),
                    service: "funds".into(),
                    start: "receive".into(),
                    input: input(&stated, &[]),
                    draw: None,
                    over: None,
                    subject: None,
                };
                self.order(None, "会计", submit, day.at(9, 0, 0, 0))?;
                let reason = [("理由", "与财政下达的文件相符")];
                let confirmed = day.at(15, 0, 0, 0);
                self.act(&case, "复核人", ("confirm", Some("入账")), input(&[], &reason), confirmed)?;
            }
        }
        Ok(())
    }

    /// Everybody who is paid has an account; one in fifty has none yet.
    fn accounts(&mut self) -> Result<(), Failure> {
        let end = self.present;
        let mut people: BTreeMap<String, PersonRef> = BTreeMap::new();
        let mut after = String::new();
        loop {
            let spelt = self.bureau.store.look(|read| read.spelt(&after, end, 1000))?;
            let Some(last) = spelt.last() else { break };
            after = last.root.clone();
            let named = spelt.into_iter().flat_map(|spelt| spelt.people.into_values());
            people.extend(named.filter_map(|person| Some((person.number.clone()?, person))));
        }
        let mut rows = "人员,账号,户名,开户银行,关系\n".to_owned();
        for (number, person) in &people {
            if self.dice.chance(98) {
                let bank = self.dice.pick(&BANKS);
                rows += &format!("{} {number},{},{},{bank},本人\n", person.name, card(&mut self.dice), person.name);
            }
        }
        let from = base::Date::constant(2020, 1, 1);
        bring_in(
            self.bureau,
            Import { register: "bank_account", bytes: rows.as_bytes(), map: &[], from, by: "示例", now: end },
        )
    }

    /// A batch from its roster to the close of the month, as far as it has come by the present.
    fn month(&mut self, case: &str, opened: DateTime) -> Result<(), Failure> {
        let day =
            |days: i64, hour: i8| opened.date().checked_add(days.days()).map_or(opened, |day| day.at(hour, 30, 0, 0));
        let present = self.present;
        let by = |moment: DateTime| moment < present;
        self.bureau.work_on(case, opened, &mut |_| ())?;
        let checked =
            [("roster_ready", "名册可以复核"), ("check_note", "没有账户的已通知乡镇补登，其他逐户打电话核实")];
        if !by(day(1, 9)) {
            return Ok(());
        }
        self.act(case, "发放员", ("check", None), input(&checked, &[]), day(1, 9))?;
        for (days, post, step, conclusion) in [(2, "复核人", "review", "同意"), (3, "审批人", "approve", "批准")]
        {
            if !by(day(days, 10)) {
                return Ok(());
            }
            let reason = input(&[], &[("理由", "与名册、上月发放和各项决定核对一致")]);
            self.act(case, post, (step, Some(conclusion)), reason, day(days, 10))?;
        }
        self.bureau.work_on(case, day(3, 11), &mut |_| ())?;
        if !by(day(6, 9)) {
            return Ok(());
        }
        self.answer(case, day(6, 9), true)?;
        self.bureau.work(day(6, 10), &mut |_| ())?;
        if !by(day(14, 9)) {
            return Ok(());
        }
        self.put_right(day(14, 9))?;
        self.bureau.reissue(case, day(14, 9))?;
        self.answer(case, day(15, 9), false)?;
        // What nobody could put right in time is left to the next batch.
        for (days, hour) in [(15, 10), (17, 8)] {
            if by(day(days, hour)) {
                self.bureau.work_on(case, day(days, hour), &mut |_| ())?;
            }
        }
        if !by(day(18, 9)) {
            return Ok(());
        }
        self.statement(case, day(17, 9))?;
        self.bureau.work_on(case, day(17, 10), &mut |_| ())?;
        let note = [("close_note", "退回的已经逐笔更正补发，联系不上的转下批")];
        self.act(case, "会计", ("close", None), input(&note, &[]), day(18, 9))
    }

    fn sent(&self, case: &str) -> Result<Vec<Sent>, Failure> {
        let all = self.bureau.store.instructions(case)?;
        Ok(all.into_iter().filter(|sent| sent.standing == Standing::Sent).collect())
    }

    /// The bank pays; the first time it sends some of it back.
    fn answer(&mut self, case: &str, now: DateTime, first: bool) -> Result<(), Failure> {
        let mut answers = Vec::new();
        for sent in self.sent(case)? {
            let fails = first && self.dice.chance(3);
            let code = if fails { self.dice.pick(&BACK).to_owned() } else { String::new() };
            let outcome = if fails { Outcome::Failed } else { Outcome::Paid };
            answers.push(Answer { id: sent.instruction.id, outcome, code });
        }
        self.bureau.take_answers(&answers, now).map(drop)
    }

    /// Whoever's payment came back shows a new account to the township; one in ten cannot be found.
    fn put_right(&mut self, end: DateTime) -> Result<(), Failure> {
        for case in self.bureau.store.at_task("repair contact")? {
            let Some(state) = self.bureau.store.state(&case)? else { continue };
            let (Some(opened), Some(village)) = (state.opened_at, state.region) else { continue };
            let row = row_of(self.bureau, UNPAID, &state, opened.date())?;
            let Some(Datum::Person(payee)) = row.as_ref().and_then(|row| row.columns.get("payee")) else { continue };
            let bank = row.as_ref().and_then(|row| row.columns.get("bank")?.text()).unwrap_or(BANKS[0]);
            let account = card(&mut self.dice);
            let kept = self.bureau.keep_file("存折.pdf", &paper::passbook(&account))?;
            let (is_found, proof) = (self.dice.chance(90), kept.map_err(|_| Fault::Damaged("存折".into()))?);
            let said = if is_found {
                ("账户要更正", "本人带新存折到窗口")
            } else {
                ("联系不上", "电话三次没有人接，邻居说外出了")
            };
            let mut script: BTreeMap<String, Typed> = [("found", said.0), ("finding", said.1)].map(said_of).into();
            if is_found {
                let own = [("account", &*account), ("holder", &payee.name), ("bank", bank), ("relation", "本人")];
                script.extend(own.map(said_of));
                script.insert("proof".to_owned(), Typed::Files(vec![proof]));
            }
            if let Some(mut play) = Play::take_up(self.bureau, &state, village, script, opened) {
                play.until(end, &mut self.dice)?;
            }
        }
        Ok(())
    }

    /// One entry for each file that left.
    fn statement(&self, case: &str, now: DateTime) -> Result<(), Failure> {
        let all = self.bureau.store.instructions(case)?;
        let paid: Vec<&Sent> =
            all.iter().filter(|sent| sent.standing == Standing::Paid && sent.explained == 0).collect();
        let entry = Entry {
            reference: format!("DEMO-{case}"),
            amount: Fen(paid.iter().map(|sent| sent.instruction.amount.0).sum()),
            instructions: paid.iter().map(|sent| sent.instruction.id.clone()).collect(),
        };
        self.bureau.reconcile(&[entry], now).map(drop)
    }
}

fn said_of((key, text): (&str, &str)) -> (String, Typed) {
    (key.to_owned(), say(text))
}

/// The row for which a case was begun.
pub(crate) fn row_of(
    bureau: &Bureau,
    register: &str,
    state: &State,
    day: base::Date,
) -> Result<Option<RegisterRow>, Failure> {
    let Some(subject) = &state.subject else { return Ok(None) };
    let Some(register) = bureau.register(register) else { return Ok(None) };
    let rows = bureau.store.look(|read| read.registered(&by_key(register, &subject.key, day)))?;
    Ok(rows.into_iter().find(|row| row.key == subject.key))
}

fn card(dice: &mut Dice) -> String {
    format!("6217{:06}{:06}", dice.between(0, 999_999), dice.between(0, 999_999))
}

/// All batches that the calendar has begun, one after another.
pub fn year(stage: &Stage) -> Result<(), Failure> {
    let (bureau, seed, present) = (stage.bureau, stage.seed, stage.present);
    let mut payer = Payer { bureau, dice: Dice::new(seed, 7), seed, present };
    payer.accounts()?;
    let mut runs = Vec::new();
    for case in bureau.store.at_task("payroll roster")? {
        let opened = bureau.store.state(&case)?.and_then(|state| state.opened_at);
        runs.extend(opened.map(|opened| (opened, case)));
    }
    runs.sort();
    let years: std::collections::BTreeSet<i16> = runs.iter().map(|(opened, _)| opened.date().year()).collect();
    years.into_iter().try_for_each(|year| payer.appropriate(year))?;
    runs.into_iter().try_for_each(|(opened, case)| payer.month(&case, opened))
}
