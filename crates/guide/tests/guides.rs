//! The guides of this repository pass the checker, quickly.

use std::collections::BTreeMap;
use std::path::Path;

use base::Regions;

fn collect(folder: &Path, name: &str, files: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let base = path.file_name().and_then(|n| n.to_str()).expect("a name");
        let name = if name.is_empty() { base.to_owned() } else { format!("{name}/{base}") };
        if path.is_dir() {
            collect(&path, &name, files);
        } else {
            files.insert(name, std::fs::read_to_string(&path).expect("a text"));
        }
    }
}

#[test]
fn the_guides_of_the_bureau_are_sound() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let divisions = ["henan", "villages-410325-songxian", "demo-villages"];
    let text = |name| std::fs::read_to_string(root.join(format!("reference/divisions/{name}.csv"))).expect("a table");
    let tables = divisions.map(text);
    let regions = Regions::parse(&tables.each_ref().map(String::as_str)).expect("regions");
    let mut files = BTreeMap::new();
    collect(&root.join("guides"), "", &mut files);
    match guide::read(&files, Some(&regions)) {
        Ok(read) => {
            println!("{}", read.warnings.render());
            for service in &read.guides.services {
                let again = guide::read_service(&service.files).expect("an edition reads again from what it keeps");
                assert_eq!(again.edition, service.edition);
            }
        }
        Err(findings) => panic!("{}", findings.render()),
    }
}
