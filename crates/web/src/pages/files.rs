//! Attachments, only through a case that the reader may see in full.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header::{self, HeaderValue};
use axum::response::{IntoResponse, Response};
use casework::{Code, Refusal};

use crate::acts::{Act, Place, Subject};
use crate::not::Not;
use crate::routes::id;
use crate::session::Visitor;
use crate::sight::Sight;
use crate::site::Web;

pub async fn show(
    State(web): State<Web>,
    Extension(visit): Visitor,
    Path((case, digest)): Path<(String, String)>,
) -> Result<Response, Not> {
    let subject = Subject::find(&web, &visit, &Act::Step, Place::Desk(id(&case))).await?;
    let state = &subject.file().state;
    if !Sight::of(visit.staff()?, &subject.guide, state)?.full {
        let reason = "附件含有当事人的个人信息，只对参与办理的岗位开放";
        return Err(Refusal::new(Code::WrongRole, reason, "", "需要查看的，请向承办单位提出。").into());
    }
    let attached = state.files.iter().find(|f| *f.file.digest == *digest);
    let attached = attached.ok_or_else(|| Not::found("这个件没有这份附件"))?;
    let name: String = form_urlencoded::byte_serialize(attached.file.name.as_bytes()).collect();
    let found = web.store(move |store| store.file(&digest)).await?;
    let (media, bytes) = found.ok_or_else(|| Not::fault("an attachment of the journal is not among the files"))?;
    let shown = format!("inline; filename*=UTF-8''{}", name.replace('+', "%20"));
    let disposition = HeaderValue::from_str(&shown).unwrap_or(HeaderValue::from_static("inline"));
    let media = HeaderValue::from_str(&media).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    Ok(([(header::CONTENT_TYPE, media), (header::CONTENT_DISPOSITION, disposition)], bytes).into_response())
}
