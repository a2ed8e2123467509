//! Who acts, and whether they may.

use std::sync::Arc;

use base::{Level, RegionCode};
use guide::Guide;
use guide::model::{ActorKind, FieldType, Performer, Step};
use serde::{Deserialize, Serialize};

use crate::event::{ActorRef, Datum, Row};
use crate::refusal::{Code, Refusal};
use crate::state::State;

/// Somebody who acts: the identity, the name, and in what capacity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    pub id: String,
    pub name: String,
    pub capacity: Capacity,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Capacity {
    /// The applicant of the case, or whoever applies for one.
    Citizen,
    Staff {
        level: Level,
        /// Those held on the day.
        posts: Vec<String>,
        region: RegionCode,
    },
    /// A member of staff of the place who enters what the applicant has signed on paper.
    Entering { region: RegionCode },
    /// What time brings about.
    System,
}

impl Actor {
    pub fn system() -> Self {
        Self { id: "system".into(), name: "系统".into(), capacity: Capacity::System }
    }

    pub fn citizen(id: &str, name: &str) -> Self {
        Self { id: id.into(), name: name.into(), capacity: Capacity::Citizen }
    }

    pub fn reference(&self) -> ActorRef {
        let for_applicant = matches!(self.capacity, Capacity::Entering { .. });
        ActorRef { id: self.id.clone(), name: self.name.clone(), for_applicant }
    }

    /// In what capacity somebody does a step: village and township staff whom the service knows enter for the applicant
    /// what is the applicant's to do.
    pub fn doing(&self, guide: &Guide, step: &Step) -> Self {
        // Ending a case is not entered for anybody: side steps stay the applicant's own.
        let is_persons = step.side.is_none()
            && step.who.iter().any(|(_, performer)| matches!(performer.actor, ActorKind::Person(_)));
        let capacity = match &self.capacity {
            Capacity::Staff { level, posts, region }
                if is_persons
                    && *level >= Level::Township
                    && guide.steps.iter().any(|s| may_perform(s, *level, posts)) =>
            {
                Capacity::Entering { region: *region }
            }
            capacity => capacity.clone(),
        };
        Self { capacity, ..self.clone() }
    }
}

/// The post that reads all and does nothing.
pub const AUDITOR: &str = "审计员";

/// The post that keeps accounts and appointments, and nothing else.
pub const ADMINISTRATOR: &str = "管理员";

/// Whether any performer of a step is one of the posts: for lists of work, which do not ask for conditions.
pub fn may_perform(step: &Step, level: Level, posts: &[String]) -> bool {
    let is_own =
        |actor: &ActorKind| matches!(actor, ActorKind::Staff(known, post) if *known == level && posts.contains(post));
    step.who.iter().any(|(_, performer)| is_own(&performer.actor))
}

/// Whether these people may do a step of a case: post and region, separation of people, recusal.
/// `INVARIANT (separation): who acted in a step named by 不同于, in any round, is refused here.`
pub fn admit(guide: &Guide, performer: &Performer, people: &[Actor], step: &Step, state: &State) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for actor in people {
        refusals.extend(post(performer, actor, step, state));
        for other in &performer.other_than {
            let other = &guide.steps[*other];
            let acted = state.steps.iter().filter(|i| i.step == *other.key).flat_map(|i| &i.people);
            if acted.into_iter().any(|person| person.id == actor.id) {
                let text = format!("{}办过“{}”，不能再办“{}”", actor.name, other.name, step.name);
                refusals.push(Refusal::new(Code::R103, text, "请由另一个人办").basis(&step.basis));
            }
        }
        // Matched by name, which may recuse one person too many; that is the safe side.
        if performer.no_relative && state.kin.iter().any(|kin| kin.official == actor.name) {
            let text = format!("{}是这一家的近亲属，不能办“{}”", actor.name, step.name);
            refusals.push(Refusal::new(Code::R105, text, "请由没有亲属关系的人办").basis(&step.basis));
        }
    }
    if let Some((first, rest)) = people.split_first()
        && rest.iter().any(|other| other.id == first.id)
    {
        refusals.push(Refusal::new(Code::R102, "同一个人不能签两次", "请由另一个人签"));
    }
    refusals
}

fn post(performer: &Performer, actor: &Actor, step: &Step, state: &State) -> Option<Refusal> {
    let wanted = match &performer.actor {
        ActorKind::Staff(level, post) => format!("{level}{post}"),
        ActorKind::Person(field) => field.clone(),
        ActorKind::System => "系统".to_owned(),
    };
    let fits = match (&performer.actor, &actor.capacity) {
        (ActorKind::System, Capacity::System) | (ActorKind::Person(_), Capacity::Citizen) => true,
        (ActorKind::Person(_), Capacity::Entering { region }) => {
            state.region.is_none_or(|place| region.contains(place))
        }
        (ActorKind::Staff(level, post), Capacity::Staff { level: own, posts, region }) => {
            level == own && posts.contains(post) && state.region.is_none_or(|place| region.contains(place))
        }
        _ => false,
    };
    let text = format!("“{}”由{wanted}办，不是您的岗位或地区", step.name);
    (!fits).then(|| Refusal::new(Code::R101, text, "请转给有这个岗位的人").basis(&step.basis))
}

/// Officials and their relation to the household as a list whose name contains 近亲属 declares them: its first column
/// of text names the official, its second says what they are.
pub(crate) fn declared_kin(guide: &Guide, state: &State) -> Vec<(String, String)> {
    let Some(field) = guide.fields.iter().find(|field| field.name.contains("近亲属")) else { return Vec::new() };
    let FieldType::List(list) = field.ty else { return Vec::new() };
    let columns: Vec<&str> = guide.lists[list].columns.iter().map(|column| &*column.key).collect();
    let rows = state.facts.iter().filter(|fact| fact.field == *field.key);
    let rows = rows.filter_map(|fact| if let Datum::Rows(rows) = &fact.value { Some(rows) } else { None });
    let text = |row: &Row, place: usize| {
        let cell = columns.get(place).and_then(|key| row.columns.get(*key)).and_then(Datum::text);
        cell.unwrap_or_default().to_owned()
    };
    rows.flatten().map(|row| (text(row, 0), text(row, 1))).filter(|(official, _)| !official.is_empty()).collect()
}

/// What somebody may see. It can be made here only, and every list of the store asks for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    region: Option<RegionCode>,
    root: Option<String>,
    /// Services whose cases are shown to other posts only, by 标识.
    hidden: Vec<String>,
}

impl Scope {
    /// Staff see their region; the program sees all that it has to bring about; a citizen sees no list.
    /// Of a service those see the cases who have a part in it, and auditors; a guide may show them to some posts alone.
    pub fn of(actor: &Actor, guides: &[Arc<Guide>]) -> Self {
        let region = match &actor.capacity {
            // INVARIANT: who keeps the accounts sees no case, and who holds no post sees none either.
            Capacity::Staff { posts, .. } if posts.iter().all(|post| post == ADMINISTRATOR) => None,
            Capacity::Staff { region, .. } => Some(*region),
            Capacity::System => Some(RegionCode::NATION),
            Capacity::Citizen | Capacity::Entering { .. } => None,
        };
        let shows = |guide: &Guide| match &actor.capacity {
            Capacity::System => true,
            Capacity::Staff { level, posts, .. } => {
                let to = &guide.service.visible_to;
                let has_part = || guide.steps.iter().any(|step| may_perform(step, *level, posts));
                let reads_all = || posts.iter().any(|post| post == AUDITOR);
                to.iter().any(|(of, post)| of == level && posts.contains(post))
                    || to.is_empty() && (has_part() || reads_all())
            }
            Capacity::Citizen | Capacity::Entering { .. } => false,
        };
        let hidden = guides.iter().filter(|guide| !shows(guide)).map(|guide| guide.key.to_string()).collect();
        Self { region, root: None, hidden }
    }

    /// The applicant, known by the secret of the application's receipt, sees that case and all that follow it.
    pub fn of_receipt(root: &str) -> Self {
        Self { region: None, root: Some(root.to_owned()), hidden: Vec::new() }
    }

    /// The first and the last region code that may be seen; an empty range where none may.
    pub fn bounds(&self) -> (String, String) {
        match self.region {
            Some(region) => region.bounds(),
            None => ("1".into(), "0".into()),
        }
    }

    /// Services that may not be seen in any list.
    pub fn hidden(&self) -> &[String] {
        &self.hidden
    }

    pub fn sees(&self, state: &State) -> bool {
        let within = self.region.zip(state.region).is_some_and(|(own, place)| own.contains(place));
        within && !self.hidden.contains(&state.service) || self.root.as_deref() == Some(&*state.root)
    }
}
