//! Every finding of the guide checker by its stable number. `docs/reference/diagnostics.md` is made from this table.

macro_rules! codes {
    ($($name:ident $number:literal $title:literal $meaning:literal;)*) => {
        /// Why a guide is refused or remarked upon. Numbers are never reused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code { $($name),* }

        impl Code {
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// `G012`
            pub fn number(self) -> &'static str {
                match self { $(Code::$name => $number),* }
            }

            pub fn title(self) -> &'static str {
                match self { $(Code::$name => $title),* }
            }

            /// Why it matters and how it is put right.
            pub fn meaning(self) -> &'static str {
                match self { $(Code::$name => $meaning),* }
            }
        }
    };
}

codes! {
    MissingFile "G001" "缺少文件" "清单里的每项服务都要有自己的目录和 guide.md，另有全局的 areas.md、roles.md。";
    StrayFile "G002" "不认识的文件" "文件不属于清单里的任何服务，或不是指南的文件；不会运行的文件不留在 guides/ 里。";
    Title "G003" "一级标题不对" "每个文件有且只有一个一级标题；guide.md 的一级标题与清单里的服务名称相同，其下第一段是一句话说明。";
    UnknownHeading "G004" "未知的标题" "只有固定的标题会运行；写错的标题会让整节失效，所以不许有。";
    RepeatedHeading "G005" "标题重复" "同一标题只能出现一次，内容合并到一处。";
    MissingHeading "G006" "缺少标题" "必有的一节没有写。";
    MissingTable "G007" "缺少表格" "这个标题下必须有一张表，并且至少有一行。";
    SurplusTable "G008" "多余的表格" "这个标题下只能有一张表，第二张不会运行。";
    BrokenTable "G009" "表格不成形" "看起来是表格，但程序读不出：缺少 |---| 行、放在列表或引用里、或某行格子太多。";
    UnknownColumn "G010" "未知的列" "表头只能用规定的列名。";
    MissingColumn "G011" "缺少列" "必有的列没有写。";
    RepeatedColumn "G012" "列重复" "同一列只能出现一次。";
    Fence "G013" "围栏不对" "围栏的名称只有“公式”和“文书”；要放在规定的标题下，并用 ``` 结束。";
    Empty "G014" "不能空着" "这一格必须填写。";
    BadValue "G015" "写法不对" "这一格的内容不在规定的写法之内。";
    Repeated "G016" "名称重复" "名称在规定的范围内只能用一次。";
    BadName "G017" "名称不能用" "项目名也是公式里的名字：只用汉字、字母、数字和下划线，不以数字开头，也不能是程序自己用的名字。";
    UnknownType "G018" "未知的类型" "项目的类型只能用规定的几种。";
    Roster "G019" "名册不对" "类型为名册的项目要有同名的“### 名册：…”一节，反过来也一样；名册里不能再有名册。";
    UnknownRegion "G020" "未知的地区" "地区写“全国”或区划表里有的 12 位代码。";
    UnknownStep "G021" "未知的步骤" "这里写的步骤不在“办理步骤”表里。";
    UnknownRole "G022" "未知的角色" "这里写的角色不在 roles.md 里，没有人能承办。";
    UnknownLetter "G023" "未知的文书" "这里写的文书在“文书”一节里没有。";
    UnknownField "G024" "未知的项目" "这里写的项目不在申请表或步骤表单里。";
    UnknownName "G025" "未知的名字" "这里写的名字既不是项目，也不是计算结果或公式。";
    UnknownOutcome "G026" "未知的结果" "这里写的结果在“步骤结果”表里没有。";
    FirstStep "G027" "第一步不是填报" "办件由申请产生，所以“办理步骤”的第一行必须是填报。";
    Unreachable "G028" "走不到的步骤" "从第一步出发，没有任何结果转到这一步。";
    NoOutcome "G029" "没有结果的步骤" "每一步至少有一个结果，否则办件停在这里。";
    NoEnd "G030" "走不到结束" "从这一步出发，无论怎样都到不了“结束”。";
    SkipLoop "G031" "跳过成环" "几个带条件的步骤都不成立时会互相跳转，永远停不下来。";
    OutcomeNames "G032" "结果名称不对" "公示、评议、等待的结果由引擎给出，名称是固定的。";
    NoticeRule "G033" "公示规则不全" "每个公示步骤在“公示”表里有且只有一行，反过来也一样。";
    MeetingRule "G034" "评议规则不全" "每个评议步骤在“评议”表里有且只有一行，反过来也一样。";
    PrivateNotice "G035" "公示了不该公开的内容" "公示只能包含隐私为“公开”的项目和计算结果。";
    NobodyHandled "G036" "审批前没有人经办" "审批由没有经办过的人作出；申请之后、审批之前必须有人办理。";
    TooFewPeople "G037" "入户人数不足" "入户必须两人以上。";
    Clock "G038" "读不懂的时限" "时限写“3个工作日”“7天”“2小时”“6个月”“即时”，或“按 公式 个月”。";
    ClockStart "G039" "期限没有起点或终点" "期限的“从”和“到”都是步骤，并且从前者能走到后者。";
    Extension "G040" "延长写得不全" "“可延长”和“事由”要么都写，要么都不写；延长后的时限要长于原时限。";
    Hit "G041" "判定表不成形" "判定表先写一行“命中：U”，再写表；输入列在前，结果列的表头以 → 开头。";
    UnusedFormula "G042" "没有用到的公式" "公式没有被结果、条件、文书、公示、算例或别的公式用到；多半是名字写错了。";
    UnusedRate "G043" "没有用到的参数" "参数没有被任何公式用到；多半是名字写错了，或应当删去。";
    ResultUndefined "G044" "结果没有公式" "“计算结果”里的名称没有同名的公式或判定表。";
    ResultType "G045" "结果类型不符" "公式算出的类型与“计算结果”里写的类型不同。";
    SilentClause "G046" "没有落实的条文" "法律依据的每一条都要有公式，或说明由哪一步保证，或说明为什么不自动化。";
    RateRepeated "G047" "参数重复" "同一参数、同一地区、同一起始日期只能有一个值。";
    RateUnits "G048" "参数单位不一" "同一参数的各行单位必须相同。";
    WrongKind "G049" "类型不合用" "这里要用另一种类型的项目或公式。";
    Course "G050" "经过写法不对" "“经过”的时间、谁、做什么、内容、应当，都有固定的写法。";
    BadScenario "G051" "反例没有被拒绝" "scenarios/bad 里的每个反例都要有一行“拒绝 R…”。";
    UnusedLetter "G052" "没有用到的文书" "没有任何步骤结果会发出这份文书。";
}

/// The text of `docs/reference/diagnostics.md`.
pub fn reference_page() -> String {
    let mut page = String::from(
        "# 指南检查的编号\n\n\
         由 `crates/guide/src/code.rs` 生成，不要手改；`UPDATE=1 cargo test -p guide` 重写。\n\
         F 开头的编号是公式的，见 `formula.md`；R 开头的是办件中的拒绝，见 `refusals.md`。\n\n\
         | 编号 | 名称 | 说明 |\n|---|---|---|\n",
    );
    for code in Code::ALL {
        page += &format!("| {} | {} | {} |\n", code.number(), code.title(), code.meaning().replace('|', "\\|"));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_run_on() {
        for (place, code) in Code::ALL.iter().enumerate() {
            assert_eq!(code.number(), format!("G{:03}", place + 1));
        }
    }
}
