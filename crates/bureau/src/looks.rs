//! Looking into registers while an order is decided: what was asked is kept, so that it can be asked again when it is
//! this order's turn to write.

use std::cell::RefCell;

use casework::event::RegisterRow;
use casework::{Query, Registers};
use store::Fault;

use crate::Bureau;

type Find<'f> = Box<dyn Fn(&Query) -> Result<Vec<RegisterRow>, Fault> + 'f>;

/// The registers as somebody finds them, with all that was asked.
pub(crate) struct Looks<'f> {
    find: Find<'f>,
    pub asked: RefCell<Vec<(Query, Vec<RegisterRow>)>>,
    fault: RefCell<Option<Fault>>,
}

impl<'f> Looks<'f> {
    pub fn new(find: impl Fn(&Query) -> Result<Vec<RegisterRow>, Fault> + 'f) -> Self {
        Self { find: Box::new(find), asked: RefCell::default(), fault: RefCell::default() }
    }

    /// What went wrong while something was looked for: then nothing that was decided counts.
    pub fn fault(&self) -> Result<(), Fault> {
        self.fault.take().map_or(Ok(()), Err)
    }
}

impl Registers for Looks<'_> {
    fn find(&self, query: &Query) -> Vec<RegisterRow> {
        if let Some((_, rows)) = self.asked.borrow().iter().find(|(known, _)| known == query) {
            return rows.clone();
        }
        match (self.find)(query) {
            Ok(rows) => {
                self.asked.borrow_mut().push((query.clone(), rows.clone()));
                rows
            }
            Err(fault) => {
                *self.fault.borrow_mut() = Some(fault);
                Vec::new()
            }
        }
    }
}

/// For pages, which only show what would be decided.
impl Registers for Bureau {
    fn find(&self, query: &Query) -> Vec<RegisterRow> {
        self.store.look(|read| read.registered(query)).unwrap_or_default()
    }
}
