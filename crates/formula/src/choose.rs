//! Decision tables: which rows decide, under every hit policy and with what is unknown.

use std::sync::Arc;

use crate::eval::{Chosen, Machine, unfit};
use crate::plan::{TablePlan, TableRow, TestNode};
use crate::value::{Outcome, Unknown};
use crate::words::Policy;

impl Machine<'_, '_> {
    /// 首条 reads row by row; under 唯一 and 任一 a row that surely matches decides though others are unknown,
    /// under 优先 where no unknown row could be more important; the others need every row.
    pub fn choose(&mut self, plan: &TablePlan) -> Chosen {
        let mut inputs: Vec<Option<Outcome>> = vec![None; plan.inputs.len()];
        let mut sure = Vec::new();
        let mut unsure = Vec::new();
        let mut unknown: Option<Arc<Unknown>> = None;
        for (i, row) in plan.rows.iter().enumerate() {
            match self.row_matches(plan, row, &mut inputs) {
                Ok(true) if matches!(plan.policy, Policy::Unique | Policy::First) => return Ok([i].into()),
                Ok(true) => sure.push(i),
                Ok(false) => {}
                Err(reason) if plan.policy == Policy::First => return Err(reason),
                Err(reason) => {
                    unsure.push(i);
                    unknown = Some(unknown.map_or(reason.clone(), |before| before.and(&reason)));
                }
            }
        }
        if plan.policy.is_ranked() {
            let mut ranked = Vec::with_capacity(sure.len());
            for row in sure {
                ranked.push((self.rank(plan, row)?, row));
            }
            ranked.sort();
            if let (Policy::Priority, Some((best, row))) = (plan.policy, ranked.first()) {
                for other in unsure {
                    if self.rank(plan, other)? < *best {
                        return Err(unknown.unwrap_or_else(unfit));
                    }
                }
                return Ok([*row].into());
            }
            sure = ranked.into_iter().map(|(_, row)| row).collect();
        }
        match unknown {
            Some(unknown) if plan.policy != Policy::Any || sure.is_empty() => Err(unknown),
            _ if plan.policy.is_single() && sure.is_empty() => Err(Unknown::because("决策表里没有这种情形")),
            _ => Ok(sure.into()),
        }
    }

    fn row_matches(
        &mut self,
        plan: &TablePlan,
        row: &TableRow,
        inputs: &mut [Option<Outcome>],
    ) -> Result<bool, Arc<Unknown>> {
        let mut matches = Ok(true);
        for ((tests, node), input) in row.tests.iter().zip(&plan.inputs).zip(inputs) {
            if tests.iter().any(|test| matches!(test, TestNode::Any)) {
                continue;
            }
            let input = input.get_or_insert_with(|| self.eval(node)).clone();
            match self.any_test(&input, tests) {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(reason) => matches = Err(reason),
            }
        }
        matches
    }

    /// How important the outputs of a row are, 0 before 1, the first output before the next.
    fn rank(&mut self, plan: &TablePlan, row: usize) -> Result<Vec<usize>, Arc<Unknown>> {
        let mut rank = Vec::new();
        for (node, order) in plan.rows[row].outputs.iter().zip(&plan.ranks).filter(|(_, order)| !order.is_empty()) {
            let value = self.eval(node)?;
            let place = order.iter().position(|known| *known == value);
            rank.push(place.ok_or_else(|| Unknown::because(format!("“{value}”不在决策表的优先次序里")))?);
        }
        Ok(rank)
    }
}
