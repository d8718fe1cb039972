//! What the functions of `CompanyService` and `SBOBobService` tell about the company.

use chrono::{Datelike, NaiveDate};
use serde_json::{Value, json};

use super::{VERSION, books::RATES};
use crate::{
    dataset::Company,
    store::{Cell, Tables},
};

/// What a unit of a foreign currency is worth on a day, written `20261121` or `2026-11-21`; nothing where no rate was
/// entered, the books' own currency among that.
pub(super) fn rate(tables: &Tables, currency: &str, day: &str) -> Option<Cell> {
    let form = if day.contains('-') { "%Y-%m-%d" } else { "%Y%m%d" };
    let day = NaiveDate::parse_from_str(day, form).ok()?;
    let table = &tables[RATES];
    let filter = crate::store::Filter::eq(table.column("RateDate")?, day);
    let mut rates = table.select(&filter);
    rates.find(|row| row["Currency"].as_str() == Some(currency)).map(|row| row["Rate"].clone())
}

/// The fiscal years that the books reach over, each a `PeriodCategory` of twelve months.
pub(super) fn periods(company: &Company, today: NaiveDate) -> Vec<Value> {
    let (month, day) = company.fiscal_year_end;
    let end = |year| NaiveDate::from_ymd_opt(year, month, day);
    let current = today.year() + i32::from(end(today.year()).is_some_and(|end| end < today));
    let period = |(year, entry): (i32, i64)| {
        let last = end(year)?;
        let first = end(year - 1)?.succ_opt()?;
        let stamp = |day: NaiveDate| format!("{day}T00:00:00Z");
        Some(json!({
            "AbsoluteEntry": entry,
            "BeginningofFinancialYear": stamp(first),
            "PeriodCategory": format!("{year}"),
            "SubPeriodType": "spt_Months",
            "NumberOfPeriods": 12,
            "PeriodName": format!("GJ {year}"),
            "FromPostingDate": stamp(first),
            "ToPostingDate": stamp(last),
            "FromDueDate": stamp(first),
            "ToDueDate": stamp(last),
            "FromDocumentDate": stamp(first),
            "ToDocumentDate": stamp(last),
            "FinancialYear": year,
        }))
    };
    (current - 2..=current).zip(1..).filter_map(period).collect()
}

/// `CompanyService_GetAdminInfo`: the currencies of the books, among much else.
pub(super) fn admin_info(company: &Company) -> Value {
    let currency = company.currency.code();
    json!({
        "Code": 1,
        "CompanyName": company.name,
        "Address": format!("{}\r{} {}", company.street, company.postcode, company.city),
        "Country": company.country,
        "PrintingHeader": company.name,
        "PhoneNumber1": null,
        "PhoneNumber2": null,
        "FaxNumber": null,
        "eMail": null,
        "ManagingDirector": null,
        "ChartofAccountsTemplate": "C",
        "LocalCurrency": currency,
        "SystemCurrency": currency,
        "CreditBalancewithMinusSign": "tYES",
        "StandardUnitofLength": 5,
        "WeightUnitDefault": 3,
        // Rates are units of the local currency for one of the foreign.
        "DirectIndirectRate": "tYES",
        "FederalTaxID": company.tax_number,
        "DefaultWarehouse": "01",
        "ContinuousStockManagement": "tYES",
        "TotalsAccuracy": 2,
        "AccuracyofQuantities": 3,
        "PriceAccuracy": 6,
        "RateAccuracy": 6,
        "PercentageAccuracy": 2,
        "MeasuringAccuracy": 2,
        "QueryAccuracy": 2,
        "DecimalSeparator": ".",
        "ThousandsSeparator": "'",
        "MultiLanguageSupportEnable": "tYES",
        "TimeTemplate": "tt_24H",
        "DateTemplate": "dt_DDMMCCYY",
        "DateSeparator": ".",
        "State": null,
        "EnableBranches": "tNO",
        "AliasName": null,
        "ExtendedAdminInfo": {},
    })
}

/// `CompanyService_GetCompanyInfo`.
pub(super) fn company_info(company: &Company) -> Value {
    json!({
        "Version": VERSION,
        "EnableExpensesManagement": "tYES",
        "EnableAccountSegmentation": "tNO",
        "EnableBillOfExchange": "tNO",
        "MaxRecordsInChooseFromList": 0,
        "PercentOfTotalAcquisition": 0,
        "MinimumBaseAmountPerDoc": 0,
        "MinimumAmountForAppndixOP": 0,
        "MinimumAmountForAnnualList": 0,
        "BlockStockNegativeQuantity": "tNO",
        "MaxNumberOfDocumentsInPmt": 0,
        "CompanyName": company.name,
        "LanguageCode": "ln_German",
    })
}
