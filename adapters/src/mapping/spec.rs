//! Reads a mapping from TOML and checks it against the catalogue of entities.

use super::{
    Each, FieldMapping, From, Literal, Mapping, MappingError, Path, Predicate, SetMapping, SourceOp, Style, Take, With,
};
use crate::model::{EntityDef, EntityType, FieldDef, Kind, ObjectDef, SourceSet, Value};
use rust_decimal::Decimal;
use std::{collections::HashMap, sync::Arc};
use toml::{Table, Value as Toml};

type Result<T> = std::result::Result<T, MappingError>;

fn wrong<T>(at: &str, what: impl std::fmt::Display) -> Result<T> {
    Err(MappingError(format!("{at}: {what}")))
}

/// The TOML key of an entity: `salesOrder`.
fn key(def: &EntityDef) -> String {
    let mut name = def.name.to_owned();
    name[..1].make_ascii_lowercase();
    name
}

/// The source sets by entity: the first one is where references without a `set` point to.
type Targets = HashMap<EntityType, Vec<(SourceSet, bool)>>;

pub(super) fn parse(text: &str) -> Result<Mapping> {
    let mut root: Table = text.parse().map_err(|e: toml::de::Error| MappingError(e.message().to_owned()))?;
    let style = Style {
        false_is_null: flag(&mut root, "false-is-null", "mapping")?.unwrap_or(false),
        space_datetime: flag(&mut root, "space-datetime", "mapping")?.unwrap_or(false),
        utc_datetime: flag(&mut root, "utc-datetime", "mapping")?.unwrap_or(false),
    };
    let mut entities = Vec::new();
    for entity in EntityType::ALL {
        if let Some(table) = root.remove(&key(entity.def())) {
            entities.push((*entity, into_table(table, entity.def().name)?));
        }
    }
    if let Some(unknown) = root.keys().next() {
        return wrong("mapping", format_args!("no entity {unknown}"));
    }
    let targets = entities.iter().map(|(entity, table)| Ok((*entity, set_names(table, entity.def().name)?)));
    let targets: Targets = targets.collect::<Result<_>>()?;
    let mut sets = HashMap::new();
    for (entity, table) in entities {
        sets.insert(entity, parse_entity(entity, table, style, &targets)?);
    }
    Ok(Mapping { sets })
}

fn set_names(table: &Table, at: &str) -> Result<Vec<(SourceSet, bool)>> {
    let Some(Toml::Array(sets)) = table.get("sets") else { return wrong(at, "sets are missing") };
    let number = |t: &Table| t.get("number-ids").and_then(Toml::as_bool);
    let shared = number(table).unwrap_or(false);
    sets.iter()
        .map(|set| match set.get("name").and_then(Toml::as_str) {
            Some(name) => Ok((SourceSet::from(name), set.as_table().and_then(number).unwrap_or(shared))),
            None => wrong(at, "a set has no name"),
        })
        .collect()
}

fn parse_entity(entity: EntityType, mut table: Table, style: Style, targets: &Targets) -> Result<Vec<Arc<SetMapping>>> {
    let def = entity.def();
    let Some(Toml::Array(sets)) = table.remove("sets") else { return wrong(def.name, "sets are missing") };
    let shared_fields = match table.remove("fields") {
        Some(fields) => into_table(fields, def.name)?,
        None => Table::new(),
    };
    sets.into_iter()
        .map(|set| {
            let mut own = table.clone();
            own.extend(into_table(set, def.name)?);
            let Some(Toml::String(name)) = own.remove("name") else { return wrong(def.name, "a set has no name") };
            let at = format!("{} in {name}", def.name);
            let Some(Toml::String(id)) = own.remove("id") else { return wrong(&at, "id is missing") };
            let mut fields = shared_fields.clone();
            if let Some(more) = own.remove("fields") {
                fields.extend(into_table(more, &at)?);
            }
            let all: Vec<&'static FieldDef> = def.all_fields().map(|(_, f)| f).collect();
            Ok(Arc::new(SetMapping {
                entity,
                set: SourceSet::from(name.as_str()),
                id: Path(id.into()),
                id_is_number: flag(&mut own, "number-ids", &at)?.unwrap_or(false),
                when: match own.remove("when") {
                    Some(when) => predicates(when, &at)?,
                    None => Vec::new(),
                },
                each: own.remove("each").map(|each| parse_each(each, &at)).transpose()?,
                currency: own.remove("currency").map(|path| string(path, &at)).transpose()?.map(|p| Path(p.into())),
                style,
                fields: parse_fields(&all, fields, &at, targets)?,
                options: own,
            }))
        })
        .collect()
}

fn parse_each(each: Toml, at: &str) -> Result<Each> {
    let mut each = into_table(each, at)?;
    let (Some(Toml::String(elements)), Some(Toml::String(id))) = (each.remove("elements"), each.remove("id")) else {
        return wrong(at, "each has `elements` and `id`");
    };
    let at_least = match each.remove("at-least") {
        None => 1,
        Some(Toml::Integer(number)) if (1..1000).contains(&number) => number as usize,
        Some(_) => return wrong(at, "at-least is a number from 1"),
    };
    match each.keys().next() {
        Some(unknown) => wrong(at, format_args!("each has no {unknown}")),
        None => Ok(Each { id: Path(format!("{elements}.{id}").into()), elements: Path(elements.into()), at_least }),
    }
}

fn parse_fields(
    defs: &[&'static FieldDef],
    mut table: Table,
    at: &str,
    targets: &Targets,
) -> Result<Vec<Option<FieldMapping>>> {
    let fields = defs.iter().map(|def| match table.remove(def.name) {
        None => Ok(None),
        Some(_) if def.computed.is_some() => wrong(at, format_args!("{} is computed", def.name)),
        Some(spec) => parse_field(def.kind, spec, &format!("{at}.{}", def.name), targets).map(Some),
    });
    let fields = fields.collect::<Result<_>>()?;
    match table.keys().next() {
        Some(unknown) => wrong(at, format_args!("no field {unknown}")),
        None => Ok(fields),
    }
}

fn parse_field(kind: Kind, spec: Toml, at: &str, targets: &Targets) -> Result<FieldMapping> {
    let mut spec = match spec {
        Toml::String(path) => Table::from_iter([("path".to_owned(), Toml::String(path))]),
        other => into_table(other, at)?,
    };
    let filter = flag(&mut spec, "filter", at)?.unwrap_or(true);
    let sort = flag(&mut spec, "sort", at)?.unwrap_or(true);
    let not_null = flag(&mut spec, "not-null", at)?.unwrap_or(false);
    let by = spec.remove("by").map(|path| string(path, at)).transpose()?;
    let by = by.map(|path| From::Paths(vec![Path(path.into())]));
    let from = parse_from(kind, &mut spec, at, targets)?;
    Ok(FieldMapping { from, by, filter, sort, not_null, options: spec })
}

fn parse_from(kind: Kind, spec: &mut Table, at: &str, targets: &Targets) -> Result<From> {
    if !spec.contains_key("elements")
        && !spec.contains_key("lookup")
        && let Some(when) = spec.remove("when")
    {
        return Ok(From::When(Box::new(parse_from(kind, spec, at, targets)?), predicates(when, at)?));
    }
    if let Some(of) = spec.remove("either") {
        return Ok(From::Either(alternatives(kind, of, at, targets)?));
    }
    if let Some(of) = spec.remove("list") {
        let kind = match kind {
            Kind::Refs(_) | Kind::List(_) => element_kind(kind),
            _ => return wrong(at, "list is for lists"),
        };
        return Ok(From::Several(alternatives(kind, of, at, targets)?));
    }
    if flag(spec, "own", at)? == Some(true) {
        return Ok(From::Own);
    }
    if let Some(of) = spec.remove("record") {
        return Ok(From::Record(Box::new(parse_field(kind, of, at, targets)?.from)));
    }
    if let Some(table) = spec.remove("through") {
        return parse_through(kind, string(table, at)?.into(), spec, at, targets);
    }
    if let Some(day) = spec.remove("day") {
        return Ok(From::Day(Path(string(day, at)?.into())));
    }
    if matches!(kind, Kind::Money(_) | Kind::MoneyList) {
        let path = spec.remove("currency").map(|path| string(path, at)).transpose()?.map(|path| Path(path.into()));
        let company = flag(spec, "company-currency", at)?.unwrap_or(false);
        if path.is_some() || company {
            return Ok(From::InCurrency(Box::new(parse_from(kind, spec, at, targets)?), path));
        }
    }
    if matches!(kind, Kind::Currency) && flag(spec, "company-currency", at)? == Some(true) {
        return Ok(From::CompanyCurrency);
    }
    if let Some(path) = spec.remove("inverse") {
        return Ok(From::Inverse(Path(string(path, at)?.into())));
    }
    if let Some(value) = spec.remove("const") {
        return Ok(From::Const(constant(kind, &value, at)?));
    }
    if let Some(html) = spec.remove("html") {
        return Ok(From::Html(paths(html, at)?));
    }
    if let Some(template) = spec.remove("template") {
        return Ok(From::Template(string(template, at)?.into()));
    }
    if flag(spec, "index", at)? == Some(true) {
        return Ok(From::Index);
    }
    if let Some(rate) = spec.remove("times") {
        return Ok(From::Times(Box::new(parse_from(kind, spec, at, targets)?), Path(string(rate, at)?.into())));
    }
    if let Some(parts) = spec.remove("sum") {
        let parts = strings(parts, at)?.into_iter().map(|part| match part.strip_prefix('-') {
            Some(path) => (true, Path(path.into())),
            None => (false, Path(part.into())),
        });
        return Ok(From::Sum(parts.collect()));
    }
    if let Some(own) = spec.remove("local") {
        let Some(foreign) = spec.remove("foreign") else { return wrong(at, "local and foreign belong together") };
        let one = |value| Ok::<_, MappingError>(Box::new(parse_field(kind, value, at, targets)?.from));
        return Ok(From::ByCurrency(one(own)?, one(foreign)?));
    }
    if let Some(parts) = spec.remove("join") {
        let with = spec.remove("with").map_or(Ok("/".to_owned()), |with| string(with, at))?;
        return Ok(From::Join(paths(parts, at)?, with.into()));
    }
    if spec.contains_key("first") || spec.contains_key("none") {
        if matches!(kind, Kind::Ref(_) | Kind::Refs(_) | Kind::Object(_) | Kind::List(_)) {
            return wrong(at, "first and none are for plain values");
        }
        let Some(list) = spec.remove("first").or_else(|| spec.remove("path")) else {
            return wrong(at, "path is missing");
        };
        let none = spec.remove("none").map_or(Ok(Vec::new()), |none| strings(none, at))?;
        return Ok(From::First { paths: paths(list, at)?, none: none.into_iter().map(Into::into).collect() });
    }
    if let Some(cases) = spec.remove("cases") {
        let Toml::Array(cases) = cases else { return wrong(at, "cases is a list of {is, when}") };
        let cases = cases.into_iter().map(|case| {
            let mut case = into_table(case, at)?;
            match (case.remove("is"), case.remove("when")) {
                (Some(is), Some(when)) => Ok((constant(kind, &is, at)?, predicates(when, at)?)),
                _ => wrong(at, "a case has `is` and `when`"),
            }
        });
        return Ok(From::Cases(cases.collect::<Result<_>>()?));
    }
    if let Some(words) = spec.remove("words") {
        let path = single_path(spec, at)?;
        let cases = into_table(words, at)?.into_iter().map(|(word, value)| {
            let is = Predicate {
                path: path.clone(),
                op: SourceOp::Eq,
                with: With::Literals(vec![Literal::Text(word.into())]),
            };
            Ok((constant(kind, &value, at)?, vec![is]))
        });
        return Ok(From::Cases(cases.collect::<Result<_>>()?));
    }
    if let Some(time) = spec.remove("time") {
        return Ok(From::Moment { date: single_path(spec, at)?, time: Path(string(time, at)?.into()) });
    }
    let collection = spec.remove("elements").map(|path| string(path, at)).transpose()?;
    let lookup = spec.remove("lookup");
    if collection.is_some() || lookup.is_some() {
        let when = spec.remove("when").map_or(Ok(Vec::new()), |when| predicates(when, at))?;
        let take = match (kind, spec.remove("fields"), spec.remove("take")) {
            (Kind::Object(of) | Kind::List(of), Some(fields), None) => {
                Take::Object(object_fields(of, fields, at, targets)?)
            }
            (_, None, Some(take)) => {
                spec.insert("path".into(), take);
                Take::One(Box::new(parse_from(element_kind(kind), spec, at, targets)?))
            }
            _ => return wrong(at, "elements have `fields` for value objects, else `take`"),
        };
        // The adapter's own key, which what is taken knows nothing of.
        spec.extend(lookup.map(|lookup| ("lookup".to_owned(), lookup)));
        let nested = spec.remove("nested").map(|path| string(path, at)).transpose()?;
        let path = |p: String| Path(p.into());
        let prefer = match spec.remove("prefer") {
            None => None,
            Some(Toml::Table(pair)) if pair.len() == 1 => {
                let pair = pair.into_iter().map(|(element, record)| Ok((path(element), path(string(record, at)?))));
                pair.collect::<Result<Vec<_>>>()?.pop()
            }
            Some(_) => return wrong(at, "prefer is {field of the element = field of the record}"),
        };
        let latest = spec.remove("latest").map(|path| string(path, at)).transpose()?.map(path);
        return Ok(From::Elements { path: collection.map(path), nested: nested.map(path), when, prefer, latest, take });
    }
    if let Kind::Object(of) = kind {
        return match spec.remove("fields") {
            Some(fields) => Ok(From::Object(object_fields(of, fields, at, targets)?)),
            None => wrong(at, "fields are missing"),
        };
    }
    let Some(path) = spec.remove("path") else { return wrong(at, "path is missing") };
    let paths = paths(path, at)?;
    match kind {
        Kind::Ref(entity) | Kind::Refs(entity) => {
            let (set, number) = target(entity, spec, at, targets)?;
            Ok(From::Ref { paths, set, number })
        }
        Kind::List(_) => wrong(at, "a list needs `elements` or `lookup`"),
        _ => Ok(From::Paths(paths)),
    }
}

/// What a table of the adapter's says of a value.
fn parse_through(kind: Kind, table: Box<str>, spec: &mut Table, at: &str, targets: &Targets) -> Result<From> {
    let set = match kind {
        Kind::Ref(entity) | Kind::Refs(entity) => Some(target(entity, spec, at, targets)?.0),
        Kind::Text => None,
        _ => return wrong(at, "through is for texts and references"),
    };
    Ok(From::Through { path: single_path(spec, at)?, table, set })
}

/// The source set that a reference points into, and whether its ids are numbers on the wire.
fn target(entity: EntityType, spec: &mut Table, at: &str, targets: &Targets) -> Result<(SourceSet, bool)> {
    let sets = targets.get(&entity).map_or(&[][..], Vec::as_slice);
    let target = match spec.remove("set") {
        Some(name) => {
            let name = string(name, at)?;
            sets.iter().find(|s| s.0.as_str() == name)
        }
        None => sets.first(),
    };
    match target {
        Some(target) => Ok(target.clone()),
        None => wrong(at, format_args!("the mapping has no such set of {}", entity.def().name)),
    }
}

fn alternatives(kind: Kind, of: Toml, at: &str, targets: &Targets) -> Result<Vec<From>> {
    match of {
        Toml::Array(of) => of.into_iter().map(|one| Ok(parse_field(kind, one, at, targets)?.from)).collect(),
        _ => wrong(at, "a list is expected"),
    }
}

/// What one element of a list is.
fn element_kind(kind: Kind) -> Kind {
    match kind {
        Kind::Refs(entity) => Kind::Ref(entity),
        Kind::List(of) => Kind::Object(of),
        other => other,
    }
}

fn object_fields(
    of: &'static ObjectDef,
    fields: Toml,
    at: &str,
    targets: &Targets,
) -> Result<Vec<Option<FieldMapping>>> {
    let defs: Vec<_> = of.fields.iter().collect();
    parse_fields(&defs, into_table(fields, at)?, at, targets)
}

fn constant(kind: Kind, value: &Toml, at: &str) -> Result<Value> {
    match (kind, value) {
        (Kind::Enum(of), Toml::String(word)) => match of.value(word) {
            Some(word) => Ok(Value::Enum(word)),
            None => wrong(at, format_args!("{} has no value {word}", of.name)),
        },
        (Kind::Bool, Toml::Boolean(b)) => Ok(Value::Bool(*b)),
        (Kind::Text, Toml::String(s)) => Ok(Value::Text(s.as_str().into())),
        (Kind::Int, Toml::Integer(n)) => Ok(Value::Int(*n)),
        (Kind::Currency, Toml::String(s)) => s.parse().map(Value::Currency).or_else(|e| wrong(at, e)),
        _ => wrong(at, "the constant is of another type than the field"),
    }
}

fn predicates(list: Toml, at: &str) -> Result<Vec<Predicate>> {
    let Toml::Array(list) = list else { return wrong(at, "conditions are a list of [field, comparison, value]") };
    list.into_iter().map(|p| predicate(p, at)).collect()
}

fn predicate(item: Toml, at: &str) -> Result<Predicate> {
    let Toml::Array(item) = item else { return wrong(at, "a condition is [field, comparison, value]") };
    let [Toml::String(path), Toml::String(op), with] = item.as_slice() else {
        return wrong(at, "a condition is [field, comparison, value]");
    };
    let op = match op.as_str() {
        "=" => SourceOp::Eq,
        "!=" => SourceOp::Neq,
        "in" => SourceOp::In,
        ">" => SourceOp::Gt,
        ">=" => SourceOp::Gte,
        "<" => SourceOp::Lt,
        "<=" => SourceOp::Lte,
        "starts" => SourceOp::StartsWith,
        "null" => SourceOp::IsNull,
        other => return wrong(at, format_args!("no comparison {other}")),
    };
    let with = match with {
        Toml::Table(other) => match (other.get("path"), other.get("known")) {
            (Some(Toml::String(path)), None) => With::Path(Path(path.as_str().into())),
            (None, Some(Toml::String(name))) => With::Known(name.as_str().into()),
            _ => return wrong(at, "a condition compares with a value, {path} or {known}"),
        },
        Toml::Array(values) => With::Literals(values.iter().map(|v| literal(v, at)).collect::<Result<_>>()?),
        one => With::Literals(vec![literal(one, at)?]),
    };
    Ok(Predicate { path: Path(path.as_str().into()), op, with })
}

fn literal(value: &Toml, at: &str) -> Result<Literal> {
    match value {
        Toml::String(s) => Ok(Literal::Text(s.as_str().into())),
        Toml::Integer(n) => Ok(Literal::Number(Decimal::from(*n))),
        Toml::Boolean(b) => Ok(Literal::Bool(*b)),
        other => wrong(at, format_args!("{other} is no value for a condition")),
    }
}

fn into_table(value: Toml, at: &str) -> Result<Table> {
    match value {
        Toml::Table(table) => Ok(table),
        _ => wrong(at, "a table is expected"),
    }
}

fn string(value: Toml, at: &str) -> Result<String> {
    match value {
        Toml::String(s) => Ok(s),
        _ => wrong(at, "text is expected"),
    }
}

fn strings(value: Toml, at: &str) -> Result<Vec<String>> {
    match value {
        Toml::Array(list) => list.into_iter().map(|v| string(v, at)).collect(),
        one => Ok(vec![string(one, at)?]),
    }
}

fn paths(value: Toml, at: &str) -> Result<Vec<Path>> {
    Ok(strings(value, at)?.into_iter().map(|p| Path(p.into())).collect())
}

fn single_path(spec: &mut Table, at: &str) -> Result<Path> {
    match spec.remove("path") {
        Some(path) => Ok(Path(string(path, at)?.into())),
        None => wrong(at, "path is missing"),
    }
}

fn flag(table: &mut Table, name: &str, at: &str) -> Result<Option<bool>> {
    match table.remove(name) {
        None => Ok(None),
        Some(Toml::Boolean(b)) => Ok(Some(b)),
        Some(_) => wrong(at, format_args!("{name} is true or false")),
    }
}
