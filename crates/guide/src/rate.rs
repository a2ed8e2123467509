//! Which value of a parameter holds, by region and date.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Date, Decimal, RegionCode, format_date};
use formula::{Missing, RateUse, Rates};

use crate::model::{RateRow, RateTable};

/// Values laid over the table, whatever the region and date: scenarios, what-if, fixtures.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    pub values: BTreeMap<Arc<str>, Decimal>,
    /// What explanations name as the reference of an overlaid value, for example 算例给定.
    pub reference: String,
}

/// The parameters as formulas read them.
#[derive(Clone, Copy, Debug)]
pub struct RatesAt<'a> {
    pub table: &'a RateTable,
    /// The region and all above it, the most specific first.
    pub regions: &'a [RegionCode],
    pub date: Date,
    pub overlay: &'a Overlay,
}

impl RateTable {
    /// The row in force: of the most specific region that has one, the latest that has begun (design, section 2).
    /// `regions` runs from the most specific to the province; rows for the whole country come last.
    /// No row in force is `Missing` and names the parameter; it is never zero.
    pub fn lookup(&self, name: &str, regions: &[RegionCode], date: Date) -> Result<&RateRow, Missing> {
        let begun: Vec<&RateRow> = self.rows.iter().filter(|r| &*r.name == name && r.from <= date).collect();
        let places = regions.iter().map(|region| Some(*region)).chain([None]);
        let latest = |place| begun.iter().filter(|r| r.region == place).max_by_key(|r| r.from);
        places.into_iter().find_map(latest).copied().ok_or_else(|| self.missing(name, regions, date))
    }

    fn missing(&self, name: &str, regions: &[RegionCode], date: Date) -> Missing {
        let place = regions.first().map_or_else(|| "全国".to_owned(), ToString::to_string);
        Missing::new(format!("参数“{name}”在{}没有适用于{place}的值", format_date(date)))
    }
}

impl Rates for RatesAt<'_> {
    fn rate(&self, name: &str) -> Result<RateUse, Missing> {
        if let Some(value) = self.overlay.values.get(name) {
            // The unit of a parameter is the same in all its rows; the checker sees to it.
            let unit = self.table.rows.iter().find(|r| &*r.name == name).map(|r| r.unit.clone());
            return Ok(RateUse {
                value: *value,
                unit: unit.unwrap_or_default(),
                from: self.date,
                reference: self.overlay.reference.clone(),
                example: true,
            });
        }
        self.table.lookup(name, self.regions, self.date).map(|row| RateUse {
            value: row.value,
            unit: row.unit.clone(),
            from: row.from,
            reference: row.reference.clone(),
            example: row.example,
        })
    }
}

#[cfg(test)]
mod tests {
    use base::Location;

    use super::*;

    fn table() -> RateTable {
        let row = |region: Option<&str>, value: i64, from: (i16, i8, i8)| RateRow {
            name: "标准".into(),
            region: region.map(|r| RegionCode::parse(r).unwrap()),
            value: Decimal::from(value),
            unit: "元".into(),
            from: Date::constant(from.0, from.1, from.2),
            reference: "示例".into(),
            example: true,
            location: Location::new("rates.md", 0..0),
        };
        RateTable {
            rows: vec![
                row(None, 100, (2024, 1, 1)),
                row(None, 110, (2026, 1, 1)),
                row(Some("410325"), 200, (2025, 7, 1)),
                row(Some("4103"), 150, (2025, 1, 1)),
            ],
        }
    }

    fn at(date: (i16, i8, i8), overlay: &Overlay) -> Result<Decimal, String> {
        let regions = ["410325101999", "410325101", "410325", "4103", "41"].map(|r| RegionCode::parse(r).unwrap());
        let date = Date::constant(date.0, date.1, date.2);
        let rates = RatesAt { table: &table(), regions: &regions, date, overlay };
        rates.rate("标准").map(|r| r.value).map_err(|m| m.what)
    }

    #[test]
    fn the_most_specific_region_in_force_wins() {
        let none = Overlay::default();
        assert_eq!(at((2024, 6, 1), &none), Ok(100.into()));
        assert_eq!(at((2025, 6, 30), &none), Ok(150.into()));
        assert_eq!(at((2025, 7, 1), &none), Ok(200.into()));
        assert_eq!(at((2026, 7, 1), &none), Ok(200.into()));
        assert_eq!(table().lookup("标准", &[], Date::constant(2026, 7, 1)).unwrap().value, 110.into());
        let missing = "参数“标准”在2023年12月31日没有适用于410325101999的值";
        assert_eq!(at((2023, 12, 31), &none), Err(missing.to_owned()));
    }

    #[test]
    fn an_overlay_stands_above_the_table() {
        let overlay = Overlay { values: [("标准".into(), 7.into())].into(), reference: "算例给定".into() };
        assert_eq!(at((2023, 1, 1), &overlay), Ok(7.into()));
    }
}
