//! What each formula of a guide lacks where it runs: G504, G509, G802, and G502 for what can get stuck.

use std::collections::BTreeSet;
use std::ops::Range;

use formula::{Expression, Lack};

use super::Reader;
use super::course::{At, Course, MOST_SITUATIONS, bit};
use crate::model::{Action, Guide, LetterPart, Target};

/// A formula and where it is used.
pub(crate) struct Use<'g> {
    pub step: usize,
    pub conclusion: Option<&'g str>,
    /// Before the step is done: conditions of 前提, contents of a notice.
    pub before: bool,
    pub what: What<'g>,
    span: Range<usize>,
    /// The name of the letter that it fills, if it fills one.
    letter: Option<&'g str>,
}

pub(crate) enum What<'g> {
    Expression(&'g Expression),
    Definition(&'g str),
}

impl Reader {
    /// G504, G509, G802, and G502 for what can get stuck. Gives how many situations a case can come into.
    pub(crate) fn course(&mut self, guide: &Guide) -> usize {
        if guide.steps.len() > 128 {
            self.error("G107", &(0..0), "超过 128 个步骤的服务还没有实现", "拆成两个服务");
            return 0;
        }
        let mut situations = 0;
        let mut told: BTreeSet<(usize, usize)> = BTreeSet::new();
        for start in 0..guide.starts.len() {
            let mut course = Course::new(guide, start);
            if !course.explore() {
                let message = format!("“{}”的步骤组合超过 {MOST_SITUATIONS} 种", guide.starts[start].name);
                self.error("G107", &(0..0), message, "减少同时开着的步骤，或拆成两个服务");
                return situations;
            }
            situations += course.list.len();
            self.ways_back(&course);
            let moments = course.by_step();
            for used in uses(guide) {
                let lack = course.known_at(&moments, &used).find_map(|(known, situation)| {
                    let at = At { course: &course, known };
                    let lack = match used.what {
                        What::Expression(expression) => guide.program.lacking(expression, &at),
                        What::Definition(name) => guide.program.definition_lacking(name, &at),
                    };
                    lack.map(|lack| (lack, situation))
                });
                if let Some((lack, situation)) = lack
                    && told.insert((used.span.start, used.step))
                {
                    self.tell(&course, &used, &lack, situation);
                }
            }
            self.stuck(&course);
        }
        situations
    }

    fn tell(&mut self, course: &Course, used: &Use, lack: &Lack, situation: usize) {
        let name = course.name(lack);
        let step = &course.guide.steps[used.step].name;
        if let Some(letter) = used.letter {
            let message = format!("文书“{letter}”用了“{name}”，办“{step}”时还没有值");
            return self.error("G802", &used.span, message, "换一个一定有值的名称，或写“若 已有(步骤) 则 …”");
        }
        let sources: Vec<&str> = course.sources(lack).map(|step| &*course.guide.steps[step].name).collect();
        let (path, sources) = (course.path(situation), sources.join("、"));
        let message = format!("“{name}”用在“{step}”，但从“{path}”到此时没有办过“{sources}”");
        let first = sources.split('、').next().unwrap_or_default();
        self.error("G504", &used.span, message, format!("请写“已有({first}) 且 …”或“若 已有({first}) 则 …”"));
    }

    /// 回 to a step that was neither begun nor skipped.
    fn ways_back(&mut self, course: &Course) {
        let guide = course.guide;
        for (index, step) in guide.steps.iter().enumerate() {
            for (place, arrow) in step.arrows.iter().enumerate() {
                let Target::Back(to) = arrow.target else { continue };
                let missed = course.moments.iter().filter(|((at, arrow, before, known), _)| {
                    *at == index
                        && *arrow == Some(place)
                        && !before
                        && (known.done | known.opened | known.skipped) & bit(to) == 0
                });
                let Some(situation) = missed.map(|(_, situation)| *situation).min() else { continue };
                let to = &guide.steps[to].name;
                let message = format!("“{} → 回 {to}”：经“{}”到此时没有办过“{to}”", step.name, course.path(situation));
                self.error("G509", &arrow.span, message, format!("请写“… 若 已有({to}) → 回 {to}”"));
            }
        }
    }

    /// Situations from which no way leads to 办结.
    fn stuck(&mut self, course: &Course) {
        let mut ends: Vec<bool> = course.list.iter().map(|(situation, _)| situation.closed).collect();
        loop {
            let more: Vec<usize> = course.ways.iter().filter(|(a, b)| !ends[*a] && ends[*b]).map(|(a, _)| *a).collect();
            if more.is_empty() {
                break;
            }
            more.into_iter().for_each(|situation| ends[situation] = true);
        }
        if let Some(stuck) = ends.iter().position(|ends| !ends) {
            let step = course.list[stuck].1.map_or(0, |(_, step)| step);
            let message = format!("“{}”之后走不到“办结”", course.path(stuck));
            self.error("G502", &course.guide.steps[step].span.clone(), message, "请补一条“否则 → …”或“办结：结果”");
        }
    }
}

/// Every formula that runs when something is done.
pub(crate) fn uses(guide: &Guide) -> Vec<Use<'_>> {
    let mut found = Vec::new();
    for (step, own) in guide.steps.iter().enumerate() {
        let plain = |expression, before| Use {
            step,
            conclusion: None,
            before,
            what: What::Expression(expression),
            span: expression.span(),
            letter: None,
        };
        found.extend(own.condition.iter().map(|condition| plain(condition, true)));
        found.extend(own.arrows.iter().filter_map(|arrow| arrow.condition.as_ref()).map(|c| plain(c, false)));
        let notices = guide.publicities.iter().filter(|publicity| publicity.step == step);
        found.extend(notices.flat_map(|notice| notice.shown.iter().map(|(_, shown)| plain(shown, true))));
    }
    for check in &guide.checks {
        found.extend(check.steps.iter().map(|(step, conclusion)| Use {
            step: *step,
            conclusion: conclusion.as_deref(),
            before: false,
            what: What::Expression(&check.condition),
            span: check.condition.span(),
            letter: None,
        }));
    }
    for effect in &guide.effects {
        let used = |what, span, letter| Use {
            step: effect.step,
            conclusion: effect.conclusion.as_deref(),
            before: false,
            what,
            span,
            letter,
        };
        // A column that may be empty stays empty where nothing is known.
        let may_be_empty = |name: &str| {
            let register =
                if let Action::Register(register) = effect.action { &guide.writable[register] } else { return false };
            register.columns.iter().any(|column| *column.key == *name && !column.required)
        };
        let set = effect.set.iter().filter(|(name, _)| !may_be_empty(name)).filter_map(|(_, fill)| fill.expression());
        let own = effect.condition.iter().chain(&effect.each).chain(&effect.from).chain(&effect.until).chain(set);
        found.extend(own.map(|expression| used(What::Expression(expression), expression.span(), None)));
        match effect.action {
            Action::Letter(index) => {
                let letter = &guide.letters[index];
                let holes = letter.text.iter().filter_map(|part| match part {
                    LetterPart::Hole(hole) => Some(&**hole),
                    LetterPart::Text(_) => None,
                });
                found.extend(holes.map(|hole| used(What::Expression(hole), hole.span(), Some(&*letter.name))));
            }
            Action::Grant(index) => {
                let span = guide.steps[effect.step].span.clone();
                let amounts = guide.entitlements[index].components.iter();
                found.extend(amounts.map(|part| used(What::Definition(&part.amount), span.clone(), None)));
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::super::course::{Course, Known};
    use super::uses;
    use crate::{Files, Guide, read_library};

    fn read(folder: &Path, under: &str, files: &mut Files) {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let name = format!("{under}{}", entry.file_name().to_string_lossy());
            if entry.file_type().unwrap().is_dir() {
                read(&entry.path(), &format!("{name}/"), files);
            } else if let Ok(text) = std::fs::read_to_string(entry.path()) {
                files.insert(name, text);
            }
        }
    }

    /// What each formula can know wherever it runs.
    fn known(guide: &Guide, course: &Course) -> BTreeSet<(usize, Known)> {
        let moments = course.by_step();
        let mut found = BTreeSet::new();
        for (place, used) in uses(guide).iter().enumerate() {
            let asked = course.asked_by(&used.what);
            found.extend(course.known_at(&moments, used).map(|(known, _)| (place, known.of(asked))));
        }
        found
    }

    /// Forgetting what nothing asks for any more makes the walk shorter, and hides nothing from any formula.
    #[test]
    fn what_is_forgotten_on_the_way_is_asked_by_nothing() {
        let mut files = Files::new();
        read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guides"), "", &mut files);
        let library = read_library(&files);
        let (mut shorter, mut compared) = (0, 0);
        for guide in &library.guides {
            for start in 0..guide.starts.len() {
                let (mut short, mut whole) = (Course::new(guide, start), Course::new(guide, start));
                whole.forget_nothing();
                if !whole.explore() {
                    continue;
                }
                assert!(short.explore());
                assert_eq!(known(guide, &short), known(guide, &whole), "{} {}", guide.title, guide.starts[start].name);
                shorter += usize::from(short.list.len() < whole.list.len());
                compared += 1;
            }
        }
        assert!(compared > 20 && shorter > 10, "{compared} {shorter}");
    }
}
