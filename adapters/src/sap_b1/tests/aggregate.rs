//! Sums by the service equal the sums over lists.

use super::{entities::enterprise, *};
use crate::{
    adapter::{AggregateQuery, AggregateRow, GroupBy, Period},
    filter::{Op, matches},
};
use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

use EntityType::{Invoice, StockLevel};

fn field(name: &str) -> crate::model::FieldId {
    Invoice.def().id_of(name).expect("a field")
}

fn query_of(b1: &SapB1, filter: Filter, group_by: Vec<GroupBy>, sums: &[&str]) -> AggregateQuery {
    AggregateQuery { sets: b1.sets(Invoice), filter, group_by, sums: sums.iter().map(|name| field(name)).collect() }
}

type Totals = BTreeMap<String, (u64, Vec<Decimal>)>;

/// What the rows of a list come to.
async fn expected(b1: &SapB1, query: &AggregateQuery) -> Totals {
    let names: Vec<_> = Invoice.def().fields.iter().filter(|f| f.computed.is_none()).map(|f| f.name).collect();
    let list = ListQuery { limit: 500, ..super::query(b1, Invoice, &names) };
    let (records, _) = all(b1, Invoice, list).await.expect("records");
    let mut totals = Totals::new();
    for record in records.iter().filter(|record| matches(&query.filter, record)) {
        let keys: Vec<Value> = query
            .group_by
            .iter()
            .map(|group| match group {
                GroupBy::Field(field) => record.get(*field).clone(),
                GroupBy::Period(field, period) => {
                    let day = record.get(*field).as_date().expect("a date");
                    let day = match period {
                        Period::Day => day,
                        Period::Month => day.with_day(1).expect("a day"),
                        Period::Year => NaiveDate::from_ymd_opt(day.year(), 1, 1).expect("a day"),
                    };
                    Value::Date(day)
                }
            })
            .collect();
        let total =
            totals.entry(format!("{} {keys:?}", record.key.set)).or_insert((0, vec![Decimal::ZERO; query.sums.len()]));
        total.0 += 1;
        for (sum, field) in total.1.iter_mut().zip(&query.sums) {
            *sum += record.get(*field).as_decimal().unwrap_or_default();
        }
    }
    totals
}

fn totals(rows: Vec<AggregateRow>) -> Totals {
    let cents = |sum: Decimal| sum.round_dp(2);
    rows.into_iter()
        .map(|row| {
            let sums = row.sums.into_iter().map(cents).collect();
            (format!("{} {:?}", row.set, row.keys), (row.count.expect("a count"), sums))
        })
        .collect()
}

#[tokio::test]
async fn sums_by_the_service_equal_the_sums_over_the_list() {
    for version in [1, 2] {
        let server = Arc::new(enterprise(version));
        let b1 = adapter(&server, &[]);
        let by = |name: &str| GroupBy::Field(field(name));
        let open = Filter::of(Invoice, "status", Op::In, vec![Value::Enum("OPEN"), Value::Enum("PARTIALLY_PAID")]);
        let day = Filter::of(Invoice, "postingDate", Op::Gte, vec![Value::Date("2026-01-10".parse().expect("a date"))]);
        for (filter, groups, sums) in [
            (Filter::ALL, vec![], vec!["baseTotal", "baseSubtotal", "baseBalanceDue"]),
            (Filter::ALL, vec![by("customer"), by("currency")], vec!["total", "balanceDue", "taxTotal"]),
            (day.clone(), vec![GroupBy::Period(field("postingDate"), Period::Month), by("kind")], vec!["baseTotal"]),
            (day, vec![GroupBy::Period(field("postingDate"), Period::Day)], vec!["baseTotal"]),
            (open, vec![by("status"), by("customer")], vec!["baseBalanceDue"]),
            (Filter::ALL, vec![by("status")], vec![]),
        ] {
            let query = query_of(&b1, filter, groups, &sums);
            b1.books(&ctx()).await.expect("the company");
            server.sent();
            let rows = b1.aggregate(&ctx(), Invoice, &query).await.expect("sums");
            assert_eq!(server.sent().iter().filter(|s| !s.starts_with('|')).count(), 1, "one exchange");
            let mut expected = expected(&b1, &query).await;
            expected.values_mut().for_each(|total| total.1.iter_mut().for_each(|sum| *sum = sum.round_dp(2)));
            assert!(!expected.is_empty());
            assert_eq!(totals(rows), expected, "{query:?}");
        }
    }
}

#[tokio::test]
async fn nothing_sums_to_zero() {
    let server = Arc::new(enterprise(2));
    let b1 = adapter(&server, &[]);
    let none = Filter::of(Invoice, "customer", Op::Eq, vec![Value::Ref(reference("BusinessPartners", "nobody"))]);
    let rows = b1.aggregate(&ctx(), Invoice, &query_of(&b1, none.clone(), vec![], &["baseTotal"])).await.expect("sums");
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.count == Some(0) && row.sums == [Decimal::ZERO]));
    let rows = b1.aggregate(&ctx(), Invoice, &query_of(&b1, none, vec![GroupBy::Field(field("status"))], &[])).await;
    assert!(rows.expect("groups").is_empty());
}

#[tokio::test]
async fn what_cannot_be_exact_is_refused() {
    let server = Arc::new(enterprise(2));
    let b1 = adapter(&server, &[]);
    let refused =
        |outcome: Result<Vec<AggregateRow>>| outcome.expect_err("refused").kind == crate::ErrorKind::Unsupported;
    let documents = query_of(&b1, Filter::ALL, vec![], &["total"]);
    assert!(refused(b1.aggregate(&ctx(), Invoice, &documents).await), "amounts in many currencies");
    let search = Filter::of(Invoice, "reference", Op::Contains, vec![text("x")]);
    assert!(refused(b1.aggregate(&ctx(), Invoice, &query_of(&b1, search, vec![], &["baseTotal"])).await));
    let by_moment = vec![GroupBy::Field(field("remoteUpdatedAt"))];
    assert!(refused(b1.aggregate(&ctx(), Invoice, &query_of(&b1, Filter::ALL, by_moment, &[])).await));
    let stock = AggregateQuery { sets: b1.sets(StockLevel), filter: Filter::ALL, group_by: vec![], sums: vec![] };
    assert!(refused(b1.aggregate(&ctx(), StockLevel, &stock).await));
    let other = adapter(&server, &[("database", "mssql")]);
    let any = query_of(&other, Filter::ALL, vec![], &["baseTotal"]);
    assert!(refused(other.aggregate(&ctx(), Invoice, &any).await), "SAP documents $apply for HANA");
    assert!(
        b1.capability(Invoice).aggregate
            && !other.capability(Invoice).aggregate
            && !b1.capability(StockLevel).aggregate
    );
}
