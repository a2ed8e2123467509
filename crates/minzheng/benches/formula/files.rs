//! The generated county as Parquet files, which the peers read.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::people::Sample;

/// Rows of a row group.
const GROUP: usize = 1 << 20;

/// A column: small whole numbers or 64 bits, and where there is none.
enum Cells<'a> {
    Small(&'a [u8]),
    Day(&'a [i32]),
    Wide(&'a [i64]),
    SmallOr(&'a [u8], &'a [u8]),
    DayOr(&'a [i32], &'a [u8]),
    WideOr(&'a [i64], &'a [u8]),
    /// 1, or nothing.
    Mark(&'a [u8]),
}

/// Rows of a file without the values that are not there.
fn present<T: Copy, U>(values: &[T], known: Option<&[u8]>, into: impl Fn(T) -> U) -> Vec<U> {
    match known {
        None => values.iter().map(|value| into(*value)).collect(),
        Some(known) => values.iter().zip(known).filter(|(_, known)| **known != 0).map(|(v, _)| into(*v)).collect(),
    }
}

fn write(path: &Path, rows: usize, columns: &[(&str, Cells)]) {
    let line = |(name, cells): &(&str, Cells)| match cells {
        Cells::Small(_) | Cells::Day(_) => format!("required int32 {name};"),
        Cells::Wide(_) => format!("required int64 {name};"),
        Cells::SmallOr(..) | Cells::DayOr(..) | Cells::Mark(_) => format!("optional int32 {name};"),
        Cells::WideOr(..) => format!("optional int64 {name};"),
    };
    let message = format!("message rows {{ {} }}", columns.iter().map(line).collect::<String>());
    let schema = Arc::new(parse_message_type(&message).expect("a schema"));
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let file = File::create(path).expect("a file");
    let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties)).expect("a writer");
    for start in (0..rows.max(1)).step_by(GROUP) {
        let part = start.min(rows)..(start + GROUP).min(rows);
        let mut group = writer.next_row_group().expect("a row group");
        for (_, cells) in columns {
            let mut column = group.next_column().expect("a column").expect("a column");
            let known = match cells {
                Cells::SmallOr(_, known) | Cells::DayOr(_, known) | Cells::WideOr(_, known) | Cells::Mark(known) => {
                    Some(&known[part.clone()])
                }
                _ => None,
            };
            let levels: Option<Vec<i16>> = known.map(|known| known.iter().map(|k| i16::from(*k)).collect());
            match cells {
                Cells::Small(values) | Cells::SmallOr(values, _) | Cells::Mark(values) => {
                    let values = present(&values[part.clone()], known, i32::from);
                    column.typed::<Int32Type>().write_batch(&values, levels.as_deref(), None).expect("written");
                }
                Cells::Day(values) | Cells::DayOr(values, _) => {
                    let values = present(&values[part.clone()], known, |day| day);
                    column.typed::<Int32Type>().write_batch(&values, levels.as_deref(), None).expect("written");
                }
                Cells::Wide(values) | Cells::WideOr(values, _) => {
                    let values = present(&values[part.clone()], known, |n| n);
                    column.typed::<Int64Type>().write_batch(&values, levels.as_deref(), None).expect("written");
                }
            }
            column.close().expect("closed");
        }
        group.close().expect("closed");
    }
    writer.close().expect("closed");
}

/// The owner of each row, from where each owner's rows begin.
fn owners(starts: &[u32]) -> Vec<i64> {
    let each = starts.windows(2).enumerate();
    each.flat_map(|(owner, pair)| std::iter::repeat_n(owner as i64, (pair[1] - pair[0]) as usize)).collect()
}

impl Sample {
    pub fn write(&self, folder: &Path) {
        use Cells::{Day, DayOr, Mark, Small, SmallOr, Wide, WideOr};
        let file = |name: &str| folder.join(format!("{name}.parquet"));
        let households: Vec<i64> = (0..self.households as i64).collect();
        let columns = [("household", Wide(&households)), ("place", Small(&self.place))];
        write(&file("households"), self.households, &columns);
        let (owner, members) = (owners(&self.members), (0..self.persons() as i64).collect::<Vec<_>>());
        let columns = [
            ("household", Wide(&owner)),
            ("member", Wide(&members)),
            ("relation", Small(&self.relation)),
            ("marriage", Small(&self.marriage)),
            ("together", Small(&self.together)),
            ("dependent", Small(&self.dependent)),
            ("schooling", Small(&self.schooling)),
            ("excluded", Small(&self.excluded)),
            ("excluded_until", DayOr(&self.excluded_until, &self.excluded_until_known)),
            ("disability", Small(&self.disability)),
            ("mental", Small(&self.mental)),
            ("illness", Small(&self.illness)),
            ("labour", Small(&self.labour)),
            ("work", Small(&self.work)),
            ("jobless", SmallOr(&self.jobless, &self.jobless_known)),
            ("deposits", Wide(&self.deposits)),
            ("exempt", WideOr(&self.exempt, &self.exempt_known)),
            ("born", Day(&self.born)),
        ];
        write(&file("members"), self.persons(), &columns);
        let owner = owners(&self.incomes);
        let columns = [
            ("member", Wide(&owner)),
            ("kind", Small(&self.income_kind)),
            ("amount", Wide(&self.income_amount)),
            ("months", Wide(&self.income_months)),
            ("crop", SmallOr(&self.crop, &self.crop_known)),
            ("crop_count", WideOr(&self.crop_count, &self.crop_known)),
            ("deduction", WideOr(&self.deduction, &self.deduction_known)),
        ];
        write(&file("incomes"), owner.len(), &columns);
        let owner = owners(&self.costs);
        let columns = [
            ("household", Wide(&owner)),
            ("amount", Wide(&self.cost_amount)),
            ("months", Wide(&self.cost_months)),
            ("receipt", Small(&self.cost_receipt)),
        ];
        write(&file("costs"), owner.len(), &columns);
        let owner = owners(&self.supporters);
        let columns = [
            ("household", Wide(&owner)),
            ("excused", Small(&self.supporter_excused)),
            ("ground", Small(&self.supporter_ground)),
            ("agreed", WideOr(&self.supporter_agreed, &self.supporter_agreed_known)),
            ("people", Wide(&self.supporter_people)),
            ("income", Wide(&self.supporter_income)),
            ("sides", Wide(&self.supporter_sides)),
            ("unpaid", Small(&self.supporter_unpaid)),
        ];
        write(&file("supporters"), owner.len(), &columns);
        let owner = owners(&self.houses);
        let columns =
            [("household", Wide(&owner)), ("purpose", Small(&self.house_use)), ("exempt", Mark(&self.house_exempt))];
        write(&file("houses"), owner.len(), &columns);
        let owner = owners(&self.vehicles);
        let columns =
            [("household", Wide(&owner)), ("kind", Small(&self.vehicle_kind)), ("exempt", Mark(&self.vehicle_exempt))];
        write(&file("vehicles"), owner.len(), &columns);
        let owner = owners(&self.businesses);
        let columns = [
            ("household", Wide(&owner)),
            ("running", Small(&self.business_running)),
            ("capital", Wide(&self.business_capital)),
        ];
        write(&file("businesses"), owner.len(), &columns);
    }
}
