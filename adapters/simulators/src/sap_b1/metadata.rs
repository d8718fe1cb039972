//! `$metadata`: the sets and properties served here as EDMX, in the dialect of each version.

use std::collections::BTreeMap;

use super::{
    catalogue,
    edm::{Enumeration, Kind, Type},
    version::Version,
};

/// The whole document.
pub(super) fn document(version: Version) -> String {
    let mut types = Types { version, entities: BTreeMap::new(), complex: BTreeMap::new(), enums: BTreeMap::new() };
    let mut sets = String::new();
    for set in catalogue::sets() {
        types.entity(set.kind, set.key);
        sets.push_str(&format!("<EntitySet Name=\"{}\" EntityType=\"SAPB1.{}\"/>", set.name, set.kind.name));
    }
    let (edmx, edm, edmx_version) = match version {
        Version::V1 => {
            ("http://schemas.microsoft.com/ado/2007/06/edmx", "http://schemas.microsoft.com/ado/2009/11/edm", "1.0")
        }
        Version::V2 => ("http://docs.oasis-open.org/odata/ns/edmx", "http://docs.oasis-open.org/odata/ns/edm", "4.0"),
    };
    let all: String =
        [types.enums, types.complex, types.entities].into_iter().flat_map(BTreeMap::into_values).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<edmx:Edmx Version=\"{edmx_version}\" xmlns:edmx=\"{edmx}\">\
         <edmx:DataServices><Schema Namespace=\"SAPB1\" xmlns=\"{edm}\">{all}\
         <EntityContainer Name=\"ServiceLayer\">{sets}</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>"
    )
}

/// The types met so far, each written once.
struct Types {
    version: Version,
    entities: BTreeMap<&'static str, String>,
    complex: BTreeMap<&'static str, String>,
    enums: BTreeMap<&'static str, String>,
}

impl Types {
    fn entity(&mut self, kind: &'static Type, key: &str) {
        let properties = self.properties(kind);
        let key = format!("<Key><PropertyRef Name=\"{key}\"/></Key>");
        self.entities.insert(kind.name, format!("<EntityType Name=\"{}\">{key}{properties}</EntityType>", kind.name));
    }

    fn complex(&mut self, kind: &'static Type) -> String {
        if !self.complex.contains_key(kind.name) {
            let properties = self.properties(kind);
            self.complex.insert(kind.name, format!("<ComplexType Name=\"{}\">{properties}</ComplexType>", kind.name));
        }
        format!("SAPB1.{}", kind.name)
    }

    fn enumeration(&mut self, enumeration: &'static Enumeration) -> String {
        let members = enumeration.members.iter().map(|(name, value)| match self.version {
            Version::V1 => format!("<Member Name=\"{name}\"/>"),
            Version::V2 => format!("<Member Name=\"{name}\" Value=\"{value}\"/>"),
        });
        let members: String = members.collect();
        let written = format!("<EnumType Name=\"{}\">{members}</EnumType>", enumeration.name);
        self.enums.insert(enumeration.name, written);
        format!("SAPB1.{}", enumeration.name)
    }

    fn properties(&mut self, kind: &'static Type) -> String {
        let mut properties = String::new();
        for property in kind.properties {
            let name = property.name;
            let kind = match (property.kind, self.version) {
                (Kind::Int, _) => "Edm.Int32".to_owned(),
                (Kind::Double, _) => "Edm.Double".to_owned(),
                (Kind::Text, _) => "Edm.String".to_owned(),
                (Kind::Date, Version::V1) => "Edm.DateTime".to_owned(),
                (Kind::Date, Version::V2) => "Edm.DateTimeOffset".to_owned(),
                (Kind::Time, Version::V1) => "Edm.Time".to_owned(),
                (Kind::Time, Version::V2) => "Edm.TimeOfDay".to_owned(),
                (Kind::Enum(enumeration), _) => self.enumeration(enumeration),
                (Kind::Object(inner), _) => self.complex(inner),
                (Kind::Rows(rows) | Kind::AtMostOne(rows, _), _) => format!("Collection({})", self.complex(rows)),
                // Nothing is known here of what would be in it.
                (Kind::Empty, _) => continue,
            };
            properties.push_str(&format!("<Property Name=\"{name}\" Type=\"{kind}\"/>"));
        }
        properties
    }
}
