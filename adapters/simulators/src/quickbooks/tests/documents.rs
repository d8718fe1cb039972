//! The shape of the objects, and whether they add up.

use super::*;

#[tokio::test]
async fn documents_add_up() {
    let client = start_with(1500, |_| {}).await;
    let mut seen = BTreeSet::new();
    for entity in ["Invoice", "SalesReceipt", "CreditMemo", "Estimate"] {
        let mut documents = client.objects(&format!("select * from {entity} maxresults 1000")).await;
        documents.extend(client.objects(&format!("select * from {entity} startposition 1001 maxresults 1000")).await);
        for document in &documents {
            let lines = document["Line"].as_array().unwrap();
            let mut sum = 0;
            let mut ids = HashSet::new();
            for line in lines {
                let kind = line["DetailType"].as_str().unwrap();
                seen.insert(format!("{entity} {kind}"));
                let detail = if kind == "DescriptionOnly" { "DescriptionLineDetail" } else { kind };
                assert!(line[detail].is_object(), "{line}");
                match kind {
                    "SalesItemLineDetail" => sum += cents(&line["Amount"]),
                    "GroupLineDetail" => {
                        let nested = line["GroupLineDetail"]["Line"].as_array().unwrap();
                        let inside: i64 = nested.iter().map(|line| cents(&line["Amount"])).sum();
                        assert!([0, inside].contains(&cents(&line["Amount"])));
                        seen.insert(format!(
                            "{entity} group of {}",
                            if cents(&line["Amount"]) == 0 { "0" } else { "sum" }
                        ));
                        assert!(nested.iter().all(|line| ids.insert(line["Id"].to_string())));
                        sum += inside;
                    }
                    "SubTotalLineDetail" => {
                        assert_eq!(cents(&line["Amount"]), sum);
                        assert!(line.get("Id").is_none());
                    }
                    "DiscountLineDetail" => {
                        assert!(cents(&line["Amount"]) > 0);
                        sum -= cents(&line["Amount"]);
                    }
                    _ => assert!(line.get("Amount").is_none()),
                }
                assert!(line.get("Id").is_none() || ids.insert(line["Id"].to_string()));
                if let (Some(price), Some(quantity)) =
                    (line["SalesItemLineDetail"]["UnitPrice"].as_f64(), line["SalesItemLineDetail"]["Qty"].as_f64())
                {
                    assert!((price * quantity * 100.0 - cents(&line["Amount"]) as f64).abs() <= 0.51, "{line}");
                } else if kind == "SalesItemLineDetail" {
                    seen.insert(format!("{entity} amount alone"));
                }
            }
            let tax = &document["TxnTaxDetail"];
            let by_rate: i64 = tax["TaxLine"].as_array().into_iter().flatten().map(|line| cents(&line["Amount"])).sum();
            assert_eq!(cents(&tax["TotalTax"]), by_rate);
            assert_eq!(cents(&document["TotalAmt"]), sum + by_rate, "{document}");
            let foreign = document["CurrencyRef"]["value"] != "USD";
            assert_eq!(document.get("ExchangeRate").is_some(), foreign);
            assert_eq!(document.get("HomeTotalAmt").is_some(), foreign);
            if foreign && document["TotalAmt"] != 0 {
                seen.insert(format!("{entity} in {}", document["CurrencyRef"]["value"]));
                let home = document["TotalAmt"].as_f64().unwrap() * document["ExchangeRate"].as_f64().unwrap();
                assert!((home - document["HomeTotalAmt"].as_f64().unwrap()).abs() < 0.006);
            }
        }
    }
    for kind in [
        "CreditMemo SalesItemLineDetail",
        "CreditMemo SubTotalLineDetail",
        "Estimate DescriptionOnly",
        "Estimate DiscountLineDetail",
        "Estimate GroupLineDetail",
        "Invoice DescriptionOnly",
        "Invoice DiscountLineDetail",
        "Invoice GroupLineDetail",
        "Invoice amount alone",
        "Invoice group of 0",
        "Invoice group of sum",
        "Invoice in \"CAD\"",
        "Invoice in \"EUR\"",
        "SalesReceipt SalesItemLineDetail",
        "SalesReceipt SubTotalLineDetail",
    ] {
        assert!(seen.contains(kind), "{kind}: {seen:?}");
    }
}

/// As on Intuit's page of the entity: paid when sold, into an account; voided like an invoice.
#[tokio::test]
async fn sales_receipts_are_paid_when_they_are_written() {
    let client = start_with(1500, |_| {}).await;
    let receipts = client.objects("select * from SalesReceipt maxresults 1000").await;
    assert_eq!(client.count("SalesReceipt").await, receipts.len());
    let voided = |receipt: &&Value| receipt["PrivateNote"].as_str().is_some_and(|note| note.starts_with("Voided"));
    let (void, sold): (Vec<_>, Vec<_>) = receipts.iter().partition(voided);
    assert!(void.len() > 2 && sold.len() > 30, "{} and {}", void.len(), sold.len());
    for receipt in &receipts {
        assert_eq!(receipt["Balance"], 0, "{receipt}");
        assert!(receipt.get("DueDate").is_none() && receipt.get("SalesTermRef").is_none(), "{receipt}");
        assert!(receipt["DepositToAccountRef"]["name"].is_string(), "{receipt}");
    }
    assert!(void.iter().all(|receipt| receipt["TotalAmt"] == 0));
    for receipt in &sold {
        assert!(cents(&receipt["TotalAmt"]) > 0 && receipt["PaymentMethodRef"]["name"].is_string(), "{receipt}");
        let same = format!("Payment where Id = '{}'", id(receipt));
        assert_eq!(client.count(&same).await + client.count(&same.replace("Payment", "Invoice")).await, 0);
    }
    assert!(sold.iter().any(|receipt| receipt["PaymentRefNum"].is_string()));
    let total = cents(&sold[0]["TotalAmt"]);
    let exact = format!("SalesReceipt where TotalAmt = '{}.{:02}'", total / 100, total % 100);
    assert!(client.count(&exact).await > 0);
    assert_eq!(client.count("SalesReceipt where Balance > '0'").await, 0);
    let refused = client.ask("select * from SalesReceipt where PaymentRefNum = '1'").await;
    assert_eq!((refused.status, refused.code().as_str()), (400, "4001"));
    let unordered = client.ask("select * from SalesReceipt orderby TotalAmt").await;
    assert_eq!(unordered.status, 400);
}

#[tokio::test]
async fn states_and_links_show_as_in_quickbooks() {
    let client = start_with(1500, |_| {}).await;
    let mut invoices = client.objects("select * from Invoice maxresults 1000").await;
    invoices.extend(client.objects("select * from Invoice startposition 1001 maxresults 1000").await);
    let voided: Vec<_> = invoices
        .iter()
        .filter(|invoice| invoice["PrivateNote"].as_str().is_some_and(|note| note.starts_with("Voided")))
        .collect();
    assert!(voided.len() > 10 && voided.iter().any(|invoice| invoice["PrivateNote"] == "Voided"));
    for invoice in voided {
        assert!(
            invoice["TotalAmt"] == 0 && invoice["Balance"] == 0 && invoice["TxnTaxDetail"] == json!({ "TotalTax": 0 })
        );
        assert_eq!(invoice["LinkedTxn"], json!([]));
        let lines = invoice["Line"].as_array().unwrap();
        assert!(lines.iter().filter(|line| line.get("Amount").is_some()).all(|line| line["Amount"] == 0));
        assert!(lines.iter().all(|line| line["SalesItemLineDetail"]["Qty"].as_i64().unwrap_or_default() == 0));
    }
    for invoice in &invoices {
        let links = invoice["LinkedTxn"].as_array().unwrap();
        let paid = cents(&invoice["Balance"]) < cents(&invoice["TotalAmt"]);
        assert_eq!(links.iter().any(|link| link["TxnType"] == "Payment"), paid);
    }
    let on_lines = invoices.iter().find(|invoice| {
        invoice["Line"].as_array().unwrap().iter().any(|line| line["LinkedTxn"][0]["TxnType"] == "Estimate")
    });
    assert!(on_lines.is_some());

    let estimates = client.objects("select * from Estimate maxresults 1000").await;
    let states: BTreeSet<_> = estimates.iter().map(|estimate| estimate["TxnStatus"].as_str().unwrap()).collect();
    assert_eq!(states, BTreeSet::from(["Accepted", "Closed", "Converted", "Pending", "Rejected"]));
    for estimate in &estimates {
        assert!(estimate.get("Balance").is_none() && estimate.get("DueDate").is_none());
    }
    for estimate in estimates.iter().filter(|estimate| estimate.get("LinkedTxn").is_some()).take(20) {
        let invoice = estimate["LinkedTxn"][0]["TxnId"].as_str().unwrap();
        let invoice = client.get(&format!("invoice/{invoice}")).await.json();
        let back = json!({ "TxnId": estimate["Id"], "TxnType": "Estimate" });
        assert!(invoice["Invoice"]["LinkedTxn"].as_array().unwrap().contains(&back));
    }
    let memos = client.objects("select * from CreditMemo maxresults 1000").await;
    assert!(memos.iter().any(|memo| cents(&memo["RemainingCredit"]) > 0));
    assert!(memos.iter().all(|memo| memo["RemainingCredit"] == memo["Balance"] && memo.get("LinkedTxn").is_none()));
    assert_eq!(
        client.count("CreditMemo where Balance > '0'").await,
        memos.iter().filter(|memo| memo["Balance"] != 0).count()
    );
    let items = client.objects("select * from Item maxresults 1000").await;
    let kinds: BTreeSet<_> = items.iter().map(|item| item["Type"].as_str().unwrap()).collect();
    assert_eq!(kinds, BTreeSet::from(["Category", "Group", "Inventory", "NonInventory", "Service"]));
}

#[tokio::test]
async fn amounts_have_two_decimals_times_an_offset_and_nothing_is_null() {
    let client = start_small().await;
    for entity in [
        "Customer",
        "Item",
        "Invoice",
        "CreditMemo",
        "Estimate",
        "Payment",
        "Vendor",
        "Bill",
        "VendorCredit",
        "BillPayment",
        "PurchaseOrder",
        "Account",
        "JournalEntry",
        "InventoryAdjustment",
        "TaxRate",
        "TaxCode",
        "TaxAgency",
        "Class",
        "Department",
        "Term",
        "PaymentMethod",
        "CompanyCurrency",
        "ExchangeRate",
        "CompanyInfo",
        "Preferences",
    ] {
        let body = client.ask(&format!("select * from {entity} maxresults 1000")).await.body;
        assert!(!body.contains("null"), "{entity}");
        for amount in body.split("\"Amount\":").skip(1).filter_map(|rest| rest.split([',', '}']).next()) {
            let decimals = amount.split_once('.').map_or(0, |(_, decimals)| decimals.len());
            assert!(amount == "0" || decimals == 2, "{amount}");
        }
        for time in body.split("Time\":\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let month: u32 = time[5..7].parse().unwrap();
            let offset = match month {
                4..=10 => Some("-07:00"),
                1 | 2 | 12 => Some("-08:00"),
                _ => None,
            };
            assert!(time.len() == 25 && offset.is_none_or(|offset| time.ends_with(offset)), "{time}");
        }
    }
}

#[tokio::test]
async fn members_are_those_of_the_samples() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/quickbooks");
    let mut known = BTreeSet::new();
    for file in samples.read_dir().unwrap().map(|file| file.unwrap().path()) {
        let text = std::fs::read_to_string(&file).unwrap();
        let Ok(mut sample) = serde_json::from_str::<Value>(&text) else { continue };
        let response = sample["QueryResponse"].take();
        for value in [sample, response] {
            members(&value, "", &mut known);
        }
    }
    let client = start_with(1000, |_| {}).await;
    for (entity, more) in [
        ("Customer", ["Customer.ShipAddr.Country"].as_slice()),
        ("Item", &[]),
        // A recorded answer has them, too.
        (
            "Invoice",
            &[
                "Invoice.BillAddr.",
                "Invoice.DepartmentRef",
                "Invoice.Line.SalesItemLineDetail.ClassRef",
                "Invoice.Line.GroupLineDetail.Line.Sales",
            ],
        ),
        // These are in the XSD for all sales documents.
        (
            "CreditMemo",
            &[
                "CreditMemo.DepartmentRef",
                "CreditMemo.Line.SalesItemLineDetail.ClassRef",
                "CreditMemo.Line.GroupLineDetail.Line.Sales",
                "CreditMemo.ExchangeRate",
                "CreditMemo.HomeTotalAmt",
                "CreditMemo.HomeBalance",
                "CreditMemo.FreeFormAddress",
            ],
        ),
        (
            "Estimate",
            &[
                "Estimate.DepartmentRef",
                "Estimate.Line.SalesItemLineDetail.ClassRef",
                "Estimate.Line.GroupLineDetail.Line.Sales",
                "Estimate.ExchangeRate",
                "Estimate.HomeTotalAmt",
                "Estimate.FreeFormAddress",
                "Estimate.ShipDate",
            ],
        ),
    ] {
        let mut own = BTreeSet::new();
        let objects = client.objects(&format!("select * from {entity} maxresults 1000")).await;
        members(&json!({ entity: objects }), "", &mut own);
        // Lines, addresses and references are alike in all sales documents.
        let is_known = |path: &String| {
            let of = |other: &str| path.replacen(entity, other, 1);
            known.contains(path) || known.contains(&of("Invoice")) && path.matches('.').count() > 2
        };
        let unknown: Vec<_> =
            own.iter().filter(|path| !is_known(path) && !more.iter().any(|more| path[1..].starts_with(more))).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}

/// Paths of all members, such as `Line.Amount`.
fn members(value: &Value, prefix: &str, paths: &mut BTreeSet<String>) {
    match value {
        Value::Object(members_of) => {
            for (name, value) in members_of {
                let path = format!("{prefix}.{name}");
                members(value, &path, paths);
                paths.insert(path);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| members(value, prefix, paths)),
        _ => {}
    }
}
