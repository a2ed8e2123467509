//! One broken guide for every diagnostic: each is one slip in a sound guide, and each slip gives one finding.

use guide::{Files, read_library};

const GUIDE: &str = r#"# 菜园地块

## 服务

| 服务 | 内容 |
|---|---|
| 标识 | plot |
| 对象 | 家庭 |
| 属地 | 地点 |
| 计算日 | 登记.日期 |

## 启动

| 启动 | 标识 | 何时 | 对每个 | 若 | 先办 |
|---|---|---|---|---|---|
| 申请地块 | ask | 提交 | — | — | 登记 |

## 项目

| 项目 | 标识 | 类型 | 必填 | 来源 |
|---|---|---|---|---|
| 地点 | place | 地区 | 是 | 登记 |
| 面积 | area | 平方米 | 是 | 登记 |
| 土质 | soil | 选项(沙土、黏土) | 是 | 登记 |
| 作物 | crops | 明细 | 否 | 登记 |

### 作物

| 项目 | 标识 | 类型 | 必填 | 来源 |
|---|---|---|---|---|
| 名称 | name | 文字 | 是 | |
| 株数 | plants | 数 | 是 | |

## 步骤

| 步骤 | 标识 | 方式 | 承办 | 前提 | 然后 |
|---|---|---|---|---|---|
| 登记 | register | 填写 | 乡 园丁 | | 公布 |
| 公布 | post | 公示 | 乡 园丁 | | 异议 → 复看；期满 → 分配 |
| 复看 | relook | 走访 | 乡 园丁，不同于 登记 | | 若 面积 > 9平方米 → 回 公布；否则 → — |
| 分配 | allot | 决定 | 乡 园长 | | 给地 若 够大 → 办结：给地；不给 若 非 够大 → 办结：不给 |

## 时限

| 时限 | 起 | 止 | 长度 | 若 |
|---|---|---|---|---|
| 公布期 | 公布 开始 | 公布 | 3日 | |
| 全程 | 登记 | 分配 | 30日 | 土质 = "沙土" |
| 全程 | 登记 | 分配 | 20日 | 否则 |

## 公示

| 公示 | 地点 | 内容 | 异议人 |
|---|---|---|---|
| 公布 | 村 | 面积、地价 | 任何人 |

## 校验

| 校验 | 步骤 | 应当 | 否则 | 提示 |
|---|---|---|---|---|
| 面积不太大 | 分配(给地) | 面积 <= 500平方米 | 阻止 | 太大了 |

## 待遇

| 待遇 | 标识 | 享受人 | 周期 | 成分 | 金额 | 账户 |
|---|---|---|---|---|---|---|
| 奖励 | prize | 家庭 | 月 | 奖励 | 地价 | 种地人 |

## 效果

| 步骤 | 若 | 动作 | 对象 | 自 | 至 | 内容 |
|---|---|---|---|---|---|---|
| 分配(给地) | — | 给予 | 奖励 | — | — | — |
| 分配(给地) | — | 发文 | 分地单 | — | — | — |

## 文书

| 文书 | 标识 | 编号 | 送达 |
|---|---|---|---|
| 分地单 | slip | {序号} | 种地人 |

### 分地单

```文书
面积{面积}平方米，每等{等级}，地价{地价}元。
```

## 计算

```公式
够大 = 面积 >= 最小面积(土质) 且 总株数 > 0
总株数 = 合计(作物.株数)
地价 = 舍入(面积 * 2元 / 1平方米, 舍到元)
```

| 唯一 | 面积 | → 等级 |
|---|---|---|
| 小 | < 50 | "小" |
| 大 | >= 50 | "大" |
"#;

const LAW: &str = "\
# 园规

| 法律 | 内容 |
|---|---|
| 简称 | 园规 |

## 第一条

沙土要大些。

| 参数 | 标识 | 类型 | 维度 | 层级 | 沿用 | 说明 |
|---|---|---|---|---|---|---|
| 最小面积 | least_area | 平方米 | 土质 | 县 | — | |
";

const RATES: &str = "\
# 参数值

## 最小面积

| 地区 | 土质 | 起 | 值 | 文号 |
|---|---|---|---|---|
| 410325 | 沙土 | 2020-01-01 | 30 | 示例 |
| 410325 | 黏土 | 2020-01-01 | 20 | 示例 |
";

/// A list in a list in a list.
const NESTED: &str = "\
| 株数 | plants | 数 | 是 | |
| 病害 | pests | 明细 | 否 | |

### 作物.病害

| 项目 | 标识 | 类型 | 必填 | 来源 |
|---|---|---|---|---|
| 叶 | leaves | 明细 | 否 | |

### 作物.病害.叶

| 项目 | 标识 | 类型 | 必填 | 来源 |
|---|---|---|---|---|
| 面 | surface | 数 | 是 | |
";

fn files() -> Files {
    let areas = "| 服务 | 文件夹 | 归口 | 状态 |\n|---|---|---|---|\n| 菜园地块 | plot | 园林股 | 试行 |\n";
    let files = [("areas.md", areas), ("plot/guide.md", GUIDE), ("plot/law/园规.md", LAW), ("plot/rates.md", RATES)];
    files.map(|(path, text)| (path.to_owned(), text.to_owned())).into()
}

/// The findings after one text has been put in the place of another, as `G000 file:line message → help`.
fn findings(from: &str, to: &str) -> Vec<String> {
    let mut files = files();
    let hits: usize = files.values().map(|text| text.matches(from).count()).sum();
    assert!(hits == 1 || from.is_empty(), "“{from}” stands {hits} times");
    files.values_mut().filter(|_| !from.is_empty()).for_each(|text| *text = text.replace(from, to));
    let mut library = read_library(&files);
    library.walk_courses();
    let show = |d: &base::Diagnostic| {
        let (line, _) = base::diagnostic::line_column(&files[&*d.location.file], d.location.span.start);
        format!("{} {}:{line} {} → {}", d.code, d.location.file, d.message, d.help)
    };
    library.findings.iter().map(show).collect()
}

#[test]
fn the_sound_guide_is_sound() {
    assert_eq!(findings("", ""), Vec::<String>::new());
}

/// What is replaced, by what, and the code of the finding.
const SLIPS: &[(&str, &str, &str)] = &[
    ("## 步骤", "## 办理步骤", "G101"),
    (
        "| 步骤 | 标识 | 方式 | 承办 | 前提 | 然后 |\n|---|---|---|---|---|---|",
        "| 步骤 | 标识 | 方式 | 承办 | 前提 | 之后 |\n|---|---|---|---|---|---|",
        "G102",
    ),
    ("## 计算\n", "## 申请材料\n", "G103"),
    ("| 面积 | area |", "|  | area |", "G104"),
    ("```公式\n够大", "```formula\n够大", "G105"),
    ("总株数 > 0", "总株数 > ", "G106"),
    ("面积 >= 最小面积(土质) 且 总株数 > 0", "若 面积 > 1平方米 是 否则 否", "G106"),
    ("| 作物 | crops | 明细 | 否 |", "| 作物 | crops | 明细 | 若 面结 > 1平方米 |", "G201"),
    ("## 计算\n", "## 服务\n\n## 计算\n", "G108"),
    ("合计(作物.株数)", "合计(作物.株树)", "G201"),
    ("总株数 = 合计", "面积 = 1平方米\n总株数 = 合计", "G202"),
    ("总株数 > 0", "非总株数", "G203"),
    ("| 面积 | area |", "| 面积 | place |", "G205"),
    ("合计(作物.株数)", "合计(作物.株数) + 总株数", "G207"),
    ("总株数 > 0", "面积 + 1 > 0", "G310"),
    ("总株数 > 0", "面积 + 1日 > 0", "G301"),
    ("总株数 > 0", "土质 = \"泥炭\"", "G303"),
    ("总株数 > 0", "0 < 总株数 < 9", "G304"),
    ("| 面积 | area | 平方米 |", "| 面积 | area | 金额 |", "G306"),
    ("总株数 > 0", "今日 > 2020-01-01", "G309"),
    ("总株数 > 0", "总株数", "G311"),
    ("| 面积 | area | 平方米 | 是 | 登记 |", "| 面积 | area | 平方米 | 是 | 登计 |", "G506"),
    ("| 410325 | 沙土 |", "| 410000 | 沙土 |", "G701"),
    ("| 410325 | 黏土 |", "| 410325 | 沙土 |", "G702"),
    ("最小面积(土质)", "最小面积", "G703"),
    ("沙土要大些。", "沙土要大些。\n\n## 第二条\n\n别的。", "G704"),
    ("总株数 = 合计", "没用 = 1\n总株数 = 合计", "G206"),
    ("舍入(面积 * 2元 / 1平方米, 舍到元)", "面积 * 2元 / 1平方米", "G302"),
    ("合计(作物.株数)", "合计(作物.株数.x)", "G311"),
    ("舍到元)", "舍到元) + 舍入(舍入(1元, 舍到元) / 3, 舍到元)", "G308"),
    ("| 大 | >= 50 |", "| 大 | > 50 |", "G401"),
    ("| 小 | < 50 |", "| 小 | < 60 |", "G402"),
    ("| 唯一 | 面积 |", "| 优先 | 面积 |", "G404"),
    ("期满 → 分配 |", "期满 → 办结：完 |", "G501"),
    ("；否则 → — |", " |", "G502"),
    ("给地 若 够大 → 办结：给地；", "给地 若 够大 → ；", "G503"),
    (
        "| 登记 | register | 填写 | 乡 园丁 | | 公布 |",
        "| 登记 | register | 填写 | 乡 园丁 | 若 够大 | 公布 |\n| 旁 | side | 填写 | 乡 园丁 | | 登记 |",
        "G501",
    ),
    ("若 面积 > 9平方米 → 回 公布", "若 面积 > 9平方米 → 公布", "G505"),
    ("不同于 登记", "不同于 登计", "G506"),
    ("| 分配 | allot | 决定 | 乡 园长 | |", "| 分配 | allot | 决定 | 乡 园长 | 若 够大 |", "G508"),
    ("| 公布期 | 公布 开始 | 公布 | 3日 | |\n", "", "G601"),
    ("| 全程 | 登记 | 分配 | 20日 | 否则 |\n", "", "G602"),
    ("| 3日 |", "| 前 3个工作日 |", "G603"),
    ("| 全程 | 登记 | 分配 | 30日 |", "| 全程 | — | 分配 | 30日 |", "G506"),
    ("| 全程 | 登记 | 分配 | 30日 |", "| 全程 | 登计 | 分配 | 30日 |", "G506"),
    ("| 发文 | 分地单 |", "| 发钱 | 分地单 |", "G801"),
    ("| 发文 | 分地单 |", "| 登记 | 分地单 |", "G201"),
    ("| 发文 | 分地单 |", "| 启动 | plot/nothing |", "G201"),
    ("| 发文 | 分地单 |", "| 启动 | plot |", "G106"),
    ("| 面积、地价 |", "| 面积、电话 |", "G803"),
    ("| 阻止 | 太大了 |", "| 阻拦 | 太大了 |", "G303"),
    ("{地价}元", "{面积 * 2元 / 1平方米}元", "G302"),
    ("给地 若 够大 → 办结：给地；", "给地 若 够大 且 复看.地点 = \"村口\" → 办结：给地；", "G504"),
    ("给地 若 够大 → 办结：给地；", "给地 若 够大 → 办结：给地；再看 → 回 复看；", "G509"),
    ("{地价}元", "{复看.日期}", "G802"),
    ("乡 园丁 | | 公布 |", "乡 园丁 | | 若 面积 > 9平方米 → 公布；否则 → — |", "G502"),
    ("| 名称 | name |", "| 面积 | name |", "G204"),
    ("| 株数 | plants | 数 | 是 | |\n", NESTED, "G305"),
    ("舍入(面积 * 2元 / 1平方米, 舍到元)", "舍入(24元/年 / 12 + 1元/月, 舍到元)", "G307"),
    (
        "| 唯一 | 面积 | → 等级 |\n|---|---|---|\n| 小 | < 50 | \"小\" |\n| 大 | >= 50 |",
        "| 首条 | 面积 | → 等级 |\n|---|---|---|\n| 大 | - | \"大\" |\n| 小 | < 50 |",
        "G403",
    ),
];

#[test]
fn every_slip_has_its_finding() {
    let mut told = String::new();
    for (from, to, code) in SLIPS {
        let found = findings(from, to);
        let first = found.first().unwrap_or_else(|| panic!("{code} was not found for “{to}”"));
        assert!(first.starts_with(code), "“{to}” gives\n  {}\ninstead of {code}", found.join("\n  "));
        told += &format!("{}\n→ {}\n  {}\n\n", from.trim(), to.trim(), found.join("\n  "));
    }
    insta::assert_snapshot!("slips", told);
}

#[test]
fn what_stands_behind_a_guard_is_not_lacking() {
    let give = "给地 若 够大 → 办结：给地；";
    for guarded in [
        "给地 若 够大 且 已有(复看) 且 复看.地点 = \"村口\" → 办结：给地；",
        "给地 若 若 已有(复看) 则 复看.地点 = \"村口\" 否则 够大 → 办结：给地；",
        "给地 若 非 已有(复看) 或 复看.地点 = \"村口\" → 办结：给地；",
        "给地 若 够大 且 公布.张贴日期 > 2020-01-01 且 公布.日期 > 2020-01-01 → 办结：给地；",
    ] {
        assert_eq!(findings(give, guarded), Vec::<String>::new(), "{guarded}");
    }
    // The way back is guarded; what is left is that a second look on the main line leads nowhere.
    let back = findings(give, "给地 若 够大 → 办结：给地；再看 若 已有(复看) → 回 复看；");
    assert!(back.len() == 1 && back[0].starts_with("G502") && back[0].contains("分配 → 复看”之后走不到"), "{back:?}");
    // A notice can be seen as soon as it hangs, but its end is not known in the round of an objection.
    assert_eq!(findings("若 面积 > 9平方米 → 回", "若 公布.张贴日期 > 2020-01-01 → 回"), Vec::<String>::new());
    assert_eq!(
        findings("若 面积 > 9平方米 → 回", "若 公布.日期 > 2020-01-01 → 回"),
        [
            "G504 plot/guide.md:40 “公布.日期”用在“复看”，但从“登记 → 公布”到此时没有办过“公布” → 请写“已有(公布) 且 …”或“若 已有(公布) 则 …”"
        ]
    );
}

#[test]
fn a_decision_table_guards_its_rows() {
    let table = "| 唯一 | 面积 | → 等级 |\n|---|---|---|\n| 小 | < 50 | \"小\" |\n| 大 | >= 50 | \"大\" |\n";
    let guarded = "| 唯一 | 已有(复看) | 复看.地点 | → 等级 |\n|---|---|---|---|\n| 未看 | 否 | - | \"小\" |\n| 看过 | 是 | - | 复看.地点 |\n";
    assert_eq!(findings(table, guarded), Vec::<String>::new());
    let unguarded = guarded.replace("| 未看 | 否 |", "| 未看 | 是 |").replace("| 看过 | 是 |", "| 看过 | 否 |");
    assert!(findings(table, &unguarded)[0].starts_with("G802"), "{:?}", findings(table, &unguarded));
}

#[test]
fn no_text_breaks_the_reader() {
    let whole: Vec<(usize, char)> = GUIDE.char_indices().collect();
    for cut in whole.iter().step_by(7) {
        let mut files = files();
        files.insert("plot/guide.md".into(), GUIDE[..cut.0].to_owned());
        let _ = read_library(&files);
        files.insert("plot/guide.md".into(), GUIDE[cut.0..].to_owned());
        let _ = read_library(&files);
    }
}

/// A guide that owns registers: cases open by themselves for their rows, and what is done is done for each row.
fn opens_by_itself() -> String {
    let starts = "\
| 申请地块 | ask | 提交 | — | — | 登记 |
| 查园 | look | 每年 03-01 | 园子 | 园子.大小 > 9平方米 | 登记 |
| 新园 | fresh | 登记 园子 | 园子 | — | 登记 |
| 到期 | ends | 园子.到期日 前 6个月 | 园子 | — | 登记 |
";
    let registers = "\
## 台账

| 名称 | 台账 | 凭 | 时点 | 几行 |
|---|---|---|---|---|
| 各园 | 园子 | 主人 = 主人名 | 此刻 | 多行 |
| 各园收成 | 收成 | 园号 = 各园.园号 | 此刻 | 每个 各园 |

### 园子 garden

| 项目 | 标识 | 类型 | 必填 | 说明 |
|---|---|---|---|---|
| 园号 | code | 文字 | 键 | |
| 主人 | owner | 文字 | 是 | |
| 大小 | size | 平方米 | 是 | |
| 到期日 | ends | 日期 | 否 | |
| 牌号 | plate | 文字 | 唯一 | |

| 保存 | 起算 | 依据 |
|---|---|---|
| 5年 | 到期日 | 园规 |

### 收成 harvest

| 项目 | 标识 | 类型 | 必填 | 说明 |
|---|---|---|---|---|
| 园号 | code | 园子 | 键 | |
| 株 | plants | 数 | 是 | |

## 步骤
";
    let each = "\
| 分配(给地) | — | 发文 | 分地单 | — | — | — |
| 分配(给地) | 每个 作物[株数 > 1] | 登记 | 收成 | — | — | 园号 = 名称；株 = 株数 |
| 分配(给地) | 每个 作物 | 发文 | 种子单 | — | — | — |
";
    let letters = "\
| 分地单 | slip | {序号} | 种地人 |
| 种子单 | seed | {序号} | 作物 |

### 种子单

```文书
{名称}{株数}株。
```
";
    let fields = "| 土质 | soil | 选项(沙土、黏土) | 是 | 登记 |\n| 主人名 | owner | 文字 | 是 | 登记 |\n";
    GUIDE
        .replace("| 申请地块 | ask | 提交 | — | — | 登记 |\n", starts)
        .replace("## 步骤\n", registers)
        .replace("| 分配(给地) | — | 发文 | 分地单 | — | — | — |\n", each)
        .replace("| 分地单 | slip | {序号} | 种地人 |\n", letters)
        .replace("| 土质 | soil | 选项(沙土、黏土) | 是 | 登记 |\n", fields)
        .replace("总株数 > 0", "总株数 > 0 且 合计(各园收成.株) >= 0")
        + "\n## 指标\n\n| 指标 | 标识 | 取自 | 若 | 算 | 按 |\n|---|---|---|---|---|---|\n| 收成数 | harvests | 收成 | 株 > 1 | 计(收成) | 乡、月 |\n"
}

#[test]
fn what_opens_by_itself_and_for_each_row_is_checked() {
    let read = |guide: String| {
        let mut files = files();
        files.insert("plot/guide.md".into(), guide);
        let mut library = read_library(&files);
        library.walk_courses();
        library
            .findings
            .iter()
            .map(|found| format!("{} {} → {}", found.code, found.message, found.help))
            .collect::<Vec<_>>()
    };
    assert_eq!(read(opens_by_itself()), Vec::<String>::new());
    let cases = [
        ("| 每年 03-01 | 园子 |", "| 每年 03-01 | 院子 |", "G201 没有待遇或台账“院子” → 最接近的是“园子”"),
        ("| 每年 03-01 |", "| 每年 13-01 |", "G106 启动“每年 13-01”不认识"),
        ("| 登记 园子 | 园子 |", "| 登记 收成 | 园子 |", "G303 登记的是“收成”，对每个的却是“园子”"),
        ("园子.到期日 前 6个月", "园子.到期日 前 6平方米", "G311 这里要个月或日"),
        ("| 提交 | — | — | 登记 |", "| 提交 | — | 土质 = \"沙土\" | 登记 |", "G107 启动的“若”只用于对每个台账"),
        ("| 登记 园子 | 园子 |", "| 登记 园子 | 奖励 |", "G107 “登记 园子”不能对每个“奖励”"),
        ("园号 = 各园.园号", "园号 = 主人名", "G106 看不出“各园收成”的每一行是“各园”的哪一行"),
        ("| 每个 各园 |", "| 两行 |", "G303 几行“两行”不认识"),
        ("每个 作物[株数 > 1]", "每个 总株数", "G311 “每个 总株数”不是列表的行"),
        ("| 分配(给地) | — | 给予 |", "| 分配(给地) | 每个 作物 | 给予 |", "G801 待遇不能每行给予"),
        (
            "| 分配(给地) | 每个 作物 | 发文 | 种子单 |",
            "| 分配(给地) | — | 发文 | 种子单 |",
            "G801 文书“种子单”是给“作物”的",
        ),
        (
            "| 登记 | 收成 | — | — | 园号 = 名称；株 = 株数 |",
            "| 登记 | 收成 | — | — | 园号 = 名称 |",
            "G102 登记“收成”没有填“株”",
        ),
        ("| 全程 | 登记 | 分配 | 30日 |", "| 全程 | | 分配 | 30日 |", "G506"),
        ("| 全程 | 登记 | 分配 | 30日 |", "| 全程 | 登记 | 分配 | 面积 |", "G311 长度要日或小时，却是平方米"),
        (
            "| 收成数 | harvests | 收成 |",
            "| 收成数 | harvests | 收获 |",
            "G201 没有台账“收获” → 写一个台账、办件或 发放；最接近的是“收成”",
        ),
        ("| 计(收成) | 乡、月 |", "| 计(收成) | 乡、周 |", "G303 按“乡、周”不认识"),
        ("| 收成 | 株 > 1 |", "| 收成 | 株 |", "G311 “若”要一个条件"),
        ("| 5年 | 到期日 |", "| 五年 | 到期日 |", "G303 保存“五年”不认识 → 写 永久 或者 10年"),
        ("| 5年 | 到期日 |", "| 5年 | 主人 |", "G201 “园子”没有日期列“主人”"),
        ("| 文字 | 唯一 |", "| 文字 | 独一 |", "G303 必填没有“独一” → 应写 键、是、否、唯一"),
        ("| 园号 | code | 园子 |", "| 园号 | code | 园地 |", "G306 类型“园地”不认识"),
        ("| 地点 | place | 地区 |", "| 地点 | place | 地区(国) |", "G306 地区没有级别"),
    ];
    for (from, to, told) in cases {
        let guide = opens_by_itself();
        assert!(guide.contains(from), "{from}");
        let found = read(guide.replacen(from, to, 1));
        assert!(
            found.iter().any(|found| found.starts_with(told)),
            "“{to}” gives\n  {}\ninstead of {told}",
            found.join("\n  ")
        );
    }
}

#[test]
fn one_name_is_one_parameter() {
    let mut files = files();
    let other = GUIDE.replace("| 标识 | plot |", "| 标识 | other |");
    files.insert("other/guide.md".into(), other);
    files.insert("other/law/园规.md".into(), LAW.replace("| least_area |", "| other_area |"));
    files.insert("other/rates.md".into(), RATES.to_owned());
    let areas = files["areas.md"].clone() + "| 别的 | other | 园林股 | 试行 |\n";
    files.insert("areas.md".into(), areas);
    let found = read_library(&files).findings;
    let told = found.iter().find(|found| found.code == "G202").expect("a finding");
    assert_eq!(told.message, "参数“最小面积”（other_area）在“菜园地块”里是另一个参数（least_area）");
}
