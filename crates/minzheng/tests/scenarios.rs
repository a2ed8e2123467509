//! The scenarios of the shipped guides and of the toy service, in the same run as the other tests, so that a change of
//! a rule that only a scenario holds is seen there too.

use std::path::Path;

use minzheng::command::scenarios;

#[test]
fn the_scenarios_of_the_shipped_guides_hold() {
    assert_eq!(scenarios::run(None, None), Ok(()));
}

#[test]
fn the_scenarios_of_the_toy_service_hold() {
    let toy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bureau/tests/toy");
    assert_eq!(scenarios::run(Some(&toy), None), Ok(()));
}
