//! One field of a model.

use crate::{
    odoo::{orm::View, version::Version},
    store::{Cell, Row},
};

/// The pairs of key and label of a selection.
pub(crate) type Choices = &'static [(&'static str, &'static str)];

/// The type of a field, as `fields_get` tells it.
#[derive(Clone, Copy, Debug)]
pub(in crate::odoo) enum Kind {
    Boolean,
    Char,
    Date,
    Datetime,
    Float,
    Html,
    Integer,
    Json,
    Many2many(&'static str),
    Many2one(&'static str),
    Monetary(&'static str),
    One2many(&'static str, &'static str),
    Selection(Choices),
    Text,
}

impl Kind {
    pub(in crate::odoo) fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Char => "char",
            Self::Date => "date",
            Self::Datetime => "datetime",
            Self::Float => "float",
            Self::Html => "html",
            Self::Integer => "integer",
            Self::Json => "json",
            Self::Many2many(_) => "many2many",
            Self::Many2one(_) => "many2one",
            Self::Monetary(_) => "monetary",
            Self::One2many(..) => "one2many",
            Self::Selection(_) => "selection",
            Self::Text => "text",
        }
    }

    pub(in crate::odoo) fn relation(self) -> Option<&'static str> {
        match self {
            Self::Many2many(relation) | Self::Many2one(relation) | Self::One2many(relation, _) => Some(relation),
            _ => None,
        }
    }

    /// Whether it holds any number of references.
    pub(in crate::odoo) fn is_many(self) -> bool {
        matches!(self, Self::Many2many(_) | Self::One2many(..))
    }

    pub(in crate::odoo) fn is_text(self) -> bool {
        matches!(self, Self::Char | Self::Text | Self::Html)
    }

    pub(in crate::odoo) fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Float | Self::Monetary(_))
    }
}

/// Where the values of a field come from.
#[derive(Clone, Copy)]
pub(in crate::odoo) enum Source {
    /// A column of the model's table.
    Column(&'static str),
    /// Nowhere: a field that nobody in this company fills in.
    Nothing,
    /// The same for all.
    Always(Literal),
    /// A field of the row that another field refers to.
    Through(&'static str, &'static str),
    /// Worked out.
    By(fn(&Row<'_>, &View<'_>) -> Cell),
    /// The rows of the related model that refer to this one and fulfil a condition.
    Children(fn(&Row<'_>) -> bool),
    /// What the model says of itself.
    Display,
}

/// A value that can be written in a constant.
#[derive(Clone, Copy, Debug)]
pub(in crate::odoo) enum Literal {
    Bool(bool),
    Int(i64),
    Text(&'static str),
}

impl Literal {
    pub(in crate::odoo) fn cell(self) -> Cell {
        match self {
            Self::Bool(flag) => flag.into(),
            Self::Int(int) => int.into(),
            Self::Text(text) => text.into(),
        }
    }
}

/// Whether the database knows the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// A column.
    Stored,
    /// A column of a model that this one extends.
    Inherited,
    /// Of the row that a reference of this one leads to; a column of its own before a release.
    Related { since: u16 },
    /// A column in 18, a property of the company before.
    Company,
    /// Worked out when read; a condition on it can be translated.
    Searched,
    /// Worked out when read.
    Computed,
}

/// A field of a model.
pub(in crate::odoo) struct Field {
    pub(in crate::odoo) name: &'static str,
    pub(in crate::odoo) label: &'static str,
    pub(in crate::odoo) kind: Kind,
    pub(in crate::odoo) source: Source,
    pub(in crate::odoo) required: bool,
    pub(in crate::odoo) readonly: bool,
    access: Access,
    joined: bool,
    releases: (u16, u16),
    /// The module that brings it, where that is another than the model's own.
    pub(super) module: Option<&'static str>,
}

impl Field {
    pub(in crate::odoo) fn exists_in(&self, version: Version) -> bool {
        (self.releases.0..=self.releases.1).contains(&version.0)
    }

    /// The column that holds it.
    pub(in crate::odoo) fn column(&self) -> Option<&'static str> {
        match self.source {
            Source::Column(column) => Some(column),
            _ => None,
        }
    }

    pub(in crate::odoo) fn stored(&self, version: Version) -> bool {
        match self.access {
            Access::Stored => true,
            Access::Company => version.0 >= 18,
            Access::Related { since } => version.0 < since,
            Access::Inherited | Access::Searched | Access::Computed => false,
        }
    }

    /// Whether an order may name it.
    pub(in crate::odoo) fn sortable(&self, version: Version) -> bool {
        let joined = match self.access {
            Access::Inherited => true,
            // Assumed for 18; 17 refuses, 19 does it.
            Access::Related { .. } => version.0 >= 18,
            _ => false,
        };
        !self.kind.is_many() && (joined || self.stored(version))
    }

    /// Whether groups can be made by it: of lists of references a row is in one group for each.
    pub(in crate::odoo) fn groupable(&self, version: Version) -> bool {
        self.sortable(version) || (matches!(self.kind, Kind::Many2many(_)) && self.stored(version))
    }

    /// Whether a condition on it has a meaning.
    pub(in crate::odoo) fn searchable(&self, version: Version) -> bool {
        match (self.access, self.source) {
            (_, Source::Display) => version.searches_display_names(),
            (Access::Computed, _) => false,
            _ => true,
        }
    }

    pub(in crate::odoo) fn company_dependent(&self) -> bool {
        self.access == Access::Company
    }

    /// Whether conditions on the row referred to are put next to those on the row itself (`auto_join`, before 19).
    pub(in crate::odoo) fn is_joined(&self, version: Version) -> bool {
        self.joined && !version.rewritten()
    }

    pub(super) const fn joined(self) -> Self {
        Self { joined: true, ..self }
    }

    pub(super) const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    pub(super) const fn readonly(self) -> Self {
        Self { readonly: true, ..self }
    }

    pub(super) const fn inherited(self) -> Self {
        Self { access: Access::Inherited, ..self }
    }

    pub(super) const fn related(self) -> Self {
        self.related_since(0)
    }

    /// Its own column before this release.
    pub(super) const fn related_since(self, version: u16) -> Self {
        Self { access: Access::Related { since: version }, ..self }
    }

    pub(super) const fn per_company(self) -> Self {
        Self { access: Access::Company, ..self }
    }

    pub(super) const fn searched(self) -> Self {
        Self { access: Access::Searched, readonly: true, ..self }
    }

    pub(super) const fn computed(self) -> Self {
        Self { access: Access::Computed, readonly: true, ..self }
    }

    pub(super) const fn since(self, version: u16) -> Self {
        Self { releases: (version, self.releases.1), ..self }
    }

    pub(super) const fn until(self, version: u16) -> Self {
        Self { releases: (self.releases.0, version), ..self }
    }

    pub(super) const fn with(self, module: &'static str) -> Self {
        Self { module: Some(module), ..self }
    }

    pub(super) const fn from(self, source: Source) -> Self {
        Self { source, ..self }
    }

    pub(super) const fn of(self, column: &'static str) -> Self {
        self.from(Source::Column(column))
    }

    pub(super) const fn empty(self) -> Self {
        self.from(Source::Nothing)
    }

    pub(super) const fn always(self, literal: Literal) -> Self {
        self.from(Source::Always(literal))
    }

    pub(super) const fn through(self, link: &'static str, target: &'static str) -> Self {
        self.from(Source::Through(link, target))
    }

    pub(super) const fn by(self, compute: fn(&Row<'_>, &View<'_>) -> Cell) -> Self {
        self.from(Source::By(compute))
    }

    /// In the currency of the company.
    pub(super) const fn in_company_currency(self) -> Self {
        self.in_currency("company_currency_id")
    }

    /// In the currency that another field names.
    pub(super) const fn in_currency(self, field: &'static str) -> Self {
        Self { kind: Kind::Monetary(field), ..self }
    }
}

const fn field(name: &'static str, label: &'static str, kind: Kind) -> Field {
    Field {
        name,
        label,
        kind,
        source: Source::Column(name),
        required: false,
        readonly: false,
        access: Access::Stored,
        joined: false,
        releases: (0, u16::MAX),
        module: None,
    }
}

pub(super) const fn boolean(name: &'static str, label: &'static str) -> Field {
    field(name, label, Kind::Boolean)
}

pub(super) const fn char(name: &'static str, label: &'static str) -> Field {
    field(name, label, Kind::Char)
}

pub(super) const fn date(name: &'static str, label: &'static str) -> Field {
    field(name, label, Kind::Date)
}

pub(super) const fn datetime(name: &'static str, label: &'static str) -> Field {
    field(name, label, Kind::Datetime)
}

pub(super) const fn float(name: &'static str, label: &'static str) -> Field {
    field(name, label, Kind::Float)
}

pub(super) const fn html(name: &'static str, label: &'static str) -> Field {
    field(name, label, Kind::Html)
}

pub(super) const fn integer(name: &'static str, label: &'static str) -> Field {
    field(name, label, Kind::Integer)
}

pub(super) const fn json(name: &'static str, label: &'static str) -> Field {
    field(name, label, Kind::Json)
}

pub(super) const fn monetary(name: &'static str, label: &'static str) -> Field {
    field(name, label, Kind::Monetary("currency_id"))
}

pub(super) const fn text(name: &'static str, label: &'static str) -> Field {
    field(name, label, Kind::Text)
}

pub(super) const fn selection(name: &'static str, label: &'static str, choices: Choices) -> Field {
    field(name, label, Kind::Selection(choices))
}

pub(super) const fn many2one(name: &'static str, label: &'static str, relation: &'static str) -> Field {
    field(name, label, Kind::Many2one(relation))
}

pub(super) const fn many2many(name: &'static str, label: &'static str, relation: &'static str) -> Field {
    field(name, label, Kind::Many2many(relation))
}

/// All rows of `relation` whose `inverse` is this row.
pub(super) const fn one2many(
    name: &'static str,
    label: &'static str,
    relation: &'static str,
    inverse: &'static str,
) -> Field {
    field(name, label, Kind::One2many(relation, inverse)).from(Source::Children(|_| true))
}
