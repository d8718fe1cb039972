//! Signing in, what the gateway asks for, and the resources that are no queries.

use super::*;

#[tokio::test]
async fn a_refresh_token_is_good_once() {
    let client = start_small().await;
    let reused = client.refresh(CLIENT_SECRET, REFRESH_TOKEN).await;
    assert_eq!(reused.status, 400);
    let refused = json!({ "error": "invalid_grant", "error_description": "Incorrect Token type or clientID" });
    assert_eq!(reused.json(), refused);
    assert_eq!(client.running.stats().operation("refresh"), 2);

    for (body, error) in [
        ("grant_type=client_credentials", "unsupported_grant_type"),
        ("refresh_token=x", "invalid_request"),
        ("grant_type=refresh_token", "invalid_request"),
    ] {
        let answer = client.token_request(CLIENT_SECRET, body).await;
        assert_eq!((answer.status, answer.json()), (400, json!({ "error": error })));
    }
    let answer = client.token_request("wrong", "grant_type=refresh_token&refresh_token=x").await;
    assert_eq!((answer.status, answer.json()), (401, json!({ "error": "invalid_client" })));
    let answer = client.send(&format!("POST {BEARER}"), &["Content-Type: application/json"], "{}").await;
    assert_eq!(answer.status, 415);
}

#[tokio::test]
async fn each_refresh_gives_a_new_pair_of_tokens() {
    let client = start_with(20, |options| options.previous_refresh_token_grace = Duration::from_secs(60)).await;
    let first = client.refresh(CLIENT_SECRET, REFRESH_TOKEN).await.json();
    assert_eq!(first["token_type"], "bearer");
    assert_eq!((&first["expires_in"], &first["x_refresh_token_expires_in"]), (&json!(3600), &json!(8_726_400)));
    let token = first["refresh_token"].as_str().unwrap();
    let second = client.refresh(CLIENT_SECRET, token).await.json();
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_ne!(first["access_token"], second["access_token"]);

    client.running.simulator().clock().advance(Duration::from_secs(61));
    assert_eq!(client.refresh(CLIENT_SECRET, token).await.status, 400);
    client.running.simulator().clock().advance(Duration::from_secs(8_726_400));
    assert_eq!(client.refresh(CLIENT_SECRET, second["refresh_token"].as_str().unwrap()).await.status, 400);
}

#[tokio::test]
async fn a_consent_gives_a_code_that_buys_tokens_once() {
    let client = start_small().await;
    let asked = format!("client_id={CLIENT_ID}&response_type=code&scope=com.intuit.quickbooks.accounting");
    let back = "redirect_uri=http%3A%2F%2Flocalhost%3A8080%2Foauth%2Fcallback";
    let consent = async |query: String| client.send(&format!("GET /connect/oauth2?{query}"), &[], "").await;
    for wrong in [
        format!("{}&{back}&state=s", asked.replace(CLIENT_ID, "other")),
        format!("{asked}&redirect_uri=https%3A%2F%2Fevil.example%2F&state=s"),
        format!("{asked}&redirect_uri=http%3A%2F%2Flocalhost.evil.example%2F&state=s"),
        format!("{}&{back}&state=s", asked.replace("=code", "=token")),
        format!("{}&{back}&state=s", asked.replace("accounting", "payment")),
        format!("{asked}&{back}"),
    ] {
        let page = consent(wrong.clone()).await;
        assert!(page.status == 400 && !page.head.contains("location:"), "{wrong}: {}", page.head);
    }
    let code = async |state: &str| {
        let answer = consent(format!("{asked}&{back}&state={state}")).await;
        assert_eq!(answer.status, 302);
        let to = answer.head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap().to_owned();
        let (code, rest) =
            to.strip_prefix("http://localhost:8080/oauth/callback?code=").unwrap().split_once('&').unwrap();
        assert_eq!(rest, format!("state={state}&realmId={REALM_ID}"));
        code.to_owned()
    };
    let buy = async |secret: &str, code: &str, back: &str| {
        client.token_request(secret, &format!("grant_type=authorization_code&code={code}&{back}")).await
    };
    let first = code("s%2B1").await;
    assert_eq!(buy("wrong", &first, back).await.status, 401);
    let tokens = buy(CLIENT_SECRET, &first, back).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    assert_eq!(client.refresh(CLIENT_SECRET, tokens.json()["refresh_token"].as_str().unwrap()).await.status, 200);
    assert_eq!(buy(CLIENT_SECRET, &first, back).await.json()["error"], "invalid_grant", "once");
    let second = code("s").await;
    let elsewhere = "redirect_uri=http%3A%2F%2Flocalhost%3A8080%2F";
    assert_eq!(buy(CLIENT_SECRET, &second, elsewhere).await.json()["error"], "invalid_grant", "sent elsewhere");
    let third = code("s").await;
    client.running.simulator().clock().advance(Duration::from_secs(600));
    assert_eq!(buy(CLIENT_SECRET, &third, back).await.json()["error"], "invalid_grant", "too old");
    assert_eq!(buy(CLIENT_SECRET, "", "").await.json()["error"], "invalid_request");
}

#[tokio::test]
async fn a_token_that_is_given_back_is_good_no_longer_nor_is_its_other_half() {
    let revoke = async |client: &Client, secret: &str, body: &str| {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let basic = format!("Authorization: Basic {}", STANDARD.encode(format!("{CLIENT_ID}:{secret}")));
        client.send("POST /v2/oauth2/tokens/revoke", &[&basic, "Content-Type: application/json"], body).await
    };
    for by in ["refresh_token", "access_token"] {
        let grace = |options: &mut Options| options.previous_refresh_token_grace = Duration::from_secs(60);
        let mut client = start_with(20, grace).await;
        let tokens = client.refresh(CLIENT_SECRET, REFRESH_TOKEN).await.json();
        client.token = tokens["access_token"].as_str().unwrap().to_owned();
        assert_eq!(client.get("preferences").await.status, 200);
        let body = json!({ "token": tokens[by] }).to_string();
        assert_eq!(revoke(&client, "wrong", &body).await.status, 401);
        assert_eq!(revoke(&client, CLIENT_SECRET, "{}").await.status, 422);
        let taken = revoke(&client, CLIENT_SECRET, &body).await;
        assert_eq!((taken.status, taken.body.as_str()), (200, ""));
        assert_eq!(client.get("preferences").await.status, 401, "{by}");
        assert_eq!(client.refresh(CLIENT_SECRET, tokens["refresh_token"].as_str().unwrap()).await.status, 400, "{by}");
        let again = revoke(&client, CLIENT_SECRET, &body).await;
        assert_eq!((again.status, again.body.as_str()), (400, ""));
        assert_eq!(client.running.stats().operation("revoke"), 3);
    }
}

#[tokio::test]
async fn an_access_token_ends_by_the_clock_and_on_demand() {
    let client = start_small().await;
    assert_eq!(client.get("preferences").await.status, 200);
    client.running.simulator().clock().advance(Duration::from_secs(3600));
    let answer = client.get("preferences").await;
    assert_eq!(answer.status, 401);
    assert!(answer.head.contains("www-authenticate: Bearer"));
    let fault = &answer.json()["fault"];
    assert_eq!(fault["type"], "AUTHENTICATION");
    assert_eq!(fault["error"][0]["message"], "message=AuthenticationFailed; errorCode=003200; statusCode=401");
    assert!(fault["error"][0]["detail"].as_str().unwrap().starts_with("Token expired: eyJ"));
    assert!(answer.json()["time"].is_i64() && answer.json()["queryResponse"].is_null());

    let client = start_small().await;
    client.running.faults().set(FaultPlan::from(Fault::ExpireSessions).times(1));
    assert_eq!(client.get("preferences").await.status, 401);
    assert_eq!(client.running.stats().operation("refused 401"), 1);
    let path = format!("GET /v3/company/{REALM_ID}/preferences");
    let answer = client.send(&path, &["Accept: application/json"], "").await;
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn another_company_is_forbidden() {
    let client = start_small().await;
    let answer = client.call("GET /v3/company/123/preferences", "application/json", "").await;
    assert_eq!(answer.status, 403);
    let error = &answer.json()["fault"]["error"][0];
    assert_eq!(error["message"], "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403");
}

#[tokio::test]
async fn json_must_be_asked_for() {
    let client = start_small().await;
    let path = format!("GET /v3/company/{REALM_ID}/customer/");
    for accept in ["X-Nothing: 1", "Accept: */*", "Accept: application/xml"] {
        let answer = client.send(&format!("{path}2"), &[&client.bearer(), accept], "").await;
        assert!(answer.head.contains("content-type: application/xml"), "{}", answer.head);
        let start = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><IntuitResponse xmlns="http://schema.intuit.com/finance/v3" time=""#;
        assert!(answer.body.starts_with(start), "{}", answer.body);
        assert!(answer.body.contains("<DisplayName>O'Brien &amp; Søns</DisplayName>"), "{}", answer.body);
    }
    let missing = client.send(&format!("{path}999999"), &[&client.bearer()], "").await;
    assert_eq!(missing.status, 400);
    assert!(missing.body.contains(r#"<Fault type="ValidationFault"><Error code="610" element=""><Message>"#));
    let unauthorized = client.send(&format!("{path}2"), &[], "").await;
    assert!(unauthorized.body.contains(r#"<Fault type="AUTHENTICATION"><Error code="3200">"#));
    let image = client.send(&format!("{path}2"), &[&client.bearer(), "Accept: image/png"], "").await;
    assert_eq!(image.status, 406);
}

#[tokio::test]
async fn quotas_recover_with_time() {
    let client = start_with(20, |options| {
        options.requests_per_minute = 5;
        options.batches_per_minute = 1;
    })
    .await;
    let item = json!([{ "bId": "1", "Query": "select * from Preferences" }]);
    assert_eq!(client.batch(item.clone()).await.status, 200);
    assert_eq!(client.batch(item.clone()).await.status, 429);
    for _ in 0..3 {
        assert_eq!(client.get("preferences").await.status, 200);
    }
    let refused = client.get("preferences").await;
    assert_eq!((refused.status, refused.code().as_str()), (429, "3001"));
    assert!(!refused.head.to_lowercase().contains("retry-after"));
    client.running.simulator().clock().advance(Duration::from_secs(60));
    assert_eq!(client.batch(item).await.status, 200);
    assert_eq!(client.running.stats().operation("refused 429"), 2);

    let client = start_with(20, |options| {
        options.requests_per_second = 1;
        options.throttle_as_xml = true;
    })
    .await;
    let mut refused = None;
    for _ in 0..20 {
        refused = Some(client.get("preferences").await).filter(|answer| answer.status == 429).or(refused);
    }
    let refused = refused.unwrap();
    assert!(refused.body.starts_with("<?xml") && refused.head.contains("application/xml"));
    client.running.simulator().clock().advance(Duration::from_secs(1));
    assert_eq!(client.get("preferences").await.status, 200);
}

#[tokio::test]
async fn faults_are_worded_as_the_service_words_them() {
    let client = start_small().await;
    client.running.faults().set(FaultPlan::from(Fault::status(500)).times(1));
    let broken = client.get("preferences").await;
    assert_eq!((broken.status, broken.code().as_str()), (500, "10000"));
    assert_eq!(broken.json()["Fault"]["type"], "SystemFault");
    client.running.faults().set(FaultPlan::from(Fault::too_many_requests(3)).times(1));
    assert_eq!(client.get("preferences").await.code(), "3001");
    client.running.faults().set(FaultPlan::from(Fault::unavailable(3)).times(1));
    let unavailable = client.get("preferences").await;
    assert!(unavailable.status == 503 && unavailable.body.starts_with("<HTML>"));
}

#[tokio::test]
async fn one_object_is_read_by_its_id() {
    let client = start_small().await;
    for entity in [
        "Customer",
        "Item",
        "Invoice",
        "SalesReceipt",
        "CreditMemo",
        "Estimate",
        "Payment",
        "Vendor",
        "Bill",
        "VendorCredit",
        "BillPayment",
        "PurchaseOrder",
        "Account",
        "TaxRate",
        "Department",
        "Term",
        "PaymentMethod",
        "CompanyCurrency",
    ] {
        let some = client.objects(&format!("select * from {entity} maxresults 1")).await.remove(0);
        let answer = client.get(&format!("{}/{}?minorversion=75", entity.to_lowercase(), id(&some))).await.json();
        assert_eq!(answer[entity], some);
        assert!(answer["time"].as_str().unwrap().ends_with("-08:00"));
        let missing = client.get(&format!("{}/999999", entity.to_lowercase())).await;
        assert_eq!((missing.status, missing.code().as_str()), (400, "610"));
        for bad in ["abc", "9999999999999", "-1", "1%27"] {
            let bad = client.get(&format!("{}/{bad}", entity.to_lowercase())).await;
            assert_eq!((bad.status, bad.code().as_str()), (400, "2030"));
        }
        assert_eq!(client.running.stats().operation(&format!("read {entity}")), 6);
    }
    let company = client.get(&format!("companyinfo/{REALM_ID}")).await.json();
    assert_eq!(company["CompanyInfo"]["CompanyName"], "Cascade Ridge Outfitters Inc.");
    assert_eq!(client.objects("select * from CompanyInfo").await[0], company["CompanyInfo"]);
    let preferences = client.get("preferences").await.json()["Preferences"].take();
    assert_eq!(preferences["CurrencyPrefs"]["HomeCurrency"]["value"], "USD");
    assert_eq!(client.objects("select * from preferences").await[0], preferences);
    for path in
        ["timeactivity/1", "Invoice/1", "timeactivity/1", "cdc?entities=Invoice", "invoice", "invoice/", "a/b/c"]
    {
        let answer = client.get(path).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "500"), "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_batch_answers_each_item_and_not_in_order() {
    let client = start_with(2500, |_| {}).await;
    let answer = client
        .batch(json!([
            { "bId": "a", "Query": "select * from Invoice orderby Id maxresults 2" },
            { "bId": "b", "Query": "select * from Estimate where TxnStatus = 'Pending'" },
            { "bId": "c", "Query": "select * from Customer where DisplayName = 'nobody'" },
            { "bId": "d", "operation": "create", "Invoice": {} },
            { "bId": "e" },
        ]))
        .await
        .json();
    let items = answer["BatchItemResponse"].as_array().unwrap();
    let order: Vec<_> = items.iter().map(|item| item["bId"].as_str().unwrap()).collect();
    assert_eq!(order, ["e", "d", "c", "b", "a"]);
    assert_eq!(items[4]["QueryResponse"]["Invoice"].as_array().unwrap().len(), 2);
    assert_eq!(items[3]["Fault"]["Error"][0]["code"], "4001");
    assert_eq!(items[2], json!({ "bId": "c", "QueryResponse": {} }));
    assert_eq!(items[1]["Fault"]["Error"][0]["code"], "500");
    assert_eq!(items[0]["Fault"]["Error"][0]["code"], "2020");
    assert!(answer["time"].is_string());
    let stats = client.running.stats();
    assert_eq!((stats.operation("batch"), stats.operation("query Invoice")), (1, 1));

    // A thousand objects in all.
    let query = |id: &str, max: usize| json!({ "bId": id, "Query": format!("select * from Invoice maxresults {max}") });
    let full = client.batch(json!([query("1", 600), query("2", 401), query("3", 400)])).await.json();
    let full = full["BatchItemResponse"].as_array().unwrap();
    assert_eq!(full[0]["QueryResponse"]["maxResults"], 400);
    assert_eq!(full[1]["Fault"]["Error"][0]["code"], "6000");

    let many: Vec<_> = (0..31).map(|item| query(&item.to_string(), 1)).collect();
    assert_eq!(client.batch(json!(many[..30])).await.status, 200);
    let refused = client.batch(json!(many)).await;
    assert_eq!((refused.status, refused.code().as_str()), (400, "6000"));
    assert_eq!(client.batch(json!([])).await.code(), "2020");
    assert_eq!(client.batch(json!([{ "Query": "select * from Item" }])).await.code(), "2020");
    let path = format!("POST /v3/company/{REALM_ID}/batch");
    assert_eq!(client.call(&path, "application/json", "{").await.code(), "2010");
    assert_eq!(client.call(&path, "application/text", "{}").await.status, 415);
}
