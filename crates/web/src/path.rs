//! The way of every command, from the form to the page that answers it (design section 5). Read this file first.
//!
//! Everything that changes anything comes through [`command`]: an application, a step, a notice, an objection, a correction.
//! What is done with a case is decided by `casework` and kept by `store`; here the request finds its way to them.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use casework::Refusal;
use store::{Order, Stop};

use crate::acts::{Act, Place, Subject};
use crate::commands;
use crate::forms;
use crate::not::{Not, status_of};
use crate::pages;
use crate::sent::Sent;
use crate::session::Visit;
use crate::site::Web;

/// Carries out what a form asks for, or shows the form again with what is wrong and nothing lost.
pub async fn command(web: Web, visit: Visit, act: Act, place: Place, request: Request) -> Result<Response, Not> {
    // 1. The form with its idempotency key: from this visit, within bounds, its files kept.
    let mut sent = Sent::receive(&web, &visit, request).await?;

    // 2. Who acts, on which case, under the edition of the guide that the case pins.
    let subject = Subject::find(&web, &visit, &act, place).await?;

    // Buttons that only change the form: another row, one row less, the figures for what is typed.
    if !sent.button().is_empty() {
        let button = sent.button().to_owned();
        forms::change_rows(&mut sent.entries, subject.form(&act), &button);
        return Ok(pages::form(&web, &visit, &subject, &act, &sent, None).into_response());
    }

    // 3. The form as a typed command, by the guide's schema; what is wrong goes back beside its entry.
    let command = match commands::read(&web, &subject, &act, &sent) {
        Ok(command) => command,
        Err(refusal) => return Ok(again(&web, &visit, &subject, &act, &sent, refusal)),
    };

    // 4.-7. In one transaction: is it allowed, what follows, is the case still as it was seen, then all of it is kept.
    let order = Order {
        actor: subject.actor.clone(),
        target: subject.target(),
        expected: sent.revision(),
        key: sent.key.clone(),
        command,
    };
    let (bureau, now) = (web.bureau().clone(), web.now());
    match web.store(move |store| store.execute(&bureau, &order, now)).await {
        // 8. On to the page that shows what came of it.
        Ok(receipt) => Ok(pages::done(&web, &subject, &act, &receipt)),
        Err(Stop::Refused(refusal)) => Ok(again(&web, &visit, &subject, &act, &sent, refusal)),
        Err(fault) => Err(fault.into()),
    }
}

/// The form as it was sent, with the refusal above it.
fn again(web: &Web, visit: &Visit, subject: &Subject, act: &Act, sent: &Sent, refusal: Refusal) -> Response {
    let status = status_of(&refusal);
    (status, pages::form(web, visit, subject, act, sent, Some(&refusal))).into_response()
}
