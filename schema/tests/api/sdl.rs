//! The schema as text: committed, described, and in line with the catalogue.

use adapters::model::{EntityType, Kind};
use async_graphql::parser::{
    parse_schema,
    types::{InputValueDefinition, ServiceDocument, TypeDefinition, TypeKind, TypeSystemDefinition},
};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql");

fn types(document: &ServiceDocument) -> impl Iterator<Item = &TypeDefinition> {
    document.definitions.iter().filter_map(|definition| match definition {
        TypeSystemDefinition::Type(ty) => Some(&ty.node),
        _ => None,
    })
}

#[test]
fn committed_sdl_is_fresh() {
    let sdl = schema::sdl();
    if std::env::var_os("UPDATE_SDL").is_some() {
        std::fs::write(FILE, &sdl).expect("the file can be written");
    }
    let committed = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(committed == sdl, "schema.graphql is stale: run the tests with UPDATE_SDL=1 and read the difference");
}

#[test]
fn everything_has_a_description() {
    let document = parse_schema(schema::sdl()).expect("the SDL parses");
    let mut lacking = Vec::new();
    let mut check = |path: String, description: Option<&str>| match description {
        // An analyst reads a sentence; a backslash would break the one-line form of descriptions.
        Some(text) if text.ends_with('.') && !text.contains('\\') && !text.contains('\n') => {}
        // What Apollo Federation prescribes is async-graphql's.
        _ if path.split('.').any(|name| name.starts_with('_')) => {}
        _ => lacking.push(path),
    };
    for ty in types(&document) {
        let name = &ty.name.node;
        check(name.to_string(), ty.description.as_ref().map(|d| d.node.as_str()));
        let mut inputs = |owner: &str, inputs: &[async_graphql::Positioned<InputValueDefinition>]| {
            for input in inputs {
                check(
                    format!("{owner}.{}", input.node.name.node),
                    input.node.description.as_ref().map(|d| d.node.as_str()),
                );
            }
        };
        let fields = match &ty.kind {
            TypeKind::Object(object) => &object.fields,
            TypeKind::Interface(interface) => &interface.fields,
            TypeKind::InputObject(object) => {
                inputs(name, &object.fields);
                continue;
            }
            TypeKind::Enum(list) => {
                for value in &list.values {
                    let path = format!("{name}.{}", value.node.value.node);
                    check(path, value.node.description.as_ref().map(|d| d.node.as_str()));
                }
                continue;
            }
            TypeKind::Scalar | TypeKind::Union(_) => continue,
        };
        for field in fields {
            let path = format!("{name}.{}", field.node.name.node);
            inputs(&path, &field.node.arguments);
        }
        for field in fields {
            let path = format!("{name}.{}", field.node.name.node);
            check(path, field.node.description.as_ref().map(|d| d.node.as_str()));
        }
    }
    assert!(lacking.is_empty(), "no description, or none that is a sentence: {lacking:#?}");
}

#[test]
fn everything_of_the_catalogue_is_there_once() {
    let document = parse_schema(schema::sdl()).expect("the SDL parses");
    let find = |name: &str| {
        let mut found = types(&document).filter(|ty| ty.name.node == name);
        let ty = found.next().unwrap_or_else(|| panic!("no type {name}"));
        assert!(found.next().is_none(), "{name} twice");
        ty
    };
    let fields = |name: &str| -> Vec<(String, String)> {
        match &find(name).kind {
            TypeKind::Object(object) => {
                object.fields.iter().map(|f| (f.node.name.node.to_string(), f.node.ty.node.to_string())).collect()
            }
            TypeKind::InputObject(object) => {
                object.fields.iter().map(|f| (f.node.name.node.to_string(), f.node.ty.node.to_string())).collect()
            }
            TypeKind::Enum(list) => {
                list.values.iter().map(|v| (v.node.value.node.to_string(), String::new())).collect()
            }
            _ => panic!("{name}"),
        }
    };
    let ty = |list: &[(String, String)], name: &str| {
        let mut found = list.iter().filter(|(of, _)| of == name);
        let ty = found.next().unwrap_or_else(|| panic!("no field {name}")).1.clone();
        assert!(found.next().is_none(), "{name} twice");
        ty
    };
    let query = fields("Query");
    for entity in EntityType::ALL {
        let def = entity.def();
        assert_eq!(ty(&query, def.plural), format!("{}Connection", def.name));
        let own = fields(def.name);
        assert_eq!(own.len(), 5 + def.all_fields().count() + def.children.len(), "{}", def.name);
        let wheres = fields(&format!("{}Where", def.name));
        let orders = fields(&format!("{}OrderField", def.name));
        for (_, field) in def.all_fields() {
            let shown = ty(&own, field.name);
            let related = matches!(field.kind, Kind::Ref(_) | Kind::Refs(_));
            assert_eq!(shown.ends_with('!'), field.required && !related, "{}.{}: {shown}", def.name, field.name);
            assert_eq!(
                wheres.iter().any(|(name, _)| name == field.name),
                field.filter,
                "{}Where.{}",
                def.name,
                field.name
            );
        }
        assert_eq!(orders.len(), def.all_fields().filter(|(_, field)| field.sort).count());
        match &find(def.name).kind {
            TypeKind::Object(object) => {
                let implements: Vec<&str> = object.implements.iter().map(|name| name.node.as_str()).collect();
                assert_eq!(implements, ["Node", "Record"], "{}", def.name);
            }
            _ => panic!("{}", def.name),
        }
    }
    assert_eq!(ty(&query, "salesOrder"), "SalesOrder");
    assert_eq!(ty(&fields("Invoice"), "lines"), "[DocumentLine!]");
    assert_eq!(ty(&fields("Invoice"), "customFields"), "[CustomField!]!");
    assert_eq!(ty(&fields("InvoiceWhere"), "customer"), "IDFilter");
    assert_eq!(fields("EntityType").len(), EntityType::ALL.len());
}
