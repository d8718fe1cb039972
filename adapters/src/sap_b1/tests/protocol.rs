//! What goes over the wire: how many exchanges, with which cookies and options, and what happens when something fails.

use super::*;
use crate::{
    ErrorKind,
    adapter::{ChildrenQuery, Count, Paging, RawCall},
    filter::Op,
};
use std::sync::atomic::Ordering::SeqCst;

const E: EntityType = EntityType::Invoice;

/// An adapter that has logged in and knows its company.
async fn ready(server: &Arc<Server>, settings: &[(&str, &str)]) -> SapB1 {
    let b1 = adapter(server, settings);
    b1.books(&ctx()).await.expect("the company");
    server.sent();
    b1
}

#[tokio::test]
async fn the_first_call_logs_in_once_and_asks_for_the_company_once() {
    let server = Arc::new(company(2));
    let b1 = adapter(&server, &[]);
    let query = query(&b1, EntityType::Customer, &["name"]);
    let (ctx, other) = (ctx(), ctx());
    let (a, b) =
        tokio::join!(b1.list(&ctx, EntityType::Customer, &query), b1.list(&other, EntityType::Customer, &query));
    assert!(a.is_ok() && b.is_ok());
    let sent = server.sent();
    assert_eq!(&sent[..2], ["POST /b1s/v2/Login", "POST /b1s/v2/CompanyService_GetAdminInfo"]);
    assert_eq!(sent.iter().filter(|s| s.contains("Login") || s.contains("AdminInfo")).count(), 2);
    let info = b1.probe(&ctx).await.expect("a probe");
    assert_eq!(info.version.as_deref(), Some("10.00.340"));
    assert_eq!((info.company.as_deref(), info.time_zone.as_deref()), (Some("Edelweiß AG"), Some("Europe/Berlin")));
    assert_eq!(info.base_currency.map(|c| c.to_string()).as_deref(), Some("EUR"));
    assert!(info.missing_rights.is_empty());
}

#[tokio::test]
async fn invoices_with_their_customers_take_two_exchanges() {
    let server = Arc::new(company(2));
    let b1 = ready(&server, &[]).await;
    let ctx = ctx();
    let mut query = query(&b1, E, &["number", "total", "customer"]);
    query.order = order(E, &[("issueDate", Direction::Desc)]);
    let page = b1.list(&ctx, E, &query).await.expect("a page");
    let customers: Vec<_> = page
        .sets
        .iter()
        .flat_map(|set| &set.rows)
        .filter_map(|row| match row.record.named("customer") {
            Value::Ref(to) => Some(to.clone()),
            _ => None,
        })
        .collect();
    let found = b1
        .get_many(&ctx, EntityType::Customer, &customers, fields(EntityType::Customer, &["name"]))
        .await
        .expect("customers");
    assert!(found.iter().all(Option::is_some));
    assert_eq!(ctx.calls_made(), 2);
    let sent = server.sent();
    assert_eq!(sent[0], "POST /b1s/v2/$batch");
    assert_eq!(
        sent[1],
        "| /b1s/v2/Invoices?$select=DocEntry,DocNum,CardCode,TaxDate,DocTotal,DocTotalFc,DocCurrency\
        &$filter=CancelStatus ne 'csCancellation'&$orderby=TaxDate desc,DocEntry desc&$top=51"
    );
    assert_eq!(sent.len(), 4);
    assert!(
        sent[3].starts_with("GET /b1s/v2/BusinessPartners?$select=CardCode,CardName&$filter=(CardCode eq 'C001' or "),
        "{}",
        sent[3]
    );
    assert!(sent[3].contains(") and CardType ne 'cSupplier'&$top="), "{}", sent[3]);
}

#[tokio::test]
async fn children_of_many_parents_take_one_exchange_and_are_exact() {
    let server = Arc::new(company(2));
    let b1 = ready(&server, &[]).await;
    for (entity, keys) in [
        (E, ("issueDate", Direction::Desc)),
        (E, ("total", Direction::Desc)),
        (EntityType::SalesOrder, ("orderDate", Direction::Desc)),
    ] {
        let ctx = ctx();
        let mut parents: Vec<_> = (0..20).map(|at| reference("BusinessPartners", &format!("C{at:03}"))).collect();
        parents.push(reference("Items", "C001"));
        parents.push(reference("BusinessPartners", "nobody' or CardCode ne '"));
        let wanted = ChildrenQuery {
            via: entity.def().id_of("customer").expect("a field"),
            parents: parents.clone(),
            filter: Filter::ALL,
            order: order(entity, &[keys]),
            per_parent: 5,
            sets: b1.sets(entity),
            fields: fields(entity, &["number"]),
        };
        let children = b1.list_children(&ctx, entity, &wanted).await.expect("children");
        assert_eq!(ctx.calls_made(), 1, "{entity:?}");
        assert!(children.left.is_all());
        assert_eq!(children.parents.len(), parents.len());
        for (parent, sets) in parents.iter().zip(&children.parents) {
            assert_eq!(sets.len(), wanted.sets.len());
            for set in sets {
                let customer = Filter::of(entity, "customer", Op::Eq, vec![Value::Ref(parent.clone())]);
                let mut list =
                    ListQuery { filter: customer, order: wanted.order.clone(), ..query(&b1, entity, &["number"]) };
                list.sets.retain(|start| start.set == set.set);
                let expected = all(&b1, entity, list).await.expect("a list").0;
                let expected: Vec<_> = expected.iter().map(|record| id(record)).collect();
                let found: Vec<_> = set.rows.iter().map(|row| id(&row.record)).collect();
                assert_eq!(found, expected[..expected.len().min(5)], "{parent:?}");
                assert_eq!(set.next.is_some(), expected.len() > 5, "{parent:?}");
            }
        }
    }
}

/// Invoices of many customers, with the number of exchanges they took.
async fn invoices_of(server: Server, parents: usize) -> (Vec<usize>, u32) {
    let b1 = ready(&Arc::new(server), &[]).await;
    let ctx = ctx();
    let wanted = ChildrenQuery {
        via: E.def().id_of("customer").expect("a field"),
        parents: (0..parents).map(|at| reference("BusinessPartners", &format!("C{at:03}"))).collect(),
        filter: Filter::ALL,
        order: order(E, &[("issueDate", Direction::Desc)]),
        per_parent: 5,
        sets: b1.sets(E),
        fields: fields(E, &["number"]),
    };
    let children = b1.list_children(&ctx, E, &wanted).await.expect("children");
    (children.parents.iter().map(|sets| sets.iter().map(|set| set.rows.len()).sum()).collect(), ctx.calls_made())
}

#[tokio::test]
async fn parts_that_were_not_answered_are_asked_again() {
    let (expected, calls) = invoices_of(company(2), 20).await;
    assert_eq!(calls, 1);
    let mut few = company(2);
    few.parts = 7;
    assert_eq!(invoices_of(few, 20).await, (expected, 6), "40 parts, seven at a time");
}

#[tokio::test]
async fn more_parts_than_fit_go_in_several_batches() {
    let (rows, calls) = invoices_of(company(2), 60).await;
    assert_eq!((rows.len(), calls), (60, 2));
}

#[test]
fn the_catalog_builds_it_and_names_what_is_wrong() {
    use crate::{
        catalog::{self, Services},
        tokens::MemoryTokens,
    };
    let services =
        Services { hosts: Arc::default(), tokens: Arc::new(MemoryTokens::default()), allow_link_local: false };
    let good = [
        ("url", "https://b1.example:50000"),
        ("company_db", "SBO"),
        ("username", "u"),
        ("password", "p"),
        ("time_zone", "Europe/Berlin"),
    ];
    let build = |settings: &[(&str, &str)]| {
        let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        catalog::build("sap_b1", &"b1".into(), settings, &services)
    };
    assert_eq!(build(&good).expect("an adapter").info().system, "sap_b1");
    let error = |settings: &[(&str, &str)]| build(settings).err().expect("refused").message;
    assert_eq!(error(&good[..4]), "The setting time_zone (Time zone of the server) is missing.");
    let broken = "-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----";
    let certificate = [&good[..], &[("root_certificate", broken)]].concat();
    assert_eq!(error(&certificate), "a root certificate cannot be used: is its PEM text complete?");
}

#[tokio::test]
async fn a_parent_that_differs_by_case_alone_keeps_its_children() {
    let mut server = company(2);
    let mut twin = server.tables["Invoices"][0].clone();
    twin.insert("DocEntry".into(), json!(999));
    twin.insert("CardCode".into(), json!("c001"));
    server.tables.get_mut("Invoices").expect("a table").push(twin);
    let b1 = ready(&Arc::new(server), &[]).await;
    let wanted = ChildrenQuery {
        via: E.def().id_of("customer").expect("a field"),
        parents: vec![reference("BusinessPartners", "C001"), reference("BusinessPartners", "c001")],
        filter: Filter::of(E, "reference", Op::StartsWith, vec![text("ref")]),
        order: order(E, &[("issueDate", Direction::Asc)]),
        per_parent: 200,
        sets: b1.sets(E),
        fields: fields(E, &["number"]),
    };
    let children = b1.list_children(&ctx(), E, &wanted).await.expect("children");
    assert!(children.parents[0][0].rows.len() > 20);
    assert_eq!(children.parents[1][0].rows.iter().map(|row| &*row.record.key.id).collect::<Vec<_>>(), ["999"]);
}

#[tokio::test]
async fn invoices_of_orders_are_found_by_their_lines() {
    for page in [usize::MAX, 3] {
        let mut server = company(2);
        server.page = page;
        let server = Arc::new(server);
        let b1 = ready(&server, &[]).await;
        let ctx = ctx();
        let wanted = ChildrenQuery {
            via: E.def().id_of("salesOrder").expect("a field"),
            parents: (1..=20).map(|order| reference("Orders", &order.to_string())).collect(),
            filter: Filter::ALL,
            order: order(E, &[("issueDate", Direction::Desc)]),
            per_parent: 1,
            sets: b1.sets(E),
            fields: fields(E, &["number", "salesOrder"]),
        };
        let children = b1.list_children(&ctx, E, &wanted).await.expect("children");
        let mut found = 0;
        for (parent, sets) in wanted.parents.iter().zip(&children.parents) {
            let [invoices, credits] = sets.as_slice() else { panic!("two sets") };
            assert!(credits.rows.is_empty() && credits.next.is_none());
            for row in &invoices.rows {
                assert_eq!(*row.record.named("salesOrder"), Value::Ref(parent.clone()));
            }
            found += invoices.rows.len();
            // 20 invoices go to orders 1, 7, 13, 19, 5, 11, 17, 3, 9 and 15: two to each, some of them cancellations.
            assert!(invoices.rows.len() <= 1);
        }
        assert_eq!(found, 10);
        assert_eq!(children.parents.iter().filter(|sets| sets[0].next.is_some()).count(), 8, "two have a cancellation");
        if page == usize::MAX {
            assert_eq!(ctx.calls_made(), 2);
        }
    }
}

#[tokio::test]
async fn many_ids_are_read_at_once_in_their_order() {
    let server = Arc::new(company(2));
    let b1 = ready(&server, &[]).await;
    let ctx = ctx();
    let ids: Vec<_> = (0..150)
        .rev()
        .map(|at| reference(if at % 3 == 0 { "CreditNotes" } else { "Invoices" }, &at.to_string()))
        .collect();
    let found = b1.get_many(&ctx, E, &ids, fields(E, &["number"])).await.expect("records");
    assert_eq!(ctx.calls_made(), 1);
    for (wanted, record) in ids.iter().zip(&found) {
        let number: i64 = wanted.id.parse().expect("a number");
        let exists = number >= 1 && number <= if wanted.set.as_str() == "Invoices" { 120 } else { 25 };
        assert_eq!(record.is_some(), exists, "{wanted:?}");
        assert!(record.as_ref().is_none_or(|record| id(record) == (wanted.set.to_string(), wanted.id.to_string())));
    }
    let ids = ["C004", "C001", "' or CardCode ne '", "C001", "C010"].map(|id| reference("BusinessPartners", id));
    let found = b1.get_many(&ctx, EntityType::Customer, &ids, FieldSet::EMPTY).await.expect("records");
    let found: Vec<_> = found.iter().map(|r| r.as_ref().map(|r| r.key.id.to_string())).collect();
    assert_eq!(
        found,
        [None, Some("C001".into()), None, Some("C001".into()), Some("C010".into())],
        "C004 is a supplier, C010 is frozen"
    );
    let none = [reference("Invoices", "1 or 1 eq 1"), reference("Orders", "1")];
    let calls = ctx.calls_made();
    assert_eq!(b1.get_many(&ctx, E, &none, FieldSet::EMPTY).await.expect("records"), [None, None]);
    assert_eq!(ctx.calls_made(), calls, "no number, no call");
}

#[tokio::test]
async fn counts_are_exact_or_unknown() {
    let server = Arc::new(company(2));
    let b1 = ready(&server, &[]).await;
    let ctx = ctx();
    let count = async |filter: Filter| b1.count(&ctx, E, &filter).await.expect("a count");
    assert_eq!(count(Filter::ALL).await, Count::Exact(111 + 23), "without the cancellations");
    assert_eq!(ctx.calls_made(), 1);
    assert_eq!(count(Filter::of(E, "kind", Op::Eq, vec![Value::Enum("CREDIT_NOTE")])).await, Count::Exact(23));
    assert_eq!(ctx.calls_made(), 2);
    let total = Filter::of(E, "total", Op::Gt, vec![Value::Decimal(25.into())]);
    let expected =
        all(&b1, E, ListQuery { filter: total.clone(), ..query(&b1, E, &[]) }).await.expect("records").0.len();
    assert_eq!(count(total).await, Count::Exact(expected as u64));
    let calls = ctx.calls_made();
    assert_eq!(count(Filter::of(E, "number", Op::Eq, vec![text("x")])).await, Count::Exact(0));
    assert_eq!(count(Filter::of(E, "reference", Op::Contains, vec![text("x")])).await, Count::Unknown);
    assert_eq!(count(Filter::of(E, "balanceDue", Op::Gt, vec![Value::Decimal(1.into())])).await, Count::Unknown);
    assert_eq!(ctx.calls_made(), calls);
}

#[tokio::test]
async fn a_session_that_ended_is_renewed_once_and_the_batch_replayed() {
    for version in [1, 2] {
        let server = Arc::new(company(version));
        let b1 = ready(&server, &[]).await;
        server.requests_left.store(0, SeqCst);
        let page = b1.list(&ctx(), E, &query(&b1, E, &["number"])).await.expect("a page");
        assert_eq!(page.sets[0].rows.len(), 50);
        let calls: Vec<_> = server.sent().into_iter().filter(|sent| sent.starts_with("POST")).collect();
        let [batch, login] = [format!("POST /b1s/v{version}/$batch"), format!("POST /b1s/v{version}/Login")];
        assert_eq!(calls, [batch.clone(), login, batch]);
    }
}

#[tokio::test]
async fn an_idle_session_is_renewed_before_it_is_refused() {
    let server = Arc::new(company(2));
    let b1 = ready(&server, &[]).await;
    let later = Ctx { now: now() + chrono::TimeDelta::minutes(29), ..ctx() };
    b1.list(&later, E, &query(&b1, E, &["number"])).await.expect("a page");
    assert_eq!(server.sent()[0], "POST /b1s/v2/Login");
}

#[tokio::test(start_paused = true)]
async fn a_part_that_hiccups_is_tried_again() {
    let server = Arc::new(company(2));
    let b1 = ready(&server, &[]).await;
    server.hiccups.store(1, SeqCst);
    assert_eq!(b1.list(&ctx(), E, &query(&b1, E, &["number"])).await.expect("a page").sets.len(), 2);
}

#[tokio::test]
async fn missing_rights_are_found_although_a_batch_stops_at_the_first_failure() {
    let mut server = company(2);
    server.forbidden = ["Items", "CreditNotes"].into();
    let server = Arc::new(server);
    let b1 = ready(&server, &[]).await;
    let info = b1.probe(&ctx()).await.expect("a probe");
    assert_eq!(info.missing_rights, [EntityType::Product, E, EntityType::StockLevel]);
    assert!(!b1.capability(EntityType::Payment).list && b1.sets(EntityType::Payment).is_empty(), "no such sets here");
    let error = b1.list(&ctx(), E, &query(&b1, E, &["number"])).await.expect_err("no right");
    assert_eq!(error.kind, ErrorKind::Forbidden);
    assert!(error.detail.expect("a detail").starts_with("CreditNotes: 403"));
}

#[tokio::test]
async fn properties_of_newer_patch_levels_are_left_out() {
    let mut server = company(1);
    server.lacks = ["PaidToDate", "PaidToDateFC", "DataVersion"].into();
    let server = Arc::new(server);
    let b1 = ready(&server, &[]).await;
    let mut wanted = query(&b1, E, &["number", "status", "balanceDue", "version", "total"]);
    wanted.order = order(E, &[("issueDate", Direction::Desc)]);
    let page = b1.list(&ctx(), E, &wanted).await.expect("a page");
    let record = &page.sets[0].rows[0].record;
    assert!(
        record.named("version").is_null() && record.named("balanceDue").is_null() && !record.named("total").is_null()
    );
    server.sent();
    b1.list(&ctx(), E, &wanted).await.expect("a page");
    assert_eq!(server.sent().iter().filter(|sent| sent.starts_with("POST")).count(), 1, "remembered");
    assert!(!b1.capability(E).filter.contains(&"balanceDue"));
}

#[tokio::test]
async fn a_wrong_password_is_said_so_and_not_tried_again() {
    let server = Arc::new(company(2));
    let b1 = adapter(&server, &[("password", "wrong")]);
    for _ in 0..3 {
        let error = b1.probe(&ctx()).await.expect_err("refused");
        assert_eq!(
            (error.kind, error.message.as_str()),
            (ErrorKind::Unauthorized, "SAP Business One refused the log-in: check the user name and the password")
        );
        assert!(!format!("{error:?}").contains("wrong"));
    }
    assert_eq!(server.sent().len(), 1);
}

#[tokio::test]
async fn a_currency_by_setting_spares_the_question() {
    let server = Arc::new(company(2));
    let b1 = adapter(&server, &[("local_currency", "EUR")]);
    b1.list(&ctx(), EntityType::Customer, &query(&b1, EntityType::Customer, &["balanceDue"])).await.expect("a page");
    assert!(!server.sent().iter().any(|sent| sent.contains("AdminInfo")));
}

#[tokio::test]
async fn searches_ask_hana_to_ignore_case_and_sql_server_does_anyway() {
    let search = Filter::of(E, "reference", Op::Contains, vec![text("ref_1")]);
    for (settings, header) in [(&[][..], true), (&[("database", "mssql")], false)] {
        let server = Arc::new(company(2));
        let b1 = ready(&server, settings).await;
        let page = b1
            .list(&ctx(), E, &ListQuery { filter: search.clone(), ..query(&b1, E, &["number"]) })
            .await
            .expect("a page");
        assert_eq!(page.left, search);
        assert!(server.sent()[1].contains("contains(NumAtCard,'ref')"), "the piece that is no wildcard");
        assert_eq!(page.sets[0].rows.is_empty(), !header, "the fake is a HANA");
    }
}

#[tokio::test]
async fn an_operator_calls_below_the_root_only() {
    let server = Arc::new(company(2));
    let b1 = ready(&server, &[]).await;
    let call =
        |target: &str, args: Json| RawCall { target: target.into(), method: "get".into(), args, kwargs: Json::Null };
    let filter = json!({"$select": "CardCode", "$filter": "CardCode eq 'C001'"});
    let answer = b1.call(&ctx(), &call("BusinessPartners", filter)).await.expect("an answer");
    assert_eq!(answer["value"][0]["CardCode"], "C001");
    assert_eq!(server.sent(), ["GET /b1s/v2/BusinessPartners?$filter=CardCode eq 'C001'&$select=CardCode"]);
    assert_eq!(b1.call(&ctx(), &call("/Orders/$count", Json::Null)).await.expect("an answer"), json!(60));
    for target in [
        "../v1/Orders",
        "https://evil.example/x",
        "//evil.example/x",
        "Logout",
        "/login",
        "Orders?$top=1",
        "a\\..\\b",
        "%2e%2e/v1/x",
    ] {
        server.sent();
        let outcome = b1.call(&ctx(), &call(target, Json::Null)).await;
        let sent = server.sent();
        assert!(outcome.is_err() && sent.iter().all(|s| s.starts_with("GET /b1s/v2/")), "{target}: {sent:?}");
    }
}

#[test]
fn the_capability_says_what_there_is() {
    let capability = (super::super::SYSTEM.capability)(E);
    assert!(capability.list && capability.count && capability.get_many);
    assert_eq!(capability.paging, Paging::Keyset);
    assert_eq!(capability.order_by, ["remoteUpdatedAt", "number", "issueDate", "dueDate", "total"]);
    for name in ["status", "customer", "total", "isOverdue", "kind", "remoteUpdatedAt", "number"] {
        assert!(capability.filter.contains(&name), "{name}");
    }
    assert!(!capability.filter.contains(&"balanceDue"));
    let rates = (super::super::SYSTEM.capability)(EntityType::ExchangeRate);
    assert!(rates.list && !rates.count && rates.filter.contains(&"date"), "where a setting allows it");
    let ledger = (super::super::SYSTEM.capability)(EntityType::Transaction);
    assert!(ledger.list && !ledger.count);
    assert_eq!(ledger.order_by, ["date", "number"]);
    assert!(ledger.filter.contains(&"date") && !ledger.filter.contains(&"account"), "{:?}", ledger.filter);
    let accounts = (super::super::SYSTEM.capability)(EntityType::Account);
    assert!(accounts.filter.contains(&"isActive") && !accounts.filter.contains(&"kind"), "{:?}", accounts.filter);
    let payments = (super::super::SYSTEM.capability)(EntityType::Payment);
    assert!(payments.filter.contains(&"customer") && !payments.filter.contains(&"amount"), "{:?}", payments.filter);
}
