//! What a family writes on the application form of the shipped guide, entry by entry as they would type it.

use base::Date;
use casework::intake::Entries;

use super::dice::Dice;
use super::families::{Family, Health, Means, Member, Relation, Shape, Work};

/// A form while it is being filled in.
#[derive(Default)]
pub struct Form(pub Entries);

impl Form {
    pub fn put(&mut self, path: impl Into<String>, text: impl ToString) -> &mut Self {
        self.0.insert(path.into(), text.to_string());
        self
    }

    /// One row of a roster; `number` counts from 1.
    pub fn row(&mut self, roster: &str, number: usize, cells: &[(&str, String)]) {
        for (column, text) in cells {
            self.put(format!("{roster}.{number}.{column}"), text);
        }
    }
}

/// What an application is made from besides the family.
pub struct Occasion<'a> {
    pub day: Date,
    /// Yuan a month and head that the family's place goes by; only to draw plausible incomes.
    pub line: u32,
    /// One grown member has not yet signed the authorisation.
    pub unsigned: bool,
    /// Name and relation of a member of staff whom the applicant declares as a relative.
    pub kin: Option<(&'a str, &'a str)>,
    /// Receipt number of a former case.
    pub former: Option<&'a str>,
}

pub fn application(family: &Family, occasion: &Occasion, dice: &mut Dice) -> Entries {
    let mut form = Form::default();
    let applicant = &family.members[0];
    form.put("申请人", &applicant.name)
        .put("申请人身份证号", applicant.number.as_str())
        .put("联系电话", &family.phone)
        .put("所在村居", family.village)
        .put("城乡类别", if family.urban { "城市" } else { "农村" })
        .put("申请理由", reason(family));
    if let Some(former) = occasion.former {
        form.put("原办件号", former);
    }
    form.0.extend(member_rows(family, occasion.day, occasion.unsigned));
    for (path, text) in incomes(family, occasion.line, dice) {
        form.put(path, text);
    }
    property(family, occasion.line, dice, &mut form);
    burdens(family, dice, &mut form);
    if let Some((name, relation)) = occasion.kin {
        let cells = [("工作人员姓名", name.to_owned()), ("关系", relation.to_owned())];
        form.row("近亲属申报", 1, &cells);
    }
    form.0
}

fn reason(family: &Family) -> &'static str {
    match family.shape {
        Shape::ElderAlone => "年纪大了，一个人生活，地里的活干不动，没有别的收入。",
        Shape::ElderCouple => "老两口年老体弱，子女也不宽裕，生活靠少量养老金和几分地。",
        Shape::DisabledAlone => "本人有残疾，不能外出务工，生活困难。",
        Shape::SingleParent => "一个人带孩子，打零工收入不稳，孩子上学负担重。",
        Shape::Couple => "家里有人得了重病，看病花费大，只有一个人能干活。",
        Shape::ThreeGenerations => "上有老人下有孩子，劳力少，收入不够一家人生活。",
        Shape::GrandparentAndChild => "孩子的父母联系不上，由老人抚养，没有固定收入。",
        Shape::DisabledAdultAndParents => "成年子女重度残疾，父母年迈，需要长期照护。",
    }
}

/// The roster of members; where `unsigned`, the last of them has not signed the authorisation.
pub fn member_rows(family: &Family, day: Date, unsigned: bool) -> Entries {
    let mut form = Form::default();
    for (index, member) in family.members.iter().enumerate() {
        let signed = !(unsigned && index + 1 == family.members.len());
        let mut cells = vec![
            ("姓名", member.name.clone()),
            ("身份证号", member.number.as_str().to_owned()),
            ("与申请人关系", relation(member).to_owned()),
            ("不能独立生活", yes(member.severely_disabled() && member.relation == Relation::Child)),
            ("在读情况", schooling(member, day).to_owned()),
            ("不计入情形", if member.away { "监狱服刑" } else { "无" }.to_owned()),
            ("劳动能力", ability(member, day).to_owned()),
            ("残疾等级", grade(member).to_owned()),
            ("核对授权", yes(signed)),
        ];
        let categories = categories(family, member);
        if !categories.is_empty() {
            cells.push(("分类施保类别", categories.join("、")));
        }
        if signed {
            cells.push(("授权日期", day.to_string()));
        }
        form.row("家庭成员", index + 1, &cells);
    }
    form.0
}

fn yes(truth: bool) -> String {
    if truth { "是" } else { "否" }.to_owned()
}

fn relation(member: &Member) -> &'static str {
    match member.relation {
        Relation::Applicant => "本人",
        Relation::Spouse => "配偶",
        Relation::Child => "子女",
        Relation::Parent => "父母",
        Relation::Grandchild => "孙子女",
    }
}

fn schooling(member: &Member, day: Date) -> &'static str {
    match (member.work, member.age(day)) {
        (Work::Student, 7..=18) => "高中及以下",
        (Work::Student, 19..) => "大专或本科",
        _ => "不在读",
    }
}

fn ability(member: &Member, day: Date) -> &'static str {
    match (member.work, member.health) {
        (Work::Unable | Work::Student, _) => "无",
        (_, Health::Disabled { .. } | Health::SeverelyIll) => "部分",
        _ if member.age(day) >= 60 => "部分",
        _ => "完全",
    }
}

fn grade(member: &Member) -> &'static str {
    match member.health {
        Health::Disabled { grade } => ["一级", "二级", "三级", "四级"][usize::from(grade.clamp(1, 4)) - 1],
        _ => "无",
    }
}

fn categories(family: &Family, member: &Member) -> Vec<&'static str> {
    let mut found = Vec::new();
    if member.health == Health::SeverelyIll {
        found.push("重病");
    }
    if family.shape == Shape::SingleParent && member.relation == Relation::Child {
        found.push("单亲");
    }
    let workers = family.members.iter().any(|m| !matches!(m.work, Work::Unable | Work::Student));
    if !workers && family.members.len() > 2 && member.relation == Relation::Applicant {
        found.push("缺乏劳动力");
    }
    found
}

/// The income roster of the last twelve months, drawn so that the family stands where its means say.
pub fn incomes(family: &Family, line: u32, dice: &mut Dice) -> Entries {
    let share = match family.means {
        Means::Poor | Means::Propertied => dice.between(12, 82),
        Means::NearTheLine => dice.between(104, 140),
        Means::Comfortable => dice.between(165, 280),
    };
    income_rows(family, line * share / 100, dice)
}

/// Incomes that give about so many yuan a month and head.
pub fn income_rows(family: &Family, per_head: u32, dice: &mut Dice) -> Entries {
    let mut form = Form::default();
    let counted: Vec<&Member> = family.members.iter().filter(|m| !m.away).collect();
    let earners: Vec<&&Member> =
        counted.iter().filter(|m| matches!(m.work, Work::Wage | Work::Casual | Work::Farming)).collect();
    let year = per_head * counted.len() as u32 * 12;
    let sources = earners.len().max(1) as u32;
    let earner_or_applicant = if earners.is_empty() { vec![&counted[0]] } else { earners };
    for (index, member) in earner_or_applicant.iter().enumerate() {
        let part = year / sources / 10 * 10;
        let (kind, amount, cost) = match member.work {
            // A fifth of wages is taken off as the cost of working; the amount is grossed up for that.
            Work::Wage | Work::Casual => ("工资性", part * 5 / 4, 0),
            Work::Farming => ("经营性", part + part / 4, part / 4),
            _ => (dice.pick(&["转移性", "财产性"]), part, 0),
        };
        let cells = [
            ("所属成员", member.name.clone()),
            ("类别", kind.to_owned()),
            ("金额", amount.to_string()),
            ("月数", "12".to_owned()),
            ("必要扣除", cost.to_string()),
        ];
        form.row("收入", index + 1, &cells);
    }
    form.0
}

fn property(family: &Family, line: u32, dice: &mut Dice, form: &mut Form) {
    let heads = family.members.iter().filter(|m| !m.away).count() as u32;
    let owner = &family.members[0].name;
    let row = |form: &mut Form, number: usize, kind: &str, value: Option<u32>| {
        let mut cells = vec![("权利人", owner.clone()), ("财产类别", kind.to_owned())];
        cells.extend(value.map(|value| ("价值", value.to_string())));
        form.row("财产", number, &cells);
    };
    row(form, 1, "住房", None);
    let saved = if family.means == Means::Propertied && dice.chance(50) {
        line * heads * dice.between(30, 70)
    } else {
        line * heads * dice.between(1, 14)
    };
    row(form, 2, "存款", Some(saved / 100 * 100));
    if family.means == Means::Propertied {
        row(form, 3, dice.pick(&["机动车", "商业用房"]), Some(dice.between(30, 90) * 1_000));
    } else if family.members.iter().any(Member::severely_disabled) && dice.chance(30) {
        row(form, 3, "残疾人代步车", Some(2_400));
    }
}

/// Costs of illness, children who owe support, and members who would apply alone.
fn burdens(family: &Family, dice: &mut Dice, form: &mut Form) {
    let (mut costs, mut alone) = (0, 0);
    for member in family.members.iter().filter(|m| !m.away) {
        let kind = match member.health {
            Health::SeverelyIll => "重病",
            Health::Disabled { .. } if member.severely_disabled() => "残疾",
            _ => continue,
        };
        if dice.chance(40) {
            costs += 1;
            let amount = (dice.between(6, 60) * 100).to_string();
            let cells = [
                ("支出人", member.name.clone()),
                ("支出类别", kind.to_owned()),
                ("自负金额", amount),
                ("支出月数", "12".to_owned()),
            ];
            form.row("刚性支出", costs, &cells);
        }
        if family.means == Means::NearTheLine {
            alone += 1;
            let kind = if kind == "残疾" { "重度残疾" } else { kind };
            let own = (dice.below(4) * 60).to_string();
            let cells = [("成员姓名", member.name.clone()), ("本人月收入", own), ("困难类别", kind.to_owned())];
            form.row("单独申请成员", alone, &cells);
        }
    }
    for (index, child) in family.children_apart.iter().enumerate() {
        let cells = [
            ("赡养人姓名", child.name.clone()),
            ("关系", "子女".to_owned()),
            ("赡养人家庭人数", child.household.to_string()),
            ("赡养人家庭月收入", child.income.to_string()),
            ("供养方数", if child.household > 3 { "2" } else { "1" }.to_owned()),
            ("同意核对", "是".to_owned()),
        ];
        form.row("赡养人", index + 1, &cells);
    }
}
