//! Runs a graph over a population: chunk after chunk, on all cores, each chunk small enough for the cache.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;

use super::graph::{Arg, Graph, Id, Level, Op};
use super::kernels::{self, Numbers, Smalls};
use super::population::{Column, Data, Population};

/// Cases of a chunk.
pub(super) const CHUNK: usize = 2048;

/// Where a node's values stand while a chunk is computed.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// In the population itself.
    Direct,
    Number(usize),
    Small(usize),
}

/// The nodes that are needed, in order, with places that are used again when nobody reads them any more.
pub(super) struct Schedule<'a> {
    graph: &'a Graph,
    population: &'a Population,
    order: Vec<Id>,
    places: Vec<Option<Place>>,
    numbers: usize,
    smalls: usize,
    /// Lists whose rows need the place of their owner.
    spread: Vec<bool>,
}

/// Where the results of a chunk go: for each wanted node its rows.
pub(super) enum Out<'o> {
    Numbers(&'o mut [i64]),
    Smalls(&'o mut [u8]),
}

/// The registers of one thread.
struct Machine<'s, 'a> {
    schedule: &'s Schedule<'a>,
    numbers: Vec<Vec<i64>>,
    smalls: Vec<Vec<u8>>,
    owners: Vec<Vec<u32>>,
    spans: Vec<Range<usize>>,
    cases: Range<usize>,
    running: Vec<i64>,
    counts: Vec<u8>,
    overflow: Vec<u32>,
    /// Cases of the chunk in which something did not fit.
    doubtful: Vec<usize>,
}

fn args(op: &Op) -> Vec<Id> {
    let of =
        |args: &[Arg]| args.iter().filter_map(|arg| if let Arg::Node(id) = arg { Some(*id) } else { None }).collect();
    match op {
        Op::Column(_) | Op::Known(_) | Op::RowsKnown(_) => Vec::new(),
        Op::Arith(_, a, b) | Op::Checked(_, a, b) | Op::Divide(_, a, b) => of(&[*a, *b]),
        Op::Almanac(_, a, b) | Op::Compare(_, a, b) => of(&[*a, *b]),
        Op::Select(c, a, b) | Op::Choose(c, a, b) => of(&[Arg::Node(*c), *a, *b]),
        Op::Table(a, _) | Op::Lookup(a, _) | Op::Widen(a) | Op::Sum(a) | Op::CheckedSum(a) | Op::Least(a) => vec![*a],
        Op::Most(a) | Op::Count(a) | Op::Within(a, _) | Op::Not(a) | Op::Recode(a, _) | Op::Any(a) => vec![*a],
        Op::Spread(a) => vec![*a],
        Op::Same(a, b) | Op::And(a, b) | Op::Or(a, b) => vec![*a, *b],
    }
}

fn column<'p>(population: &'p Population, level: Level, name: &str) -> Option<&'p Column> {
    match level {
        None => population.values.get(name),
        Some(list) => population.lists.get(&list)?.columns.get(name),
    }
}

impl<'a> Schedule<'a> {
    pub fn new(graph: &'a Graph, population: &'a Population, wanted: &[Id]) -> Self {
        let mut needed = vec![false; graph.nodes.len()];
        let mut waiting = wanted.to_vec();
        // What may not fit is computed even where nobody reads it: the reference evaluator stumbles over it too.
        let checked = |id: &Id| matches!(graph.nodes[*id].op, Op::Checked(..) | Op::CheckedSum(_));
        waiting.extend((0..graph.nodes.len()).filter(checked));
        while let Some(id) = waiting.pop() {
            if !std::mem::replace(&mut needed[id], true) {
                waiting.extend(args(&graph.nodes[id].op));
            }
        }
        let order: Vec<Id> = (0..graph.nodes.len()).filter(|id| needed[*id]).collect();
        let mut last: Vec<usize> = vec![0; graph.nodes.len()];
        for (step, id) in order.iter().enumerate() {
            args(&graph.nodes[*id].op).iter().for_each(|arg| last[*arg] = step);
        }
        wanted.iter().for_each(|id| last[*id] = usize::MAX);
        let mut schedule = Self {
            graph,
            population,
            places: vec![None; graph.nodes.len()],
            numbers: 0,
            smalls: 0,
            spread: vec![false; graph.parents.len()],
            order: Vec::new(),
        };
        let (mut free_numbers, mut free_smalls) = (Vec::new(), Vec::new());
        for (step, id) in order.iter().enumerate() {
            let node = &graph.nodes[*id];
            if let (Op::Spread(_), Some(list)) = (&node.op, node.level) {
                schedule.spread[list] = true;
            }
            let place = if schedule.is_direct(*id) {
                Place::Direct
            } else if node.small {
                Place::Small(free_smalls.pop().unwrap_or_else(|| post_add(&mut schedule.smalls)))
            } else {
                Place::Number(free_numbers.pop().unwrap_or_else(|| post_add(&mut schedule.numbers)))
            };
            schedule.places[*id] = Some(place);
            let mut done = args(&node.op);
            done.sort_unstable();
            done.dedup();
            for arg in done.into_iter().filter(|arg| last[*arg] == step) {
                match schedule.places[arg] {
                    Some(Place::Number(slot)) => free_numbers.push(slot),
                    Some(Place::Small(slot)) => free_smalls.push(slot),
                    _ => {}
                }
            }
        }
        schedule.order = order;
        schedule
    }

    /// How many operations a chunk takes, those on columns as they stand left out.
    pub fn operations(&self) -> usize {
        self.order.iter().filter(|id| !matches!(self.places[**id], Some(Place::Direct))).count()
    }

    fn is_direct(&self, id: Id) -> bool {
        let node = &self.graph.nodes[id];
        match &node.op {
            Op::Known(_) | Op::RowsKnown(_) => true,
            Op::Column(name) => {
                let column = column(self.population, node.level, name);
                !matches!(column.map(|c| &c.data), None | Some(Data::Dates(_) | Data::Months(_)))
            }
            _ => false,
        }
    }

    /// Computes the chunks on so many threads; yields the cases that are left to the reference evaluator.
    pub fn run<'o>(&self, wanted: &[Id], outs: Vec<(Range<usize>, Vec<Out<'o>>)>, threads: usize) -> Vec<usize> {
        let waiting = Mutex::new(outs.into_iter());
        let doubtful = Mutex::new(Vec::new());
        let vectors = pulp::Arch::new();
        let work = || {
            let mut machine = Machine::new(self);
            loop {
                let next = waiting.lock().ok().and_then(|mut waiting| waiting.next());
                let Some((cases, mut outs)) = next else { break };
                vectors.dispatch(Chunk { machine: &mut machine, cases, wanted, outs: &mut outs });
            }
            if let Ok(mut all) = doubtful.lock() {
                all.append(&mut machine.doubtful);
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(work);
            }
            work();
        });
        let mut doubtful = doubtful.into_inner().unwrap_or_default();
        doubtful.sort_unstable();
        doubtful.dedup();
        doubtful
    }
}

/// A chunk as a piece of work that is compiled for each kind of machine.
struct Chunk<'c, 's, 'a, 'o> {
    machine: &'c mut Machine<'s, 'a>,
    cases: Range<usize>,
    wanted: &'c [Id],
    outs: &'c mut [Out<'o>],
}

impl pulp::NullaryFnOnce for Chunk<'_, '_, '_, '_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.machine.chunk(self.cases, self.wanted, self.outs);
    }
}

fn post_add(counter: &mut usize) -> usize {
    *counter += 1;
    *counter - 1
}

impl<'s, 'a> Machine<'s, 'a> {
    fn new(schedule: &'s Schedule<'a>) -> Self {
        Self {
            schedule,
            numbers: vec![Vec::new(); schedule.numbers],
            smalls: vec![Vec::new(); schedule.smalls],
            owners: vec![Vec::new(); schedule.spread.len()],
            spans: vec![0..0; schedule.spread.len()],
            cases: 0..0,
            running: Vec::new(),
            counts: Vec::new(),
            overflow: Vec::new(),
            doubtful: Vec::new(),
        }
    }

    /// Whether no owner has more rows of a list than a byte counts.
    fn few(&self, list: Level) -> bool {
        list.is_none_or(|list| self.schedule.graph.longest[list] <= 255)
    }

    fn span(&self, level: Level) -> Range<usize> {
        level.map_or_else(|| self.cases.clone(), |list| self.spans[list].clone())
    }

    /// Where the rows of each owner of the chunk begin.
    fn starts(&self, list: usize) -> &'a [u32] {
        let owners = self.span(self.schedule.graph.parents[list]);
        let rows = self.schedule.population.lists.get(&list);
        rows.and_then(|rows| rows.starts.get(owners.start..=owners.end)).unwrap_or(&[])
    }

    #[inline(always)]
    fn chunk(&mut self, cases: Range<usize>, wanted: &[Id], outs: &mut [Out]) {
        self.cases = cases;
        for list in 0..self.spans.len() {
            let starts = self.starts(list);
            let span = starts.first().map_or(0, |s| *s as usize)..starts.last().map_or(0, |s| *s as usize);
            self.spans[list] = span;
            if self.schedule.spread[list] {
                self.owners[list].clear();
                for (owner, pair) in starts.windows(2).enumerate() {
                    let all = self.owners[list].len() + (pair[1] - pair[0]) as usize;
                    self.owners[list].resize(all, owner as u32);
                }
            }
        }
        let schedule = self.schedule;
        for id in &schedule.order {
            self.step(*id);
        }
        for (id, out) in wanted.iter().zip(outs) {
            match out {
                Out::Numbers(out) => match self.number(Arg::Node(*id)) {
                    Numbers::Slice(values) => out.copy_from_slice(values),
                    Numbers::Const(n) => out.fill(n),
                },
                Out::Smalls(out) => match self.small(Arg::Node(*id)) {
                    Smalls::Slice(values) => out.copy_from_slice(values),
                    Smalls::Const(n) => out.fill(n),
                },
            }
        }
    }

    #[inline(always)]
    fn step(&mut self, id: Id) {
        let node = &self.schedule.graph.nodes[id];
        let length = self.span(node.level).len();
        match self.schedule.places[id] {
            None | Some(Place::Direct) => {}
            Some(Place::Number(slot)) => {
                let mut out = std::mem::take(&mut self.numbers[slot]);
                out.resize(length, 0);
                self.number_step(id, &mut out);
                self.numbers[slot] = out;
            }
            Some(Place::Small(slot)) => {
                let mut out = std::mem::take(&mut self.smalls[slot]);
                out.resize(length, 0);
                self.small_step(id, &mut out);
                self.smalls[slot] = out;
            }
        }
    }

    #[inline(always)]
    fn number_step(&mut self, id: Id, out: &mut [i64]) {
        let node = &self.schedule.graph.nodes[id];
        match &node.op {
            Op::Column(name) => {
                let column = column(self.schedule.population, node.level, name);
                if let Some(Data::Dates(values) | Data::Months(values)) = column.map(|column| &column.data) {
                    kernels::load(out, &values[self.span(node.level)]);
                }
            }
            Op::Arith(op, a, b) => kernels::arith(out, *op, self.number(*a), self.number(*b)),
            Op::Checked(op, a, b) => {
                let mut overflow = std::mem::take(&mut self.overflow);
                kernels::checked(out, *op, self.number(*a), self.number(*b), &mut overflow);
                self.doubt(overflow, node.level);
            }
            Op::Divide(way, a, by) => kernels::divide(out, *way, self.number(*a), self.number(*by)),
            Op::Select(condition, yes, no) => {
                if let Smalls::Slice(condition) = self.small(Arg::Node(*condition)) {
                    kernels::select(out, condition, self.number(*yes), self.number(*no));
                }
            }
            Op::Table(code, table) => {
                if let Smalls::Slice(codes) = self.small(Arg::Node(*code)) {
                    kernels::table(out, codes, table);
                }
            }
            Op::Lookup(number, table) => {
                if let Numbers::Slice(numbers) = self.number(Arg::Node(*number)) {
                    kernels::lookup(out, numbers, table);
                }
            }
            Op::Widen(flag) => match self.small(Arg::Node(*flag)) {
                Smalls::Slice(flags) => kernels::widen(out, flags),
                Smalls::Const(flag) => out.fill(i64::from(flag)),
            },
            Op::Almanac(what, a, b) => kernels::almanac(out, *what, self.number(*a), self.number(*b)),
            Op::Sum(value) | Op::CheckedSum(value) | Op::Least(value) | Op::Most(value) => {
                self.together(&node.op, *value, node.level, out);
            }
            Op::Count(flag) => {
                let list = self.schedule.graph.nodes[*flag].level;
                let starts = list.map_or(&[][..], |list| self.starts(list));
                match self.small(Arg::Node(*flag)) {
                    Smalls::Const(_) => {
                        for (out, pair) in out.iter_mut().zip(starts.windows(2)) {
                            *out = i64::from(pair[1] - pair[0]);
                        }
                    }
                    Smalls::Slice(_) => {
                        let mut counts = std::mem::take(&mut self.counts);
                        if let Smalls::Slice(flags) = self.small(Arg::Node(*flag)) {
                            match self.few(list) {
                                true => kernels::count(out, flags, starts, &mut counts),
                                false => kernels::count_many(flags, starts, |i, count| out[i] = count),
                            }
                        }
                        self.counts = counts;
                    }
                }
            }
            Op::Spread(value) => {
                let owners = node.level.map_or(&[][..], |list| &self.owners[list]);
                match self.number(Arg::Node(*value)) {
                    Numbers::Slice(values) => kernels::spread(out, values, owners),
                    Numbers::Const(n) => out.fill(n),
                }
            }
            _ => {}
        }
    }

    #[inline(always)]
    fn together(&mut self, op: &Op, value: Id, level: Level, out: &mut [i64]) {
        let list = self.schedule.graph.nodes[value].level;
        let starts = list.map_or(&[][..], |list| self.starts(list));
        let (mut running, mut overflow) = (std::mem::take(&mut self.running), std::mem::take(&mut self.overflow));
        if let Numbers::Slice(values) = self.number(Arg::Node(value)) {
            match op {
                Op::Sum(_) => kernels::sum(out, values, starts, &mut running),
                Op::CheckedSum(_) => kernels::checked_sum(out, values, starts, &mut overflow),
                _ => kernels::extreme(out, values, starts, matches!(op, Op::Most(_))),
            }
        }
        self.running = running;
        self.doubt(overflow, level);
    }

    #[inline(always)]
    fn small_step(&mut self, id: Id, out: &mut [u8]) {
        let node = &self.schedule.graph.nodes[id];
        let slice = |id: &Id| match self.small(Arg::Node(*id)) {
            Smalls::Slice(values) => values,
            Smalls::Const(_) => &[],
        };
        match &node.op {
            // The rows of a list, all of which count.
            Op::Column(_) => out.fill(1),
            Op::Compare(relation, a, b) => kernels::compare(out, *relation, self.number(*a), self.number(*b)),
            Op::Within(code, set) => kernels::within(out, slice(code), *set),
            Op::Same(a, b) => kernels::pairwise(out, slice(a), slice(b), |a, b| u8::from(a == b)),
            Op::And(a, b) => kernels::pairwise(out, slice(a), slice(b), |a, b| a & b),
            Op::Or(a, b) => kernels::pairwise(out, slice(a), slice(b), |a, b| a | b),
            Op::Not(a) => kernels::pairwise(out, slice(a), slice(a), |a, _| a ^ 1),
            Op::Choose(condition, yes, no) => {
                kernels::choose(out, slice(condition), self.small(*yes), self.small(*no));
            }
            Op::Recode(code, table) => kernels::recode(out, slice(code), table),
            Op::Any(flag) => {
                let list = self.schedule.graph.nodes[*flag].level;
                let starts = list.map_or(&[][..], |list| self.starts(list));
                let mut counts = std::mem::take(&mut self.counts);
                if let Smalls::Slice(flags) = self.small(Arg::Node(*flag)) {
                    match self.few(list) {
                        true => kernels::any(out, flags, starts, &mut counts),
                        false => kernels::count_many(flags, starts, |i, count| out[i] = u8::from(count > 0)),
                    }
                }
                self.counts = counts;
            }
            Op::Spread(value) => {
                let owners = node.level.map_or(&[][..], |list| &self.owners[list]);
                kernels::spread(out, slice(value), owners);
            }
            _ => {}
        }
    }

    /// Notes the cases to which rows belong.
    fn doubt(&mut self, mut rows: Vec<u32>, level: Level) {
        for row in rows.drain(..) {
            let mut place = self.span(level).start + row as usize;
            let mut at = level;
            while let Some(list) = at {
                let starts = self.schedule.population.lists.get(&list).map_or(&[][..], |rows| &rows.starts);
                place = starts.partition_point(|start| *start as usize <= place).saturating_sub(1);
                at = self.schedule.graph.parents[list];
            }
            self.doubtful.push(place);
        }
        self.overflow = rows;
    }

    fn number(&self, arg: Arg) -> Numbers<'_> {
        let id = match arg {
            Arg::Const(n) => return Numbers::Const(n),
            Arg::Node(id) => id,
        };
        let node = &self.schedule.graph.nodes[id];
        match (self.schedule.places[id], &node.op) {
            (Some(Place::Number(slot)), _) => Numbers::Slice(&self.numbers[slot]),
            (_, Op::Column(name)) => match column(self.schedule.population, node.level, name).map(|c| &c.data) {
                Some(Data::Numbers { values, .. }) => Numbers::Slice(&values[self.span(node.level)]),
                _ => Numbers::Const(0),
            },
            _ => Numbers::Const(0),
        }
    }

    fn small(&self, arg: Arg) -> Smalls<'_> {
        let id = match arg {
            Arg::Const(n) => return Smalls::Const(n as u8),
            Arg::Node(id) => id,
        };
        let node = &self.schedule.graph.nodes[id];
        let population = self.schedule.population;
        let found: Option<&[u8]> = match (self.schedule.places[id], &node.op) {
            (Some(Place::Small(slot)), _) => return Smalls::Slice(&self.smalls[slot]),
            (_, Op::Column(name)) => match column(population, node.level, name).map(|column| &column.data) {
                Some(Data::Flags(values)) => Some(values),
                Some(Data::Words { codes, .. }) => Some(codes),
                _ => None,
            },
            (_, Op::Known(name)) => column(population, node.level, name).and_then(|column| column.known.as_deref()),
            (_, Op::RowsKnown(list)) => population.lists.get(list).and_then(|rows| rows.known.as_deref()),
            _ => None,
        };
        found.map_or(Smalls::Const(0), |values| Smalls::Slice(&values[self.span(node.level)]))
    }
}

/// Cuts outputs into chunks of cases.
pub(super) fn chunks<'o>(cases: usize, mut columns: Vec<Out<'o>>) -> Vec<(Range<usize>, Vec<Out<'o>>)> {
    let mut cut = Vec::new();
    let mut start = 0;
    while start < cases {
        let length = CHUNK.min(cases - start);
        let mut own = Vec::new();
        for column in &mut columns {
            own.push(match column {
                Out::Numbers(values) => {
                    let (first, rest) = std::mem::take(values).split_at_mut(length);
                    *values = rest;
                    Out::Numbers(first)
                }
                Out::Smalls(values) => {
                    let (first, rest) = std::mem::take(values).split_at_mut(length);
                    *values = rest;
                    Out::Smalls(first)
                }
            });
        }
        cut.push((start..start + length, own));
        start += length;
    }
    cut
}

/// Cases that have rows of a level.
pub(super) fn with_rows(graph: &Graph, population: &Population, levels: &BTreeMap<Level, String>) -> Vec<usize> {
    if levels.contains_key(&None) {
        return (0..population.cases).collect();
    }
    let mut found = Vec::new();
    for list in levels.keys().flatten() {
        let Some(rows) = population.lists.get(list) else { continue };
        let owners = (0..rows.starts.len().saturating_sub(1)).filter(|i| rows.starts[*i] < rows.starts[i + 1]);
        match graph.parents[*list] {
            None => found.extend(owners),
            Some(parent) => {
                let outer = population.lists.get(&parent).map_or(&[][..], |rows| &rows.starts);
                found.extend(owners.map(|o| outer.partition_point(|start| *start as usize <= o).saturating_sub(1)));
            }
        }
    }
    found
}
