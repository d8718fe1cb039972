//! `where`, `orderBy` and the other arguments: what they mean, and how they fail.

use crate::fake::{Call, Fake, ask, customer_id, customer_key, data_with, error, error_of, invoice_id};
use adapters::{
    filter::{Condition, Filter, Op, Operand, Target},
    model::{EntityType, Value},
};
use async_graphql::Variables;
use serde_json::{Value as Json, json};

async fn filter(filter: Json) -> Filter<Operand> {
    let fake = Fake::new();
    data_with(&fake.api(), "query($w: InvoiceWhere) { invoices(where: $w) { nodes { id } } }", json!({"w": filter}))
        .await;
    match fake.calls().pop() {
        Some(Call::List(list)) => list.filter,
        other => panic!("{other:?}"),
    }
}

fn is(field: &str, op: Op, values: impl IntoIterator<Item = Value>) -> Filter<Operand> {
    let target = Target::Field(EntityType::Invoice.def().id_of(field).expect("a field"));
    Filter::Is(Condition { target, op, values: values.into_iter().map(Operand::Value).collect() })
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

#[tokio::test]
async fn conditions_become_filters() {
    let date = |text: &str| Value::Date(text.parse().expect("a date"));
    let decimal = |text: &str| Value::Decimal(text.parse().expect("a decimal"));
    for (input, expected) in [
        (json!(null), Filter::ALL),
        (json!({}), Filter::ALL),
        (json!({"number": null}), Filter::ALL),
        (json!({"number": {"contains": null, "in": null, "isNull": null}}), Filter::ALL),
        (json!({"number": {"eq": "A"}}), is("number", Op::Eq, [text("A")])),
        (json!({"currency": {"in": ["EUR", "USD"]}}), is("currency", Op::In, [text("EUR"), text("USD")])),
        (json!({"number": {"isNull": true}}), is("number", Op::IsNull, [Value::Bool(true)])),
        (json!({"status": {"neq": "PAID"}}), is("status", Op::Neq, [Value::Enum("PAID")])),
        (json!({"isOverdue": {"eq": true}}), is("isOverdue", Op::Eq, [Value::Bool(true)])),
        (
            json!({"issueDate": {"gte": "2026-01-01", "lt": "2026-02-01"}}),
            Filter::And(vec![
                is("issueDate", Op::Gte, [date("2026-01-01")]),
                is("issueDate", Op::Lt, [date("2026-02-01")]),
            ]),
        ),
        (json!({"total": {"gt": "100.50"}}), is("total", Op::Gt, [decimal("100.50")])),
        (json!({"total": {"gt": 9_007_199_254_740_993_i64}}), is("total", Op::Gt, [decimal("9007199254740993")])),
        (
            json!({"remoteUpdatedAt": {"lte": "2026-01-01T01:00:00+01:00"}}),
            is("remoteUpdatedAt", Op::Lte, [Value::DateTime("2026-01-01T00:00:00Z".parse().expect("a moment"))]),
        ),
        (json!({"number": {"in": []}}), Filter::NONE),
        (json!({"or": []}), Filter::NONE),
        (json!({"and": []}), Filter::ALL),
        (json!({"not": {"or": []}}), Filter::ALL),
        (
            json!({"or": [{"number": {"startsWith": "A"}}, {"not": {"number": {"contains": "B"}}}], "kind": {"eq": "INVOICE"}}),
            Filter::And(vec![
                is("kind", Op::Eq, [Value::Enum("INVOICE")]),
                Filter::Or(vec![
                    is("number", Op::StartsWith, [text("A")]),
                    Filter::Not(Box::new(is("number", Op::Contains, [text("B")]))),
                ]),
            ]),
        ),
        // GraphQL lets one value stand for a list of one.
        (json!({"and": {"number": {"in": "A"}}}), is("number", Op::In, [text("A")])),
    ] {
        assert_eq!(filter(input.clone()).await, expected, "{input}");
    }
}

#[tokio::test]
async fn ids_become_records() {
    let target = Target::Field(EntityType::Invoice.def().id_of("customer").expect("a field"));
    let records = [1, 2].map(|n| Operand::Record(customer_key(n))).to_vec();
    assert_eq!(
        filter(json!({"customer": {"in": [customer_id(1), customer_id(2)]}})).await,
        Filter::Is(Condition { target, op: Op::In, values: records })
    );
    let by_id = filter(json!({"id": {"eq": invoice_id(1)}})).await;
    assert!(matches!(by_id, Filter::Is(Condition { target: Target::Id, op: Op::Eq, .. })));
}

#[tokio::test]
async fn what_is_wrong_is_said_with_its_path() {
    let mut deep = json!({"number": {"eq": "A"}});
    for _ in 0..16 {
        deep = json!({"not": deep});
    }
    let many = json!({"or": vec![json!({"number": {"eq": "A"}}); 201]});
    let id = invoice_id(1);
    for (input, expected) in [
        (
            json!({"total": {"gt": "abc"}}),
            "where.total.gt: not a decimal: write it as a string of digits like \"12.50\", or as an integer",
        ),
        (
            json!({"total": {"gt": 1.5}}),
            "where.total.gt: not a decimal: write it as a string of digits like \"12.50\", or as an integer",
        ),
        (
            json!({"and": [{}, {"issueDate": {"eq": "2026-02-30"}}]}),
            "where.and[1].issueDate.eq: not a date: there is no such day",
        ),
        (
            json!({"not": {"remoteUpdatedAt": {"gt": "2026-01-01"}}}),
            "where.not.remoteUpdatedAt.gt: not a moment: write it with its zone, like \"2026-01-31T09:30:00Z\"",
        ),
        (json!({"number": {"eq": null}}), "where.number.eq: null is not a value to compare with: use isNull"),
        (json!({"number": {"neq": null}}), "where.number.neq: null is not a value to compare with: use isNull"),
        (json!({"total": {"eq": null}}), "where.total.eq: null is not a value to compare with"),
        (json!({"customer": {"eq": null}}), "where.customer.eq: null is not a value to compare with"),
        (
            json!({"customer": {"eq": id}}),
            "where.customer.eq: expected the id of a record of type Customer, found one of Invoice",
        ),
        (
            json!({"customer": {"in": [customer_id(1), "x"]}}),
            "where.customer.in[1]: not an id of a record of type Customer",
        ),
        (
            json!({"id": {"eq": customer_id(1)}}),
            "where.id.eq: expected the id of a record of type Invoice, found one of Customer",
        ),
        (json!({"number": {"eq": "a\u{0}b"}}), "where.number.eq: control characters are not allowed"),
        (json!({"number": {"in": ["a", "b\n"]}}), "where.number.in[1]: control characters are not allowed"),
        (json!({"number": {"in": vec!["a"; 1001]}}), "where.number.in: too many values: at most 1000"),
        (many, "where.or[200].number: too many conditions: at most 200"),
        (json!("x"), "where: expected an object"),
        (json!({"number": "x"}), "where.number: expected an object"),
    ] {
        let fake = Fake::new();
        let query = "query($w: InvoiceWhere) { invoices(where: $w) { nodes { id } } }";
        let variables = Variables::from_json(json!({"w": input}));
        let response = ask(&fake.api(), query, variables, crate::fake::analyst()).await;
        assert_eq!(error_of(&response), ("BAD_USER_INPUT".into(), expected.into()), "{input}");
        assert!(fake.calls().is_empty());
    }
    let query = "query($w: InvoiceWhere) { invoices(where: $w) { nodes { id } } }";
    let variables = Variables::from_json(json!({"w": deep}));
    let response = ask(&Fake::new().api(), query, variables, crate::fake::analyst()).await;
    let (code, message) = error_of(&response);
    assert_eq!(code, "BAD_USER_INPUT");
    assert!(message.ends_with(".not: nested too deep: at most 16 levels"), "{message}");
}

#[tokio::test]
async fn bad_arguments_are_refused_before_anything_is_asked() {
    let fake = Fake::new();
    let api = fake.api();
    for (arguments, expected) in [
        ("first: -1", "first: must not be negative"),
        ("first: 201", "first: at most 200"),
        ("orderBy: [{field: TOTAL}, {field: TOTAL, direction: DESC}]", "orderBy[1].field: the same field twice"),
        (
            "orderBy: [{field: TOTAL}, {field: NUMBER}, {field: DUE_DATE}, {field: ISSUE_DATE}, {field: BALANCE_DUE}]",
            "orderBy[4]: too many keys: at most 4",
        ),
        ("read: {maxAgeMs: -1}", "read.maxAgeMs: must not be negative"),
        ("erps: [\"nowhere\"]", "erps[0]: there is no such ERP"),
        ("where: {number: {eq: null}}", "where.number.eq: null is not a value to compare with: use isNull"),
    ] {
        let found = error(&api, &format!("{{ invoices({arguments}) {{ nodes {{ id }} }} }}")).await;
        assert_eq!(found, ("BAD_USER_INPUT".into(), expected.into()), "{arguments}");
    }
    let found = error(&api, "{ customers { nodes { invoices(first: 500) { nodes { id } } } } }").await;
    assert_eq!(found, ("BAD_USER_INPUT".into(), "invoices: first: at most 200".into()));
    assert!(fake.calls().is_empty());
}

#[tokio::test]
async fn what_the_schema_forbids_is_found_by_validation() {
    let api = Fake::new().api();
    for query in [
        "{ invoices(where: {nope: {eq: 1}}) { nodes { id } } }",
        "{ invoices(where: {status: {eq: NOPE}}) { nodes { id } } }",
        "{ invoices(where: {total: {contains: \"1\"}}) { nodes { id } } }",
        "{ invoices(orderBy: [{field: MEMO}]) { nodes { id } } }",
        "{ invoices(orderBy: [{direction: DESC}]) { nodes { id } } }",
        "{ invoices(first: \"x\") { nodes { id } } }",
    ] {
        assert_eq!(error(&api, query).await.0, "BAD_USER_INPUT", "{query}");
    }
    let (code, message) = error(&api, "{ invoices { nodes { numbr } } }").await;
    assert_eq!(code, "GRAPHQL_VALIDATION_FAILED");
    assert!(message.contains("Did you mean \"number\""), "{message}");
    assert_eq!(error(&api, "{ invoices(nope: 1) { nodes { id } } }").await.0, "GRAPHQL_VALIDATION_FAILED");
}
