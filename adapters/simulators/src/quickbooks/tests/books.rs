//! Whether all that can be read is of one set of books.

use std::collections::BTreeMap;

use super::*;

/// All objects of an entity, inactive ones too.
async fn all(client: &Client, entity: &str, has_active: bool) -> Vec<Value> {
    let condition = if has_active { " where Active in (true,false)" } else { "" };
    let mut objects = Vec::new();
    loop {
        let start = objects.len() + 1;
        let page = client
            .objects(&format!("select * from {entity}{condition} orderby Id startposition {start} maxresults 1000"))
            .await;
        objects.extend_from_slice(&page);
        if page.len() < 1000 {
            return objects;
        }
    }
}

/// Cents in the books' currency at the rate of a document.
fn home(document: &Value, cents: i64) -> i64 {
    match document["ExchangeRate"].as_f64() {
        Some(rate) => (cents as f64 * rate).round() as i64,
        None => cents,
    }
}

fn currency(document: &Value) -> String {
    document["CurrencyRef"]["value"].as_str().unwrap().to_owned()
}

/// The linked amounts of payments by transaction.
fn applied(payments: &[Value]) -> BTreeMap<String, i64> {
    let mut applied = BTreeMap::new();
    for line in payments.iter().flat_map(|payment| payment["Line"].as_array().unwrap()) {
        let links = line["LinkedTxn"].as_array().unwrap();
        assert_eq!(links.len(), 1);
        *applied.entry(links[0]["TxnId"].as_str().unwrap().to_owned()).or_default() += cents(&line["Amount"]);
    }
    applied
}

#[tokio::test]
async fn what_is_paid_is_what_payments_say() {
    let client = start_with(1200, |_| {}).await;
    for (payments, documents, credits) in
        [("Payment", "Invoice", "CreditMemo"), ("BillPayment", "Bill", "VendorCredit")]
    {
        let payments = all(&client, payments, false).await;
        assert!(payments.iter().any(|payment| payment["PrivateNote"] == "Voided" && payment["TotalAmt"] == 0));
        let applied = applied(&payments);
        let mut seen = 0;
        for document in all(&client, documents, false).await.iter().chain(&all(&client, credits, false).await) {
            let paid = applied.get(document["Id"].as_str().unwrap()).copied().unwrap_or_default();
            assert_eq!(cents(&document["TotalAmt"]) - paid, cents(&document["Balance"]), "{document}");
            seen += usize::from(paid > 0);
        }
        assert_eq!(seen, applied.len());
        for payment in payments {
            let lines = payment["Line"].as_array().unwrap();
            let (mut owed, mut credited) = (0, 0);
            for line in lines {
                match line["LinkedTxn"][0]["TxnType"].as_str().unwrap() {
                    "Invoice" | "Bill" => owed += cents(&line["Amount"]),
                    "CreditMemo" | "VendorCredit" => credited += cents(&line["Amount"]),
                    other => panic!("{other}"),
                }
            }
            let unapplied = cents(&payment["TotalAmt"]) + credited - owed;
            assert!(unapplied >= 0);
            if let Some(told) = payment.get("UnappliedAmt") {
                assert_eq!(cents(told), unapplied);
            }
        }
    }
}

#[tokio::test]
async fn receivables_and_payables_are_what_is_open() {
    let client = start_with(1200, |_| {}).await;
    let accounts = all(&client, "Account", true).await;
    for (kind, payments, documents, credits, sign, report) in [
        ("Accounts Receivable", "Payment", "Invoice", "CreditMemo", 1, "AgedReceivables"),
        ("Accounts Payable", "BillPayment", "Bill", "VendorCredit", -1, "AgedPayables"),
    ] {
        let mut open: BTreeMap<String, i64> = BTreeMap::new();
        let mut worth = 0;
        let mut put = |document: &Value, amount: i64| {
            *open.entry(currency(document)).or_default() += amount;
            worth += home(document, amount);
        };
        for document in all(&client, documents, false).await {
            put(&document, cents(&document["Balance"]));
            if let Some(told) = document.get("HomeBalance") {
                assert_eq!(cents(told), home(&document, cents(&document["Balance"])));
            }
        }
        for credit in all(&client, credits, false).await {
            put(&credit, -cents(&credit["Balance"]));
        }
        for payment in all(&client, payments, false).await {
            let lines = payment["Line"].as_array().unwrap();
            let used: i64 = lines.iter().map(|line| cents(&line["Amount"])).sum();
            let rest = cents(&payment["TotalAmt"]) - used;
            put(&payment, if payment["TotalAmt"] == 0 { 0 } else { -rest });
        }
        for account in accounts.iter().filter(|account| account["AccountType"] == kind) {
            let balance = cents(&account["CurrentBalance"]);
            assert_eq!(balance, sign * open.remove(&currency(account)).unwrap_or_default(), "{account}");
        }
        assert!(open.is_empty());
        let sheet = client.get("reports/BalanceSheet").await.json();
        let group = if sign > 0 { "AR" } else { "AP" };
        assert_eq!(reports::total(&sheet, group), worth);
        let aged = client.get(&format!("reports/{report}")).await.json();
        assert_eq!(reports::total(&aged, "GrandTotal"), worth);
        let aged = client.get(&format!("reports/{report}?report_date=2026-03-31")).await.json();
        let sheet = client.get("reports/BalanceSheet?end_date=2026-03-31").await.json();
        assert_eq!(reports::total(&aged, "GrandTotal"), reports::total(&sheet, group));
    }
}

#[tokio::test]
async fn every_transaction_is_balanced_and_every_account_adds_up() {
    let client = start_with(1200, |_| {}).await;
    let columns = "columns=txn_type,debt_home_amt,credit_home_amt,subt_nat_home_amount,account_name";
    let ledger = client.get(&format!("reports/GeneralLedger?date_macro=All&{columns}")).await.json();
    let mut txns: BTreeMap<String, i64> = BTreeMap::new();
    let mut kinds = BTreeSet::new();
    let mut accounts: BTreeMap<String, i64> = BTreeMap::new();
    for row in reports::leaves(&ledger) {
        let cells = row["ColData"].as_array().unwrap();
        let Some(txn) = cells[0]["id"].as_str() else { continue };
        kinds.insert(cells[0]["value"].as_str().unwrap().to_owned());
        // In the service's order: the account stands before the amounts.
        let account = cells[1]["id"].as_str().unwrap().to_owned();
        let change = reports::money(&cells[2]) - reports::money(&cells[3]);
        *txns.entry(txn.to_owned()).or_default() += change;
        *accounts.entry(account).or_default() += change;
    }
    assert!(txns.len() > 3000 && txns.values().all(|sum| *sum == 0));
    let expected = [
        "Bill",
        "Bill Payment (Check)",
        "Bill Payment (Credit Card)",
        "Credit Memo",
        "Inventory Qty Adjust",
        "Invoice",
        "Journal Entry",
        "Payment",
        "Sales Receipt",
        "Vendor Credit",
    ];
    assert_eq!(kinds, expected.map(str::to_owned).into());
    for account in all(&client, "Account", true).await {
        let nominal = matches!(account["Classification"].as_str().unwrap(), "Revenue" | "Expense");
        let booked = accounts.get(account["Id"].as_str().unwrap()).copied().unwrap_or_default();
        if currency(&account) == "USD" {
            let balance = cents(&account["CurrentBalance"]);
            assert_eq!(balance, if nominal { 0 } else { booked }, "{account}");
        }
    }

    // Each posted document has its total in the ledger, in the books' currency.
    let mut posted: BTreeMap<String, i64> = BTreeMap::new();
    for row in reports::leaves(&ledger) {
        let cells = row["ColData"].as_array().unwrap();
        if cells[1]["value"].as_str().unwrap().starts_with("Accounts Receivable") {
            let change = reports::money(&cells[2]) - reports::money(&cells[3]);
            *posted.entry(cells[0]["id"].as_str().unwrap_or_default().to_owned()).or_default() += change;
        }
    }
    for invoice in all(&client, "Invoice", false).await {
        let booked = posted.get(invoice["Id"].as_str().unwrap()).copied().unwrap_or_default();
        assert_eq!(booked, home(&invoice, cents(&invoice["TotalAmt"])), "{invoice}");
    }
    for receipt in all(&client, "SalesReceipt", false).await {
        assert!(!posted.contains_key(receipt["Id"].as_str().unwrap()), "never owed: {receipt}");
    }
}

#[tokio::test]
async fn stock_is_worth_what_its_account_says_and_moves_by_adjustments() {
    let client = start_with(1200, |_| {}).await;
    let items = all(&client, "Item", true).await;
    let counted: Vec<_> = items.iter().filter(|item| item["Type"] == "Inventory").collect();
    let worth: i64 =
        counted.iter().map(|item| cents(&item["PurchaseCost"]) * item["QtyOnHand"].as_i64().unwrap()).sum();
    let accounts = client.objects("select * from Account where AccountSubType = 'Inventory'").await;
    assert_eq!(accounts.len(), 1);
    assert_eq!(cents(&accounts[0]["CurrentBalance"]), worth);
    let ids: HashSet<_> = counted.iter().map(|item| item["Id"].as_str().unwrap()).collect();
    let adjustments = all(&client, "InventoryAdjustment", false).await;
    let lines: Vec<_> = adjustments.iter().flat_map(|one| one["Line"].as_array().unwrap()).collect();
    let moved = |line: &Value| line["ItemAdjustmentLineDetail"]["QtyDiff"].as_f64().unwrap();
    assert!(lines.iter().any(|line| moved(line) > 0.0) && lines.iter().any(|line| moved(line) < 0.0));
    assert!(
        lines
            .iter()
            .all(|line| { ids.contains(line["ItemAdjustmentLineDetail"]["ItemRef"]["value"].as_str().unwrap()) })
    );
}

#[tokio::test]
async fn names_carry_what_is_open() {
    let client = start_with(1200, |_| {}).await;
    let mut open: BTreeMap<(String, String), i64> = BTreeMap::new();
    let mut put = |document: &Value, amount: i64| {
        let vendor = document["VendorRef"]["value"].as_str().unwrap().to_owned();
        *open.entry((vendor, currency(document))).or_default() += amount;
    };
    for bill in all(&client, "Bill", false).await {
        put(&bill, cents(&bill["Balance"]));
    }
    for credit in all(&client, "VendorCredit", false).await {
        put(&credit, -cents(&credit["Balance"]));
    }
    for payment in all(&client, "BillPayment", false).await {
        let lines = payment["Line"].as_array().unwrap();
        let used: i64 = lines.iter().map(|line| cents(&line["Amount"])).sum();
        put(&payment, if payment["TotalAmt"] == 0 { 0 } else { used - cents(&payment["TotalAmt"]) });
    }
    let vendors = all(&client, "Vendor", true).await;
    assert!(vendors.iter().any(|vendor| vendor["Active"] == false));
    for vendor in &vendors {
        let of_vendor = |key: &&(String, String)| key.0 == vendor["Id"].as_str().unwrap();
        // Documents in another currency are converted, which other tests cannot repeat to the cent.
        if open.keys().filter(of_vendor).all(|key| key.1 == currency(vendor)) {
            let own = open.iter().filter(|(key, _)| of_vendor(key)).map(|(_, amount)| amount).sum::<i64>();
            assert_eq!(cents(&vendor["Balance"]), own, "{vendor}");
        }
    }
}
