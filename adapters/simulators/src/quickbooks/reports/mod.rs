//! The reports: one document each, with columns, and with rows in sections within sections.
//!
//! Sources: Intuit's report pages, and answers of a sandbox that others recorded in 2026: the row of a parent account
//! carries its own amount, rows of aged documents and of the trial balance have no type unless they stand in a section,
//! columns of the ledger say what they are in `MetaData`, and a ledger of too many cells ends with a row that says so.
//!
//! Assumed: accounts are in the order of their numbers; the columns of the ledger are in the service's order, whatever the
//! order asked for; columns that there are not are ignored; the trial balance has income and expenses of the fiscal year;
//! what belongs to none of the columns asked for stands under "Not Specified". Only accrual books are kept: a report on
//! a cash basis is refused.

mod aging;
mod books;
mod columns;
mod general_ledger;
mod parties;
mod period;
mod shape;
mod statements;

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use chrono_tz::Tz;

use super::{
    fault::Fault,
    render::time,
    wire::{Node, Object},
};
use crate::{dataset::Company, store::Tables};
use books::Books;
use period::Period;

/// What a request for a report is answered from.
#[derive(Clone, Copy)]
pub(super) struct Reporter<'a> {
    pub(super) tables: &'a Tables,
    pub(super) company: &'a Company,
    pub(super) zone: Tz,
    pub(super) now: DateTime<Utc>,
    /// The most cells that a report may have.
    pub(super) cells: usize,
}

/// The parameters of a request.
pub(super) type Parameters = HashMap<String, String>;

/// The parts of a report's body besides its header.
struct Body {
    columns: Vec<Node>,
    rows: Vec<Node>,
}

impl Reporter<'_> {
    /// A report by the name of its path.
    pub(super) fn report(&self, name: &str, parameters: &Parameters) -> Result<Object, Fault> {
        if parameters.get("accounting_method").is_some_and(|method| method.eq_ignore_ascii_case("cash")) {
            return Err(Fault::business("These books are kept on an accrual basis only."));
        }
        match name {
            "ProfitAndLoss" => self.profit_and_loss(parameters),
            "BalanceSheet" => self.balance_sheet(parameters),
            "TrialBalance" => self.trial_balance(parameters),
            "GeneralLedger" => self.general_ledger(parameters),
            "AgedReceivables" => self.aged(parameters, &aging::RECEIVABLES),
            "AgedPayables" => self.aged(parameters, &aging::PAYABLES),
            "CustomerSales" => self.sales(parameters, "CustomerSales"),
            "ItemSales" => self.sales(parameters, "ItemSales"),
            "ClassSales" => self.sales(parameters, "ClassSales"),
            "DepartmentSales" => self.sales(parameters, "DepartmentSales"),
            "CustomerIncome" => self.customer_income(parameters),
            "VendorExpenses" => self.vendor_expenses(parameters),
            name => Err(Fault::unsupported(&format!("report {name}"))),
        }
    }

    fn books(&self) -> Books<'_> {
        Books::new(self.tables)
    }

    fn today(&self) -> NaiveDate {
        self.now.with_timezone(&self.zone).date_naive()
    }

    fn period(&self, parameters: &Parameters) -> Result<Period, Fault> {
        Period::new(parameters, self.today(), self.company.fiscal_year_end.0)
    }

    /// Puts the parts together. `basis` and `by` are told by the reports that have them.
    fn document(
        &self,
        name: &str,
        parameters: &Parameters,
        period: &Period,
        (basis, by): (bool, Option<&str>),
        options: Vec<Node>,
        body: Body,
    ) -> Object {
        let mut header = Object::default()
            .with("Time", time(self.now, self.zone, SecondsFormat::Secs))
            .with("ReportName", name)
            .maybe("DateMacro", period.preset.clone())
            .maybe("ReportBasis", basis.then_some("Accrual"))
            .with("StartPeriod", period.start.to_string())
            .with("EndPeriod", period.end.to_string())
            .maybe("SummarizeColumnsBy", by)
            .with("Currency", self.company.currency.code());
        for (parameter, member) in [
            ("customer", "Customer"),
            ("vendor", "Vendor"),
            ("item", "Item"),
            ("class", "Class"),
            ("department", "Department"),
        ] {
            header = header.maybe(member, parameters.get(parameter).cloned());
        }
        let mut options = options;
        options.push(shape::option("NoReportData", if body.rows.is_empty() { "true" } else { "false" }));
        let rows = if body.rows.is_empty() { Object::default() } else { Object::default().with("Row", body.rows) };
        Object::default()
            .with("Header", header.with("Option", options))
            .with("Columns", Object::default().with("Column", body.columns))
            .with("Rows", rows)
    }
}
