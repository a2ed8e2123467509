//! Whether a procedure holds together: reachable, able to end, without circles, every formula of use.

use std::collections::BTreeSet;

use formula::Uses;

use super::Reader;
use crate::model::{Action, AsOf, ClockFrom, Effect, Guide, LetterPart, Required, StepKind, Target};

impl Reader {
    /// Runs only when every name of the guide resolves, so that one slip gives one finding.
    pub(crate) fn sound(&mut self, guide: &Guide) {
        self.reachable(guide);
        self.circles(guide);
        self.ends(guide);
        self.unused(guide);
    }

    fn reachable(&mut self, guide: &Guide) {
        let mut reached: BTreeSet<usize> = guide.starts.iter().flat_map(|start| start.first.iter().copied()).collect();
        reached.extend((0..guide.steps.len()).filter(|step| guide.steps[*step].side.is_some()));
        let mut waiting: Vec<usize> = reached.iter().copied().collect();
        while let Some(step) = waiting.pop() {
            waiting.extend(guide.next(step, true).into_iter().filter(|next| reached.insert(*next)));
        }
        for (_, step) in guide.steps.iter().enumerate().filter(|(index, _)| !reached.contains(index)) {
            let help = "请在某步骤的“然后”写上它，或删去";
            self.error("G501", &step.span, format!("步骤“{}”走不到", step.name), help);
        }
    }

    fn circles(&mut self, guide: &Guide) {
        for (index, step) in guide.steps.iter().enumerate() {
            let back = guide.reach(index).into_iter().filter(|next| guide.next(*next, false).contains(&index));
            // A circle is told once, at its first step.
            if let Some(last) = back.min().filter(|last| *last >= index) {
                let message = format!("{} → … → {} → {0} 成了圈", step.name, guide.steps[last].name);
                let help = format!("请在退回的一处写“回 {}”", step.name);
                self.error("G505", &guide.steps[last].span, message, help);
                return;
            }
        }
    }

    fn ends(&mut self, guide: &Guide) {
        for step in &guide.steps {
            let last = step.arrows.last();
            let falls_through = last.is_none_or(|arrow| arrow.condition.is_some() && arrow.conclusion.is_none());
            if falls_through {
                let message = format!("“{}”之后走不到“办结”", step.name);
                self.error("G502", &step.span, message, "请补一条“否则 → …”");
            }
            let words: Vec<&str> = step.arrows.iter().filter_map(|arrow| arrow.conclusion.as_deref()).collect();
            if step.kind == StepKind::Publicity && !words.contains(&"期满") {
                self.error("G502", &step.span, format!("公示“{}”没有“期满”的去处", step.name), "请写“期满 → …”");
            }
        }
        let closes = |arrow: &crate::model::Arrow| matches!(arrow.target, Target::Close(_));
        if !guide.steps.iter().flat_map(|step| &step.arrows).any(closes) {
            self.error("G502", &(0..0), "没有一条路走到“办结”", "在最后的步骤写“办结：结果”");
        }
    }

    /// Formulas that nothing uses: no step, check, notice, entitlement, letter, and no other formula that is used.
    fn unused(&mut self, guide: &Guide) {
        let mut uses = Uses::default();
        for expression in guide.expressions() {
            uses.extend(&expression.uses);
        }
        let amounts = guide.entitlements.iter().flat_map(|entitlement| &entitlement.components);
        let amounts = amounts.filter_map(|component| guide.program.find(&component.amount));
        uses.definitions.extend(amounts.map(|definition| definition.index));
        let fields = guide.fields.iter().filter(|field| field.computed);
        uses.definitions.extend(fields.filter_map(|field| guide.program.find(&field.name)).map(|d| d.index));
        let measured = guide.yardsticks.iter().flat_map(|yardstick| {
            let own = yardstick.measure.iter().flat_map(|own| [&own.income, &own.people, &own.line]);
            own.chain(&yardstick.groups)
        });
        uses.definitions.extend(measured.filter_map(|name| guide.program.find(name)).map(|d| d.index));
        let all = guide.program.all_uses(&uses);
        let unused: Vec<_> = guide.program.definitions().filter(|d| !all.definitions.contains(&d.index)).collect();
        for definition in unused {
            let finding = formula::Finding::error(
                "G206",
                definition.span.clone(),
                format!("公式“{}”没有被用到", definition.name),
                "请删去，或在步骤、校验、待遇、文书、测算中使用",
            );
            self.findings.push(finding.at(definition.file));
        }
    }
}

impl Guide {
    /// The steps that a step's arrows lead to; without `back` only those of plain arrows.
    pub fn next(&self, step: usize, back: bool) -> Vec<usize> {
        let arrows = self.steps[step].arrows.iter().map(|arrow| &arrow.target);
        let expiries = self.clocks.iter().filter(|clock| clock.until == step).filter_map(|c| c.on_expiry.as_ref());
        let targets = arrows.chain(expiries).flat_map(|target| match target {
            Target::Steps(steps) => steps.clone(),
            Target::Back(step) if back => vec![*step],
            _ => Vec::new(),
        });
        targets.collect()
    }

    /// Every step that plain arrows lead to from a step, without the step itself unless a circle leads back.
    pub fn reach(&self, step: usize) -> BTreeSet<usize> {
        let mut reached = BTreeSet::new();
        let mut waiting = self.next(step, false);
        while let Some(next) = waiting.pop() {
            if reached.insert(next) {
                waiting.extend(self.next(next, false));
            }
        }
        reached
    }

    /// The steps during which a side step may be begun: those on a way between the two of its 期间.
    pub fn side_steps(&self, side: usize) -> BTreeSet<usize> {
        let Some((from, to)) = self.steps[side].side else { return BTreeSet::new() };
        let after = self.reach(from).into_iter().chain([from]);
        after.filter(|step| *step == to || self.reach(*step).contains(&to)).collect()
    }

    /// The computed figures that a step writes into registers: definitions that are numbers.
    pub fn figures(&self, step: usize) -> impl Iterator<Item = usize> + '_ {
        let registers = move |effect: &&Effect| {
            effect.step == step && effect.each.is_none() && matches!(effect.action, Action::Register(_))
        };
        let filled = self.effects.iter().filter(registers).flat_map(|effect| &effect.set);
        let used = filled.filter_map(|(_, fill)| fill.expression()).flat_map(|fill| &fill.uses.definitions);
        used.copied().filter(|index| matches!(self.program.at(*index).ty, Some(formula::Type::Number(_))))
    }

    /// Every expression that stands outside the formulas.
    pub fn expressions(&self) -> Vec<&formula::Expression> {
        let mut found: Vec<&formula::Expression> = Vec::new();
        found.extend(&self.service.region);
        found.extend(&self.service.calc_date);
        for start in &self.starts {
            found.extend(&start.filter);
            if let crate::model::When::Counted(counted) = &start.when {
                found.push(&counted.length);
                found.extend(counted.from.as_deref());
            }
        }
        for step in &self.steps {
            found.extend(&step.condition);
            found.extend(step.who.iter().filter_map(|(condition, _)| condition.as_ref()));
            found.extend(step.arrows.iter().filter_map(|arrow| arrow.condition.as_ref()));
        }
        for clock in &self.clocks {
            found.extend(&clock.condition);
            if let ClockFrom::At(at) = &clock.from {
                found.push(at);
            }
            found.extend(clock.pauses.iter().filter_map(|(_, condition)| condition.as_ref()));
            if let crate::model::Length::Formula(expression) = &clock.length {
                found.push(expression);
            }
        }
        let columns = self.lists.iter().flat_map(|list| &list.columns);
        found.extend(self.fields.iter().chain(columns).filter_map(|field| match &field.required {
            Required::If(condition) => Some(&**condition),
            _ => None,
        }));
        found.extend(self.publicities.iter().flat_map(|publicity| publicity.shown.iter().map(|(_, shown)| shown)));
        for relation in &self.relations {
            found.extend(relation.join.iter().map(|(_, expression)| expression));
            if let AsOf::On(day) = &relation.as_of {
                found.push(day);
            }
        }
        found.extend(self.entitlements.iter().filter_map(|entitlement| entitlement.rows.as_ref()));
        found.extend(self.checks.iter().map(|check| &check.condition));
        for effect in &self.effects {
            found.extend(effect.condition.iter().chain(&effect.each).chain(&effect.from).chain(&effect.until));
            found.extend(effect.set.iter().filter_map(|(_, fill)| fill.expression()));
        }
        found.extend(self.inquiries.iter().filter_map(|inquiry| inquiry.rows.as_ref()));
        for doubt in &self.doubts {
            found.extend([&doubt.condition].into_iter().chain(&doubt.declared).chain(&doubt.found));
        }
        for part in self.letters.iter().flat_map(|letter| &letter.text) {
            if let LetterPart::Hole(expression) = part {
                found.push(expression);
            }
        }
        found
    }
}
