//! A gateway in memory: it answers from a table of records, shows only the fields that are asked for, and counts calls.

use crate::administration::Administration;
use adapters::{
    adapter::{Capability, Company, Order, Paging},
    filter::{Condition, Filter, Operand, Target, matches},
    model::{
        CurrencyCode, Direction, EntityType, ErpId, FieldSet, Kind, Money, ObjectDef, Record, RecordKey, RemoteRef,
        Value,
    },
};
use async_graphql::{Response, Variables};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use schema::{
    Api, Error, Limits, Result, id,
    ports::{
        Caller, CapabilityView, ChildrenRequest, Count, CountPrecision, ErpStatus, ErpView, Erps, Fetched,
        IntegrationMode, ListRequest, Listed, Origin, Ports, Principal, Pushdown, QuotaView, ReadOptions, Reads, Role,
        ServedFrom, SettingView, SourceReport, SourceStatus, SystemView,
    },
};
use serde_json::{Value as Json, json, value::RawValue};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

pub(crate) const ODOO: &str = "odoo-1";
pub(crate) const B1: &str = "b1-1";

/// The time at which all requests of the tests are made.
pub(crate) fn now() -> DateTime<Utc> {
    "2026-03-01T12:00:00Z".parse().expect("a moment")
}

/// What the API asked of the gateway.
#[derive(Debug, Clone)]
pub(crate) enum Call {
    List(ListRequest),
    Count(ListRequest),
    GetMany(Vec<RecordKey>, FieldSet, ReadOptions),
    Children(Vec<RecordKey>, ChildrenRequest),
}

#[derive(Default)]
pub(crate) struct Fake {
    records: Vec<Record>,
    calls: Mutex<Vec<Call>>,
    pub(crate) down: Mutex<BTreeSet<ErpId>>,
    pub(crate) administration: Administration,
}

pub(crate) fn key(entity: EntityType, erp: &str, set: &str, id: impl ToString) -> RecordKey {
    RecordKey { entity, erp: erp.into(), set: set.into(), id: id.to_string().into() }
}

pub(crate) fn customer_key(n: usize) -> RecordKey {
    key(EntityType::Customer, ODOO, "res.partner", n)
}
pub(crate) fn invoice_key(n: usize) -> RecordKey {
    key(EntityType::Invoice, ODOO, "account.move", n)
}

/// The id of invoice n, and so on.
pub(crate) fn customer_id(n: usize) -> String {
    id::encode(&customer_key(n))
}
pub(crate) fn invoice_id(n: usize) -> String {
    id::encode(&invoice_key(n))
}

fn record(key: RecordKey, values: Vec<(&str, Value)>) -> Record {
    let def = key.entity.def();
    let id = |name| def.id_of(name).unwrap_or_else(|| panic!("{}.{name}", def.name));
    let mut values: Vec<_> = values.into_iter().map(|(name, value)| (id(name), value)).collect();
    values.sort_by_key(|(id, _)| *id);
    let held = values.iter().map(|(id, _)| *id).collect();
    Record::new(key, now(), held, values.into_iter().map(|(_, value)| value).collect())
}

fn text(text: impl ToString) -> Value {
    Value::Text(text.to_string().into())
}
fn money(amount: &str) -> Value {
    Value::Money(Money { amount: amount.parse().expect("a decimal"), currency: eur() })
}
fn eur() -> CurrencyCode {
    "EUR".parse().expect("a currency")
}
fn to(key: RecordKey) -> Value {
    Value::Ref(RemoteRef { set: key.set, id: key.id })
}
fn date(date: &str) -> Value {
    Value::Date(date.parse().expect("a date"))
}
fn json_value(text: &str) -> Value {
    Value::Json(RawValue::from_string(text.into()).expect("JSON").into())
}

/// A value object of a list or object field, by the names of its fields.
fn object(entity: EntityType, field: &str, values: Vec<(&str, Value)>) -> Value {
    let def = entity.def();
    let of: &ObjectDef = match def.field(def.id_of(field).expect("a field")).kind {
        Kind::Object(of) | Kind::List(of) => of,
        other => panic!("{other:?}"),
    };
    let mut all = vec![Value::Null; of.fields.len()];
    for (name, value) in values {
        all[of.position(name).unwrap_or_else(|| panic!("{}.{name}", of.name))] = value;
    }
    Value::Object(all.into())
}
fn list(values: impl IntoIterator<Item = Value>) -> Value {
    Value::List(values.into_iter().collect())
}

pub(crate) fn product_key(n: usize) -> RecordKey {
    key(EntityType::Product, ODOO, "product.product", n)
}
fn order_key(n: usize) -> RecordKey {
    key(EntityType::SalesOrder, ODOO, "sale.order", n)
}
fn tax_key(n: usize) -> RecordKey {
    key(EntityType::TaxRate, ODOO, "account.tax", n)
}

fn customer(n: usize) -> Record {
    let address = object(EntityType::Customer, "billingAddress", vec![("city", text("Graz")), ("country", text("AT"))]);
    record(
        customer_key(n),
        vec![
            ("name", text(format!("Customer {n:02}"))),
            ("status", Value::Enum(if n % 10 == 9 { "INACTIVE" } else { "ACTIVE" })),
            ("currency", Value::Currency(eur())),
            ("website", text("https://example.com/")),
            ("billingAddress", address),
            ("parent", if n > 0 { to(customer_key(0)) } else { Value::Null }),
            ("balanceDue", list([money("10.00"), money("0.50")])),
            ("remoteUpdatedAt", Value::DateTime(now() - Duration::from_secs(60 * n as u64))),
            ("raw", json_value(r#"{"id": 7, "name": "raw", "tags": [1, 2.5, null]}"#)),
            ("remoteUrl", text(format!("https://odoo.example.com/{n}"))),
        ],
    )
}

fn invoice(n: usize) -> Record {
    let dimension = |def: &ObjectDef| {
        let mut all = vec![Value::Null; def.fields.len()];
        all[0] = text("department");
        all[1] = text("sales");
        Value::Object(all.into())
    };
    let line_def = EntityType::Invoice.def();
    let Kind::List(line) = line_def.field(line_def.id_of("lines").expect("lines")).kind else { panic!("lines") };
    let Kind::List(dimensions) = line.fields[line.position("dimensions").expect("dimensions")].kind else { panic!() };
    let line = |at: usize| {
        let mut values = vec![
            ("lineNumber", Value::Int(at as i64)),
            ("description", text(format!("Line {at}"))),
            ("product", to(product_key((n + at) % 5))),
            ("quantity", Value::Decimal("1.500".parse().expect("a decimal"))),
            ("total", money("6.00")),
            ("taxRates", list([to(tax_key(1)), to(tax_key(2))])),
        ];
        if at == 1 {
            values.push(("dimensions", list([dimension(dimensions)])));
        }
        object(EntityType::Invoice, "lines", values)
    };
    record(
        invoice_key(n),
        vec![
            ("number", text(format!("INV/{n:04}"))),
            ("kind", Value::Enum("INVOICE")),
            ("status", Value::Enum(["OPEN", "PAID", "DRAFT"][n % 3])),
            ("customer", to(customer_key(n % 30))),
            ("salesOrder", if n.is_multiple_of(2) { to(order_key(n)) } else { Value::Null }),
            ("issueDate", date("2026-01-15")),
            ("dueDate", date("2026-02-15")),
            ("currency", Value::Currency(eur())),
            ("exchangeRate", Value::Decimal("1.000000".parse().expect("a decimal"))),
            ("total", money("12.50")),
            ("balanceDue", money("9007199254740993.10")),
            ("lines", list((1..=2).map(line))),
            (
                "customFields",
                list([object(
                    EntityType::Invoice,
                    "customFields",
                    vec![("key", text("x_a")), ("value", json_value("[1]"))],
                )]),
            ),
        ],
    )
}

impl Fake {
    pub(crate) fn new() -> Arc<Self> {
        let mut records: Vec<Record> = (0..30).map(customer).collect();
        records.extend((0..60).map(invoice));
        records.extend((0..5).map(|n| {
            record(
                product_key(n),
                vec![
                    ("name", text(format!("Product {n}"))),
                    ("kind", Value::Enum("STOCKED")),
                    ("isActive", Value::Bool(true)),
                    ("sku", text(format!("P-{n}"))),
                ],
            )
        }));
        records.extend((0..60).step_by(2).map(|n| {
            record(
                order_key(n),
                vec![
                    ("number", text(format!("SO/{n:04}"))),
                    ("status", Value::Enum("OPEN")),
                    ("customer", to(customer_key(n % 30))),
                    ("orderDate", date("2026-01-10")),
                ],
            )
        }));
        records.extend([1, 2].map(|n| {
            record(
                tax_key(n),
                vec![
                    ("name", text(format!("Tax {n}"))),
                    ("kind", Value::Enum("SALE")),
                    ("isActive", Value::Bool(true)),
                ],
            )
        }));
        // The other ERP: an invoice with the same remote id, and a customer that does not exist any more.
        records.push(record(
            key(EntityType::Invoice, B1, "CreditNotes", 1),
            vec![
                ("number", text("CN-1")),
                ("issueDate", date("2026-01-01")),
                ("kind", Value::Enum("CREDIT_NOTE")),
                ("status", Value::Enum("OPEN")),
                ("customer", to(key(EntityType::Customer, B1, "BusinessPartners", "gone"))),
                ("total", money("3.00")),
            ],
        ));
        // A vendor without a name, which no mapping would let through.
        let vendor = key(EntityType::Vendor, ODOO, "res.partner", 100);
        records.push(record(vendor.clone(), vec![("status", Value::Enum("ACTIVE")), ("email", text("v@example.com"))]));
        let receipt = key(EntityType::Receipt, ODOO, "stock.picking", 1);
        records.push(record(
            receipt,
            vec![("number", text("R-1")), ("status", Value::Enum("DONE")), ("vendor", to(vendor))],
        ));
        Arc::new(Self { records, ..Self::default() })
    }

    pub(crate) fn api(self: &Arc<Self>) -> Api {
        self.api_with(Limits::default())
    }

    pub(crate) fn api_with(self: &Arc<Self>, limits: Limits) -> Api {
        Api::new(
            Ports {
                reads: self.clone(),
                erps: self.clone(),
                erp_admin: self.clone(),
                access: self.clone(),
                clock: now,
            },
            limits,
        )
    }

    /// The calls since the last time somebody asked.
    pub(crate) fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.calls.lock().expect("not poisoned"))
    }

    /// All records of an entity, with all their fields.
    pub(crate) fn everything(&self, entity: EntityType) -> Vec<Fetched> {
        let of = self.records.iter().filter(|record| record.key.entity == entity);
        of.map(|record| self.shown(record, record.held())).collect()
    }

    fn called(&self, call: Call) {
        self.calls.lock().expect("not poisoned").push(call);
    }

    fn failure(&self, erp: &ErpId) -> Option<Error> {
        let down = self.down.lock().expect("not poisoned").contains(erp);
        let error = adapters::Error::new(adapters::ErrorKind::Timeout, "the ERP did not answer in time")
            .with_detail("Traceback: secret")
            .with_retry_after(Duration::from_millis(1500));
        down.then(|| Error::of_source(&error, erp.clone(), "system"))
    }

    /// The record as a mapping would give it: with the fields that are wanted, and no others.
    fn shown(&self, record: &Record, fields: FieldSet) -> Fetched {
        let values = fields.iter().map(|field| record.get(field).clone()).collect();
        let record = Record::new(record.key.clone(), record.read_at, fields, values);
        let origin = Origin { served_from: ServedFrom::Cache, as_of: now() - Duration::from_secs(5) };
        Fetched { record: record.into(), origin }
    }

    fn matching(&self, who: &Principal, request: &ListRequest) -> Vec<&Record> {
        let mut found: Vec<&Record> = self
            .records
            .iter()
            .filter(|record| record.key.entity == request.entity && who.sees(&record.key.erp))
            .filter(|record| request.erps.as_ref().is_none_or(|erps| erps.contains(&record.key.erp)))
            .filter(|record| self.failure(&record.key.erp).is_none())
            .filter(|record| {
                request.of.as_ref().is_none_or(|(parent, via)| {
                    record.key.erp == parent.erp
                        && *record.get(*via) == Value::Ref(RemoteRef { set: parent.set.clone(), id: parent.id.clone() })
                })
            })
            .filter(|record| {
                let narrowed = request.filter.clone().try_map(&mut |condition: Condition<Operand>| {
                    let values = condition
                        .values
                        .into_iter()
                        .filter_map(|operand| match operand {
                            Operand::Value(value) => Some(value),
                            Operand::Record(key) if key.erp == record.key.erp => {
                                Some(Value::Ref(RemoteRef { set: key.set, id: key.id }))
                            }
                            Operand::Record(_) => None,
                        })
                        .collect();
                    Ok::<_, ()>(Filter::Is(Condition { target: condition.target, op: condition.op, values }))
                });
                let narrowed = narrowed.expect("infallible").without_computed(request.entity, now().date_naive());
                matches(&narrowed, record)
            })
            .collect();
        found.sort_by(|a, b| {
            let by = |order: &Order| {
                let by = a.get(order.field).compare(b.get(order.field));
                if order.direction == Direction::Desc { by.reverse() } else { by }
            };
            request.order.iter().map(by).find(|by| by.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
        });
        found
    }

    fn page(&self, who: &Principal, request: &ListRequest) -> Result<Listed> {
        let start = match &request.after {
            None => 0,
            Some(after) => match after.strip_prefix('c').and_then(|n| n.parse::<usize>().ok()) {
                Some(last) => last + 1,
                None => return Err(Error::bad_input("after: not a cursor of this list")),
            },
        };
        let found = self.matching(who, request);
        let rows: Arc<[Fetched]> =
            found.iter().skip(start).take(request.first).map(|record| self.shown(record, request.fields)).collect();
        let report = |erp: Arc<ErpView>| {
            let error = self.failure(&erp.id);
            let served = error.is_none();
            SourceReport {
                erp: erp.id.clone(),
                status: if served { SourceStatus::Ok } else { SourceStatus::Failed },
                served_from: served.then_some(ServedFrom::Cache),
                as_of: served.then(|| now() - Duration::from_secs(5)),
                records: rows.iter().filter(|row| row.record.key.erp == erp.id).count() as u32,
                quarantined: 0,
                calls: 1,
                took: Duration::from_millis(12),
                filtering: Pushdown::Source,
                error,
            }
        };
        let asked = |erp: &Arc<ErpView>| request.erps.as_ref().is_none_or(|erps| erps.contains(&erp.id));
        Ok(Listed {
            cursors: Arc::new(move |row| format!("c{}", start + row)),
            has_next_page: found.len() > start + rows.len(),
            has_previous_page: start > 0,
            sources: self.visible(who).into_iter().filter(asked).map(report).collect(),
            rows,
        })
    }
}

#[async_trait]
impl Reads for Fake {
    async fn list(&self, who: &Principal, request: &ListRequest) -> Result<Listed> {
        self.called(Call::List(request.clone()));
        self.page(who, request)
    }

    async fn count(&self, who: &Principal, request: &ListRequest) -> Result<Count> {
        self.called(Call::Count(request.clone()));
        let down = !self.down.lock().expect("not poisoned").is_empty();
        let precision = if down { CountPrecision::AtLeast } else { CountPrecision::Exact };
        Ok(Count { value: Some(self.matching(who, request).len() as u64), precision, origin: None })
    }

    async fn get_many(
        &self,
        who: &Principal,
        keys: &[RecordKey],
        fields: FieldSet,
        options: &ReadOptions,
    ) -> Vec<Result<Option<Fetched>>> {
        self.called(Call::GetMany(keys.to_vec(), fields, *options));
        tokio::task::yield_now().await;
        keys.iter()
            .map(|key| match self.failure(&key.erp) {
                Some(error) => Err(error),
                None if !who.sees(&key.erp) => panic!("the API asks for a record that the caller may not see"),
                None => {
                    Ok(self.records.iter().find(|record| record.key == *key).map(|record| self.shown(record, fields)))
                }
            })
            .collect()
    }

    async fn children(&self, who: &Principal, parents: &[RecordKey], request: &ChildrenRequest) -> Vec<Result<Listed>> {
        self.called(Call::Children(parents.to_vec(), request.clone()));
        parents.iter().map(|parent| self.page(who, &request.of(parent.clone(), None))).collect()
    }
}

impl Erps for Fake {
    fn visible(&self, who: &Principal) -> Vec<Arc<ErpView>> {
        [erp(B1, "Factory"), erp(ODOO, "Shop")].into_iter().filter(|erp| who.sees(&erp.id)).collect()
    }

    fn get(&self, who: &Principal, id: &ErpId) -> Option<Arc<ErpView>> {
        self.visible(who).into_iter().find(|erp| erp.id == *id)
    }

    fn systems(&self) -> Vec<Arc<SystemView>> {
        vec![system()]
    }
}

fn system() -> Arc<SystemView> {
    let setting = SettingView {
        key: "url".into(),
        label: "Address".into(),
        help: None,
        required: true,
        secret: false,
        example: Some("https://erp.example.com".into()),
        pattern: None,
    };
    Arc::new(SystemView {
        key: "system".into(),
        name: "System".into(),
        modes: vec![IntegrationMode::Api],
        settings: vec![setting],
        capabilities: vec![capability()],
        documentation: Some("https://docs.example.com/".into()),
    })
}

fn capability() -> CapabilityView {
    let reads = Capability {
        list: true,
        get_many: true,
        max_ids_per_call: Some(100),
        count: true,
        paging: Paging::Keyset,
        filter: vec!["number"],
        order_by: vec!["issueDate"],
        ..Capability::none(EntityType::Invoice)
    };
    CapabilityView { reads, changes: true, deletes: false }
}

pub(crate) fn erp(id: &str, name: &str) -> Arc<ErpView> {
    Arc::new(ErpView {
        id: id.into(),
        name: name.into(),
        system: system(),
        status: ErpStatus::Active,
        status_message: None,
        settings: json!({"url": "https://erp.example.com"}),
        server_version: Some("19.0".into()),
        company_name: Some("ACME".into()),
        base_currency: Some(eur()),
        time_zone: Some("Europe/Vienna".into()),
        missing_rights: vec![EntityType::Bill],
        companies: vec![Company { id: "1".into(), name: "ACME".into() }],
        of_file: false,
        capabilities: [capability()].into(),
        last_health_check_at: Some(now()),
        last_sync_at: None,
        latency: Some(Duration::from_millis(30)),
        quota: Some(QuotaView {
            limit_per_minute: Some(60),
            remaining: Some(59),
            resets_at: None,
            concurrent: None,
            in_flight: 1,
        }),
        created_at: now(),
        updated_at: now(),
    })
}

/// Somebody who sees everything.
pub(crate) fn analyst() -> Principal {
    Principal { subject: "ann".into(), role: Role::Analyst, scopes: BTreeSet::new(), erps: None }
}

/// Somebody who may do everything but what takes a scope.
pub(crate) fn admin() -> Principal {
    Principal { role: Role::Admin, ..analyst() }
}

/// The same person with scopes.
pub(crate) fn with_scopes(who: Principal, scopes: &[&str]) -> Principal {
    Principal { scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(), ..who }
}

/// A program that may do what its scopes say.
pub(crate) fn service(scopes: &[&str]) -> Principal {
    with_scopes(Principal { role: Role::Service, ..analyst() }, scopes)
}

/// Somebody who sends a request.
pub(crate) fn caller(who: impl Into<Arc<Principal>>) -> Caller {
    Caller { who: who.into(), address: None, request_id: "r-1".into() }
}

/// Somebody who may only know of some ERPs.
pub(crate) fn limited_to(erps: &[&str]) -> Principal {
    Principal { erps: Some(erps.iter().map(|erp| (*erp).into()).collect()), ..analyst() }
}

pub(crate) async fn respond(api: &Api, query: &str) -> Response {
    ask(api, query, Variables::default(), analyst()).await
}

/// The answer to a query of somebody.
pub(crate) async fn ask(api: &Api, query: &str, variables: Variables, who: impl Into<Arc<Principal>>) -> Response {
    match api.parse(query, "r-1") {
        Ok(document) => api.execute(document.request().variables(variables), caller(who)).await.response,
        Err(refusal) => *refusal,
    }
}

/// The data of a query that succeeds.
pub(crate) async fn data(api: &Api, query: &str) -> Json {
    data_of(respond(api, query).await)
}

/// The data of a query with variables that succeeds.
pub(crate) async fn data_with(api: &Api, query: &str, variables: Json) -> Json {
    data_of(ask(api, query, Variables::from_json(variables), analyst()).await)
}

pub(crate) fn data_of(response: Response) -> Json {
    assert!(response.errors.is_empty(), "{:?}", response.errors);
    response.data.into_json().expect("JSON")
}

/// The only error of an answer: its code and its message.
pub(crate) fn error_of(response: &Response) -> (String, String) {
    assert_eq!(response.errors.len(), 1, "{response:?}");
    let error = serde_json::to_value(&response.errors[0]).expect("JSON");
    assert_eq!(error["extensions"]["requestId"], "r-1", "{error}");
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    (text(&error["extensions"]["code"]), text(&error["message"]))
}

/// The only error of a query.
pub(crate) async fn error(api: &Api, query: &str) -> (String, String) {
    error_of(&respond(api, query).await)
}

/// The names of the fields of a set, in the order of the catalogue.
pub(crate) fn names(entity: EntityType, fields: FieldSet) -> Vec<&'static str> {
    fields.iter().map(|field| entity.def().field(field).name).collect()
}

/// The conditions of a filter, by the names of their fields.
pub(crate) fn conditions(entity: EntityType, filter: &Filter<Operand>) -> Vec<(&'static str, Vec<Operand>)> {
    let mut found = Vec::new();
    filter.each(&mut |condition| {
        let name = match condition.target {
            Target::Id => "id",
            Target::Field(field) => entity.def().field(field).name,
        };
        found.push((name, condition.values.clone()));
    });
    found
}
