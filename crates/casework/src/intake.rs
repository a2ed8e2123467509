//! What people type becomes typed data by the guide's schema; what does not read is refused beside its field.

use std::collections::BTreeMap;

use base::{CreditCode, Date, PersonNumber, name_and_number};
use formula::{Type, Value};
use guide::model::{Field, FieldType, Required, StepKind};
use guide::{Guide, plain_value, step_outputs};

use crate::event::{Datum, FileRef, PersonRef, Row};
use crate::refusal::{Code, Refusal};

/// Text of one line and of a long answer, in characters.
const MOST_TEXT: usize = 5000;

/// Rows of a list.
const MOST_ROWS: usize = 200;

/// Photos and scans of one field.
pub const MOST_FILES: usize = 20;

/// What was typed for a field: text, the rows of a list, or the files that were kept. `None` in `Form::fields` is a field left empty.
#[derive(Clone, Debug, PartialEq)]
pub enum Typed {
    Text(String),
    /// Columns by 标识. An empty list means that 没有 was ticked.
    Rows(Vec<BTreeMap<String, Typed>>),
    Files(Vec<FileRef>),
}

/// What a form gives: fields by 标识, the built-in outputs of the step's kind by their Chinese names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Form {
    pub fields: BTreeMap<String, Typed>,
    pub outputs: BTreeMap<String, String>,
    /// Files that were not taken in, each with its place.
    pub refused: Vec<Refusal>,
}

/// Typed data of a step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Input {
    pub values: BTreeMap<String, Datum>,
    pub outputs: BTreeMap<String, Datum>,
    /// 生效日: from which day what is stated holds; without one, from the day of the command.
    pub valid_from: Option<Date>,
    /// What was made of doubts, and why, by their places.
    pub verdicts: BTreeMap<String, (String, String)>,
}

impl Input {
    /// The name of the first person that a form states, which in an application is the applicant.
    pub fn person(&self, guide: &Guide) -> Option<&str> {
        let first = guide.fields.iter().find(|field| matches!(field.ty, FieldType::Register(_)))?;
        match self.values.get(&*first.key) {
            Some(Datum::Person(person)) => Some(&*person.name),
            _ => None,
        }
    }

    /// What the case is called where it is about nobody: the field `title`.
    pub fn title(&self) -> Option<&str> {
        self.values.get("title").and_then(Datum::text)
    }
}

/// What every form with fields asks for besides them: the day from which its statement holds.
pub const VALID_FROM: &str = "生效日";

/// Who was there in person, with their identity checked, by the names of their fields.
pub const PRESENT: &str = "到场";

/// The fields that the form of a step asks for: those that list the step as a source.
pub fn fields_of(guide: &Guide, step: usize) -> impl Iterator<Item = &Field> {
    guide.fields.iter().filter(move |field| field.sources.iter().flatten().any(|source| *source == step))
}

/// Whether a step must give a field.
pub fn is_required(field: &Field, step: usize) -> bool {
    match &field.required {
        Required::Always => true,
        // Told when the rest of the form is known.
        Required::Never | Required::If(_) => false,
        Required::At(steps) => steps.contains(&step),
    }
}

/// Reads a form for a step. Every refusal stands at its field.
pub fn read(guide: &Guide, step: usize, form: &Form) -> Result<Input, Vec<Refusal>> {
    let mut reader = Reader { guide, refusals: form.refused.clone() };
    let mut input = Input::default();
    for field in fields_of(guide, step) {
        let required = is_required(field, step);
        let value = reader.field(field, form.fields.get(&*field.key), required, &field.key);
        input.values.extend(value.map(|value| (field.key.to_string(), value)));
    }
    for (name, ty) in step_outputs(guide.steps[step].kind, &[]) {
        let typed = form.outputs.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
        // The conclusion arrives with the command; dates of notices are those of the command.
        if matches!(name, "结论" | "张贴日期" | "异议数") {
            continue;
        }
        match typed {
            Some(text) => {
                input.outputs.extend(reader.plain(name, text, &ty, name).map(|value| (name.to_owned(), value)))
            }
            // Where registries were asked, the answers and the doubts say it.
            None if name == "理由" || guide.steps[step].kind == StepKind::Match => {}
            None => reader.refuse(Code::R107, format!("没有填“{name}”"), "请填写", name),
        }
    }
    for (name, text) in &form.outputs {
        if let Some(place) = name.strip_prefix("疑点.") {
            input.verdicts.entry(place.to_owned()).or_default().0.clone_from(text);
        } else if let Some(place) = name.strip_prefix("疑点说明.") {
            input.verdicts.entry(place.to_owned()).or_default().1.clone_from(text);
        }
    }
    let present = form.outputs.get(PRESENT).map(|text| text.trim()).filter(|text| !text.is_empty());
    input.outputs.extend(present.map(|text| (PRESENT.to_owned(), Datum::Text(text.to_owned()))));
    if let Some(text) = form.outputs.get(VALID_FROM).map(|text| text.trim()).filter(|text| !text.is_empty()) {
        match reader.plain(VALID_FROM, text, &Type::Date, VALID_FROM) {
            Some(Datum::Text(text)) => input.valid_from = text.parse().ok(),
            _ => return Err(reader.refusals),
        }
    }
    if reader.refusals.is_empty() { Ok(input) } else { Err(reader.refusals) }
}

/// One field as it would be read from a form; `None` where nothing, or nothing readable, was typed.
pub(crate) fn datum(guide: &Guide, field: &Field, typed: &Typed) -> Option<Datum> {
    Reader { guide, refusals: Vec::new() }.field(field, Some(typed), false, &field.key)
}

struct Reader<'g> {
    guide: &'g Guide,
    refusals: Vec<Refusal>,
}

impl Reader<'_> {
    fn refuse(&mut self, code: Code, text: String, way_out: &str, place: &str) {
        self.refusals.push(Refusal::new(code, text, way_out).at(place));
    }

    fn field(&mut self, field: &Field, typed: Option<&Typed>, required: bool, place: &str) -> Option<Datum> {
        let empty = match typed {
            None => true,
            Some(Typed::Text(text)) => text.trim().is_empty(),
            Some(Typed::Rows(_)) => false,
            Some(Typed::Files(files)) => files.is_empty(),
        };
        if empty {
            if required {
                let way_out = match field.ty {
                    FieldType::List(_) => "请填写；没有的勾“没有”",
                    FieldType::Attachment => "请拍照或扫描上传",
                    _ => "请填写",
                };
                self.refuse(Code::R107, format!("没有填“{}”", field.name), way_out, place);
            }
            return None;
        }
        match (typed?, &field.ty) {
            (Typed::Rows(rows), FieldType::List(list)) => self.rows(*list, rows, place),
            (Typed::Text(text), ty) => self.text(field, text.trim(), ty, place),
            (Typed::Files(files), FieldType::Attachment) => self.files(field, files, place),
            (Typed::Rows(_) | Typed::Files(_), _) => {
                self.refuse(Code::R108, format!("“{}”填的不是这种内容", field.name), "请重新填写", place);
                None
            }
        }
    }

    fn files(&mut self, field: &Field, files: &[FileRef], place: &str) -> Option<Datum> {
        if files.len() > MOST_FILES {
            let text = format!("“{}”有 {} 个文件，最多 {MOST_FILES} 个", field.name, files.len());
            self.refuse(Code::R108, text, "请去掉几个", place);
            return None;
        }
        Some(Datum::Files(files.to_vec()))
    }

    fn rows(&mut self, list: usize, rows: &[BTreeMap<String, Typed>], place: &str) -> Option<Datum> {
        let list = &self.guide.lists[list];
        if rows.len() > MOST_ROWS {
            let text = format!("“{}”有 {} 行，最多 {MOST_ROWS} 行", list.name, rows.len());
            self.refuse(Code::R108, text, "请分成几份", place);
            return None;
        }
        let mut found = Vec::new();
        for (index, typed) in rows.iter().enumerate() {
            let mut columns = BTreeMap::new();
            if list.register.is_some() {
                let text = |key: &str| if let Some(Typed::Text(text)) = typed.get(key) { text.trim() } else { "" };
                let place = format!("{place}.{index}.person");
                let person = self.person(&list.name, text("person_name"), text("person_number"), &place);
                columns.extend(person.map(|person| ("person".to_owned(), person)));
            }
            for column in &list.columns {
                let required = matches!(column.required, Required::Always);
                let value =
                    self.field(column, typed.get(&*column.key), required, &format!("{place}.{index}.{}", column.key));
                columns.extend(value.map(|value| (column.key.to_string(), value)));
            }
            found.push(Row { id: u32::try_from(index).unwrap_or(u32::MAX) + 1, columns });
        }
        Some(Datum::Rows(found))
    }

    /// A person: the name, and a number if one was typed.
    fn person(&mut self, what: &str, name: &str, number: &str, place: &str) -> Option<Datum> {
        if name.is_empty() {
            self.refuse(Code::R107, format!("“{what}”没有填姓名"), "请填写", place);
            return None;
        }
        if name.chars().count() > 100 {
            self.refuse(Code::R108, format!("“{what}”的姓名太长"), "最多 100 个字", place);
            return None;
        }
        let number = match number {
            "" => None,
            text => match PersonNumber::parse(text) {
                Ok(number) => Some(number.as_str().to_owned()),
                Err(error) => {
                    self.refuse(Code::R108, error.to_string(), "请对照证件改正", place);
                    return None;
                }
            },
        };
        Some(Datum::Person(PersonRef { name: name.to_owned(), number }))
    }

    fn text(&mut self, field: &Field, text: &str, ty: &FieldType, place: &str) -> Option<Datum> {
        if text.chars().count() > MOST_TEXT {
            self.refuse(Code::R108, format!("“{}”太长", field.name), "最多 5,000 个字", place);
            return None;
        }
        match ty {
            FieldType::Plain(ty) => self.plain(&field.name, text, ty, place),
            FieldType::PersonNumber => match PersonNumber::parse(text) {
                Ok(number) => Some(Datum::Text(number.as_str().to_owned())),
                Err(error) => {
                    self.refuse(Code::R108, error.to_string(), "请对照证件改正", place);
                    None
                }
            },
            FieldType::CreditCode => match CreditCode::parse(text) {
                Ok(code) => Some(Datum::Text(code.as_str().to_owned())),
                Err(error) => {
                    self.refuse(Code::R108, error.to_string(), "请对照登记证书改正", place);
                    None
                }
            },
            // A person is typed as `姓名 身份号码`.
            FieldType::Register(_) => {
                let (name, number) = name_and_number(text);
                self.person(&field.name, name, number, place)
            }
            FieldType::Attachment => {
                self.refuse(Code::R108, format!("“{}”是照片或扫描件", field.name), "请上传文件", place);
                None
            }
            FieldType::List(_) => {
                self.refuse(Code::R108, format!("“{}”是列表", field.name), "请一行一行填", place);
                None
            }
            _ => Some(Datum::Text(text.to_owned())),
        }
    }

    fn plain(&mut self, name: &str, text: &str, ty: &Type, place: &str) -> Option<Datum> {
        match plain_value(text, ty) {
            Ok(Value::Bool(b)) => Some(Datum::Bool(b)),
            Ok(Value::Number(n)) => match formula::exact_decimal(n) {
                Some(text) => Some(Datum::Text(text)),
                None => {
                    self.refuse(Code::R108, format!("“{name}”的小数太多"), "请写到分", place);
                    None
                }
            },
            Ok(value) => Some(Datum::Text(value.to_string())),
            Err(help) => {
                self.refuse(Code::R108, format!("“{name}”填的不对"), &help, place);
                None
            }
        }
    }
}
