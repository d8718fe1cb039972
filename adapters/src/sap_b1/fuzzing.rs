//! What the fuzz targets reach: the reading of refusals, and filters.

use super::{
    books::{Books, Company, Missing},
    config::{Config, Database, FORM, Version},
    dialect::Dialect,
    fault::{Faults, ServiceVersion, of_part, unknown},
    rates::is_table,
    reading::{Narrowed, Reading, Scope},
    session,
    single::is_single,
};
use crate::{
    adapter::Order,
    error::Result,
    filter::Filter,
    fuzzing::Question,
    http::{Classify, Request, Response},
    mapping::{Plan, SourceFilter},
    model::{EntityType, FieldSet},
    odata::{batch, body::Page},
    settings::Settings,
};
use std::sync::{Arc, LazyLock};

/// The operation of requests for a log-in, whose refusals mean something else.
pub const LOGIN: &str = session::LOGIN;

/// Tells a refusal from an answer, and reads the parts of an answer.
///
/// # Errors
/// What a refusal means.
pub fn classify(request: &Request, response: &Response) -> Result<()> {
    let faults = Faults { version: ServiceVersion::default() };
    let outcome = faults.classify(request, response);
    let _ = faults.version.get();
    if let Err(error) = &outcome {
        let _ = unknown(error);
    }
    outcome?;
    match response.header(http::header::CONTENT_TYPE) {
        Some(kind) if kind.starts_with("multipart/") => {
            for part in batch::read(kind, &response.body)? {
                Page::read(&of_part(&part)?)?;
            }
        }
        _ => {
            Page::read(&response.body)?;
        }
    }
    Ok(())
}

/// How a server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// OData 3 instead of 4.
    pub old: bool,
    /// SQL Server instead of HANA.
    pub sql_server: bool,
    /// Without regard to case.
    pub folded: bool,
}

/// What a list asks of each set.
///
/// # Errors
/// Where the order cannot be had.
pub fn questions(
    entity: EntityType,
    filter: &Filter,
    order: &[Order],
    fields: FieldSet,
    manner: Manner,
) -> Result<Vec<Question>> {
    static BOOKS: LazyLock<Result<(Config, Books)>> = LazyLock::new(books);
    let (config, books) = BOOKS.as_ref().map_err(Clone::clone)?;
    let version = if manner.old { Version::V1 } else { Version::V2 };
    let database = if manner.sql_server { Database::SqlServer } else { Database::Hana };
    let mut questions = Vec::new();
    // The others are read by a function, or as tables.
    for set in books.sets(entity).iter().filter(|set| !is_single(set) && !is_table(set)) {
        let columns = books.columns(set);
        let dialect =
            Dialect { columns: &columns, version, database, of_set: None, zone: config.zone, folded: manner.folded };
        let narrowed = Narrowed::new(books, set, filter, order, &dialect);
        if let Some(condition) = narrowed.condition() {
            let condition = dialect.filter(&condition)?;
            questions.push(Question { set: set.set.to_string(), condition, order: String::new() });
        }
        let plan = Arc::new(Plan::new(set, fields));
        let scope = Scope { set, plan: &plan, order, after: None, limit: 50 };
        let reading = Reading::new(&scope, &narrowed, &SourceFilter::ALL, &dialect)?;
        questions.extend(reading.asks().map(|ask| Question {
            set: ask.set.to_string(),
            condition: ask.filter,
            order: ask.order,
        }));
    }
    Ok(questions)
}

fn books() -> Result<(Config, Books)> {
    let settings = [
        ("url", "https://b1.example:50000"),
        ("company_db", "SBO"),
        ("username", "u"),
        ("password", "p"),
        ("time_zone", "Europe/Berlin"),
        ("currencies", "$=USD,€=EUR"),
    ];
    let config = Config::read(&Settings::new(FORM, settings.map(|(key, value)| (key.into(), value.into())))?)?;
    let books = Books::new(&config, Company::of_currency("EUR"), Missing::new())?;
    Ok((config, books))
}
