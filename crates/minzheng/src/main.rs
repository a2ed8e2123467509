use std::process::ExitCode;

use clap::Parser;
use minzheng::Arguments;

fn main() -> ExitCode {
    match minzheng::run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            if !message.is_empty() {
                eprintln!("{message}");
            }
            ExitCode::FAILURE
        }
    }
}
