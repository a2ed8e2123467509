//! Every page in every role: on a phone, on a desk and on a large screen, with nothing wider than the window and without
//! barriers; with empty lists, a very long name, and what is not there.

use super::{picture, serve, sign_in};
use crate::chromium::Chromium;
use crate::visitor::Office;
use crate::visitor::between;
use crate::visitor::household::{application, grant, number, send, work};

const LONG: &str = "买买提吐尔逊·阿卜杜热合曼江·艾力";

/// A household whose name is very long, up to its notice.
fn posted(office: &Office) -> String {
    let mut citizen = office.visitor();
    citizen.open("/services/dibao/apply");
    let entries = application(&number()).into_iter().map(|(name, value)| match &*value {
        "李大山" => (name, LONG.to_owned()),
        "身体不好" => (name, "因病因残，没有劳动能力，一直靠亲友接济，".repeat(12)),
        _ => (name, value),
    });
    send(&mut citizen, &entries.collect::<Vec<_>>());
    let case = between(&citizen.page, "<p class=\"receipt\">", "</p>").unwrap().to_owned();
    work(office, &case);
    case
}

/// Opens a page on both machines and looks at it.
fn look(phone: &mut Chromium, desk: &mut Chromium, role: &str, path: &str) {
    let shown = format!("all-{role}{}", path.replace(['/', '?', '='], "-"));
    phone.open(path);
    phone.picture(&picture(&format!("{shown}-390")));
    assert_eq!(phone.overflow(), 0, "{role}: {path} is wider than a phone");
    desk.open(path);
    desk.picture(&picture(&format!("{shown}-1280")));
    assert_eq!(desk.overflow(), 0, "{role}: {path} is wider than a desk");
    desk.resize(1920, 1080);
    assert_eq!(desk.overflow(), 0, "{role}: {path} is wider than a large screen");
    desk.picture(&picture(&format!("{shown}-1920")));
    desk.resize(1280, 900);
}

#[test]
fn every_page_of_every_role_fits_and_has_no_barriers() {
    let office = Office::open("2026-09-21 09:00");
    let base = serve(&office);
    let (mut phone, mut desk) = (Chromium::start(&base, true, true), Chromium::start(&base, true, false));
    let both = |phone: &mut Chromium, desk: &mut Chromium, role: &str, paths: &[String]| {
        for path in paths {
            look(phone, desk, role, path);
        }
    };
    let own = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
    // While there is nothing.
    both(&mut phone, &mut desk, "empty", &own(&["/notices"]));
    sign_in(&mut phone, "shouli");
    sign_in(&mut desk, "shouli");
    both(&mut phone, &mut desk, "empty", &own(&["/desk", "/roll", "/kin"]));
    let (paid, _) = grant(&office);
    let open = posted(&office);
    office.at("2026-10-01 09:00");
    let public = ["/", "/services/dibao", "/services/dibao/apply", "/services/dibao/check", "/services/report"];
    let more = ["/services/report/apply", "/notices", "/progress", "/sign-in", "/nothing"];
    phone.forget();
    desk.forget();
    both(&mut phone, &mut desk, "public", &own(&[&public[..], &more[..]].concat()));
    both(&mut phone, &mut desk, "public", &[format!("/notices/{open}/publicity")]);
    let steps = [
        ("shouli", "do/take_down"),
        ("diaocha1", "do/visit"),
        ("hecha1", "do/objection"),
        ("fuze", "do/terminate"),
        ("hedui", "do/match"),
        ("shenpi", "do/confirm"),
        ("shenji", "paper/file/0"),
        ("jiandu", "paper/notice/0"),
        ("cunzhu", "paper/step/1"),
    ];
    for (who, step) in steps {
        sign_in(&mut phone, who);
        sign_in(&mut desk, who);
        let lists = ["/desk".to_owned(), "/roll?month=2026-11".to_owned(), "/kin".to_owned()];
        both(&mut phone, &mut desk, who, &lists);
        both(&mut phone, &mut desk, who, &[format!("/case/{paid}"), format!("/case/{open}")]);
        both(&mut phone, &mut desk, who, &[format!("/case/{open}/{step}")]);
    }
    both(&mut phone, &mut desk, "cunzhu", &own(&["/services/dibao/apply", "/password"]));
    sign_in(&mut phone, "jiandu");
    sign_in(&mut desk, "jiandu");
    both(&mut phone, &mut desk, "jiandu", &[format!("/case/{paid}/start/reported")]);
    for page in [&mut phone, &mut desk] {
        page.forget();
        page.open("/sign-in");
        page.fill("account", "guanli");
        page.fill("password", "guanli");
        page.press("登录");
    }
    both(&mut phone, &mut desk, "guanli", &own(&["/staff", "/staff/shouli"]));
    phone.assert_no_barriers();
    desk.assert_no_barriers();
}

/// A county whose batch of December is with the banks, and those before closed.
#[test]
fn batches_of_payments_fit_and_have_no_barriers() {
    let office = Office::open("2026-12-09 09:00");
    let bureau = &office.site.bureau;
    bureau.store.in_bulk(|| demo::make_county(bureau, 40, 1, office.site.now(), |_| ())).unwrap();
    let run = bureau.store.runs().unwrap().pop().unwrap().case;
    let sent = bureau.store.instructions(&run).unwrap();
    let line = sent[0].instruction.lines[0];
    let base = serve(&office);
    let (mut phone, mut desk) = (Chromium::start(&base, true, true), Chromium::start(&base, true, false));
    for who in ["fafang", "shenji"] {
        sign_in(&mut phone, who);
        sign_in(&mut desk, who);
        let (batch, line) = (format!("/payments/{run}"), format!("/payments/{run}/line/{line}"));
        let pages = ["/payments", "/payments/statistics", "/indicators", &batch, &line];
        pages.iter().for_each(|path| look(&mut phone, &mut desk, who, path));
    }
    phone.assert_no_barriers();
    desk.assert_no_barriers();
}

/// Checks: what waits, what was answered, what is doubtful, and the report.
#[test]
fn checks_fit_and_have_no_barriers() {
    let office = Office::open("2026-11-27 09:00");
    let bureau = &office.site.bureau;
    bureau.store.in_bulk(|| demo::make_county(bureau, 40, 1, office.site.now(), |_| ())).unwrap();
    let scope = bureau.scope(&casework::Actor::system());
    let cases = bureau.store.cases(&scope, 10_000).unwrap().into_iter().map(|row| row.case);
    let doubtful = |case: &String| {
        let (state, guide) = bureau.case(case, &scope).unwrap().unwrap();
        let found = casework::doubts::doubts(bureau.rules(&guide), &state, office.site.now());
        !found.is_empty() && state.live().any(|instance| instance.step == "match")
    };
    let case = cases.into_iter().find(doubtful).expect("somebody of the demo has a car that nobody declared");
    let base = serve(&office);
    let (mut phone, mut desk) = (Chromium::start(&base, true, true), Chromium::start(&base, true, false));
    sign_in(&mut phone, "hedui");
    sign_in(&mut desk, "hedui");
    let [own, step, report] = ["", "/do/match", "/paper/check/0"].map(|rest| format!("/case/{case}{rest}"));
    for path in ["/checks", "/checks/bank_balances", &own, &step, &report] {
        look(&mut phone, &mut desk, "hedui", path);
    }
    phone.assert_no_barriers();
    desk.assert_no_barriers();
}
