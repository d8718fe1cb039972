//! Reads one field of any row of a model.

use super::View;
use crate::{
    odoo::models::{Field, Kind, Known, Source},
    store::{Cell, Filter, Row, Table},
};

/// How to get at a field, worked out once for all rows.
pub(super) enum Reader<'a> {
    Column(usize),
    Value(Cell),
    Through(usize, &'a Table, Box<Reader<'a>>),
    By(fn(&Row<'_>, &View<'_>) -> Cell),
    Children(&'a Table, usize, fn(&Row<'_>) -> bool),
    Display(&'a Known),
}

impl<'a> Reader<'a> {
    pub(super) fn new(view: &View<'a>, known: &'a Known, field: &Field) -> Self {
        let table = view.table(known);
        let column = |name: &str| table.column(name).map_or(Self::Value(Cell::Null), Self::Column);
        match field.source {
            Source::Column(name) => column(name),
            Source::Nothing => Self::Value(Cell::Null),
            Source::Always(literal) => Self::Value(literal.cell()),
            Source::By(compute) => Self::By(compute),
            Source::Display => Self::Display(known),
            Source::Children(shown) => match field.kind {
                Kind::One2many(relation, inverse) => view
                    .model(relation)
                    .map(|relation| view.table(relation))
                    .and_then(|children| Some(Self::Children(children, children.column(inverse)?, shown)))
                    .unwrap_or(Self::Value(Cell::Null)),
                _ => Self::Value(Cell::Null),
            },
            Source::Through(link, target) => {
                Self::through(view, known, link, target).unwrap_or(Self::Value(Cell::Null))
            }
        }
    }

    fn through(view: &View<'a>, known: &'a Known, link: &str, target: &str) -> Option<Self> {
        let link = known.field(link)?;
        let relation = view.model(link.kind.relation()?)?;
        let inner = Self::new(view, relation, relation.field(target)?);
        Some(Self::Through(view.table(known).column(link.column()?)?, view.table(relation), Box::new(inner)))
    }

    pub(super) fn read(&self, row: &Row<'_>, view: &View<'_>) -> Cell {
        match self {
            Self::Column(column) => row.at(*column).clone(),
            Self::Value(cell) => cell.clone(),
            Self::By(compute) => compute(row, view),
            Self::Display(known) => view.display(known, row),
            Self::Through(link, table, inner) => {
                let target = row.at(*link).as_int().and_then(|id| table.get(id));
                target.map_or(Cell::Null, |target| inner.read(&target, view))
            }
            Self::Children(table, inverse, shown) => {
                let filter = Filter::eq(*inverse, row.id());
                let children = table.select(&filter).filter(|child| shown(child));
                Cell::from(children.map(|child| child.id()).collect::<Vec<_>>())
            }
        }
    }
}
