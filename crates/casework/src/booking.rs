//! 记账: the only way from a step to the ledger.

use base::{Fen, Month};
use formula::{Assessment, Value};
use guide::model::{Effect, Fill};
use ledger::{Account, Heading, Period, Source, Transfer, Unit};

use crate::decide::Draft;
use crate::event::Event;
use crate::grants::fen;
use crate::refusal::{Code, Refusal};
use crate::results::{At, read_in, unknown, written};

impl Draft<'_> {
    /// An amount that a step moves; whether there is enough of it is for the ledger to say.
    pub(crate) fn book(
        &self,
        (from, to): (Heading, Heading),
        effect: &Effect,
        seen: (&Assessment, Option<At>),
    ) -> Result<Event, Refusal> {
        let value = |name: &str| {
            let fill = effect.set.iter().find(|(known, _)| known == name);
            let Some((_, Fill::Value(expression))) = fill else { return Ok(None) };
            let value = read_in(seen, expression).map_err(|why| unknown(name, &why.to_string()))?;
            Ok::<_, Refusal>(Some((value, expression)))
        };
        let text = |name: &str| {
            let text = value(name)?.map(|(value, expression)| written(&value, &expression.ty));
            Ok::<_, Refusal>(text.unwrap_or_default())
        };
        let wrong =
            |name: &str, why: &str| Refusal::new(Code::R107, format!("记账的“{name}”{why}"), "请核对填写的内容");
        let number = |name: &str| match value(name)? {
            Some((value, _)) => Ok(value.number()),
            None => Ok::<_, Refusal>(None),
        };
        let period = match value("月份")? {
            Some((Value::Month(month), _)) => Period::Month(month),
            _ => {
                let year = number("年度")?.filter(|year| year.is_integer());
                let year = year.and_then(|year| i16::try_from(year.to_integer()).ok());
                Period::Year(
                    year.filter(|year| Month::new(*year, 1).is_some()).ok_or_else(|| wrong("年度", "不是年份"))?,
                )
            }
        };
        let source = match &*text("来源")? {
            "" => None,
            name => Some(Source::of_name(name).ok_or_else(|| wrong("来源", "不是资金来源"))?),
        };
        let (unit, amount) = match &*text("物资")? {
            "" => (Unit::Fen, number("金额")?.and_then(fen).map(|Fen(fen)| fen)),
            item => {
                let amount = number("金额")?.filter(|amount| amount.is_integer());
                let unit = Unit::Goods { item: item.to_owned(), unit: text("单位")? };
                (unit, amount.and_then(|amount| i64::try_from(amount.to_integer()).ok()))
            }
        };
        let amount = amount.filter(|amount| *amount > 0).ok_or_else(|| wrong("金额", "应当大于零，元以下最多两位"))?;
        let (programme, owner) = (text("项目")?, text("户主")?);
        let account = |heading: Heading| Account {
            heading,
            source,
            programme: programme.clone(),
            period,
            owner: if heading.is_owned() { owner.clone() } else { String::new() },
            unit: unit.clone(),
        };
        let transfer = Transfer { from: account(from), to: account(to), amount };
        let party = if owner.is_empty() { self.state.applicant.clone() } else { owner.clone() };
        Ok(Event::Booked { party, about: self.state.subject.clone(), transfers: vec![transfer] })
    }
}
