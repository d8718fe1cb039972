//! The README's table of what can be done with which record type in which system: made of the capabilities.

use adapters::{catalog::SYSTEMS, model::EntityType};
use std::fmt::Write;
use tests::snapshot;

const BEGIN: &str = "<!-- made of the capabilities; `UPDATE_GOLDEN=1 cargo test -p tests readme` renews it -->\n";
const END: &str = "<!-- end -->";

fn table() -> String {
    let mut text = String::from("| record type |");
    for system in SYSTEMS {
        let _ = write!(text, " {} |", system.name);
    }
    text.push_str("\n|---|");
    SYSTEMS.iter().for_each(|_| text.push_str("---|"));
    text.push('\n');
    for entity in EntityType::ALL {
        let _ = write!(text, "| `{}` |", entity.def().plural);
        for system in SYSTEMS {
            let can = (system.capability)(*entity);
            let verbs = [(can.list, "list"), (can.get_many, "get"), (can.count, "count"), (can.aggregate, "sum")];
            let verbs: Vec<_> = verbs.into_iter().filter(|(can, _)| *can).map(|(_, verb)| verb).collect();
            let _ = write!(text, " {} |", if verbs.is_empty() { "–".to_owned() } else { verbs.join(" ") });
        }
        text.push('\n');
    }
    text
}

#[test]
fn the_table_of_the_readme_is_what_the_systems_can_do() {
    let readme = std::fs::read_to_string(snapshot::path("../README.md")).expect("the README");
    let (before, rest) = readme.split_once(BEGIN).expect("where the table begins");
    let (_, after) = rest.split_once(END).expect("where the table ends");
    snapshot::compare("../README.md", &format!("{before}{BEGIN}{}{END}{after}", table()))
        .unwrap_or_else(|why| panic!("{why}"));
}
