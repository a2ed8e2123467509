//! What officers of the demo county write into the forms of the shipped guide, step by step.

use base::{DateTime, format_date};
use casework::intake::Entries;

use super::application::Form;
use super::dice::Dice;
use super::families::{Family, Shape};

/// What the words of a step depend on.
pub struct Scene<'a> {
    pub family: &'a Family,
    pub now: DateTime,
    pub answer: Registries,
    /// The rise in income that a re-check found comes from new work.
    pub found_work: bool,
    /// Why the benefit ends altogether, in the guide's words.
    pub ending: Option<&'static str>,
    /// Somebody objected, or a relative works here: the county looks for itself and votes are divided.
    pub contested: bool,
}

/// How the registries answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registries {
    Agree,
    Differ,
    Silent,
}

const REGISTRIES: [&str; 8] = ["户籍", "婚姻", "殡葬", "社会保险", "税务", "不动产", "车船", "银行"];

/// The entries of a step's form; steps without a form have none.
pub fn entries(step: &str, scene: &Scene, dice: &mut Dice) -> Entries {
    let mut form = Form::default();
    let today = scene.now.date();
    let applicant = &scene.family.members[0].name;
    match step {
        "补正" => {
            form.put("补正说明", "已补签核对授权书，并交来户口簿内页照片。");
        }
        "信息核对" => registries(scene, dice, &mut form),
        "核对告知" => {
            form.put("核对告知日期", today);
            form.put("申请人对核对的意见", "车辆两年前已卖给邻村，没有过户，已带来买卖协议；其余没有意见。");
        }
        "入户调查" => {
            form.put("入户日期", today).put("在场家庭成员", applicant);
            form.put("家庭生活情况", home(scene.family, dice));
            form.put("邻里访问情况", dice.pick(&NEIGHBOURS));
            form.put("收入来源稳定", if dice.chance(65) { "是" } else { "否" });
        }
        "配合催告" => {
            let first = today.saturating_sub(jiff::Span::new().days(8));
            form.put("第一次催告日期", first).put("第二次催告日期", today);
        }
        "村级评议" | "镇级评议" => votes(scene, dice, &mut form),
        "审核" => {
            form.put("初审意见", "经核对、入户调查和评议，家庭成员、收入、财产情况与申报一致，按计算结果提出意见。");
        }
        "异议复查" => {
            form.put("复查日期", today);
            form.put("复查情况", "走访邻居三户，查看房屋和田地，并与异议人见面核实；异议所指情况与调查结果不符。");
        }
        "县级审查" => {
            let visited = scene.contested || dice.chance(30);
            form.put("县级已入户抽查", if visited { "是" } else { "否" });
            if visited {
                form.put("抽查情况", "抽查人员两名，见到家庭成员，居住和生活情况与乡镇调查一致。");
            }
            form.put("审查意见", "材料齐全，程序合规，同意提请确认。");
        }
        "送达" => {
            form.put("送达方式", dice.pick(&["直接送达", "直接送达", "邮寄送达"]));
            form.put("送达日期", today).put("签收人", applicant);
        }
        _ => review(step, scene, dice, &mut form),
    }
    form.0
}

/// The steps after the first decision.
fn review(step: &str, scene: &Scene, dice: &mut Dice, form: &mut Form) {
    let today = scene.now.date();
    match step {
        "在保" => {
            form.put("变化说明", change(scene));
            form.0.extend(scene.ending.map(|ending| ("终止情形".to_owned(), ending.to_owned())));
        }
        "渐退" => {
            form.put("渐退期内变化", "务工的家庭成员因伤回家，收入又减少了。");
        }
        "复核核对" => {
            form.put("复核核对情况", "各登记部门均已答复，没有发现新增房产、车辆和大额存款。");
        }
        "复核入户" => {
            form.put("复核入户日期", today).put("复核入户情况", home(scene.family, dice));
        }
        "定期复核" => {
            form.put("收入增加原因", if scene.found_work { "就业创业" } else { "没有增加" });
            form.put("复核意见", "按核对和入户所见的收入、财产和人口重新计算，按计算结果提出意见。");
        }
        "听取意见" => {
            form.put("听取方式", dice.pick(&["当面", "电话", "当面"])).put("听取日期", today);
            form.put("家庭意见", dice.pick(&["没有意见。", "知道收入高了，没有意见。", "希望缓两个月，但理解规定。"]));
            form.put("意见采纳情况", "已向家庭说明计算依据和救济途径，未提出新的事实。");
        }
        "复核送达" => {
            form.put("变更送达方式", "直接送达").put("变更送达日期", today);
        }
        "终止核实" => {
            form.put("终止核实情况", format!("{}经村（社区）和家属核实，情况属实。", format_date(today)));
        }
        "终止送达" => {
            form.put("终止送达方式", "直接送达").put("终止送达日期", today);
        }
        _ => {}
    }
}

/// Why an outcome was chosen; every outcome may carry a reason and some must.
pub fn reason(outcome: &str, dice: &mut Dice) -> &'static str {
    match outcome {
        "一次性告知" => dice.pick(&[
            "还差：一名成年家庭成员的核对授权书签字；户口簿内页照片。",
            "还差：外出务工子女的核对授权书签字；本人身份证号填写有涂改，请重新填写。",
        ]),
        "不予受理" => "申请人户籍和经常居住地都不在本乡镇，已告知应当向哪里申请。",
        "与申报不符" => "车船登记显示名下有一辆二轮摩托车，申报表未填写。",
        "部分未答复" => "银行未在期限内答复，由入户调查和信函索证核实。",
        "家庭不配合" => "两次上门家中无人，电话拒绝约定调查时间。",
        "终止审核" => "先后两次催告，仍无正当理由不配合调查。",
        "退回调查" | "退回补查" => "外出务工成员的收入没有佐证，请补充工资证明或走访记录。",
        "退回审查" => "抽查记录没有签字，请补齐后再报。",
        "重新调查" => "异议反映的收入情况需要再次入户核实。",
        "拟不予确认" | "不予确认" => "按核实的收入和财产计算，不符合规定的条件，计算过程附后。",
        "建议减发" | "减发" => "家庭收入比上次增加，按差额重新计算。",
        "建议渐退" | "渐退" => "家庭成员就业后收入超过标准，按规定给予渐退期。",
        "建议停发" | "停发" => "家庭收入已不低于标准，不再符合条件。",
        "终止" => "保障情形消失，按规定终止。",
        _ => "",
    }
}

fn registries(scene: &Scene, dice: &mut Dice, form: &mut Form) {
    for (index, registry) in REGISTRIES.iter().enumerate() {
        let (answer, result) = match (scene.answer, *registry) {
            (Registries::Silent, "银行") => ("未答复", None),
            (Registries::Differ, "车船") => ("已答复", Some("不一致")),
            _ => ("已答复", Some("一致")),
        };
        let mut cells = vec![("登记部门", (*registry).to_owned()), ("答复情况", answer.to_owned())];
        cells.extend(result.map(|result| ("比对结果", result.to_owned())));
        if result == Some("不一致") {
            cells.push(("差异说明", "名下登记有二轮摩托车一辆，申报表未填写".to_owned()));
        }
        form.row("核对结果", index + 1, &cells);
    }
    form.put("核对报告编号", format!("HD{}{:04}", scene.now.date().to_string().replace('-', ""), dice.below(10_000)));
}

fn votes(scene: &Scene, dice: &mut Dice, form: &mut Form) {
    let members = dice.pick(&[7, 9, 11, 13]);
    let present = members - dice.below(2);
    let no = if scene.contested { dice.between(2, 3) } else { dice.below(2) };
    let abstain = dice.below(2);
    form.put("应到人数", members).put("实到人数", present);
    form.put("同意票", present - no - abstain).put("不同意票", no).put("弃权票", abstain);
    let minutes = format!(
        "主持人宣读申请和调查情况，申请人代表到场说明并回答提问；村民代表就{}发表意见。\
         无记名投票：应到{members}人，实到{present}人，同意{}票，不同意{no}票，弃权{abstain}票。唱票、计票、监票人签字。",
        dice.pick(&["家庭劳力和土地收入", "外出子女的赡养情况", "住房和日常生活", "看病支出和报销"]),
        present - no - abstain,
    );
    form.put("会议记录", minutes);
}

const NEIGHBOURS: [&str; 4] = [
    "走访左右邻居两户，都说这家日子紧，平时靠零工和亲戚接济。",
    "走访村民小组长和邻居一户，所说与申报一致。",
    "邻居反映家中常年有人吃药，地由亲戚代种。",
    "邻居两户证实子女外出务工，逢年过节才回来。",
];

fn home(family: &Family, dice: &mut Dice) -> String {
    let house = dice.pick(&[
        "砖瓦房三间，屋面完好",
        "平房两间，墙面有裂缝",
        "土木结构老屋三间，正在排危",
        "安置点楼房一套，六十平方米",
    ]);
    let goods =
        dice.pick(&["家电只有电视和旧冰箱", "家具陈旧，有洗衣机一台", "无贵重家电", "有电动三轮车一辆，用于下地"]);
    let life = match family.shape {
        Shape::ElderAlone | Shape::ElderCouple => "日常买菜做饭自理，常年服药",
        Shape::DisabledAlone | Shape::DisabledAdultAndParents => "残疾人由家人照护，室内做了扶手",
        Shape::SingleParent | Shape::GrandparentAndChild => "孩子在校住宿，周末回家",
        Shape::Couple | Shape::ThreeGenerations => "一人外出打零工，其余在家务农、照护",
    };
    format!("{house}，{goods}；{life}。吃穿基本有保障，与申报相符。")
}

fn change(scene: &Scene) -> &'static str {
    match scene.ending {
        Some("保障对象全部死亡") => "本人因病去世，家属已报告村（社区），户口注销。",
        Some("家庭自愿放弃") => "子女收入好转，家庭书面表示自愿放弃低保。",
        Some("转为特困供养") => "已认定为特困人员，转为特困供养。",
        Some(_) => "全家随子女迁往外县落户。",
        None => "家庭成员外出务工，收入有变化，主动报告。",
    }
}
