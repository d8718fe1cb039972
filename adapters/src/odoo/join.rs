//! What other models say about records: their elements, read with one call for all records of a page.

use super::{
    books::{Fields, Search, Type},
    dimensions::{rewritten, source},
    order::{cells, id_of},
    settlements::{self, Entry},
    view::{IDS_PER_CALL, View, takes_name},
    wire,
};
use crate::{
    adapter::Ctx,
    error::Result,
    mapping::{From, Plan, SetMapping, Take},
    model::{FieldId, Kind},
};
use futures_util::future::try_join_all;
use serde_json::{json, value::RawValue};
use std::collections::{HashMap, HashSet};

/// How elements of another model are joined to a record.
pub(super) struct Lookup<'m> {
    pub(super) model: &'m str,
    pub(super) by: By<'m>,
    order: &'m str,
    when: &'m [toml::Value],
    /// Whether the elements are moves of goods, which are split by their lots.
    lots: bool,
}

/// What connects the elements with the record.
#[derive(Clone, Copy)]
pub(super) enum By<'m> {
    /// The other model's field that points to the record.
    Field(&'m str),
    /// The record's field that holds its journal entry: the elements are what settles that.
    Entry(&'m str),
}

/// The model of the lines of moves of goods, which know the lots.
const MOVE_LINES: &str = "stock.move.line";

impl<'m> Lookup<'m> {
    pub(super) fn of(set: &'m SetMapping, field: FieldId) -> Option<Self> {
        Self::parse(&set.field(field)?.options)
    }

    pub(super) fn parse(options: &'m toml::Table) -> Option<Self> {
        let lookup = options.get("lookup")?;
        let text = |key| lookup.get(key).and_then(toml::Value::as_str);
        let when = lookup.get("when").and_then(toml::Value::as_array).map_or(&[][..], Vec::as_slice);
        let by = text("entry").map(By::Entry).or_else(|| text("by").map(By::Field))?;
        let lots = lookup.get("lots").and_then(toml::Value::as_bool).unwrap_or(false);
        Some(Self { model: text("model")?, by, order: text("order").unwrap_or("id"), when, lots })
    }

    /// The models whose fields have to be known.
    pub(super) fn models(&self) -> Vec<&'m str> {
        if self.lots { vec![self.model, MOVE_LINES] } else { vec![self.model] }
    }

    /// Whether a field of the elements is made here.
    pub(super) fn makes(&self, field: &str) -> bool {
        match self.by {
            By::Entry(_) => true,
            By::Field(_) => self.lots && field == "lot",
        }
    }

    /// The domain of the elements of some records. Conditions on fields that this version lacks are left out.
    fn domain(&self, by: &str, fields: &Fields, ids: &[i64]) -> String {
        let when = self.when.iter().filter(|condition| {
            condition.get(0).and_then(toml::Value::as_str).is_some_and(|field| fields.contains_key(field))
        });
        let conditions: Vec<_> = std::iter::once(json!([by, "in", ids])).chain(when.map(|c| json!(c))).collect();
        serde_json::Value::from(conditions).to_string()
    }
}

/// The elements that are joined to records.
#[derive(Default)]
pub(super) struct Elements {
    rows: Vec<Box<RawValue>>,
    /// By the record's id the places of its elements.
    by_parent: HashMap<i64, Vec<usize>>,
}

impl Elements {
    pub(super) fn of(&self, parent: Option<i64>) -> Vec<&RawValue> {
        let own = parent.and_then(|id| self.by_parent.get(&id)).map_or(&[][..], Vec::as_slice);
        own.iter().map(|at| &*self.rows[*at]).collect()
    }

    pub(super) fn add(&mut self, parent: i64, row: Box<RawValue>) {
        self.by_parent.entry(parent).or_default().push(self.rows.len());
        self.rows.push(row);
    }
}

/// The elements of each field that a plan joins.
pub(super) struct JoinedElements {
    fields: Vec<(FieldId, Elements)>,
    settled: Vec<FieldId>,
    settlements: Elements,
}

impl JoinedElements {
    /// The elements of one record.
    pub(super) fn of(&self, parent: Option<i64>) -> Vec<(FieldId, Vec<&RawValue>)> {
        let fields = self.fields.iter().map(|(field, elements)| (*field, elements.of(parent)));
        fields.chain(self.settled.iter().map(|field| (*field, self.settlements.of(parent)))).collect()
    }
}

impl View {
    fn lookups<'m>(&self, plan: &Plan, set: &'m SetMapping) -> Vec<(FieldId, Lookup<'m>)> {
        let lookups = plan.joins().filter_map(|field| Some((field, Lookup::of(set, field)?)));
        lookups.filter(|(_, lookup)| self.shape.models.contains_key(lookup.model)).collect()
    }

    /// The names to request of Odoo: those of the plan, and what joining needs to know.
    pub(super) fn wanted<'a>(&'a self, set: &'a SetMapping, plan: &'a Plan) -> Vec<&'a str> {
        let mut names: Vec<&str> = plan.source_fields().map(source).collect();
        for (_, lookup) in self.lookups(plan, set) {
            let By::Entry(entry) = lookup.by else { continue };
            for name in [entry, settlements::STATE] {
                if self.fields(set).contains_key(name) && !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }

    /// What other models say about the records in some rows.
    pub(super) async fn joined(
        &self,
        ctx: &Ctx,
        plan: &Plan,
        set: &SetMapping,
        rows: &[&RawValue],
    ) -> Result<JoinedElements> {
        let lookups = self.lookups(plan, set);
        let mut joined = JoinedElements { fields: Vec::new(), settled: Vec::new(), settlements: Elements::default() };
        let mut entries = Vec::new();
        let mut ids = Vec::new();
        if !lookups.is_empty() {
            let entry_path = lookups.iter().find_map(|(_, lookup)| match lookup.by {
                By::Entry(path) => Some(path),
                By::Field(_) => None,
            });
            for row in rows {
                let cells = cells(row)?;
                let Some(id) = cells.get(set.id.as_str()).and_then(|id| id_of(id)) else { continue };
                ids.push(id);
                if let Some(entry) = entry_path.and_then(|path| cells.get(path)).and_then(|entry| id_of(entry)) {
                    let state = cells.get(settlements::STATE).map_or("", |state| state.get());
                    entries.push(Entry { entry, record: id, settled: settlements::is_settled(state) });
                }
            }
        }
        let mut calls = Vec::new();
        for (field, lookup) in lookups {
            match lookup.by {
                By::Field(by) => calls.push(self.join(ctx, plan, set, field, lookup, by, &ids)),
                By::Entry(_) => joined.settled.push(field),
            }
        }
        let (fields, settlements) =
            tokio::try_join!(try_join_all(calls), settlements::read(ctx, &self.books, set.entity, &entries))?;
        joined.fields = fields;
        joined.settlements = settlements;
        Ok(joined)
    }

    #[expect(clippy::too_many_arguments, reason = "a call with its context")]
    async fn join(
        &self,
        ctx: &Ctx,
        plan: &Plan,
        set: &SetMapping,
        field: FieldId,
        lookup: Lookup<'_>,
        by: &str,
        ids: &[i64],
    ) -> Result<(FieldId, Elements)> {
        let fields = self.shape.fields(lookup.model);
        let mut wanted: Vec<&str> =
            plan.joined_source_fields(field).filter(|name| !lookup.makes(name)).map(source).collect();
        wanted.extend([by].into_iter().chain(lookup.lots.then_some(TRACKING)));
        let mut seen = HashSet::new();
        wanted.retain(|name| fields.contains_key(*name) && seen.insert(*name));
        let names = set.field(field).is_some_and(|mapping| match (&mapping.from, set.entity.def().field(field).kind) {
            (From::Elements { take: Take::Object(inner), .. }, Kind::List(of) | Kind::Object(of)) => of
                .fields
                .iter()
                .zip(inner)
                .any(|(def, inner)| inner.as_ref().is_some_and(|inner| takes_name(fields, def, inner))),
            _ => false,
        });
        let calls = ids.chunks(IDS_PER_CALL).map(|ids| {
            let search = Search {
                model: lookup.model,
                domain: lookup.domain(by, fields, ids),
                fields: wanted.clone(),
                order: lookup.order.to_owned(),
                limit: None,
                offset: 0,
                names,
                operation: "join",
            };
            self.books.search(ctx, search)
        });
        let rows: Vec<_> = try_join_all(calls).await?.into_iter().flatten().collect();
        let rows = self.with_dimensions(ctx, rows).await?;
        let lots = if lookup.lots { self.lots(ctx, &rows).await? } else { HashMap::new() };
        let many = fields.get(by).is_some_and(|field| field.kind == Type::Many);
        let mut elements = Elements::default();
        for row in rows {
            let cells = cells(&row)?;
            let Some(parent) = cells.get(by).copied() else { continue };
            let parents = if many { wire::returned(parent)? } else { id_of(parent).into_iter().collect::<Vec<_>>() };
            let split = cells.get("id").and_then(|id| id_of(id)).and_then(|id| lots.get(&id));
            for parent in parents {
                match split {
                    Some(lots) => {
                        for lot in lots {
                            elements.add(parent, rewritten(&row, &lot.cells())?);
                        }
                    }
                    None => elements.add(parent, row.clone()),
                }
            }
        }
        Ok((field, elements))
    }

    /// The lots of the moves that have taken place, by the moves' ids; none is asked for where no product is tracked.
    async fn lots(&self, ctx: &Ctx, moves: &[Box<RawValue>]) -> Result<HashMap<i64, Vec<Lot>>> {
        let mut tracked = Vec::new();
        for row in moves {
            let cells = cells(row)?;
            let is = |name: &str, words: &[&str]| cells.get(name).is_some_and(|raw| words.contains(&raw.get()));
            if is(TRACKING, &["\"lot\"", "\"serial\""]) && is("state", &["\"done\""]) {
                tracked.extend(cells.get("id").and_then(|id| id_of(id)));
            }
        }
        let fields = self.shape.fields(MOVE_LINES);
        let quantity = if fields.contains_key("quantity") { "quantity" } else { "qty_done" };
        let mut lots: HashMap<i64, Vec<Lot>> = HashMap::new();
        for ids in tracked.chunks(IDS_PER_CALL) {
            let search = Search {
                model: MOVE_LINES,
                domain: json!([["move_id", "in", ids]]).to_string(),
                fields: vec!["move_id", "lot_id", quantity],
                order: "id".into(),
                limit: None,
                offset: 0,
                names: true,
                operation: "join",
            };
            for row in self.books.search(ctx, search).await? {
                let cells = cells(&row)?;
                let (Some(of), Some(quantity)) = (cells.get("move_id").and_then(|id| id_of(id)), cells.get(quantity))
                else {
                    continue;
                };
                let name = cells.get("lot_id").and_then(|lot| wire::returned::<(i64, String)>(lot).ok());
                let lot = Lot { quantity: quantity.get().to_owned(), name: name.map(|(_, name)| name) };
                lots.entry(of).or_default().push(lot);
            }
        }
        Ok(lots)
    }
}

/// How a product is tracked: by lots, by serial numbers or not.
const TRACKING: &str = "has_tracking";

/// The part of a move that is of one lot.
struct Lot {
    /// JSON of a number.
    quantity: String,
    name: Option<String>,
}

impl Lot {
    /// What differs from the move as a whole.
    fn cells(&self) -> Vec<(&'static str, String)> {
        let name = self.name.as_deref().map_or_else(|| "false".to_owned(), |name| json!(name).to_string());
        let quantities = ["quantity", "quantity_done"].into_iter().map(|field| (field, self.quantity.clone()));
        quantities.chain([("lot", name)]).collect()
    }
}
