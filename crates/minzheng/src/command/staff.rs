//! `minzheng staff`: give somebody an account, so that an empty bureau can begin.

use std::io::Read;

use argon2::{Argon2, PasswordHasher};
use base::{CitizenNumber, Level, RegionCode};
use casework::{By, StaffEvent};
use store::Store;

use crate::{Outcome, Verdict, bureau, clock, data};

/// 登记工作人员；密码从标准输入读入
#[derive(clap::Args)]
pub struct Staff {
    /// 工号，登录时用
    #[arg(value_name = "工号")]
    id: String,
    /// 姓名
    #[arg(long, value_name = "姓名")]
    name: String,
    /// 岗位，按 roles.md 的名称，如 乡镇经办
    #[arg(long, value_name = "岗位")]
    role: String,
    /// 任职地区的12位区划代码
    #[arg(long, value_name = "代码")]
    region: String,
    /// 本人身份证号，用于近亲属回避
    #[arg(long, value_name = "身份证号")]
    number: Option<String>,
    #[command(flatten)]
    data: data::Folder,
    #[command(flatten)]
    guides: data::Guides,
}

/// Characters; the server slows guessing down, and long beats complicated.
const LEAST_PASSWORD: usize = 10;

impl Staff {
    pub fn run(&self) -> Outcome {
        let (bureau, _) = bureau::load(self.guides.folder())?;
        let region = self.place(&bureau)?;
        let number = self.number.as_deref().map(CitizenNumber::parse).transpose().map_err(|e| e.to_string())?;
        let store = Store::open(self.data.path()).map_err(|e| e.to_string())?;
        if store.staff_by_id(&self.id).map_err(|e| e.to_string())?.is_some() {
            return Err(format!("工号 {} 已经登记过", self.id));
        }
        let (name, role) = (self.name.trim().into(), self.role.as_str().into());
        let engaged = StaffEvent::Engaged { name, role, region, number, password: read_password()? };
        let by = By { id: "console".into(), name: "系统管理员".into(), role: "系统".into() };
        store.engage(&self.id, &[engaged], &by, clock::now()).map_err(|e| e.to_string())?;
        Ok(Verdict { good: true, report: format!("已登记 {}（{}）\n", self.id, self.role) })
    }

    /// The region, which must be of the level at which the role works.
    fn place(&self, bureau: &casework::Bureau) -> Result<RegionCode, String> {
        let roles = || bureau.guides.roles.iter().filter(|r| r.level != guide::Level::Person);
        let role = roles().find(|r| *r.name == *self.role).ok_or_else(|| {
            let known: Vec<&str> = roles().map(|r| &*r.name).collect();
            format!("没有“{}”这个岗位；可以写：{}", self.role, known.join("、"))
        })?;
        let code = RegionCode::parse(&self.region).map_err(|e| e.to_string())?;
        let found = bureau.regions.get(code).filter(|r| bureau.region.contains(r.code));
        let region = found.ok_or_else(|| format!("{code} 不是本辖区的区划代码"))?;
        let wanted = match role.level {
            guide::Level::Village => Level::Village,
            guide::Level::Township => Level::Township,
            _ => Level::County,
        };
        if region.level > wanted {
            return Err(format!("“{}”在{wanted}一级任职，{}是{}一级", self.role, region.place(), region.level));
        }
        Ok(code)
    }
}

fn read_password() -> Result<String, String> {
    let mut typed = String::new();
    std::io::stdin().take(1_000).read_to_string(&mut typed).map_err(|e| format!("不能读密码：{e}"))?;
    let password = typed.trim_end_matches(['\r', '\n']);
    if password.chars().count() < LEAST_PASSWORD {
        return Err(format!("密码至少{LEAST_PASSWORD}个字符；请从标准输入给出"));
    }
    let hash = Argon2::default().hash_password(password.as_bytes()).map_err(|e| e.to_string())?;
    Ok(hash.to_string())
}
