//! What one guide says of another: 启动 and 互斥.

use std::ops::Range;

use formula::nearest;

use super::{Library, Reader};
use crate::model::{Action, Effect, Field, Guide, Start, When};

impl Reader {
    /// What one guide says of another: 启动 and 互斥. A single edition is compiled without the others.
    pub(super) fn across(&mut self, library: &Library) {
        let payable = |name: &str| library.guides.iter().flat_map(|g| &g.entitlements).any(|e| *e.name == *name);
        // A pinned edition is compiled alone, as a service that is no longer offered.
        let alone = library.areas.iter().all(|area| area.status == "停用");
        for guide in library.guides.iter().filter(|_| !alone) {
            self.file = format!("{}/guide.md", guide.folder).into();
            self.one_meaning(library, guide);
            for name in guide.entitlements.iter().flat_map(|entitlement| &entitlement.exclusive_with) {
                if !payable(&name.text) {
                    let message = format!("互斥的“{}”不是任何服务的待遇", name.text);
                    self.error("G201", &name.span, message, "写待遇的名称");
                }
            }
            for effect in &guide.effects {
                let Action::Begin { service, start, span } = &effect.action else { continue };
                let other = library.guides.iter().find(|other| *other.key == **service);
                let Some((other, begun)) =
                    other.and_then(|other| Some((other, other.starts.iter().find(|s| *s.key == **start)?)))
                else {
                    self.error("G201", span, format!("没有启动“{service}/{start}”"), "写 服务的标识/启动的标识");
                    continue;
                };
                if !matches!(begun.when, When::ByEffect) {
                    let message = format!("“{}”的启动“{}”不是“由 效果”", other.title, begun.name);
                    self.error("G801", span, message, "在那份指南的“何时”写 由 效果");
                }
                self.begun_with(other, begun, effect, span);
            }
        }
    }

    /// 调整 names a start that somebody submits.
    pub(super) fn adjusted(&mut self, library: &Library) {
        if library.areas.iter().all(|area| area.status == "停用") {
            return;
        }
        for parameter in library.all_parameters() {
            let Some((service, start)) = &parameter.adjusted_by else { continue };
            let other = library.guides.iter().find(|other| *other.key == **service);
            let begun = other.and_then(|other| other.starts.iter().find(|known| *known.key == **start));
            if !begun.is_some_and(|begun| matches!(begun.when, When::Submit)) {
                self.file = "parameters.md".into();
                let message = format!("参数“{}”由“{service}/{start}”调整，没有这样的启动", parameter.name);
                self.error("G201", &(0..0), message, "写 服务的标识/启动的标识，“何时”是 提交");
            }
        }
    }

    /// Values of parameters are found by name, so one name is one parameter in all guides.
    fn one_meaning(&mut self, library: &Library, guide: &Guide) {
        let before = library.guides.iter().take_while(|other| other.key != guide.key);
        let before: Vec<_> = before.flat_map(|other| other.parameters.iter().map(move |p| (other, p))).collect();
        for own in &guide.parameters {
            let other = before.iter().find(|(_, known)| known.name == own.name && known.key != own.key);
            if let Some((other, known)) = other {
                let message =
                    format!("参数“{}”（{}）在“{}”里是另一个参数（{}）", own.name, own.key, other.title, known.key);
                self.error("G202", &(0..0), message, "换一个名称；说的是一回事的，用同一个标识");
            }
        }
    }

    /// The fields that 内容 fills in are those of the first step of what is started.
    fn begun_with(&mut self, other: &Guide, begun: &Start, effect: &Effect, span: &Range<usize>) {
        let first = begun.first.first().copied().unwrap_or_default();
        let asked = |field: &&Field| field.sources.iter().flatten().any(|step| *step == first);
        let fields: Vec<_> = other.fields.iter().filter(asked).collect();
        for (name, value) in effect.set.iter().filter(|(name, _)| begun.over.is_none() || name != "享受人") {
            if !fields.iter().any(|field| *field.key == **name) {
                let near = nearest(name, fields.iter().map(|field| &*field.key)).unwrap_or("享受人");
                let message = format!("“{}”的第一步没有标识是“{name}”的项目", begun.name);
                let span = value.expression().map_or(span.clone(), |expression| expression.span());
                self.error("G201", &span, message, format!("最接近的是“{near}”"));
            }
        }
        if begun.over.is_some() && effect.set.iter().all(|(name, _)| name != "享受人") {
            self.error("G102", span, "没有写是谁的待遇", "在“内容”写 享受人 = 申请人");
        }
    }
}
