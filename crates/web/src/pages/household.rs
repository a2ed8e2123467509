//! The people of a case, and every other case in which they appear.

use axum::Extension;
use axum::extract::{Path, State};
use casework::assess::{numbers, people};
use casework::summary::Summary;
use maud::{Markup, html};
use store::Scope;

use crate::acts::{Act, Place, Subject};
use crate::layout::{Tone, crumbs, page};
use crate::not::Not;
use crate::pages::search::table;
use crate::routes::id;
use crate::session::Visitor;
use crate::sight::Sight;
use crate::site::Web;

pub async fn show(State(web): State<Web>, Extension(visit): Visitor, Path(case): Path<String>) -> Result<Markup, Not> {
    let staff = visit.staff()?;
    let subject = Subject::find(&web, &visit, &Act::Step, Place::Desk(id(&case))).await?;
    let state = &subject.file().state;
    let sight = Sight::of(staff, &subject.guide, state)?;
    let people = people(&subject.guide, state);
    let (scope, asked) = (Scope::of(&staff.actor()), numbers(&people));
    let found = web.store(move |store| {
        let each = asked.iter().map(|(number, _)| store.cases_of(&scope, number));
        each.collect::<Result<Vec<_>, store::Fault>>()
    });
    let mut others: Vec<Summary> = found.await?.into_iter().flatten().filter(|s| s.case != state.case).collect();
    others.sort_by(|a, b| a.case.cmp(&b.case));
    others.dedup_by(|a, b| a.case == b.case);
    let body = html! {
        (crumbs(&[("我的工作", "/desk"), (&state.case.0, &format!("/case/{}", state.case))], "家庭"))
        h1 { "家庭和其他件" }
        div.scroll tabindex="0" role="group" aria-label="本件人员（表）" {
            table {
                caption.unseen { "本件人员" }
                thead { tr { th scope="col" { "姓名" } th scope="col" { "身份证号" } th scope="col" { "身份" } th scope="col" { "还出现在" } } }
                tbody {
                    @for person in &people {
                        tr {
                            th scope="row" { (sight.name(&person.name)) }
                            td.mono { (person.number.as_deref().map_or_else(|| "——".to_owned(), |n| sight.number(n))) }
                            td { @if person.applicant { "申请人" } @else { "家庭成员或相关人员" } }
                            td { (appears(person.number.as_deref(), &others)) "件" }
                        }
                    }
                }
            }
        }
        h2 { "他们的其他件" }
        @if others.is_empty() { p.empty { "这些人没有出现在辖区内的其他件里。" } } @else { (table(&web, &others)) }
    };
    Ok(page(&web, &visit, &format!("家庭 {}", state.case), Tone::Desk, body))
}

fn appears(number: Option<&str>, others: &[Summary]) -> usize {
    let Some(number) = number else { return 0 };
    others.iter().filter(|s| s.people.iter().any(|p| p.number.as_deref() == Some(number))).count()
}
