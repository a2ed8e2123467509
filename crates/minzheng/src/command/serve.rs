//! `minzheng serve`: the bureau on the network.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt;
use casework::{Actor, Bureau, Command};
use store::{Order, Stop, Store, Target};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::demo::Demo;
use crate::clock::{self, Clock};
use crate::demo::Note;
use crate::{Outcome, Verdict, bureau, data};

/// 启动服务
#[derive(clap::Args)]
pub struct Serve {
    #[command(flatten)]
    data: data::Folder,
    /// 监听地址，默认 127.0.0.1:8080；端口写 0 由系统分配
    #[arg(long, value_name = "地址", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    #[command(flatten)]
    guides: data::Guides,
    /// 前面有反向代理负责 TLS；监听本机以外的地址时必须写明
    #[arg(long)]
    behind_proxy: bool,
    /// A file with the moment that the bureau takes for now; for tests with demo data only.
    #[arg(long, hide = true)]
    clock_file: Option<PathBuf>,
    /// Make a demo county where there are no data.
    #[arg(skip)]
    make_demo: bool,
}

impl Serve {
    /// What `minzheng` without a command does.
    pub fn demo() -> Self {
        Self {
            data: data::Folder::new("data"),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            guides: data::Guides::none(),
            behind_proxy: false,
            clock_file: None,
            make_demo: true,
        }
    }

    pub fn run(&self) -> Outcome {
        tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).init();
        if self.make_demo && !self.data.is_used() {
            println!("正在建立演示县（虚构人物），请稍候……");
            print!("{}", Demo::usual(data::Folder::new(self.data.path())).build()?);
        }
        let note = Note::read(self.data.path())?;
        self.may_listen(note.is_some())?;
        let clock = match &self.clock_file {
            Some(file) => clock::from_file(file)?,
            None => clock::system(),
        };
        let store = Store::open(self.data.path()).map_err(|e| e.to_string())?;
        let (bureau, warnings) = bureau::load(self.guides.folder())?;
        if !warnings.is_empty() {
            tracing::warn!("指南有提醒，详见 minzheng check");
        }
        let bureau = Arc::new(bureau::with_editions(bureau, &store)?);
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|e| format!("不能启动服务：{e}"))?;
        runtime.block_on(self.listen(bureau, store, clock, note))?;
        Ok(Verdict { good: true, report: "服务已停止。\n".to_owned() })
    }

    /// Personal data never travel unprotected, and invented data are never mistaken for a real bureau's.
    fn may_listen(&self, demo: bool) -> Result<(), String> {
        let loopback = self.listen.ip().is_loopback();
        if demo && !loopback {
            return Err(format!("演示数据只能在本机使用，不能监听 {}；请改用 127.0.0.1", self.listen));
        }
        if !loopback && !self.behind_proxy {
            return Err(format!(
                "监听 {} 会让个人信息不加密地经过网络；请在前面架设负责 TLS 的反向代理，并写明 --behind-proxy",
                self.listen
            ));
        }
        if self.clock_file.is_some() && !demo {
            return Err("--clock-file 只能用于演示数据".to_owned());
        }
        Ok(())
    }

    async fn listen(&self, bureau: Arc<Bureau>, store: Store, clock: Clock, note: Option<Note>) -> Result<(), String> {
        let listener = TcpListener::bind(self.listen).await;
        let listener = listener.map_err(|e| format!("不能监听 {}：{e}；可以用 --listen 换一个端口", self.listen))?;
        let address = listener.local_addr().map_err(|e| e.to_string())?;
        let app = web::App {
            bureau: bureau.clone(),
            store: store.clone(),
            clock: clock.clone(),
            secure: !address.ip().is_loopback(),
            demo: note.as_ref().map(Note::for_pages),
        };
        let ended = ended()?;
        // A test moves the clock by months and waits for what follows from it.
        let pause = if self.clock_file.is_some() { Duration::from_millis(200) } else { Duration::from_secs(60) };
        tokio::spawn(wake_regularly(bureau, store, clock, pause));
        greet(address, note.as_ref());
        let listener = listener.tap_io(|connection| {
            if let Err(error) = connection.set_nodelay(true) {
                tracing::debug!("{error}");
            }
        });
        let server = axum::serve(listener, web::router(app)).with_graceful_shutdown(ended);
        server.await.map_err(|e| format!("服务中断：{e}"))?;
        Ok(())
    }
}

/// Resolves when somebody asks the server to end (Ctrl-C, or the service manager).
fn ended() -> Result<impl Future<Output = ()> + Send, String> {
    let listen = |kind| signal(kind).map_err(|e| format!("不能接收停止信号：{e}"));
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    Ok(async move {
        let interrupted = std::pin::pin!(interrupt.recv());
        let terminated = std::pin::pin!(terminate.recv());
        first_of(interrupted, terminated).await;
    })
}

/// Whichever of two comes first.
async fn first_of<A: Future + Unpin, B: Future + Unpin>(mut a: A, mut b: B) {
    std::future::poll_fn(|context| {
        let one = std::pin::Pin::new(&mut a).poll(context).is_ready();
        let other = std::pin::Pin::new(&mut b).poll(context).is_ready();
        if one || other { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

/// At the start and then again and again: whatever has waited long enough goes on.
async fn wake_regularly(bureau: Arc<Bureau>, store: Store, clock: Clock, pause: Duration) {
    let mut ticks = tokio::time::interval(pause);
    loop {
        ticks.tick().await;
        let (bureau, store, clock) = (bureau.clone(), store.clone(), clock.clone());
        if let Err(error) = tokio::task::spawn_blocking(move || wake(&bureau, &store, &clock)).await {
            tracing::error!("唤醒到期的件时出错：{error}");
        }
    }
}

fn wake(bureau: &Bureau, store: &Store, clock: &Clock) {
    let now = clock();
    let due = match store.to_wake(now) {
        Ok(due) => due,
        Err(fault) => return tracing::error!("查找到期的件时出错：{fault}"),
    };
    for case in due {
        let key = format!("wake {case} {now}");
        let target = Target::Case(case.clone());
        let order = Order { actor: Actor::clock(bureau.region), target, expected: None, key, command: Command::Wake };
        match store.execute(bureau, &order, now) {
            Ok(_) => tracing::info!("{case} 到期，已转入下一步"),
            Err(Stop::Refused(refusal)) => tracing::warn!("{case} 到期后没有转入下一步：{refusal}"),
            Err(Stop::Fault(fault)) => tracing::error!("{case} 到期后没有转入下一步：{fault}"),
        }
    }
}

fn greet(address: SocketAddr, note: Option<&Note>) {
    println!("服务已启动：http://{address}/");
    let Some(note) = note else { return };
    println!("\n演示数据：人物均为虚构，业务日期到{}。", base::format_date(note.date));
    println!("工作人员登录（http://{address}/sign-in），密码都是 {}：", note.password);
    for account in &note.accounts {
        println!("  {:<22}{}（{}，{}）", account.id, account.role, account.place, account.name);
    }
    if let Some((case, last)) = &note.receipt {
        println!("申请人查进度（http://{address}/progress）：受理号 {case}，身份证号后六位 {last}");
    }
    println!("\n按 Ctrl-C 停止。");
}
