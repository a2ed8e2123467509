//! Letters as GB/T 9704 wants them: red head, number, title, body, signature, date.

use axum::Extension;
use axum::extract::{Path, State};
use base::format_date;
use casework::state::LetterIssued;
use casework::{Code, Refusal};
use maud::{Markup, html};
use store::CaseFile;

use crate::acts::{Act, Place, Subject};
use crate::layout::{Tone, page};
use crate::not::Not;
use crate::routes::id;
use crate::session::{Visit, Visitor};
use crate::sight::Sight;
use crate::site::{Site, Web};

pub async fn show(
    State(web): State<Web>,
    Extension(visit): Visitor,
    Path((case, number)): Path<(String, usize)>,
) -> Result<Markup, Not> {
    let subject = Subject::find(&web, &visit, &Act::Step, Place::Desk(id(&case))).await?;
    let sight = Sight::of(visit.staff()?, &subject.guide, &subject.file().state)?;
    if !sight.full {
        let reason = "文书含有当事人的个人信息，只对参与办理的岗位开放";
        return Err(Refusal::new(Code::WrongRole, reason, "", "需要查看的，请向承办单位提出。").into());
    }
    let back = format!("/case/{}", subject.file().state.case);
    sheet(&web, &visit, subject.file(), number, Tone::Desk, &back)
}

pub async fn for_applicant(
    State(web): State<Web>,
    Extension(visit): Visitor,
    Path((case, number)): Path<(String, usize)>,
) -> Result<Markup, Not> {
    let subject = Subject::find(&web, &visit, &Act::Step, Place::Progress(id(&case))).await?;
    let back = format!("/progress/{}", subject.file().state.case);
    sheet(&web, &visit, subject.file(), number, Tone::Public, &back)
}

fn sheet(web: &Site, visit: &Visit, file: &CaseFile, number: usize, tone: Tone, back: &str) -> Result<Markup, Not> {
    let letter =
        number.checked_sub(1).and_then(|n| file.state.letters.get(n)).ok_or_else(|| Not::found("没有这份文书"))?;
    let organ = &web.bureau().name;
    let body = html! {
        p.noprint { a href=(back) { "返回" } span.soft { "　用浏览器的打印功能打印，纸张选A4。" } }
        article.sheet {
            p.organ { (organ) }
            p.number { (letter.number) }
            h1 { (letter.letter) }
            p.to { (letter.to) "：" }
            div.body { @for line in own_lines(letter, organ) { p { (line) } } }
            div.sign { p { (organ) } p { (format_date(letter.at.date())) } }
        }
    };
    Ok(page(web, visit, &format!("{} {}", letter.letter, letter.number), tone, body))
}

/// The body alone: number, addressee, organ and date, which many texts repeat, have their own places on the sheet.
fn own_lines<'a>(letter: &'a LetterIssued, organ: &str) -> Vec<&'a str> {
    let (address, date) = (format!("{}：", letter.to), format_date(letter.at.date()));
    let frame = [letter.number.as_str(), address.as_str(), organ, date.as_str()];
    let mut lines: Vec<&str> = letter.text.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    while lines.first().is_some_and(|line| frame.contains(line)) {
        lines.remove(0);
    }
    while lines.last().is_some_and(|line| frame.contains(line)) {
        lines.pop();
    }
    lines
}
