//! Customers, items, and what the company says of itself.

use super::{Renderer, currency, day, mail, money, number, reference, text};
use crate::{
    dataset::{AccountRole, Company},
    quickbooks::{
        tables::account_id,
        wire::{Node, Object},
    },
    store::{Cell, Row},
};

impl Renderer<'_> {
    pub(super) fn customer(&self, row: &Row<'_>) -> Object {
        let address = self.address(row, 2 * row.id());
        let parent = row["ParentRef"].as_int();
        Object::default()
            .with("Taxable", row["Taxable"].as_bool().unwrap_or_default())
            .maybe("BillAddr", address.clone())
            .maybe("ShipAddr", address.filter(|_| row.id() % 3 == 0))
            .maybe("Notes", text(row, "Notes"))
            .with("Job", parent.is_some())
            .with("BillWithParent", false)
            .maybe("ParentRef", parent.map(|parent| reference(parent, None)))
            .maybe("Level", parent.map(|_| 1_usize))
            .maybe("Balance", money(&row["Balance"]))
            .maybe("BalanceWithJobs", money(&row["BalanceWithJobs"]))
            .with("CurrencyRef", currency(row))
            .with("PreferredDeliveryMethod", if row.id() % 4 == 0 { "Print" } else { "Email" })
            .with("IsProject", false)
            .with("ClientEntityId", "0")
            .extend(self.entity(row))
            .maybe("GivenName", text(row, "GivenName"))
            .maybe("FamilyName", text(row, "FamilyName"))
            .maybe("FullyQualifiedName", text(row, "FullyQualifiedName"))
            .maybe("CompanyName", text(row, "CompanyName"))
            .maybe("DisplayName", text(row, "DisplayName"))
            .maybe("PrintOnCheckName", text(row, "PrintOnCheckName"))
            .with("Active", row["Active"].as_bool().unwrap_or_default())
            .maybe(
                "PrimaryPhone",
                text(row, "PrimaryPhone").map(|phone| Object::default().with("FreeFormNumber", phone)),
            )
            .maybe("PrimaryEmailAddr", text(row, "PrimaryEmailAddr").map(mail))
            .maybe("SalesTermRef", row["SalesTermRef"].as_int().map(|term| reference(term, None)))
            .maybe("PrimaryTaxIdentifier", text(row, "PrimaryTaxIdentifier"))
    }

    pub(super) fn item(&self, row: &Row<'_>) -> Object {
        let kind = row["Type"].as_str().unwrap_or_default();
        let parent = row["ParentRef"].as_int();
        let account = |role| self.named("Account", &Cell::Int(account_id(role)));
        let sold = matches!(kind, "Inventory" | "NonInventory" | "Service");
        let counted = kind == "Inventory";
        let mut object = Object::default()
            .maybe("Name", text(row, "Name"))
            .maybe("Sku", text(row, "Sku"))
            .maybe("Description", text(row, "Description"))
            .with("Active", row["Active"].as_bool().unwrap_or_default());
        if let Some(parent) = parent {
            let name = self.name("Item", parent, "FullyQualifiedName");
            object = object.with("SubItem", true).with("ParentRef", reference(parent, name)).with("Level", 1_usize);
        }
        object = object
            .maybe("FullyQualifiedName", text(row, "FullyQualifiedName"))
            .maybe("Taxable", row["Taxable"].as_bool())
            .maybe("UnitPrice", number(&row["UnitPrice"]))
            .with("Type", kind);
        if sold {
            let income = if kind == "Service" { AccountRole::SalesServices } else { AccountRole::SalesGoods };
            object = object
                .maybe("IncomeAccountRef", account(income))
                .maybe("PurchaseCost", number(&row["PurchaseCost"]))
                .maybe("ExpenseAccountRef", account(AccountRole::CostOfSales).filter(|_| counted))
                .maybe("AssetAccountRef", account(AccountRole::Inventory).filter(|_| counted))
                .with("TrackQtyOnHand", counted)
                .maybe("QtyOnHand", number(&row["QtyOnHand"]))
                .maybe("InvStartDate", day(row, "InvStartDate"));
        }
        object = object.extend(self.entity(row));
        if let Cell::Ids(parts) = &row["ItemGroupDetail"] {
            let line = |part: &i64| {
                let name = self.name("Item", *part, "FullyQualifiedName");
                Node::from(Object::default().with("ItemRef", reference(*part, name)).with("Qty", 1_usize))
            };
            let lines: Vec<_> = parts.iter().map(line).collect();
            object = object
                .with("ItemGroupDetail", Object::default().with("ItemGroupLine", lines))
                .with("PrintGroupedItems", true);
        }
        object
    }

    pub(super) fn company_info(&self, row: &Row<'_>) -> Object {
        let Company { name, street, city, postcode, country, tax_number, .. } = self.company;
        let address = || {
            Object::default()
                .with("Id", "1")
                .with("Line1", *street)
                .with("City", *city)
                .with("CountrySubDivisionCode", "WA")
                .with("PostalCode", *postcode)
        };
        let value = |name: &str, value: &str| Node::from(Object::default().with("Name", name).with("Value", value));
        Object::default()
            .with("CompanyName", *name)
            .with("LegalName", *name)
            .with("CompanyAddr", address())
            .with("CustomerCommunicationAddr", address())
            .with("LegalAddr", address())
            .with("CustomerCommunicationEmailAddr", mail("books@cascade-ridge.example".to_owned()))
            .with("PrimaryPhone", Object::default().with("FreeFormNumber", "(206) 555-0142"))
            .maybe(
                "CompanyStartDate",
                row["MetaData.CreateTime"].as_stamp().map(|start| start.date_naive().to_string()),
            )
            .with("EmployerId", *tax_number)
            .with("FiscalYearStartMonth", self.first_month())
            .with("Country", *country)
            .with("Email", mail("books@cascade-ridge.example".to_owned()))
            .with("WebAddr", Object::default())
            .with("SupportedLanguages", "en")
            .with(
                "NameValue",
                vec![
                    value("NeoEnabled", "true"),
                    value("SubscriptionStatus", "PAID"),
                    value("OfferingSku", "QuickBooks Online Plus"),
                    value("ItemCategoriesFeature", "true"),
                ],
            )
            .extend(self.entity(row))
    }

    /// The month after the last of the fiscal year.
    fn first_month(&self) -> &'static str {
        let month = self.company.fiscal_year_end.0 % 12 + 1;
        chrono::Month::try_from(u8::try_from(month).unwrap_or(1)).map_or("January", |month| month.name())
    }

    pub(super) fn preferences(&self, row: &Row<'_>) -> Object {
        let home = self.company.currency.code();
        let field = |name: &str| Node::from(Object::default().with("Name", name).with("Type", "StringType"));
        let fields = vec![Node::from(Object::default().with("CustomField", vec![field("Crew #"), field("PO")]))];
        Object::default()
            .with(
                "AccountingInfoPrefs",
                Object::default()
                    .with("FirstMonthOfFiscalYear", self.first_month())
                    .with("UseAccountNumbers", true)
                    .with("TaxYearMonth", "January")
                    .with("ClassTrackingPerTxn", false)
                    .with("ClassTrackingPerTxnLine", true)
                    .with("TrackDepartments", true)
                    .with("DepartmentTerminology", "Division")
                    .with("CustomerTerminology", "Customers"),
            )
            .with(
                "ProductAndServicesPrefs",
                Object::default()
                    .with("ForSales", true)
                    .with("ForPurchase", true)
                    .with("QuantityWithPriceAndRate", true)
                    .with("QuantityOnHand", true),
            )
            .with(
                "SalesFormsPrefs",
                Object::default()
                    .with("CustomField", fields)
                    .with("CustomTxnNumbers", true)
                    .with("AllowDeposit", true)
                    .with("AllowDiscount", true)
                    .with("AllowEstimates", true)
                    .with("ETransactionEnabledStatus", "NotApplicable"),
            )
            .with(
                "VendorAndPurchasesPrefs",
                Object::default().with("BillableExpenseTracking", false).with("TrackingByCustomer", false),
            )
            .with(
                "ReportPrefs",
                Object::default().with("ReportBasis", "Accrual").with("CalcAgingReportFromTxnDate", false),
            )
            .with("TaxPrefs", Object::default().with("UsingSalesTax", true).with("PartnerTaxEnabled", false))
            .with(
                "CurrencyPrefs",
                Object::default()
                    .with("MultiCurrencyEnabled", true)
                    .with("HomeCurrency", Object::default().with("value", home)),
            )
            .with(
                "OtherPrefs",
                Object::default().with(
                    "NameValue",
                    vec![Node::from(
                        Object::default()
                            .with("Name", "SalesFormsPrefs.DefaultCustomerMessage")
                            .with("Value", "Thank you!"),
                    )],
                ),
            )
            .extend(self.entity(row))
    }
}
