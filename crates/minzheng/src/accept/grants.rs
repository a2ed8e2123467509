//! Fixtures of grants: the shipped guide's form, filled in as people fill it, with the fixture's rates laid over the guide's.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{CitizenNumber, Date, Decimal, RegionCode};
use casework::assess::assess_facts;
use casework::intake::{Entries, Reader};
use casework::{Bureau, scenario};
use formula::{Evaluation, Value};
use guide::{Guide, Overlay};

use super::{Row, same};

const SERVICE: &str = "dibao";

/// Supplements by the fixture's word: the guide's word, the rate's name, the example rate in per cent.
const SUPPLEMENTS: [(&str, &str, &str, u32); 7] = [
    ("severe_disability", "重度残疾", "重度残疾增发比例", 30),
    ("severe_illness", "重病", "重病增发比例", 30),
    ("aged", "高龄", "高龄增发比例", 20),
    ("zero_employment", "零就业", "零就业增发比例", 20),
    ("lacking_labour", "缺乏劳动力", "缺乏劳动力增发比例", 20),
    ("minor", "未成年", "未成年增发比例", 10),
    ("single_parent", "单亲", "单亲增发比例", 10),
];

/// Everything that is the same for all rows.
pub struct Grants<'a> {
    bureau: &'a Bureau,
    guide: &'a Guide,
    place: RegionCode,
    day: Date,
    /// Somebody of working age: neither age alone supplements.
    number: CitizenNumber,
}

impl<'a> Grants<'a> {
    pub fn new(bureau: &'a Bureau) -> Result<Self, String> {
        let guide = bureau.guides.service(SERVICE).ok_or_else(|| format!("没有“{SERVICE}”的指南"))?;
        let day = Date::constant(2026, 7, 1);
        let birth = Date::constant(1985, 3, 1);
        let number = CitizenNumber::compose(bureau.region, birth, 1).map_err(|e| e.to_string())?;
        Ok(Self { bureau, guide, place: scenario::place_for(bureau), day, number })
    }

    /// Whether outcome and grant of the row come out as given.
    pub fn check(&self, row: &Row) -> Result<(), String> {
        let reader = Reader { regions: &self.bureau.regions, region: self.bureau.region, today: self.day };
        let facts = reader.read(&self.guide.form, &self.entries(row)?).map_err(|errors| {
            let first = errors.first().map(|e| format!("{}：{}", e.path, e.message)).unwrap_or_default();
            format!("申请表没有读进去，有{}处：{first}", errors.len())
        })?;
        let chain = self.bureau.chain(self.place);
        let evaluation = assess_facts(self.guide, &facts, self.day, &chain, &rates(row.read("standard")?));
        let outcome = outcome(&evaluation)?;
        same("结论", row.get("outcome")?.trim(), outcome)?;
        same("月保障金额", row.read::<Decimal>("grant")?, number(&evaluation, "月保障金额")?)
    }

    /// The application as typed.
    fn entries(&self, row: &Row) -> Result<Entries, String> {
        let mut entries = Entries::new();
        let mut put = |path: String, text: &str| entries.insert(path, text.to_owned());
        put("申请人".to_owned(), "张三");
        put("申请人身份证号".to_owned(), self.number.as_str());
        put("联系电话".to_owned(), "03796000000");
        put("所在村居".to_owned(), &self.place.to_string());
        put("城乡类别".to_owned(), "农村");
        let supplements = list(row.get("supplements")?);
        for member in 1..=row.read::<usize>("members")? {
            let cell = |column: &str| format!("家庭成员.{member}.{column}");
            put(cell("姓名"), &format!("成员{member}"));
            put(cell("身份证号"), self.number.as_str());
            put(cell("与申请人关系"), if member == 1 { "本人" } else { "配偶" });
            put(cell("劳动能力"), "完全");
            put(cell("核对授权"), "是");
            if let Some(words) = supplements.get(member - 1) {
                put(cell("分类施保类别"), &words_of(words)?);
            }
        }
        let income = [("所属成员", "成员1"), ("类别", "转移性"), ("金额", row.get("income")?.trim()), ("月数", "1")];
        for (column, text) in income {
            put(format!("收入.1.{column}"), text);
        }
        match row.get("property")?.trim() {
            "pass" => {}
            "fail" => {
                put("财产.1.权利人".to_owned(), "成员1");
                put("财产.1.财产类别".to_owned(), "机动车");
            }
            other => return Err(format!("“property”栏的“{other}”读不懂")),
        }
        for (index, person) in list(row.get("single_persons")?).iter().enumerate() {
            let (own, word) = person.split_once(':').ok_or_else(|| format!("“{person}”应为 收入:类别"))?;
            let cell = |column: &str| format!("单独申请成员.{}.{column}", index + 1);
            put(cell("成员姓名"), &format!("成员{}", index + 1));
            put(cell("本人月收入"), own);
            put(cell("困难类别"), word_of(word)?);
        }
        Ok(entries)
    }
}

/// Entries joined by `;`; an empty cell has none.
fn list(cell: &str) -> Vec<&str> {
    cell.split(';').map(str::trim).filter(|entry| !entry.is_empty()).collect()
}

/// `aged+minor` as the guide's choices.
fn words_of(words: &str) -> Result<String, String> {
    let words: Result<Vec<&str>, String> = words.split('+').map(word_of).collect();
    Ok(words?.join("、"))
}

fn word_of(word: &str) -> Result<&'static str, String> {
    let known = SUPPLEMENTS.iter().find(|(name, ..)| *name == word.trim());
    known.map(|(_, chinese, ..)| *chinese).ok_or_else(|| format!("不认识的类别“{word}”"))
}

/// The fixture's standard and the example parameters of its README, laid over the guide's.
fn rates(standard: Decimal) -> Overlay {
    let mut values: BTreeMap<Arc<str>, Decimal> =
        SUPPLEMENTS.iter().map(|(_, _, rate, percent)| ((*rate).into(), Decimal::new((*percent).into(), 2))).collect();
    values.insert("城市低保标准".into(), standard);
    values.insert("农村低保标准".into(), standard);
    values.insert("边缘倍数".into(), Decimal::new(15, 1));
    Overlay { values, reference: "验收数据给定".to_owned() }
}

fn outcome(evaluation: &Evaluation) -> Result<&'static str, String> {
    match (text(evaluation, "结论")?.as_str(), text(evaluation, "不予理由")?) {
        ("家庭低保", _) => Ok("household_grant"),
        ("单人低保", _) => Ok("single_grant"),
        ("低保边缘", _) => Ok("edge"),
        ("不符合", reason) if reason.starts_with("家庭财产") => Ok("refused_property"),
        ("不符合", _) => Ok("refused_income"),
        (other, _) => Err(format!("结论“{other}”不在四类之中")),
    }
}

fn text(evaluation: &Evaluation, name: &str) -> Result<String, String> {
    match evaluation.value(name) {
        Some(Value::Text(text)) => Ok(text.to_string()),
        Some(Value::Missing(missing)) => Err(format!("“{name}”算不出：{missing}")),
        _ => Err(format!("指南没有“{name}”")),
    }
}

fn number(evaluation: &Evaluation, name: &str) -> Result<Decimal, String> {
    match evaluation.value(name) {
        Some(Value::Number(number)) => Ok(*number),
        Some(Value::Missing(missing)) => Err(format!("“{name}”算不出：{missing}")),
        _ => Err(format!("指南没有“{name}”")),
    }
}
