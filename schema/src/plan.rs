//! What a selection asks of the catalogue's types, worked out once for each selection and not for each row.
//!
//! [`Planner`](crate::planner::Planner) makes plans, [`Run`](crate::run::Run) carries them out.

use crate::{error::Error, ports::ChildrenRequest};
use adapters::model::{EntityType, FieldDef, FieldSet};
use async_graphql::{Name, Pos, Positioned, Value, indexmap::IndexMap, parser::types::Field};
use std::borrow::Cow;

/// An object of the answer, or what will become one.
pub(crate) type Object = IndexMap<Name, Value>;

/// An object of the answer before its values are in: all its keys in their order, each null; constants are in.
#[derive(Default)]
pub(crate) struct Template(Object);

impl Template {
    /// A copy to be filled in: cheaper than to add keys one by one.
    pub(crate) fn object(&self) -> Object {
        self.0.clone()
    }

    /// The key of a place.
    pub(crate) fn key(&self, at: usize) -> &Name {
        self.0.get_index(at).expect("a place that `add` gave").0
    }

    /// Adds a key, and gives its place.
    pub(crate) fn add(&mut self, key: &Name) -> usize {
        self.0.insert_full(key.clone(), Value::Null).0
    }

    /// Fills in what is alike in all objects.
    pub(crate) fn set(&mut self, at: usize, constant: &str) {
        self.0[at] = constant.into();
    }
}

/// What is selected of a record or of a value object.
#[derive(Default)]
pub(crate) struct ObjectPlan<'q> {
    pub(crate) template: Template,
    /// What is written at once.
    pub(crate) plain: Vec<(usize, Plain<'q>)>,
    /// What has to be loaded or computed for all rows together.
    pub(crate) later: Vec<Later<'q>>,
    /// The fields of the record that this needs.
    pub(crate) fields: FieldSet,
}

/// A value that is written at once. A `place` is the number of a field's [`FieldId`](adapters::model::FieldId) in a record,
/// and the index of its value in a value object.
pub(crate) enum Plain<'q> {
    Id,
    RemoteType,
    RemoteId,
    Scalar {
        place: u8,
        def: &'static FieldDef,
    },
    Money {
        place: u8,
        def: &'static FieldDef,
        plan: MoneyPlan,
    },
    /// Value objects of which everything is plain.
    Objects {
        place: u8,
        def: &'static FieldDef,
        plan: ObjectPlan<'q>,
    },
    /// The ERP's own record.
    Raw {
        place: u8,
    },
    /// A field that the caller may not see.
    Refused {
        error: Error,
        pos: Pos,
    },
}

/// A column of values that takes more than the row itself.
pub(crate) struct Later<'q> {
    /// Its place in the template.
    pub(crate) at: usize,
    pub(crate) pos: Pos,
    pub(crate) what: Column<'q>,
}

/// What a column shows.
pub(crate) enum Column<'q> {
    Erp(Cow<'q, Positioned<Field>>),
    Origin(Cow<'q, Positioned<Field>>),
    Ref { place: u8, to: EntityType, plan: ObjectPlan<'q> },
    Refs { place: u8, to: EntityType, plan: ObjectPlan<'q> },
    Objects { place: u8, def: &'static FieldDef, plan: ObjectPlan<'q> },
    Children { request: ChildrenRequest, after: Option<String>, plan: PagePlan<'q> },
}

/// What is selected of an amount.
#[derive(Default)]
pub(crate) struct MoneyPlan {
    pub(crate) template: Template,
    pub(crate) amounts: Vec<usize>,
    pub(crate) currencies: Vec<usize>,
}

/// What is selected of a page.
#[derive(Default)]
pub(crate) struct PagePlan<'q> {
    pub(crate) template: Template,
    pub(crate) parts: Vec<(usize, PagePart<'q>)>,
    /// The fields of the records on it.
    pub(crate) fields: FieldSet,
    /// Whether anything needs the page itself, not only the number of records.
    pub(crate) rows: bool,
    /// Whether the number of records is needed.
    pub(crate) count: bool,
}

/// A field of a page.
pub(crate) enum PagePart<'q> {
    Nodes(ObjectPlan<'q>),
    Edges(EdgePlan<'q>),
    PageInfo(Cow<'q, Positioned<Field>>),
    TotalCount(Cow<'q, Positioned<Field>>),
    Sources(Cow<'q, Positioned<Field>>),
}

/// What is selected of the edges of a page.
#[derive(Default)]
pub(crate) struct EdgePlan<'q> {
    pub(crate) template: Template,
    pub(crate) nodes: Vec<(usize, ObjectPlan<'q>)>,
    pub(crate) cursors: Vec<usize>,
}
