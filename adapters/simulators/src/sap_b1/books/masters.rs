//! The small sets that documents refer to: groups, currencies, taxes, terms, cost centres, projects.

use chrono::Months;

use super::{
    Books,
    items::{GOODS, SERVICES},
    yes_no,
};
use crate::{
    dataset::{AccountRole, DimensionKind},
    store::{Cell, StoreError, Tables},
};

/// Writes them all.
pub(super) fn write(books: &Books<'_>, tables: &mut Tables) -> Result<(), StoreError> {
    let dataset = books.dataset;
    let stock = books.names.account(AccountRole::Inventory);
    for (number, name, stock) in [(GOODS, "Waren", stock), (SERVICES, "Dienstleistungen", Cell::Null)] {
        tables["ItemGroups"].insert(number, [("GroupName", name.into()), ("InventoryAccount", stock)])?;
    }
    for currency in dataset.company.currencies() {
        let values = [("Code", currency.code().into()), ("Name", currency.name().into())];
        tables["Currencies"].push(values)?;
    }
    let begin = dataset.today.checked_sub_months(Months::new(36)).unwrap_or(dataset.today);
    let sales = (dataset.company.taxes, "bovcOutputTax", AccountRole::OutputTax);
    let purchases = (dataset.company.purchase_taxes, "bovcInputTax", AccountRole::InputTax);
    for (taxes, category, account) in [sales, purchases] {
        for tax in taxes {
            let values = [
                ("Code", tax.code.into()),
                ("Name", tax.name.into()),
                ("Category", category.into()),
                ("TaxAccount", books.names.account(account)),
            ];
            tables["VatGroups"].push(values)?;
            let rate = [("Code", tax.code.into()), ("Effectivefrom", begin.into()), ("Rate", tax.percent().into())];
            tables["VatGroups/VatGroups_Lines"].push(rate)?;
        }
    }
    for (number, name, days) in [(-1, "- Sofort -", 0), (2, "14 Tage", 14), (3, "30 Tage", 30), (4, "60 Tage", 60)] {
        let values = [("PaymentTermsGroupName", name.into()), ("NumberOfAdditionalDays", Cell::Int(days))];
        tables["PaymentTermsTypes"].insert(number, values)?;
    }
    for (code, name, active) in [(1, "Kostenstelle", true), (2, "Dimension 2", false), (3, "Dimension 3", false)] {
        let values = [
            ("DimensionName", format!("Dimension {code}").into()),
            ("DimensionDescription", name.into()),
            ("IsActive", yes_no(active)),
        ];
        tables["Dimensions"].insert(code, values)?;
    }
    for dimension in &dataset.dimensions {
        match dimension.kind {
            DimensionKind::CostCentre => {
                let rule = [
                    ("FactorCode", dimension.code.into()),
                    ("FactorDescription", dimension.name.into()),
                    ("Active", yes_no(dimension.active)),
                ];
                tables["DistributionRules"].push(rule)?;
                let line = [("FactorCode", dimension.code.into()), ("EffectiveFrom", begin.into())];
                tables["DistributionRules/DistributionRuleLines"].push(line)?;
                let center = [
                    ("CenterCode", dimension.code.into()),
                    ("CenterName", dimension.name.into()),
                    ("EffectiveFrom", begin.into()),
                    ("Active", yes_no(dimension.active)),
                ];
                tables["ProfitCenters"].push(center)?;
            }
            DimensionKind::Project => {
                let project = [
                    ("Code", dimension.code.into()),
                    ("Name", dimension.name.into()),
                    ("ValidFrom", begin.into()),
                    ("Active", yes_no(dimension.active)),
                ];
                tables["Projects"].push(project)?;
            }
        }
    }
    Ok(())
}
