//! The types of the Service Layer: properties with their kinds, and where each finds its value.

use crate::{decimal::Dec, store::Cell};

/// What a property holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Int,
    Double,
    Text,
    Date,
    /// Seconds since midnight in the table, `HH:MM:SS` on the wire.
    Time,
    Enum(&'static Enumeration),
    /// Rows of a table of their own.
    Rows(&'static Type),
    /// Columns of the same row, shown together.
    Object(&'static Type),
    /// A collection with one row of the same table's columns where the named column is not null, and else empty.
    AtMostOne(&'static Type, &'static str),
    /// A collection that is always empty here.
    Empty,
}

/// An enumeration. The wire shows the names; filters take the values of the database as well.
#[derive(Debug)]
pub(super) struct Enumeration {
    pub(super) name: &'static str,
    /// Name and value in the database.
    pub(super) members: &'static [(&'static str, &'static str)],
}

impl Kind {
    /// Whether a value of this kind is one value, which can be compared and ordered by.
    pub(super) fn is_simple(self) -> bool {
        matches!(self, Self::Int | Self::Double | Self::Text | Self::Date | Self::Time | Self::Enum(_))
    }
}

impl Enumeration {
    /// The name of a member, by its name or its value in the database.
    pub(super) fn member(&self, literal: &str) -> Option<&'static str> {
        self.members.iter().find(|(name, value)| *name == literal || *value == literal).map(|(name, _)| *name)
    }
}

/// A value that is the same in every row.
#[derive(Clone, Copy, Debug)]
pub(super) enum Literal {
    Null,
    Int(i64),
    Double(i64),
    Text(&'static str),
}

impl From<Literal> for Cell {
    fn from(literal: Literal) -> Self {
        match literal {
            Literal::Null => Self::Null,
            Literal::Int(int) => int.into(),
            Literal::Double(whole) => Dec::new(whole, 0).into(),
            Literal::Text(text) => text.into(),
        }
    }
}

/// Where a property finds its value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    /// In a column of the table; several properties may show the same one.
    Column(&'static str),
    /// Nowhere: B1 has it, this company does not use it.
    Fixed(Literal),
}

/// A property of a type.
#[derive(Debug)]
pub(super) struct Property {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) source: Source,
}

/// A property in a column of its own.
pub(super) const fn column(name: &'static str, kind: Kind) -> Property {
    Property { name, kind, source: Source::Column(name) }
}

/// A property that shows a column of another name.
pub(super) const fn same(name: &'static str, kind: Kind, column: &'static str) -> Property {
    Property { name, kind, source: Source::Column(column) }
}

/// A property that is null in every row.
pub(super) const fn null(name: &'static str, kind: Kind) -> Property {
    Property { name, kind, source: Source::Fixed(Literal::Null) }
}

/// A text or a member of an enumeration, the same in every row.
pub(super) const fn always(name: &'static str, kind: Kind, text: &'static str) -> Property {
    Property { name, kind, source: Source::Fixed(Literal::Text(text)) }
}

/// A whole number, the same in every row.
pub(super) const fn int(name: &'static str, int: i64) -> Property {
    Property { name, kind: Kind::Int, source: Source::Fixed(Literal::Int(int)) }
}

/// A double, the same in every row.
pub(super) const fn double(name: &'static str, whole: i64) -> Property {
    Property { name, kind: Kind::Double, source: Source::Fixed(Literal::Double(whole)) }
}

/// A collection or an object inside the record.
pub(super) const fn nested(name: &'static str, kind: Kind) -> Property {
    Property { name, kind, source: Source::Fixed(Literal::Null) }
}

/// An entity type or a complex type.
#[derive(Debug)]
pub(super) struct Type {
    pub(super) name: &'static str,
    pub(super) properties: &'static [Property],
}

impl Type {
    /// The property of a name, unless this patch level lacks it.
    pub(super) fn property(&'static self, name: &str, missing: &[&str]) -> Option<&'static Property> {
        self.properties.iter().find(|property| property.name == name && !missing.contains(&name))
    }

    /// The columns that a table of this type needs, each once.
    pub(super) fn columns(&self) -> Vec<&'static str> {
        let mut columns: Vec<&'static str> = Vec::new();
        for property in self.properties {
            match (property.kind, property.source) {
                (Kind::Object(inner) | Kind::AtMostOne(inner, _), _) => {
                    let own: Vec<_> = inner.columns().into_iter().filter(|name| !columns.contains(name)).collect();
                    columns.extend(own);
                }
                (_, Source::Column(column)) if !columns.contains(&column) => columns.push(column),
                _ => {}
            }
        }
        columns
    }
}

/// The table of a collection property.
#[derive(Debug)]
pub(super) struct Child {
    /// The property.
    pub(super) property: &'static str,
    /// The table, which is also its path in a `$crossjoin`.
    pub(super) table: &'static str,
    /// The column that holds the key of the record it belongs to.
    pub(super) parent: &'static str,
}

/// An entity set.
#[derive(Debug)]
pub(super) struct Set {
    /// The name, which is also that of its table.
    pub(super) name: &'static str,
    pub(super) kind: &'static Type,
    pub(super) key: &'static str,
    pub(super) children: &'static [Child],
}

impl Set {
    pub(super) fn child(&self, property: &str) -> Option<&'static Child> {
        self.children.iter().find(|child| child.property == property)
    }
}

impl Set {
    /// The type of the rows in a collection property.
    pub(super) fn row_type(&self, property: &str) -> Option<&'static Type> {
        self.kind.properties.iter().find_map(|known| match known.kind {
            Kind::Rows(rows) if known.name == property => Some(rows),
            _ => None,
        })
    }
}
