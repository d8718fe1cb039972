//! The lists that are read as a whole: accounts, rates, the company; and stock, which hangs on items.

use super::*;
use crate::adapter::{GroupBy, Position};
use serde_json::{Value as Json, json};

macro_rules! sample {
    ($file:literal, $set:literal) => {{
        let text = include_str!(concat!("../../../../tests/golden/quickbooks/", $file));
        let mut sample: Json = serde_json::from_str(text).expect("JSON");
        match sample["QueryResponse"][$set].take() {
            Json::Array(rows) => rows,
            other => panic!("{other}"),
        }
    }};
}

fn company() -> Arc<Fake> {
    let fake = Fake::new();
    fake.put("Account", sample!("query_response_accounts.json", "Account"));
    fake.put("TaxRate", sample!("query_response_taxrates.json", "TaxRate"));
    fake.put("TaxCode", sample!("query_response_taxcodes.json", "TaxCode"));
    fake.put("CompanyInfo", sample!("query_response_companyinfo.json", "CompanyInfo"));
    fake.put("ExchangeRate", sample!("query_response_exchangerates.json", "ExchangeRate"));
    fake.put("Preferences", sample!("preferences.json", "Preferences"));
    fake
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

async fn all(adapter: &QuickBooks, query: &mut ListQuery, entity: EntityType) -> Vec<Arc<Record>> {
    let mut found = Vec::new();
    loop {
        let page = adapter.list(&ctx(), entity, query).await.expect("a page").sets.remove(0);
        assert!(page.rows.len() <= query.limit && page.quarantined.is_empty(), "{:?}", page.quarantined);
        found.extend(page.rows.into_iter().map(|row| row.record));
        let Some(next) = page.next else { return found };
        query.sets[0].after = Some(next);
    }
}

#[tokio::test(start_paused = true)]
async fn chart_of_accounts_is_sorted_and_filtered_by_anything() {
    let fake = company();
    let adapter = adapter(&fake);
    let entity = EntityType::Account;
    let mut by_code = query(&adapter, entity, Filter::ALL, 100);
    by_code.fields = fields(entity, &["code", "name", "kind", "classification", "balance", "isActive", "parent"]);
    let accounts = all(&adapter, &mut by_code, entity).await;
    assert_eq!(fake.asked().len(), 1);
    let codes: Vec<_> = accounts.iter().filter_map(|a| a.named("code").as_text()).collect();
    assert_eq!(codes, ["1000", "1200", "1300", "1500", "2000", "4000"]);
    assert!(accounts[6..].iter().all(|a| a.named("code").is_null()), "those without a number come last");
    let kinds: Vec<_> = accounts.iter().map(|a| (&*a.key.id, a.named("kind").clone())).collect();
    for (id, kind) in [
        ("35", "CASH"),
        ("4", "CASH"),
        ("81", "INVENTORY"),
        ("84", "RECEIVABLE"),
        ("37", "FIXED_ASSET"),
        ("33", "PAYABLE"),
        ("41", "CREDIT_CARD"),
        ("44", "LONG_TERM_LIABILITY"),
        ("90", "CURRENT_LIABILITY"),
        ("34", "EQUITY"),
        ("79", "INCOME"),
        ("85", "OTHER_INCOME"),
        ("80", "COST_OF_SALES"),
        ("64", "OPERATING_EXPENSE"),
        ("60", "DEPRECIATION"),
        ("14", "OTHER_EXPENSE"),
    ] {
        assert!(kinds.contains(&(id, Value::Enum(kind))), "{id}: {kind}");
    }
    let account = |id: &str| accounts.iter().find(|a| &*a.key.id == id).expect("an account");
    let money = |amount: &str| {
        let amount = amount.parse().expect("a number");
        Value::Money(crate::model::Money { amount, currency: "USD".parse().expect("a code") })
    };
    assert_eq!(*account("33").named("balance"), money("-1091.23"), "what is owed is negative");
    assert!(account("97").named("balance").is_null(), "nothing tells it in the company's currency");
    assert_eq!(*account("38").named("parent"), Value::Ref(refs("Account", &["37"]).remove(0)));

    for (direction, limit) in [(Direction::Asc, 1), (Direction::Desc, 4), (Direction::Desc, 18)] {
        let mut pages = query(&adapter, entity, Filter::ALL, limit);
        pages.order = order(entity, "code", direction);
        let paged: Vec<_> = all(&adapter, &mut pages, entity).await.iter().map(|a| a.key.id.clone()).collect();
        pages.sets[0].after = None;
        pages.limit = 100;
        let whole: Vec<_> = all(&adapter, &mut pages, entity).await.iter().map(|a| a.key.id.clone()).collect();
        assert_eq!(paged, whole, "{direction:?} in pages of {limit}");
        assert_eq!(paged.len(), 18);
    }
    fake.asked();
    let liabilities = is(entity, "classification", Op::Eq, vec![Value::Enum("LIABILITY")]);
    assert_eq!(all(&adapter, &mut query(&adapter, entity, liabilities.clone(), 10), entity).await.len(), 4);
    assert_eq!(adapter.count(&ctx(), entity, &liabilities).await.expect("a count"), Count::Exact(4));
    assert_eq!(fake.asked().len(), 2);
    let wrong = ListQuery {
        sets: vec![SetStart { set: "Account".into(), after: Some(Position::Offset(3)) }],
        ..query(&adapter, entity, Filter::ALL, 10)
    };
    assert_eq!(adapter.list(&ctx(), entity, &wrong).await.expect_err("foreign").kind, ErrorKind::Invalid);
    let capability = adapter.capability(entity);
    assert_eq!(capability.paging, Paging::Keyset);
    assert!(capability.order_by.contains(&"code") && capability.filter.contains(&"kind") && capability.aggregate);
}

#[tokio::test(start_paused = true)]
async fn sums_over_accounts_are_those_of_the_list() {
    let fake = company();
    let adapter = adapter(&fake);
    let entity = EntityType::Account;
    let sums = AggregateQuery {
        sets: adapter.sets(entity),
        filter: Filter::ALL,
        group_by: vec![GroupBy::Field(field(entity, "classification"))],
        sums: vec![field(entity, "balance")],
    };
    let rows = adapter.aggregate(&ctx(), entity, &sums).await.expect("sums");
    assert_eq!(fake.asked().len(), 1);
    let mut list = query(&adapter, entity, Filter::ALL, 100);
    list.fields = fields(entity, &["classification", "balance"]);
    let accounts = all(&adapter, &mut list, entity).await;
    assert_eq!(rows.len(), 5);
    for row in &rows {
        let of_class = accounts.iter().filter(|a| *a.named("classification") == row.keys[0]);
        let balances: Vec<_> = of_class.map(|a| a.named("balance").as_decimal().unwrap_or_default()).collect();
        assert_eq!(row.count, Some(balances.len() as u64), "{:?}", row.keys);
        assert_eq!(row.sums, [balances.iter().sum()], "{:?}", row.keys);
    }
    let bills =
        AggregateQuery { sets: adapter.sets(EntityType::Bill), group_by: vec![], sums: vec![], filter: Filter::ALL };
    let error = adapter.aggregate(&ctx(), EntityType::Bill, &bills).await.expect_err("no sums of documents");
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Unsupported, "QuickBooks does not sum bills."));
}

#[tokio::test(start_paused = true)]
async fn rates_of_tax_know_where_they_are_used() {
    let fake = company();
    let adapter = adapter(&fake);
    let entity = EntityType::TaxRate;
    let mut query = query(&adapter, entity, Filter::ALL, 10);
    query.fields = fields(entity, &["name", "rate", "kind", "isActive"]);
    let rates = all(&adapter, &mut query, entity).await;
    let seen: Vec<_> = rates
        .iter()
        .map(|r| (r.named("name").as_text().unwrap_or_default(), r.named("rate").clone(), r.named("kind").clone()))
        .collect();
    let rate = |name, rate: &str, kind| (name, Value::Decimal(rate.parse().expect("a number")), Value::Enum(kind));
    assert_eq!(
        seen,
        [
            rate("19% P", "19", "PURCHASE"),
            rate("20% S", "20", "SALE"),
            rate("AZ State tax", "7.1", "SALE"),
            rate("Tucson City", "2", "SALE"),
        ]
    );
    assert_eq!(*rates[0].named("isActive"), Value::Bool(false));
    fake.put("TaxCode", vec![]);
    let adapter = super::adapter(&fake);
    query.sets[0].after = None;
    let unknown = all(&adapter, &mut query, entity).await;
    assert!(unknown.iter().all(|r| *r.named("kind") == Value::Enum("UNKNOWN")));
}

#[tokio::test(start_paused = true)]
async fn taxes_of_lines_come_from_the_codes_or_the_document() {
    let fake = company();
    let mut bill: Json =
        serde_json::from_str(include_str!("../../../../tests/golden/quickbooks/bill_foreign_from_order.json"))
            .expect("JSON");
    fake.put("Bill", vec![bill["Bill"].take()]);
    let mut invoice: Json =
        serde_json::from_str(include_str!("../../../../tests/golden/quickbooks/invoice_all_lines.json")).expect("JSON");
    fake.put("Invoice", vec![invoice["Invoice"].take()]);
    let adapter = adapter(&fake);
    let rates = async |entity: EntityType, set: &str, id: &str| {
        let found = adapter.get_many(&ctx(), entity, &refs(set, &[id]), fields(entity, &["lines"])).await;
        let record = found.expect("records").remove(0).expect("a record");
        let Value::List(lines) = record.named("lines") else { panic!("no lines") };
        let lines = lines.iter().map(|line| match line {
            Value::Object(line) => line[11].clone(),
            other => panic!("{other:?}"),
        });
        lines.collect::<Vec<_>>()
    };
    let to = |ids: &[&str]| Value::List(refs("TaxRate", ids).into_iter().map(Value::Ref).collect());
    assert_eq!(rates(EntityType::Bill, "Bill", "530").await, [to(&["52"])]);
    let of_invoice = rates(EntityType::Invoice, "Invoice", "421").await;
    assert!(matches!(&of_invoice[0], Value::List(rates) if !rates.is_empty()), "TAX: what is on the document");
    assert_eq!(of_invoice[4], to(&[]), "NON");
    assert_eq!(fake.asked().len(), 2, "the codes are known with the preferences");
}

#[tokio::test(start_paused = true)]
async fn company_and_its_exchange_rates() {
    let fake = company();
    let adapter = adapter(&fake);
    let entity = EntityType::Company;
    let mut companies = query(&adapter, entity, Filter::ALL, 10);
    companies.fields = entity.def().every_field();
    let company = all(&adapter, &mut companies, entity).await.remove(0);
    for (name, value) in [
        ("name", text("Cascade Ridge Outfitters")),
        ("taxNumber", text("123456789")),
        ("baseCurrency", Value::Currency("USD".parse().expect("a code"))),
        ("country", text("US")),
        ("timeZone", text("America/Los_Angeles")),
        ("fiscalYearEndMonth", Value::Int(3)),
        ("fiscalYearEndDay", Value::Int(31)),
    ] {
        assert_eq!(*company.named(name), value, "{name}");
    }
    let entity = EntityType::ExchangeRate;
    assert!(adapter.capability(entity).list);
    let mut rates = query(&adapter, entity, Filter::ALL, 1);
    rates.fields = entity.def().every_field();
    let found = all(&adapter, &mut rates, entity).await;
    let seen: Vec<_> = found.iter().map(|r| (&*r.key.id, r.named("to").clone(), r.named("rate").clone())).collect();
    let usd = || Value::Currency("USD".parse().expect("a code"));
    let rate = |text: &str| Value::Decimal(text.parse().expect("a number"));
    assert_eq!(seen, [("EUR:2026-03-07", usd(), rate("1.0875")), ("NOK:2026-02-15", usd(), rate("0.0931"))]);
    fake.asked();
    let until = is(entity, "date", Op::Lt, vec![Value::Date("2026-03-08".parse().expect("a date"))]);
    rates.filter = until;
    rates.sets[0].after = None;
    adapter.list(&ctx(), entity, &rates).await.expect("a page");
    let asked = fake.asked();
    assert_eq!(
        asked[0].1,
        ["select * from ExchangeRate where AsOfDate = '2026-03-07' startposition 1 maxresults 1000"]
    );
    let wanted = refs("ExchangeRate", &["NOK:2026-02-15", "GBP:2026-02-15", "x' or", "NOK:2026-02-16"]);
    let found = adapter.get_many(&ctx(), entity, &wanted, entity.def().every_field()).await.expect("records");
    assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, false, false]);

    let one_currency =
        json!([{ "Id": "1", "CurrencyPrefs": { "HomeCurrency": { "value": "USD" }, "MultiCurrencyEnabled": false } }]);
    fake.put("Preferences", one_currency.as_array().expect("rows").clone());
    let adapter = super::adapter(&fake);
    let error = adapter.list(&ctx(), entity, &rates).await.expect_err("none");
    assert_eq!((error.kind, adapter.capability(entity).list), (ErrorKind::Unsupported, false));
}

#[tokio::test(start_paused = true)]
async fn stock_hangs_on_items() {
    let fake = Fake::new();
    let item = |id: u32, kind: &str, quantity: f64| json!({ "Id": id.to_string(), "Name": "n", "Type": kind, "Active": true, "QtyOnHand": quantity });
    fake.put("Item", vec![item(1, "Inventory", 12.5), item(2, "Service", 0.0), item(3, "Inventory", -1.0)]);
    let adapter = adapter(&fake);
    let entity = EntityType::StockLevel;
    let children = ChildrenQuery {
        via: field(entity, "product"),
        parents: refs("Item", &["1", "2", "3"]),
        filter: Filter::ALL,
        order: order(entity, "location", Direction::Asc),
        per_parent: 5,
        sets: adapter.sets(entity),
        fields: fields(entity, &["product", "location", "onHand"]),
    };
    let found = adapter.list_children(&ctx(), entity, &children).await.expect("children");
    let levels: Vec<_> = found.parents.iter().map(|sets| sets[0].rows.len()).collect();
    assert_eq!((levels, fake.asked().len()), (vec![1, 0, 1], 1));
    let level = &found.parents[0][0].rows[0].record;
    assert_eq!(*level.named("onHand"), Value::Decimal("12.5".parse().expect("a number")));
    assert_eq!(*level.named("product"), Value::Ref(refs("Item", &["1"]).remove(0)));
    assert!(level.named("location").is_null());
    assert_eq!(adapter.count(&ctx(), entity, &Filter::ALL).await.expect("a count"), Count::Exact(2));
}
