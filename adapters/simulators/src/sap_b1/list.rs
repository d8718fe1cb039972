//! Entity sets: pages, counts and single records.

use axum::http::{Method, StatusCode};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::json;

use super::{
    apply::Apply,
    call::{Answer, Call},
    catalogue,
    edm::{Kind, Set},
    filter,
    options::{OneType, QueryOptions},
    record::{Books, Plan, Record},
    refusal::{self, Refusal},
    url::Key,
    version::Version,
};
use crate::store::{Filter, Row, Sort, Table, Tables};

/// A page of anything: `value`, with what stands before and after it.
pub(super) struct Page<'a, R> {
    pub(super) version: Version,
    pub(super) context: String,
    pub(super) count: Option<usize>,
    pub(super) value: &'a [R],
    pub(super) next: Option<String>,
}

impl<R: Serialize> Serialize for Page<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let name = |annotation| self.version.annotation(annotation);
        map.serialize_entry(name("odata.metadata"), &self.context)?;
        match (self.count, self.version) {
            // A string in v1: the guide's "inlinecount".
            (Some(count), Version::V1) => map.serialize_entry(name("odata.count"), &count.to_string())?,
            (Some(count), Version::V2) => map.serialize_entry(name("odata.count"), &count)?,
            (None, _) => {}
        }
        map.serialize_entry("value", self.value)?;
        if let Some(next) = &self.next {
            map.serialize_entry(name("odata.nextLink"), next)?;
        }
        map.end()
    }
}

/// How much of a result goes on one page.
pub(super) struct Window {
    /// At most so many rows.
    pub(super) limit: Option<usize>,
    page: Option<usize>,
    top: Option<usize>,
}

impl Window {
    pub(super) fn new(options: &QueryOptions, page_size: usize) -> Self {
        let page = (page_size > 0).then_some(page_size);
        let limit = page.into_iter().chain(options.top).min();
        Self { limit, page, top: options.top }
    }

    /// The size of the page if another one follows. A full page is followed by one even when that will be empty: 2,500
    /// rows were seen to take 26 requests of 100. A `$top` that fits the page is not.
    pub(super) fn followed(&self, rows: usize) -> Option<usize> {
        let page = self.page?;
        (rows == page && self.top.is_none_or(|top| top > page)).then_some(page)
    }
}

/// Answers a request for a set, its count or one of its records.
pub(super) struct Lists<'t> {
    pub(super) tables: &'t Tables,
    pub(super) missing: &'t [&'static str],
    pub(super) page_size: usize,
    pub(super) absolute_links: bool,
    pub(super) count_breaks: bool,
    pub(super) aggregates: bool,
}

impl<'t> Lists<'t> {
    fn books(&self, call: &Call<'_>) -> Books<'t> {
        Books { tables: self.tables, version: call.version, missing: self.missing }
    }

    /// A page of a set.
    ///
    /// # Errors
    /// If an option is not valid.
    pub(super) fn page(&self, call: &Call<'_>, set: &'static Set) -> Result<Answer, Refusal> {
        let options = QueryOptions::parse(call.query)?;
        if let Some(apply) = &options.apply {
            return self.apply(call, set, &options, apply);
        }
        let table = self.books(call).table(set.name);
        let filter = self.filter(call, set, table, &options)?;
        let order = options.order(&OneType { kind: set.kind, set: None, missing: self.missing })?;
        let sorts: Vec<Sort> = order.into_iter().filter_map(|order| order.sort(table)).collect();
        let plan = self.plan(call, set, &options)?;
        let window = Window::new(&options, call.preferences.page_size.unwrap_or(self.page_size));
        let rows = table.page(&filter, &sorts, options.skip, window.limit);
        let next = window.followed(rows.len()).map(|page| {
            let root = if self.absolute_links { format!("/b1s/{}/", call.version.path()) } else { String::new() };
            format!("{root}{}?{}", set.name, options.next(page))
        });
        let count = options.count.then(|| table.count(&filter));
        let value: Vec<_> = rows.into_iter().map(|row| Record { plan: &plan, row, context: None }).collect();
        let context = context(call, set.name);
        let page = Page { version: call.version, context, count, value: &value, next };
        Ok(Answer::json(call.version, &page).confirming(call.preferences))
    }

    fn apply(&self, call: &Call<'_>, set: &'static Set, options: &QueryOptions, text: &str) -> Result<Answer, Refusal> {
        if !self.aggregates {
            return Err(Refusal::query("Invalid query option '$apply'"));
        }
        let scope = OneType { kind: set.kind, set: Some(set.name), missing: self.missing };
        let apply = Apply::parse(text, &scope)?;
        let table = self.books(call).table(set.name);
        let inner = apply.filters.iter().map(|condition| filter::parse(condition, &scope));
        let conditions = inner.chain(options.condition(&scope).transpose());
        let conditions = conditions.map(|condition| Ok(condition?.filter(table, call.preferences.ignore_case)));
        let filter = Filter::And(conditions.collect::<Result<_, Refusal>>()?);
        let mut rows = apply.rows(table.select(&filter).map(|row| vec![row]));
        apply.sort(&mut rows, &options.order_names()?, &scope)?;
        let count = options.count.then_some(rows.len());
        let window = Window::new(options, call.preferences.page_size.unwrap_or(self.page_size));
        let shown = rows.iter().skip(options.skip).take(window.limit.unwrap_or(usize::MAX));
        let value: Vec<_> = shown.map(|cells| apply.show(call.version, &[], cells)).collect();
        let next = window.followed(value.len()).map(|page| format!("{}?{}", set.name, options.next(page)));
        let context = format!("$metadata#{}({})", set.name, apply.names());
        let page = Page { version: call.version, context, count, value: &value, next };
        Ok(Answer::json(call.version, &page).confirming(call.preferences))
    }

    /// The number of records of a set.
    ///
    /// # Errors
    /// If the filter is not valid.
    pub(super) fn count(&self, call: &Call<'_>, set: &'static Set) -> Result<Answer, Refusal> {
        let table = self.books(call).table(set.name);
        let filter = QueryOptions::parse(call.query).and_then(|options| self.filter(call, set, table, &options));
        match filter {
            Ok(filter) => Ok(Answer::text(table.count(&filter).to_string().into_bytes())),
            Err(_) if self.count_breaks => Ok(Answer {
                status: StatusCode::BAD_GATEWAY,
                media: "text/html; charset=iso-8859-1".to_owned(),
                ..Answer::text(refusal::apache(StatusCode::BAD_GATEWAY).into_bytes())
            }),
            Err(refusal) => Err(refusal),
        }
    }

    /// One record.
    ///
    /// # Errors
    /// If there is none with that key, or the key is none.
    pub(super) fn record(&self, call: &Call<'_>, set: &'static Set, key: &str) -> Result<Answer, Refusal> {
        let table = self.books(call).table(set.name);
        let row = find(table, set, &Key::parse(key, set.key).ok_or_else(Refusal::key)?)?;
        let options = QueryOptions::parse(call.query)?;
        let plan = self.plan(call, set, &options)?;
        let single = match call.version {
            Version::V1 => "@Element",
            Version::V2 => "$entity",
        };
        let context = format!("{}/{single}", context(call, set.name));
        let record = Record { plan: &plan, row, context: Some(&context) };
        Ok(Answer::json(call.version, &record).with("ETag", plan.etag(&row)))
    }

    fn filter(
        &self,
        call: &Call<'_>,
        set: &'static Set,
        table: &Table,
        options: &QueryOptions,
    ) -> Result<Filter, Refusal> {
        let condition = options.condition(&OneType { kind: set.kind, set: None, missing: self.missing })?;
        let ignore_case = call.preferences.ignore_case;
        Ok(condition.map_or(Filter::All, |condition| condition.filter(table, ignore_case)))
    }

    fn plan(&self, call: &Call<'_>, set: &'static Set, options: &QueryOptions) -> Result<Plan<'t>, Refusal> {
        let books = self.books(call);
        let select = options.select();
        let mut plan = books.set(set, select.as_deref())?;
        for expand in options.expand()? {
            let own = |name: &&'_ str| name.strip_prefix(expand.name).is_some_and(|rest| rest.starts_with('/'));
            let outer = || -> Option<Vec<&str>> {
                let names: Vec<_> = select.as_ref()?.iter().copied().filter(own).collect();
                let names = names.iter().filter_map(|name| Some(name.split_once('/')?.1)).collect::<Vec<_>>();
                (!names.is_empty()).then_some(names)
            };
            let inner = expand.select.clone().or_else(outer);
            // "With `$select=DocEntry` alone the expanded part is not returned": seen on a Service Layer 1000340.
            books.expand(&mut plan, set, (expand.name, inner.as_deref()), options.selects(expand.name))?;
        }
        Ok(plan)
    }
}

/// The sets that there are.
pub(super) fn root(call: &Call<'_>) -> Answer {
    let sets: Vec<_> =
        catalogue::sets().map(|set| json!({ "name": set.name, "kind": "EntitySet", "url": set.name })).collect();
    let context = format!("http://{}/b1s/{}/$metadata", call.preferences.host, call.version.path());
    Answer::json(call.version, &Page { version: call.version, context, count: None, value: &sets, next: None })
}

/// The context URL of a set, or of anything else that the metadata know.
pub(super) fn context(call: &Call<'_>, name: &str) -> String {
    format!("http://{}/b1s/{}/$metadata#{name}", call.preferences.host, call.version.path())
}

fn find<'t>(table: &'t Table, set: &'static Set, key: &Key) -> Result<Row<'t>, Refusal> {
    let column = table.column(set.key).ok_or_else(Refusal::key)?;
    let numeric = set.kind.property(set.key, &[]).is_some_and(|property| matches!(property.kind, Kind::Int));
    let filter = match key {
        Key::Int(key) if numeric => Filter::eq(column, *key),
        Key::Text(key) if !numeric => Filter::eq(column, key.as_str()),
        _ => return Err(Refusal::key()),
    };
    let mut rows = table.select(&filter);
    rows.next().ok_or_else(Refusal::no_record)
}

/// Whether a method reads.
pub(super) fn reads(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}
