//! The binary: commands and configuration. It alone reads the clock, the environment and the command line.

pub mod command;
pub mod content;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// 民政：一个民政局的全部业务。
#[derive(Parser)]
#[command(name = "minzheng", version)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// 检查指南：每个错误有位置和改法
    Check {
        /// 指南的文件夹；不写则检查程序自带的
        folder: Option<PathBuf>,
    },
    /// 运行指南里的场景
    Scenarios {
        /// 只运行一项服务
        #[arg(long)]
        service: Option<String>,
        #[arg(long)]
        guides: Option<PathBuf>,
    },
    /// 计算一个式子
    Eval {
        expression: String,
        /// 事实：JSON 文件
        #[arg(long)]
        facts: Option<PathBuf>,
    },
    /// 运行验收数据
    Accept { folder: PathBuf },
    /// 证明日志没有被改过、删过、调过次序、截过尾
    Verify {
        #[arg(long)]
        data: PathBuf,
    },
    /// 从日志重建每张清单并逐字节比对
    Rebuild {
        #[arg(long)]
        data: PathBuf,
    },
    /// 解释一件的决定
    Explain {
        case: String,
        #[arg(long)]
        data: PathBuf,
    },
}

/// Carries out a command; an error has been told unless it has text.
pub fn run(arguments: Arguments) -> Result<(), String> {
    match arguments.command {
        Command::Check { folder } => command::check::run(folder.as_deref()),
        Command::Scenarios { service, guides } => command::scenarios::run(guides.as_deref(), service.as_deref()),
        Command::Eval { expression, facts } => command::eval::run(&expression, facts.as_deref()),
        Command::Accept { folder } => command::accept::run(&folder),
        Command::Verify { data } => command::prove::verify(&data),
        Command::Rebuild { data } => command::prove::rebuild(&data),
        Command::Explain { case, data } => command::prove::explain(&case, &data),
    }
}
