//! How cases open, as values.

use std::sync::Arc;

use base::Date;
use formula::{Expression, Type};

/// `## 启动`: a way in.
#[derive(Clone, Debug)]
pub struct Start {
    pub name: Arc<str>,
    pub key: Arc<str>,
    pub when: When,
    /// 对每个: the entitlement over which it opens cases; facts and grants of the case before are taken over.
    pub over: Option<usize>,
    /// 对每个: the register for whose rows it opens cases, a case a row; by its place among those that may be written.
    pub rows: Option<usize>,
    /// 若: of which rows or entitlements. What cannot be decided is begun, so that no duty is lost.
    pub filter: Option<Expression>,
    /// The steps that open first.
    pub first: Vec<usize>,
}

/// 何时 of a start.
#[derive(Clone, Debug)]
pub enum When {
    /// 提交: whoever may do its first step submits it.
    Submit,
    /// `日期 后 长度` or `日期 前 长度`: opened by the system so long after or before a day that the case before knows.
    Counted(Counted),
    /// 由 效果: opened by an effect of another case.
    ByEffect,
    /// `每年 03-31`, `每日 08:00`: opened by the calendar.
    Calendar(base::Recurrence),
    /// `登记 台账`: opened when a row comes into the register.
    Registered,
}

/// From which day a start is counted, and how far.
#[derive(Clone, Debug)]
pub struct Counted {
    /// Without one (上次复核日) the day on which the last case was closed that the calendar did not begin.
    pub from: Option<Box<Expression>>,
    /// In 个月 or 日.
    pub length: Box<Expression>,
    pub back: bool,
}

impl Counted {
    /// The day that lies so far after or before another.
    pub fn reach(&self, from: Date, far: formula::Rational) -> Option<Date> {
        let far = i32::try_from(far.to_integer()).ok()?;
        let far = if self.back { -far } else { far };
        let in_days = self.length.ty.fits(&Type::Number(formula::Unit::DAYS));
        let span = if in_days { jiff::Span::new().try_days(far) } else { jiff::Span::new().try_months(far) };
        Some(from.saturating_add(span.ok()?))
    }
}
