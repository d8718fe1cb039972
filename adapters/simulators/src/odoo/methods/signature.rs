//! What the methods look like in Python, and how arguments are bound to their parameters.

use serde_json::{Map, Value, json};

use crate::odoo::{
    failure::{Class, Failure, Fallible},
    models::Known,
    python,
    version::Version,
};

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
pub(super) struct Signature {
    pub(super) name: &'static str,
    parameters: &'static [(&'static str, Preset)],
    /// Whether it is called on records, whose ids come first.
    pub(super) on_records: bool,
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
    signature(
        "formatted_read_grouping_sets",
        &[("domain", REQUIRED), ("grouping_sets", REQUIRED), ("aggregates", NONE), ("order", NONE)],
        false,
        (19, LATEST),
    ),
    signature("context_get", &[], false, (0, LATEST)),
    signature("default_get", &[("fields_list", REQUIRED)], false, (0, LATEST)),
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

/// The signature of a method that may be called.
pub(super) fn signature_of(known: &Known, method: &str, version: Version) -> Fallible<&'static Signature> {
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
pub(super) fn bind(
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
