//! Whether the books agree with each other, by what the front shows of them.

use super::*;

fn cents(value: &Value) -> i64 {
    (value.as_f64().unwrap_or_else(|| panic!("no number: {value}")) * 100.0).round() as i64
}

fn milli(value: &Value) -> i64 {
    (value.as_f64().unwrap_or_else(|| panic!("no number: {value}")) * 1000.0).round() as i64
}

fn lines<'a>(record: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    record[name].as_array().unwrap().iter()
}

#[tokio::test]
async fn every_posted_document_has_a_balanced_entry() {
    let client = Client::start().await;
    let entries = client.all("v2/JournalEntries").await;
    let mut by_number = BTreeMap::new();
    let mut accounts: BTreeMap<String, i64> = BTreeMap::new();
    let mut partners: BTreeMap<String, i64> = BTreeMap::new();
    for entry in &entries {
        let (mut debit, mut credit) = (0, 0);
        for line in lines(entry, "JournalEntryLines") {
            let (own_debit, own_credit) = (cents(&line["Debit"]), cents(&line["Credit"]));
            assert!(own_debit >= 0 && own_credit >= 0 && own_debit * own_credit == 0, "{entry}");
            debit += own_debit;
            credit += own_credit;
            let account = line["AccountCode"].as_str().unwrap();
            *accounts.entry(account.to_owned()).or_default() += own_debit - own_credit;
            assert_eq!(line["ShortName"] != line["AccountCode"], account == "1100" || account == "2000", "{line}");
            if line["ShortName"] != line["AccountCode"] {
                *partners.entry(line["ShortName"].as_str().unwrap().to_owned()).or_default() += own_debit - own_credit;
            }
            // An exchange difference is of a foreign document and has no foreign amount.
            assert!(!line["FCCurrency"].is_null() || line["FCDebit"] == 0.0 && line["FCCredit"] == 0.0, "{line}");
        }
        assert_eq!(debit, credit, "{entry}");
        by_number.insert(entry["JdtNum"].as_i64().unwrap(), entry);
    }
    for account in client.all("v2/ChartOfAccounts?$filter=ActiveAccount eq 'tYES'").await {
        let posted = accounts.get(account["Code"].as_str().unwrap()).copied().unwrap_or_default();
        assert_eq!(cents(&account["Balance"]), posted, "{account}");
    }
    for partner in client.all("v2/BusinessPartners").await {
        let posted = partners.get(partner["CardCode"].as_str().unwrap()).copied().unwrap_or_default();
        assert_eq!(cents(&partner["CurrentAccountBalance"]), posted, "{}", partner["CardCode"]);
    }
    let drawers = client.all("v2/ChartOfAccounts?$filter=AccountLevel eq 1").await;
    assert_eq!(drawers.iter().map(|drawer| cents(&drawer["Balance"])).sum::<i64>(), 0);

    for (set, journal, control) in [
        ("Invoices", "ttARInvoice", "1100"),
        ("CreditNotes", "ttARCredItnote", "1100"),
        ("PurchaseInvoices", "ttAPInvoice", "2000"),
        ("PurchaseCreditNotes", "ttAPCreditNote", "2000"),
    ] {
        let documents = client.all(&format!("v2/{set}")).await;
        assert!(!documents.is_empty(), "{set}");
        for document in documents {
            let entry = by_number[&document["TransNum"].as_i64().unwrap()];
            assert_eq!(entry["OriginalJournal"], journal);
            assert_eq!(document["ControlAccount"], control);
            if document["CancelStatus"] != "csCancellation" {
                assert_eq!(entry["Original"], document["DocEntry"], "{set}");
                assert_eq!(entry["BaseReference"], document["DocNum"].to_string());
            }
            let of_partner = lines(entry, "JournalEntryLines").filter(|line| line["ShortName"] == document["CardCode"]);
            let posted: i64 = of_partner.map(|line| cents(&line["Debit"]) + cents(&line["Credit"])).sum();
            assert_eq!(posted, cents(&document["DocTotal"]), "{set}({})", document["DocEntry"]);
        }
    }
}

#[tokio::test]
async fn payments_and_documents_agree() {
    let client = Client::start().await;
    let story = story();
    for (payments, invoices, credits, kind, control) in [
        ("IncomingPayments", "Invoices", "CreditNotes", "it_Invoice", "1100"),
        ("VendorPayments", "PurchaseInvoices", "PurchaseCreditNotes", "it_PurchaseInvoice", "2000"),
    ] {
        let mut applied: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
        let mut unapplied = 0;
        for payment in client.all(&format!("v2/{payments}")).await {
            let cards: i64 = lines(&payment, "PaymentCreditCards").map(|card| cents(&card["CreditSum"])).sum();
            let checks: i64 = lines(&payment, "PaymentChecks").map(|check| cents(&check["CheckSum"])).sum();
            let paid = cents(&payment["CashSum"]) + cents(&payment["TransferSum"]) + cards;
            assert!((paid == 0) != (checks == 0), "{payment}");
            if payment["Cancelled"] == "tYES" {
                assert!(payment["PaymentInvoices"].as_array().unwrap().is_empty());
                continue;
            }
            unapplied += lines(&payment, "PaymentInvoices").count();
            for line in lines(&payment, "PaymentInvoices") {
                assert_eq!((&line["InvoiceType"], &line["DocNum"]), (&json!(kind), &payment["DocEntry"]));
                let sums = applied.entry(line["DocEntry"].as_i64().unwrap()).or_default();
                sums.0 += cents(&line["SumApplied"]);
                sums.1 += cents(&line["AppliedFC"]);
            }
        }
        assert!(unapplied > 20, "{payments}");
        let mut credited: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
        for credit in client.all(&format!("v2/{credits}")).await {
            if credit["CancelStatus"] == "csNo" {
                let base = credit["DocumentLines"][0]["BaseEntry"].as_i64().unwrap();
                let sums = credited.entry(base).or_default();
                sums.0 += cents(&credit["PaidToDate"]);
                sums.1 += cents(&credit["PaidToDateFC"]);
            }
        }
        for document in client.all(&format!("v2/{invoices}")).await {
            let entry = document["DocEntry"].as_i64().unwrap();
            let (paid, credit) =
                (applied.remove(&entry).unwrap_or_default(), credited.remove(&entry).unwrap_or_default());
            let at = format!("{invoices}({entry})");
            if document["DocCurrency"] == "CHF" {
                assert_eq!(cents(&document["PaidToDate"]), paid.0 + credit.0, "{at}");
            } else {
                assert_eq!(cents(&document["PaidToDateFC"]), paid.1 + credit.1, "{at}");
            }
            let open = if document["DocCurrency"] == "CHF" {
                ("DocTotal", "PaidToDate")
            } else {
                ("DocTotalFc", "PaidToDateFC")
            };
            let left = cents(&document[open.0]) - cents(&document[open.1]);
            let void = document["CancelStatus"] != "csNo";
            assert_eq!(document["DocumentStatus"] == "bost_Close", void || left == 0, "{at}");
        }
        assert!(applied.is_empty() && credited.is_empty(), "{payments}");
        // The control account is what the documents leave open, less what was paid on account.
        let account = client.get(&format!("v2/ChartOfAccounts('{control}')")).await.json();
        let sum = |documents: Vec<Value>| -> i64 {
            let left = |document: &Value| cents(&document["DocTotal"]) - cents(&document["PaidToDate"]);
            documents.iter().map(left).sum()
        };
        let open = sum(client.all(&format!("v2/{invoices}?$filter=CancelStatus eq 'csNo'")).await)
            - sum(client.all(&format!("v2/{credits}?$filter=CancelStatus eq 'csNo'")).await);
        let (balance, on_account) = match payments {
            "IncomingPayments" => {
                let posted = story.payments.iter().filter(|payment| payment.state == PostState::Posted);
                let rests = posted.map(|payment| payment.rate.to_base(payment.unallocated()));
                (cents(&account["Balance"]), rests.sum::<i64>())
            }
            _ => {
                let posted = story.vendor_payments.iter().filter(|payment| payment.state == PostState::Posted);
                let rests = posted.map(|payment| payment.rate.to_base(payment.unallocated()));
                (-cents(&account["Balance"]), rests.sum::<i64>())
            }
        };
        assert_eq!(balance, open - on_account, "{control}");
        assert_eq!(account["LockManualTransaction"], "tYES");
    }
}

#[tokio::test]
async fn stock_is_what_came_in_less_what_went_out() {
    let client = Client::start().await;
    let story = story();
    let mut moved: BTreeMap<(String, String), i64> = BTreeMap::new();
    let mut add = |line: &Value, item: &str, warehouse: &str, quantity: &str, sign: i64| {
        let key = (line[item].as_str().unwrap().to_owned(), line[warehouse].as_str().unwrap().to_owned());
        *moved.entry(key).or_default() += sign * milli(&line[quantity]);
    };
    for (set, sign) in [("PurchaseDeliveryNotes", 1), ("DeliveryNotes", -1)] {
        for document in client.all(&format!("v2/{set}?$filter=CancelStatus eq 'csNo'")).await {
            for line in lines(&document, "DocumentLines") {
                add(line, "ItemCode", "WarehouseCode", "Quantity", sign);
            }
        }
    }
    for order in client.all("v2/ProductionOrders").await {
        add(&order, "ItemNo", "Warehouse", "CompletedQuantity", 1);
        for line in lines(&order, "ProductionOrderLines") {
            add(line, "ItemNo", "Warehouse", "IssuedQuantity", -1);
        }
    }
    let opening: BTreeMap<_, _> = story
        .stock
        .iter()
        .map(|level| ((story.products[level.product].sku.clone(), story.locations[level.location].code), level.opening))
        .collect();
    for item in client.all("v2/Items").await {
        let code = item["ItemCode"].as_str().unwrap();
        let mut all = 0;
        for level in lines(&item, "ItemWarehouseInfoCollection") {
            let warehouse = level["WarehouseCode"].as_str().unwrap();
            let key = (code.to_owned(), warehouse.to_owned());
            let expected = opening[&(code.to_owned(), warehouse)] + moved.remove(&key).unwrap_or_default();
            assert_eq!(milli(&level["InStock"]), expected, "{key:?}");
            assert_eq!(level["ItemCode"], item["ItemCode"]);
            all += milli(&level["InStock"]);
        }
        assert_eq!(milli(&item["QuantityOnStock"]), all, "{code}");
        assert_eq!(item["InventoryItem"] == "tYES", item["ItemWarehouseInfoCollection"] != json!([]));
    }
    assert!(moved.is_empty(), "{moved:?}");
}

#[tokio::test]
async fn orders_agree_with_what_was_received_and_billed() {
    let client = Client::start().await;
    let mut received: BTreeMap<(i64, i64), i64> = BTreeMap::new();
    let mut receipts: BTreeMap<(i64, i64), i64> = BTreeMap::new();
    for receipt in client.all("v2/PurchaseDeliveryNotes?$filter=CancelStatus eq 'csNo'").await {
        for line in lines(&receipt, "DocumentLines") {
            assert_eq!(line["BaseType"], 22);
            let order = (line["BaseEntry"].as_i64().unwrap(), line["BaseLine"].as_i64().unwrap());
            *received.entry(order).or_default() += milli(&line["Quantity"]);
            let own = (receipt["DocEntry"].as_i64().unwrap(), line["LineNum"].as_i64().unwrap());
            receipts.insert(own, milli(&line["Quantity"]) - milli(&line["RemainingOpenQuantity"]));
        }
    }
    let mut open = 0;
    for order in client.all("v2/PurchaseOrders").await {
        for line in lines(&order, "DocumentLines") {
            let key = (order["DocEntry"].as_i64().unwrap(), line["LineNum"].as_i64().unwrap());
            let left = milli(&line["Quantity"]) - received.remove(&key).unwrap_or_default();
            assert_eq!(milli(&line["RemainingOpenQuantity"]), left, "{key:?}");
            open += i64::from(line["LineStatus"] == "bost_Open");
            assert!(order["DocumentStatus"] == "bost_Open" || line["LineStatus"] == "bost_Close");
        }
    }
    assert!(received.is_empty() && open > 0);
    let mut from_receipts = 0;
    for bill in client.all("v2/PurchaseInvoices?$filter=CancelStatus eq 'csNo'").await {
        for line in lines(&bill, "DocumentLines").filter(|line| line["BaseType"] == 20) {
            let key = (line["BaseEntry"].as_i64().unwrap(), line["BaseLine"].as_i64().unwrap());
            *receipts.get_mut(&key).unwrap() -= milli(&line["Quantity"]);
            from_receipts += 1;
        }
    }
    assert!(from_receipts > 5 && receipts.values().all(|left| *left == 0));
    let pending = client.get("v2/Drafts?$filter=AuthorizationStatus eq 'dasPending'&$top=100").await;
    assert!(pending.column("DocObjectCode").iter().all(|object| object == "oPurchaseOrders"));
    let lots = client.all("v2/PurchaseDeliveryNotes").await;
    let lots = lots.iter().flat_map(|receipt| lines(receipt, "DocumentLines"));
    let mut batches = lots.flat_map(|line| lines(line, "BatchNumbers").map(move |batch| (line, batch)));
    let (line, batch) = batches.next().unwrap();
    assert_eq!((&batch["Quantity"], &batch["BaseLineNumber"]), (&line["Quantity"], &line["LineNum"]));
}
