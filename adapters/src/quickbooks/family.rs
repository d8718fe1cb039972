//! The children in one source set on their way from answers to parents.

use super::{
    api::Answer,
    read::is_id,
    reading::Reading,
    statement::{Selection, listed, name, order_by},
};
use crate::{
    adapter::{ChildrenQuery, Position, Row, SetPage},
    error::{Error, Result},
    mapping::{Env, From, Plan, SetMapping, SourceFilter, Take},
    model::{FieldId, FieldSet, RemoteRef, SourceSet, Value},
};
use serde_json::value::RawValue;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// For each parent the ids of its children.
pub(super) type Links = HashMap<Box<str>, Vec<Box<str>>>;

/// What is wanted of each child, and how many of each parent.
pub(super) struct Wanted {
    pub(super) via: FieldId,
    pub(super) per_parent: usize,
}

/// How the children of a set know their parents.
#[derive(Clone)]
pub(super) enum Via {
    /// By a field that queries select by.
    Column { path: Box<str> },
    /// The parents know them.
    Links(Links),
}

/// The answer to one of the queries for a family.
pub(super) struct Part {
    pub(super) answer: Answer,
    /// How many rows it could have had.
    pub(super) asked: usize,
    /// Whose children are all in it, or at least the first ones; none where it is for all parents together.
    pub(super) parents: Vec<Box<str>>,
}

/// The first children of one parent, unread.
#[derive(Clone, Default)]
pub(super) struct FirstRows {
    rows: Vec<Arc<RawValue>>,
    /// How many rows of the parent were seen, also those that are not wanted any more.
    seen: usize,
}

impl FirstRows {
    /// These rows, and after them others.
    pub(super) fn then(mut self, other: Self, per_parent: usize) -> Self {
        let room = per_parent.saturating_sub(self.rows.len());
        self.rows.extend(other.rows.into_iter().take(room));
        self.seen += other.seen;
        self
    }

    /// The rows that are shown.
    pub(super) fn rows(&self) -> impl Iterator<Item = &RawValue> {
        self.rows.iter().map(AsRef::as_ref)
    }

    /// The page of the parent; with a position after it where there are more.
    pub(super) fn page(&self, set: &SourceSet, per_parent: usize, reading: &Reading<'_>) -> SetPage {
        let next = (self.seen > per_parent).then_some(Position::Offset(per_parent as u64));
        let mut page = SetPage { set: set.clone(), rows: Vec::new(), next, quarantined: Vec::new() };
        for (at, raw) in self.rows.iter().enumerate() {
            match reading.read(raw) {
                Ok(record) => {
                    page.rows.push(Row { record: Arc::new(record), position: Position::Offset(at as u64 + 1) });
                }
                Err(quarantined) => page.quarantined.push(quarantined),
            }
        }
        page
    }
}

/// The children in one source set, or the part of it that has, or lacks, a value to sort by.
pub(super) struct Family<'m> {
    pub(super) set: &'m Arc<SetMapping>,
    /// The set that the parents are in.
    parents: SourceSet,
    pub(super) via: Via,
    pub(super) selection: Selection,
    pub(super) order: String,
    /// Parents whose first rows are not all known.
    pub(super) open: Vec<Box<str>>,
    /// Answers that are not dealt yet.
    pub(super) answers: Vec<Part>,
    dealt: HashMap<Box<str>, FirstRows>,
}

impl<'m> Family<'m> {
    /// The families of a set: one, or where rows may lack the first key of the order, those with it and those without.
    pub(super) fn of(set: &'m Arc<SetMapping>, query: &ChildrenQuery, source: &SourceFilter) -> Result<Vec<Self>> {
        let def = set.entity.def();
        let unsupported =
            || Error::unsupported(format!("QuickBooks cannot find {} by {}.", def.plural, def.field(query.via).name));
        let (via, parents) = match set.field(query.via).map(|m| &m.from) {
            None => return Ok(Vec::new()),
            Some(_) if source.is_none() => return Ok(Vec::new()),
            Some(From::Ref { paths, set: parents, .. }) => match paths.first() {
                Some(path) if listed(set, "keys", name(path.as_str())) => {
                    (Via::Column { path: path.as_str().into() }, parents)
                }
                _ => return Err(unsupported()),
            },
            Some(From::Elements { take: Take::One(from), .. }) => match &**from {
                From::Ref { set: parents, .. } if def.field(query.via).name == "salesOrder" => {
                    (Via::Links(Links::new()), parents)
                }
                _ => return Err(unsupported()),
            },
            Some(_) => return Err(unsupported()),
        };
        let mut seen = HashSet::new();
        let open = query.parents.iter().filter(|p| p.set == *parents && is_id(&p.id) && seen.insert(&*p.id));
        let open: Vec<_> = open.map(|p| p.id.clone()).collect();
        let sorting = order_by(set, &query.order)?;
        let all = Selection::new(set, source)?;
        let selections = match &sorting.nullable {
            None => vec![all],
            Some(key) => vec![all.clone().having(key, true), all.having(key, false)],
        };
        let family = |selection| Self {
            set,
            parents: parents.clone(),
            via: via.clone(),
            selection,
            order: sorting.clause.clone(),
            open: open.clone(),
            answers: Vec::new(),
            dealt: HashMap::new(),
        };
        Ok(selections.into_iter().map(family).collect())
    }

    /// Deals the rows of new answers to their parents, and closes the parents whose first rows are all known.
    pub(super) fn deal(&mut self, wanted: &Wanted, env: &Env) -> Result<()> {
        // Most rows of a big parent are not shown: whose a row is, is found out without reading it.
        let key = Plan::new(self.set, FieldSet::from_iter([wanted.via]));
        let mut dealt: HashMap<Box<str>, FirstRows> = HashMap::new();
        let mut cut = self.answers.is_empty() && matches!(self.via, Via::Column { .. });
        for Part { answer, asked, parents } in std::mem::take(&mut self.answers) {
            let rows = answer.rows(self.set.set.as_str())?;
            cut |= parents.is_empty() && rows.len() >= asked;
            let mut owners: HashMap<&str, Vec<&str>> = HashMap::new();
            if let Via::Links(links) = &self.via {
                for parent in &parents {
                    links.get(parent).into_iter().flatten().for_each(|id| owners.entry(id).or_default().push(parent));
                }
            }
            for raw in rows {
                let Ok(child) = key.read(raw.get(), &[], env) else { continue };
                let of: Vec<&str> = match (&self.via, child.get(wanted.via)) {
                    (Via::Links(_), _) => owners.get(&*child.key.id).cloned().unwrap_or_default(),
                    (_, Value::Ref(parent)) => vec![&*parent.id],
                    _ => Vec::new(),
                };
                for parent in of {
                    let first = dealt.entry(parent.into()).or_default();
                    first.seen += 1;
                    if first.seen <= wanted.per_parent {
                        first.rows.push(Arc::from(raw.to_owned()));
                    }
                }
            }
        }
        // An answer that was cut off may lack children of every parent that does not have more than enough already.
        let mut open = std::mem::take(&mut self.open);
        open.retain(|parent| {
            let complete = !cut || dealt.get(parent).is_some_and(|first| first.seen > wanted.per_parent);
            if complete && let Some(first) = dealt.remove(parent) {
                self.dealt.insert(parent.clone(), first);
            }
            !complete
        });
        self.open = open;
        Ok(())
    }

    /// Whether the first rows of some parents are known.
    pub(super) fn has_closed(&self) -> bool {
        !self.dealt.is_empty()
    }

    /// What is known of a parent's first children.
    pub(super) fn first_rows(&self, parent: &RemoteRef) -> FirstRows {
        let first = self.dealt.get(&parent.id).filter(|_| self.parents == parent.set);
        first.cloned().unwrap_or_default()
    }
}
