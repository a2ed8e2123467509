//! The names that formulas may use: built in, of steps, of fields, of what is paid and of limits.

use std::collections::BTreeMap;
use std::sync::Arc;

use formula::{Environment, Facts, Rational, Type, Unit, Value, ValueName};

use super::{StepName, fields, payments};
use crate::document::Section;
use crate::model::{Field, FieldType, List, Parameter, Step, StepKind};

/// All names that formulas may use (format section 6.3).
pub(super) fn environment(
    steps: &[StepName],
    starts: &[(Arc<str>, Arc<str>)],
    fields: &[Field],
    lists: &[List],
    registers: &[formula::RegisterName],
    parameters: &[Parameter],
) -> Environment {
    let bare = Type::Number(Unit::NONE);
    let live = |name: &str, ty: Type| ValueName { live: true, ..ValueName::new(name, ty) };
    let mut values = vec![
        ValueName::new("计算日", Type::Date),
        ValueName::new("属地", Type::Region),
        ValueName::new("缘由", Type::choice(starts.iter().map(|(name, _)| name.clone()))),
        ValueName::new("启动.日期", Type::Date),
        ValueName::new("启动.时刻", Type::Moment),
        ValueName::new("待遇月", Type::Month),
        ValueName::new("期次", bare.clone()),
        ValueName::new("抽签数", bare.clone()),
        live("今日", Type::Date),
        live("此刻", Type::Moment),
    ];
    for step in steps {
        let mut own = |name: &str, ty: Type| values.push(ValueName::new(format!("{}.{name}", step.name), ty));
        own("日期", Type::Date);
        own("时刻", Type::Moment);
        own("开始日期", Type::Date);
        own("经办人", Type::Text);
        own("已有", Type::Bool);
        own("已开", Type::Bool);
        own("次数", Type::Number(Unit::parse("次").unwrap_or_default()));
        if step.kind == StepKind::Form {
            own("代办", Type::Bool);
        }
        for (name, ty) in step_outputs(step.kind, &step.conclusions) {
            own(name, ty);
        }
    }
    for field in fields {
        let ty = fields::formula_type(field, lists);
        if let FieldType::List(_) = field.ty {
            continue;
        }
        values.push(ValueName { computed: field.computed, ..ValueName::new(field.name.clone(), ty.clone()) });
        let said = field.sources.iter().flatten().filter_map(|step| steps.get(*step));
        values.extend(said.map(|step| ValueName::new(format!("{}.{}", step.name, field.name), ty.clone())));
    }
    let lists = lists.iter().map(|list| formula::ListName {
        name: list.name.clone(),
        parent: list.parent,
        register: list.register,
        columns: fields::list_columns(list, lists, registers),
    });
    Environment {
        values,
        lists: lists.collect(),
        registers: registers.to_vec(),
        parameters: parameters
            .iter()
            .map(|p| formula::ParameterName {
                name: p.name.clone(),
                ty: p.ty.clone(),
                dimensions: p.dimensions.clone(),
            })
            .collect(),
        steps: steps.iter().map(|step| step.name.clone()).collect(),
    }
}

/// What formulas see of entitlements and clocks before these are read.
pub(super) fn promised(chapters: &BTreeMap<String, Vec<&Section>>) -> Vec<ValueName> {
    let per_month = Unit::parse("元/月").unwrap_or_default();
    let paid = super::column_of(super::chapter(chapters, "待遇"), "待遇", "待遇").into_iter().flat_map(|name| {
        let sum = ValueName::new(format!("{name}.月额"), Type::Fen(per_month));
        let decided = ValueName::new(format!("{name}.核定日"), Type::Date);
        let since = ValueName::new(format!("{name}.核定起月"), Type::Month);
        [sum, decided, since, ValueName::new(format!("{name}.在发"), Type::Bool)]
    });
    let clocks = super::column_of(super::chapter(chapters, "时限"), "时限", "时限");
    paid.chain(clocks.iter().map(|clock| ValueName::new(format!("{clock}.到期日"), Type::Date))).collect()
}

/// The built-in outputs of a kind of step, which its form asks for.
pub fn step_outputs(kind: StepKind, conclusions: &[Arc<str>]) -> Vec<(&'static str, Type)> {
    let count = |name: &str| Type::Number(Unit::parse(name).unwrap_or_default());
    match kind {
        StepKind::Decide => vec![("结论", Type::choice(conclusions.iter().cloned())), ("理由", Type::Text)],
        StepKind::Match => vec![("结果", Type::choice(["相符", "不符", "未答复"])), ("理由", Type::Text)],
        StepKind::Visit => vec![("在场人", Type::Text), ("地点", Type::Text), ("时间", Type::Moment)],
        StepKind::Meeting => ["应到", "实到", "赞成", "反对", "弃权"].map(|name| (name, count("人"))).to_vec(),
        StepKind::Publicity => vec![("张贴日期", Type::Date), ("异议数", count("件"))],
        StepKind::Batch(job) => payments::outputs(job),
        StepKind::Form | StepKind::Record | StepKind::Wait => Vec::new(),
    }
}

/// What formulas see of steps that nobody has come to yet.
pub(super) fn untouched(steps: &[Step]) -> Facts {
    let mut facts = Facts::default();
    for step in steps {
        facts.set(format!("{}.已有", step.name), Value::Bool(false));
        facts.set(format!("{}.已开", step.name), Value::Bool(false));
        facts.set(format!("{}.次数", step.name), Value::Number(Rational::from(0)));
    }
    facts
}
