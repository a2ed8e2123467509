use crate::eval::Assessment;
use crate::tests::{County, calendar, facts, n, program, value};
use crate::value::Value;

fn known(text: &str) -> Value {
    value(text).unwrap_or_else(|unknown| panic!("{text}: {unknown}"))
}

fn unknown(text: &str) -> String {
    value(text).expect_err(text).to_string()
}

#[test]
fn numbers_are_exact() {
    assert_eq!(known("x = 1000 / 3 * 3 < 1000"), Value::Bool(false));
    assert_eq!(known("x = 0.1 + 0.2 = 0.3"), Value::Bool(true));
    assert_eq!(known("x = 2 ** 10 - -1"), n("1025"));
    assert_eq!(known("x = 舍入(存款 / 7, 四舍五入到分)"), n("5142.86"));
    assert_eq!(known("x = 舍入(存款 × 20%, 进到十元)"), n("7200"));
    assert_eq!(known("x = 按月(年金) + 月金"), n("175"));
}

#[test]
fn conditions_need_only_what_they_need() {
    assert_eq!(known("x = 有车 且 否"), Value::Bool(false));
    assert_eq!(known("x = 是 或 有车"), Value::Bool(true));
    assert_eq!(unknown("x = 有车 且 是"), "没有“有车”");
    assert_eq!(known("x = 若 城乡 = \"农村\" 则 1 否则 票数"), n("1"));
    assert_eq!(known("x = 已知(有车) 或 已知(存款)"), Value::Bool(true));
    assert_eq!(known("x = 非 已知(公示.异议数)"), Value::Bool(true));
    assert_eq!(unknown("x = 1 / (存款 - 36000元) > 0"), "除数为零");
}

#[test]
fn rows_have_formulas_of_their_own() {
    let text = "成员.收入.月额 = 金额 / 月数\n成员.月收入 = 合计(收入.月额)\n成员.年岁 = 年龄(人员, 计算日)\n";
    assert_eq!(
        known(
            &format!("{text}x = 合计(成员[残疾 = \"二级\"].收入月额和)\n成员.收入月额和 = 合计(收入.月额)")
                .replace("[残疾 = \"二级\"]", "[年岁 > 18岁]")
        ),
        n("433.333333").clone_exact("1300/3")
    );
    assert_eq!(unknown(&format!("{text}x = 合计(成员.月收入)")), "没有“成员第 2 行的收入第 1 行”的“月数”");
    assert_eq!(known(&format!("{text}x = 计(成员.月收入)")), n("2"));
    assert_eq!(known(&format!("{text}x = 任一 甲 在 成员 满足 甲.年岁 >= 65岁")), Value::Bool(true));
    assert_eq!(known(&format!("{text}x = 全部 甲 在 成员 满足 甲.年岁 >= 18岁")), Value::Bool(false));
    assert_eq!(known("x = 对每个 甲 在 成员 得 甲.姓名"), Value::List([Value::text("甲"), Value::text("乙")].into()));
    assert_eq!(
        known("成员.较长 = 计(成员[年龄(人员, 计算日) > 年龄(本行.人员, 计算日)])\nx = 合计(成员.较长)"),
        n("1")
    );
    assert_eq!(known("x = 成员[1].姓名"), Value::text("甲"));
    assert_eq!(known("x = 成员[-1].姓名 在 (\"甲\", \"乙\")"), Value::Bool(true));
}

trait Exact {
    fn clone_exact(self, quotient: &str) -> Value;
}

impl Exact for Value {
    fn clone_exact(self, quotient: &str) -> Value {
        let (a, b) = quotient.split_once('/').unwrap();
        Value::Number(crate::Rational::new(a.parse().unwrap(), b.parse().unwrap()))
    }
}

#[test]
fn rates_have_their_day_and_region() {
    assert_eq!(known("x = 标准(城乡)"), n("500"));
    assert_eq!(known("x = 标准(城市)"), n("680"));
    assert_eq!(unknown("x = 标准(城市, 日期: 2025-12-31)"), "410325000000没有“标准”");
    assert_eq!(known("x = 倍数 * 标准(城乡, 地区: 属地)"), n("750"));
}

#[test]
fn dates_and_lists() {
    assert_eq!(known("x = 工作日后(2026-09-22, 3)"), Value::Date("2026-09-28".parse().unwrap()));
    assert_eq!(known("x = 次月(计算日)"), Value::Month("2026-04".parse().unwrap()));
    assert_eq!(known("x = 计算日 + 30日 - 计算日"), n("30"));
    assert_eq!(known("x = 相隔月(2026-01-31, 2026-02-28)"), n("1"));
    assert_eq!(known("x = 最大(合并([1, 5], [3]))"), n("5"));
    assert_eq!(known("x = 合计([])"), n("0"));
    assert_eq!(unknown("x = 最大(首项([[1]])[2], 1)"), "一列有 1 项，没有第 2 项");
    assert_eq!(known("x = 存款 在 [0元..36000元] 且 月金 在 (< 1元/月, > 50元/月)"), Value::Bool(true));
}

#[test]
fn a_given_value_shadows_its_formula() {
    let program =
        program("家庭收入 = 合计(成员.月收入)\n成员.月收入 = 合计(收入.金额) / 12个月\nx = 家庭收入 < 500元/月");
    let (mut facts, calendar) = (facts(), calendar());
    facts.set("家庭收入", n("499.99"));
    let assessment = Assessment::new(&program, &facts, &County, &calendar);
    assert_eq!(assessment.value("x"), Some(Ok(Value::Bool(true))));
    let lines: Vec<String> = assessment.explain("x").unwrap().lines().iter().map(|(_, l)| (*l).to_owned()).collect();
    assert_eq!(lines, ["x = 家庭收入 499.99 < 500元/月 = 是（甲法 第一条）", "家庭收入 = 499.99（给定）"]);
}

#[test]
fn explains_down_to_facts_and_rates() {
    let text = "保障线 = 标准(城乡) * 计(成员)\n补差 = 舍入(保障线 - 家庭月收入, 四舍五入到分)\n家庭月收入 = 合计(成员.月收入)\n成员.月收入 = 合计(收入.金额) / 12个月\n";
    let (program, facts, calendar) = (program(text), facts(), calendar());
    let assessment = Assessment::new(&program, &facts, &County, &calendar);
    let explained = assessment.explain("补差").unwrap();
    let lines: Vec<String> =
        explained.lines().iter().map(|(depth, line)| format!("{}{line}", "  ".repeat(*depth))).collect();
    assert_eq!(
        lines,
        [
            "补差 = 舍入(保障线 1000.00 − 家庭月收入 约 137.5000, 四舍五入到分) = 862.50（甲法 第一条）",
            "  保障线 = 标准(城乡) 500.00 × 计(成员) = 1000.00（甲法 第一条）",
            "    城乡：农村",
            "    标准 500.00 元/月，嵩县，农村，自 2025-07-01（示例）",
            "  家庭月收入 = 合计(成员.月收入 [133.3333、4.1667]) = 137.50（甲法 第一条）",
        ]
        .map(|line| line.replace("约 137.5000", "137.50").replace("[133.3333、4.1667]", "[约 133.3333、约 4.1667]"))
        .into_iter()
        .chain(
            [
                "    成员第 1 行的月收入 = 合计(收入.金额 [1000.00、600.00]) ÷ 12个月 = 约 133.3333（甲法 第一条）",
                "      成员第 1 行的收入第 1 行的金额：1000.00 元",
                "      成员第 1 行的收入第 2 行的金额：600.00 元",
                "    成员第 2 行的月收入 = 合计(收入.金额 [50.00]) ÷ 12个月 = 约 4.1667（甲法 第一条）",
                "      成员第 2 行的收入第 1 行的金额：50.00 元",
            ]
            .map(str::to_owned)
        )
        .collect::<Vec<_>>()
    );
}

#[test]
fn the_examples_of_the_reference_page_hold() {
    for (text, expected) in crate::reference::EXAMPLES {
        let program = program(&format!("x = {text}"));
        let ty = program.find("x").unwrap().ty.unwrap().clone();
        let shown = value(&format!("x = {text}")).map(|value| value.show(&ty));
        assert_eq!(shown.as_deref(), Ok(expected), "{text}");
    }
}
