//! Carries out plans: whole columns at a time, so that the records of one level are loaded together.
//!
//! A field that fails is null with an error at its path. A value that must not be null and is takes its object with it,
//! up to the next field that may be null.

mod columns;
mod pages;
mod values;

pub(crate) use pages::PageItem;

use crate::{
    batch::Answers,
    error::{Error, Result},
    plan::{Object, ObjectPlan},
    ports::{Fetched, ReadOptions},
    request::RequestState,
};
use adapters::model::{self, EntityType, FieldSet, RecordKey};
use async_graphql::{
    ContextSelectionSet, Name, OutputType, PathSegment, Pos, Positioned, QueryPathNode, QueryPathSegment, ServerError,
    Value, parser::types::Field,
};
use futures_util::future::{BoxFuture, FutureExt, join_all, ready};
use std::{iter, sync::Arc};

/// The execution of plans below one field.
pub(crate) struct Run<'q> {
    ctx: &'q ContextSelectionSet<'q>,
    state: &'q RequestState,
    options: ReadOptions,
}

/// A record, or a value object inside one, and its path in the answer.
#[derive(Clone, Copy)]
pub(crate) struct Item<'r> {
    of: &'r Fetched,
    part: Option<&'r [model::Value]>,
    path: QueryPathNode<'r>,
}

impl<'r> Item<'r> {
    fn key(&self) -> &'r RecordKey {
        &self.of.record.key
    }
}

fn under<'r>(parent: &'r QueryPathNode<'r>, key: &'r Name) -> QueryPathNode<'r> {
    QueryPathNode { parent: Some(parent), segment: QueryPathSegment::Name(key) }
}

fn nth<'r>(parent: &'r QueryPathNode<'r>, index: usize) -> QueryPathNode<'r> {
    QueryPathNode { parent: Some(parent), segment: QueryPathSegment::Index(index) }
}

impl<'q> Run<'q> {
    pub(crate) fn new(ctx: &'q ContextSelectionSet<'q>, options: ReadOptions) -> Self {
        Self { ctx, state: RequestState::of(ctx), options }
    }

    /// The path of the field that it runs below.
    pub(crate) fn path(&self) -> QueryPathNode<'q> {
        // Every field below the root has one; the other value is never shown.
        self.ctx.path_node.unwrap_or(QueryPathNode { parent: None, segment: QueryPathSegment::Index(0) })
    }

    /// What a plan selects of one record.
    pub(crate) async fn record(&self, plan: &ObjectPlan<'q>, of: &Fetched) -> Value {
        let item = Item { of, part: None, path: self.path() };
        self.objects(plan, &[item]).await.pop().unwrap_or_default()
    }

    /// One value for each item: an object, or null if a value that must not be null is.
    fn objects<'r>(&'r self, plan: &'r ObjectPlan<'q>, items: &'r [Item<'r>]) -> BoxFuture<'r, Vec<Value>> {
        if plan.later.is_empty() {
            return ready(self.plain_objects(plan, items.iter().copied())).boxed();
        }
        async move {
            let mut objects: Vec<Option<Object>> = items.iter().map(|item| self.plain_object(plan, item)).collect();
            let columns = join_all(plan.later.iter().map(|later| self.column(plan, later, items))).await;
            for (later, column) in plan.later.iter().zip(columns) {
                objects.iter_mut().zip(column).for_each(|(object, value)| put(object, later.at, value));
            }
            objects.into_iter().map(value_of).collect()
        }
        .boxed()
    }

    /// Loads records of one entity.
    pub(crate) async fn records(
        &self,
        entity: EntityType,
        keys: Arc<[RecordKey]>,
        fields: FieldSet,
    ) -> Answers<Result<Option<Fetched>>> {
        self.state.loader.records(entity, keys, fields, self.options).await
    }

    /// The value of an object whose type is derived, so that async-graphql resolves it; null with an error if that fails.
    async fn derived(&self, object: &impl OutputType, field: &Positioned<Field>, path: QueryPathNode<'_>) -> Value {
        let mut ctx = self.ctx.with_selection_set(&field.node.selection_set);
        ctx.path_node = Some(path);
        match object.resolve(&ctx, field).await {
            Ok(value) => value,
            Err(error) => {
                self.ctx.add_error(if error.path.is_empty() { ctx.set_error_path(error) } else { error });
                Value::Null
            }
        }
    }

    /// Reports that the field at a path is null because of an error.
    fn report(&self, error: Error, pos: Pos, path: QueryPathNode<'_>) {
        self.add(error.at(pos), path);
    }

    fn add(&self, error: ServerError, path: QueryPathNode<'_>) {
        let nodes = iter::successors(Some(&path), |node| node.parent);
        let mut segments: Vec<PathSegment> = nodes
            .map(|node| match node.segment {
                QueryPathSegment::Index(index) => PathSegment::Index(index),
                QueryPathSegment::Name(name) => PathSegment::Field(name.to_owned()),
            })
            .collect();
        segments.reverse();
        self.ctx.add_error(error.with_path(segments));
    }
}

/// A record that was asked for.
pub(crate) fn found(answer: Option<&Result<Option<Fetched>>>) -> Result<Option<&Fetched>> {
    match answer {
        Some(Ok(found)) => Ok(found.as_ref()),
        Some(Err(error)) => Err(error.clone()),
        None => Err(Error::internal()),
    }
}

/// Writes a value; an object that lacks one that must not be null is no object.
fn put(object: &mut Option<Object>, at: usize, value: Option<Value>) {
    match (object.as_mut(), value) {
        (Some(fields), Some(value)) => fields[at] = value,
        (_, None) => *object = None,
        (None, _) => {}
    }
}

fn value_of(object: Option<Object>) -> Value {
    object.map_or(Value::Null, Value::Object)
}

fn not_null(value: Value) -> Option<Value> {
    Some(value).filter(|value| *value != Value::Null)
}

/// A list whose elements must not be null.
fn list(values: impl Iterator<Item = Value>) -> Option<Value> {
    let values: Vec<Value> = values.collect();
    (!values.contains(&Value::Null)).then_some(Value::List(values))
}
