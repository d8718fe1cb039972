//! Makes plans: merges fragments and repeated fields as GraphQL prescribes, reads the arguments of nested lists, and
//! finds out which fields of the records have to be loaded.

use crate::{
    args::Args,
    error::{self, Error},
    limits::DEFAULT_FIRST_NESTED,
    plan::{Column, EdgePlan, Later, MoneyPlan, ObjectPlan, PagePart, PagePlan, Plain},
    ports::{ChildrenRequest, Permission, ReadOptions},
    request::RequestState,
};
use adapters::model::{ChildrenDef, EntityDef, EntityType, FieldDef, FieldId, FieldSet, Kind, ObjectDef};
use async_graphql::{
    ContextSelectionSet, Name, Positioned, ServerError, ServerResult,
    indexmap::{IndexMap, map::Entry},
    parser::types::{Field, Selection, SelectionSet},
};
use std::{borrow::Cow, collections::HashSet};

/// A selection set of a query.
pub(crate) type Set<'q> = &'q Positioned<SelectionSet>;

/// All occurrences of one key of an answer.
struct Occurrences<'q>(Vec<&'q Positioned<Field>>);

impl<'q> Occurrences<'q> {
    fn first(&self) -> &'q Positioned<Field> {
        self.0[0]
    }

    fn name(&self) -> &'q str {
        &self.first().node.name.node
    }

    fn sets(&self) -> Vec<Set<'q>> {
        self.0.iter().map(|field| &field.node.selection_set).collect()
    }

    fn later(&self, at: usize, what: Column<'q>) -> Later<'q> {
        Later { at, pos: self.first().pos, what }
    }

    /// One field that selects what all of them select.
    fn merged(&self) -> Cow<'q, Positioned<Field>> {
        let first = self.first();
        if self.0.len() == 1 {
            return Cow::Borrowed(first);
        }
        let mut merged = first.clone();
        let others = self.0[1..].iter().flat_map(|field| &field.node.selection_set.node.items);
        merged.node.selection_set.node.items.extend(others.cloned());
        Cow::Owned(merged)
    }
}

/// Makes the plans of one query.
pub(crate) struct Planner<'q> {
    ctx: &'q ContextSelectionSet<'q>,
    state: &'q RequestState,
    options: ReadOptions,
}

impl<'q> Planner<'q> {
    pub(crate) fn new(ctx: &'q ContextSelectionSet<'q>, options: ReadOptions) -> Self {
        Self { ctx, state: RequestState::of(ctx), options }
    }

    /// The plan of what the sets select of a record.
    pub(crate) fn record(&self, entity: EntityType, sets: &[Set<'q>]) -> ServerResult<ObjectPlan<'q>> {
        let def = entity.def();
        let mut plan = ObjectPlan::default();
        for (key, fields) in self.collect(def.name, sets)? {
            let at = plan.template.add(key);
            match fields.name() {
                "__typename" => plan.template.set(at, def.name),
                "id" => plan.plain.push((at, Plain::Id)),
                "remoteType" => plan.plain.push((at, Plain::RemoteType)),
                "remoteId" => plan.plain.push((at, Plain::RemoteId)),
                "erp" => plan.later.push(fields.later(at, Column::Erp(fields.merged()))),
                "origin" => plan.later.push(fields.later(at, Column::Origin(fields.merged()))),
                name => match (def.id_of(name), def.children.iter().find(|child| child.name == name)) {
                    (Some(field), _) => self.record_field(&mut plan, at, def, field, &fields)?,
                    (None, Some(child)) => {
                        plan.later.push(fields.later(at, self.children(child, &fields)?));
                    }
                    (None, None) => return Err(unknown(def.name, fields.first())),
                },
            }
        }
        Ok(plan)
    }

    fn record_field(
        &self,
        plan: &mut ObjectPlan<'q>,
        at: usize,
        def: &'static EntityDef,
        id: FieldId,
        fields: &Occurrences<'q>,
    ) -> ServerResult<()> {
        let field = def.field(id);
        if field.name == "raw" {
            if let Err(error) = self.state.caller.who.require(Permission::ReadRaw) {
                plan.plain.push((at, Plain::Refused { error, pos: fields.first().pos }));
            } else {
                plan.fields.insert(id);
                plan.plain.push((at, Plain::Raw { place: id.0 }));
            }
            return Ok(());
        }
        match field.computed {
            Some(computed) => {
                plan.fields = computed.needs.iter().filter_map(|name| def.id_of(name)).fold(plan.fields, with)
            }
            None => plan.fields.insert(id),
        }
        self.field(plan, at, id.0, field, fields)
    }

    /// Adds a field of a record or of a value object.
    fn field(
        &self,
        plan: &mut ObjectPlan<'q>,
        at: usize,
        place: u8,
        def: &'static FieldDef,
        fields: &Occurrences<'q>,
    ) -> ServerResult<()> {
        match def.kind {
            Kind::Text
            | Kind::Int
            | Kind::Bool
            | Kind::Decimal
            | Kind::Date
            | Kind::DateTime
            | Kind::Currency
            | Kind::Url
            | Kind::Json
            | Kind::Enum(_) => plan.plain.push((at, Plain::Scalar { place, def })),
            Kind::Money(_) | Kind::MoneyList => {
                let money = self.money(&fields.sets())?;
                plan.plain.push((at, Plain::Money { place, def, plan: money }));
            }
            Kind::Object(of) | Kind::List(of) => {
                let object = self.object(of, &fields.sets())?;
                if object.later.is_empty() {
                    plan.plain.push((at, Plain::Objects { place, def, plan: object }));
                } else {
                    plan.later.push(fields.later(at, Column::Objects { place, def, plan: object }));
                }
            }
            Kind::Ref(to) => {
                let record = self.record(to, &fields.sets())?;
                plan.later.push(fields.later(at, Column::Ref { place, to, plan: record }));
            }
            Kind::Refs(to) => {
                let record = self.record(to, &fields.sets())?;
                plan.later.push(fields.later(at, Column::Refs { place, to, plan: record }));
            }
        }
        Ok(())
    }

    fn object(&self, def: &'static ObjectDef, sets: &[Set<'q>]) -> ServerResult<ObjectPlan<'q>> {
        let mut plan = ObjectPlan::default();
        for (key, fields) in self.collect(def.name, sets)? {
            let at = plan.template.add(key);
            match (fields.name(), def.position(fields.name())) {
                ("__typename", _) => plan.template.set(at, def.name),
                (_, Some(position)) => {
                    self.field(&mut plan, at, position as u8, &def.fields[position], &fields)?;
                }
                (_, None) => return Err(unknown(def.name, fields.first())),
            }
        }
        Ok(plan)
    }

    fn money(&self, sets: &[Set<'q>]) -> ServerResult<MoneyPlan> {
        let mut plan = MoneyPlan::default();
        for (key, fields) in self.collect("Money", sets)? {
            let at = plan.template.add(key);
            match fields.name() {
                "__typename" => plan.template.set(at, "Money"),
                "amount" => plan.amounts.push(at),
                "currency" => plan.currencies.push(at),
                _ => return Err(unknown("Money", fields.first())),
            }
        }
        Ok(plan)
    }

    fn children(&self, child: &'static ChildrenDef, fields: &Occurrences<'q>) -> ServerResult<Column<'q>> {
        let def = child.entity.def();
        let field = fields.first();
        let args = Args::of(&self.ctx.with_field(field)).and_then(|args| args.list(def, DEFAULT_FIRST_NESTED));
        let args = args.map_err(|error| nested(error, child.name).at(field.pos))?;
        let plan = self.page(def, &fields.sets())?;
        let via = def.id_of(child.via).ok_or_else(|| Error::internal().at(field.pos))?;
        let request = ChildrenRequest {
            entity: child.entity,
            via,
            first: args.first,
            filter: args.filter,
            order: args.order,
            fields: plan.fields,
            options: self.options,
        };
        Ok(Column::Children { request, after: args.after, plan })
    }

    /// The plan of what the sets select of a page of a list.
    pub(crate) fn page(&self, def: &'static EntityDef, sets: &[Set<'q>]) -> ServerResult<PagePlan<'q>> {
        let name = format!("{}Connection", def.name);
        let mut plan = PagePlan::default();
        for (key, fields) in self.collect(&name, sets)? {
            let at = plan.template.add(key);
            let part = match fields.name() {
                "__typename" => {
                    plan.template.set(at, &name);
                    continue;
                }
                "nodes" => {
                    let record = self.record(def.entity, &fields.sets())?;
                    plan.fields = plan.fields.union(record.fields);
                    PagePart::Nodes(record)
                }
                "edges" => {
                    let edges = self.edges(def, &fields.sets())?;
                    plan.fields = edges.nodes.iter().fold(plan.fields, |all, (_, record)| all.union(record.fields));
                    PagePart::Edges(edges)
                }
                "pageInfo" => PagePart::PageInfo(fields.merged()),
                "totalCount" => PagePart::TotalCount(fields.merged()),
                "sources" => PagePart::Sources(fields.merged()),
                _ => return Err(unknown(&name, fields.first())),
            };
            match part {
                PagePart::TotalCount(_) => plan.count = true,
                _ => plan.rows = true,
            }
            plan.parts.push((at, part));
        }
        Ok(plan)
    }

    fn edges(&self, def: &'static EntityDef, sets: &[Set<'q>]) -> ServerResult<EdgePlan<'q>> {
        let name = format!("{}Edge", def.name);
        let mut plan = EdgePlan::default();
        for (key, fields) in self.collect(&name, sets)? {
            let at = plan.template.add(key);
            match fields.name() {
                "__typename" => plan.template.set(at, &name),
                "node" => plan.nodes.push((at, self.record(def.entity, &fields.sets())?)),
                "cursor" => plan.cursors.push(at),
                _ => return Err(unknown(&name, fields.first())),
            }
        }
        Ok(plan)
    }

    /// The fields that the sets select of an object type, by their keys in the answer.
    fn collect(&self, ty: &str, sets: &[Set<'q>]) -> ServerResult<IndexMap<&'q Name, Occurrences<'q>>> {
        let mut found = IndexMap::new();
        let mut spread = HashSet::new();
        for set in sets {
            self.collect_set(ty, set, &mut spread, &mut found)?;
        }
        Ok(found)
    }

    fn collect_set(
        &self,
        ty: &str,
        set: Set<'q>,
        spread: &mut HashSet<&'q str>,
        found: &mut IndexMap<&'q Name, Occurrences<'q>>,
    ) -> ServerResult<()> {
        for selection in &set.node.items {
            match &selection.node {
                Selection::Field(field) => match found.entry(&field.node.response_key().node) {
                    Entry::Occupied(mut occurrences) => {
                        if !alike(&occurrences.get().first().node, &field.node) {
                            return Err(conflict(field));
                        }
                        occurrences.get_mut().0.push(field);
                    }
                    Entry::Vacant(vacant) => {
                        vacant.insert(Occurrences(vec![field]));
                    }
                },
                Selection::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref().map(|condition| &condition.node.on.node);
                    if on.is_none_or(|on| self.applies(ty, on)) {
                        self.collect_set(ty, &fragment.node.selection_set, spread, found)?;
                    }
                }
                Selection::FragmentSpread(one) => {
                    let name = &one.node.fragment_name.node;
                    if let Some(fragment) = self.ctx.query_env.fragments.get(name)
                        && spread.insert(name)
                        && self.applies(ty, &fragment.node.type_condition.node.on.node)
                    {
                        self.collect_set(ty, &fragment.node.selection_set, spread, found)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether a fragment on a type applies to an object type.
    fn applies(&self, ty: &str, on: &str) -> bool {
        ty == on || self.ctx.schema_env.registry.implements.get(ty).is_some_and(|interfaces| interfaces.contains(on))
    }
}

fn with(mut fields: FieldSet, field: FieldId) -> FieldSet {
    fields.insert(field);
    fields
}

/// An error of an argument of a nested field says which field it is.
fn nested(error: Error, field: &str) -> Error {
    Error { message: format!("{field}: {}", error.message), ..error }
}

/// Whether two fields may share a key of the answer.
fn alike(a: &Field, b: &Field) -> bool {
    a.name.node == b.name.node
        && a.arguments.len() == b.arguments.len()
        && a.arguments.iter().all(|(name, value)| b.get_argument(&name.node) == Some(value))
}

/// async-graphql compares fields only inside fragments of the same type.
fn conflict(field: &Positioned<Field>) -> ServerError {
    let key = &field.node.response_key().node;
    let message = format!(
        "Fields \"{key}\" conflict because they are different fields or have differing arguments. Use different aliases to fetch both."
    );
    error::with_code(ServerError::new(message, Some(field.pos)), error::VALIDATION_FAILED)
}

/// Validation lets no such field through.
fn unknown(ty: &str, field: &Positioned<Field>) -> ServerError {
    let message = format!("Cannot query field \"{}\" on type \"{ty}\".", field.node.name.node);
    error::with_code(ServerError::new(message, Some(field.pos)), error::VALIDATION_FAILED)
}
