//! The release binary as a server on a demo county.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use super::{binary, folder};

/// Makes a demo county unless one of that size is there. Returns its folder and, if it was made now, the seconds it took.
pub fn demo(households: u32) -> Result<(PathBuf, Option<f64>), String> {
    let data = folder().join(format!("demo-{households}"));
    let finished = data.join("bench-finished");
    if finished.exists() {
        return Ok((data, None));
    }
    fresh_demo(households, &data)?;
    let begun = Instant::now();
    fresh_demo(households, &data)?;
    let seconds = begun.elapsed().as_secs_f64();
    std::fs::write(&finished, "").map_err(|e| format!("{}: {e}", finished.display()))?;
    Ok((data, Some(seconds)))
}

/// Makes the county anew, whatever was there.
pub fn fresh_demo(households: u32, data: &Path) -> Result<(), String> {
    if data.exists() {
        std::fs::remove_dir_all(data).map_err(|e| format!("{}: {e}", data.display()))?;
    }
    let mut demo = Command::new(binary());
    demo.arg("demo").arg("--data").arg(data).args(["--households", &households.to_string(), "--seed", "7"]);
    match demo.stdout(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        other => Err(format!("minzheng demo --households {households}: {other:?}")),
    }
}

/// A running server; it ends with this value.
pub struct Server {
    child: Child,
    /// `127.0.0.1:port`
    pub address: String,
}

impl Server {
    /// Starts on a free port and returns as soon as the address is known.
    pub fn start(data: &Path) -> Result<Server, String> {
        let mut command = Command::new(binary());
        command.arg("serve").arg("--data").arg(data).args(["--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().map_err(|e| e.to_string())?;
        let out = child.stdout.take().ok_or("the server has no output")?;
        let mut lines = BufReader::new(out).lines();
        let address = lines.by_ref().find_map(|line| address_in(&line.ok()?));
        // The pipe is kept open and empty, so that the server never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        match address {
            Some(address) => Ok(Server { child, address }),
            None => {
                let _ = child.kill();
                Err("the server ended before it said its address".into())
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn address_in(line: &str) -> Option<String> {
    let rest = line.split("http://").nth(1)?;
    let address: String = rest.chars().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ':')).collect();
    Some(address)
}
