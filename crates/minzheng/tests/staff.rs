//! A bureau begins: its accounts, its posts from day to day, first passwords.

mod visitor;

use std::path::Path;
use std::process::{Command, Output};

use visitor::household::{act, application, apply, number};
use visitor::{Office, Visitor, between};

fn minzheng(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_minzheng")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What the page told once.
fn told(visitor: &Visitor) -> String {
    let after = visitor.page.split("第一次密码：").nth(1).unwrap();
    between(after, "<b class=\"mono\">", "</b>").unwrap().to_owned()
}

#[test]
fn who_gets_an_account_changes_the_password_first_and_works_while_the_post_lasts() {
    let office = Office::open("2026-09-21 09:00");
    let (case, _) = apply(&mut office.visitor());
    let mut admin = office.visitor();
    admin.open("/sign-in").send(&[("account", "guanli"), ("password", "guanli")]);
    assert_eq!(admin.path, "/staff");
    admin.sees("郭受理");
    admin.send(&[("id", "Xin"), ("name", ""), ("region", "410325101"), ("post", "审批人")]);
    admin.sees("只能用小写字母").sees("要写姓名").sees("没有岗位“审批人”");
    let added =
        [("id", "xinren"), ("name", "新来"), ("region", "410325101"), ("post", "受理员"), ("until", "2026-09-30")];
    admin.send(&added).sees("只显示这一次");
    let first = told(&admin);
    admin.open("/staff").send(&added).sees("已经有了");

    let mut fresh = office.visitor();
    fresh.open("/sign-in").send(&[("account", "xinren"), ("password", &first)]);
    // Nothing opens before the password is one's own.
    assert_eq!(fresh.path, "/password", "{}", fresh.text());
    fresh.open(&format!("/case/{case}")).sees_not("李大山");
    fresh.open("/password").send(&[("old", &first), ("new", "短"), ("again", "短")]).sees("太短");
    fresh
        .send(&[("old", "错的错的错的"), ("new", "足够长的密码一二"), ("again", "足够长的密码一二")])
        .sees("现在的密码不对");
    fresh.send(&[("old", &first), ("new", "足够长的密码一二"), ("again", "足够长的密码一三")]).sees("两遍写的不一样");
    fresh.send(&[("old", &first), ("new", "足够长的密码一二"), ("again", "足够长的密码一二")]);
    assert_eq!(fresh.path, "/sign-in");
    fresh.send(&[("account", "xinren"), ("password", &first)]).sees("账号或密码不对");
    fresh.send(&[("account", "xinren"), ("password", "足够长的密码一二")]);
    assert_eq!(fresh.path, "/desk");
    fresh.sees("李大山");
    fresh.open(&format!("/case/{case}")).sees("李大山");
    // The post ends with its last day; work stays with the post.
    office.at("2026-10-01 00:01");
    fresh.open("/sign-in").send(&[("account", "xinren"), ("password", "足够长的密码一二")]);
    fresh.sees_not("李大山");
    fresh.open(&format!("/case/{case}")).sees_not("李大山");
    act(&office, "shouli", &case, "accept", &[("lives_elsewhere", "否"), ("conclusion", "受理"), ("o-理由", "")]);
}

#[test]
fn who_keeps_the_accounts_sees_no_case_and_holds_no_other_post() {
    let office = Office::open("2026-09-21 09:00");
    let (case, _) = apply(&mut office.visitor());
    let mut admin = office.visitor();
    admin.open("/sign-in").send(&[("account", "guanli"), ("password", "guanli")]);
    for page in ["/roll", "/kin", "/desk", "/desk?q=李", &format!("/case/{case}"), &format!("/case/{case}/do/accept")]
    {
        admin.open(page).sees_not("李大山");
    }
    admin.open("/staff/guanli").send(&[("post", "审批人")]).sees("管理员不能兼办业务的岗位");
    let token = between(&admin.page, "name=\"_token\" value=\"", "\"").unwrap().to_owned();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    admin.post(&[pair("_token", &token), pair("end", "0")]).sees("请先让另一位管理员上任");
    // Taking over: one ends today, another begins; the password of an account can be given anew.
    admin.open("/staff/shouli");
    admin.post(&[pair("_token", &token), pair("end", "0")]).sees("2026-09-21");
    office.at("2026-09-22 09:00");
    let mut clerk = office.staff("shouli");
    clerk.sees_not("李大山");
    admin.open("/sign-in").send(&[("account", "guanli"), ("password", "guanli")]);
    admin.open("/staff/shouli").post(&[pair("_token", &token), pair("reset", "1")]).sees("只显示这一次");
    clerk.open("/desk").sees("工作人员登录");
    // Nobody else comes near.
    let mut other = office.staff("shenpi");
    assert_eq!(other.open("/staff").status, 403);
    assert_eq!(other.open("/staff/shouli").status, 403);
    assert_eq!(office.visitor().open("/staff").path, "/sign-in");
}

fn listed(folder: &Path, lines: &str) -> String {
    let path = folder.join("人员.csv");
    std::fs::write(&path, format!("\u{feff}账号,姓名,地区,岗位,自,至\r\n{lines}")).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn an_empty_bureau_is_set_up_in_one_command_and_says_what_it_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    // A list with slips makes nothing.
    let list = listed(
        folder.path(),
        "lisi,李四,410325101,飞行员,2026-01-01,\nwang,王五,410325101,受理员,元旦,\nzhao,赵六,110101,受理员,2026-01-01,\n",
    );
    let failed = minzheng(&["init", "--data", data, "--staff", &list]);
    assert!(!failed.status.success());
    assert!(text(&failed.stderr).contains("第 3 行：“元旦”应写日期"), "{}", text(&failed.stderr));
    let list = listed(folder.path(), "lisi,李四,410325101,飞行员,2026-01-01,\nzhao,赵六,110101,审批人,2026-01-01,\n");
    let failed = minzheng(&["init", "--data", data, "--staff", &list]);
    assert!(text(&failed.stderr).contains("没有岗位“飞行员”") && text(&failed.stderr).contains("不在本局管辖"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "only the list is there");
    let failed = minzheng(&["serve", "--data", data]);
    assert!(!failed.status.success() && text(&failed.stderr).contains("minzheng init"));

    let list = listed(
        folder.path(),
        "lisi,李四,410325101,受理员,2026-01-01,\nlisi,李四,410325101,调查员,2026-01-01,\nsun,孙七,410325,审批人,2026-01-01,2026-01-31\n",
    );
    let made = minzheng(&["init", "--data", data, "--staff", &list]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let said = text(&made.stdout);
    assert!(said.contains("lisi ") && said.contains("admin ") && said.contains("田湖镇缺："), "{said}");
    let again = minzheng(&["init", "--data", data]);
    assert!(!again.status.success() && text(&again.stderr).contains("没有动它"));
    let said = text(&minzheng(&["check", "--data", data]).stdout);
    let own = said.lines().find(|line| line.starts_with("田湖镇缺：")).unwrap();
    assert!(own.contains("调查员（要 2 人，有 1 人）") && !own.contains("受理员"), "{own}");
    // Whose days are over holds nothing.
    assert!(
        said.lines().any(|line| line.starts_with("嵩县缺：") && line.contains("审批人（要 1 人，有 0 人）")),
        "{said}"
    );
}

#[test]
fn village_and_township_enter_what_was_signed_on_paper_and_the_county_does_not() {
    let office = Office::open("2026-09-21 09:00");
    let form = application(&number());
    let entries: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut village = office.staff("cunzhu");
    village.sees("新办一件").sees("申请低保");
    village.open("/services/dibao/apply").sees("代申请人录入");
    village.send(&entries).sees("要上传有签名的申请表");
    village.attach("paper_form", "申请表.pdf", b"%PDF-1.4 signed %%EOF");
    village.send(&[]);
    assert!(village.path.starts_with("/case/"), "{}", village.text());
    village.sees("查询码").sees("（代录）").sees("任村主");
    let (case, secret) = (between(&village.page, "<p class=\"receipt\">", "</p>").unwrap().to_owned(), {
        between(&village.page, "<p class=\"receipt secret\">", "</p>").unwrap().to_owned()
    });
    // The case is the applicant's: named after them, followed with what was handed out, withdrawn by them.
    village.open(&format!("/case/{case}")).sees("李大山：最低生活保障");
    let mut citizen = office.visitor();
    citizen.open("/progress").send(&[("case", &case), ("secret", &secret)]).sees("办理中");
    act(&office, "shouli", &case, "accept", &[("lives_elsewhere", "否"), ("conclusion", "受理"), ("o-理由", "")]);
    // Whoever entered it may still not do the steps of others.
    village.open(&format!("/case/{case}/do/match")).sees("R101");
    let mut county = office.staff("shenpi");
    county.sees_not("申请低保");
    county.open("/services/dibao/apply").sees_not("代申请人录入");
    // Another township's people do not enter for this place.
    let elsewhere: Vec<(&str, &str)> = entries
        .iter()
        .map(|(name, value)| if *name == "home_region" { (*name, "410325100001") } else { (*name, *value) })
        .collect();
    let mut clerk = office.staff("shouli");
    clerk.open("/services/dibao/apply");
    clerk.attach("paper_form", "申请表.pdf", b"%PDF-1.4 signed %%EOF");
    clerk.send(&elsewhere).sees("R101");
}
