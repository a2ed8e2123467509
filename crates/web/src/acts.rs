//! What can be done through forms, to what, and by whom.

use std::sync::Arc;

use casework::{Actor, CaseId, Staff};
use guide::{Form, Guide, Level, Step};
use store::{CaseFile, Target};

use crate::not::Not;
use crate::session::{Visit, Who};
use crate::site::Site;

/// The commands as addresses name them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    Apply,
    /// Do the open step.
    Step,
    /// Put the notice of the open step on the board.
    Post,
    Answer(u32),
    Correct,
    Extend,
    Withdraw,
    /// Object to the notice with this number.
    Object(usize),
}

impl Act {
    /// The last part of an address under a case: `step`, `answer-2`, ...
    pub fn named(name: &str) -> Option<Act> {
        Some(match name {
            "step" => Act::Step,
            "post" => Act::Post,
            "correct" => Act::Correct,
            "extend" => Act::Extend,
            "withdraw" => Act::Withdraw,
            _ => Act::Answer(name.strip_prefix("answer-")?.parse().ok()?),
        })
    }

    pub fn name(&self) -> String {
        match self {
            Act::Apply => "apply".to_owned(),
            Act::Step => "step".to_owned(),
            Act::Post => "post".to_owned(),
            Act::Answer(number) => format!("answer-{number}"),
            Act::Correct => "correct".to_owned(),
            Act::Extend => "extend".to_owned(),
            Act::Withdraw => "withdraw".to_owned(),
            Act::Object(number) => format!("object-{number}"),
        }
    }
}

/// Where a form stands.
#[derive(Clone, Debug)]
pub enum Place {
    /// The page of a service, for citizens and for officers on their behalf.
    Service(String),
    /// A case at the desk.
    Desk(CaseId),
    /// A case as its applicant sees it.
    Progress(CaseId),
    /// The notice board.
    Board(CaseId),
}

/// Everything that a form or a command is about.
pub struct Subject {
    pub actor: Actor,
    /// The edition that the case pins; for an application the one in force.
    pub guide: Arc<Guide>,
    pub file: Option<CaseFile>,
    pub place: Place,
    /// Everybody of the staff, for those who take part.
    pub staff: Vec<Arc<Staff>>,
}

impl Subject {
    /// Finds the case and makes sure that the visitor may stand at this place at all; the gate proper comes with the command.
    pub async fn find(web: &Site, visit: &Visit, act: &Act, place: Place) -> Result<Subject, Not> {
        let (case, actor) = match &place {
            Place::Service(service) => {
                let (guide, actor) = (web.guide(service)?.clone(), applying(web, visit));
                return Ok(Subject { actor, guide, file: None, place, staff: Vec::new() });
            }
            Place::Desk(case) => (case.clone(), visit.staff()?.actor()),
            Place::Progress(case) if visit.is_applicant_of(case) => {
                (case.clone(), Actor::applicant("申请人", web.bureau().region))
            }
            Place::Progress(_) => return Err(Not::found("没有打开这个受理号的查询")),
            Place::Board(case) => (case.clone(), passer_by(web)),
        };
        let (file, staff) = web.store(move |store| Ok::<_, store::Fault>((store.case(&case)?, store.staff()?))).await?;
        let file = file.ok_or_else(|| Not::found("没有这个受理号的件"))?;
        let guide = web.guide_of(&file.state)?;
        let mut actor = actor;
        if actor.is_applicant() {
            actor.name = casework::assess::applicant_name(&guide, &file.state).into();
        }
        let subject = Subject { actor, guide, file: Some(file), place, staff };
        match act {
            Act::Object(number) if crate::sight::posted(subject.file(), *number, web.now()).is_none() => {
                Err(Not::found("没有这份公示，或公示期已满"))
            }
            _ => Ok(subject),
        }
    }

    /// The case; there is none yet only while applying.
    pub fn file(&self) -> &CaseFile {
        self.file.as_ref().expect("only an application has no case, and its pages do not ask for one")
    }

    pub fn target(&self) -> Target {
        match &self.file {
            Some(file) => Target::Case(file.state.case.clone()),
            None => Target::New { service: self.guide.service.clone() },
        }
    }

    /// The step that is open.
    pub fn step(&self) -> Option<&Step> {
        let open = self.file.as_ref()?.state.open.as_ref()?;
        self.guide.step(&open.step)
    }

    /// The form that an act fills.
    pub fn form(&self, act: &Act) -> &Form {
        match act {
            Act::Step => self.step().map_or(&self.guide.form, |s| &s.form),
            _ => &self.guide.form,
        }
    }

    /// The address of the form of an act.
    pub fn address(&self, act: &Act) -> String {
        match &self.place {
            Place::Service(service) => format!("/s/{service}/apply"),
            Place::Desk(case) => format!("/case/{case}/{}", act.name()),
            Place::Progress(case) => format!("/progress/{case}/{}", act.name()),
            Place::Board(case) => match act {
                Act::Object(number) => format!("/notices/{case}/{number}"),
                _ => format!("/notices/{case}"),
            },
        }
    }

    pub fn at_desk(&self) -> bool {
        matches!(self.place, Place::Desk(_)) || (matches!(self.place, Place::Service(_)) && !self.actor.is_applicant())
    }
}

/// Officers of villages and townships apply on behalf of people; everybody else applies for themselves.
fn applying(web: &Site, visit: &Visit) -> Actor {
    match &visit.who {
        Who::Staff(staff) if web.level(&staff.role).is_some_and(|l| l != Level::Person) => staff.actor(),
        _ => Actor::applicant("申请人", web.bureau().region),
    }
}

/// Somebody who reads a notice and objects; whether they give their name is up to them.
fn passer_by(web: &Site) -> Actor {
    Actor {
        id: "public".into(), name: "群众".into(), role: "群众".into(), region: web.bureau().region, number: None
    }
}
