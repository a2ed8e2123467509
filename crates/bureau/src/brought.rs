//! What a case asks to be brought into a register: the table that was proposed, and its lines once they are approved.

use base::Date;
use casework::event::FileRef;
use casework::received::RECEIVED;
use casework::{Datum, State};

use crate::import::{Import, ImportFailure, Imported, Take};
use crate::payroll::{At, Progress};
use crate::{Bureau, Failure, Fault};

/// 标识 of the fields that say what is brought: the register, the table, which head is which column, from when, and
/// whether lines that are right are taken where others are wrong.
pub const FIELDS: [&str; 5] = ["register", "workbook", "map", "from", "partly"];

/// A table that a case proposes.
#[derive(Clone, Debug)]
pub struct Brought {
    pub register: String,
    pub file: FileRef,
    pub map: Vec<(String, String)>,
    pub from: Date,
    pub partly: bool,
}

/// `列=表头；列=表头`.
pub fn read_map(text: &str) -> Vec<(String, String)> {
    let pair = |part: &str| part.split_once('=').map(|(column, head)| (base::tidy(column), base::tidy(head)));
    text.split(['；', ';']).filter_map(pair).filter(|(column, head)| !column.is_empty() && !head.is_empty()).collect()
}

/// The same as text.
pub fn write_map(map: &[(String, String)]) -> String {
    map.iter().map(|(column, head)| format!("{column}={head}")).collect::<Vec<_>>().join("；")
}

impl Brought {
    /// What a case proposes, if it proposes a table.
    pub fn of(state: &State) -> Option<Self> {
        let said = |field: &str| state.facts.iter().rfind(|fact| fact.field == field).map(|fact| &fact.value);
        let [register, workbook, map, from, partly] = FIELDS;
        Some(Self {
            register: said(register)?.text()?.to_owned(),
            file: said(workbook)?.files().first().map(|file| (*file).clone())?,
            map: said(map).and_then(Datum::text).map(read_map).unwrap_or_default(),
            from: said(from)?.text()?.parse().ok()?,
            partly: matches!(said(partly), Some(Datum::Bool(true))),
        })
    }
}

impl Bureau {
    /// Compares what a case proposes with the register, as it stands now.
    pub fn compare_brought(&self, brought: &Brought, state: &State) -> Result<Imported, ImportFailure> {
        self.import_brought(brought, state, Take::Nothing, &mut |_, _| ())
    }

    /// The lines in which something is wrong, as a workbook.
    pub fn return_brought(&self, brought: &Brought, state: &State) -> Result<Vec<u8>, ImportFailure> {
        let troubles = self.compare_brought(brought, state)?.troubles;
        let bytes = self.table_of(brought)?;
        self.returned(self.import_of(brought, state, &bytes), &troubles)
    }

    fn table_of(&self, brought: &Brought) -> Result<Vec<u8>, Fault> {
        let gone = || Fault::Damaged(format!("没有文件 {}", brought.file.digest));
        self.store.file(&brought.file.digest, false)?.ok_or_else(gone)
    }

    fn import_of<'i>(&self, brought: &'i Brought, state: &'i State, bytes: &'i [u8]) -> Import<'i> {
        let by = state.steps.first().and_then(|step| step.people.first()).map_or("", |actor| &actor.name);
        let now = state.steps.last().map_or(state.opened_at, |step| Some(step.opened_at)).unwrap_or_default();
        Import { register: &brought.register, bytes, map: &brought.map, from: brought.from, by, now }
    }

    fn import_brought(
        &self,
        brought: &Brought,
        state: &State,
        take: Take,
        tell: &mut dyn FnMut(usize, usize),
    ) -> Result<Imported, ImportFailure> {
        let bytes = self.table_of(brought)?;
        self.import_for(&state.case, self.import_of(brought, state, &bytes), take, tell)
    }

    /// 导入: the lines of the table become rows, slice by slice. Whoever comes again after a crash finds the rows of the
    /// slices that were written, and goes on with the others.
    pub(crate) fn bring_in(
        &self,
        at: &At,
        tell: &mut dyn FnMut(Progress),
    ) -> Result<Vec<(&'static str, String)>, Failure> {
        let told = |counts: [usize; 4]| {
            ["新增", "变更", "相同", "有错"].into_iter().zip(counts.map(|n| n.to_string())).collect()
        };
        let Some(brought) = Brought::of(at.state) else { return Ok(told([0, 0, 0, 1])) };
        let take = if brought.partly { Take::Right } else { Take::Whole };
        let case = &at.state.case;
        let mut told_so_far = |done, _| tell(Progress { case: case.clone(), job: "导入", done });
        match self.import_brought(&brought, at.state, take, &mut told_so_far) {
            Ok(done) if *brought.register == *RECEIVED => {
                self.receive_rows(at, tell)?;
                Ok(told([done.new.len(), done.changed.len(), done.same, done.troubles.len()]))
            }
            Ok(done) => Ok(told([done.new.len(), done.changed.len(), done.same, done.troubles.len()])),
            Err(ImportFailure::Wrong(troubles)) => Ok(told([0, 0, 0, troubles.len()])),
            Err(ImportFailure::Unreadable(wrong)) => Ok(told([0, 0, 0, wrong.len()])),
            Err(ImportFailure::Fault(fault)) => Err(fault.into()),
            Err(ImportFailure::Failed(failure)) => Err(failure),
        }
    }
}
