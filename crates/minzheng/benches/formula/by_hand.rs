//! The same rule written by hand: what the machine can do when somebody has thought of this rule alone.
//!
//! One fused loop over households, members and items, all in one denominator.

use crate::people::Sample;

/// Parts of a 分: months to one denominator (lcm of 1 to 12), and tenths and fifths of shares.
const PARTS: i64 = 27_720 * 10;
const DAY: i32 = 20_260_701;

/// Conclusions in the order of the decision table.
pub const CONCLUSIONS: [&str; 5] = ["不符合财产条件", "家庭低保", "单人低保", "低保边缘", "不符合收入条件"];

/// What the rule says of a household: the conclusion and the monthly grant in 分.
pub type Verdict = (u8, i64);

struct Member {
    counts: bool,
    uplift: i64,
    labour: bool,
    /// Able and at work, or not in the situation that makes a household one without work.
    busy: bool,
    minor_child: bool,
    deposits: i64,
    income: i64,
}

pub fn rule(s: &Sample, household: usize) -> Verdict {
    let line_of_one: i64 = if s.place[household] == 0 { 68_000 } else { 50_000 };
    let range = |starts: &[u32], i: usize| starts[i] as usize..starts[i + 1] as usize;
    let (mut people, mut income, mut deposits, mut uplift) = (0_i64, 0_i64, 0_i64, 0_i64);
    let (mut labour, mut busy, mut spouse, mut minor_child) = (false, false, false, false);
    let mut personal: [i64; 16] = [0; 16];
    let mut counted = 0;
    for i in range(&s.members, household) {
        spouse |= s.relation[i] == 1;
        let member = member(s, i);
        if !member.counts {
            continue;
        }
        people += 1;
        income += member.income;
        deposits += member.deposits;
        labour |= member.labour;
        busy |= member.busy;
        minor_child |= member.minor_child;
        personal[counted & 15] = member.uplift;
        counted += 1;
    }
    let no_labour = !labour;
    let no_work = !no_labour && !busy;
    let one_parent = !spouse && minor_child;
    let family = (if no_labour || no_work { 20 } else { 0 }).max(if one_parent { 10 } else { 0 });
    for own in &personal[..counted.min(16)] {
        uplift += (*own).max(family);
    }
    for i in range(&s.costs, household) {
        if s.cost_receipt[i] != 0 {
            income -= s.cost_amount[i] * (PARTS / s.cost_months[i]);
        }
    }
    for i in range(&s.supporters, household) {
        income += supporter(s, i, line_of_one);
    }
    let income = income.max(0);
    let line = line_of_one * people;
    let assets = assets(s, household, deposits, line_of_one * 24 * people);
    let low = income < line * PARTS;
    let conclusion = match (assets, low, income * 2 < line * 3 * PARTS) {
        (false, ..) => 0,
        (true, true, _) => 1,
        (true, false, true) => 3,
        (true, false, false) => 4,
    };
    if conclusion != 1 {
        return (conclusion, 0);
    }
    let gap = line * PARTS - income;
    let basic = (gap + PARTS / 2) / PARTS;
    // Per cent of a standard in whole 元: the parts of a 分 are none.
    (conclusion, basic + line_of_one * uplift / 100)
}

fn member(s: &Sample, i: usize) -> Member {
    let age = (DAY - s.born[i]).div_euclid(10_000);
    let child = s.relation[i] == 2 && (s.dependent[i] != 0 || matches!(s.schooling[i], 1 | 2) || age < 18);
    let together = s.relation[i] < 2 || child || s.together[i] != 0;
    let over = s.excluded_until_known[i] != 0 && s.excluded_until[i] <= DAY;
    let severe = matches!(s.disability[i], 1 | 2) || (s.disability[i] == 3 && s.mental[i] != 0);
    let mut uplift = if age >= 70 { 20 } else { 0 };
    uplift = uplift.max(if age < 18 { 10 } else { 0 });
    uplift = uplift.max(if severe || s.illness[i] != 0 { 30 } else { 0 });
    let (mut all, mut wages) = (0_i64, 0_i64);
    for j in s.incomes[i] as usize..s.incomes[i + 1] as usize {
        let kind = s.income_kind[j];
        let yield_of_one = [40_000, 35_000, 150_000][usize::from(s.crop[j])];
        let gross = if s.crop_known[j] != 0 { s.crop_count[j] * yield_of_one } else { s.income_amount[j] };
        let taken = if kind == 5 { 0 } else { gross };
        let less = if s.deduction_known[j] != 0 { s.deduction[j] } else { 0 };
        let monthly = (taken - less).max(0) * (PARTS / s.income_months[j]);
        all += monthly;
        wages += if kind == 0 { monthly } else { 0 };
    }
    let exempt = if s.exempt_known[i] != 0 { s.exempt[i] } else { 0 };
    Member {
        counts: (s.excluded[i] == 0 || over) && together,
        uplift,
        labour: s.labour[i] == 0,
        busy: s.labour[i] == 0 && s.work[i] != 3,
        minor_child: s.relation[i] == 2 && age < 18,
        deposits: (s.deposits[i] - exempt).max(0),
        // A fifth of the wages is the cost of the job; the parts of a 分 are divisible by five.
        income: (all - wages / 5).max(0),
    }
}

/// What a supporter owes a month, in parts of a 分.
fn supporter(s: &Sample, i: usize, line_of_one: i64) -> i64 {
    if s.supporter_excused[i] != 0 || s.supporter_unpaid[i] != 0 {
        return 0;
    }
    if s.supporter_ground[i] != 2 {
        return if s.supporter_agreed_known[i] != 0 { s.supporter_agreed[i] * PARTS } else { 0 };
    }
    let above = s.supporter_income[i] - line_of_one * 2 * s.supporter_people[i];
    if above <= 0 { 0 } else { above * 3 * (PARTS / 10) / s.supporter_sides[i] }
}

fn assets(s: &Sample, household: usize, deposits: i64, most: i64) -> bool {
    let range = |starts: &[u32]| starts[household] as usize..starts[household + 1] as usize;
    let (mut houses, mut shop, mut car, mut business) = (0, false, false, false);
    for i in range(&s.houses) {
        houses += i32::from(s.house_use[i] == 0 && s.house_exempt[i] == 0);
        shop |= s.house_use[i] == 1 && s.house_exempt[i] == 0;
    }
    for i in range(&s.vehicles) {
        car |= s.vehicle_kind[i] != 0 && s.vehicle_exempt[i] == 0;
    }
    for i in range(&s.businesses) {
        business |= s.business_running[i] != 0 || s.business_capital[i] > 0;
    }
    deposits <= most && houses <= 1 && !shop && !car && !business
}

/// Every household, on so many threads.
pub fn all(s: &Sample, threads: usize) -> Vec<Verdict> {
    let mut verdicts = vec![(0, 0); s.households];
    let share = s.households.div_ceil(threads.max(1)).max(1);
    std::thread::scope(|scope| {
        for (part, verdicts) in verdicts.chunks_mut(share).enumerate() {
            scope.spawn(move || {
                for (i, verdict) in verdicts.iter_mut().enumerate() {
                    *verdict = rule(s, part * share + i);
                }
            });
        }
    });
    verdicts
}
