//! DMN models and test cases of the Technology Compatibility Kit, read from XML.

use std::collections::BTreeMap;

use roxmltree::{Document, Node};

/// A model: its types, inputs, decisions and functions.
#[derive(Debug, Default)]
pub struct Model {
    pub items: BTreeMap<String, Item>,
    pub inputs: Vec<Input>,
    pub decisions: Vec<Decision>,
    /// Business knowledge models, which are functions.
    pub functions: Vec<Decision>,
}

#[derive(Debug, Default, Clone)]
pub struct Item {
    pub base: String,
    pub components: Vec<(String, Item)>,
    pub is_collection: bool,
    pub values: String,
}

#[derive(Debug)]
pub struct Input {
    pub name: String,
    pub ty: String,
}

#[derive(Debug, Clone)]
pub struct Decision {
    pub name: String,
    pub ty: String,
    pub logic: Logic,
    /// Of a function: names and types.
    pub parameters: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
pub enum Logic {
    Text(String),
    Table(Table),
    /// Entries in their order; one without a name is the result.
    Context(Vec<(String, Logic)>),
    List(Vec<Logic>),
    If(Box<[Logic; 3]>),
    /// What is filtered, and by what.
    Filter(Box<[Logic; 2]>),
    /// some, every or for; the variable; in what; the rest.
    Each(&'static str, String, Box<[Logic; 2]>),
    /// Something else, by its element.
    Other(String),
}

#[derive(Debug, Default, Clone)]
pub struct Table {
    pub policy: String,
    /// Expression and allowed values.
    pub inputs: Vec<(String, String)>,
    /// Name and values in their order.
    pub outputs: Vec<(String, String)>,
    pub rules: Vec<(Vec<String>, Vec<String>)>,
}

#[derive(Debug)]
pub struct Case {
    pub id: String,
    pub inputs: Vec<(String, Given)>,
    pub results: Vec<Wanted>,
    /// A decision service is asked, not a decision.
    pub service: bool,
}

#[derive(Debug)]
pub struct Wanted {
    pub decision: String,
    pub value: Given,
    /// The result comes of an error.
    pub error: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    Null,
    /// Type and text.
    Plain(String, String),
    List(Vec<Given>),
    Record(Vec<(String, Given)>),
}

fn named<'a>(node: Node<'a, 'a>, name: &'static str) -> impl Iterator<Item = Node<'a, 'a>> {
    node.children().filter(move |child| child.tag_name().name() == name)
}

fn first<'a>(node: Node<'a, 'a>, name: &'static str) -> Option<Node<'a, 'a>> {
    named(node, name).next()
}

fn attribute(node: Node, name: &str) -> String {
    node.attribute(name).unwrap_or_default().to_owned()
}

/// The text of a child that holds `<text>`, or of `<text>` itself.
fn text(node: Option<Node>) -> String {
    let inner = node.and_then(|node| node.descendants().find(|n| n.tag_name().name() == "text"));
    inner.and_then(|node| node.text()).unwrap_or_default().trim().to_owned()
}

fn item(node: Node) -> Item {
    let base = first(node, "typeRef").and_then(|node| node.text()).unwrap_or_default().trim().to_owned();
    let components = named(node, "itemComponent").map(|child| (attribute(child, "name"), item(child))).collect();
    let values = text(first(node, "allowedValues"));
    Item { base, components, is_collection: node.attribute("isCollection") == Some("true"), values }
}

impl Model {
    pub fn read(source: &str) -> Result<Self, String> {
        let document = Document::parse(source).map_err(|error| error.to_string())?;
        let root = document.root_element();
        let mut model = Self::default();
        for node in root.children().filter(Node::is_element) {
            let name = attribute(node, "name");
            let variable = first(node, "variable").map(|variable| attribute(variable, "typeRef")).unwrap_or_default();
            match node.tag_name().name() {
                "itemDefinition" => _ = model.items.insert(name, item(node)),
                "inputData" => model.inputs.push(Input { name, ty: variable }),
                "decision" => {
                    let logic = node.children().filter(Node::is_element).find_map(logic);
                    let logic = logic.unwrap_or_else(|| Logic::Other("没有内容的决定".into()));
                    model.decisions.push(Decision { name, ty: variable, logic, parameters: Vec::new() });
                }
                "businessKnowledgeModel" => {
                    let Some(inner) = first(node, "encapsulatedLogic") else { continue };
                    let parameters = named(inner, "formalParameter")
                        .map(|node| (attribute(node, "name"), attribute(node, "typeRef")))
                        .collect();
                    let logic = inner.children().filter(Node::is_element).find_map(logic);
                    let logic = logic.unwrap_or_else(|| Logic::Other("没有内容的函数".into()));
                    let ty =
                        first(inner, "literalExpression").map(|node| attribute(node, "typeRef")).unwrap_or_default();
                    model.functions.push(Decision { name, ty, logic, parameters });
                }
                _ => {}
            }
        }
        Ok(model)
    }
}

/// The logic that an element is, if it is one.
fn logic(node: Node) -> Option<Logic> {
    let inside = |node: Node| node.children().filter(Node::is_element).find_map(logic);
    let within = |name: &'static str| {
        let found = first(node, name).and_then(inside);
        found.unwrap_or_else(|| Logic::Other(name.into()))
    };
    Some(match node.tag_name().name() {
        "literalExpression" => Logic::Text(text(Some(node))),
        "decisionTable" => Logic::Table(table(node)),
        "context" => {
            let entry = |entry: Node| {
                let name = first(entry, "variable").map(|variable| attribute(variable, "name")).unwrap_or_default();
                Some((name, inside(entry)?))
            };
            Logic::Context(named(node, "contextEntry").filter_map(entry).collect())
        }
        "list" => Logic::List(node.children().filter(Node::is_element).filter_map(logic).collect()),
        "relation" => Logic::Other("关系表".into()),
        "conditional" => Logic::If(Box::new([within("if"), within("then"), within("else")])),
        "filter" => Logic::Filter(Box::new([within("in"), within("match")])),
        name @ ("some" | "every" | "for") => {
            let word = ["some", "every", "for"].into_iter().find(|word| *word == name)?;
            let rest = if word == "for" { "return" } else { "satisfies" };
            Logic::Each(word, attribute(node, "iteratorVariable"), Box::new([within("in"), within(rest)]))
        }
        "functionDefinition" => Logic::Other("函数定义".into()),
        "invocation" => Logic::Other("框式调用".into()),
        _ => return None,
    })
}

fn table(node: Node) -> Table {
    let aggregation = node.attribute("aggregation").unwrap_or_default();
    let policy = match (node.attribute("hitPolicy").unwrap_or("UNIQUE"), aggregation) {
        ("COLLECT", "SUM") => "C+",
        ("COLLECT", "MIN") => "C<",
        ("COLLECT", "MAX") => "C>",
        ("COLLECT", "COUNT") => "C#",
        ("COLLECT", _) => "C",
        ("ANY", _) => "A",
        ("PRIORITY", _) => "P",
        ("FIRST", _) => "F",
        ("RULE ORDER", _) => "R",
        ("OUTPUT ORDER", _) => "O",
        _ => "U",
    };
    let rule = |rule: Node| {
        let cells = |name| named(rule, name).map(|entry| text(Some(entry))).collect();
        (cells("inputEntry"), cells("outputEntry"))
    };
    let outputs: Vec<Node> = named(node, "output").collect();
    Table {
        policy: policy.into(),
        inputs: named(node, "input")
            .map(|input| (text(first(input, "inputExpression")), text(first(input, "inputValues"))))
            .collect(),
        outputs: outputs
            .iter()
            .map(|output| (attribute(*output, "name"), text(first(*output, "outputValues"))))
            .collect(),
        rules: named(node, "rule").map(rule).collect(),
    }
}

/// The cases of a test file.
pub fn cases(source: &str) -> Result<Vec<Case>, String> {
    let document = Document::parse(source).map_err(|error| error.to_string())?;
    let mut cases = Vec::new();
    for node in named(document.root_element(), "testCase") {
        let inputs = named(node, "inputNode").map(|input| (attribute(input, "name"), given(input))).collect();
        let result = |node: Node| {
            let value = first(node, "expected").map_or(Given::Null, given);
            let error = node.attribute("errorResult") == Some("true");
            Wanted { decision: attribute(node, "name"), value, error }
        };
        let results = named(node, "resultNode").map(result).collect();
        let service = node.attribute("type") == Some("decisionService");
        cases.push(Case { id: attribute(node, "id"), inputs, results, service });
    }
    Ok(cases)
}

fn given(node: Node) -> Given {
    if let Some(list) = first(node, "list") {
        return match is_nil(list) {
            true => Given::Null,
            false => Given::List(named(list, "item").map(given).collect()),
        };
    }
    let components: Vec<Node> = named(node, "component").collect();
    if !components.is_empty() {
        return Given::Record(components.into_iter().map(|node| (attribute(node, "name"), given(node))).collect());
    }
    match first(node, "value") {
        Some(value) if !is_nil(value) => {
            let kind = value.attributes().find(|attribute| attribute.name() == "type");
            let kind = kind.map_or("", |attribute| attribute.value());
            let kind = kind.rsplit(':').next().unwrap_or(kind);
            Given::Plain(kind.to_owned(), value.text().unwrap_or_default().to_owned())
        }
        _ => Given::Null,
    }
}

fn is_nil(node: Node) -> bool {
    node.attributes().any(|attribute| attribute.name() == "nil" && attribute.value() == "true")
}
