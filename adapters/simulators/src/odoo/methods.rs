//! The methods that a call can name: their arguments, the rights they need, what they answer.

use serde_json::{Map, Value, json};

use super::{
    failure::{Class, Failure, Fallible},
    models::{Known, Registry},
    orm::{Grouping, Query, Records, Scope, View, describe, formatted_read_group, read_group},
    python,
    users::User,
    version::Version,
};
use crate::{Simulator, store::Row};

/// What a parameter is when a call leaves it out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Preset {
    Required,
    None,
    False,
    True,
    Classic,
}

impl Preset {
    fn value(self) -> Option<Value> {
        match self {
            Self::Required => None,
            Self::None => Some(Value::Null),
            Self::False => Some(Value::Bool(false)),
            Self::True => Some(Value::Bool(true)),
            Self::Classic => Some(json!("_classic_read")),
        }
    }
}

use Preset::{Classic as CLASSIC, False as FALSE, None as NONE, Required as REQUIRED, True as TRUE};

/// What a method looks like in Python.
struct Signature {
    name: &'static str,
    parameters: &'static [(&'static str, Preset)],
    /// Whether it is called on records, whose ids come first.
    on_records: bool,
    /// The releases that have it.
    releases: (u16, u16),
}

const fn signature(
    name: &'static str,
    parameters: &'static [(&'static str, Preset)],
    on_records: bool,
    releases: (u16, u16),
) -> Signature {
    Signature { name, parameters, on_records, releases }
}

const LATEST: u16 = u16::MAX;

// `limit` and `offset` without a value are written as Python's defaults would have it.
const SIGNATURES: &[Signature] = &[
    signature(
        "search_read",
        &[("domain", NONE), ("fields", NONE), ("offset", NONE), ("limit", NONE), ("order", NONE)],
        false,
        (0, LATEST),
    ),
    signature(
        "search",
        &[("domain", REQUIRED), ("offset", NONE), ("limit", NONE), ("order", NONE)],
        false,
        (0, LATEST),
    ),
    signature("search_count", &[("domain", REQUIRED), ("limit", NONE)], false, (0, LATEST)),
    signature("read", &[("fields", NONE), ("load", CLASSIC)], true, (0, LATEST)),
    signature("fields_get", &[("allfields", NONE), ("attributes", NONE)], false, (0, LATEST)),
    signature(
        "read_group",
        &[
            ("domain", REQUIRED),
            ("fields", REQUIRED),
            ("groupby", REQUIRED),
            ("offset", NONE),
            ("limit", NONE),
            ("orderby", FALSE),
            ("lazy", TRUE),
        ],
        false,
        (0, LATEST),
    ),
    signature(
        "formatted_read_group",
        &[
            ("domain", REQUIRED),
            ("groupby", NONE),
            ("aggregates", NONE),
            ("having", NONE),
            ("offset", NONE),
            ("limit", NONE),
            ("order", NONE),
        ],
        false,
        (19, LATEST),
    ),
    signature("context_get", &[], false, (0, LATEST)),
    signature("check_access_rights", &[("operation", REQUIRED), ("raise_exception", TRUE)], false, (0, LATEST)),
    signature("has_access", &[("operation", REQUIRED)], true, (18, LATEST)),
    signature("exists", &[], true, (0, 17)),
    signature("name_get", &[], true, (0, 17)),
];

/// Methods that Odoo has and this simulator does not carry out.
const NOT_SIMULATED: &[&str] = &[
    "action_cancel",
    "action_confirm",
    "action_create_payments",
    "action_post",
    "button_cancel",
    "button_draft",
    "copy",
    "create",
    "default_get",
    "name_create",
    "name_search",
    "onchange",
    "unlink",
    "web_read",
    "web_read_group",
    "web_search_read",
    "write",
];

/// Methods that 19 keeps to itself though their names are public.
const PRIVATE: &[&str] = &["check_access", "exists", "filtered_domain", "init", "search_fetch", "sudo", "with_context"];

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
        "context_get" => Ok(python::json(&json!({ "lang": "en_US", "tz": "Europe/Berlin", "uid": user.id }))),
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
                "exists" => run.exists(),
                _ => run.name_get(),
            }
        }
    }
}

fn signature_of(known: &Known, method: &str, version: Version) -> Fallible<&'static Signature> {
    let model = known.model.name;
    let private = method.starts_with('_') || method == "init" || (version.rewritten() && PRIVATE.contains(&method));
    if private {
        let method = if version.rewritten() { format!("'{model}.{method}'") } else { method.to_owned() };
        return Err(Failure::access(format!("Private methods (such as {method}) cannot be called remotely.")));
    }
    let exists = |signature: &&Signature| {
        let of_users_only = signature.name == "context_get";
        signature.name == method
            && (!of_users_only || model == "res.users")
            && (signature.releases.0..=signature.releases.1).contains(&version.0)
    };
    if let Some(signature) = SIGNATURES.iter().find(exists) {
        return Ok(signature);
    }
    if NOT_SIMULATED.contains(&method) {
        let message = format!("the simulator does not carry out {model}.{method}");
        return Err(Failure::new(Class::Builtin("NotImplementedError"), message));
    }
    let message = if version.rewritten() {
        format!("The method '{model}.{method}' does not exist")
    } else {
        format!("The method '{method}' does not exist on the model '{model}'")
    };
    Err(Failure::new(Class::Builtin("AttributeError"), message))
}

/// The values of the parameters, in their order, and at the end those for `**kwargs` of `search_read`.
fn bind(
    signature: &'static Signature,
    args: Vec<Value>,
    mut kwargs: Map<String, Value>,
    named: bool,
) -> Fallible<Map<String, Value>> {
    let function = format!("BaseModel.{}", signature.name);
    let refuse = |message: String| {
        if named { Failure::unprocessable(message) } else { Failure::type_error(format!("{function}() {message}")) }
    };
    let most = signature.parameters.len();
    if args.len() > most {
        let required = signature.parameters.iter().filter(|(_, default)| *default == REQUIRED).count();
        let range =
            if required == most { format!("{}", most + 1) } else { format!("from {} to {}", required + 1, most + 1) };
        return Err(refuse(format!("takes {range} positional arguments but {} were given", args.len() + 1)));
    }
    let mut bound = Map::new();
    let mut args = args.into_iter();
    let mut missing = Vec::new();
    for (name, default) in signature.parameters {
        let value = match (args.next(), kwargs.remove(*name)) {
            (Some(_), Some(_)) => return Err(refuse(format!("got multiple values for argument '{name}'"))),
            (Some(value), None) | (None, Some(value)) => value,
            (None, None) => match default.value() {
                Some(value) => value,
                None => {
                    missing.push(*name);
                    continue;
                }
            },
        };
        bound.insert((*name).to_owned(), value);
    }
    if signature.name == "search_read" {
        bound.insert("load".to_owned(), kwargs.remove("load").unwrap_or_else(|| json!("_classic_read")));
        // What is left over goes to the method that formats the records.
        if let Some(name) = kwargs.keys().next() {
            let message = format!("BaseModel._read_format() got an unexpected keyword argument '{name}'");
            return Err(Failure::type_error(message));
        }
    }
    if let Some(name) = kwargs.keys().next() {
        return Err(refuse(format!("got an unexpected keyword argument '{name}'")));
    }
    match missing.as_slice() {
        [] => Ok(bound),
        [first, ..] if named => Err(Failure::unprocessable(format!("missing a required argument: '{first}'"))),
        missing => Err(Failure::type_error(python::missing_arguments(&function, missing))),
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
    user.accounting || !known.model.accounting
}

fn refuse_without_rights(known: &Known, user: &User) -> Fallible<()> {
    if may_read(known, user) {
        return Ok(());
    }
    Err(Failure::access(format!(
        "You are not allowed to access '{}' ({}) records.\n\nThis operation is allowed for the following groups:\n\t- \
         Accounting/Administrator\n\t- Accounting/Invoicing\n\t- Sales/User: Own Documents Only\n\nContact your \
         administrator to request access if necessary.",
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
        };
        Ok(python::json(&read_group(self.view, self.known, &self.scope, &grouping)?))
    }

    fn formatted_read_group(&self) -> Fallible<String> {
        if python::truth(self.get("having")) {
            let message = "the simulator does not carry out 'having'";
            return Err(Failure::new(Class::Builtin("NotImplementedError"), message));
        }
        let grouping = Grouping {
            domain: self.get("domain"),
            by: self.specs("groupby"),
            aggregates: self.specs("aggregates"),
            order: self.text("order"),
            offset: self.offset()?,
            limit: self.limit()?,
            lazy: false,
        };
        Ok(python::json(&formatted_read_group(self.view, self.known, &self.scope, &grouping)?))
    }
}
