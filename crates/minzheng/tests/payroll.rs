//! A year of payments of a small county, through guides, ledger and bank.

mod visitor;

use std::collections::{BTreeMap, BTreeSet};

use base::{Fen, Level, Month, RegionCode};
use bureau::import::{Import, Take};
use bureau::{Sent, Standing, files};
use casework::Query;
use casework::payment::{Answer, DRAWN, Debt, Outcome};
use ledger::{Heading, Source};
use visitor::Office;

const NOW: &str = "2026-11-27T09:00:00";

fn county() -> Office {
    county_with("", "", "")
}

/// The same where a file of the guides has one text for another.
fn county_with(file: &str, old: &str, new: &str) -> Office {
    let change = |path: &str, text: String| if path == file { text.replace(old, new) } else { text };
    let office = Office::with("2026-11-27 09:00", change);
    let bureau = &office.site.bureau;
    bureau.store.in_bulk(|| demo::make_county(bureau, 40, 1, NOW.parse().unwrap(), |_| ())).unwrap();
    office
}

#[test]
fn a_year_of_batches_is_paid_once_and_explained_to_the_fen() {
    let office = county();
    let bureau = &office.site.bureau;
    let runs = bureau.store.runs().unwrap();
    assert_eq!(runs.len(), 11);
    let (mut paid, mut held) = (0, 0);
    for run in &runs {
        let state = bureau.store.state(&run.case).unwrap().unwrap();
        assert_eq!(state.closed.as_ref().map(|(result, _)| &**result), Some("已结"), "{run:?}");
        for (standing, count, sum) in bureau.store.tally(&run.case).unwrap() {
            match standing {
                Standing::Paid => paid += sum,
                Standing::Held => held += count,
                Standing::Released => {}
                other => panic!("{run:?}: {count} {other:?}"),
            }
        }
        let instructions = bureau.store.instructions(&run.case).unwrap();
        let confirmed = instructions.iter().filter(|sent| sent.standing == Standing::Paid);
        let total: i64 = confirmed.map(|sent| sent.instruction.amount.0).sum();
        let lines: i64 = bureau
            .store
            .tally(&run.case)
            .unwrap()
            .iter()
            .filter(|(s, ..)| *s == Standing::Paid)
            .map(|(.., sum)| sum)
            .sum();
        assert_eq!(total, lines, "what the bank confirmed is what the lines owe");
    }
    assert!(paid > 0 && held > 0, "{paid} {held}");
    let book = bureau.store.book().unwrap();
    assert!(book.trial_balance().values().all(|sum| *sum == 0));
    let of = |heading: Heading| -> i64 {
        book.accounts().filter(|(_, account, _)| account.heading == heading).map(|(.., balance)| balance.posted).sum()
    };
    assert_eq!((of(Heading::Reconciled), of(Heading::Payable), of(Heading::Paid)), (paid, 0, 0));
    let central = book.standing(Source::Central, "最低生活保障", 2026);
    assert!(central.paid > 0 && central.appropriated == 540_000_000, "{central:?}");
    assert_eq!(bureau.store.rebuild().unwrap().differing, Vec::<String>::new());
    assert_eq!(bureau.store.verify().unwrap().problems, Vec::<String>::new());
}

/// Whoever doubts what was drawn draws it again by the seed: of each township one in fifty, rounded up, and one at least.
#[test]
fn what_is_drawn_to_be_checked_follows_from_the_recorded_seed() {
    let office = county();
    let bureau = &office.site.bureau;
    let mut seeds = BTreeSet::new();
    for run in bureau.store.runs().unwrap() {
        let state = bureau.store.state(&run.case).unwrap().unwrap();
        let told = |name: &str| {
            let step = state.steps.iter().find(|instance| instance.step == "sample").unwrap();
            step.outputs[name].text().unwrap().to_owned()
        };
        let paid = bureau.store.look(|read| read.lines(&run.case, (1, u32::MAX), Standing::Paid)).unwrap();
        let mut towns: BTreeMap<RegionCode, Vec<(String, u32)>> = BTreeMap::new();
        for line in &paid {
            let lot = bureau::hash(&[&told("种子"), &line.seq.to_string()]);
            towns.entry(line.region.at(Level::Township)).or_default().push((lot, line.seq));
        }
        let mut wanted = BTreeSet::new();
        for lots in towns.values_mut() {
            lots.sort();
            wanted.extend(lots[..lots.len().div_ceil(50).max(1)].iter().map(|(_, seq)| seq.to_string()));
        }
        let (register, column) = (DRAWN.to_owned(), "run".to_owned());
        let query = Query { register, column, values: vec![run.case.clone()], on: office.site.now().date() };
        let rows = bureau.store.look(|read| read.registered(&query)).unwrap();
        let drawn: BTreeSet<String> = rows.iter().map(|row| row.columns["seq"].text().unwrap().to_owned()).collect();
        assert_eq!(drawn, wanted);
        assert_eq!((told("总体"), told("抽中")), (paid.len().to_string(), wanted.len().to_string()));
        let scope = bureau.scope(&casework::Actor::system());
        assert!(rows.iter().all(|row| bureau.store.find(&scope, &row.key, 10).unwrap().len() == 1), "a case for each");
        seeds.insert(told("种子"));
    }
    assert_eq!(seeds.len(), 11);
    office.staff("shenpi").open(&format!("/payments/{}", bureau.store.runs().unwrap()[0].case)).sees("从已付的");
    // Nobody brings a payment in that was not drawn.
    let text = "批次,笔,名称,享受人,项目,月份,金额,收款人\nX,1,甲,甲 410325193901010016,低保,2026-10,1,甲\n";
    let (from, now) = (office.site.now().date(), office.site.now());
    assert!(
        bureau
            .import(Import { register: DRAWN, bytes: text.as_bytes(), map: &[], from, by: "测试", now }, Take::Whole)
            .is_err()
    );
}

#[test]
fn what_a_bank_says_again_or_against_itself_changes_nothing() {
    let office = county();
    let bureau = &office.site.bureau;
    let run = bureau.store.runs().unwrap().pop().unwrap();
    let instructions = bureau.store.instructions(&run.case).unwrap();
    let paid = instructions.iter().find(|sent| sent.standing == Standing::Paid).unwrap();
    let before = bureau.store.book().unwrap().accounts().map(|(.., balance)| balance).collect::<Vec<_>>();
    let says = |id: &str, outcome| Answer { id: id.to_owned(), outcome, code: String::new() };
    let id = &paid.instruction.id;
    let answers = [says(id, Outcome::Paid), says("NOBODY-1", Outcome::Paid)];
    let taken = bureau.take_answers(&answers, "2026-11-27T10:00:00".parse().unwrap()).unwrap();
    assert_eq!((taken.taken, taken.repeated, &*taken.unknown), (0, 1, &["NOBODY-1".to_owned()][..]));
    let against = bureau.take_answers(&[says(id, Outcome::Failed)], "2026-11-27T10:01:00".parse().unwrap()).unwrap();
    assert_eq!((against.taken, against.contradicted.len()), (0, 1));
    assert_eq!(bureau.reissue(&run.case, "2026-11-27T10:02:00".parse().unwrap()).unwrap(), (0, 0));
    assert_eq!(bureau.work("2026-11-27T10:03:00".parse().unwrap(), &mut |_| ()).unwrap(), 0);
    let after = bureau.store.book().unwrap().accounts().map(|(.., balance)| balance).collect::<Vec<_>>();
    assert_eq!(before, after);
}

/// The batch of December, of which nobody has seen anything yet.
fn december(office: &Office) -> String {
    let bureau = &office.site.bureau;
    office.at("2026-12-05 09:00");
    bureau.pass_time(office.site.now()).unwrap();
    bureau.work(office.site.now(), &mut |_| ()).unwrap();
    bureau.store.runs().unwrap().pop().unwrap().case
}

fn step(office: &Office, run: &str, account: &str, step: &str, entries: &[(&str, &str)]) {
    office.staff(account).open(&format!("/case/{run}/do/{step}")).send(entries);
}

/// Three people let a batch be paid.
fn approve(office: &Office, run: &str) {
    step(office, run, "fafang", "check", &[("roster_ready", "名册可以复核"), ("check_note", "逐户核对")]);
    step(office, run, "caiwu", "review", &[("conclusion", "同意"), ("o-理由", "相符")]);
    step(office, run, "shenpi", "approve", &[("conclusion", "批准"), ("o-理由", "相符")]);
    office.site.bureau.work(office.site.now(), &mut |_| ()).unwrap();
}

fn standing(office: &Office, run: &str, wanted: Standing) -> Vec<Sent> {
    let all = office.site.bureau.store.instructions(run).unwrap();
    all.into_iter().filter(|sent| sent.standing == wanted).collect()
}

/// What the postal bank says of payments: every other one is rejected. `off` makes its total wrong.
fn postal_answers(sent: &[Sent], off: i64) -> Vec<u8> {
    let mut rows = String::new();
    for (place, sent) in sent.iter().enumerate() {
        let result = if place % 2 == 0 { "已销户" } else { "成功" };
        rows += &format!("{}|{}|{}|{result}\r\n", place + 1, sent.instruction.id, sent.instruction.amount.plain());
    }
    let total = Fen(sent.iter().map(|sent| sent.instruction.amount.0).sum::<i64>() + off).plain();
    encoding_rs::GBK.encode(&format!("{rows}合计|{}|{total}\r\n", sent.len())).0.into_owned()
}

/// Whoever's payment came back opens another account.
fn put_right(office: &Office, run: &str) {
    let bureau = &office.site.bureau;
    let mut accounts = "人员,账号,户名,开户银行,关系\n".to_owned();
    for (place, sent) in standing(office, run, Standing::Failed).iter().enumerate() {
        let (line, _) = bureau.store.line(run, sent.instruction.lines[0]).unwrap().unwrap();
        accounts +=
            &format!("{} {},62179999{place:08},{},邮政储蓄银行,本人\n", line.payee, line.payee_number, line.payee);
    }
    let (from, now) = (office.site.now().date(), office.site.now());
    let import = Import { register: "bank_account", bytes: accounts.as_bytes(), map: &[], from, by: "测试", now };
    bureau.import(import, Take::Whole).unwrap();
}

/// A message in which all that is with banks has arrived.
fn arrived(sent: &[Sent]) -> String {
    let one = |sent: &Sent| {
        let id = &sent.instruction.id;
        format!("<TxInfAndSts><OrgnlEndToEndId>{id}</OrgnlEndToEndId><TxSts>ACSC</TxSts></TxInfAndSts>")
    };
    let all: String = sent.iter().map(one).collect();
    format!("<Document><CstmrPmtStsRpt><OrgnlPmtInfAndSts>{all}</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>")
}

/// The name of a batch as banks have it.
fn plain(run: &str) -> String {
    run.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// A statement with one debit for a whole file.
fn statement(run: &str, sum: &str) -> String {
    let plain = plain(run);
    format!(
        "<Document><BkToCstmrStmt><Stmt><Id>S12</Id><Ntry><NtryRef>N-{plain}-{sum}</NtryRef><Amt Ccy=\"CNY\">{sum}</Amt>\
         <CdtDbtInd>DBIT</CdtDbtInd><NtryDtls><Btch><PmtInfId>{plain}</PmtInfId></Btch></NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>"
    )
}

fn bureau_lines(office: &Office, run: &str) -> usize {
    office.site.bureau.store.notable(run, bureau::Notable::All, u32::MAX).unwrap().len()
}

#[test]
fn a_batch_is_seen_by_those_who_have_a_part_in_it_and_sent_by_those_who_do_it() {
    let office = county();
    let run = december(&office);
    let page = format!("/payments/{run}");
    office.staff("shenji").open("/payments").sees("2026年12月").sees("核对名册").sees("相符");
    office.staff("shouli").open("/payments").sees_not("2026年12月");
    office.staff("shouli").open(&page);
    approve(&office, &run);
    office.staff("fafang").open(&page).sees("给银行的文件").sees("在途");
    let lines = bureau_lines(&office, &run);
    let mut auditor = office.staff("shenji");
    auditor.open(&format!("/lists/payments-{run}.csv"));
    let ends = auditor.bytes.iter().filter(|byte| **byte == b'\n').count();
    assert_eq!((auditor.status, ends), (200, lines + 1));
    office.staff("shouli").open(&format!("/lists/payments-{run}.csv")).sees_not("上一批");
    auditor.open("/lists/debts.csv");
    assert_eq!(auditor.status, 200);
    office.staff("shenji").open(&page).sees_not("给银行的文件");
    let mut auditor = office.staff("shenji");
    auditor.open(&format!("{page}/file/rural"));
    assert_eq!(auditor.status, 403);
    let mut clerk = office.staff("fafang");
    for format in ["rural", "postal", "agricultural", "iso20022"] {
        clerk.open(&format!("{page}/file/{format}"));
        assert!(clerk.status == 200 && clerk.bytes.len() > 300, "{format}: {}", clerk.text());
    }
    let seq = standing(&office, &run, Standing::Sent)[0].instruction.lines[0];
    clerk.open(&format!("{page}/line/{seq}")).sees("账上的每一笔").sees("挂账");
}

/// Half of what the bank gets comes back; accounts are put right; everything arrives, and the month is closed.
#[test]
fn half_of_a_month_comes_back_and_is_healed() {
    let office = county();
    let bureau = &office.site.bureau;
    let run = december(&office);
    approve(&office, &run);
    let page = format!("/payments/{run}");
    let sent = standing(&office, &run, Standing::Sent);
    let postal: Vec<Sent> = sent.into_iter().filter(|sent| sent.instruction.bank == "邮政储蓄银行").collect();
    assert!(postal.len() > 5, "{}", postal.len());
    let mut clerk = office.staff("fafang");
    let take = |clerk: &mut visitor::Visitor, file: &[u8], format: &str| {
        clerk.open(&page).attach("file", "bank", file).send(&[("format", format)]);
    };
    take(&mut clerk, &postal_answers(&postal, 1), "postal");
    clerk.sees("文件不完整");
    take(&mut clerk, &postal_answers(&postal, 0), "postal");
    clerk.sees(&format!("导入了 {} 条结果", postal.len())).sees("账户已销户");
    take(&mut clerk, &postal_answers(&postal, 0), "postal");
    clerk.sees("导入了 0 条结果").sees(&format!("{} 条以前说过", postal.len()));
    let back = postal.len().div_ceil(2);
    clerk.open(&page).send(&[("again", "1")]);
    clerk.sees("重新发出 0 笔").sees(&format!("{back} 笔的账户还没有更正"));
    office.at("2026-12-09 09:00");
    put_right(&office, &run);
    let mut clerk = office.staff("fafang");
    clerk.open(&page).send(&[("again", "1")]);
    clerk.sees(&format!("重新发出 {back} 笔"));
    take(&mut clerk, arrived(&standing(&office, &run, Standing::Sent)).as_bytes(), "iso20022");
    clerk.sees("等银行");
    let paid = standing(&office, &run, Standing::Paid);
    let sum = Fen(paid.iter().map(|sent| sent.instruction.amount.0).sum()).plain();
    take(&mut clerk, statement(&run, "1.00").as_bytes(), "iso20022");
    clerk.sees("对不上的").sees("对账单上是 1.00 元");
    take(&mut clerk, statement(&run, &sum).as_bytes(), "iso20022");
    clerk.sees("对账单说明了 1 笔");
    clerk.open(&format!("/payments/{run}")).sees("差额 0.00 元，相符");
    step(&office, &run, "kuaiji", "close", &[("close_note", "没有差额")]);
    let state = bureau.store.state(&run).unwrap().unwrap();
    assert_eq!(state.closed.map(|(result, _)| result).as_deref(), Some("已结"));
    assert_eq!(bureau.store.unexplained(&run).unwrap(), 0);
    let book = bureau.store.book().unwrap();
    let open = [Heading::Payable, Heading::Paid, Heading::Returning];
    let open = book.accounts().filter(|(_, account, _)| open.contains(&account.heading));
    let left: i64 = open.map(|(.., balance)| balance.posted.abs() + balance.pending_out).sum();
    assert_eq!(left, 0, "the month is closed without a difference");
    assert_eq!(bureau.store.rebuild().unwrap().differing, Vec::<String>::new());
}

/// A batch with more payments than a file may have goes out as several; each payment is in one, and stays there.
#[test]
fn a_batch_is_divided_into_files_that_a_bank_takes() {
    let office = county_with("banks.md", "| 每个文件最多 | 10000 |", "| 每个文件最多 | 12 |");
    let bureau = &office.site.bureau;
    let run = december(&office);
    approve(&office, &run);
    let sent = standing(&office, &run, Standing::Sent);
    let count = bureau.files_of(&run).unwrap();
    assert!(count > 2 && count as usize == sent.len().div_ceil(12), "{count} files of {}", sent.len());
    let file = |part| {
        let file = bureau.file_for_bank(&run, files::ISO, part, office.site.now()).unwrap();
        String::from_utf8(file.bytes).unwrap()
    };
    let ids = |text: &str| -> Vec<String> {
        let ids = text.split("<EndToEndId>").skip(1).filter_map(|rest| rest.split('<').next());
        ids.map(str::to_owned).collect()
    };
    let all: Vec<String> = (1..=count).flat_map(|part| ids(&file(part))).collect();
    let wanted: Vec<String> = sent.iter().map(|sent| sent.instruction.id.clone()).collect();
    assert_eq!(all, wanted);
    assert!(bureau.file_for_bank(&run, files::ISO, count + 1, office.site.now()).is_err());
    office.staff("fafang").open(&format!("/payments/{run}")).sees(&format!("第 {count} 个文件，共 {count} 个"));
    // The first file is answered; the others stay as they were.
    let second = ids(&file(2));
    bureau.take_file(files::ISO, arrived(&sent[..12]).as_bytes(), office.site.now()).unwrap();
    assert_eq!(ids(&file(2)), second);
    bureau.take_file(files::ISO, arrived(&sent[12..24]).as_bytes(), office.site.now()).unwrap();
    let sum = |sent: &[&Sent]| Fen(sent.iter().map(|sent| sent.instruction.amount.0).sum()).plain();
    let explained = |text: String| match bureau.take_file(files::ISO, text.as_bytes(), office.site.now()) {
        Ok(files::TakenIn::Statement(said)) => (said.explained, said.differences.len()),
        other => panic!("{other:?}"),
    };
    let (first, whole) = (sent[..12].iter().collect::<Vec<_>>(), sent[12..24].iter().collect::<Vec<_>>());
    let of_bank: Vec<&Sent> =
        first.iter().copied().filter(|own| own.instruction.bank == first[0].instruction.bank).collect();
    assert!(of_bank.len() < 12, "the file has payments of several banks");
    assert_eq!(explained(statement(&run, &sum(&of_bank))), (1, 0), "what went to one bank");
    let part = |number: u32| format!("{}P{number:03}", plain(&run));
    assert_eq!(explained(statement(&part(2), &sum(&whole))), (1, 0), "the second file, not the first");
    assert_eq!(explained(statement(&part(2), "1.00")), (0, 1));
    assert_eq!(bureau.store.unexplained(&run).unwrap() as usize, 12 - of_bank.len());
}

/// What is above the ceiling is held until two people have found it right, and then only up to what they found.
#[test]
fn a_sum_above_the_ceiling_is_paid_when_two_people_have_cleared_it() {
    let office = county_with("payroll/rates.md", "| 50000 |", "| 900 |");
    let bureau = &office.site.bureau;
    let run = december(&office);
    let held = || {
        let lines = bureau.store.look(|read| read.lines(&run, (1, u32::MAX), Standing::Held)).unwrap();
        lines.into_iter().filter(|line| line.held == "金额超出范围").collect::<Vec<_>>()
    };
    let before = held();
    assert!(before.len() > 1, "{}", before.len());
    // What was paid too little before is in the line: cleared below the sum, it is held all the same.
    let (cleared, other) = (&before[0], &before[1]);
    for (line, most) in [(cleared, cleared.total), (other, Fen(other.total.0 - 1))] {
        let mut clerk = office.staff("fafang");
        clerk.open("/services/clearance/apply").send(&[
            ("holder", &line.holder),
            ("holder.number", &line.number),
            ("place", &line.region.to_string()),
            ("programme", &line.programme),
            ("most", &most.plain()),
            ("until", "2027-06-30"),
            ("finding", "看了决定，每个月都对"),
        ]);
        let case = clerk.path.trim_start_matches("/case/").split('?').next().unwrap().to_owned();
        office
            .staff("caiwu")
            .open(&format!("/case/{case}/do/confirm"))
            .send(&[("conclusion", "放行"), ("o-理由", "属实")]);
    }
    step(&office, &run, "fafang", "check", &[("roster_ready", "重新编制"), ("check_note", "已经放行")]);
    bureau.work(office.site.now(), &mut |_| ()).unwrap();
    let left: BTreeSet<String> = held().into_iter().map(|line| line.number).collect();
    let wanted: BTreeSet<String> = before[1..].iter().map(|line| line.number.clone()).collect();
    assert_eq!(left, wanted, "one is let go, for that sum");
}

/// A bank that does not take a file has paid nothing of it. What it said twice, or of another file, changes nothing.
#[test]
fn a_file_that_the_bank_does_not_take_goes_out_again_under_new_ids() {
    let office = county();
    let bureau = &office.site.bureau;
    let run = december(&office);
    approve(&office, &run);
    let made =
        || String::from_utf8(bureau.file_for_bank(&run, files::ISO, 1, office.site.now()).unwrap().bytes).unwrap();
    let message = |file: &str| file.split_once("<MsgId>").unwrap().1.split_once("</MsgId>").unwrap().0.to_owned();
    let refuses = |message: &str, code: &str| {
        let (id, why) = (format!("<OrgnlMsgId>{message}</OrgnlMsgId>"), format!("<Rsn><Cd>{code}</Cd></Rsn>"));
        let group = format!("{id}<GrpSts>RJCT</GrpSts><StsRsnInf>{why}</StsRsnInf>");
        let text = format!(
            "<Document><CstmrPmtStsRpt><OrgnlGrpInfAndSts>{group}</OrgnlGrpInfAndSts></CstmrPmtStsRpt></Document>"
        );
        bureau.take_file(files::ISO, text.as_bytes(), office.site.now())
    };
    let (first, sent) = (message(&made()), standing(&office, &run, Standing::Sent));
    assert!(refuses(&first, "DUPL").unwrap_err().to_string().contains("同一个文件发了两次"));
    assert_eq!(standing(&office, &run, Standing::Sent), sent);
    let Ok(files::TakenIn::Answers(taken)) = refuses(&first, "FF01") else { panic!("not taken") };
    assert_eq!((taken.taken, taken.contradicted), (sent.len(), vec![]));
    assert_eq!(bureau.reissue(&run, office.site.now()).unwrap(), (sent.len(), 0), "nobody's account is at fault");
    let second = message(&made());
    assert_ne!(first, second, "a file under the old id would be taken for the same file");
    let again = standing(&office, &run, Standing::Sent);
    assert!(again.iter().all(|again| sent.iter().all(|sent| sent.instruction.id != again.instruction.id)));
    let Ok(files::TakenIn::Answers(taken)) = refuses(&first, "FF01") else { panic!("not taken") };
    assert!(taken.taken == 0 && taken.contradicted[0].contains("不是这个文件里的那些"), "{taken:?}");
    bureau.take_file(files::ISO, arrived(&again).as_bytes(), office.site.now()).unwrap();
    let paid: i64 = standing(&office, &run, Standing::Paid).iter().map(|sent| sent.instruction.amount.0).sum();
    assert_eq!(paid, sent.iter().map(|sent| sent.instruction.amount.0).sum::<i64>(), "once, and all of it");
}

/// What came back and is not put right by the batch's day goes back to the appropriation; the next roster pays it to whom
/// an account has been found for, and holds the line of whom there is none. What nobody has answered is asked about.
#[test]
fn what_cannot_be_paid_in_time_is_left_to_the_next_batch() {
    let office = county();
    let bureau = &office.site.bureau;
    let run = december(&office);
    approve(&office, &run);
    let sent = standing(&office, &run, Standing::Sent);
    let (silent, others) = sent.split_first().unwrap();
    let closed =
        |sent: &Sent| Answer { id: sent.instruction.id.clone(), outcome: Outcome::Failed, code: "closed".into() };
    let paid = |sent: &Sent| Answer { code: String::new(), outcome: Outcome::Paid, ..closed(sent) };
    let (back, arrived) = others.split_at(4);
    let answers: Vec<Answer> = back.iter().map(closed).chain(arrived.iter().map(paid)).collect();
    bureau.take_answers(&answers, office.site.now()).unwrap();
    bureau.work(office.site.now(), &mut |_| ()).unwrap();
    assert_eq!(bureau.store.at_task("repair contact").unwrap().len(), 4, "the township looks for each payee");
    let payable = |run: &str| bureau.store.look(|read| read.lines(run, (1, u32::MAX), Standing::Payable)).unwrap();
    let owed: i64 = payable(&run).iter().map(|line| line.total.0).sum();
    let available = || {
        let book = bureau.store.book().unwrap();
        let own = book.accounts().filter(|(_, account, _)| account.heading == Heading::Appropriation);
        own.map(|(.., balance)| balance.posted).sum::<i64>()
    };
    let before = available();
    office.at("2026-12-23 09:00");
    bureau.pass_time(office.site.now()).unwrap();
    bureau.work(office.site.now(), &mut |_| ()).unwrap();
    assert_eq!((payable(&run).len(), available() - before), (0, owed));
    assert_eq!(bureau.store.at_task("repair ask").unwrap().len(), 1, "what nobody answered is asked about");
    office.staff("fafang").open(&format!("/payments/{run}")).sees("超时").sees("转下批");
    bureau.take_answers(&[paid(silent)], office.site.now()).unwrap();
    // Of those whose payment came back, one shows a new account.
    let left = bureau.store.look(|read| read.lines(&run, (1, u32::MAX), Standing::Released)).unwrap();
    let found = &left[0];
    let rows = format!(
        "人员,账号,户名,开户银行,关系\n{} {},6217999900000001,{},邮政储蓄银行,本人\n",
        found.payee, found.payee_number, found.payee
    );
    let (from, now) = (office.site.now().date(), office.site.now());
    bureau
        .import(
            Import { register: "bank_account", bytes: rows.as_bytes(), map: &[], from, by: "测试", now },
            Take::Whole,
        )
        .unwrap();
    office.at("2027-01-05 09:00");
    bureau.pass_time(office.site.now()).unwrap();
    bureau.work(office.site.now(), &mut |_| ()).unwrap();
    let january = bureau.store.runs().unwrap().pop().unwrap().case;
    let lines = bureau.store.notable(&january, bureau::Notable::All, u32::MAX).unwrap();
    let of = |root: &str, key: &str| {
        let own = |(line, _): &&(casework::payment::Line, Standing)| line.root == root && line.entitlement == key;
        lines.iter().find(own).unwrap_or_else(|| panic!("no line for {root}"))
    };
    let (line, standing) = of(&found.root, &found.entitlement);
    assert_eq!((line.held.as_str(), *standing), ("", Standing::Listed));
    let december: i64 = line.parts.iter().filter(|part| part.month < line.month).map(|part| part.fen.0).sum();
    assert_eq!(december, found.total.0, "{line:?}");
    for other in left.iter().filter(|line| line.payee_number != found.payee_number) {
        let (line, standing) = of(&other.root, &other.entitlement);
        assert_eq!((line.held.as_str(), *standing), ("账户被银行退回", Standing::Held));
    }
    assert_eq!(bureau.store.rebuild().unwrap().differing, Vec::<String>::new());
}

/// What arrives by the batch's own day is in time, what arrives after it is late, and nothing is judged before that day.
#[test]
fn payments_are_counted_by_whether_they_arrived_in_time() {
    let office = county();
    let bureau = &office.site.bureau;
    let run = december(&office);
    approve(&office, &run);
    let december = Month::new(2026, 12).unwrap();
    let counted = |wanted: Option<bool>| {
        let paid =
            bureau.paid(RegionCode::parse("410325").unwrap(), december..=december, office.site.now().date()).unwrap();
        paid.iter().filter(|paid| paid.in_time == wanted).map(|paid| paid.payments).sum::<i64>()
    };
    let lines = bureau_lines(&office, &run) as i64;
    assert_eq!((counted(None), counted(Some(true)), counted(Some(false))), (lines, 0, 0), "its day has not come");
    let sent = standing(&office, &run, Standing::Sent);
    let (early, late) = sent.split_at(sent.len() / 2);
    let lines_of = |sent: &[Sent]| sent.iter().map(|sent| sent.instruction.lines.len() as i64).sum::<i64>();
    let arrive = |sent: &[Sent]| bureau.take_file("iso20022", arrived(sent).as_bytes(), office.site.now()).unwrap();
    office.at("2026-12-18 17:00");
    arrive(early);
    assert_eq!((counted(None), counted(Some(true))), (lines - lines_of(early), lines_of(early)));
    office.at("2026-12-22 09:00");
    assert_eq!((counted(None), counted(Some(false))), (0, lines - lines_of(early)), "its day has passed");
    arrive(late);
    assert_eq!((counted(Some(true)), counted(Some(false))), (lines_of(early), lines - lines_of(early)));
    let share = lines_of(early) * 1000 / lines;
    let share = format!("{}.{}%", share / 10, share % 10);
    let mut auditor = office.staff("shenji");
    auditor.open("/payments/statistics?year=2026").sees("2026年发放统计").sees("12月").sees(&share);
    auditor.open("/lists/statistics.csv?year=2026");
    assert_eq!(auditor.status, 200);
    auditor.open("/payments/statistics?year=2030").sees("2030年还没有发放");
    auditor.open("/indicators").sees("按时足额发放率").sees("抚恤补助社会化发放率");
    office.staff("shouli").open("/payments/statistics").sees_not("按时足额");
}

/// Somebody owes 3,000 元 and has agreed to 200 元 a month.
fn owes(office: &Office, line: &casework::payment::Line) -> Debt {
    use casework::{Actor, Event, Record, State};
    use ledger::{Account, Period, Transfer, Unit};
    let bureau = &office.site.bureau;
    let debt = Debt { owner: line.number.clone(), programme: line.programme.clone(), year: 2026 };
    let account = |heading: Heading| Account {
        heading,
        source: None,
        programme: debt.programme.clone(),
        period: Period::Year(2026),
        owner: if heading.is_owned() { debt.owner.clone() } else { String::new() },
        unit: Unit::Fen,
    };
    let claim = Transfer { from: account(Heading::Receivable), to: account(Heading::Claimed), amount: 300_000 };
    let event = Event::Booked { party: debt.owner.clone(), about: None, transfers: vec![claim] };
    let record = Record { at: office.site.now(), by: Actor::system().reference(), event };
    bureau.store.transact(|write| write.append("CLAIM-1", &State::default(), &[record])).unwrap();
    let (name, number, programme) = (&line.holder, &line.number, &line.programme);
    let text = format!(
        "享受人,项目,年度,名称,总额,义务人,缴回方式,每月金额,起缴日,状态\n\
         {name} {number},{programme},2026,{name},3000,{name},从以后的待遇抵扣,200,2026-12-01,追缴中\n"
    );
    let (from, now) = (office.site.now().date(), office.site.now());
    bureau
        .import(Import { register: "claim", bytes: text.as_bytes(), map: &[], from, by: "测试", now }, Take::Whole)
        .unwrap();
    debt
}

/// PAY-E2 and PAY-20: what is agreed is kept back as a part of its own, within the share and above the floor; it is
/// set aside when the roster is made and kept when the batch is approved; nobody's arrears or debts follow from it.
#[test]
fn what_was_agreed_is_kept_back_and_leaves_the_floor() {
    let office = county();
    let bureau = &office.site.bureau;
    let looked_into = bureau.store.at_task("recovery verify").unwrap();
    let last = bureau.store.runs().unwrap().pop().unwrap().case;
    let lines = bureau.store.notable(&last, bureau::Notable::All, 1000).unwrap();
    // Somebody who lives on it alone.
    let alone = lines.into_iter().filter(|(line, standing)| line.service != "dibao" && *standing == Standing::Paid);
    let alone = alone.map(|(line, _)| line).filter(|line| line.parts.len() == 1 && line.parts[0].month == line.month);
    let line = alone.max_by_key(|line| line.total).unwrap();
    let debt = owes(&office, &line);
    let owed = || bureau.debts(&debt.owner).unwrap().pop().unwrap();
    let run = december(&office);
    let of = |run: &str| {
        let all = bureau.store.notable(run, bureau::Notable::All, 1000).unwrap();
        let own = |own: &casework::payment::Line| (&own.root, &own.entitlement) == (&line.root, &line.entitlement);
        all.into_iter().map(|(line, _)| line).find(own).unwrap()
    };
    let kept = |line: &casework::payment::Line| -> i64 {
        line.parts.iter().filter(|part| part.debt.is_some()).map(|part| -part.fen.0).sum()
    };
    let own = of(&run);
    let gross = own.total.0 + kept(&own);
    assert_eq!(kept(&own), 20_000.min(gross * 3 / 10).min(gross - 20_000), "{own:?}");
    assert_eq!((owed().owed.reserved.0, owed().owed.owing.0), (kept(&own), 300_000));
    // Made anew it is set aside once.
    let anew = [("roster_ready", "重新编制"), ("check_note", "再编一次")];
    step(&office, &run, "fafang", "check", &anew);
    bureau.work(office.site.now(), &mut |_| ()).unwrap();
    assert_eq!(owed().owed.reserved.0, kept(&of(&run)));
    approve(&office, &run);
    assert_eq!((owed().owed.reserved.0, owed().offset.0), (0, kept(&own)));
    assert_eq!(owed().owed.owing.0, 300_000 - kept(&own));
    office.at("2027-01-05 09:00");
    bureau.pass_time(office.site.now()).unwrap();
    bureau.work(office.site.now(), &mut |_| ()).unwrap();
    let next = of(&bureau.store.runs().unwrap().pop().unwrap().case);
    assert_eq!((next.parts.len(), next.total), (own.parts.len(), own.total), "no arrears for what was kept back");
    assert_eq!(bureau.store.at_task("recovery verify").unwrap(), looked_into, "and nothing was paid too much");
    assert_eq!(bureau.store.rebuild().unwrap().differing, Vec::<String>::new());
}
