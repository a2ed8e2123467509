//! Who sees what: masked by default, in full only for those whose role takes part in the case (design invariant 5).

use std::sync::Arc;

use base::{CitizenNumber, DateTime, RegionCode, mask_name, mask_phone};
use casework::assess::display;
use casework::{Code, Notice, Refusal, Staff, State};
use formula::{Record, Value};
use guide::{Field, FieldKind, Guide, Privacy};
use store::CaseFile;

use crate::site::Site;

/// How much of a case its reader sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sight {
    pub full: bool,
}

impl Sight {
    /// A case outside the reader's region is refused; whoever takes no part, or is a relative, sees it masked.
    pub fn of(staff: &Staff, guide: &Guide, state: &State) -> Result<Sight, Refusal> {
        if !staff.region.contains(state.region) {
            let reason = "该件所在地不在您的辖区内";
            return Err(Refusal::new(Code::WrongRegion, reason, "", "请联系当地的承办人员。"));
        }
        let recused = state.filed.iter().any(|f| f.staff == staff.id);
        Ok(Sight { full: takes_part(guide, &staff.role) && !recused })
    }

    pub fn name(self, name: &str) -> String {
        if self.full { name.to_owned() } else { mask_name(name) }
    }

    pub fn number(self, number: &str) -> String {
        if self.full { number.to_owned() } else { masked_number(number) }
    }

    /// A fact as this reader may see it.
    pub fn fact(self, site: &Site, guide: &Guide, field: &Field, value: &Value) -> String {
        if let (FieldKind::Region, Value::Text(code)) = (&field.kind, value) {
            return RegionCode::parse(code).ok().and_then(|c| site.bureau().regions.path(c)).unwrap_or_default();
        }
        if self.full || value.is_missing() {
            return shown(guide, field, value);
        }
        match (&field.kind, value) {
            (FieldKind::CitizenNumber, Value::Text(number)) => masked_number(number),
            (FieldKind::Phone, Value::Text(phone)) => mask_phone(phone),
            (FieldKind::Text, Value::Text(name)) if is_name(guide, &field.name) => mask_name(name),
            _ if field.privacy == Privacy::Sensitive => "＊＊＊".to_owned(),
            _ => shown(guide, field, value),
        }
    }
}

/// A value with its unit; columns of rosters are no fields of the guide, so their kind says it.
fn shown(guide: &Guide, field: &Field, value: &Value) -> String {
    match (&field.kind, value) {
        (FieldKind::Money, Value::Number(n)) => format!("{}元", base::yuan(*n)),
        (FieldKind::Number { unit }, Value::Number(n)) => format!("{}{unit}", n.normalize()),
        (FieldKind::Roster(_), Value::List(rows)) => format!("{}行", rows.len()),
        _ => display(guide, &field.name, value),
    }
}

/// Whether a role does anything in a service.
pub fn takes_part(guide: &Guide, role: &str) -> bool {
    guide.steps.iter().any(|s| &*s.role == role)
}

fn is_name(guide: &Guide, field: &Arc<str>) -> bool {
    guide.subject.name == *field || guide.subject.people.iter().any(|p| p.name == *field)
}

pub fn masked_number(number: &str) -> String {
    CitizenNumber::parse(number).map_or_else(|_| "＊＊＊".to_owned(), |n| n.masked())
}

/// A notice of the case, counted from 1, while it is on the board: until its last day, or while the case lives.
pub fn posted(file: &CaseFile, number: usize, now: DateTime) -> Option<&Notice> {
    let notice = file.state.notices.get(number.checked_sub(1)?)?;
    let on_board = match notice.last_day {
        Some(last) => now.date() <= last,
        None => file.state.closed.is_none(),
    };
    on_board.then_some(notice)
}

/// The rows of a roster.
pub fn rows(value: &Value) -> Vec<&Record> {
    value.items().unwrap_or_default().iter().filter_map(Value::as_record).collect()
}
