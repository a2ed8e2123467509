//! Synthetic households: who lives together, how they are, what they earn and own.

use std::collections::{BTreeMap, BTreeSet};

use base::{CitizenNumber, Date, RegionCode, Sex};
use casework::event::{Datum, PersonRef, Row};

use crate::dice::Dice;
use crate::names::{self, Generation};

pub struct Household {
    pub village: RegionCode,
    pub applicant: PersonRef,
    /// Whether the township's clerk of the sign-ins is a brother of the applicant.
    pub of_clerk: bool,
    /// The facts of the application, by 标识.
    pub values: BTreeMap<String, Datum>,
}

impl Household {
    /// The one person of the household, if there is no other.
    pub fn alone(&self) -> Option<&PersonRef> {
        match self.values.get("members") {
            Some(Datum::Rows(rows)) if rows.len() == 1 => Some(&self.applicant),
            _ => None,
        }
    }
}

/// Makes households on a day; no citizen number is given twice.
pub struct Maker {
    dice: Dice,
    today: Date,
    taken: BTreeSet<CitizenNumber>,
}

fn text(text: impl Into<String>) -> Datum {
    Datum::Text(text.into())
}

fn row<const N: usize>(index: u32, columns: [(&str, Datum); N]) -> Row {
    Row { id: index + 1, columns: columns.map(|(key, value)| (key.to_owned(), value)).into() }
}

impl Maker {
    pub fn new(dice: Dice, today: Date) -> Self {
        Self { dice, today, taken: BTreeSet::new() }
    }

    pub fn person(&mut self, surname: &str, sex: Sex, years: u32, village: RegionCode) -> PersonRef {
        let generation = match years {
            0..=22 => Generation::Young,
            23..=54 => Generation::Grown,
            _ => Generation::Old,
        };
        let name = format!("{surname}{}", names::given(&mut self.dice, sex, generation));
        loop {
            let days = jiff::Span::new().days(self.dice.below(365)).years(years);
            let birth = self.today.saturating_sub(days);
            let sequence = self.dice.below(500) as u16 * 2 + u16::from(sex == Sex::Male);
            if let Ok(number) = CitizenNumber::compose(village, birth, sequence)
                && self.taken.insert(number)
            {
                return PersonRef { name, number: Some(number.as_str().to_owned()) };
            }
        }
    }

    pub fn household(&mut self, village: RegionCode) -> Household {
        let surname = names::surname(&mut self.dice);
        let shape = self.dice.weighted(&[(0, 30), (1, 25), (2, 25), (3, 20)]);
        let mut rows = Vec::new();
        let elder = self.dice.between(61, 85);
        let grown = self.dice.between(30, 52);
        let people: Vec<(&str, Sex, u32)> = match shape {
            0 => vec![("本人", Sex::Male, elder)],
            1 => vec![("本人", Sex::Male, elder), ("配偶", Sex::Female, elder - 2)],
            2 => vec![("本人", Sex::Male, grown), ("配偶", Sex::Female, grown - 1), ("子女", Sex::Female, grown - 25)],
            _ => vec![("本人", Sex::Female, grown), ("子女", Sex::Male, grown - 24)],
        };
        let poor = self.dice.chance(75);
        let (couple, elder_house) = (people.len() > 1 && people[1].0 == "配偶", shape < 2);
        for (index, (relation, sex, years)) in people.iter().enumerate() {
            let person = self.person(surname, *sex, *years, village);
            rows.push(self.member(index, relation, person, *years, poor, couple));
        }
        let applicant = match rows[0].columns.get("person") {
            Some(Datum::Person(person)) => person.clone(),
            _ => PersonRef { name: surname.to_owned(), number: None },
        };
        let kind = if self.dice.chance(4) {
            Some("轿车")
        } else if self.dice.chance(25) {
            Some("三轮车")
        } else {
            None
        };
        let vehicles = kind.map(|kind| row(0, [("kind", text(kind))])).into_iter().collect();
        let area = self.dice.between(45, 120);
        let supporters = if elder_house && self.dice.chance(50) { vec![self.supporter(surname)] } else { Vec::new() };
        let costs = if self.dice.chance(20) { vec![self.cost()] } else { Vec::new() };
        let kin = if self.dice.chance(4) { vec![self.kin()] } else { Vec::new() };
        let of_clerk = village.to_string().starts_with(crate::TOWNSHIP) && self.dice.chance(1);
        let values = BTreeMap::from([
            ("applicant".to_owned(), Datum::Person(applicant.clone())),
            ("phone".to_owned(), text(format!("1000{:07}", self.dice.below(10_000_000)))),
            ("home_region".to_owned(), text(village.to_string())),
            ("urban_rural".to_owned(), text("农村")),
            (
                "reason".to_owned(),
                text(self.dice.pick(&["年老体弱，没有收入来源", "因病花费大", "家里缺劳动力", "孩子上学，负担重"])),
            ),
            ("members".to_owned(), Datum::Rows(rows)),
            ("supporters".to_owned(), Datum::Rows(supporters)),
            ("costs".to_owned(), Datum::Rows(costs)),
            ("houses".to_owned(), Datum::Rows(vec![row(0, [("use", text("居住")), ("area", text(area.to_string()))])])),
            ("vehicles".to_owned(), Datum::Rows(vehicles)),
            ("businesses".to_owned(), Datum::Rows(Vec::new())),
            ("singles".to_owned(), Datum::Rows(Vec::new())),
            ("kin".to_owned(), Datum::Rows(kin)),
        ]);
        Household { village, applicant, of_clerk, values }
    }

    /// A son who lives apart, with what his own household earns.
    fn supporter(&mut self, surname: &str) -> Row {
        let name = format!("{surname}{}", names::given(&mut self.dice, Sex::Male, Generation::Grown));
        let people = self.dice.between(2, 5);
        let income = people * self.dice.between(400, 2_200);
        row(
            0,
            [
                ("name", text(name)),
                ("relation", text("子女")),
                ("agreed", Datum::Bool(self.dice.chance(90))),
                ("excused", text("无")),
                ("ground", text("按公式")),
                ("people", text(people.to_string())),
                ("family_income", text(income.to_string())),
                ("sides", text(self.dice.between(1, 2).to_string())),
                ("unpaid", Datum::Bool(false)),
            ],
        )
    }

    /// A member of a village committee who is a relative.
    fn kin(&mut self) -> Row {
        let surname = names::surname(&mut self.dice);
        let name = format!("{surname}{}", names::given(&mut self.dice, Sex::Male, Generation::Grown));
        let relation = self.dice.pick(&["兄弟姐妹", "子女", "其他近亲属"]);
        row(0, [("official", text(name)), ("relation", text(relation))])
    }

    fn cost(&mut self) -> Row {
        row(
            0,
            [
                ("kind", text(self.dice.pick(&["残疾康复照料", "重病治疗"]))),
                ("amount", text(self.dice.between(300, 6_000).to_string())),
                ("months", text("12")),
                ("receipts", Datum::Bool(self.dice.chance(80))),
            ],
        )
    }

    fn member(&mut self, index: usize, relation: &str, person: PersonRef, years: u32, poor: bool, couple: bool) -> Row {
        let working = (18..60).contains(&years);
        let disability =
            if self.dice.chance(18) { self.dice.pick(&["一级", "二级", "三级", "四级"]) } else { "无" };
        let mut income = Vec::new();
        let mut earn = |kind: &str, yuan: u32| {
            let columns = [("kind", text(kind)), ("amount", text(yuan.to_string())), ("months", text("12"))];
            income.push(Row { id: income.len() as u32 + 1, columns: columns.map(|(k, v)| (k.to_owned(), v)).into() });
        };
        if working {
            let (kind, low, high) = if poor { ("经营性", 600, 4_500) } else { ("工资性", 12_000, 40_000) };
            earn(kind, self.dice.between(low, high));
        } else if years >= 60 {
            earn("基础养老金", 1_716);
        }
        let flag = |b: bool| Datum::Bool(b);
        let able = working && !matches!(disability, "一级" | "二级");
        let marriage = match relation {
            "子女" => "未婚",
            _ if couple => "已婚",
            _ if years >= 60 => "丧偶",
            _ => "离异",
        };
        let work = match (able, poor) {
            (false, _) => "不适用",
            (true, true) => "务农",
            (true, false) => "灵活就业",
        };
        let schooling = if years < 18 { "高中及以下" } else { "不在读" };
        let columns = [
            ("person", Datum::Person(person)),
            ("relation", text(relation)),
            ("marriage", text(marriage)),
            ("lives_together", flag(true)),
            ("dependent", flag(false)),
            ("schooling", text(schooling)),
            ("excluded", text("无")),
            ("disability", text(disability)),
            ("mental_disability", flag(false)),
            ("severe_illness", flag(self.dice.chance(10))),
            ("labour", text(if able { "有" } else { "无" })),
            ("work", text(work)),
            ("authorised", flag(true)),
            ("deposits", text(self.dice.between(0, 6_000).to_string())),
            ("income", Datum::Rows(income)),
        ];
        Row { id: index as u32 + 1, columns: columns.map(|(k, v)| (k.to_owned(), v)).into() }
    }
}
