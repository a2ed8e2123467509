//! `cargo xtask new-service NAME`: a folder with the smallest guide that a bureau could run, to be filled in.

use std::fs;
use std::path::Path;

const GUIDE: &str = "\
# 新服务

一句话说清楚给谁、办什么。

## 谁可以申请

写条件。

## 怎样申请

写到哪里、带什么、多久办好。

## 服务

| 服务 | 内容 |
|---|---|
| 标识 | NAME |
| 对象 | 人员 |
| 凭 | 人员 = 申请人，没有则新立 |
| 属地 | 户籍地 |
| 计算日 | 受理.日期 |

## 启动

| 启动 | 标识 | 何时 | 对每个 | 若 | 先办 |
|---|---|---|---|---|---|
| 申请 | apply | 提交 | — | — | 申请 |

## 项目

| 项目 | 标识 | 类型 | 必填 | 来源 | 说明 |
|---|---|---|---|---|---|
| 申请人 | applicant | 人员 | 是 | 申请 | |
| 联系电话 | phone | 文字 | 是 | 申请 | |
| 户籍地 | home_region | 地区 | 是 | 申请 | 户口所在的村或社区 |

## 步骤

| 步骤 | 标识 | 方式 | 承办 | 前提 | 然后 | 依据 |
|---|---|---|---|---|---|---|
| 申请 | apply | 填写 | 申请人 | | 受理 | 办法 第一条 |
| 受理 | accept | 决定 | 乡 受理员，非近亲属 | | 准予 若 符合条件 → 办结：准予；不予 若 非(符合条件) → 办结：不予 | 办法 第二条 |

## 时限

| 时限 | 起 | 止 | 长度 | 依据 |
|---|---|---|---|---|
| 办理 | 申请 | 受理 | 20个工作日 | 办法 第二条 |

## 效果

| 步骤 | 若 | 动作 | 对象 | 自 | 至 | 内容 |
|---|---|---|---|---|---|---|
| 受理(准予) | — | 发文 | NAME决定书 | — | — | — |

## 文书

| 文书 | 标识 | 编号 | 送达 |
|---|---|---|---|
| NAME决定书 | NAME_granted | {区划}NAME{年}{序号6} | 申请人 |

### NAME决定书

```文书
{申请人.姓名}：

经审核，准予。
依据：《办法》第一条。
```
";

const LAW: &str = "\
# 办法（示例）

| 法律 | 内容 |
|---|---|
| 简称 | 办法 |
| 文号 | 示例，不是正式文件 |
| 施行 | 2021-01-01 |
| 来源 | 换成真的文件 |

## 第一条

写条文。满六十周岁的可以申请。

| 参数 | 标识 | 类型 | 维度 | 层级 | 沿用 | 说明 |
|---|---|---|---|---|---|---|
| 起点年龄 | NAME_age | 岁 | — | 全国 | — | |

```公式
符合条件 = 年龄(申请人, 计算日) >= 起点年龄
```

## 第二条

二十个工作日内办好。

```不执行
由步骤“受理”和时限“办理”实现。
```
";

const RATES: &str = "\
# 参数值

## 起点年龄

| 地区 | 起 | 值 | 文号 |
|---|---|---|---|
| 全国 | 2021-01-01 | 60 | 示例 |
";

const GOOD: &str = "\
# 符合条件的准予

## 给定

| 项目 | 值 |
|---|---|
| 申请人 | 李大山 410325195003020115 |
| 联系电话 | 13800000000 |
| 户籍地 | 410325101200 |

## 经过

| 时间 | 谁 | 步骤 | 填报 | 应当 |
|---|---|---|---|---|
| 2026-09-21 09:00 | 申请人 李大山 | 申请 | | 可办 受理 |
| 2026-09-22 09:00 | 乡 受理员 甲 | 受理(准予) | | 办结：准予 |

## 应得

| 项目 | 值 |
|---|---|
| 符合条件 | 是 |
";

const BAD: &str = "\
# 年龄不到的不予

## 给定

| 项目 | 值 |
|---|---|
| 申请人 | 李小山 410325199003020113 |
| 联系电话 | 13800000000 |
| 户籍地 | 410325101200 |

## 经过

| 时间 | 谁 | 步骤 | 填报 | 应当 |
|---|---|---|---|---|
| 2026-09-21 09:00 | 申请人 李小山 | 申请 | | 可办 受理 |
| 2026-09-22 09:00 | 乡 受理员 甲 | 受理(准予) | | 拒 R110 |
| 2026-09-22 09:10 | 乡 受理员 甲 | 受理(不予) | 理由 = 年龄不到 | 办结：不予 |

## 应得

| 项目 | 值 |
|---|---|
| 符合条件 | 否 |
";

/// Writes the folder and its line in areas.md.
pub fn make(guides: &Path, name: &str) -> Result<(), String> {
    let is_key = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !is_key {
        return Err(format!("“{name}” is no 标识: lower-case letters, digits and _, a letter first"));
    }
    let folder = guides.join(name);
    if folder.exists() {
        return Err(format!("{} is there already", folder.display()));
    }
    let files = [
        ("guide.md", GUIDE),
        ("law/办法.md", LAW),
        ("rates.md", RATES),
        ("scenarios/good/walk.md", GOOD),
        ("scenarios/bad/too-young.md", BAD),
    ];
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&folder)).map_err(|error| error.to_string())?;
        fs::write(&path, text.replace("NAME", name)).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let areas = guides.join("areas.md");
    let text = fs::read_to_string(&areas).map_err(|error| format!("{}: {error}", areas.display()))?;
    let line = format!("| {name} | {name} | — | 草案 |\n");
    fs::write(&areas, text.trim_end().to_owned() + "\n" + &line).map_err(|error| error.to_string())?;
    println!(
        "{}: write the service into it, then run `minzheng check guides` and `minzheng scenarios`",
        folder.display()
    );
    Ok(())
}
