//! The records themselves: their shape, and whether the books add up.

use super::*;

/// Every property of the sample is there, and what is not null in both has the same JSON type; the same inside.
#[track_caller]
fn same_shape(ours: &Value, sample: &Value, at: &str) {
    match (ours, sample) {
        (Value::Object(ours), Value::Object(sample)) => {
            for (name, expected) in sample.iter().filter(|(name, _)| !annotated(name)) {
                let found = ours.get(name).unwrap_or_else(|| panic!("{at} has no {name}"));
                same_shape(found, expected, &format!("{at}.{name}"));
            }
        }
        (Value::Array(ours), Value::Array(sample)) => {
            if let (Some(ours), Some(sample)) = (ours.first(), sample.first()) {
                same_shape(ours, sample, at);
            }
        }
        (Value::Number(ours), Value::Number(sample)) => {
            // v1 writes `3549`, v2 `600.0`; fractions are what they are in both.
            if !sample.is_f64() {
                assert!(!ours.is_f64() || ours.as_f64().unwrap().fract() != 0.0, "{at}: {ours} for {sample}");
            } else if sample.as_f64().unwrap().fract() == 0.0 {
                assert!(ours.is_f64(), "{at}: {ours} for {sample}");
            }
        }
        (Value::String(ours), Value::String(sample)) => {
            let form = |text: &str| {
                text.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect::<String>()
            };
            let dated = |text: &str| form(text).starts_with("0000-00-00") || form(text) == "00:00:00";
            if dated(sample) {
                assert_eq!(form(ours), form(sample), "{at}");
            }
        }
        (Value::Null, _) | (_, Value::Null) => {}
        (ours, sample) => panic!("{at}: {ours} for {sample}"),
    }
}

#[tokio::test]
async fn records_have_the_shape_of_the_samples() {
    let client = Client::start().await;
    let foreign = client.get("v2/Invoices?$filter=DocTotalFc gt 0&$select=DocEntry&$top=1").await.column("DocEntry");
    let partner = client
        .get("v2/BusinessPartners?$filter=ShipToDefault ne null and ContactPerson ne null&$select=CardCode&$top=1")
        .await
        .column("CardCode");
    let (foreign, partner) = (&foreign[0], partner[0].as_str().unwrap());
    for (path, file) in [
        (format!("Invoices({foreign})"), "invoice_foreign"),
        ("CreditNotes(1)".to_owned(), "creditnote"),
        ("Orders(1)".to_owned(), "order_domestic"),
        (format!("BusinessPartners('{partner}')"), "businesspartner"),
        ("Items('AR-00001')".to_owned(), "item"),
    ] {
        for version in ["v1", "v2"] {
            let mut sample = golden_json(&format!("{file}_{version}.json"));
            // Of other countries' records only, and of no use here.
            for address in sample.get_mut("BPAddresses").and_then(Value::as_array_mut).into_iter().flatten() {
                for name in ["GSTIN", "GstType", "MYFType"] {
                    address.as_object_mut().unwrap().remove(name);
                }
            }
            let record = client.get(&format!("{version}/{path}")).await.json();
            let (etag, context) = match version {
                "v1" => ("odata.etag", "odata.metadata"),
                _ => ("@odata.etag", "@odata.context"),
            };
            assert!(record[etag].as_str().unwrap().starts_with("W/\""));
            let host = |context: &Value| context.as_str().unwrap().split("/b1s/").nth(1).unwrap().to_owned();
            assert_eq!(host(&record[context]), host(&sample[context]));
            same_shape(&record, &sample, file);
        }
    }
}

#[tokio::test]
async fn the_books_add_up() {
    let client = Client::start().await;
    let story = story();
    let cents = |value: &Value| (value.as_f64().unwrap() * 100.0).round() as i64;
    let mut cancelled = Vec::new();
    for set in ["Invoices", "CreditNotes", "Orders", "Quotations", "Drafts"] {
        for document in client.all(&format!("v2/{set}")).await {
            let lines = document["DocumentLines"].as_array().unwrap();
            let sum = |name: &str| lines.iter().map(|line| cents(&line[name])).sum::<i64>();
            let at = format!("{set}({})", document["DocEntry"]);
            assert_eq!(cents(&document["DocTotal"]), sum("LineTotal") + cents(&document["VatSum"]), "{at}");
            assert_eq!(cents(&document["VatSum"]), sum("NetTaxAmount"), "{at}");
            let foreign = document["DocCurrency"] != "CHF";
            if foreign {
                assert_eq!(cents(&document["DocTotalFc"]), sum("RowTotalFC") + sum("NetTaxAmountFC"), "{at}");
                let converted = document["DocTotalFc"].as_f64().unwrap() * document["DocRate"].as_f64().unwrap();
                assert!(
                    (document["DocTotal"].as_f64().unwrap() - converted).abs() < 0.005 * (2 * lines.len() + 1) as f64
                );
                assert_eq!(lines[0]["Rate"], document["DocRate"]);
            } else {
                assert_eq!(document["DocRate"], 1.0);
                for name in ["DocTotalFc", "VatSumFc", "PaidToDateFC"] {
                    assert_eq!(document[name], 0.0, "{at}");
                }
                assert!(lines.iter().all(|line| line["RowTotalFC"] == 0.0 && line["Rate"] == 0.0));
            }
            for (number, line) in lines.iter().enumerate() {
                assert_eq!((&line["LineNum"], &line["DocEntry"]), (&json!(number), &document["DocEntry"]));
            }
            if set == "Invoices" && document["CancelStatus"] != "csNo" {
                cancelled.push(document);
            }
        }
    }
    let void = story.invoices.iter().filter(|invoice| invoice.state == PostState::Void).count();
    assert_eq!(cancelled.len(), 2 * void);
    for pair in cancelled.chunks(2) {
        let (original, cancellation) = (&pair[0], &pair[1]);
        assert_eq!((&original["CancelStatus"], &original["Cancelled"]), (&json!("csYes"), &json!("tYES")));
        assert_eq!(
            (&cancellation["CancelStatus"], &cancellation["Cancelled"]),
            (&json!("csCancellation"), &json!("tNO"))
        );
        assert_eq!(original["DocTotal"], cancellation["DocTotal"]);
        assert_eq!(cancellation["DocumentLines"][0]["BaseEntry"], original["DocEntry"]);
        assert!(pair.iter().all(|document| document["DocumentStatus"] == "bost_Close"));
    }
    let posted = |kind| {
        let of_kind = story.invoices.iter().filter(move |invoice| invoice.kind == kind);
        of_kind.filter(|invoice| invoice.state == PostState::Posted && invoice.balance > 0).count()
    };
    for (set, kind) in [("Invoices", InvoiceKind::Invoice), ("CreditNotes", InvoiceKind::CreditNote)] {
        let open = client.get(&format!("v2/{set}/$count?$filter=DocumentStatus eq 'bost_Open'")).await;
        assert_eq!(open.body.parse(), Ok(posted(kind)), "{set}");
    }
    let orders = |state| story.orders.iter().filter(|order| order.state == state).count();
    let quotations = client.get("v2/Quotations/$count").await;
    assert_eq!(quotations.body.parse(), Ok(orders(OrderState::Draft)));
    let called_off = client.get("v2/Orders/$count?$filter=Cancelled eq 'tYES'").await;
    assert_eq!(called_off.body.parse(), Ok(orders(OrderState::Cancelled)));
    let big = client.get("v2/Invoices/$count?$filter=CardCode eq 'C00001'").await.body.parse::<usize>().unwrap();
    let all = client.get("v2/Invoices/$count").await.body.parse::<usize>().unwrap();
    assert!((85..95).contains(&(big * 100 / all)), "{big} of {all}");
}

#[tokio::test]
async fn lines_tell_what_they_were_copied_from() {
    let client = Client::start().await;
    let mut lines: BTreeMap<(i64, i64, i64), Value> = BTreeMap::new();
    for (set, kind) in [("Orders", 17), ("Invoices", 13), ("DeliveryNotes", 15)] {
        for document in client.all(&format!("v2/{set}?$select=DocumentLines,DocEntry")).await {
            for line in document["DocumentLines"].as_array().unwrap() {
                let at = (kind, document["DocEntry"].as_i64().unwrap(), line["LineNum"].as_i64().unwrap());
                lines.insert(at, line["ItemCode"].clone());
            }
        }
    }
    let mut copied = BTreeMap::new();
    for set in ["Invoices", "CreditNotes"] {
        for document in client.all(&format!("v2/{set}")).await {
            for line in document["DocumentLines"].as_array().unwrap() {
                let kind = line["BaseType"].as_i64().unwrap();
                *copied.entry((set, kind)).or_insert(0) += 1;
                if kind == -1 {
                    assert!(line["BaseEntry"].is_null() && line["BaseLine"].is_null());
                    continue;
                }
                let at = (kind, line["BaseEntry"].as_i64().unwrap(), line["BaseLine"].as_i64().unwrap());
                assert_eq!(lines.get(&at), Some(&line["ItemCode"]), "{at:?}");
            }
        }
    }
    for kind in [("Invoices", 17), ("Invoices", 15), ("Invoices", 13), ("Invoices", -1), ("CreditNotes", 13)] {
        assert!(copied[&kind] > 5, "{kind:?}");
    }
    assert_eq!(copied.get(&("CreditNotes", -1)), None);
    let open = client.all("v2/Orders?$filter=DocumentStatus eq 'bost_Open'&$select=DocumentLines").await;
    let partly = open.iter().flat_map(|order| order["DocumentLines"].as_array().unwrap()).filter(|line| {
        let (open, all) = (line["RemainingOpenQuantity"].as_f64().unwrap(), line["Quantity"].as_f64().unwrap());
        assert_eq!(line["LineStatus"] == "bost_Open", open > 0.0);
        0.0 < open && open < all
    });
    assert!(partly.count() > 5);
}

#[tokio::test]
async fn partners_have_all_that_trips_a_reader() {
    let client = Client::start().await;
    let partners = client.all("v2/BusinessPartners").await;
    let count = |name: &str, value: Value| partners.iter().filter(|partner| partner[name] == value).count();
    assert_eq!(count("CardType", json!("cCustomer")), story().customers.len());
    assert!(count("CardType", json!("cSupplier")) > 0 && count("CardType", json!("cLid")) > 0);
    assert!(count("Currency", json!("##")) > 0 && count("Currency", json!("EUR")) > 0);
    assert!(count("EmailAddress", Value::Null) > 0 && count("EmailAddress", json!("")) > 0);
    let states: Vec<_> = partners
        .iter()
        .map(|partner| (partner["Valid"].as_str().unwrap(), partner["Frozen"].as_str().unwrap()))
        .collect();
    for state in [("tYES", "tNO"), ("tNO", "tYES"), ("tNO", "tNO")] {
        assert!(states.contains(&state), "{state:?}");
    }
    let inactive = client.get("v2/BusinessPartners/$count?$filter=Frozen eq 'tYES' and CardType eq 'C'").await;
    assert_eq!(inactive.body.parse(), Ok(story().customers.iter().filter(|customer| !customer.active).count()));
    let addresses = partners.iter().flat_map(|partner| partner["BPAddresses"].as_array().unwrap());
    assert!(addresses.into_iter().any(|address| address["AddressType"] == "bo_ShipTo"));
    let items = client.all("v2/Items").await;
    assert_eq!(items.len(), story().products.len());
    assert!(items.iter().all(|item| item["ItemPrices"].as_array().unwrap().len() == 3));
    assert!(items.iter().any(|item| item["ItemWarehouseInfoCollection"].as_array().unwrap().is_empty()));
}

#[tokio::test]
async fn the_company_tells_of_itself() {
    let client = Client::start().await;
    let info = client.request("POST", "/b1s/v1/CompanyService_GetAdminInfo", "", "{}").await.json();
    assert_eq!((&info["LocalCurrency"], &info["CompanyName"]), (&json!("CHF"), &json!("Edelweiss Präzision AG")));
    assert!(info["odata.metadata"].as_str().unwrap().ends_with("/b1s/v1/$metadata#SAPB1.AdminInfo"));
    assert_eq!(client.get("v2/CompanyService_GetAdminInfo").await.json()["LocalCurrency"], "CHF");
    assert_eq!(client.get("v2/CompanyService_GetCompanyInfo").await.json()["Version"], VERSION);
    assert_eq!(client.get("v1/CompanyService_GetAdminInfo").await.status, 400);
    let rates: Vec<_> =
        client.all("v2/VatGroups").await.iter().map(|tax| tax["VatGroups_Lines"][0]["Rate"].clone()).collect();
    assert_eq!(rates, [8.1, 2.6, 0.0, 8.1, 2.6, 0.0]);
    assert_eq!(client.get("v2/Currencies").await.column("Code"), ["CHF", "EUR", "USD"]);
    let metadata = client.get("v2/$metadata").await.body;
    assert!(metadata.contains("<Property Name=\"UpdateTime\" Type=\"Edm.TimeOfDay\"/>"));
    assert!(client.get("v1/$metadata").await.body.contains("<Property Name=\"UpdateTime\" Type=\"Edm.Time\"/>"));
    assert_eq!(client.get("v2/").await.value().len(), 32);
}
