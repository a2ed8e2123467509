//! Which rate holds where and when.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Date, Level, RegionCode, Regions};
use formula::{Rate, RateRequest, Rates, Value};

use crate::model::{Parameter, RateRow};

/// The rates of all regions, with what a what-if, a fixture or a scenario lays over them.
#[derive(Clone, Debug)]
pub struct RateBook {
    parameters: BTreeMap<Arc<str>, Parameter>,
    rows: BTreeMap<Arc<str>, Vec<RateRow>>,
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
        Self { parameters, rows: by_name, overlays: Vec::new(), regions }
    }

    /// The same rates with values laid over them.
    pub fn overlaid(&self, overlays: Vec<Overlay>) -> Self {
        Self { overlays: self.overlays.iter().cloned().chain(overlays).collect(), ..self.clone() }
    }

    fn row(&self, request: &RateRequest, region: RegionCode) -> Option<&RateRow> {
        let rows = self.rows.get(request.parameter)?.iter();
        let holds = |row: &&RateRow| row.region == region && row.key == request.key && row.from <= request.date;
        rows.filter(holds).max_by_key(|row| row.from)
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
            match self.row(request, region) {
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
