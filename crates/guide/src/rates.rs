//! Which rate holds where and when.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use base::{Date, DateTime, Level, RegionCode, Regions};
use formula::{Rate, RateRequest, Rates, Value};

use crate::model::{Parameter, RateRow};

/// The rates of all regions, with what a what-if, a fixture or a scenario lays over them.
#[derive(Clone, Debug)]
pub struct RateBook {
    parameters: BTreeMap<Arc<str>, Parameter>,
    rows: BTreeMap<Arc<str>, Vec<RateRow>>,
    /// Rows that cases have set, each with when it was written; shared by all that was made from one book.
    decided: Arc<RwLock<Vec<(DateTime, RateRow)>>>,
    /// Until when such rows are known; without it, all.
    known_until: Option<DateTime>,
    overlays: Vec<Overlay>,
    regions: Arc<Regions>,
}

/// A value that shadows the rates of every region.
#[derive(Clone, Debug)]
pub struct Overlay {
    pub parameter: String,
    pub key: Vec<String>,
    pub from: Date,
    pub value: Value,
}

impl RateBook {
    pub fn new<'p>(
        parameters: impl IntoIterator<Item = &'p Parameter>,
        rows: impl IntoIterator<Item = RateRow>,
        regions: Arc<Regions>,
    ) -> Self {
        let parameters = parameters.into_iter().map(|p| (p.name.clone(), p.clone())).collect();
        let mut by_name: BTreeMap<Arc<str>, Vec<RateRow>> = BTreeMap::new();
        for row in rows {
            by_name.entry(row.parameter.clone()).or_default().push(row);
        }
        let (decided, known_until) = (Arc::default(), None);
        Self { parameters, rows: by_name, decided, known_until, overlays: Vec::new(), regions }
    }

    /// Takes up the rows that cases have set, in place of those known before.
    pub fn decide(&self, rows: Vec<(DateTime, RateRow)>) {
        *self.decided.write().unwrap_or_else(PoisonError::into_inner) = rows;
    }

    /// The same rates as they were known at a moment, as far as cases set them.
    #[must_use]
    pub fn known_at(&self, at: DateTime) -> Self {
        Self { known_until: Some(at), ..self.clone() }
    }

    /// The same rates with values laid over them.
    pub fn overlaid(&self, overlays: Vec<Overlay>) -> Self {
        Self { overlays: self.overlays.iter().cloned().chain(overlays).collect(), ..self.clone() }
    }

    /// The row that holds: the latest that has begun; what a case has set goes before a file, and the later before the
    /// earlier.
    fn row(&self, request: &RateRequest, region: RegionCode) -> Option<Cow<'_, RateRow>> {
        let holds = |row: &&RateRow| row.region == region && row.key == request.key && row.from <= request.date;
        let written = self.rows.get(request.parameter).into_iter().flatten().filter(holds).max_by_key(|row| row.from);
        let decided = self.decided.read().unwrap_or_else(PoisonError::into_inner);
        let known = decided.iter().filter(|(at, _)| self.known_until.is_none_or(|until| *at <= until));
        let own = known.filter(|(_, row)| *row.parameter == *request.parameter && holds(&row));
        let decided = own.max_by_key(|(at, row)| (row.from, *at)).map(|(_, row)| row);
        let later = |decided: &&RateRow| written.is_none_or(|written| written.from <= decided.from);
        match decided.filter(later) {
            Some(decided) => Some(Cow::Owned(decided.clone())),
            None => written.map(Cow::Borrowed),
        }
    }

    fn place(&self, region: RegionCode) -> String {
        if region == RegionCode::NATION {
            return "全国".to_owned();
        }
        self.regions.name(region).map_or_else(|| region.to_string(), str::to_owned)
    }
}

impl Rates for RateBook {
    fn rate(&self, request: &RateRequest) -> Result<Rate, String> {
        let key = if request.key.is_empty() { String::new() } else { format!("({})", request.key.join("、")) };
        let over = self.overlays.iter().filter(|o| o.parameter == request.parameter && o.key == request.key);
        if let Some(over) = over.filter(|o| o.from <= request.date).max_by_key(|o| o.from) {
            let document = "给定".to_owned();
            return Ok(Rate {
                value: over.value.clone(),
                region: self.place(request.region),
                from: over.from,
                document,
            });
        }
        let parameter =
            self.parameters.get(request.parameter).ok_or_else(|| format!("没有参数“{}”", request.parameter))?;
        let levels = [Some(Level::Township), Some(Level::County), Some(Level::City), Some(Level::Province), None];
        let from_own =
            levels.into_iter().skip_while(|level| *level != parameter.level && parameter.level != Some(Level::Village));
        for level in from_own {
            let region = level.map_or(RegionCode::NATION, |level| request.region.at(level));
            match self.row(request, region).as_deref() {
                Some(RateRow { value: Some(value), from, document, .. }) => {
                    let (value, from, document) = (value.clone(), *from, document.clone());
                    return Ok(Rate { value, region: self.place(region), from, document });
                }
                Some(row) => {
                    let place = self.place(region);
                    return Err(format!("参数“{}{key}”在{place}自 {} 起停止", request.parameter, row.from));
                }
                None if parameter.inherit => {}
                None => break,
            }
        }
        let place = self.place(parameter.level.map_or(RegionCode::NATION, |level| request.region.at(level)));
        Err(format!("没有参数“{}{key}”在{place} {} 的值", request.parameter, request.date))
    }
}
