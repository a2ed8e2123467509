//! A generated county in columns: households with members, their incomes, and what a means test asks besides.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Date, RegionCode};
use formula::{Column, Data, Environment, Population, Rows, Value, Words};
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

pub const RELATION: [&str; 5] = ["本人", "配偶", "子女", "父母", "其他"];
pub const MARRIAGE: [&str; 4] = ["未婚", "已婚", "离异", "丧偶"];
pub const SCHOOLING: [&str; 4] = ["不在读", "高中及以下", "大专或本科", "硕士及以上"];
pub const EXCLUDED: [&str; 3] = ["无", "监狱服刑", "现役义务兵和军士"];
pub const DISABILITY: [&str; 5] = ["无", "一级", "二级", "三级", "四级"];
pub const LABOUR: [&str; 3] = ["有", "部分", "无"];
pub const WORK: [&str; 5] = ["稳定就业", "灵活就业", "务农", "未就业", "不适用"];
pub const INCOME: [&str; 6] = ["工资性", "经营性", "财产性", "转移性", "基础养老金", "优待抚恤金"];
pub const CROPS: [&str; 3] = ["小麦", "玉米", "牛"];
pub const EXCUSED: [&str; 3] = ["无", "重病", "服刑"];
pub const GROUND: [&str; 3] = ["判决或调解", "书面协议", "按公式"];
pub const HOUSE: [&str; 2] = ["居住", "商业"];
pub const VEHICLE: [&str; 3] = ["摩托车", "轿车", "货车"];
pub const PLACE: [&str; 2] = ["城市", "农村"];

/// Raw columns, as the rule written by hand and the peers read them. Money is in 分, dates are `yyyymmdd`.
#[derive(Default)]
pub struct Sample {
    pub households: usize,
    pub place: Vec<u8>,
    pub members: Vec<u32>,
    pub relation: Vec<u8>,
    pub marriage: Vec<u8>,
    pub together: Vec<u8>,
    pub dependent: Vec<u8>,
    pub schooling: Vec<u8>,
    pub excluded: Vec<u8>,
    pub excluded_until: Vec<i32>,
    pub excluded_until_known: Vec<u8>,
    pub disability: Vec<u8>,
    pub mental: Vec<u8>,
    pub illness: Vec<u8>,
    pub labour: Vec<u8>,
    pub work: Vec<u8>,
    pub jobless: Vec<u8>,
    pub jobless_known: Vec<u8>,
    pub deposits: Vec<i64>,
    pub exempt: Vec<i64>,
    pub exempt_known: Vec<u8>,
    pub born: Vec<i32>,
    pub incomes: Vec<u32>,
    pub income_kind: Vec<u8>,
    pub income_amount: Vec<i64>,
    pub income_months: Vec<i64>,
    pub crop: Vec<u8>,
    pub crop_known: Vec<u8>,
    pub crop_count: Vec<i64>,
    pub deduction: Vec<i64>,
    pub deduction_known: Vec<u8>,
    pub costs: Vec<u32>,
    pub cost_amount: Vec<i64>,
    pub cost_months: Vec<i64>,
    pub cost_receipt: Vec<u8>,
    pub supporters: Vec<u32>,
    pub supporter_excused: Vec<u8>,
    pub supporter_ground: Vec<u8>,
    pub supporter_agreed: Vec<i64>,
    pub supporter_agreed_known: Vec<u8>,
    pub supporter_people: Vec<i64>,
    pub supporter_income: Vec<i64>,
    pub supporter_sides: Vec<i64>,
    pub supporter_unpaid: Vec<u8>,
    pub houses: Vec<u32>,
    pub house_use: Vec<u8>,
    pub house_exempt: Vec<u8>,
    pub vehicles: Vec<u32>,
    pub vehicle_kind: Vec<u8>,
    pub vehicle_exempt: Vec<u8>,
    pub businesses: Vec<u32>,
    pub business_running: Vec<u8>,
    pub business_capital: Vec<i64>,
}

/// A list: its name, where each household's rows begin, its columns.
type Listed<'s> = (&'static str, &'s [u32], Vec<(&'static str, Column)>);

struct Dice(Pcg64Mcg);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0.next_u64() % n
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of several by their weights of a hundred.
    fn weighed(&mut self, weights: &[u64]) -> u8 {
        let mut left = self.below(weights.iter().sum());
        for (i, weight) in weights.iter().enumerate() {
            if left < *weight {
                return i as u8;
            }
            left -= weight;
        }
        0
    }

    /// 分, thinning out upwards.
    fn money(&mut self, most_yuan: u64) -> i64 {
        let share = self.below(1000) * self.below(1000);
        (most_yuan * share / 10_000 + self.below(100)) as i64
    }
}

impl Sample {
    pub fn persons(&self) -> usize {
        self.relation.len()
    }

    /// Households from a seed: the same number and seed give the same.
    pub fn of(households: usize, seed: u64) -> Self {
        let mut dice = Dice(Pcg64Mcg::seed_from_u64(seed));
        let mut sample = Self { households, ..Self::default() };
        for starts in sample.starts() {
            starts.push(0);
        }
        for _ in 0..households {
            sample.household(&mut dice);
        }
        sample
    }

    fn starts(&mut self) -> [&mut Vec<u32>; 7] {
        [
            &mut self.members,
            &mut self.incomes,
            &mut self.costs,
            &mut self.supporters,
            &mut self.houses,
            &mut self.vehicles,
            &mut self.businesses,
        ]
    }

    fn household(&mut self, dice: &mut Dice) {
        self.place.push(u8::from(dice.chance(60)));
        let size = 1 + dice.weighed(&[37, 31, 17, 9, 4, 2]);
        let married = size > 1 && dice.chance(65);
        for place in 0..size {
            let relation = match place {
                0 => 0,
                1 if married => 1,
                _ => 2 + dice.weighed(&[70, 20, 10]),
            };
            self.member(dice, relation, married);
        }
        self.members.push(self.relation.len() as u32);
        if dice.chance(6) {
            self.cost_amount.push(dice.money(20_000));
            self.cost_months.push(1 + dice.below(12) as i64);
            self.cost_receipt.push(u8::from(dice.chance(80)));
        }
        self.costs.push(self.cost_amount.len() as u32);
        if dice.chance(15) {
            self.supporter(dice);
        }
        self.supporters.push(self.supporter_people.len() as u32);
        for _ in 0..dice.weighed(&[10, 84, 6]) {
            self.house_use.push(u8::from(dice.chance(2)));
            self.house_exempt.push(u8::from(dice.chance(2)));
        }
        self.houses.push(self.house_use.len() as u32);
        if dice.chance(12) {
            self.vehicle_kind.push(dice.weighed(&[70, 25, 5]));
            self.vehicle_exempt.push(u8::from(dice.chance(3)));
        }
        self.vehicles.push(self.vehicle_kind.len() as u32);
        if dice.chance(3) {
            self.business_running.push(u8::from(dice.chance(60)));
            self.business_capital.push(if dice.chance(50) { 0 } else { dice.money(500_000) });
        }
        self.businesses.push(self.business_running.len() as u32);
    }

    fn member(&mut self, dice: &mut Dice, relation: u8, married: bool) {
        let age = match relation {
            2 => dice.below(30),
            3 => 50 + dice.below(45),
            _ => 18 + dice.below(75),
        };
        let (month, day) = (1 + dice.below(12), 1 + dice.below(28));
        self.relation.push(relation);
        self.marriage.push(if married && relation < 2 { 1 } else { dice.weighed(&[60, 5, 15, 20]) });
        self.together.push(u8::from(dice.chance(95)));
        self.dependent.push(u8::from(dice.chance(4)));
        self.schooling.push(if (6..23).contains(&age) { dice.weighed(&[20, 60, 15, 5]) } else { 0 });
        let excluded = dice.weighed(&[982, 10, 8]);
        self.excluded.push(excluded);
        self.excluded_until_known.push(u8::from(excluded > 0 && dice.chance(70)));
        self.excluded_until.push((2024 + dice.below(5) as i32) * 10_000 + 101);
        self.disability.push(dice.weighed(&[92, 2, 2, 2, 2]));
        self.mental.push(u8::from(dice.chance(2)));
        self.illness.push(u8::from(dice.chance(4)));
        let labour = if (16..60).contains(&age) { dice.weighed(&[80, 12, 8]) } else { 2 };
        self.labour.push(labour);
        let work = if labour == 2 { 4 } else { dice.weighed(&[30, 25, 25, 20, 0]) };
        self.work.push(work);
        self.jobless_known.push(u8::from(work == 3 && dice.chance(50)));
        self.jobless.push(u8::from(dice.chance(70)));
        self.deposits.push(if dice.chance(40) { 0 } else { dice.money(80_000) });
        self.exempt_known.push(u8::from(dice.chance(1)));
        self.exempt.push(dice.money(30_000));
        self.born.push((2025 - age as i32) * 10_000 + (month * 100 + day) as i32);
        let items: &[(u8, u64)] = match (labour, work) {
            (_, 0) => &[(0, 60_000), (2, 3_000)],
            (_, 1 | 2) => &[(0, 24_000), (1, 12_000)],
            (2, _) if age >= 60 => &[(4, 2_400), (3, 6_000)],
            _ => &[],
        };
        for (kind, most) in items {
            if *kind != 0 && !dice.chance(60) {
                continue;
            }
            self.income_kind.push(if dice.chance(2) { 5 } else { *kind });
            self.income_amount.push(dice.money(*most));
            self.income_months.push(if dice.chance(90) { 12 } else { 1 + dice.below(11) as i64 });
            self.crop_known.push(u8::from(*kind == 1 && dice.chance(30)));
            self.crop.push(dice.weighed(&[50, 30, 20]));
            self.crop_count.push(1 + dice.below(12) as i64);
            self.deduction_known.push(u8::from(dice.chance(10)));
            self.deduction.push(dice.money(2_000));
        }
        self.incomes.push(self.income_kind.len() as u32);
    }

    fn supporter(&mut self, dice: &mut Dice) {
        let ground = dice.weighed(&[10, 20, 70]);
        self.supporter_excused.push(dice.weighed(&[90, 6, 4]));
        self.supporter_ground.push(ground);
        self.supporter_agreed_known.push(u8::from(ground < 2));
        self.supporter_agreed.push(dice.money(1_000));
        self.supporter_people.push(1 + dice.below(5) as i64);
        self.supporter_income.push(dice.money(20_000));
        self.supporter_sides.push(1 + dice.below(3) as i64);
        self.supporter_unpaid.push(u8::from(dice.chance(5)));
    }

    /// The same as the evaluator reads it. Nothing is copied that can be moved.
    pub fn population(&self, env: &Environment, on: Date, region: &str) -> Population {
        let list = |name: &str, parent: Option<usize>| {
            env.lists.iter().position(|list| &*list.name == name && list.parent == parent).expect("a list of the guide")
        };
        let members = list("成员", None);
        let mut lists = BTreeMap::new();
        let mut add = |index: usize, starts: &[u32], columns: Vec<(&str, Column)>| {
            let columns = columns.into_iter().map(|(name, column)| (name.into(), column)).collect();
            lists.insert(index, Rows::new(starts.to_vec(), columns));
        };
        add(
            members,
            &self.members,
            vec![
                ("人员", Column::new(Data::Same(Value::Record(Arc::default())))),
                ("人员.出生日期", Column::new(Data::Dates(self.born.clone()))),
                ("与申请人关系", words(&self.relation, &RELATION)),
                ("婚姻状况", words(&self.marriage, &MARRIAGE)),
                ("长期共同居住", flags(&self.together)),
                ("不能独立生活", flags(&self.dependent)),
                ("在读", words(&self.schooling, &SCHOOLING)),
                ("不计入情形", words(&self.excluded, &EXCLUDED)),
                ("不计入至", known(Column::new(Data::Dates(self.excluded_until.clone())), &self.excluded_until_known)),
                ("残疾等级", words(&self.disability, &DISABILITY)),
                ("智力或精神残疾", flags(&self.mental)),
                ("重病", flags(&self.illness)),
                ("劳动能力", words(&self.labour, &LABOUR)),
                ("就业", words(&self.work, &WORK)),
                ("核实无业", known(flags(&self.jobless), &self.jobless_known)),
                ("存款", numbers(&self.deposits, 100)),
                ("豁免存款", known(numbers(&self.exempt, 100), &self.exempt_known)),
            ],
        );
        add(
            list("收入", Some(members)),
            &self.incomes,
            vec![
                ("类别", words(&self.income_kind, &INCOME)),
                ("金额", numbers(&self.income_amount, 100)),
                ("月数", numbers(&self.income_months, 1)),
                ("估算项目", known(words(&self.crop, &CROPS), &self.crop_known)),
                ("估算数量", known(numbers(&self.crop_count, 1), &self.crop_known)),
                ("必要扣除", known(numbers(&self.deduction, 100), &self.deduction_known)),
            ],
        );
        add(
            list("支出项", None),
            &self.costs,
            vec![
                ("金额", numbers(&self.cost_amount, 100)),
                ("月数", numbers(&self.cost_months, 1)),
                ("有票据", flags(&self.cost_receipt)),
            ],
        );
        add(
            list("赡养人", None),
            &self.supporters,
            vec![
                ("免除情形", words(&self.supporter_excused, &EXCUSED)),
                ("依据", words(&self.supporter_ground, &GROUND)),
                ("约定月额", known(numbers(&self.supporter_agreed, 100), &self.supporter_agreed_known)),
                ("户内人口", numbers(&self.supporter_people, 1)),
                ("户月收入", numbers(&self.supporter_income, 100)),
                ("赡养方数", numbers(&self.supporter_sides, 1)),
                ("确未支付", flags(&self.supporter_unpaid)),
            ],
        );
        for (name, starts, columns) in self.property() {
            add(list(name, None), starts, columns);
        }
        add(list("单独申请人", None), &vec![0; self.households + 1], Vec::new());
        let region = Value::Region(RegionCode::parse(region).expect("a region"));
        let values = [
            ("计算日", Column::new(Data::Same(Value::Date(on)))),
            ("属地", Column::new(Data::Same(region))),
            ("城乡", words(&self.place, &PLACE)),
        ];
        let values = values.into_iter().map(|(name, column)| (name.into(), column)).collect();
        Population { cases: self.households, values, lists }
    }

    /// Houses, vehicles and businesses.
    fn property(&self) -> [Listed<'_>; 3] {
        let reason = |flags: &[u8]| known(Column::new(Data::Same(Value::text("示例"))), flags);
        let house = vec![("用途", words(&self.house_use, &HOUSE)), ("豁免理由", reason(&self.house_exempt))];
        let vehicle = vec![("车型", words(&self.vehicle_kind, &VEHICLE)), ("豁免理由", reason(&self.vehicle_exempt))];
        let (running, capital) = (flags(&self.business_running), numbers(&self.business_capital, 100));
        let business = vec![("正常经营", running), ("认缴出资", capital)];
        [("房产", &self.houses, house), ("车辆", &self.vehicles, vehicle), ("经营实体", &self.businesses, business)]
    }
}

fn known(column: Column, known: &[u8]) -> Column {
    column.known_where(known.to_vec())
}

fn words(codes: &[u8], words: &[&str]) -> Column {
    Column::new(Data::Words { codes: codes.to_vec(), words: Words::new(words.iter().copied()) })
}

fn flags(values: &[u8]) -> Column {
    Column::new(Data::Flags(values.to_vec()))
}

fn numbers(values: &[i64], scale: i64) -> Column {
    Column::new(Data::Numbers { values: values.to_vec(), scale })
}
