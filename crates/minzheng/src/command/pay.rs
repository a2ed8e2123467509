//! `minzheng pay`: batches of payments on the command line, by the same bureau as on the desk.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use base::{Fen, Month};
use bureau::files::{ISO, TakenIn};
use bureau::payroll::{Progress, Waits, stage};
use bureau::{Bureau, Run, Standing};
use casework::{Command, Datum, Input};
use clap::Subcommand;

use crate::clock;

#[derive(Subcommand)]
pub enum Pay {
    /// 编制到期的名册，付批准了的，推进能推进的；显示每一批到了哪里
    Prepare {
        #[arg(long)]
        data: PathBuf,
    },
    /// 替一个账号办一步：核对、复核、批准都由岗位和不同人的规则把关
    Approve {
        #[arg(long)]
        data: PathBuf,
        /// 月份，如 2026-10
        #[arg(long)]
        month: Month,
        /// 批次编号：一个月有几批时写
        #[arg(long)]
        batch: Option<String>,
        /// 谁办：账号
        #[arg(long)]
        by: String,
        /// 结论，如 同意、批准；记录的步骤不写
        #[arg(long)]
        conclusion: Option<String>,
        /// 决定的理由
        #[arg(long)]
        reason: Option<String>,
        /// 这一步要填的，写成 项目=值，可以写几次
        #[arg(long = "set", value_name = "项目=值")]
        values: Vec<String>,
    },
    /// 给银行的文件
    Export {
        #[arg(long)]
        data: PathBuf,
        #[arg(long)]
        month: Month,
        /// 批次编号：一个月有几批时写
        #[arg(long)]
        batch: Option<String>,
        /// banks.md 里的标识，或者 iso20022
        #[arg(long)]
        format: String,
        #[arg(long)]
        to: PathBuf,
    },
    /// 导入银行的回单、退汇
    ImportReturn {
        #[arg(long)]
        data: PathBuf,
        #[arg(long)]
        format: String,
        file: PathBuf,
    },
    /// 导入对账单（camt.053），把银行退回、账户已经更正的重新发出
    Reconcile {
        #[arg(long)]
        data: PathBuf,
        file: Option<PathBuf>,
    },
    /// 一户的发放记录，或者不写受理号时各来源的资金
    Statement {
        #[arg(long)]
        data: PathBuf,
        case: Option<String>,
    },
}

pub fn run(command: Pay) -> Result<(), String> {
    match command {
        Pay::Prepare { data } => prepare(&open(&data)?),
        Pay::Approve { data, month, batch, by, conclusion, reason, values } => {
            let said = Said { conclusion, reason, values };
            approve(&open(&data)?, (month, batch), &by, said)
        }
        Pay::Export { data, month, batch, format, to } => export(&open(&data)?, (month, batch), &format, &to),
        Pay::ImportReturn { data, format, file } => import(&open(&data)?, &format, &file),
        Pay::Reconcile { data, file } => reconcile(&open(&data)?, file.as_deref()),
        Pay::Statement { data, case } => statement(&open(&data)?, case.as_deref()),
    }
}

fn open(data: &Path) -> Result<Bureau, String> {
    drop(super::prove::store(data)?);
    super::serve::open(data, None)
}

fn told(failure: impl std::fmt::Display) -> String {
    failure.to_string()
}

fn prepare(bureau: &Bureau) -> Result<(), String> {
    let now = clock::now();
    bureau.pass_time(now).map_err(told)?;
    work(bureau)?;
    for run in bureau.store.runs().map_err(told)? {
        let state = bureau.store.state(&run.case).map_err(told)?.unwrap_or_default();
        let tally = bureau.store.tally(&run.case).map_err(told)?;
        let counted =
            tally.iter().map(|(standing, count, sum)| format!("{} {count} 笔 {} 元", standing.name(), Fen(*sum)));
        let guide = bureau.guide(&state.edition).map_err(told)?;
        let stage = if state.closed.is_some() { "已结" } else { stage(&state, &guide) };
        println!("{}　{}　{stage}　{}", run.month, run.case, counted.collect::<Vec<_>>().join("，"));
        match bureau.waits(&run.case, now).map_err(told)? {
            Some(Waits::Funds(short)) => short.iter().for_each(|text| println!("  {text}")),
            Some(Waits::Bank { unsettled, unexplained }) => {
                println!("  等银行：{unsettled} 笔没有付成，{unexplained} 笔没有对上账");
            }
            None => {}
        }
    }
    Ok(())
}

/// Lets the bureau do its part, with what it has done so far on the screen.
fn work(bureau: &Bureau) -> Result<(), String> {
    let mut shown = false;
    bureau
        .work(clock::now(), &mut |Progress { job, done, .. }| {
            eprint!("\r{job} {done} 笔");
            let _ = std::io::stderr().flush();
            shown = true;
        })
        .map_err(told)?;
    if shown {
        eprintln!();
    }
    Ok(())
}

/// A month, and which of its batches where it has several.
type Wanted = (Month, Option<String>);

fn run_of(bureau: &Bureau, (month, batch): Wanted) -> Result<Run, String> {
    let runs = bureau.store.runs().map_err(told)?.into_iter();
    let wanted = |run: &Run| run.month == month && batch.as_ref().is_none_or(|batch| *batch == run.case);
    let mut runs: Vec<Run> = runs.filter(wanted).collect();
    let run = runs.pop().ok_or_else(|| format!("没有{month}的这个批次"))?;
    if runs.is_empty() {
        return Ok(run);
    }
    let numbers: Vec<String> = runs.into_iter().chain([run]).map(|run| run.case).collect();
    Err(format!("{month}有几个批次，请用 --batch 写明：{}", numbers.join("、")))
}

/// What somebody says in a step.
struct Said {
    conclusion: Option<String>,
    reason: Option<String>,
    /// `项目=值`.
    values: Vec<String>,
}

fn approve(bureau: &Bureau, wanted: Wanted, by: &str, said: Said) -> Result<(), String> {
    let (run, now) = (run_of(bureau, wanted)?, clock::now());
    let account = bureau.store.account(by).map_err(told)?.ok_or_else(|| format!("没有账号 {by}"))?;
    let state = bureau.store.state(&run.case).map_err(told)?.unwrap_or_default();
    let step = state.live().next().map(|instance| instance.step.clone()).ok_or("这一批已经结了")?;
    let guide = bureau.guide(&state.edition).map_err(told)?;
    let people = vec![account.actor(now.date())];
    let mut input = Input::default();
    input.outputs.extend(said.reason.map(|reason| ("理由".to_owned(), Datum::Text(reason))));
    for pair in &said.values {
        let (name, value) = pair.split_once('=').ok_or_else(|| format!("“{pair}”应写成 项目=值"))?;
        let field = guide.field(name).ok_or_else(|| format!("没有项目“{name}”"))?;
        input.values.insert(field.key.to_string(), Datum::Text(value.to_owned()));
    }
    let key = format!("pay:{}:{step}:{by}:{now}", run.case);
    let command = Command::Do { step, conclusion: said.conclusion, input };
    let order = bureau::Order { key, people, case: Some(run.case), command, secret: None, now };
    bureau.execute(&order).map_err(told)?;
    prepare(bureau)
}

fn export(bureau: &Bureau, wanted: Wanted, format: &str, to: &Path) -> Result<(), String> {
    let (run, now) = (run_of(bureau, wanted)?, clock::now());
    let count = bureau.files_of(&run.case).map_err(told)?;
    for part in 1..=count {
        let bytes = bureau.file_for_bank(&run.case, format, part, now).map_err(told)?.bytes;
        let to = if count == 1 { to.to_owned() } else { numbered(to, part) };
        std::fs::write(&to, &bytes).map_err(|error| format!("{}：{error}", to.display()))?;
        println!("写了 {}（{} 个字节）", to.display(), bytes.len());
    }
    Ok(())
}

/// `month.txt` becomes `month-2.txt`.
fn numbered(path: &Path, part: u32) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let ending = path.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
    path.with_file_name(format!("{stem}-{part}{ending}"))
}

fn import(bureau: &Bureau, format: &str, file: &Path) -> Result<(), String> {
    let bytes = std::fs::read(file).map_err(|error| format!("{}：{error}", file.display()))?;
    match bureau.take_file(format, &bytes, clock::now()).map_err(told)? {
        TakenIn::Answers(taken) => {
            println!("记了 {} 条结果，{} 条以前说过，{} 条银行还没有定", taken.taken, taken.repeated, taken.undecided);
            taken.unknown.iter().for_each(|id| println!("  没有发过的指令：{id}"));
            taken.contradicted.iter().for_each(|text| println!("  {text}"));
        }
        TakenIn::Statement(statement) => {
            println!("对上 {} 笔，{} 笔以前对过", statement.explained, statement.repeated);
            statement.differences.iter().for_each(|text| println!("  对不上：{text}"));
        }
    }
    work(bureau)
}

fn reconcile(bureau: &Bureau, file: Option<&Path>) -> Result<(), String> {
    if let Some(file) = file {
        import(bureau, ISO, file)?;
    }
    for run in bureau.store.runs().map_err(told)? {
        let (made, waiting) = bureau.reissue(&run.case, clock::now()).map_err(told)?;
        if made + waiting > 0 {
            println!("{}：重新发出 {made} 笔，{waiting} 笔等账户更正", run.month);
        }
    }
    prepare(bureau)
}

fn statement(bureau: &Bureau, case: Option<&str>) -> Result<(), String> {
    if let Some(case) = case {
        let root = bureau.store.state(case).map_err(told)?.ok_or("没有这件")?.root;
        for (line, standing) in bureau.store.lines_of_chain(&root).map_err(told)? {
            let parts = line.parts.iter().map(|part| format!("{} {} {}", part.name, part.month, part.fen));
            println!(
                "{}　{} 元　{}　{}",
                line.month,
                line.total,
                standing.name(),
                parts.collect::<Vec<_>>().join("，")
            );
        }
        return Ok(());
    }
    let book = bureau.store.book().map_err(told)?;
    for (_, account, balance) in book.accounts() {
        let source = account.source.map_or("", ledger::Source::name);
        println!(
            "{}　{}　{source}　{}　{}",
            account.period,
            account.programme,
            account.heading.name(),
            Fen(balance.posted)
        );
    }
    let difference: i128 = book.trial_balance().values().sum();
    let unexplained = bureau
        .store
        .runs()
        .map_err(told)?
        .iter()
        .map(|run| bureau.store.unexplained(&run.case))
        .sum::<Result<i64, _>>();
    println!("试算平衡差额 {difference} 分，没有对上账的指令 {} 笔", unexplained.map_err(told)?);
    let paid = Standing::Paid.name();
    println!("“{paid}待对账”和“退汇待对账”为零时，银行的对账单全部说明");
    Ok(())
}
