//! The short lists that documents refer to.

use super::{Renderer, day, number, reference, text};
use crate::{
    quickbooks::wire::{Node, Object},
    store::Row,
};

impl Renderer<'_> {
    /// An entry of one of the lists.
    pub(super) fn list_entry(&self, list: &str, row: &Row<'_>) -> Object {
        let active = || Object::default().with("Active", row["Active"].as_bool().unwrap_or_default());
        match list {
            "TaxRate" => self.tax_rate(row).extend(active()),
            "TaxCode" => self.tax_code(row),
            "TaxAgency" => Object::default()
                .maybe("DisplayName", text(row, "DisplayName"))
                .with("TaxTrackedOnPurchases", false)
                .with("TaxTrackedOnSales", true)
                .extend(self.entity(row)),
            "Class" => self.dimension(row).with("SubClass", false).extend(active()).extend(self.entity(row)),
            "Department" => self.dimension(row).with("SubDepartment", false).extend(active()).extend(self.entity(row)),
            "Term" => Object::default()
                .maybe("Name", text(row, "Name"))
                .extend(active())
                .with("Type", "STANDARD")
                .with("DiscountPercent", 0_usize)
                .maybe("DueDays", number(&row["DueDays"]))
                .with("DiscountDays", 0_usize)
                .extend(self.entity(row)),
            "PaymentMethod" => Object::default()
                .maybe("Name", text(row, "Name"))
                .extend(active())
                .maybe("Type", text(row, "Type"))
                .extend(self.entity(row)),
            "CompanyCurrency" => Object::default()
                .maybe("Code", text(row, "Code"))
                .maybe("Name", text(row, "Name"))
                .extend(active())
                .extend(self.entity(row)),
            _ => self.exchange_rate(row),
        }
    }

    fn dimension(&self, row: &Row<'_>) -> Object {
        Object::default().maybe("Name", text(row, "Name")).maybe("FullyQualifiedName", text(row, "FullyQualifiedName"))
    }

    fn tax_rate(&self, row: &Row<'_>) -> Object {
        Object::default()
            .maybe("Name", text(row, "Name"))
            .maybe("Description", text(row, "Description"))
            .maybe("RateValue", number(&row["RateValue"]))
            .maybe("AgencyRef", row["AgencyRef"].as_int().map(|agency| reference(agency, None)))
            .with("SpecialTaxType", "NONE")
            .with("DisplayType", "ReadOnly")
            .extend(self.entity(row))
    }

    /// The codes that are words have neither versions nor rates (Intuit's page of TaxCode).
    fn tax_code(&self, row: &Row<'_>) -> Object {
        let group = row["TaxGroup"].as_bool().unwrap_or_default();
        let object = Object::default()
            .maybe("Name", text(row, "Name"))
            .maybe("Description", text(row, "Description"))
            .with("Taxable", row["Taxable"].as_bool().unwrap_or_default())
            .with("TaxGroup", group);
        if !group {
            return object.maybe("Id", text(row, "Name")).with("MetaData", self.times(row));
        }
        let rates = self.tables["TaxRate"].rows().map(|rate| {
            let name = text(&rate, "Name");
            Object::default()
                .with("TaxRateRef", reference(rate.id(), name.as_deref()))
                .with("TaxTypeApplicable", "TaxOnAmount")
                .with("TaxOrder", 0_usize)
                .into()
        });
        let list = |details: Vec<Node>| Object::default().with("TaxRateDetail", details);
        object
            .with("Active", true)
            .with("SalesTaxRateList", list(rates.collect()))
            .with("PurchaseTaxRateList", list(Vec::new()))
            .extend(self.entity(row))
    }

    /// It has no id, and no time at which it was created (Intuit's page of ExchangeRate).
    fn exchange_rate(&self, row: &Row<'_>) -> Object {
        Object::default()
            .with("SyncToken", row["SyncToken"].as_int().unwrap_or_default().to_string())
            .with("domain", "QBO")
            .maybe("AsOfDate", day(row, "AsOfDate"))
            .maybe("SourceCurrencyCode", text(row, "SourceCurrencyCode"))
            .maybe("Rate", number(&row["Rate"]))
            .with("sparse", false)
            .with("TargetCurrencyCode", self.company.currency.code())
            .with("MetaData", Object::default().with("LastUpdatedTime", self.stamp(row, "MetaData.LastUpdatedTime")))
    }
}
