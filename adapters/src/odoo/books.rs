//! The books of one company in one Odoo: what Odoo says about itself, asked once and kept, and reading in their context.

use super::{
    link::{Link, Linker},
    settings::Config,
    wire::{self, Call},
};
use crate::{
    adapter::Ctx,
    cached::Cached,
    error::{Error, ErrorKind, Result},
    http::HostState,
    mapping::Tables,
    model::CurrencyCode,
};
use chrono_tz::Tz;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How long what Odoo says about itself is believed.
pub(super) const KEEP: Duration = Duration::from_secs(3600);

/// The company whose books are read.
#[derive(Debug, Clone)]
pub(super) struct Company {
    pub(super) id: i64,
    /// The companies that it is a branch of: what they share, it shares.
    pub(super) above: Vec<i64>,
    pub(super) name: String,
    pub(super) currency: Option<CurrencyCode>,
    pub(super) zone: Tz,
    /// Whether the zone is known, or UTC for want of it.
    pub(super) zone_is_known: bool,
    /// All that the user may choose from, this one among them, by their ids.
    pub(super) choice: Vec<(i64, String)>,
}

/// Odoo's currencies: rows name them by their ids.
#[derive(Debug, Default)]
pub(super) struct Currencies {
    pub(super) codes: HashMap<Box<str>, CurrencyCode>,
}

impl Currencies {
    /// The ids of a code. A code may be there twice: archived, and in use.
    pub(super) fn ids<'a>(&'a self, code: &'a str) -> impl Iterator<Item = &'a str> {
        self.codes.iter().filter(move |c| c.1.as_str() == code).map(|c| &**c.0)
    }
}

/// The type of a field of a model, as far as conditions need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Selection,
    Bool,
    Integer,
    Float,
    Monetary,
    Date,
    DateTime,
    /// A reference to one record.
    One,
    /// A reference to a currency.
    Currency,
    /// References to several records.
    Many,
    Other,
}

/// What Odoo says about a field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) kind: Type,
    /// False for computed fields. Until 17 Odoo takes conditions on them for true, without a word.
    pub(super) searchable: bool,
    pub(super) sortable: bool,
    /// Whether it is a column, which can be summed.
    pub(super) stored: bool,
    pub(super) groupable: bool,
}

/// The fields of a model that the user may read.
pub(super) type Fields = HashMap<Box<str>, Field>;

/// What one search reads.
pub(super) struct Search<'a> {
    pub(super) model: &'a str,
    /// The domain as JSON.
    pub(super) domain: String,
    pub(super) fields: Vec<&'a str>,
    pub(super) order: String,
    /// None: all.
    pub(super) limit: Option<usize>,
    pub(super) offset: u64,
    /// Whether references come with their names, which makes reading up to four times slower.
    pub(super) names: bool,
    pub(super) operation: &'static str,
}

/// What Odoo says about itself, loaded when it is needed first.
pub(super) struct Library {
    config: Arc<Config>,
    linker: Arc<Linker>,
    company: Arc<Cached<Arc<Company>>>,
    currencies: Arc<Cached<Arc<Currencies>>>,
    accents: Arc<Cached<bool>>,
    /// The fields of each model; none where there is no such model.
    fields: Mutex<HashMap<String, Arc<Cached<Option<Fields>>>>>,
    journals: Arc<Cached<Arc<Tables>>>,
}

impl Library {
    pub(super) fn host(&self) -> Option<Arc<HostState>> {
        self.linker.host_state()
    }

    pub(super) fn new(config: Arc<Config>, linker: Linker) -> Self {
        Self {
            config,
            linker: Arc::new(linker),
            company: Cached::new(KEEP),
            currencies: Cached::new(KEEP),
            accents: Cached::new(KEEP),
            fields: Mutex::default(),
            journals: Cached::new(KEEP),
        }
    }

    pub(super) fn forget(&self) {
        self.linker.forget();
        self.company.forget();
        self.currencies.forget();
        self.accents.forget();
        self.fields.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.journals.forget();
    }

    /// The fields of a model; none where this Odoo has no such model.
    pub(super) async fn fields(&self, ctx: &Ctx, books: &Books, model: &str) -> Result<Option<Fields>> {
        let cached = {
            let mut models = self.fields.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(models.entry(model.to_owned()).or_insert_with(|| Cached::new(KEEP)))
        };
        let (books, model) = (books.clone(), model.to_owned());
        cached.get(ctx, |ctx| async move { books.fields(&ctx, &model).await }).await
    }

    /// The journals' names and accounts, as tables for the mapping.
    pub(super) async fn journals(&self, ctx: &Ctx, books: &Books) -> Result<Arc<Tables>> {
        let books = books.clone();
        self.journals.get(ctx, |ctx| async move { books.load_journals(&ctx).await.map(Arc::new) }).await
    }

    pub(super) async fn books(self: &Arc<Self>, ctx: &Ctx) -> Result<Books> {
        let link = self.linker.link(ctx).await?;
        let (config, own) = (Arc::clone(&self.config), link.clone());
        let company =
            self.company.get(ctx, |ctx| async move { load_company(&ctx, &own, &config).await.map(Arc::new) }).await?;
        Ok(Books { link, company, config: Arc::clone(&self.config) })
    }

    pub(super) async fn currencies(&self, ctx: &Ctx, books: &Books) -> Result<Arc<Currencies>> {
        let books = books.clone();
        self.currencies.get(ctx, |ctx| async move { books.load_currencies(&ctx).await.map(Arc::new) }).await
    }

    /// Whether a search for text takes letters with and without accents for the same, which an operator may switch on.
    pub(super) async fn accents(&self, ctx: &Ctx, books: &Books) -> Result<bool> {
        let currencies = self.currencies(ctx, books).await?;
        let books = books.clone();
        self.accents.get(ctx, |ctx| async move { books.folds_accents(&ctx, &currencies).await }).await
    }
}

/// The way to one company's books.
#[derive(Clone)]
pub(super) struct Books {
    pub(super) link: Link,
    pub(super) company: Arc<Company>,
    config: Arc<Config>,
}

impl Books {
    /// What every call carries: record rules then show one company only, and archived records are not hidden: `where` decides.
    pub(super) fn context(&self) -> Value {
        json!({ "lang": self.config.language, "allowed_company_ids": [self.company.id], "active_test": false })
    }

    /// The rows that a search finds.
    pub(super) async fn search(&self, ctx: &Ctx, search: Search<'_>) -> Result<Vec<Box<RawValue>>> {
        let domain = RawValue::from_string(search.domain)
            .map_err(|e| Error::invalid("A condition cannot be written as JSON.").with_detail(e.to_string()))?;
        let mut call = Call::read(search.model, "search_read", search.operation)
            .with("domain", &domain)?
            .with("fields", &search.fields)?
            .with("order", &search.order)?
            .with("context", &self.context())?;
        if let Some(limit) = search.limit {
            call = call.with("limit", &limit)?;
        }
        if search.offset > 0 {
            call = call.with("offset", &search.offset)?;
        }
        // 14 does not hand it on to `read`, and refuses it.
        if !search.names && self.link.version.is_from(15) {
            call = call.with("load", &Value::Null)?;
        }
        wire::returned(self.link.call(ctx, &call).await?.value()?)
    }

    /// The journals' names and their own accounts, by the journals' ids.
    async fn load_journals(&self, ctx: &Ctx) -> Result<Tables> {
        #[derive(Deserialize)]
        struct Row {
            id: i64,
            name: String,
            /// `false` where it has none.
            default_account_id: Value,
        }
        let all = Search {
            model: "account.journal",
            domain: "[]".into(),
            fields: vec!["name", "default_account_id"],
            order: "id".into(),
            limit: None,
            offset: 0,
            names: false,
            operation: "journals",
        };
        let mut tables = Tables::from(["journal-name", "journal-account"].map(|table| (table, HashMap::new())));
        for row in self.search(ctx, all).await? {
            let row: Row = wire::returned(&row)?;
            let account = row.default_account_id.as_i64().or_else(|| row.default_account_id[0].as_i64());
            let entries = [("journal-name", Some(row.name)), ("journal-account", account.map(|id| id.to_string()))];
            for (table, value) in entries {
                let values = value.into_iter().map(Into::into).collect();
                tables.entry(table).or_default().insert(row.id.to_string().into(), values);
            }
        }
        Ok(tables)
    }

    /// How many rows a search finds.
    pub(super) async fn count(&self, ctx: &Ctx, model: &str, domain: String) -> Result<u64> {
        let domain = RawValue::from_string(domain)
            .map_err(|e| Error::invalid("A condition cannot be written as JSON.").with_detail(e.to_string()))?;
        let call = Call::read(model, "search_count", "count").with("context", &self.context())?.with_first(
            self.link.transport,
            "domain",
            domain,
        );
        wire::returned(self.link.call(ctx, &call).await?.value()?)
    }

    /// The fields of a model; none where this Odoo has no such model.
    async fn fields(&self, ctx: &Ctx, model: &str) -> Result<Option<Fields>> {
        #[derive(Deserialize)]
        struct Described {
            r#type: String,
            relation: Option<String>,
            #[serde(default)]
            searchable: bool,
            #[serde(default)]
            sortable: bool,
            #[serde(default)]
            store: bool,
            /// Unknown until 17, which also groups by what it sorts by.
            groupable: Option<bool>,
        }
        let call = Call::read(model, "fields_get", "fields")
            .with("attributes", &["type", "relation", "searchable", "sortable", "store", "groupable"])?
            .with("context", &self.context())?;
        let answer = match self.link.call(ctx, &call).await {
            Err(error) if error.kind == ErrorKind::Unsupported => return Ok(None),
            answer => answer?,
        };
        let described: HashMap<Box<str>, Described> = wire::returned(answer.value()?)?;
        let fields = described.into_iter().map(|(name, field)| {
            let kind = match field.r#type.as_str() {
                "char" | "text" => Type::Text,
                "selection" => Type::Selection,
                "boolean" => Type::Bool,
                "integer" => Type::Integer,
                "float" => Type::Float,
                "monetary" => Type::Monetary,
                "date" => Type::Date,
                "datetime" => Type::DateTime,
                "many2one" if field.relation.as_deref() == Some("res.currency") => Type::Currency,
                "many2one" => Type::One,
                "one2many" | "many2many" => Type::Many,
                _ => Type::Other,
            };
            let groupable = field.groupable.unwrap_or(field.store || field.sortable);
            (
                name,
                Field { kind, searchable: field.searchable, sortable: field.sortable, stored: field.store, groupable },
            )
        });
        Ok(Some(fields.collect()))
    }

    async fn load_currencies(&self, ctx: &Ctx) -> Result<Currencies> {
        #[derive(Deserialize)]
        struct Row {
            id: i64,
            name: String,
        }
        let all = Search {
            model: "res.currency",
            domain: "[]".into(),
            fields: vec!["name"],
            order: "id".into(),
            limit: None,
            offset: 0,
            names: false,
            operation: "currencies",
        };
        let rows = self.search(ctx, all).await?;
        let rows = rows.iter().map(|row| wire::returned::<Row>(row)).collect::<Result<Vec<_>>>()?;
        // A currency whose name is no code leaves out what is in it, with a reason that names it.
        let codes = rows.into_iter().filter_map(|row| Some((row.id.to_string().into(), row.name.parse().ok()?)));
        Ok(Currencies { codes: codes.collect() })
    }

    /// Looks for a currency that is there by its code with an accent put on.
    async fn folds_accents(&self, ctx: &Ctx, currencies: &Currencies) -> Result<bool> {
        let accented = |letter: char| {
            let pairs = ["AÀ", "CÇ", "EÉ", "GĞ", "IÍ", "NÑ", "OÓ", "RŘ", "SŠ", "UÜ", "YÝ", "ZŽ"];
            pairs.iter().find(|pair| pair.starts_with(letter)).and_then(|pair| pair.chars().nth(1))
        };
        let odd = currencies.codes.values().find_map(|code| {
            let code = code.as_str();
            let (at, letter) = code.char_indices().find_map(|(at, letter)| Some((at, accented(letter)?)))?;
            Some(format!("{}{letter}{}", &code[..at], &code[at + 1..]))
        });
        // Where that cannot be found out, the gateway looks again at what Odoo finds.
        let Some(odd) = odd else { return Ok(true) };
        Ok(self.count(ctx, "res.currency", json!([["name", "=ilike", odd]]).to_string()).await? > 0)
    }
}

/// The company of the setting, or the user's own.
async fn load_company(ctx: &Ctx, link: &Link, config: &Config) -> Result<Company> {
    #[derive(Deserialize)]
    struct User {
        uid: i64,
        /// `false` where the user has none.
        tz: Value,
    }
    #[derive(Deserialize)]
    struct Row {
        id: i64,
        name: String,
        currency_id: (i64, String),
        /// `[id, "name"]`, or `false`.
        parent_id: Value,
    }
    let context = json!({ "lang": config.language });
    let user = Call::read("res.users", "context_get", "company");
    let companies = Call::read("res.company", "search_read", "company")
        .with("domain", &json!([]))?
        .with("fields", &["name", "currency_id", "parent_id"])?
        .with("context", &context)?;
    let (user, companies) = tokio::try_join!(link.call(ctx, &user), link.call(ctx, &companies))?;
    let user: User = wire::returned(user.value()?)?;
    let mut companies: Vec<Row> = wire::returned(companies.value()?)?;
    let id = match (config.company, companies.as_slice()) {
        (Some(id), _) => id,
        (None, [only]) => only.id,
        (None, _) => default_company(ctx, link, user.uid, &context).await?,
    };
    let Some(at) = companies.iter().position(|company| company.id == id) else {
        let may = companies.iter().map(|c| format!("{} ({})", c.id, c.name)).collect::<Vec<_>>().join(", ");
        return Err(Error::new(
            ErrorKind::Config,
            format!("The Odoo user has no access to company {id}, but to {may}: correct the setting company_id."),
        ));
    };
    let mut above = Vec::new();
    let mut below = companies.get(at);
    // A company may not be above itself; if it were, this would end all the same.
    while let Some(parent) = below.and_then(|row| row.parent_id[0].as_i64()).filter(|parent| !above.contains(parent)) {
        above.push(parent);
        below = companies.iter().find(|row| row.id == parent);
    }
    let mut choice: Vec<_> = companies.iter().map(|company| (company.id, company.name.clone())).collect();
    choice.sort_unstable();
    let row = companies.swap_remove(at);
    let own_zone = user.tz.as_str().and_then(|name| name.parse().ok());
    Ok(Company {
        id,
        above,
        name: row.name,
        currency: config.base_currency.or_else(|| row.currency_id.1.parse().ok()),
        zone: config.time_zone.or(own_zone).unwrap_or(Tz::UTC),
        zone_is_known: config.time_zone.or(own_zone).is_some(),
        choice,
    })
}

async fn default_company(ctx: &Ctx, link: &Link, uid: i64, context: &Value) -> Result<i64> {
    #[derive(Deserialize)]
    struct Row {
        company_id: (i64, String),
    }
    let call = Call::read("res.users", "search_read", "company")
        .with("domain", &json!([["id", "=", uid]]))?
        .with("fields", &["company_id"])?
        .with("context", context)?;
    let users: Vec<Row> = wire::returned(link.call(ctx, &call).await?.value()?)?;
    match users.into_iter().next() {
        Some(user) => Ok(user.company_id.0),
        None => {
            Err(Error::new(ErrorKind::Config, "The Odoo user cannot read its own company: enter its id as company_id."))
        }
    }
}
