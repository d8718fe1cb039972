//! What the functions of `CompanyService` tell about the company.

use serde_json::{Value, json};

use super::VERSION;
use crate::dataset::Company;

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
        "LanguageCode": 9,
    })
}
