//! The query language over the socket.

use super::*;

#[tokio::test]
async fn pages_are_complete_and_do_not_overlap() {
    let client = start_with(1500, |_| {}).await;
    let all = client.count("Invoice").await;
    assert!(all > 1300);
    for order in ["orderby Id", "orderby MetaData.LastUpdatedTime desc, Id", "ORDER BY TxnDate DESC, DocNumber", ""] {
        let mut found = Vec::new();
        loop {
            let page = format!("select * from Invoice {order} startposition {} maxresults 400", found.len() + 1);
            let response = client.ask(&page).await.json()["QueryResponse"].take();
            let Some(invoices) = response["Invoice"].as_array() else {
                assert_eq!(response, json!({}));
                break;
            };
            assert_eq!(response["startPosition"], found.len() + 1);
            assert_eq!(response["maxResults"], invoices.len());
            found.extend(invoices.iter().map(id));
        }
        assert_eq!(found.len(), all);
        assert_eq!(found.iter().collect::<HashSet<_>>().len(), all);
        if order == "orderby Id" {
            assert!(found.is_sorted());
        }
    }
    assert_eq!(client.objects("select * from Invoice").await.len(), 100);
    assert_eq!(client.objects("select * from Invoice maxresults 1000").await.len(), 1000);
    for (clause, detail) in [
        ("maxresults 1001", "QueryValidationError: value 1001 is too large. Max allowed value is 1000"),
        ("maxresults 0", "QueryValidationError: value 0 is too small. Min allowed value is 1"),
        ("startposition 0", "QueryValidationError: value 0 is too small. Min allowed value is 1"),
    ] {
        let answer = client.ask(&format!("select * from Invoice {clause}")).await;
        assert_eq!((answer.status, answer.code(), answer.detail()), (400, "4001".to_owned(), detail.to_owned()));
    }
}

#[tokio::test]
async fn without_an_order_the_last_change_comes_first_and_names_by_name() {
    let client = start_small().await;
    let invoices = client.objects("select * from Invoice").await;
    let changed: Vec<_> = invoices.iter().map(|invoice| moment(&invoice["MetaData"]["LastUpdatedTime"])).collect();
    assert!(changed.is_sorted_by(|a, b| a >= b));
    let items = client.objects("select * from Item maxresults 1000").await;
    assert!(items.is_sorted_by_key(|item| item["Name"].as_str().unwrap().to_lowercase()));
    assert!(items.iter().map(id).collect::<Vec<_>>() != client.ids("select * from Item orderby Id").await);
}

#[tokio::test]
async fn conditions_mean_what_they_say() {
    let client = start_small().await;
    let invoices = client.objects("select * from Invoice orderby Id maxresults 1000").await;
    let open: Vec<_> = invoices.iter().filter(|invoice| cents(&invoice["Balance"]) > 0).collect();
    let sample = open[open.len() / 2];
    let customer = sample["CustomerRef"]["value"].as_str().unwrap();
    let number = sample["DocNumber"].as_str().unwrap();
    let (total, balance) = (cents(&sample["TotalAmt"]), sample["Balance"].to_string());
    let date = sample["TxnDate"].as_str().unwrap();
    let changed = sample["MetaData"]["LastUpdatedTime"].as_str().unwrap();
    // The company's day, which begins eight hours after that of the story.
    let now = client.get("preferences").await.json()["time"].take();
    let today = &now.as_str().unwrap()[..10];
    let test = |condition: String, holds: &dyn Fn(&Value) -> bool| {
        let expected: Vec<_> = invoices.iter().filter(|invoice| holds(invoice)).map(id).collect();
        assert!(!expected.is_empty() || condition.contains("nobody"), "{condition}");
        (format!("select * from Invoice where {condition} orderby Id maxresults 1000"), expected)
    };
    for (statement, expected) in [
        test(format!("Id = '{}'", id(sample)), &|invoice| id(invoice) == id(sample)),
        test(format!("id in ('{}','999999','x')", id(sample)), &|invoice| id(invoice) == id(sample)),
        test(format!("CustomerRef = '{customer}'"), &|invoice| invoice["CustomerRef"]["value"] == customer),
        test(format!("CustomerRef IN ('{customer}', '1')"), &|invoice| {
            invoice["CustomerRef"]["value"] == customer || invoice["CustomerRef"]["value"] == "1"
        }),
        test(format!("DocNumber = '{number}'"), &|invoice| invoice["DocNumber"] == number),
        test(format!("docnumber like '%{}'", &number[3..]), &|invoice| {
            invoice["DocNumber"].as_str().unwrap().ends_with(&number[3..])
        }),
        test(format!("DocNumber > '{number}'"), &|invoice| invoice["DocNumber"].as_str().unwrap() > number),
        test("DocNumber = 'nobody'".to_owned(), &|_| false),
        test("Balance > '0'".to_owned(), &|invoice| cents(&invoice["Balance"]) > 0),
        test("Balance = 0".to_owned(), &|invoice| cents(&invoice["Balance"]) == 0),
        test(format!("balance = '{balance}'"), &|invoice| invoice["Balance"] == sample["Balance"]),
        test(format!("TotalAmt <= {}.{:02}", total / 100, total % 100), &|invoice| {
            cents(&invoice["TotalAmt"]) <= total
        }),
        test(format!("TxnDate = '{date}'"), &|invoice| invoice["TxnDate"] == date),
        test(format!("TxnDate >= '{date}' and TxnDate <= CURRENT_DATE"), &|invoice| {
            (date..=today).contains(&invoice["TxnDate"].as_str().unwrap())
        }),
        test(format!("DueDate < '{date}' AND Balance > '0'"), &|invoice| {
            invoice["DueDate"].as_str().unwrap() < date && cents(&invoice["Balance"]) > 0
        }),
        test(format!("MetaData.LastUpdatedTime > '{changed}'"), &|invoice| {
            moment(&invoice["MetaData"]["LastUpdatedTime"]) > changed.parse::<chrono::DateTime<chrono::Utc>>().unwrap()
        }),
        test("Metadata.CreateTime >= '2026-01-01'".to_owned(), &|invoice| {
            moment(&invoice["MetaData"]["CreateTime"])
                >= "2026-01-01T08:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap()
        }),
        test("SalesTermRef = '3'".to_owned(), &|invoice| invoice["SalesTermRef"]["value"] == "3"),
        test("SalesTermRef IN ('1', '2')".to_owned(), &|invoice| {
            invoice["SalesTermRef"]["value"] == "1" || invoice["SalesTermRef"]["value"] == "2"
        }),
    ] {
        assert_eq!(client.ids(&statement).await, expected, "{statement}");
        let counted = statement.split_once("from ").unwrap().1.split_once(" orderby").unwrap().0;
        assert_eq!(client.count(counted).await, expected.len(), "{counted}");
    }
    assert_eq!(client.ask("select * from Invoice where Id = '999999'").await.json()["QueryResponse"], json!({}));
}

#[tokio::test]
async fn what_may_not_be_asked_is_refused() {
    let client = start_small().await;
    for (rest, detail) in [
        ("Estimate where TxnStatus = 'Pending'", "property 'TxnStatus' is not queryable"),
        ("Estimate where TotalAmt > '5'", "property 'TotalAmt' is not queryable"),
        ("Estimate where Balance > '5'", "property 'Balance' is not queryable"),
        ("Invoice where CurrencyRef = 'USD'", "property 'CurrencyRef' is not queryable"),
        ("Invoice where privatenote like 'Voided%'", "property 'privatenote' is not queryable"),
        ("Invoice where CustomerRef.value = '1'", "Property CustomerRef.value not found for Entity Invoice"),
        ("Invoice where NoSuchField = '1'", "Property NoSuchField not found for Entity Invoice"),
        (
            "Customer where PrimaryEmailAddr.Address = 'a'",
            "Property PrimaryEmailAddr.Address not found for Entity Customer",
        ),
        ("Customer where ParentRef = '1'", "property 'ParentRef' is not queryable"),
        ("Customer where BalanceWithJobs > '1'", "property 'BalanceWithJobs' is not queryable"),
        ("Customer orderby PrimaryEmailAddr", "property 'PrimaryEmailAddr' is not sortable"),
        ("Item where UnitPrice > '1'", "property 'UnitPrice' is not queryable"),
        ("Item where QtyOnHand = '1'", "property 'QtyOnHand' is not queryable"),
        ("Item orderby Sku", "property 'Sku' is not sortable"),
        ("Invoice orderby CustomerRef", "property 'CustomerRef' is not sortable"),
        ("Invoice orderby TotalAmt desc", "property 'TotalAmt' is not sortable"),
        ("Invoice where Id > '5'", "operator > is not supported for property 'Id'"),
        ("Invoice where Id like '5%'", "operator LIKE is not supported for property 'Id'"),
        ("Invoice where Balance > 'abc'", "value abc is not valid for property 'Balance'"),
        ("Invoice where TxnDate > '21.11.2026'", "value 21.11.2026 is not valid for property 'TxnDate'"),
        (
            "Invoice where MetaData.LastUpdatedTime > '2026-01-01T00:00:00 01:00'",
            "value 2026-01-01T00:00:00 01:00 is not valid for property 'MetaData.LastUpdatedTime'",
        ),
        ("Customer where Active = 'true'", "value true is not valid for property 'Active'"),
        ("Purchases", "Metadata not found for Entity: Purchases"),
        ("SalesOrder where Id = '1'", "Metadata not found for Entity: SalesOrder"),
    ] {
        let answer = client.ask(&format!("select * from {rest}")).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "4001"), "{rest}: {}", answer.body);
        assert_eq!(answer.detail(), format!("QueryValidationError: {detail}"));
        assert_eq!(answer.json()["Fault"]["type"], "ValidationFault");
        assert_eq!(answer.json()["Fault"]["Error"][0]["Message"], "Invalid query");
    }
    assert_eq!(client.ask("select *, Nope from Item").await.code(), "4001");
    let plain = client.objects("select * from Item").await;
    assert_eq!(client.objects("select *, Sku from Item").await, plain);
    let answer = client.ask("select * from Invoice where Id = '1' or Id = '2'").await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "4000"));
    assert_eq!(answer.json()["Fault"]["Error"][0]["Message"], "Error parsing query");
}

#[tokio::test]
async fn every_name_comes_back_as_data() {
    let client = start_with(1500, |_| {}).await;
    let customers = client.objects("select * from Customer where Active in (true,false) maxresults 1000").await;
    let names: HashSet<_> = customers.iter().map(|customer| customer["DisplayName"].as_str().unwrap()).collect();
    assert!(names.contains("Robert'); DROP TABLE Students;--") && names.contains("Back\\slash Systems Inc."));
    for name in names {
        let condition = format!("DisplayName = {} and Active in (true, false)", quoted(name));
        let found = client.objects(&format!("select * from Customer where {condition}")).await;
        assert_eq!(found.len(), 1, "{name}");
        assert_eq!(found[0]["DisplayName"], name);

        // The same in a URL, and in the other case.
        let upper = format!("DisplayName IN ({}) and Active in (TRUE, FALSE)", quoted(&name.to_uppercase()));
        let path = format!("query?query={}", percent_encoded(&format!("select * from Customer where {upper}")));
        let found = client.get(&path).await.json();
        let lower_again = name.to_uppercase().to_lowercase() == name.to_lowercase();
        assert!(!lower_again || found["QueryResponse"]["Customer"][0]["DisplayName"] == name, "{name}: {found}");
    }
    for careless in ["Robert'); DROP TABLE Students;--", "O'Brien & Søns"] {
        let answer = client.ask(&format!("select * from Customer where DisplayName = '{careless}'")).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "4000"));
        let doubled = careless.replace('\'', "''");
        assert_eq!(client.ask(&format!("select * from Customer where DisplayName = '{doubled}'")).await.status, 400);
    }
    let like = |pattern: &str| format!("select * from Customer where DisplayName like {}", quoted(pattern));
    assert_eq!(client.objects(&like("%drop table%")).await.len(), 1);
    assert_eq!(client.objects(&like("back\\slash%")).await.len(), 1);
    // An underscore is no wildcard, and there is no way to ask for a percent sign.
    assert_eq!(client.objects(&like("100 % natural foods_ltd")).await.len(), 1);
    assert_eq!(client.objects(&like("100 % natural_foods%")).await.len(), 0);
    assert_eq!(client.objects(&like("100 \\% natural%")).await.len(), 0);
}

#[tokio::test]
async fn inactive_names_are_left_out_unless_asked_for() {
    let client = start_with(1500, |_| {}).await;
    for entity in ["Customer", "Item"] {
        let (active, all) =
            (client.count(entity).await, client.count(&format!("{entity} where Active IN (true,false)")).await);
        assert!(active < all);
        assert_eq!(client.count(&format!("{entity} where Active = true")).await, active);
        let inactive = client.objects(&format!("select * from {entity} where Active = false")).await;
        assert_eq!(inactive.len(), all - active);
        let first = id(&inactive[0]);
        assert_eq!(client.count(&format!("{entity} where Id = '{first}'")).await, 0);
        let read = client.get(&format!("{}/{first}", entity.to_lowercase())).await.json();
        assert_eq!(read[entity], inactive[0]);
        assert!(inactive[0]["FullyQualifiedName"].as_str().unwrap().ends_with(" (deleted)"));
    }
}

#[tokio::test]
async fn customers_are_found_by_mail_and_by_nothing() {
    let client = start_small().await;
    let customers = client.objects("select * from Customer maxresults 1000").await;
    let address = customers.iter().find_map(|customer| customer["PrimaryEmailAddr"]["Address"].as_str()).unwrap();
    let upper = address.to_uppercase();
    for address in [address, &upper] {
        assert_eq!(client.count(&format!("Customer where PrimaryEmailAddr = '{address}'")).await, 1);
    }
    let without = customers.iter().filter(|customer| customer.get("PrimaryEmailAddr").is_none()).count();
    assert!(without > 0);
    assert_eq!(client.count("Customer where PrimaryEmailAddr = ' '").await, without);
    let jobs: Vec<_> = customers.iter().filter(|customer| customer["Job"] == true).collect();
    assert!(!jobs.is_empty());
    for job in jobs {
        let parent = client.get(&format!("customer/{}", job["ParentRef"]["value"].as_str().unwrap())).await.json();
        let parent = parent["Customer"]["DisplayName"].as_str().unwrap();
        assert_eq!(job["FullyQualifiedName"], format!("{parent}:{}", job["DisplayName"].as_str().unwrap()));
        assert_eq!(job["Level"], 1);
    }
}

#[tokio::test]
async fn a_query_is_a_parameter_or_plain_text() {
    let client = start_small().await;
    let path = format!("/v3/company/{REALM_ID}/query");
    let statement = "select count(*) from Invoice";
    for media in ["application/json", "application/xml", "application/x-www-form-urlencoded", ""] {
        let answer = client.call(&format!("POST {path}"), media, statement).await;
        assert_eq!((answer.status, answer.code().as_str()), (415, "500"), "{media}");
    }
    for media in ["application/text", "application/text; charset=utf-8", "text/plain"] {
        assert_eq!(client.call(&format!("POST {path}"), media, statement).await.status, 200);
    }
    assert_eq!(client.get("query?query=select+count(*)+from+Invoice").await.status, 200);
    for empty in ["query", "query?query=", "query?minorversion=75"] {
        assert_eq!(client.get(empty).await.code(), "4000");
    }
    // A percent sign that was not encoded, and one that was twice.
    assert_eq!(client.get("query?query=select%2520*%2520from%2520Invoice").await.code(), "4000");
    let ids: String = (1..900).map(|id| format!("'{id}',")).collect();
    let statement = format!("select * from Invoice where Id in ({}) maxresults 1000", ids.trim_end_matches(','));
    assert!(!client.objects(&statement).await.is_empty());
    assert_eq!(client.get(&format!("query?query={}", percent_encoded(&statement))).await.status, 414);
}

fn moment(value: &Value) -> chrono::DateTime<chrono::Utc> {
    value.as_str().unwrap().parse().unwrap()
}
