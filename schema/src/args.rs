//! The arguments of fields that lead to records, and the cost of what they ask for.

use crate::{
    comparator,
    error::{Error, Result},
    id, input,
    limits::{self, DEFAULT_FIRST, DEFAULT_FIRST_NESTED, MAX_FIRST},
    object::{input, name_of},
    ports::{OnSourceError, ReadMode, ReadOptions},
    request::RequestState,
};
use adapters::{
    adapter::Order,
    filter::{Filter, Operand},
    model::{EntityDef, ErpId},
};
use async_graphql::{
    Context, ID, InputObject, InputType, Value,
    registry::{MetaField, MetaInputValue, Registry},
};
use std::time::Duration;

/// How to read. Relations inside the answer are read in the same way.
#[derive(Debug, Default, InputObject)]
#[graphql(name = "ReadOptions")]
pub(crate) struct ReadOptionsInput {
    /// Where the answer may come from.
    #[graphql(default)]
    mode: ReadMode,
    /// Accept a cached answer up to this age in milliseconds; 0 asks the ERP.
    max_age_ms: Option<i32>,
    /// Wait at most so many milliseconds for each ERP: a slow one is reported, not waited for.
    timeout_ms: Option<i32>,
    /// What a failing ERP does to the answer. Default: PARTIAL for lists, FAIL for KPIs.
    on_source_error: Option<OnSourceError>,
}

impl ReadOptionsInput {
    fn check(self, usual: ReadOptions) -> Result<ReadOptions> {
        let duration = |name: &str, millis: Option<i32>| {
            let check = |millis| u64::try_from(millis).map(Duration::from_millis);
            millis.map(check).transpose().map_err(|_| Error::bad_input(format!("read.{name}: must not be negative")))
        };
        Ok(ReadOptions {
            mode: self.mode,
            max_age: duration("maxAgeMs", self.max_age_ms)?,
            timeout: duration("timeoutMs", self.timeout_ms)?,
            on_source_error: self.on_source_error.unwrap_or_default(),
            ..usual
        })
    }
}

/// The arguments of one field, with variables filled in; a null is as good as an absence.
pub(crate) struct Args(Vec<(async_graphql::Name, Value)>);

impl Args {
    pub(crate) fn of(ctx: &Context<'_>) -> Result<Self> {
        // Fails only for variables that were not declared, which validation finds before.
        ctx.field().arguments().map(Self).map_err(|error| Error::bad_input(error.message))
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(of, value)| of.as_str() == name && *value != Value::Null).map(|(_, value)| value)
    }

    fn text(&self, name: &str) -> Result<Option<&str>> {
        match self.get(name) {
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Error::bad_input(format!("{name}: expected a text"))),
            None => Ok(None),
        }
    }

    fn first(&self, default: usize) -> Result<usize> {
        let first = match self.get("first") {
            Some(Value::Number(number)) => number.as_i64(),
            Some(_) => None,
            None => return Ok(default),
        };
        let first = first.ok_or_else(|| Error::bad_input("first: expected a whole number"))?;
        limits::first(Some(first), default)
    }

    /// The text of the argument `id`.
    pub(crate) fn id(&self) -> Result<&str> {
        self.text("id")?.ok_or_else(|| Error::bad_input("id: is required"))
    }

    /// The argument `read`.
    pub(crate) fn options(&self, state: &RequestState) -> Result<ReadOptions> {
        match self.get("read") {
            Some(value) => {
                let read = <ReadOptionsInput as InputType>::parse(Some(value.clone()));
                read.map_err(|error| {
                    Error::bad_input(format!("read: {}", error.into_server_error(Default::default()).message))
                })?
                .check(state.options())
            }
            None => Ok(state.options()),
        }
    }

    /// The argument `erps`: only ERPs that the caller may know of.
    pub(crate) fn erps(&self, state: &RequestState) -> Result<Option<Vec<ErpId>>> {
        let Some(value) = self.get("erps") else { return Ok(None) };
        let erp = |(at, value): (String, &Value)| {
            let visible = match value {
                Value::String(text) => id::erp(text).filter(|erp| state.erp(erp).is_some()),
                _ => None,
            };
            visible.ok_or_else(|| Error::bad_input(format!("erps{at}: there is no such ERP")))
        };
        input::elements(value).map(erp).collect::<Result<_>>().map(Some)
    }

    /// The arguments of a list.
    pub(crate) fn list(&self, def: &'static EntityDef, default_first: usize) -> Result<ListArgs> {
        Ok(ListArgs {
            first: self.first(default_first)?,
            after: self.text("after")?.map(Into::into),
            filter: input::filter(def, self.get("where"))?,
            order: input::order(def, self.get("orderBy"))?,
        })
    }
}

/// Which page of a list.
pub(crate) struct ListArgs {
    pub(crate) first: usize,
    pub(crate) after: Option<String>,
    pub(crate) filter: Filter<Operand>,
    pub(crate) order: Vec<Order>,
}

fn with_default(mut input: MetaInputValue, default: impl ToString) -> MetaInputValue {
    input.default_value = Some(default.to_string());
    input
}

fn add(field: &mut MetaField, arguments: impl IntoIterator<Item = MetaInputValue>) {
    field.args.extend(arguments.into_iter().map(|argument| (argument.name.clone(), argument)));
}

fn add_page(field: &mut MetaField, default: usize, registry: &mut Registry) {
    let (int, string) = (name_of::<i32>(registry), name_of::<String>(registry));
    let first = input("first", int, format!("At most so many records: 0 to {MAX_FIRST}."));
    let after = "The `endCursor` of the page before, or any other cursor of this list. A cursor belongs to the list with its conditions and order.";
    add(field, [with_default(first, default), input("after", string, after)]);
}

fn add_conditions(field: &mut MetaField, def: &'static EntityDef, registry: &mut Registry) {
    let which = input("where", comparator::where_type(def, registry), "Which records; all of them if it is absent.");
    let (by, direction) = def.order;
    let direction = if direction == adapters::model::Direction::Asc { "ascending" } else { "descending" };
    let order = format!("In which order, by up to four keys. Default: by `{by}`, {direction}. Ties are ordered by id.");
    add(field, [which, input("orderBy", format!("[{}!]", comparator::order_type(def, registry)), order)]);
}

fn add_read(field: &mut MetaField, registry: &mut Registry) {
    let options = name_of_input::<ReadOptionsInput>(registry);
    add(field, [input("read", options, "How to read.")]);
}

fn name_of_input<T: InputType>(registry: &mut Registry) -> String {
    T::create_type_info(registry);
    T::type_name().into_owned()
}

/// Gives a root list its arguments and its cost.
pub(crate) fn of_list(field: &mut MetaField, def: &'static EntityDef, registry: &mut Registry) {
    add_page(field, DEFAULT_FIRST, registry);
    add_conditions(field, def, registry);
    let ids = format!("[{}!]", name_of::<ID>(registry));
    add(field, [input("erps", ids, "Of these ERPs only; of all that the caller may see if it is absent.")]);
    add_read(field, registry);
    field.compute_complexity = Some(limits::cost_of_page::<DEFAULT_FIRST>);
}

/// Gives a list inside a record its arguments and its cost.
pub(crate) fn of_children(field: &mut MetaField, def: &'static EntityDef, conditions: bool, registry: &mut Registry) {
    add_page(field, DEFAULT_FIRST_NESTED, registry);
    if conditions {
        add_conditions(field, def, registry);
    }
    field.compute_complexity = Some(limits::cost_of_page::<DEFAULT_FIRST_NESTED>);
}

/// Gives a look-up its arguments.
pub(crate) fn of_look_up(field: &mut MetaField, registry: &mut Registry) {
    let id = format!("{}!", name_of::<ID>(registry));
    add(field, [input("id", id, "Its id.")]);
    add_read(field, registry);
}
