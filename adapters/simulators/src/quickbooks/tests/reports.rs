//! The reports: whether they agree with each other, and their odd corners.

use super::*;

/// The amount of a cell in cents; nothing when it is empty.
pub(super) fn money(cell: &Value) -> i64 {
    let text = cell["value"].as_str().unwrap();
    if text.is_empty() { 0 } else { (text.parse::<f64>().unwrap() * 100.0).round() as i64 }
}

/// All rows of amounts, whatever the section.
pub(super) fn leaves(report: &Value) -> Vec<Value> {
    let mut leaves = Vec::new();
    for row in report["Rows"]["Row"].as_array().into_iter().flatten() {
        if row.get("ColData").is_some() {
            leaves.push(row.clone());
        }
        leaves.extend(self::leaves(row));
    }
    leaves
}

/// The summary of the section of a group.
fn summary(report: &Value, group: &str) -> Option<Vec<Value>> {
    report["Rows"]["Row"].as_array()?.iter().find_map(|row| match row["group"] == group {
        true => Some(row["Summary"]["ColData"].as_array().or(row["ColData"].as_array())?.clone()),
        false => summary(row, group),
    })
}

/// What the section of a group adds up to.
pub(super) fn total(report: &Value, group: &str) -> i64 {
    summary(report, group).map_or(0, |cells| money(cells.last().unwrap()))
}

/// Sections add up, each column of them, and every row has a cell for every column.
fn check(row: &Value, width: usize) -> Vec<i64> {
    if let Some(cells) = row["ColData"].as_array() {
        assert_eq!(cells.len(), width, "{row}");
        return cells[1..].iter().map(money).collect();
    }
    let header = row["Header"]["ColData"].as_array();
    let mut sums: Vec<i64> = header.map_or(vec![0; width - 1], |cells| cells[1..].iter().map(money).collect());
    for inner in row["Rows"]["Row"].as_array().into_iter().flatten() {
        for (sum, amount) in sums.iter_mut().zip(check(inner, width)) {
            *sum += amount;
        }
    }
    let summary = row["Summary"]["ColData"].as_array().unwrap();
    assert_eq!(summary.len(), width);
    if header.is_some() {
        assert_eq!(summary[1..].iter().map(money).collect::<Vec<_>>(), sums, "{}", row["Summary"]);
    }
    sums
}

#[tokio::test]
async fn statements_add_up_and_agree() {
    let client = start_with(1200, |_| {}).await;
    for parameters in [
        "",
        "?date_macro=Last%20Fiscal%20Year",
        "?start_date=2026-01-01&end_date=2026-06-30&summarize_column_by=Month",
        "?start_date=2025-02-10&end_date=2026-06-30&summarize_column_by=Quarter",
        "?end_date=2026-06-30&summarize_column_by=Classes",
    ] {
        let mut net = Vec::new();
        for name in ["ProfitAndLoss", "BalanceSheet"] {
            let report = client.get(&format!("reports/{name}{parameters}")).await.json();
            assert_eq!(report["Header"]["ReportName"], name);
            assert_eq!(report["Header"]["Option"][1], json!({ "Name": "NoReportData", "Value": "false" }));
            let width = report["Columns"]["Column"].as_array().unwrap().len();
            for row in report["Rows"]["Row"].as_array().unwrap() {
                check(row, width);
            }
            net.push(total(&report, "NetIncome"));
            if name == "BalanceSheet" && !parameters.contains("Classes") {
                assert_eq!(summary(&report, "TotalAssets").unwrap()[1..], {
                    summary(&report, "TotalLiabilitiesAndEquity").unwrap()[1..].to_vec()
                });
            }
        }
        // Of the whole fiscal year so far, both tell the same.
        if parameters.len() < 40 {
            assert_eq!(net[0], net[1], "{parameters}");
        }
    }
    let months =
        client.get("reports/ProfitAndLoss?start_date=2026-01-01&end_date=2026-03-31&summarize_column_by=Month");
    let months = months.await.json();
    let columns = months["Columns"]["Column"].as_array().unwrap();
    let titles: Vec<_> = columns.iter().map(|column| column["ColTitle"].as_str().unwrap()).collect();
    assert_eq!(titles, ["", "Jan 2026", "Feb 2026", "Mar 2026", "Total"]);
    assert_eq!(columns[1]["MetaData"][0], json!({ "Name": "StartDate", "Value": "2026-01-01" }));
    assert_eq!(months["Header"]["SummarizeColumnsBy"], "Month");
    let plain = client.get("reports/ProfitAndLoss?start_date=2026-01-01&end_date=2026-03-31").await.json();
    assert_eq!(total(&months, "NetIncome"), total(&plain, "NetIncome"));
    let trial = client.get("reports/TrialBalance").await.json();
    let sums = summary(&trial, "GrandTotal").unwrap();
    assert!(money(&sums[1]) > 0 && sums[1] == sums[2]);
    assert!(leaves(&trial).iter().all(|row| row.get("type").is_none()));
}

#[tokio::test]
async fn sales_agree_with_the_documents() {
    let client = start_with(1200, |_| {}).await;
    let sales = client.get("reports/CustomerSales?start_date=2026-01-01&end_date=2026-06-30").await.json();
    let results = client.get("reports/ProfitAndLoss?start_date=2026-01-01&end_date=2026-06-30").await.json();
    assert_eq!(total(&sales, "GrandTotal"), total(&results, "Income"));
    let mut by_customer: std::collections::BTreeMap<String, i64> = Default::default();
    for (entity, sign) in [("Invoice", 1), ("SalesReceipt", 1), ("CreditMemo", -1)] {
        let condition = "where TxnDate >= '2026-01-01' and TxnDate <= '2026-06-30' maxresults 1000";
        for document in client.objects(&format!("select * from {entity} {condition}")).await {
            if document.get("ExchangeRate").is_none() {
                let net = cents(&document["TotalAmt"]) - cents(&document["TxnTaxDetail"]["TotalTax"]);
                let customer = document["CustomerRef"]["value"].as_str().unwrap();
                *by_customer.entry(customer.to_owned()).or_default() += sign * net;
            } else {
                by_customer.insert(document["CustomerRef"]["value"].as_str().unwrap().to_owned(), i64::MIN / 2);
            }
        }
    }
    let mut compared = 0;
    for row in leaves(&sales) {
        let cells = row["ColData"].as_array().unwrap();
        let own = by_customer[cells[0]["id"].as_str().unwrap()];
        if own > i64::MIN / 4 {
            assert_eq!(money(&cells[1]), own, "{row}");
            compared += 1;
        }
    }
    assert!(compared > 10);
    let one = leaves(&sales)[0]["ColData"].clone();
    let id = one[0]["id"].as_str().unwrap();
    let path = format!("reports/CustomerSales?start_date=2026-01-01&end_date=2026-06-30&customer={id}");
    let of_one = client.get(&path).await.json();
    assert_eq!(of_one["Header"]["Customer"], id);
    assert_eq!(leaves(&of_one).len(), 1);
    assert_eq!(leaves(&of_one)[0]["ColData"], one);
    let items = client.get("reports/ItemSales?start_date=2026-01-01&end_date=2026-06-30").await.json();
    assert_eq!(total(&items, "GrandTotal"), total(&results, "Income"));
    let income = client.get("reports/CustomerIncome?start_date=2026-01-01&end_date=2026-06-30").await.json();
    let sums = summary(&income, "GrandTotal").unwrap();
    assert!(money(&sums[2]) < 0 && money(&sums[1]) + money(&sums[2]) == money(&sums[3]));
    assert!(total(&client.get("reports/VendorExpenses").await.json(), "GrandTotal") > 0);
}

#[tokio::test]
async fn the_ledger_begins_with_what_was_there() {
    let client = start_with(1200, |_| {}).await;
    let ledger =
        client.get("reports/GeneralLedger?start_date=2026-10-01&end_date=2026-10-31&account=35,79").await.json();
    let keys: Vec<_> = ledger["Columns"]["Column"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| column["MetaData"][0]["Value"].as_str().unwrap())
        .collect();
    let expected =
        ["tx_date", "txn_type", "doc_num", "name", "memo", "split_acc", "subt_nat_home_amount", "rbal_nat_home_amount"];
    assert_eq!(keys, expected);
    let sections = ledger["Rows"]["Row"].as_array().unwrap();
    let names: Vec<_> = sections.iter().map(|row| row["Header"]["ColData"][0].clone()).collect();
    assert_eq!(names[0], json!({ "value": "Checking", "id": "35" }));
    assert_eq!((names.len(), &names[1]["id"]), (2, &json!("79")));
    let rows = leaves(&sections[0]);
    assert_eq!(rows[0]["ColData"][0]["value"], "Beginning Balance");
    let mut balance = money(&rows[0]["ColData"][7]);
    for row in &rows[1..] {
        balance += money(&row["ColData"][6]);
        assert_eq!(money(&row["ColData"][7]), balance);
        assert!(row["ColData"][1]["id"].is_string() && row["type"] == "Data");
    }
    assert_eq!(sections[0]["Summary"]["ColData"][0]["value"], "Total for Checking");
    let sheet = client.get("reports/BalanceSheet?end_date=2026-10-31").await.json();
    let checking = leaves(&sheet).into_iter().find(|row| row["ColData"][0]["id"] == "35").unwrap();
    assert_eq!(money(&checking["ColData"][1]), balance);
    assert_ne!(leaves(&sections[1])[0]["ColData"][0]["value"], "Beginning Balance");

    // Only what is of a customer, and of a type of accounts.
    let some = leaves(&sections[1])[0]["ColData"][3]["id"].as_str().unwrap().to_owned();
    let path = format!("reports/GeneralLedger?date_macro=All&customer={some}&account_type=Income,AccountsReceivable");
    let rows = leaves(&client.get(&path).await.json());
    assert!(!rows.is_empty() && rows.iter().all(|row| row["ColData"][3]["id"] == some.as_str()));
}

#[tokio::test]
async fn a_report_of_too_many_cells_ends_early() {
    let client = start_with(400, |options| options.report_cells = 4000).await;
    let ledger = client.get("reports/GeneralLedger?date_macro=All").await;
    assert_eq!(ledger.status, 200);
    let rows = leaves(&ledger.json());
    let last = &rows.last().unwrap()["ColData"];
    assert_eq!(last[0]["value"], "Unable to display more data. Please reduce the date range.");
    assert!(rows.len() < 510);
    let month = client.get("reports/GeneralLedger?date_macro=Last%20Month").await.body;
    assert!(!month.contains("Unable to display"));
}

#[tokio::test]
async fn what_is_no_report_is_refused_and_nothing_is_an_empty_one() {
    let client = start_small().await;
    for (path, code) in [
        ("reports/Nothing", "500"),
        ("reports/ProfitAndLoss?start_date=21.11.2026", "2030"),
        ("reports/ProfitAndLoss?start_date=2026-11-21&end_date=2026-01-01", "2030"),
        ("reports/ProfitAndLoss?date_macro=Some%20day", "2030"),
        ("reports/ProfitAndLoss?summarize_column_by=Moons", "6000"),
        ("reports/BalanceSheet?accounting_method=Cash", "6000"),
    ] {
        let answer = client.get(path).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, code), "{path}: {}", answer.body);
    }
    for name in ["ProfitAndLoss", "GeneralLedger", "TrialBalance", "CustomerSales"] {
        let report = client.get(&format!("reports/{name}?start_date=2019-01-01&end_date=2019-12-31")).await.json();
        assert_eq!(report["Rows"], json!({}), "{name}");
        let option = report["Header"]["Option"].as_array().unwrap().last().unwrap();
        assert_eq!(*option, json!({ "Name": "NoReportData", "Value": "true" }));
        assert!(report.get("time").is_none());
    }
    assert_eq!(client.running.stats().operation("report ProfitAndLoss"), 5);
}
