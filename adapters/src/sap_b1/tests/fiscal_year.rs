//! The end of the company's fiscal year.

use super::*;
use EntityType::Company;

async fn ends(server: Server) -> (Arc<Server>, Value, Value) {
    let server = Arc::new(server);
    let b1 = adapter(&server, &[]);
    let wanted = fields(Company, &["name", "fiscalYearEndMonth", "fiscalYearEndDay"]);
    let read = async || {
        let found = b1.get_many(&ctx(), Company, &[reference("AdminInfo", "SBO")], wanted).await.expect("a company");
        let company = found.into_iter().next().flatten().expect("the company");
        assert_eq!(*company.named("name"), text("Edelweiß AG"));
        (company.named("fiscalYearEndMonth").clone(), company.named("fiscalYearEndDay").clone())
    };
    let (month, day) = read().await;
    let asked = server.sent();
    assert_eq!(read().await, (month.clone(), day.clone()));
    let periods = |sent: &[String]| sent.iter().filter(|line| line.contains("GetPeriod")).count();
    assert!(periods(&asked) > 0);
    assert_eq!(periods(&server.sent()), 0, "asked for once in an hour");
    (server, month, day)
}

#[tokio::test]
async fn the_company_tells_when_its_fiscal_year_ends() {
    for version in [1, 2] {
        let (_, month, day) = ends(company(version)).await;
        assert_eq!((month, day), (Value::Int(3), Value::Int(31)), "by the year that was set up last");
    }
}

#[tokio::test]
async fn who_may_not_read_periods_sees_the_company_all_the_same() {
    for what in ["CompanyService_GetPeriods", "CompanyService_GetPeriod"] {
        let mut server = company(2);
        server.forbidden.insert(what);
        let (_, month, day) = ends(server).await;
        assert!(month.is_null() && day.is_null());
    }
}
