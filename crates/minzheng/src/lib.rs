//! The binary: commands and configuration. It alone reads the clock, the environment and the command line.

mod clock;
pub mod command;
pub mod content;
pub mod population;
pub mod registries;
pub mod simulator;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// A fifth of an order went into the memory of the C library.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// 民政：一个民政局的全部业务。
#[derive(Parser)]
#[command(name = "minzheng", version)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// 提供服务；不写参数就是演示
    Serve {
        #[arg(long)]
        data: Option<PathBuf>,
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: SocketAddr,
        #[arg(long)]
        guides: Option<PathBuf>,
    },
    /// 生成演示数据
    Demo {
        #[arg(long)]
        data: PathBuf,
        #[arg(long, default_value_t = 300)]
        households: u32,
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// 建一个新的民政局：区划、名称、人员和第一次的密码
    Init {
        #[arg(long)]
        data: PathBuf,
        /// 管辖的区划代码
        #[arg(long, default_value = "410325")]
        region: String,
        /// 局的名称；不写则是区划名加“民政局”
        #[arg(long)]
        name: Option<String>,
        /// 人员名单（CSV）：账号,姓名,地区,岗位,自,至
        #[arg(long)]
        staff: Option<PathBuf>,
    },
    /// 检查指南：每个错误有位置和改法；带 --data 时检查一个局缺哪些岗位的人
    Check {
        /// 指南的文件夹；不写则检查程序自带的
        folder: Option<PathBuf>,
        #[arg(long, conflicts_with = "folder")]
        data: Option<PathBuf>,
    },
    /// 把一张表导入台账：先比对，加 --write 才写入
    Import(command::import::Arguments),
    /// 运行指南里的场景
    Scenarios {
        /// 只运行一项服务
        #[arg(long)]
        service: Option<String>,
        #[arg(long)]
        guides: Option<PathBuf>,
        /// 把实际的结果写进场景
        #[arg(long)]
        update: bool,
    },
    /// 计算一个式子
    Eval {
        expression: String,
        /// 事实：JSON 文件
        #[arg(long)]
        facts: Option<PathBuf>,
    },
    /// 把指南里的公式和决策表改成统一的写法
    Fmt {
        /// 文件夹或文件
        #[arg(default_value = "guides")]
        folder: PathBuf,
        /// 只查不改；有不统一的就失败
        #[arg(long)]
        check: bool,
    },
    /// 打印公式参考页
    Reference,
    /// 运行验收数据
    Accept { folder: PathBuf },
    /// 备份一个局，办公时也可以；再备份到同一处只拷新的
    Backup {
        #[arg(long)]
        data: PathBuf,
        #[arg(long)]
        to: PathBuf,
    },
    /// 从备份恢复
    Restore {
        #[arg(long)]
        from: PathBuf,
        #[arg(long)]
        data: PathBuf,
    },
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
    /// 发放：编制、批准、银行文件、对账
    Pay {
        #[command(subcommand)]
        command: command::pay::Pay,
    },
    /// 与接入的数据源收发一次：发出请求，收回答复（serve 每分钟做一次）
    Exchange {
        #[arg(long)]
        data: PathBuf,
    },
    /// 把在领待遇的人与各数据源的名单比对，列出疑点；加 --write 写入台账并立案核查
    Match {
        #[arg(long)]
        data: PathBuf,
        /// 各数据源的表：标识.csv，列是 姓名、身份号码和它能答的各列
        #[arg(long)]
        registries: PathBuf,
        #[arg(long)]
        write: bool,
    },
    /// 扮演各数据源，用来试用和检验
    SimulateRegistries(command::registries::Simulate),
    /// 测算：改一个参数，谁得多少、一共多少
    WhatIf(command::what_if::WhatIf),
    /// 解释一件的决定
    Explain {
        case: String,
        #[arg(long)]
        data: PathBuf,
    },
}

/// Carries out a command; an error has been told unless it has text.
pub fn run(arguments: Arguments) -> Result<(), String> {
    let listen = SocketAddr::from(([127, 0, 0, 1], 8080));
    match arguments.command.unwrap_or(Command::Serve { data: None, listen, guides: None }) {
        Command::Serve { data, listen, guides } => command::serve::serve(data, listen, guides.as_deref()),
        Command::Demo { data, households, seed } => command::serve::make_demo(&data, households, seed),
        Command::Init { data, region, name, staff } => {
            command::init::run(&data, &region, name.as_deref(), staff.as_deref())
        }
        Command::Check { data: Some(data), .. } => command::init::vacancies(&data),
        Command::Check { folder, data: None } => command::check::run(folder.as_deref()),
        Command::Import(arguments) => command::import::import(arguments),
        Command::Scenarios { service, guides, update } => {
            command::scenarios::run(guides.as_deref(), service.as_deref(), update)
        }
        Command::Eval { expression, facts } => command::eval::run(&expression, facts.as_deref()),
        Command::Fmt { folder, check } => command::fmt::run(&folder, check),
        Command::Reference => {
            print!("{}", formula::reference());
            Ok(())
        }
        Command::Accept { folder } => command::accept::run(&folder),
        Command::Backup { data, to } => command::backup::backup(&data, &to),
        Command::Restore { from, data } => command::backup::restore(&from, &data),
        Command::Verify { data } => command::prove::verify(&data),
        Command::Rebuild { data } => command::prove::rebuild(&data),
        Command::Pay { command } => command::pay::run(command),
        Command::Exchange { data } => command::registries::run(&data),
        Command::Match { data, registries, write } => command::registries::compare(&data, &registries, write),
        Command::SimulateRegistries(arguments) => command::registries::simulate(arguments),
        Command::WhatIf(asked) => command::what_if::run(&asked),
        Command::Explain { case, data } => command::prove::explain(&case, &data),
    }
}
