//! Sums and groups by the Service Layer itself: `$apply`, saved SQL, and the functions for rates and periods.

use super::*;

#[tokio::test]
async fn sets_are_summed_up_and_grouped() {
    let client = Client::start().await;
    let invoices = client.all("v2/Invoices?$select=DocTotal,CardCode,DocDate,CancelStatus,DocNum").await;
    let live = || invoices.iter().filter(|invoice| invoice["CancelStatus"] == "csNo");
    let total: f64 = live().map(|invoice| invoice["DocTotal"].as_f64().unwrap()).sum();

    let reply = client
        .get("v1/Invoices?$apply=filter(Invoices/CancelStatus eq 'csNo')/aggregate(DocTotal with sum as Total, $count as Rows)")
        .await;
    let row = &reply.value()[0];
    assert!((row["Total"].as_f64().unwrap() - total).abs() < 0.005);
    assert_eq!(row["Rows"], live().count());
    assert!(row["odata.id"].is_null() && row.as_object().unwrap().contains_key("odata.id"));
    assert_eq!(reply.json()["odata.metadata"], "$metadata#Invoices(Total,Rows)");

    let mut by_customer: BTreeMap<String, f64> = BTreeMap::new();
    for invoice in live() {
        let customer = invoice["CardCode"].as_str().unwrap().to_owned();
        *by_customer.entry(customer).or_default() += invoice["DocTotal"].as_f64().unwrap();
    }
    let path =
        "v2/Invoices?$apply=groupby((CardCode),aggregate(DocTotal with sum as Total))&$filter=CancelStatus eq 'csNo'";
    let groups = client.all(path).await;
    assert_eq!(groups.len(), by_customer.len());
    for group in &groups {
        let expected = by_customer[group["CardCode"].as_str().unwrap()];
        assert!((group["Total"].as_f64().unwrap() - expected).abs() < 0.005, "{group}");
        assert_eq!(group.as_object().unwrap().len(), 3);
    }
    let page = client.get(&format!("{path}&$orderby=Total desc")).await.json();
    assert_eq!(page["value"].as_array().unwrap().len(), 20);
    assert!(page["@odata.nextLink"].as_str().unwrap().ends_with("$skip=20"));
    assert_eq!(page["value"][0]["CardCode"], "C00001");

    let few = client
        .get(
            "v2/Orders?$apply=aggregate(CardCode with countdistinct as Customers, DocEntry with max as Last, \
             DocDate with min as First, VatSum with average as Tax)",
        )
        .await
        .value();
    assert!(few[0]["Customers"].as_str().unwrap().parse::<usize>().unwrap() > 5, "{few:?}");
    assert!(few[0]["Last"].is_i64() && few[0]["First"].as_str().unwrap().ends_with("T00:00:00Z"));
    let empty = client.get("v2/Orders?$apply=filter(DocEntry lt 0)/aggregate(DocTotal with sum as Total)").await;
    assert_eq!(empty.value()[0]["Total"], Value::Null);
    assert_eq!(
        client.get("v2/Orders?$apply=groupby((CardCode,CardCode))&$top=1").await.value()[0].as_object().unwrap().len(),
        2
    );
    for (apply, code) in [
        ("aggregate(DocTotal with sum)", "201"),
        ("aggregate(DocTotal with total as Total)", "201"),
        ("aggregate(CardCode with sum as Total)", "201"),
        ("aggregate(Nothing with sum as Total)", "201"),
        ("groupby((CardCode),aggregate(DocTotal with sum as Total))/filter(Total gt 5)", "201"),
        ("topcount(1,DocTotal)", "201"),
        ("groupby((DocumentLines))", "201"),
    ] {
        assert_eq!(client.get(&format!("v2/Orders?$apply={apply}")).await.error().1, code, "{apply}");
    }
    let without = Client::with(Options { aggregates: false, login_time: Duration::ZERO, ..Options::default() }).await;
    assert_eq!(without.get("v2/Orders?$apply=aggregate($count as Rows)").await.status, 400);
}

#[tokio::test]
async fn joined_rows_are_summed_up() {
    let client = Client::start().await;
    let option = "$apply=filter(Invoices/DocEntry eq Invoices/DocumentLines/DocEntry and Invoices/CancelStatus eq 'csNo')/\
                  groupby((Invoices/DocumentLines/ItemCode),aggregate(Invoices/DocumentLines(LineTotal with sum as Total)))";
    let body = json!({ "QueryPath": "$crossjoin(Invoices,Invoices/DocumentLines)", "QueryOption": option }).to_string();
    let reply =
        client.request("POST", "/b1s/v2/QueryService_PostQuery", "Prefer: odata.maxpagesize=0\r\n", &body).await;
    let mut expected: BTreeMap<String, f64> = BTreeMap::new();
    for invoice in client.all("v2/Invoices?$filter=CancelStatus eq 'csNo'").await {
        for line in invoice["DocumentLines"].as_array().unwrap() {
            let item = line["ItemCode"].as_str().unwrap().to_owned();
            *expected.entry(item).or_default() += line["LineTotal"].as_f64().unwrap();
        }
    }
    let rows = reply.value();
    assert_eq!(rows.len(), expected.len());
    for row in rows {
        let line = &row["Invoices/DocumentLines"];
        assert!(
            (line["Total"].as_f64().unwrap() - expected[line["ItemCode"].as_str().unwrap()]).abs() < 0.005,
            "{row}"
        );
    }
    // As the guide has it.
    let guide = "v1/$crossjoin(Orders,BusinessPartners)?$apply=filter(Orders/CardCode eq BusinessPartners/CardCode)/\
                 groupby((BusinessPartners/CardCode),aggregate(Orders/$count as CountDocEntry))";
    let rows = client.get(guide).await.value();
    assert!(rows[0]["BusinessPartners"]["CardCode"].is_string() && rows[0]["Orders"]["CountDocEntry"].is_i64());
}

impl Client {
    async fn save(&self, code: &str, text: &str) -> Reply {
        let body = json!({ "SqlCode": code, "SqlName": code, "SqlText": text }).to_string();
        self.request("POST", "/b1s/v1/SQLQueries", "", &body).await
    }
}

#[tokio::test]
async fn saved_queries_are_run() {
    let client = Client::start().await;
    let saved = client
        .save("sums", "select account, sum(debit) as debits, Sum(Credit) Credits from jdt1 where RefDate <= :day group by account order by Account")
        .await;
    assert_eq!(saved.status, 201, "{}", saved.body);
    assert!(saved.head.contains("location: http://b1.example:50000/b1s/v1/sqlqueries('sums')"));
    assert_eq!(saved.json()["ParamList"], "day");
    let text = "select \"Account\", sum(\"Debit\") as \"debits\", Sum(\"Credit\") \"Credits\" from \"JDT1\" \
                where \"RefDate\" <= :day group by \"Account\" order by \"Account\"";
    assert_eq!(saved.json()["SqlText"], text);

    let rows = client.all("v2/SQLQueries('sums')/List?day='20261121'").await;
    let accounts = client.all("v2/ChartOfAccounts?$filter=ActiveAccount eq 'tYES'").await;
    assert!(rows.len() > 10);
    for row in &rows {
        let account = accounts.iter().find(|account| account["Code"] == row["Account"]).unwrap();
        let balance = row["debits"].as_f64().unwrap() - row["Credits"].as_f64().unwrap();
        assert!((account["Balance"].as_f64().unwrap() - balance).abs() < 0.005, "{row}");
    }
    let page = client.get("v1/SQLQueries('sums')/List?day='2026-11-21'").await;
    let page = page.json();
    assert_eq!(page["SqlText"], text);
    assert_eq!(page["odata.nextLink"], "SQLQueries('sums')/List?day='2026-11-21'&$skip=20");
    assert!(page["odata.metadata"].as_str().unwrap().ends_with("$metadata#SAPB1.SQLQueryResult"));
    let by_post = client
        .request("POST", "/b1s/v1/SQLQueries('sums')/List", "", &json!({ "ParamList": "day='2026-11-21'" }).to_string())
        .await;
    assert_eq!(by_post.value(), page["value"].as_array().unwrap().clone());
    for wrong in ["", "?day=2026", "?day='2026';truncate table OITM"] {
        let expected = if wrong == "?day=2026" { 200 } else { 400 };
        assert_eq!(client.get(&format!("v1/SQLQueries('sums')/List{wrong}")).await.status, expected, "{wrong}");
    }

    client
        .save(
            "lines",
            "SELECT T0.\"DocNum\", T1.LineNum, ifnull(T1.ItemCode,'none') AS \"Item\", T0.DocDate, T0.CANCELED \
             FROM ORDR T0 INNER JOIN RDR1 T1 ON T0.DocEntry = T1.DocEntry \
             WHERE (T0.CardCode like 'C0%' or T0.DocNum in (1, 2)) and not T1.LineNum between 1 and 99 \
             and T1.ItemCode is not null ORDER BY T0.DocNum DESC",
        )
        .await;
    let rows = client.all("v2/SQLQueries('lines')/List").await;
    assert_eq!(rows.len(), client.all("v2/Orders?$select=DocEntry").await.len());
    let first = &rows[0];
    assert_eq!(first["DocDate"].as_str().unwrap().len(), 8);
    assert!(rows.iter().any(|row| row["CANCELED"] == "Y") && rows.iter().any(|row| row["CANCELED"] == "N"));
    client.save("left", "select t0.CardCode, count(t1.DocEntry) as n from OCRD t0 left join ORDR t1 on t1.CardCode = t0.CardCode group by t0.CardCode having count(*) > 0").await;
    let rows = client.all("v2/SQLQueries('left')/List").await;
    assert!(rows.iter().any(|row| row["n"] == 0) && rows.iter().any(|row| row["n"].as_i64() > Some(5)));
    client
        .save("rates", "select RateDate, Currency, Rate from ORTT where Currency = 'EUR' and RateDate >= '2026-11-01'")
        .await;
    assert_eq!(client.all("v2/SQLQueries('rates')/List").await.len(), 18);
    client.save("paid", "select t0.DocEntry, t0.DocTotal, t1.InvType from ORCT t0 join RCT2 t1 on t1.DocNum = t0.DocEntry where t0.Canceled = 'N'").await;
    assert!(client.all("v2/SQLQueries('paid')/List").await.iter().all(|row| row["InvType"] == "13"));

    for (text, code, message) in [
        ("update ORDR set Comments = '1234'", "701", "mismatched input 'update' expecting {SELECT, '('}"),
        ("select * from ORDR", "701", "Cannot support asterisk(*) in select list."),
        ("select CardCode from CRD2", "702", "Table 'CRD2' not accessible"),
        ("select Nothing from ORDR", "703", "Column 'Nothing' from table 'ORDR' not accessible"),
        ("select length(ItemCode) as n from oitm", "701", "Cannot support this function or expression: 'length'"),
        ("select Debit - Credit as b from JDT1", "701", "Cannot support this function or expression: '-'"),
        (
            "select max(itemCode) as a, min(itemCode) as a from OITM",
            "701",
            "Multiple name for column or column alias 'a'",
        ),
        ("select DocEntry from ordr t1 order by DocEntry dsc", "701", "Incorrect syntax near 'dsc'."),
        ("select sum(DocTotal) from ORDR", "701", "alias"),
        ("select CardCode, sum(DocTotal) as s from ORDR", "701", "GROUP BY"),
        ("select AcctCode from OACT", "702", "Table 'OACT' not accessible"),
    ] {
        let refused = client.save("bad", text).await.error();
        assert_eq!((refused.0, refused.1.as_str()), (400, code), "{text}: {refused:?}");
        assert!(refused.2.contains(message), "{text}: {}", refused.2);
    }
    assert_eq!(client.save("sums", "select DocEntry from ORDR").await.error().1, "-2035");
    let patched =
        client.request("PATCH", "/b1s/v2/SQLQueries('paid')", "", r#"{"SqlText":"select DocNum from ORCT"}"#).await;
    assert_eq!(patched.status, 204);
    assert_eq!(client.get("v2/SQLQueries('paid')").await.json()["SqlText"], "select \"DocNum\" from \"ORCT\"");
    assert_eq!(client.request("DELETE", "/b1s/v2/SQLQueries('paid')", "", "").await.status, 204);
    assert_eq!(client.get("v2/SQLQueries('paid')/List").await.error().1, "-2028");
    assert_eq!(client.request("POST", "/b1s/v2/Orders", "", "{}").await.error().1, "-5006");
}

#[tokio::test]
async fn rates_and_periods_are_told_by_functions() {
    let client = Client::start().await;
    let rate = |currency: &str, date: &str| json!({ "Currency": currency, "Date": date }).to_string();
    for version in ["v1", "v2"] {
        let target = format!("/b1s/{version}/SBOBobService_GetCurrencyRate");
        let reply = client.request("POST", &target, "", &rate("EUR", "20261120")).await;
        let expected = story().rate(crate::dataset::Currency::Eur, NaiveDate::from_ymd_opt(2026, 11, 20).unwrap());
        assert_eq!(reply.body.trim().parse::<f64>().unwrap(), expected.dec().to_f64());
        // A Sunday, a day before the story, the books' own currency.
        for (currency, date) in [("EUR", "20261115"), ("EUR", "20100101"), ("CHF", "20261120")] {
            let refused = client.request("POST", &target, "", &rate(currency, date)).await.error();
            assert_eq!((refused.0, refused.1.as_str()), (400, "-4006"));
        }
    }
    assert_eq!(client.get("v2/SBOBobService_GetLocalCurrency").await.json(), "CHF");
    let periods = client.get("v2/CompanyService_GetPeriods").await.value();
    assert_eq!(periods.len(), 3);
    let body = json!({ "PeriodCategoryParams": periods[2] }).to_string();
    let period = client.request("POST", "/b1s/v2/CompanyService_GetPeriod", "", &body).await.json();
    assert_eq!(
        (&period["FinancialYear"], &period["BeginningofFinancialYear"]),
        (&json!(2027), &json!("2026-07-01T00:00:00Z"))
    );
}
