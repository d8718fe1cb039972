//! Several requests in one, and several sets in one.

use super::*;

#[tokio::test]
async fn a_batch_answers_in_order() {
    let client = Client::start().await;
    for (version, file, status) in [("v1", "batch_request_v1.txt", 202), ("v2", "batch_request_v2.txt", 200)] {
        let headers = "Content-Type: multipart/mixed;boundary=batch_36522ad7-fc75-4b56-8c71-56071383e77b\r\n";
        let reply = client.request("POST", &format!("/b1s/{version}/$batch"), headers, &golden(file)).await;
        assert_eq!(reply.status, status, "{}", reply.body);
        assert!(reply.head.contains("content-type: multipart/mixed;boundary=batchresponse_"));
        // Only values differ: hosts, numbers of documents, tokens.
        let frame = |text: &str| -> Vec<String> {
            let lines = text.lines().filter(|line| !line.trim_start().starts_with(['{', '}', '"', ']']));
            let lines = lines.filter(|line| !line.contains("Content-Length"));
            lines.map(|line| if line.starts_with("--") { "--".to_owned() } else { line.to_owned() }).collect()
        };
        assert_eq!(frame(&reply.body), frame(&golden(&format!("batch_response_{version}.txt"))));
    }
    let outer = "Prefer: odata.maxpagesize=3\r\nB1S-CaseInsensitive: true\r\n";
    let reply = client
        .batch(
            "v2",
            outer,
            &[
                "GET /b1s/v2/Orders?$select=DocEntry HTTP/1.1\r\nPrefer: odata.maxpagesize=7",
                "GET http://b1.example:50000/b1s/v2/BusinessPartners?$select=CardCode&\
                 $filter=CardName eq 'o''brien %26 søns'",
                "GET Items/$count",
            ],
        )
        .await;
    assert_eq!((reply.body.matches("\"DocEntry\":").count(), reply.body.matches("HTTP/1.1 200 OK").count()), (3, 3));
    assert!(reply.body.contains("\"CardCode\":\"C00002\""));
    assert_eq!(client.running.stats().operation("GET Orders"), 3);
    assert_eq!(client.running.stats().operation("$batch"), 3);
}

#[tokio::test]
async fn a_batch_stops_at_the_first_failure() {
    let client = Client::start().await;
    for (version, status) in [("v1", 202), ("v2", 200)] {
        let reply =
            client.batch(version, "", &["GET Orders(1)?$select=DocEntry", "GET Orders(999999)", "GET Orders(2)"]).await;
        assert_eq!(reply.status, status);
        let statuses: Vec<_> = reply.body.lines().filter(|line| line.starts_with("HTTP/1.1")).collect();
        assert_eq!(statuses, ["HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found"]);
        assert_eq!(reply.body.contains("innererror"), version == "v1");
    }
    assert_eq!(client.running.stats().operation("GET Orders()"), 4);
    let broken =
        client.request("POST", "/b1s/v2/$batch", "Content-Type: multipart/mixed;boundary=b\r\n", "--b\n\n--b--").await;
    assert_eq!((broken.status, broken.json()), (400, golden_json("batch_error_incomplete_v2.json")));
    let many = vec!["GET Orders(1)?$select=DocEntry"; 101];
    assert_eq!(client.batch("v2", "", &many).await.status, 400);
    assert_eq!(client.batch("v2", "", &many[..100]).await.body.matches("HTTP/1.1 200 OK").count(), 100);
    let changes = client
        .request(
            "POST",
            "/b1s/v2/$batch",
            "Content-Type: multipart/mixed;boundary=batch_36522ad7-fc75-4b56-8c71-56071383e77b\r\n",
            &golden("batch_changeset_request_v2.txt"),
        )
        .await;
    assert!(changes.body.contains("-5006"), "{}", changes.body);
    assert!(client.batch("v2", "", &["GET /b1s/v1/Orders"]).await.body.contains("HTTP/1.1 400"));
}

#[tokio::test]
async fn lines_are_filtered_by_a_join() {
    let client = Client::start().await;
    let option = "$expand=Orders($select=DocEntry, DocNum),Orders/DocumentLines($select=ItemCode,LineNum)&\
                  $filter=Orders/DocEntry eq Orders/DocumentLines/DocEntry and Orders/DocEntry ge 3 \
                  and Orders/DocumentLines/LineNum eq 0";
    for version in ["v1", "v2"] {
        let reply = client.query(version, "$crossjoin(Orders,Orders/DocumentLines)", option).await;
        assert!(reply.head.contains("content-type: text/plain"));
        let rows = reply.value();
        assert_eq!(rows.len(), 20);
        let order = &rows[0]["Orders"];
        assert_eq!((&order["DocEntry"], &rows[0]["Orders/DocumentLines"]["LineNum"]), (&json!(3), &json!(0)));
        assert_eq!(order.as_object().unwrap().len(), 2);
    }

    let item = client.get("v2/Orders(5)").await.json()["DocumentLines"][0]["ItemCode"].as_str().unwrap().to_owned();
    let mut expected = Vec::new();
    for order in client.all("v2/Orders").await {
        for line in order["DocumentLines"].as_array().unwrap() {
            if line["ItemCode"] == *item {
                expected.push((order["DocEntry"].clone(), line["Quantity"].clone()));
            }
        }
    }
    let option = format!(
        "$expand=Orders($select=DocEntry),Orders/DocumentLines($select=Quantity)&\
         $filter=Orders/DocEntry eq Orders/DocumentLines/DocEntry and Orders/DocumentLines/ItemCode eq '{item}'&\
         $orderby=Orders/DocEntry&$top=1000"
    );
    let body = json!({ "QueryPath": "$crossjoin(Orders,Orders/DocumentLines)", "QueryOption": option }).to_string();
    let reply =
        client.request("POST", "/b1s/v2/QueryService_PostQuery", "Prefer: odata.maxpagesize=0\r\n", &body).await;
    let found: Vec<_> = reply
        .value()
        .iter()
        .map(|row| (row["Orders"]["DocEntry"].clone(), row["Orders/DocumentLines"]["Quantity"].clone()))
        .collect();
    assert_eq!(found, expected);

    let invoices = client.all("v2/Invoices").await;
    let made_from = |invoice: &Value| (invoice["DocumentLines"][0]["BaseType"] == 17).then(|| invoice.clone());
    let invoice = invoices.iter().find_map(made_from).unwrap();
    let order = &invoice["DocumentLines"][0]["BaseEntry"];
    let option = format!(
        "$expand=Invoices($select=DocEntry),Invoices/DocumentLines($select=BaseEntry)&\
         $filter=Invoices/DocEntry eq Invoices/DocumentLines/DocEntry and Invoices/DocumentLines/BaseType eq 17 \
         and (Invoices/DocumentLines/BaseEntry eq {order} or Invoices/DocumentLines/BaseEntry eq 999999)"
    );
    let rows = client.query("v2", "$crossjoin(Invoices,Invoices/DocumentLines)", &option).await.value();
    assert_eq!(rows.len(), invoice["DocumentLines"].as_array().unwrap().len());
    assert!(rows.iter().all(|row| row["Invoices"]["DocEntry"] == invoice["DocEntry"]));

    let two_sets = "v2/$crossjoin(Orders,BusinessPartners)?$expand=Orders($select=DocEntry),\
                    BusinessPartners($select=CardName)&$filter=Orders/CardCode eq BusinessPartners/CardCode \
                    and Orders/DocNum le 10003 and startswith(BusinessPartners/CardCode,'C0')";
    let plain = client.get(two_sets).await;
    assert_eq!(plain.value().len(), 3);
    for (path, option) in [
        ("$crossjoin(Orders,BusinessPartners)", ""),
        ("$crossjoin(Orders,BusinessPartners)", "$expand=Orders,BusinessPartners&$filter=Orders/DocEntry eq 1"),
        ("$crossjoin(Orders,Nothing)", "$expand=Orders&$filter=Orders/DocEntry eq 1"),
        ("$crossjoin(Orders)", "$expand=Orders&$filter=Orders/DocEntry eq 1"),
        ("Orders", "$filter=DocEntry eq 1"),
    ] {
        let refused = client.query("v1", path, option).await;
        assert_eq!(
            refused.error(),
            (400, "-1000".to_owned(), "invalid $crossjoin query".to_owned()),
            "{path} {option}"
        );
    }
    let unknown =
        client.query("v2", "$crossjoin(Orders,Orders/DocumentLines)", "$expand=Orders&$filter=Orders/Nope eq 1").await;
    assert_eq!(unknown.error().2, "Property 'Orders/Nope' is invalid");
    let lines = "v2/$crossjoin(Orders,Orders/DocumentLines)?$expand=Orders&\
                 $filter=Orders/DocEntry eq Orders/DocumentLines/DocEntry";
    let lines_by_get = client.get(lines).await;
    assert_eq!(lines_by_get.error().1, "-1000");
}

#[tokio::test]
async fn payments_are_joined_with_what_they_pay() {
    let client = Client::start().await;
    let payments = client.all("v2/IncomingPayments").await;
    let first = |kind: &str| {
        let lines = payments.iter().flat_map(|payment| payment["PaymentInvoices"].as_array().unwrap());
        lines.filter(|line| line["InvoiceType"] == kind).map(|line| line["DocEntry"].as_i64().unwrap()).min().unwrap()
    };
    let entry = first("it_Invoice");
    let mut expected = Vec::new();
    for payment in payments.iter().filter(|payment| payment["Cancelled"] == "tNO") {
        for line in payment["PaymentInvoices"].as_array().unwrap() {
            if line["DocEntry"] == entry && line["InvoiceType"] == "it_Invoice" {
                expected.push((payment["DocEntry"].clone(), line["SumApplied"].clone()));
            }
        }
    }
    let path = "$crossjoin(IncomingPayments,IncomingPayments/PaymentInvoices)";
    let option = |of: &str| {
        format!(
            "$expand=IncomingPayments($select=DocEntry,DocDate),IncomingPayments/PaymentInvoices($select=DocEntry,\
             InvoiceType,SumApplied)&$filter=IncomingPayments/DocEntry eq IncomingPayments/PaymentInvoices/DocNum and \
             IncomingPayments/Cancelled eq 'tNO' and IncomingPayments/PaymentInvoices/InvoiceType eq '{of}' and \
             IncomingPayments/PaymentInvoices/DocEntry eq {entry}&$orderby=IncomingPayments/DocEntry"
        )
    };
    for version in ["v1", "v2"] {
        let rows = client.query(version, path, &option("it_Invoice")).await.value();
        let found: Vec<_> = rows
            .iter()
            .map(|row| {
                let line = &row["IncomingPayments/PaymentInvoices"];
                assert_eq!((&line["DocEntry"], &line["InvoiceType"]), (&json!(entry), &json!("it_Invoice")));
                let day = row["IncomingPayments"]["DocDate"].as_str().unwrap();
                assert_eq!(day.len(), if version == "v1" { 10 } else { 20 });
                (row["IncomingPayments"]["DocEntry"].clone(), line["SumApplied"].clone())
            })
            .collect();
        assert_eq!(found, expected);
        // A bill of the same number is another document.
        assert!(client.query(version, path, &option("it_PurchaseInvoice")).await.value().is_empty());
    }
    let unknown = option("it_Invoice").replace("PaymentInvoices/DocNum", "PaymentInvoices/Payment");
    let refused = client.query("v2", path, &unknown).await.error();
    assert_eq!(refused.2, "Property 'IncomingPayments/PaymentInvoices/Payment' is invalid");
    let refused = client.query("v2", path, &option("it_Nothing")).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
}
