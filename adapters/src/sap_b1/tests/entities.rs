//! The entities beyond documents of customers: records inside records, both directions of payments, what is added to rows.

use super::*;
use crate::{
    adapter::{ChildrenQuery, Count, Paging, Position},
    filter::{Op, matches},
};
use std::collections::BTreeSet;

use EntityType::{Account, Company, Payment, Product, PurchaseOrder, Receipt, StockLevel, TaxRate, Transaction};

/// A company with purchases, payments, stock and a ledger.
pub(super) fn enterprise(version: u8) -> Server {
    let mut server = company(version);
    let date =
        |day: u32| if version == 1 { format!("2026-01-{day:02}") } else { format!("2026-01-{day:02}T00:00:00Z") };
    let rows = |rows: Vec<Json>| rows.into_iter().map(row).collect::<Vec<_>>();
    let postings = (0..40_usize).map(|at| {
        let lines = (0..2 + at % 4).map(|line| {
            let partner = match (at + line) % 5 {
                0 => "C001",
                1 => "C004",
                _ => "",
            };
            let account = format!("{}", 1000 + (at * 3 + line) % 7);
            json!({
                "Line_ID": line, "AccountCode": account, "ShortName": if partner.is_empty() { account.as_str() } else { partner },
                "Debit": if line == 0 { 10.5 } else { 0.0 }, "Credit": if line == 1 { 10.5 } else { 0.0 },
                "LineMemo": Json::Null, "CostingCode": if line == 0 { json!("K1") } else { Json::Null }, "ProjectCode": "",
            })
        });
        json!({
            "JdtNum": at + 1, "Number": 500 + at, "ReferenceDate": date(1 + at as u32 * 7 % 11), "Memo": format!("posting {at}"),
            "OriginalJournal": "ttARInvoice", "BaseReference": at.to_string(), "JournalEntryLines": lines.collect::<Vec<_>>(),
        })
    });
    server.tables.insert("JournalEntries", rows(postings.collect()));
    let items = (0..23_usize).map(|at| {
        let warehouses = ["01", "02", "a3"].iter().enumerate().filter(|(w, _)| at % (w + 1) == 0);
        let stock = warehouses
            .map(|(w, code)| json!({"WarehouseCode": code, "InStock": (at + w) as f64 + 0.5, "Committed": 0.25}));
        json!({
            "ItemCode": format!("I{at:02}"), "ItemName": format!("Item {at}"), "Frozen": "tNO", "ItemType": "itItems",
            "InventoryItem": if at == 5 { "tNO" } else { "tYES" }, "ItemsGroupCode": 100 + at % 2,
            "ItemWarehouseInfoCollection": stock.collect::<Vec<_>>(),
        })
    });
    server.tables.insert("Items", rows(items.collect()));
    server.tables.insert("Warehouses", rows(["02", "a3", "01"].map(|w| json!({"WarehouseCode": w})).into()));
    server.tables.insert(
        "ItemGroups",
        rows(vec![
            json!({"Number": 100, "GroupName": "Pumpen", "InventoryAccount": "1400"}),
            json!({"Number": 101, "GroupName": "Teile", "InventoryAccount": Json::Null}),
        ]),
    );
    let account = |code: &str, father: &str, kind: &str, control: bool, active: bool| {
        json!({
            "Code": code, "Name": format!("account {code}"), "FormatCode": Json::Null, "AccountType": kind, "FatherAccountKey": father,
            "CashAccount": if code == "1000" { "tYES" } else { "tNO" }, "LockManualTransaction": if control { "tYES" } else { "tNO" },
            "ActiveAccount": if active { "tYES" } else { "tNO" }, "FrozenFor": "tNO", "AcctCurrency": "##", "Balance": -1.5,
        })
    };
    server.tables.insert(
        "ChartOfAccounts",
        rows(vec![
            account("100000000000000", "", "at_Other", false, false),
            account("200000000000000", "", "at_Other", false, false),
            account("1000", "100000000000000", "at_Other", false, true),
            account("1200", "100000000000000", "at_Other", true, true),
            account("1400", "100000000000000", "at_Other", false, true),
            account("1600", "200000000000000", "at_Other", true, true),
            account("5000", "500000000000000", "at_Expenses", false, true),
            account("4000", "400000000000000", "at_Revenues", false, true),
            account("0900", "900", "at_Other", false, true),
        ]),
    );
    for (set, base) in [("IncomingPayments", 0), ("VendorPayments", 7)] {
        let payments = (0..20_usize).map(|at| {
            let kind = ["rCustomer", "rSupplier", "rAccount"][(at + base) % 3];
            json!({
                "DocEntry": at + 1, "DocNum": 100 + at, "DocType": kind, "DocDate": date(1 + at as u32 % 9), "DocCurrency": "EUR",
                "CardCode": match kind { "rCustomer" => json!("C001"), "rSupplier" => json!("C004"), _ => Json::Null },
                "Cancelled": "tNO", "AuthorizationStatus": "pasWithout", "CashSum": at as f64, "TransferSum": 0.5, "BillOfExchangeAmount": 0.0, "CheckAccount": Json::Null,
                "PaymentChecks": [{"CheckSum": 1.0}], "PaymentCreditCards": [],
                "PaymentInvoices": [{"DocEntry": 5, "InvoiceType": "it_Invoice", "SumApplied": 1.0, "AppliedFC": 0.0}],
            })
        });
        server.tables.insert(set, rows(payments.collect()));
    }
    let document = |entry: usize, base: Option<usize>| {
        json!({
            "DocEntry": entry, "DocNum": 700 + entry, "CardCode": "C004", "DocDate": date(1 + entry as u32 % 20), "CancelStatus": "csNo",
            "DocumentLines": [{"LineNum": 0, "ItemCode": "I01", "BaseType": if base.is_some() { 22 } else { -1 }, "BaseEntry": base, "BaseLine": 0}],
        })
    };
    server.tables.insert("PurchaseOrders", rows((1..6).map(|at| document(at, None)).collect()));
    server.tables.insert(
        "PurchaseDeliveryNotes",
        rows((1..13).map(|at| document(at, (at % 3 != 0).then_some(1 + at % 4))).collect()),
    );
    server.tables.insert(
        "VatGroups",
        rows(vec![json!({"Code": "A1", "Name": "19 %", "Category": "bovcOutputTax", "Inactive": "tNO",
        "VatGroups_Lines": [{"Effectivefrom": date(1), "Rate": 19.0}]})]),
    );
    server
}

async fn ready(version: u8) -> (Arc<Server>, SapB1) {
    let server = Arc::new(enterprise(version));
    let b1 = adapter(&server, &[]);
    b1.books(&ctx()).await.expect("the company");
    server.sent();
    (server, b1)
}

fn ids(records: &[Arc<Record>]) -> Vec<String> {
    records.iter().map(|record| format!("{} {}", record.key.set, record.key.id)).collect()
}

#[tokio::test]
async fn elements_page_completely_whatever_the_size() {
    let (_, b1) = ready(2).await;
    let day = vec![Value::Date("2026-01-05".parse().expect("a date"))];
    let account = vec![Value::Ref(reference("ChartOfAccounts", "1003"))];
    let product = vec![Value::Ref(reference("Items", "I04"))];
    let cases: Vec<(EntityType, &str, Vec<Filter>)> = vec![
        (
            Transaction,
            "date",
            vec![
                Filter::ALL,
                Filter::of(Transaction, "date", Op::Gte, day),
                Filter::of(Transaction, "account", Op::Eq, account),
                Filter::Not(Box::new(Filter::of(Transaction, "number", Op::Eq, vec![text("503")]))),
            ],
        ),
        (
            StockLevel,
            "location",
            vec![
                Filter::ALL,
                Filter::of(StockLevel, "location", Op::Eq, vec![text("02")]),
                Filter::of(StockLevel, "onHand", Op::Gt, vec![Value::Decimal(9.into())]),
                Filter::of(StockLevel, "product", Op::Neq, product),
            ],
        ),
    ];
    for (entity, key, filters) in cases {
        let names: Vec<_> = entity.def().fields.iter().map(|field| field.name).collect();
        let whole = ListQuery { limit: 500, ..query(&b1, entity, &names) };
        let everything = all(&b1, entity, whole).await.expect("all records").0;
        assert!(everything.len() > 40, "{}", everything.len());
        for filter in filters {
            let expected: BTreeSet<_> =
                everything.iter().filter(|record| matches(&filter, record)).map(|record| id(record)).collect();
            for direction in [Direction::Asc, Direction::Desc] {
                for order in [order(entity, &[(key, direction)]), Vec::new()] {
                    for limit in [3, 50] {
                        let query = ListQuery {
                            filter: filter.clone(),
                            order: order.clone(),
                            limit,
                            ..query(&b1, entity, &names)
                        };
                        let (records, _) = all(&b1, entity, query).await.expect("records");
                        let at = || format!("{filter:?} {order:?} {limit}");
                        assert_eq!(records.len(), expected.len(), "{}", at());
                        assert_eq!(records.iter().map(|r| id(r)).collect::<BTreeSet<_>>(), expected, "{}", at());
                        let values: Vec<_> =
                            order.iter().flat_map(|o| records.iter().map(|r| r.get(o.field))).collect();
                        assert!(
                            values.is_sorted_by(|a, b| {
                                let order = a.compare(b);
                                if direction == Direction::Asc { order.is_le() } else { order.is_ge() }
                            }),
                            "{}",
                            at()
                        );
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn elements_are_read_by_their_ids_in_one_call() {
    let (server, b1) = ready(1).await;
    let ids = ["3:1", "3:9", "40:0", "3:0", "99:0", "x", "3:"].map(|id| reference("JournalEntries", id));
    let found = b1.get_many(&ctx(), Transaction, &ids, fields(Transaction, &["number", "debit"])).await.expect("lines");
    let found: Vec<_> = found.iter().map(|r| r.as_ref().map(|r| r.key.id.to_string())).collect();
    assert_eq!(found.iter().flatten().collect::<Vec<_>>(), ["3:1", "40:0", "3:0"]);
    assert!(found[1].is_none() && found[4].is_none());
    let sent = server.sent();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert!(sent[0].contains("JdtNum eq 3 or JdtNum eq 40 or JdtNum eq 99"), "{sent:?}");
    let stock = [reference("Items", "I04:02"), reference("Items", "I04:zz")];
    let found = b1.get_many(&ctx(), StockLevel, &stock, fields(StockLevel, &["available"])).await.expect("stock");
    let available = found[0].as_ref().expect("a record").named("available").as_decimal().expect("a number");
    assert_eq!((available.to_string().as_str(), found[1].is_none()), ("5.25", true));
    let error = b1.count(&ctx(), Transaction, &Filter::ALL).await.expect_err("not declared");
    assert_eq!(error.kind, crate::ErrorKind::Unsupported);
}

#[tokio::test]
async fn who_a_line_is_about_takes_one_more_call_and_only_when_asked() {
    let (server, b1) = ready(2).await;
    let (lines, _) =
        all(&b1, Transaction, ListQuery { limit: 200, ..query(&b1, Transaction, &["debit"]) }).await.expect("lines");
    assert_eq!(server.sent().len(), 1);
    let query = ListQuery { limit: 200, ..query(&b1, Transaction, &["customer", "vendor", "account", "dimensions"]) };
    let (with, _) = all(&b1, Transaction, query).await.expect("lines");
    let sent = server.sent();
    assert_eq!((lines.len(), with.len(), sent.len()), (140, 140, 2), "{sent:?}");
    assert!(sent[1].contains("CardCode eq 'C001' or CardCode eq 'C004'"), "{sent:?}");
    assert!(!sent.iter().any(|s| s.contains('+')), "{sent:?}");
    let customers =
        with.iter().filter(|r| *r.named("customer") == Value::Ref(reference("BusinessPartners", "C001"))).count();
    let vendors =
        with.iter().filter(|r| *r.named("vendor") == Value::Ref(reference("BusinessPartners", "C004"))).count();
    assert_eq!((customers, vendors), (28, 28));
    assert!(with.iter().all(|r| r.named("customer").is_null() || r.named("vendor").is_null()));
    let Value::List(dimensions) = with[0].named("dimensions") else { panic!("a list") };
    assert_eq!(**dimensions, [Value::Object([text("CostingCode"), text("K1")].into())]);
}

#[tokio::test]
async fn stock_of_many_products_is_one_exchange_in_any_order() {
    let (server, b1) = ready(2).await;
    for key in ["location", "onHand"] {
        let query = ChildrenQuery {
            via: StockLevel.def().id_of("product").expect("a field"),
            parents: ["I06", "I05", "I01", "none"].map(|item| reference("Items", item)).into(),
            filter: Filter::ALL,
            order: order(StockLevel, &[(key, Direction::Desc)]),
            per_parent: 2,
            sets: b1.sets(StockLevel),
            fields: fields(StockLevel, &["onHand"]),
        };
        let children = b1.list_children(&ctx(), StockLevel, &query).await.expect("stock");
        assert_eq!(server.sent().iter().filter(|s| !s.starts_with('|')).count(), 1);
        let found: Vec<Vec<_>> = children
            .parents
            .iter()
            .map(|sets| sets[0].rows.iter().map(|r| r.record.key.id.to_string()).collect())
            .collect();
        assert_eq!(
            found,
            [vec!["I06:a3", "I06:02"], vec![], vec!["I01:01"], vec![]],
            "an item without stock-keeping has none"
        );
        assert!(children.parents[0][0].next.is_some() && children.parents[2][0].next.is_none());
    }
}

#[tokio::test]
async fn payments_of_both_directions_belong_to_their_parties() {
    let (server, b1) = ready(2).await;
    let children = |via: &str, parent: &str| ChildrenQuery {
        via: Payment.def().id_of(via).expect("a field"),
        parents: vec![reference("BusinessPartners", parent), reference("BusinessPartners", "C002")],
        filter: Filter::ALL,
        order: order(Payment, &[("date", Direction::Desc)]),
        per_parent: 50,
        sets: b1.sets(Payment),
        fields: fields(Payment, &["amount", "direction", "allocations"]),
    };
    let found = b1.list_children(&ctx(), Payment, &children("customer", "C001")).await.expect("payments");
    let sent = server.sent();
    assert_eq!(sent.iter().filter(|s| !s.starts_with('|')).count(), 1, "{sent:?}");
    assert!(sent[1].contains("CardCode eq 'C001'") && sent[1].contains("DocType eq 'rCustomer'"), "{sent:?}");
    let rows: Vec<_> = found.parents[0].iter().flat_map(|set| &set.rows).collect();
    assert_eq!(rows.len(), 13);
    assert!(found.parents[1].iter().all(|set| set.rows.is_empty()));
    let first = &rows[0].record;
    let Value::List(allocations) = first.named("allocations") else { panic!("a list") };
    let Value::Object(allocation) = &allocations[0] else { panic!("an object") };
    assert_eq!(allocation[2], Value::Ref(reference("IncomingPayments", &first.key.id)));
    assert_eq!(allocation[3], Value::Ref(reference("Invoices", "5")));
    // The customer's id is no vendor.
    let none = b1.list_children(&ctx(), Payment, &children("vendor", "C001")).await.expect("payments");
    assert!(none.parents.iter().flatten().all(|set| set.rows.is_empty()));
    for (filter, expected) in [
        (Filter::of(Payment, "customer", Op::IsNull, vec![Value::Bool(true)]), 27),
        (Filter::of(Payment, "direction", Op::Eq, vec![Value::Enum("OUTBOUND")]), 20),
        (Filter::of(Payment, "vendor", Op::Neq, vec![Value::Ref(reference("BusinessPartners", "C004"))]), 26),
    ] {
        assert_eq!(b1.count(&ctx(), Payment, &filter).await.expect("a count"), Count::Exact(expected), "{filter:?}");
    }
}

#[tokio::test]
async fn receipts_of_purchase_orders_take_a_join_and_a_batch() {
    let (server, b1) = ready(2).await;
    let query = ChildrenQuery {
        via: Receipt.def().id_of("purchaseOrder").expect("a field"),
        parents: (1..6).map(|order| reference("PurchaseOrders", &order.to_string())).collect(),
        filter: Filter::ALL,
        order: order(Receipt, &[("receivedAt", Direction::Desc)]),
        per_parent: 50,
        sets: b1.sets(Receipt),
        fields: fields(Receipt, &["number", "receivedAt", "lines"]),
    };
    let children = b1.list_children(&ctx(), Receipt, &query).await.expect("receipts");
    assert_eq!(server.sent().iter().filter(|s| !s.starts_with('|')).count(), 2);
    let found: Vec<_> = children.parents.iter().map(|sets| sets[0].rows.len()).collect();
    assert_eq!(found, [2, 2, 2, 2, 0]);
    let at = children.parents[0][0].rows[0].record.named("receivedAt").clone();
    assert_eq!(at, Value::DateTime("2026-01-08T23:00:00Z".parse().expect("a moment")), "midnight in Berlin");
    // A day is a moment to the reader and a date to the service, also when a list goes on after it.
    for direction in [Direction::Asc, Direction::Desc] {
        let query = ListQuery {
            order: order(Receipt, &[("receivedAt", direction)]),
            limit: 5,
            ..super::query(&b1, Receipt, &["number"])
        };
        let (receipts, _) = all(&b1, Receipt, query).await.expect("receipts");
        assert_eq!(receipts.len(), 12);
    }
    let after = Filter::of(
        Receipt,
        "receivedAt",
        Op::Gt,
        vec![Value::DateTime("2026-01-05T12:00:00Z".parse().expect("a moment"))],
    );
    let list = ListQuery { filter: after, ..super::query(&b1, Receipt, &["receivedAt"]) };
    assert_eq!(all(&b1, Receipt, list).await.expect("receipts").0.len(), 8, "from the 6th to the 13th");
    let orders =
        b1.get_many(&ctx(), PurchaseOrder, &query.parents, fields(PurchaseOrder, &["number"])).await.expect("orders");
    assert!(orders.iter().all(Option::is_some));
}

#[tokio::test]
async fn the_place_of_an_account_tells_what_it_is_for() {
    let (server, b1) = ready(2).await;
    let wanted = query(&b1, Account, &["code", "name", "classification", "kind", "isActive", "parent", "balance"]);
    let (accounts, _) = all(&b1, Account, wanted).await.expect("accounts");
    assert_eq!(server.sent().iter().filter(|s| !s.starts_with('|')).count(), 3, "accounts, chart and groups");
    let kinds: Vec<_> = accounts
        .iter()
        .map(|a| {
            format!(
                "{} {} {}",
                a.key.id,
                a.named("classification").as_text().unwrap_or("-"),
                a.named("kind").as_text().unwrap_or("-")
            )
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "0900 UNKNOWN UNKNOWN",
            "1000 ASSET CASH",
            "100000000000000 ASSET UNKNOWN",
            "1200 ASSET RECEIVABLE",
            "1400 ASSET INVENTORY",
            "1600 LIABILITY PAYABLE",
            "200000000000000 LIABILITY UNKNOWN",
            "4000 REVENUE INCOME",
            "5000 EXPENSE COST_OF_SALES"
        ]
    );
    let cash = Filter::of(Account, "kind", Op::Eq, vec![Value::Enum("PAYABLE")]);
    let page = ListQuery { filter: cash, ..query(&b1, Account, &["code"]) };
    assert_eq!(ids(&all(&b1, Account, page).await.expect("accounts").0), ["ChartOfAccounts 1600"]);
    assert_eq!(server.sent().iter().filter(|s| !s.starts_with('|')).count(), 1, "the chart is kept for a while");
    let active = Filter::of(Account, "isActive", Op::Eq, vec![Value::Bool(true)]);
    assert_eq!(b1.count(&ctx(), Account, &active).await.expect("a count"), Count::Exact(7));
}

#[tokio::test]
async fn a_product_names_its_group_and_a_tax_its_rate() {
    let (_, b1) = ready(1).await;
    let (products, _) = all(&b1, Product, query(&b1, Product, &["name", "category"])).await.expect("products");
    assert_eq!(*products[1].named("category"), text("Teile"));
    // No sales tax codes in this localization: the set is missed once and left out.
    let (rates, _) = all(&b1, TaxRate, query(&b1, TaxRate, &["rate", "kind"])).await.expect("rates");
    assert_eq!((rates.len(), rates[0].named("rate").as_decimal()), (1, Some(19.into())));
    assert_eq!(b1.sets(TaxRate).len(), 1);
    let gone = SetStart { set: "SalesTaxCodes".into(), after: None };
    let query = ListQuery { sets: vec![gone], ..query(&b1, TaxRate, &["rate"]) };
    let error = b1.list(&ctx(), TaxRate, &query).await.expect_err("nothing is left");
    assert_eq!(error.kind, crate::ErrorKind::Unsupported);
}

#[tokio::test]
async fn the_company_is_one_record() {
    let (server, b1) = ready(2).await;
    let wanted = ListQuery {
        order: order(Company, &[("name", Direction::Asc)]),
        ..query(&b1, Company, &["name", "timeZone", "baseCurrency"])
    };
    let (found, pages) = all(&b1, Company, wanted).await.expect("the company");
    assert_eq!((ids(&found), pages), (vec!["AdminInfo SBO".to_owned()], 1));
    assert_eq!((found[0].named("name"), found[0].named("timeZone")), (&text("Edelweiß AG"), &text("Europe/Berlin")));
    assert_eq!(server.sent().len(), 1);
    let other = Filter::of(Company, "name", Op::Eq, vec![text("x")]);
    assert_eq!(b1.count(&ctx(), Company, &other).await.expect("a count"), Count::Exact(0));
    let ids = [reference("AdminInfo", "other"), reference("AdminInfo", "SBO")];
    let found = b1.get_many(&ctx(), Company, &ids, fields(Company, &["name"])).await.expect("the company");
    assert!(found[0].is_none() && found[1].is_some());
    assert_eq!(b1.capability(Company).paging, Paging::None);
}

#[tokio::test]
async fn positions_of_another_order_are_refused_by_elements_too() {
    let (_, b1) = ready(2).await;
    for (entity, key, id, values) in [
        (Transaction, "date", "7", vec![Value::Date("2026-01-01".parse().expect("a date"))]),
        (Transaction, "date", "x:1", vec![Value::Date("2026-01-01".parse().expect("a date"))]),
        (StockLevel, "location", "7", vec![text("01")]),
        (StockLevel, "location", "7:1", vec![]),
    ] {
        let mut query = query(&b1, entity, &[]);
        query.order = order(entity, &[(key, Direction::Asc)]);
        query.sets[0].after = Some(Position::After { values, id: id.into() });
        let error = b1.list(&ctx(), entity, &query).await.expect_err("refused");
        assert_eq!(error.kind, crate::ErrorKind::Invalid, "{id}");
    }
    let mut query = query(&b1, StockLevel, &[]);
    query.order = order(StockLevel, &[("onHand", Direction::Asc)]);
    let error = b1.list(&ctx(), StockLevel, &query).await.expect_err("no such order");
    assert_eq!(error.kind, crate::ErrorKind::Unsupported);
    assert!(!b1.capability(StockLevel).order_by.contains(&"onHand"));
}
