//! The write-ahead log is copied into the database beside the writer, which never waits for it.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use rusqlite::Connection;

use crate::{fault::Fault, schema};

/// Pages in the log after which the writers are held up for the moment that it takes to begin it anew: 64 MiB.
const LONGEST: i64 = 16_384;

pub(crate) struct Checkpointer {
    wake: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    pub(crate) fn start(path: &Path) -> Result<Self, Fault> {
        let (connection, _) = schema::open(path)?;
        let (wake, woken) = channel();
        let thread = std::thread::spawn(move || run(&connection, &woken));
        Ok(Self { wake: Some(wake), thread: Some(thread) })
    }

    /// There is something in the log.
    pub(crate) fn wake(&self) {
        if let Some(wake) = &self.wake {
            let _ = wake.send(());
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        drop(self.wake.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What cannot be copied now is copied the next time; the log keeps it.
fn run(connection: &Connection, woken: &Receiver<()>) {
    while woken.recv().is_ok() {
        while woken.try_recv().is_ok() {}
        let checkpoint =
            |how: &str| connection.query_row(&format!("PRAGMA wal_checkpoint({how})"), [], |row| row.get::<_, i64>(1));
        if checkpoint("PASSIVE").is_ok_and(|pages| pages > LONGEST) {
            let _ = checkpoint("RESTART");
        }
    }
}
