//! Carries out a plan: whole columns at a time, so that the records of one level are loaded together.
//!
//! A field that fails is null with an error at its path. A value that must not be null and is takes its object with it,
//! up to the next field that may be null.

use crate::{
    batch::Answers,
    erp::Erp,
    error::{Error, Result},
    id,
    page::{Count, Origin, PageInfo, SourceReport},
    plan::{Column, EdgePlan, Later, MoneyPlan, ObjectPlan, PagePart, PagePlan, Plain, Template},
    ports::{ChildrenRequest, Count as Counted, Fetched, Listed, OnSourceError, Origin as From, ReadOptions, SourceStatus},
    request::RequestState,
    scalars::{DateTime, Json},
};
use adapters::model::{self, EntityType, FieldDef, FieldId, FieldSet, Kind, RecordKey};
use async_graphql::{
    ContextSelectionSet, Name, OutputType, PathSegment, Pos, Positioned, QueryPathNode, QueryPathSegment, ScalarType,
    ServerError, Value, parser::types::Field,
};
use futures_util::future::{BoxFuture, FutureExt, join, join_all};
use std::{borrow::Cow, collections::HashMap, sync::Arc};

/// The execution of plans in one request.
pub(crate) struct Run<'q> {
    ctx: &'q ContextSelectionSet<'q>,
    pub(crate) state: &'q RequestState,
    options: ReadOptions,
}

/// A record, or a value object inside one, and its place in the answer.
#[derive(Clone, Copy)]
pub(crate) struct Item<'r> {
    pub(crate) of: &'r Fetched,
    pub(crate) part: Option<&'r [model::Value]>,
    pub(crate) path: QueryPathNode<'r>,
}

/// A page and its place in the answer. What the plan does not need is not there.
pub(crate) struct PageItem<'r> {
    pub(crate) listed: Option<&'r Listed>,
    pub(crate) count: Option<&'r Result<Counted>>,
    pub(crate) path: QueryPathNode<'r>,
}

static NULL: model::Value = model::Value::Null;

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

    /// Where the run began.
    pub(crate) fn path(&self) -> QueryPathNode<'q> {
        // Below the root there is always a path; the other value is never shown.
        self.ctx.path_node.unwrap_or(QueryPathNode { parent: None, segment: QueryPathSegment::Index(0) })
    }

    /// Reports that the field at a path is null because of an error.
    pub(crate) fn report(&self, error: Error, pos: Pos, path: QueryPathNode<'_>) {
        self.add(error.at(pos), path);
    }

    fn add(&self, error: ServerError, path: QueryPathNode<'_>) {
        let mut segments: Vec<PathSegment> = std::iter::successors(Some(&path), |node| node.parent)
            .map(|node| match node.segment {
                QueryPathSegment::Index(index) => PathSegment::Index(index),
                QueryPathSegment::Name(name) => PathSegment::Field(name.to_owned()),
            })
            .collect();
        segments.reverse();
        self.ctx.add_error(error.with_path(segments));
    }

    // ── objects ──────────────────────────────────────────────────────────────────────────────────

    /// One value for each item: an object, or null if a value that must not be null is.
    pub(crate) fn objects<'r>(&'r self, plan: &'r ObjectPlan<'q>, items: &'r [Item<'r>]) -> BoxFuture<'r, Vec<Value>> {
        if plan.later.is_empty() {
            return std::future::ready(self.plain_objects(plan, items.iter().copied())).boxed();
        }
        async move {
            let mut objects: Vec<Option<Template>> = items.iter().map(|item| self.plain_object(plan, item)).collect();
            let columns = join_all(plan.later.iter().map(|later| self.column(plan, later, items))).await;
            for (later, column) in plan.later.iter().zip(columns) {
                objects.iter_mut().zip(column).for_each(|(object, value)| put(object, later.at, value));
            }
            objects.into_iter().map(|object| object.map_or(Value::Null, Value::Object)).collect()
        }
        .boxed()
    }

    fn plain_objects<'r>(&self, plan: &ObjectPlan<'_>, items: impl Iterator<Item = Item<'r>>) -> Vec<Value> {
        items.map(|item| self.plain_object(plan, &item).map_or(Value::Null, Value::Object)).collect()
    }

    fn plain_object(&self, plan: &ObjectPlan<'_>, item: &Item<'_>) -> Option<Template> {
        let mut object = plan.template.clone();
        for (at, plain) in &plan.plain {
            let key = || plan.template.get_index(*at).map(|(key, _)| key);
            object[*at] = match plain {
                Plain::Id => id::encode(item.key()).into(),
                Plain::RemoteType => item.key().set.as_str().into(),
                Plain::RemoteId => Value::String(item.key().id.to_string()),
                Plain::Scalar { place, def } => match &*self.value(item, *place) {
                    model::Value::Null => self.missing(def, item)?,
                    value => scalar(value),
                },
                Plain::Money { place, def, plan } => match &*self.value(item, *place) {
                    model::Value::Money(amount) => money(plan, amount),
                    model::Value::List(amounts) => amounts
                        .iter()
                        .filter_map(|amount| match amount {
                            model::Value::Money(amount) => Some(money(plan, amount)),
                            _ => None,
                        })
                        .collect(),
                    _ => self.missing(def, item)?,
                },
                Plain::Objects { place, def, plan } => match &*self.value(item, *place) {
                    model::Value::Null => self.missing(def, item)?,
                    value => {
                        let path = match key() {
                            Some(key) => under(&item.path, key),
                            None => item.path,
                        };
                        let many = matches!(def.kind, Kind::List(_));
                        let inner = |(at, values)| Item {
                            part: Some(values),
                            path: if many { nth(&path, at) } else { path },
                            ..*item
                        };
                        let values = self.plain_objects(plan, parts(value).enumerate().map(inner));
                        self.collected(def, values)?
                    }
                },
                Plain::Forbidden { scope, pos } => {
                    if let Some(key) = key() {
                        let message = format!("this field needs the scope {scope}");
                        let error = Error::new(crate::error::ErrorCode::Forbidden, message);
                        self.report(error, *pos, under(&item.path, key));
                    }
                    Value::Null
                }
            };
        }
        Some(object)
    }

    /// The value of a place of an item.
    fn value<'r>(&self, item: &Item<'r>, place: u8) -> Cow<'r, model::Value> {
        match item.part {
            Some(values) => Cow::Borrowed(values.get(usize::from(place)).unwrap_or(&NULL)),
            None => item.of.record.read(FieldId(place), self.state.today()),
        }
    }

    /// What stands for a value that is not there: null, an empty list, or nothing that the schema allows.
    fn missing(&self, def: &FieldDef, item: &Item<'_>) -> Option<Value> {
        if !def.required {
            return Some(Value::Null);
        }
        if matches!(def.kind, Kind::List(_) | Kind::MoneyList) {
            return Some(Value::List(Vec::new()));
        }
        // Such a record is quarantined when it is mapped: it never gets here.
        tracing::error!(field = def.name, record = ?item.key(), "a record lacks a required value");
        self.report(Error::internal(), Pos::default(), item.path);
        None
    }

    /// A value object, or a list of them; nothing if an element is null that must not be.
    fn collected(&self, def: &FieldDef, mut values: Vec<Value>) -> Option<Value> {
        let broken = values.contains(&Value::Null);
        match def.kind {
            Kind::List(_) if !broken => return Some(Value::List(values)),
            Kind::Object(_) if !broken => return values.pop(),
            _ => {}
        }
        (!def.required).then_some(Value::Null)
    }

    // ── columns ──────────────────────────────────────────────────────────────────────────────────

    /// One value for each item; none where it must not be null and is.
    fn column<'r>(
        &'r self,
        plan: &'r ObjectPlan<'q>,
        later: &'r Later<'q>,
        items: &'r [Item<'r>],
    ) -> BoxFuture<'r, Vec<Option<Value>>> {
        let Some((key, _)) = plan.template.get_index(later.at) else { return async { Vec::new() }.boxed() };
        async move {
            let paths: Vec<QueryPathNode<'_>> = items.iter().map(|item| under(&item.path, key)).collect();
            let nullable = |values: Vec<Value>| values.into_iter().map(Some).collect();
            match &later.what {
                Column::Erp(field) => nullable(self.erps(field, items, &paths).await),
                Column::Origin(field) => self.origins(field, items, &paths).await,
                Column::Ref { place, to, plan } => {
                    nullable(self.refs(plan, *to, *place, later.pos, items, &paths, false).await)
                }
                Column::Refs { place, to, plan } => {
                    nullable(self.refs(plan, *to, *place, later.pos, items, &paths, true).await)
                }
                Column::Objects { place, def, plan } => self.inner_objects(plan, def, *place, items, &paths).await,
                Column::Children { request, after, plan } => {
                    nullable(self.children(plan, request, after.as_deref(), later.pos, items, &paths).await)
                }
            }
        }
        .boxed()
    }

    /// The ERPs of the items: each is resolved once.
    async fn erps(&self, field: &Positioned<Field>, items: &[Item<'_>], paths: &[QueryPathNode<'_>]) -> Vec<Value> {
        let mut known: HashMap<&model::ErpId, Value> = HashMap::new();
        for (item, path) in items.iter().zip(paths) {
            let erp = &item.key().erp;
            if !known.contains_key(erp) {
                let value = match self.state.erp(erp) {
                    Some(view) => self.stock(&Erp(view), field, *path).await,
                    None => Value::Null,
                };
                known.insert(erp, value);
            }
        }
        items.iter().map(|item| known.get(&item.key().erp).cloned().unwrap_or_default()).collect()
    }

    /// The origins of the items: neighbours mostly have the same.
    async fn origins(
        &self,
        field: &Positioned<Field>,
        items: &[Item<'_>],
        paths: &[QueryPathNode<'_>],
    ) -> Vec<Option<Value>> {
        let mut last: Option<(From, Value)> = None;
        let mut values = Vec::with_capacity(items.len());
        for (item, path) in items.iter().zip(paths) {
            let value = match &last {
                Some((origin, value)) if *origin == item.of.origin => value.clone(),
                _ => {
                    let value = self.stock(&Origin(item.of.origin), field, *path).await;
                    last = Some((item.of.origin, value.clone()));
                    value
                }
            };
            values.push(not_null(value));
        }
        values
    }

    /// The value of an object that async-graphql resolves; null with an error if that fails.
    async fn stock(&self, object: &impl OutputType, field: &Positioned<Field>, path: QueryPathNode<'_>) -> Value {
        let mut ctx = self.ctx.with_selection_set(&field.node.selection_set);
        ctx.path_node = Some(path);
        match object.resolve(&ctx, field).await {
            Ok(value) => value,
            Err(error) if error.path.is_empty() => {
                self.add(error, path);
                Value::Null
            }
            Err(error) => {
                self.ctx.add_error(error);
                Value::Null
            }
        }
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

    /// A record that was asked for.
    pub(crate) fn answer<'r>(&self, answer: Option<&'r Result<Option<Fetched>>>) -> Result<Option<&'r Fetched>> {
        match answer {
            Some(Ok(found)) => Ok(found.as_ref()),
            Some(Err(error)) => Err(error.clone()),
            None => Err(Error::internal()),
        }
    }

    /// The records that the items point to.
    #[expect(clippy::too_many_arguments, reason = "a column and its place; one caller")]
    async fn refs(
        &self,
        plan: &ObjectPlan<'q>,
        to: EntityType,
        place: u8,
        pos: Pos,
        items: &[Item<'_>],
        paths: &[QueryPathNode<'_>],
        many: bool,
    ) -> Vec<Value> {
        let mut keys = Vec::new();
        // The range of keys of each item; none where there is no value.
        let ranges: Vec<Option<std::ops::Range<usize>>> = items
            .iter()
            .map(|item| {
                let start = keys.len();
                let key = |value: &model::Value| match value {
                    model::Value::Ref(to_one) => Some(RecordKey {
                        entity: to,
                        erp: item.key().erp.clone(),
                        set: to_one.set.clone(),
                        id: to_one.id.clone(),
                    }),
                    _ => None,
                };
                match &*self.value(item, place) {
                    model::Value::Null => return None,
                    model::Value::List(values) => keys.extend(values.iter().filter_map(key)),
                    one => keys.extend(key(one)),
                }
                Some(start..keys.len())
            })
            .collect();
        if keys.is_empty() {
            let empty = |range: Option<_>| if many && range.is_some() { Value::List(Vec::new()) } else { Value::Null };
            return ranges.into_iter().map(empty).collect();
        }
        let answers = self.records(to, keys.into(), plan.fields).await;

        let mut found = Vec::new();
        let mut values: Vec<Value> = vec![Value::Null; items.len()];
        // For each item whose records all came: its number, and how many there are.
        let mut complete = Vec::new();
        for (number, range) in ranges.into_iter().enumerate() {
            let Some(range) = range else { continue };
            let records: Result<Vec<&Fetched>> = range.filter_map(|key| self.answer(answers.get(key)).transpose()).collect();
            match records {
                Ok(records) => {
                    complete.push((number, records.len()));
                    found.extend(records.into_iter().enumerate().map(|(at, of)| Item {
                        of,
                        part: None,
                        path: if many { nth(&paths[number], at) } else { paths[number] },
                    }));
                }
                Err(error) => self.report(error, pos, paths[number]),
            }
        }
        let mut objects = self.objects(plan, &found).await.into_iter();
        for (number, count) in complete {
            let mut of_item: Vec<Value> = objects.by_ref().take(count).collect();
            values[number] = match many {
                true if of_item.contains(&Value::Null) => Value::Null,
                true => Value::List(of_item),
                false => of_item.pop().unwrap_or_default(),
            };
        }
        values
    }

    /// Value objects with relations of their own.
    async fn inner_objects(
        &self,
        plan: &ObjectPlan<'q>,
        def: &'static FieldDef,
        place: u8,
        items: &[Item<'_>],
        paths: &[QueryPathNode<'_>],
    ) -> Vec<Option<Value>> {
        let many = matches!(def.kind, Kind::List(_));
        // A stored value is borrowed from its record; only computed ones are owned, and value objects never are.
        let held: Vec<Cow<'_, model::Value>> = items.iter().map(|item| self.value(item, place)).collect();
        let mut inner = Vec::new();
        for ((item, path), value) in items.iter().zip(paths).zip(&held) {
            inner.extend(parts(value).enumerate().map(|(at, values)| Item {
                of: item.of,
                part: Some(values),
                path: if many { nth(path, at) } else { *path },
            }));
        }
        let mut objects = self.objects(plan, &inner).await.into_iter();
        items
            .iter()
            .zip(&held)
            .map(|(item, value)| match &**value {
                model::Value::Null => self.missing(def, item),
                value => self.collected(def, objects.by_ref().take(parts(value).count()).collect()),
            })
            .collect()
    }

    /// The pages of children of the items.
    async fn children(
        &self,
        plan: &PagePlan<'q>,
        request: &ChildrenRequest,
        after: Option<&str>,
        pos: Pos,
        items: &[Item<'_>],
        paths: &[QueryPathNode<'_>],
    ) -> Vec<Value> {
        let parents: Arc<[RecordKey]> = items.iter().map(|item| item.key().clone()).collect();
        let Some(one) = parents.first() else { return Vec::new() };
        if after.is_some() && parents.iter().any(|parent| parent != one) {
            let error = || Error::bad_input("after: a cursor belongs to the list of one record, not of several");
            paths.iter().for_each(|path| self.report(error(), pos, *path));
            return vec![Value::Null; items.len()];
        }
        let (ports, who) = (&self.state.ports, &self.state.who);
        let list = async {
            match after {
                _ if !plan.rows => None,
                None => Some(self.state.loader.children(Arc::clone(&parents), request).await),
                Some(after) => {
                    let page = ports.reads.list(who, &request.of(one.clone(), Some(after.to_owned()))).await;
                    Some(Answers::same(page, parents.len()))
                }
            }
        };
        let count = async {
            match plan.count {
                true => Some(ports.reads.count_children(who, &parents, request).await),
                false => None,
            }
        };
        let (lists, counts) = join(list, count).await;

        let mut pages = Vec::with_capacity(items.len());
        let mut numbers = Vec::with_capacity(items.len());
        for (number, path) in paths.iter().enumerate() {
            let listed = match &lists {
                None => Ok(None),
                Some(lists) => self.whole(lists.get(number)).map(Some),
            };
            match listed {
                Ok(listed) => {
                    let count = counts.as_ref().and_then(|counts| counts.get(number));
                    pages.push(PageItem { listed, count, path: *path });
                    numbers.push(number);
                }
                Err(error) => self.report(error, pos, *path),
            }
        }
        let mut values = vec![Value::Null; items.len()];
        for (number, page) in numbers.into_iter().zip(self.pages(plan, &pages).await) {
            values[number] = page;
        }
        values
    }

    // ── pages ────────────────────────────────────────────────────────────────────────────────────

    /// A page that was asked for, unless a source failed and the caller wants all or nothing.
    pub(crate) fn whole<'r>(&self, listed: Option<&'r Result<Listed>>) -> Result<&'r Listed> {
        let listed = listed.ok_or_else(Error::internal)?.as_ref().map_err(Error::clone)?;
        if self.options.on_source_error == OnSourceError::Fail
            && let Some(failed) = listed.sources.iter().find(|source| source.status == SourceStatus::Failed)
        {
            let error = failed.error.clone().unwrap_or_else(Error::internal);
            let source = || self.state.erp(&failed.erp).map(|erp| (erp.id.clone(), Arc::clone(&erp.system.key)));
            return Err(Error { source: error.source.clone().or_else(source), ..error });
        }
        Ok(listed)
    }

    /// One value for each page: an object, or null if a record of it must not be null and is.
    pub(crate) async fn pages(&self, plan: &PagePlan<'q>, pages: &[PageItem<'_>]) -> Vec<Value> {
        let columns = join_all(plan.parts.iter().map(|(at, part)| async move {
            match plan.template.get_index(*at) {
                Some((key, _)) => self.part(part, key, pages).await,
                None => Vec::new(),
            }
        }))
        .await;
        let mut values: Vec<Option<Template>> = pages.iter().map(|_| Some(plan.template.clone())).collect();
        for ((at, _), column) in plan.parts.iter().zip(columns) {
            values.iter_mut().zip(column).for_each(|(page, value)| put(page, *at, value));
        }
        values.into_iter().map(|page| page.map_or(Value::Null, Value::Object)).collect()
    }

    /// One value for each page; none where it must not be null and is.
    async fn part(&self, part: &PagePart<'q>, key: &Name, pages: &[PageItem<'_>]) -> Vec<Option<Value>> {
        let paths: Vec<QueryPathNode<'_>> = pages.iter().map(|page| under(&page.path, key)).collect();
        match part {
            PagePart::Nodes(plan) => {
                let items: Vec<Item<'_>> = pages
                    .iter()
                    .zip(&paths)
                    .flat_map(|(page, path)| rows(page).iter().enumerate().map(|(at, of)| (of, nth(path, at))))
                    .map(|(of, path)| Item { of, part: None, path })
                    .collect();
                let mut objects = self.objects(plan, &items).await.into_iter();
                pages.iter().map(|page| list(objects.by_ref().take(rows(page).len()))).collect()
            }
            PagePart::Edges(plan) => self.edges(plan, pages, &paths).await,
            PagePart::PageInfo(field) => {
                let page_infos = pages.iter().zip(&paths).map(async |(page, path)| match page.listed {
                    Some(listed) => not_null(self.stock(&PageInfo(listed), field, *path).await),
                    None => None,
                });
                join_all(page_infos).await
            }
            PagePart::Sources(field) => {
                let sources = pages.iter().zip(&paths).map(async |(page, path)| {
                    let sources = page.listed.map_or(&[][..], |listed| &listed.sources);
                    let reports: Vec<SourceReport<'_>> = sources.iter().map(SourceReport).collect();
                    not_null(self.stock(&reports, field, *path).await)
                });
                join_all(sources).await
            }
            PagePart::TotalCount(field) => {
                let counts = pages.iter().zip(&paths).map(async |(page, path)| match page.count {
                    Some(Ok(count)) => Some(self.stock(&Count(*count), field, *path).await),
                    Some(Err(error)) => {
                        self.report(error.clone(), field.pos, *path);
                        Some(Value::Null)
                    }
                    None => {
                        self.report(Error::internal(), field.pos, *path);
                        Some(Value::Null)
                    }
                });
                join_all(counts).await
            }
        }
    }

    async fn edges(&self, plan: &EdgePlan<'q>, pages: &[PageItem<'_>], paths: &[QueryPathNode<'_>]) -> Vec<Option<Value>> {
        let edge_paths: Vec<QueryPathNode<'_>> = pages
            .iter()
            .zip(paths)
            .flat_map(|(page, path)| (0..rows(page).len()).map(move |at| nth(path, at)))
            .collect();
        let records = || pages.iter().flat_map(|page| rows(page).iter());
        let columns = join_all(plan.nodes.iter().map(|(at, of)| {
            let edge_paths = &edge_paths;
            async move {
                let Some((key, _)) = plan.template.get_index(*at) else { return Vec::new() };
                let items: Vec<Item<'_>> = records()
                    .zip(edge_paths)
                    .map(|(record, path)| Item { of: record, part: None, path: under(path, key) })
                    .collect();
                self.objects(of, &items).await
            }
        }))
        .await;
        let mut edges: Vec<Option<Template>> = Vec::with_capacity(edge_paths.len());
        for page in pages {
            edges.extend((0..rows(page).len()).map(|row| {
                let mut edge = plan.template.clone();
                for at in &plan.cursors {
                    edge[*at] = page.listed.map(|listed| (listed.cursors)(row)).into();
                }
                Some(edge)
            }));
        }
        for ((at, _), column) in plan.nodes.iter().zip(columns) {
            edges.iter_mut().zip(column).for_each(|(edge, node)| put(edge, *at, not_null(node)));
        }
        let mut edges = edges.into_iter().map(|edge| edge.map_or(Value::Null, Value::Object));
        pages.iter().map(|page| list(edges.by_ref().take(rows(page).len()))).collect()
    }
}

/// Writes a value; an object that lacks one that must not be null is no object.
fn put(object: &mut Option<Template>, at: usize, value: Option<Value>) {
    match (object.as_mut(), value) {
        (Some(fields), Some(value)) => fields[at] = value,
        (_, None) => *object = None,
        (None, _) => {}
    }
}

fn not_null(value: Value) -> Option<Value> {
    Some(value).filter(|value| *value != Value::Null)
}

fn rows<'r>(page: &PageItem<'r>) -> &'r [Fetched] {
    page.listed.map_or(&[], |listed| &listed.rows)
}

/// A list whose elements must not be null.
fn list(values: impl Iterator<Item = Value>) -> Option<Value> {
    let values: Vec<Value> = values.collect();
    (!values.contains(&Value::Null)).then_some(Value::List(values))
}

/// The value objects in a value: one, or those of a list.
fn parts(value: &model::Value) -> impl Iterator<Item = &[model::Value]> {
    let values = match value {
        model::Value::List(values) => &values[..],
        one => std::slice::from_ref(one),
    };
    values.iter().filter_map(|value| match value {
        model::Value::Object(values) => Some(&values[..]),
        _ => None,
    })
}

fn scalar(value: &model::Value) -> Value {
    match value {
        model::Value::Text(text) => (**text).into(),
        model::Value::Int(number) => (*number).into(),
        model::Value::Bool(yes) => (*yes).into(),
        model::Value::Decimal(number) => number.to_string().into(),
        model::Value::Date(date) => date.to_string().into(),
        model::Value::DateTime(moment) => DateTime(*moment).to_value(),
        model::Value::Currency(code) => code.as_str().into(),
        model::Value::Enum(word) => Value::Enum(Name::new(word)),
        model::Value::Json(json) => Json::from_text(json.get()),
        // Kinds that are not scalars have their own plans.
        model::Value::Null
        | model::Value::Money(_)
        | model::Value::Ref(_)
        | model::Value::Object(_)
        | model::Value::List(_) => Value::Null,
    }
}

fn money(plan: &MoneyPlan, money: &model::Money) -> Value {
    let mut object = plan.template.clone();
    for at in &plan.amounts {
        object[*at] = money.amount.to_string().into();
    }
    for at in &plan.currencies {
        object[*at] = money.currency.as_str().into();
    }
    Value::Object(object)
}
