//! What queries in SQL give: sums over the ledger, and exchange rates.

use super::{entities::enterprise, *};
use crate::{
    adapter::{AggregateQuery, GroupBy, Period},
    filter::{Op, matches},
};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

use EntityType::{ExchangeRate, Transaction};

fn books() -> (Arc<Server>, SapB1) {
    let mut server = enterprise(2);
    let rates = (1..=9).flat_map(|day| {
        ["USD", "$", "CHF"].map(|code| {
            row(json!({"Currency": code, "RateDate": format!("2026010{day}"), "Rate": 0.9 + f64::from(day)}))
        })
    });
    server.tables.insert("ORTT", rates.collect());
    let server = Arc::new(server);
    let b1 = adapter(&server, &[("sql_queries", "true"), ("currencies", "$=USD")]);
    (server, b1)
}

#[tokio::test]
async fn the_ledger_is_summed_as_its_lines_are() {
    let (server, b1) = books();
    let field = |name: &str| Transaction.def().id_of(name).expect("a field");
    let names = ["date", "account", "debit", "credit", "number"];
    let list = ListQuery { limit: 500, ..query(&b1, Transaction, &names) };
    let (lines, _) = all(&b1, Transaction, list).await.expect("lines");
    let day = |op, day: &str| Filter::of(Transaction, "date", op, vec![Value::Date(day.parse().expect("a date"))]);
    let account = |op, ids: &[&str]| {
        Filter::of(
            Transaction,
            "account",
            op,
            ids.iter().map(|id| Value::Ref(reference("ChartOfAccounts", id))).collect(),
        )
    };
    let period = Filter::And(vec![day(Op::Gte, "2026-01-03"), day(Op::Lte, "2026-01-09")]);
    for (filter, by_account) in [
        (Filter::ALL, true),
        (period.clone(), true),
        (period.clone(), false),
        (Filter::And(vec![period, account(Op::In, &["1001", "1004"])]), true),
        (Filter::Not(Box::new(account(Op::Eq, &["1003"]))), true),
        (Filter::of(Transaction, "number", Op::Eq, vec![text("507")]), false),
    ] {
        let mut group_by = vec![GroupBy::Period(field("date"), Period::Month)];
        if by_account {
            group_by.push(GroupBy::Field(field("account")));
        }
        let sums = vec![field("debit"), field("credit")];
        let query = AggregateQuery { sets: b1.sets(Transaction), filter: filter.clone(), group_by, sums };
        let rows = b1.aggregate(&ctx(), Transaction, &query).await.expect("sums");
        let mut expected: BTreeMap<String, (u64, Vec<Decimal>)> = BTreeMap::new();
        for line in lines.iter().filter(|line| matches(&filter, line)) {
            let mut keys = vec![Value::Date("2026-01-01".parse().expect("a date"))];
            if by_account {
                keys.push(line.named("account").clone());
            }
            let total = expected.entry(format!("{keys:?}")).or_insert((0, vec![Decimal::ZERO; 2]));
            total.0 += 1;
            for (sum, name) in total.1.iter_mut().zip(["debit", "credit"]) {
                *sum += line.named(name).as_decimal().expect("an amount");
            }
        }
        let found: BTreeMap<_, _> =
            rows.into_iter().map(|row| (format!("{:?}", row.keys), (row.count.expect("a count"), row.sums))).collect();
        assert!(!expected.is_empty());
        assert_eq!(found, expected, "{filter:?}");
        // The query is stored by now: one call, and its values are no part of its text.
        server.sent();
        b1.aggregate(&ctx(), Transaction, &query).await.expect("sums");
        assert_eq!(server.sent().len(), 1);
    }
    let texts = server.sql.texts();
    assert_eq!(texts.len(), 6);
    assert!(texts.iter().all(|sql| !sql.contains("2026") && !sql.contains("1001")), "{texts:?}");
    assert!(b1.capability(Transaction).aggregate);
    let customer = AggregateQuery {
        sets: b1.sets(Transaction),
        filter: Filter::ALL,
        group_by: vec![GroupBy::Field(field("customer"))],
        sums: vec![],
    };
    let error = b1.aggregate(&ctx(), Transaction, &customer).await.expect_err("refused");
    assert_eq!(error.kind, crate::ErrorKind::Unsupported);
}

#[tokio::test]
async fn text_cannot_leave_its_parameter() {
    let (_, b1) = books();
    for evil in ["1001' OR 1 = 1", "a&p1=b", ":p0", "x;y"] {
        let filter = Filter::of(Transaction, "account", Op::Eq, vec![Value::Ref(reference("ChartOfAccounts", evil))]);
        let query = AggregateQuery { sets: b1.sets(Transaction), filter, group_by: vec![], sums: vec![] };
        let error = b1.aggregate(&ctx(), Transaction, &query).await.expect_err("refused");
        assert_eq!(error.kind, crate::ErrorKind::Unsupported, "{evil}");
    }
}

#[tokio::test]
async fn rates_are_listed_where_queries_are_allowed() {
    let (_, b1) = books();
    let currency = |code: &str| vec![Value::Currency(code.parse().expect("a code"))];
    let names = ["from", "to", "date", "rate"];
    for (filter, expected) in [
        (Filter::ALL, 27),
        (Filter::of(ExchangeRate, "from", Op::Eq, currency("USD")), 18),
        (Filter::of(ExchangeRate, "date", Op::Lt, vec![Value::Date("2026-01-03".parse().expect("a date"))]), 6),
        (Filter::of(ExchangeRate, "to", Op::Eq, currency("EUR")), 27),
    ] {
        for direction in [Direction::Asc, Direction::Desc] {
            for limit in [1, 4, 100] {
                let order = order(ExchangeRate, &[("date", direction)]);
                let query = ListQuery { filter: filter.clone(), order, limit, ..query(&b1, ExchangeRate, &names) };
                let (rates, _) = all(&b1, ExchangeRate, query).await.expect("rates");
                assert_eq!(rates.iter().map(|r| id(r)).collect::<BTreeSet<_>>().len(), expected, "{filter:?}");
                assert_eq!(rates.len(), expected);
            }
        }
    }
    let ids = ["CHF:2026-01-04", "CHF:2027-01-04", "x", "$:2026-01-09"].map(|id| reference("ORTT", id));
    let found = b1.get_many(&ctx(), ExchangeRate, &ids, fields(ExchangeRate, &names)).await.expect("rates");
    let shown: Vec<_> =
        found.iter().map(|r| r.as_ref().map(|r| r.named("from").as_text().map(str::to_owned))).collect();
    assert_eq!(shown, [Some(Some("CHF".to_owned())), None, None, Some(Some("USD".to_owned()))]);
    let without = adapter(&Arc::new(enterprise(2)), &[]);
    assert!(!without.capability(ExchangeRate).list && without.sets(ExchangeRate).is_empty());
    assert!(!without.capability(Transaction).aggregate);
    let mut query = query(&b1, ExchangeRate, &names);
    query.limit = 5;
    let error = without.list(&ctx(), ExchangeRate, &query).await.expect_err("not allowed");
    assert!(error.message.contains("sql_queries"), "{}", error.message);
}
