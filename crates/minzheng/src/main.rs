//! The binary: one file per command. Nothing is decided here; this is where the clock, the files and the network enter.

mod accept;
mod bureau;
mod clock;
mod command;
mod data;
mod demo;
mod embedded;

use std::io::Write;
use std::process::ExitCode;

use clap::error::{ContextKind, ErrorKind};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "minzheng",
    version,
    about = "民政：一个县的民政业务，从办事指南到档案",
    disable_help_subcommand = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    Serve(command::serve::Serve),
    Demo(command::demo::Demo),
    Check(command::check::Check),
    Scenarios(command::scenarios::Scenarios),
    Accept(accept::Accept),
    Verify(command::verify::Verify),
    Rebuild(command::rebuild::Rebuild),
    Explain(command::explain::Explain),
    Staff(command::staff::Staff),
    Doctor(command::doctor::Doctor),
}

/// How a command ends: what it has to say, and whether all is well. What prevents it from running is a message.
pub struct Verdict {
    pub good: bool,
    pub report: String,
}

type Outcome = Result<Verdict, String>;

fn main() -> ExitCode {
    let arguments = match read_arguments() {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    let outcome = match arguments.command {
        None => command::serve::Serve::demo().run(),
        Some(Command::Serve(command)) => command.run(),
        Some(Command::Demo(command)) => command.run(),
        Some(Command::Check(command)) => command.run(),
        Some(Command::Scenarios(command)) => command.run(),
        Some(Command::Accept(command)) => command.run(),
        Some(Command::Verify(command)) => command.run(),
        Some(Command::Rebuild(command)) => command.run(),
        Some(Command::Explain(command)) => command.run(),
        Some(Command::Staff(command)) => command.run(),
        Some(Command::Doctor(command)) => command.run(),
    };
    match outcome {
        Ok(verdict) => {
            // Whoever reads may have read enough and closed the pipe; the exit code still tells.
            let _ = std::io::stdout().write_all(verdict.report.as_bytes());
            ExitCode::from(u8::from(!verdict.good))
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

const TOP_HELP: &str = "{about}\n\n用法：minzheng [命令] [选项]\n不写命令：在 data/ 建立演示县并在 127.0.0.1:8080 启动服务。\n\n命令：\n{subcommands}\n\n选项：\n{options}\n\n退出码：0 正常；1 检查发现问题；2 无法运行。\n";
const COMMAND_HELP: &str = "{about}\n\n用法：{usage}\n\n{all-args}\n";

fn parser() -> clap::Command {
    let mut parser = in_chinese(Arguments::command().help_template(TOP_HELP));
    let names: Vec<String> = parser.get_subcommands().map(|c| c.get_name().to_owned()).collect();
    for name in names {
        parser = parser.mut_subcommand(name, |command| in_chinese(command.help_template(COMMAND_HELP)));
    }
    parser
}

fn read_arguments() -> Result<Arguments, ExitCode> {
    let matches = parser().try_get_matches().and_then(|m| Arguments::from_arg_matches(&m));
    matches.map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            print!("{error}");
            ExitCode::SUCCESS
        }
        kind => {
            eprintln!("{}；用法见 minzheng --help", what_is_wrong(kind, &error));
            ExitCode::from(2)
        }
    })
}

/// The parser's own words, which it only knows in English.
fn in_chinese(command: clap::Command) -> clap::Command {
    use clap::{Arg, ArgAction};
    let help = Arg::new("help").short('h').long("help").action(ArgAction::Help).help("显示帮助");
    let version = Arg::new("version").short('V').long("version").action(ArgAction::Version).help("显示版本");
    let top = command.has_subcommands();
    let places: Vec<String> = command.get_positionals().map(|place| place.to_string()).collect();
    let usage = format!(
        "minzheng {} {}[选项]",
        command.get_name(),
        places.join(" ") + if places.is_empty() { "" } else { " " }
    );
    let command = command.disable_help_flag(true).disable_version_flag(true).override_usage(usage).arg(help);
    let command = if top { command.arg(version) } else { command };
    command.mut_args(|arg| {
        let heading = if arg.is_positional() { "参数" } else { "选项" };
        let has_default = !arg.get_default_values().is_empty();
        let arg = arg.help_heading(heading);
        // The help texts name the defaults.
        if has_default { arg.hide_default_value(true) } else { arg }
    })
}

fn what_is_wrong(kind: ErrorKind, error: &clap::Error) -> String {
    let named = |key| error.get(key).map(ToString::to_string).unwrap_or_default();
    match kind {
        ErrorKind::InvalidSubcommand => format!("没有命令“{}”", named(ContextKind::InvalidSubcommand)),
        ErrorKind::UnknownArgument => format!("没有选项“{}”", named(ContextKind::InvalidArg)),
        ErrorKind::MissingRequiredArgument => format!("缺少 {}", named(ContextKind::InvalidArg)),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            format!("{} 的值“{}”不对", named(ContextKind::InvalidArg), named(ContextKind::InvalidValue))
        }
        _ => "命令行写法不对".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound_and_chinese() {
        parser().debug_assert();
        for arguments in [["minzheng", "--help"], ["minzheng", "serve"]] {
            let help = parser().try_get_matches_from(arguments.into_iter().chain(["--help"])).unwrap_err().to_string();
            for english in ["Usage", "Options", "default", "Print", "Commands", "OPTIONS"] {
                assert!(!help.contains(english), "{help}");
            }
        }
        let wrong = |arguments: &[&str]| {
            let error = parser().try_get_matches_from(arguments).unwrap_err();
            what_is_wrong(error.kind(), &error)
        };
        assert_eq!(wrong(&["minzheng", "foo"]), "没有命令“foo”");
        assert_eq!(wrong(&["minzheng", "serve", "--bla"]), "没有选项“--bla”");
        assert_eq!(wrong(&["minzheng", "serve", "--listen", "1"]), "--listen <地址> 的值“1”不对");
        assert_eq!(wrong(&["minzheng", "explain"]), "缺少 <受理号>");
    }
}
