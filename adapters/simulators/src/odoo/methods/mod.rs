//! The methods that a call can name: their arguments, the rights they need, what they answer.

mod signature;

use serde_json::{Map, Value};

use super::{
    failure::{Class, Failure, Fallible},
    models::{Known, Registry},
    orm::{Grouping, Query, Records, Scope, View, describe, formatted_read_group, read_group},
    python,
    users::User,
};
use crate::{Simulator, store::Row};
use signature::{bind, signature_of};

/// A call that is to be carried out.
pub(super) struct Call {
    pub(super) model: String,
    pub(super) method: String,
    pub(super) args: Vec<Value>,
    pub(super) kwargs: Map<String, Value>,
    /// Whether it came in through `/json/2`, which knows named arguments only and complains about them in other words.
    pub(super) named: bool,
}

/// Carries out a call and answers with the JSON of its result.
pub(super) fn call(simulator: &Simulator, registry: &Registry, user: &User, call: Call) -> Fallible<String> {
    simulator.count(&format!("{} {}", call.method, call.model));
    let version = registry.version;
    let known = registry.get(&call.model).ok_or_else(|| Failure::key(&call.model))?;
    let signature = signature_of(known, &call.method, version)?;
    let Call { mut args, mut kwargs, named, .. } = call;
    let context = kwargs.remove("context").unwrap_or_default();
    let ids = match (signature.on_records, named) {
        (true, false) if args.is_empty() => {
            return Err(Failure::new(Class::Builtin("IndexError"), "list index out of range"));
        }
        (true, false) => args.remove(0),
        (true, true) => kwargs.remove("ids").unwrap_or_default(),
        (false, true) if kwargs.remove("ids").is_some_and(|ids| python::truth(&ids)) => {
            let message = format!("cannot call {}.{} with ids", known.model.name, signature.name);
            return Err(Failure::unprocessable(message));
        }
        (false, _) => Value::Null,
    };
    let arguments = bind(signature, args, kwargs, named)?;
    let scope = scope(known, user, &context)?;
    let tables = simulator.store().read();
    let view = View::new(&tables, registry);
    let run = Run { simulator, view: &view, known, scope, arguments, ids };
    match signature.name {
        "check_access_rights" => run.check_access_rights(user),
        "context_get" => Ok(python::json(&user.context())),
        "has_access" => Ok(python::json(&may_read(known, user))),
        "fields_get" => {
            refuse_without_rights(known, user)?;
            Ok(python::json(&describe(known, version, run.get("allfields"), run.get("attributes"))))
        }
        method => {
            refuse_without_rights(known, user)?;
            match method {
                "search_read" => run.search_read(),
                "search" => run.search(),
                "search_count" => run.search_count(),
                "read" => run.read(),
                "read_group" => run.read_group(),
                "formatted_read_group" => run.formatted_read_group(),
                "formatted_read_grouping_sets" => run.formatted_read_grouping_sets(),
                "exists" => run.exists(),
                // Records cannot be created here, so that none of their fields has a default.
                "default_get" => Ok("{}".to_owned()),
                _ => run.name_get(),
            }
        }
    }
}

/// What the context lets a call see.
fn scope(known: &Known, user: &User, context: &Value) -> Fallible<Scope> {
    let active_only = context.get("active_test").is_none_or(python::truth);
    let allowed = context.get("allowed_company_ids").and_then(Value::as_array);
    let allowed: Vec<i64> = allowed.into_iter().flatten().filter_map(Value::as_i64).collect();
    if known.model.by_company && allowed.iter().any(|company| !user.companies.contains(company)) {
        return Err(Failure::access("Access to unauthorized or invalid companies."));
    }
    let companies = if allowed.is_empty() { user.companies.clone() } else { allowed };
    Ok(Scope { active_only, companies })
}

fn may_read(known: &Known, user: &User) -> bool {
    user.accounting || known.readers.is_empty()
}

fn refuse_without_rights(known: &Known, user: &User) -> Fallible<()> {
    if may_read(known, user) {
        return Ok(());
    }
    let groups: String = known.readers.iter().map(|group| format!("\n\t- {group}")).collect();
    Err(Failure::access(format!(
        "You are not allowed to access '{}' ({}) records.\n\nThis operation is allowed for the following \
         groups:{groups}\n\nContact your administrator to request access if necessary.",
        known.model.label, known.model.name
    )))
}

/// A call with all that it needs.
struct Run<'a, 'v> {
    simulator: &'v Simulator,
    view: &'v View<'a>,
    known: &'a Known,
    scope: Scope,
    arguments: Map<String, Value>,
    ids: Value,
}

impl<'a> Run<'a, '_> {
    fn get(&self, name: &str) -> &Value {
        self.arguments.get(name).unwrap_or(&Value::Null)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.get(name).as_str().filter(|text| !text.is_empty())
    }

    /// `limit` and `offset`: nothing, zero and texts of digits are welcome, what is below zero is not.
    fn bound(&self, name: &str, (class, words): (&'static str, &str)) -> Fallible<Option<usize>> {
        let number = match self.get(name) {
            Value::Null | Value::Bool(false) => return Ok(None),
            Value::String(text) => text.trim().parse::<i64>().ok(),
            other => other.as_i64().or_else(|| other.as_bool().map(i64::from)),
        };
        let number = number.ok_or_else(|| {
            let text = self.get(name).as_str().map_or_else(|| python::repr(self.get(name)), str::to_owned);
            Failure::postgres(
                "InvalidTextRepresentation",
                format!("invalid input syntax for type bigint: \"{text}\"\n"),
            )
        })?;
        usize::try_from(number)
            .map(Some)
            .map_err(|_| Failure::postgres(class, format!("{words} must not be negative\n")))
    }

    fn limit(&self) -> Fallible<Option<usize>> {
        Ok(self.bound("limit", ("InvalidRowCountInLimitClause", "LIMIT"))?.filter(|limit| *limit > 0))
    }

    fn offset(&self) -> Fallible<usize> {
        Ok(self.bound("offset", ("InvalidRowCountInResultOffsetClause", "OFFSET"))?.unwrap_or_default())
    }

    fn rows(&self) -> Fallible<Vec<Row<'a>>> {
        let query = Query {
            domain: self.get("domain"),
            order: self.text("order"),
            offset: self.offset()?,
            limit: self.limit()?,
        };
        self.view.search(self.known, &self.scope, &query)
    }

    fn search_read(&self) -> Fallible<String> {
        let mut records = Records::new(self.view, self.known, self.get("fields"), self.get("load"))?;
        records.rows = self.rows()?;
        Ok(python::json(&records))
    }

    fn search(&self) -> Fallible<String> {
        let ids: Vec<i64> = self.rows()?.iter().map(Row::id).collect();
        Ok(python::json(&ids))
    }

    fn search_count(&self) -> Fallible<String> {
        let filter = self.view.filter(self.known, &self.scope, self.get("domain"))?;
        let count = self.view.table(self.known).count(&filter);
        Ok(python::json(&self.limit()?.map_or(count, |limit| limit.min(count))))
    }

    /// The rows named, and whether one of them is not there.
    fn named_rows(&self) -> Fallible<(Vec<Row<'a>>, bool)> {
        let ids = match &self.ids {
            Value::Array(ids) => ids.clone(),
            ids if python::truth(ids) => vec![ids.clone()],
            _ => Vec::new(),
        };
        let table = self.view.table(self.known);
        let mut rows = Vec::with_capacity(ids.len());
        let mut missing = false;
        for id in &ids {
            let number = id.as_i64().ok_or_else(|| {
                let text = id.as_str().map_or_else(|| python::repr(id), str::to_owned);
                Failure::postgres(
                    "InvalidTextRepresentation",
                    format!("invalid input syntax for type integer: \"{text}\"\n"),
                )
            })?;
            match table.get(number) {
                Some(row) => rows.push(row),
                None => missing = true,
            }
        }
        Ok((rows, missing))
    }

    fn read(&self) -> Fallible<String> {
        let mut records = Records::new(self.view, self.known, self.get("fields"), self.get("load"))?;
        let (rows, missing) = self.named_rows()?;
        if missing {
            // Odoo looks for each missing record on its own, 7 to 20 ms apiece: never ask for ids that may be gone.
            self.simulator.count(&format!("read missing {}", self.known.model.name));
        }
        records.rows = rows;
        Ok(python::json(&records))
    }

    fn exists(&self) -> Fallible<String> {
        let (rows, _) = self.named_rows()?;
        Ok(python::json(&rows.iter().map(Row::id).collect::<Vec<_>>()))
    }

    fn name_get(&self) -> Fallible<String> {
        let (rows, _) = self.named_rows()?;
        let names = rows.iter().map(|row| (row.id(), self.view.label(self.known.model.name, row.id()).to_string()));
        Ok(python::json(&names.collect::<Vec<_>>()))
    }

    fn check_access_rights(&self, user: &User) -> Fallible<String> {
        if python::truth(self.get("raise_exception")) {
            refuse_without_rights(self.known, user)?;
        }
        Ok(python::json(&may_read(self.known, user)))
    }

    fn specs(&self, name: &str) -> Vec<String> {
        match self.get(name) {
            Value::String(spec) => vec![spec.clone()],
            Value::Array(specs) => specs.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    }

    fn read_group(&self) -> Fallible<String> {
        let grouping = Grouping {
            domain: self.get("domain"),
            by: self.specs("groupby"),
            aggregates: self.specs("fields"),
            order: self.text("orderby"),
            offset: self.offset()?,
            limit: self.limit()?,
            lazy: python::truth(self.get("lazy")),
            having: &Value::Null,
        };
        Ok(python::json(&read_group(self.view, self.known, &self.scope, &grouping)?))
    }

    fn formatted_read_group(&self) -> Fallible<String> {
        let grouping = Grouping {
            domain: self.get("domain"),
            by: self.specs("groupby"),
            aggregates: self.specs("aggregates"),
            order: self.text("order"),
            offset: self.offset()?,
            limit: self.limit()?,
            lazy: false,
            having: self.get("having"),
        };
        Ok(python::json(&formatted_read_group(self.view, self.known, &self.scope, &grouping)?))
    }

    /// Several groupings of the same rows.
    fn formatted_read_grouping_sets(&self) -> Fallible<String> {
        let sets = self.get("grouping_sets").as_array().map(Vec::as_slice).unwrap_or_default();
        let groups = |set: &Value| {
            let by = set.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
            let grouping = Grouping {
                domain: self.get("domain"),
                by: by.collect(),
                aggregates: self.specs("aggregates"),
                order: self.text("order"),
                offset: 0,
                limit: None,
                lazy: false,
                having: &Value::Null,
            };
            formatted_read_group(self.view, self.known, &self.scope, &grouping)
        };
        Ok(python::json(&sets.iter().map(groups).collect::<Fallible<Vec<_>>>()?))
    }
}
