//! Pages, keys, selections, filters and orders, and what is refused of them.

use super::*;

#[tokio::test]
async fn pages_follow_each_other_until_an_empty_one() {
    let client = Client::start().await;
    let total = client.running.simulator().store().read()["Orders"].len();
    for (version, next_link) in [("v1", "odata.nextLink"), ("v2", "@odata.nextLink")] {
        let mut seen = Vec::new();
        let mut requests = 0;
        let mut next = Some("Orders?$select=DocEntry&$orderby=DocEntry".to_owned());
        while let Some(path) = next {
            let reply = client.get(&format!("{version}/{path}")).await;
            let rows = reply.column("DocEntry");
            assert!(rows.len() <= 20);
            next = reply.json()[next_link].as_str().map(str::to_owned);
            assert_eq!(next.is_some(), rows.len() == 20);
            seen.extend(rows);
            requests += 1;
        }
        assert_eq!(seen, (1..=total).map(Value::from).collect::<Vec<_>>());
        assert_eq!(requests, total / 20 + 1);
    }

    let reply = client
        .get_with("v2/Orders?$select=DocEntry&$filter=DocEntry le 40&$count=true", "Prefer: odata.maxpagesize=40\r\n")
        .await;
    assert!(reply.head.contains("preference-applied: odata.maxpagesize=40"));
    assert_eq!(reply.json()["@odata.count"], 40);
    assert_eq!(
        reply.json()["@odata.nextLink"],
        "Orders?$select=DocEntry&$filter=DocEntry%20le%2040&$count=true&$skip=40",
        "a full page is followed by an empty one"
    );
    let empty = client.get(&format!("v2/{}", reply.json()["@odata.nextLink"].as_str().unwrap())).await;
    assert_eq!(empty.json()["value"], golden_json("orders_empty_v2.json")["value"]);
    assert_eq!(empty.json().get("@odata.nextLink"), None);

    let reply = client.get_with("v2/Orders?$select=DocEntry&$top=50", "Prefer: odata.maxpagesize=20\r\n").await;
    assert_eq!(reply.json()["@odata.nextLink"], "Orders?$select=DocEntry&$top=30&$skip=20");
    assert_eq!(client.get("v2/Orders?$top=20").await.json().get("@odata.nextLink"), None);
    assert_eq!(client.get("v2/Orders?$top=0").await.value().len(), 0);
    assert_eq!(client.get_with("v2/Orders", "B1S-PageSize: 7\r\n").await.value().len(), 7);
    assert_eq!(client.get("v2/Orders?$skip=3&$top=2").await.column("DocEntry"), [4, 5]);
    assert_eq!(client.get("v1/Orders?$inlinecount=allpages&$top=1").await.json()["odata.count"], total.to_string());
    assert_eq!(client.get("v2/Orders?$inlinecount=allpages&$top=1").await.json()["@odata.count"], total);
}

#[tokio::test]
async fn a_next_link_can_be_an_absolute_path() {
    let options = Options { absolute_next_links: true, login_time: Duration::ZERO, page_size: 2, ..Options::default() };
    let client = Client::with(options).await;
    assert_eq!(client.get("v1/Orders").await.json()["odata.nextLink"], "/b1s/v1/Orders?$skip=2");
}

#[tokio::test]
async fn records_are_found_by_key() {
    let client = Client::start().await;
    assert_eq!(client.get("v2/Invoices(12)?$select=DocEntry").await.json()["DocEntry"], 12);
    assert_eq!(client.get("v2/Invoices(DocEntry=12)").await.json()["DocEntry"], 12);
    assert_eq!(client.get("v1/BusinessPartners(CardCode='C00002')").await.json()["CardName"], "O'Brien & Søns");
    assert_eq!(client.get("v2/Currencies('CHF')").await.json()["Name"], "Swiss Franc");
    for (version, file) in [("v1", "error_404_v1.json"), ("v2", "error_404_v2.json")] {
        for path in ["Invoices(999999)", "BusinessPartners('c00002')", "BusinessPartners('x'' or ''1''=''1')"] {
            let missing = client.get(&format!("{version}/{path}")).await;
            assert_eq!((missing.status, missing.json()), (404, golden_json(file)), "{path}");
        }
    }
    for path in ["Invoices('12')", "BusinessPartners(12)", "Invoices(x)", "Invoices()"] {
        assert_eq!(client.get(&format!("v2/{path}")).await.status, 400, "{path}");
    }
}

#[tokio::test]
async fn select_shows_what_is_asked_for() {
    let client = Client::start().await;
    let names = |reply: &Reply| -> Vec<String> {
        reply.value()[0].as_object().unwrap().keys().filter(|key| !annotated(key)).cloned().collect()
    };
    let two = client.get("v2/Orders?$select=DocNum, DocEntry&$top=1").await;
    assert_eq!(names(&two), ["DocEntry", "DocNum"]);
    let constant = "W/\"356A192B7913B04C54574D18C28D46E6395428AB\"";
    assert!(client.all("v2/Orders?$select=DocEntry").await.iter().all(|order| order["@odata.etag"] == constant));
    assert!(client.all("v2/Orders?$select=DataVersion").await.iter().any(|order| order["@odata.etag"] != constant));
    let everything = names(&client.get("v2/Orders?$top=1").await);
    assert!(everything.len() > 100 && everything.contains(&"DocumentLines".to_owned()));
    assert_eq!(names(&client.get("v2/Orders?$select=*&$top=1").await), everything);
    assert_eq!(
        client.get("v2/Orders?$select=DocEntry,DocStatus").await.error(),
        (400, "-1000".to_owned(), "Property 'DocStatus' of 'Document' is invalid".to_owned())
    );

    let expanded = client
        .get("v2/Orders?$select=DocEntry,BusinessPartner&$expand=BusinessPartner($select=CardCode,CardName)&$top=1")
        .await;
    let partner = &expanded.value()[0]["BusinessPartner"];
    assert_eq!(partner.as_object().unwrap().len(), 2);
    let names_outside = "$select=DocEntry,BusinessPartner/CardCode,BusinessPartner/CardName&$expand=BusinessPartner";
    let same = client.get(&format!("v2/Orders?{names_outside}&$top=1")).await;
    assert_eq!(&same.value()[0]["BusinessPartner"], partner);
    let hidden = client.get("v2/Orders?$select=DocEntry&$expand=BusinessPartner($select=CardName)&$top=1").await;
    assert_eq!(hidden.value()[0].get("BusinessPartner"), None);
    let refused = client.get("v2/Orders?$expand=DocumentLines").await;
    assert_eq!(refused.error().2, golden_json("error_400_expand_v2.json")["error"]["message"]);
}

#[tokio::test]
async fn a_filter_is_run_or_refused() {
    let client = Client::start().await;
    for version in ["v1", "v2"] {
        for (filter, file) in
            [("NoSuchField eq 1", "field"), ("DocEntry eq", "syntax"), ("DocEntry in (1,2)", "syntax")]
        {
            let expected = golden_json(&format!("error_400_filter_{file}_{version}.json"));
            for path in ["Orders", "Orders/$count"] {
                let refused = client.get(&format!("{version}/{path}?$filter={filter}")).await;
                assert_eq!((refused.status, refused.json()), (400, expected.clone()), "{filter}");
            }
        }
    }
    let open = client.all("v2/Orders?$filter=DocumentStatus eq 'bost_Open'&$select=DocEntry").await;
    let closed = client.all("v2/Orders?$filter=not (DocumentStatus eq 'O')&$select=DocEntry").await;
    let count = client.get("v1/Orders/$count").await;
    assert!(count.head.contains("content-type: text/plain"));
    assert_eq!(count.body.parse(), Ok(open.len() + closed.len()));
    let counted = client.get("v2/Orders/$count?$filter=DocumentStatus eq 'bost_Open'").await;
    assert_eq!(counted.body.parse(), Ok(open.len()));
    let insensitive = "B1S-CaseInsensitive: true\r\n";
    assert_eq!(client.get("v2/BusinessPartners?$filter=contains(CardName,'O''BRIEN')").await.value().len(), 0);
    let found = client.get_with("v2/BusinessPartners?$filter=contains(CardName,'O''BRIEN')", insensitive).await;
    assert_eq!(found.column("CardCode"), ["C00002"]);
    // A plus is a plus.
    let plus = client.request("GET", "/b1s/v2/Orders?$filter=DocEntry+eq+1", "", "").await;
    assert_eq!(plus.error().1, "201");
}

#[tokio::test]
async fn a_bad_filter_can_break_the_count() {
    let options = Options { count_breaks_on_bad_filter: true, login_time: Duration::ZERO, ..Options::default() };
    let client = Client::with(options).await;
    let broken = client.get("v2/Orders/$count?$filter=NoSuchField eq 1").await;
    assert_eq!((broken.status, broken.body), (502, golden("error_502.txt")));
    assert_eq!(client.get("v2/Orders?$filter=NoSuchField eq 1").await.status, 400);
}

#[tokio::test]
async fn any_text_is_only_text() {
    let client = Client::start().await;
    for customer in &story().customers {
        let path = format!("v2/BusinessPartners?$select=CardCode&$filter=CardName eq {}", literal(&customer.name));
        assert_eq!(client.get(&path).await.column("CardCode"), [customer.code.as_str()], "{}", customer.name);
    }
    for text in ["' or 1 eq 1", "x' or 'a' eq 'a", "'') or (CardCode ne '", "%", "_", "*", "\\", "\u{0}", "'"] {
        for test in ["CardName eq {}", "startswith(CardName,{})", "endswith(CardName,{}) and CardName ne null"] {
            let filter = test.replace("{}", &literal(text)).replace('%', "%25").replace("%2526", "%26");
            let reply = client.get(&format!("v2/BusinessPartners?$filter={filter}")).await;
            assert_eq!(reply.value().len(), 0, "{filter}");
        }
    }
    let references = client.all("v2/Invoices?$select=NumAtCard,DocEntry&$filter=NumAtCard ne null").await;
    let odd: Vec<_> =
        references.iter().filter(|row| row["NumAtCard"].as_str().unwrap().contains('"')).take(5).collect();
    assert_eq!(odd.len(), 5);
    for row in odd {
        let filter = format!("NumAtCard eq {}", literal(row["NumAtCard"].as_str().unwrap())).replace('%', "%25");
        assert!(
            client
                .all(&format!("v2/Invoices?$select=DocEntry&$filter={filter}"))
                .await
                .iter()
                .any(|found| found["DocEntry"] == row["DocEntry"])
        );
    }
}

#[tokio::test]
async fn an_order_puts_nulls_first() {
    let client = Client::start().await;
    let rows = client.all("v2/Invoices?$select=NumAtCard,DocEntry&$orderby=NumAtCard asc,DocEntry desc").await;
    let nulls = rows.iter().take_while(|row| row["NumAtCard"].is_null()).count();
    assert!(nulls > 10 && rows[nulls..].iter().all(|row| !row["NumAtCard"].is_null()));
    assert!(rows[..nulls].is_sorted_by_key(|row| -row["DocEntry"].as_i64().unwrap()));
    let rows = client.all("v2/Invoices?$select=NumAtCard&$orderby=NumAtCard desc").await;
    assert!(!rows[0]["NumAtCard"].is_null() && rows[rows.len() - 1]["NumAtCard"].is_null());
    for order in ["NoSuch", "DocEntry up", "DocumentLines", "DocEntry,"] {
        assert_eq!(client.get(&format!("v2/Invoices?$orderby={order}")).await.error().1, "201", "{order}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_refused() {
    let client = Client::start().await;
    for (method, path, code) in [
        ("GET", "v2/NoSuchSet", "200"),
        ("GET", "v2/NoSuchSet(1)", "200"),
        ("GET", "v2/orders", "200"),
        ("GET", "v2/Orders(1)/DocTotal", "200"),
        ("GET", "v2/U_NOSUCH", "-1002"),
        ("POST", "v2/SomeService_DoThings", "-1002"),
        ("POST", "v2/Orders", "-5006"),
        ("PATCH", "v1/Orders(1)", "-5006"),
        ("DELETE", "v1/BusinessPartners('C00001')", "-5006"),
        ("GET", "v2/Orders?$search=x", "201"),
        ("GET", "v2/Orders?$top=x", "201"),
        ("GET", "v2/$batch", "200"),
    ] {
        let refused = client.request(method, &format!("/b1s/{path}"), "", "{}").await;
        assert_eq!((refused.status, refused.error().1.as_str()), (400, code), "{method} {path}");
    }
    assert_eq!(client.request("GET", "/b1s/v3/Orders", "", "").await.status, 404);
    let long = client.get(&format!("v2/Orders?$filter=DocEntry eq 1{}", " or DocEntry eq 1".repeat(400))).await;
    assert!(long.status == 414 && long.head.contains("text/html"));
    assert_eq!(
        client.get("v2/Orders?$filter=DocEntry eq 1 or DocEntry eq 2&$select=DocEntry").await.column("DocEntry"),
        [1, 2]
    );
}

#[tokio::test]
async fn an_older_patch_level_lacks_properties() {
    let options =
        Options { missing: vec!["PaidToDate", "DataVersion"], login_time: Duration::ZERO, ..Options::default() };
    let client = Client::with(options).await;
    let order = client.get("v1/Orders(1)").await.json();
    assert_eq!((order.get("PaidToDate"), order.get("DataVersion")), (None, None));
    assert_eq!(client.get("v1/Orders?$select=DocEntry,PaidToDate").await.error().1, "-1000");
    assert_eq!(client.get("v1/Orders?$filter=PaidToDate gt 0").await.error().1, "201");
    assert_eq!(client.get("v1/Orders?$orderby=PaidToDate").await.error().1, "201");
}
