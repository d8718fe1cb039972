//! Sums of the ledger by QuickBooks' report.

use super::*;
use crate::adapter::{AggregateRow, GroupBy, Period};
use rust_decimal::Decimal;

const REPORT: &str = include_str!("../../../../tests/golden/quickbooks/report_generalledger.json");

fn dates(from: &str, to: &str) -> Filter {
    let entity = EntityType::Transaction;
    let day = |day: &str| vec![Value::Date(day.parse().expect("a date"))];
    Filter::And(vec![is(entity, "date", Op::Gte, day(from)), is(entity, "date", Op::Lte, day(to))])
}

fn sums(filter: Filter, group_by: Vec<GroupBy>) -> AggregateQuery {
    let entity = EntityType::Transaction;
    AggregateQuery { sets: Vec::new(), filter, group_by, sums: vec![field(entity, "debit"), field(entity, "credit")] }
}

fn row(rows: &[AggregateRow], keys: &[Value]) -> (Option<u64>, Vec<Decimal>) {
    let row = rows.iter().find(|row| row.keys == keys).unwrap_or_else(|| panic!("{keys:?} in {rows:?}"));
    (row.count, row.sums.clone())
}

fn amounts(debit: &str, credit: &str) -> Vec<Decimal> {
    vec![debit.parse().expect("a number"), credit.parse().expect("a number")]
}

#[tokio::test(start_paused = true)]
async fn ledger_is_summed_by_account_and_month_in_one_call() {
    let fake = Fake::new();
    fake.put_report("GeneralLedger", REPORT);
    let adapter = adapter(&fake);
    let entity = EntityType::Transaction;
    let capability = adapter.capability(entity);
    assert!(capability.aggregate && !capability.list && adapter.sets(entity).is_empty());
    let by = vec![GroupBy::Field(field(entity, "account")), GroupBy::Period(field(entity, "date"), Period::Month)];
    let query = sums(dates("2026-01-01", "2026-02-28"), by);
    let rows = adapter.aggregate(&ctx(), entity, &query).await.expect("sums");
    let asked = fake.asked();
    assert_eq!(asked.len(), 1);
    let parameters = &asked[0].1;
    for parameter in ["start_date=2025-12-31", "end_date=2026-02-28", "accounting_method=Accrual"] {
        assert!(parameters.iter().any(|p| p == parameter), "{parameters:?}");
    }
    assert!(parameters.iter().any(|p| p == "columns=tx_date,account_name,debt_home_amt,credit_home_amt"));
    let account = |id: &str| Value::Ref(refs("Account", &[id]).remove(0));
    let month = |day: &str| Value::Date(day.parse().expect("a date"));
    assert_eq!(rows.len(), 5);
    assert_eq!(row(&rows, &[account("35"), month("2026-01-01")]), (Some(2), amounts("100.00", "40.25")));
    assert_eq!(row(&rows, &[account("35"), month("2026-02-01")]), (Some(1), amounts("10.50", "0")));
    assert_eq!(row(&rows, &[account("82"), month("2026-01-01")]), (Some(1), amounts("0", "100.00")), "below another");
    let all = adapter.aggregate(&ctx(), entity, &sums(dates("2026-01-01", "2026-02-28"), vec![])).await.expect("sums");
    assert_eq!(all[0].count, Some(6));
    assert_eq!(all[0].sums[0], all[0].sums[1], "what is debited is credited");
    assert_eq!(all[0].sums, amounts("150.75", "150.75"));
    fake.asked();
    let of_one =
        Filter::And(vec![dates("2026-02-01", "2026-02-28"), is(entity, "account", Op::Eq, vec![account("35")])])
            .simplify();
    let one = adapter.aggregate(&ctx(), entity, &sums(of_one, vec![])).await.expect("sums");
    assert_eq!((one[0].count, &one[0].sums), (Some(1), &amounts("10.50", "0")));
    assert!(fake.asked()[0].1.iter().any(|p| p == "account=35"));
    let nothing =
        adapter.aggregate(&ctx(), entity, &sums(dates("2026-03-01", "2026-02-01"), vec![])).await.expect("sums");
    assert_eq!((nothing[0].count, fake.asked().len()), (Some(0), 0));
}

#[tokio::test(start_paused = true)]
async fn what_the_report_cannot_tell_is_refused() {
    let fake = Fake::new();
    fake.put_report(
        "GeneralLedger",
        &REPORT.replacen("Beginning Balance", "Unable to display more data. Please reduce the date range.", 1),
    );
    let adapter = adapter(&fake);
    let entity = EntityType::Transaction;
    let refused = async |query: AggregateQuery| {
        let error = adapter.aggregate(&ctx(), entity, &query).await.expect_err("refused");
        assert_eq!(error.kind, ErrorKind::Unsupported);
        error.message
    };
    assert!(refused(sums(dates("2026-01-01", "2026-02-28"), vec![])).await.contains("too long"));
    let by_journal = vec![GroupBy::Field(field(entity, "journal"))];
    assert!(refused(sums(Filter::ALL, by_journal)).await.contains("journal"));
    let of_journal = is(entity, "journal", Op::Eq, vec![Value::Text("x".into())]);
    assert!(refused(sums(of_journal, vec![])).await.contains("date and account"));
    assert_eq!(fake.asked().len(), 1);
}
