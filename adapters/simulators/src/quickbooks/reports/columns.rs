//! By what a report's amounts are set side by side.

use std::collections::BTreeSet;

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

use super::{
    Parameters,
    books::{Books, Posting},
    period::Period,
    shape::column,
};
use crate::quickbooks::{fault::Fault, wire::Node};

/// What the columns are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Total,
    Days,
    Weeks,
    Months,
    Quarters,
    Years,
    Customers,
    Vendors,
    Classes,
    Departments,
    Items,
}

/// The columns of amounts, the total not among them.
pub(super) struct Columns {
    by: By,
    /// The word for what they are by.
    pub(super) word: &'static str,
    /// Of columns by days: their first and last.
    spans: Vec<(NaiveDate, NaiveDate)>,
    /// Of others: the ids, in the order of the columns; `None` for what has none.
    keys: Vec<Option<i64>>,
}

impl Columns {
    /// Reads `summarize_column_by`. Only what the postings of the report have becomes a column.
    pub(super) fn new<'p>(
        parameters: &Parameters,
        period: &Period,
        books: &Books<'_>,
        postings: impl Iterator<Item = Posting<'p>>,
    ) -> Result<Self, Fault> {
        let wanted = parameters.get("summarize_column_by").map_or("total", String::as_str).to_lowercase();
        let (by, word) = match wanted.as_str() {
            "total" | "" => (By::Total, "Total"),
            "days" => (By::Days, "Days"),
            "week" => (By::Weeks, "Week"),
            "month" => (By::Months, "Month"),
            "quarter" => (By::Quarters, "Quarter"),
            "year" => (By::Years, "Year"),
            "customers" => (By::Customers, "Customers"),
            "vendors" => (By::Vendors, "Vendors"),
            "classes" => (By::Classes, "Classes"),
            "departments" => (By::Departments, "Departments"),
            "productsandservices" => (By::Items, "ProductsAndServices"),
            other => return Err(Fault::business(&format!("summarize_column_by has no value {other}."))),
        };
        let mut columns = Self { by, word, spans: Vec::new(), keys: Vec::new() };
        match columns.table() {
            Some(table) => {
                let found: BTreeSet<_> = postings.map(|posting| columns.key(&posting)).collect();
                columns.keys = found.into_iter().collect();
                columns.keys.sort_by_key(|key| key.map_or((true, ""), |key| (false, books.name(table, key))));
            }
            None => columns.spans = spans(by, period),
        }
        Ok(columns)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        if self.table().is_some() { self.keys.len() } else { self.spans.len() }
    }

    /// Whether there is a column of totals behind them.
    pub(super) fn has_total(&self) -> bool {
        self.by != By::Total
    }

    /// Whether they are parts of the period.
    pub(super) fn is_by_days(&self) -> bool {
        self.table().is_none()
    }

    /// Where a posting belongs.
    pub(super) fn place(&self, posting: &Posting<'_>) -> Option<usize> {
        if self.table().is_some() {
            let key = self.key(posting);
            return self.keys.iter().position(|other| *other == key);
        }
        self.spans.iter().position(|(first, last)| (*first..=*last).contains(&posting.date))
    }

    /// The last day of a column, which for columns that are not of days is that of the report.
    pub(super) fn end(&self, place: usize, period: &Period) -> NaiveDate {
        self.spans.get(place).map_or(period.end, |(_, last)| *last)
    }

    /// Whether a posting of any day up to the column's last belongs there.
    pub(super) fn is_of(&self, place: usize, posting: &Posting<'_>) -> bool {
        self.keys.get(place).is_none_or(|key| *key == self.key(posting))
    }

    /// The definitions, with a first column for what the rows are.
    pub(super) fn definitions(&self, first: &str, books: &Books<'_>, totals: bool) -> Vec<Node> {
        let mut definitions = vec![column("", first, &[("ColKey", first.to_lowercase())])];
        match self.table() {
            Some(table) => definitions.extend(self.keys.iter().map(|key| {
                let title = key.map_or("Not Specified", |key| books.name(table, key));
                let key = key.map_or_else(|| "-1".to_owned(), |key| key.to_string());
                column(title, "Money", &[("ColKey", key)])
            })),
            None if self.by == By::Total => {}
            None => definitions.extend(self.spans.iter().map(|(first, last)| {
                let title = title(self.by, *first, *last);
                let about =
                    [("StartDate", first.to_string()), ("EndDate", last.to_string()), ("ColKey", title.clone())];
                column(&title, "Money", &about)
            })),
        }
        if totals || self.by == By::Total {
            definitions.push(column("Total", "Money", &[("ColKey", "total".to_owned())]));
        }
        definitions
    }

    fn table(&self) -> Option<&'static str> {
        match self.by {
            By::Customers => Some("Customer"),
            By::Vendors => Some("Vendor"),
            By::Classes => Some("Class"),
            By::Departments => Some("Department"),
            By::Items => Some("Item"),
            By::Total | By::Days | By::Weeks | By::Months | By::Quarters | By::Years => None,
        }
    }

    fn key(&self, posting: &Posting<'_>) -> Option<i64> {
        match self.by {
            By::Customers => posting.customer,
            By::Vendors => posting.vendor,
            By::Classes => posting.class,
            By::Departments => posting.department,
            By::Items => posting.item,
            By::Total | By::Days | By::Weeks | By::Months | By::Quarters | By::Years => None,
        }
    }
}

/// The parts of a period, the first and the last cut where it begins and ends.
fn spans(by: By, period: &Period) -> Vec<(NaiveDate, NaiveDate)> {
    let mut spans = Vec::new();
    let mut first = period.start;
    while first <= period.end {
        let next = match by {
            By::Days => first.succ_opt(),
            By::Weeks => first.week(Weekday::Sun).first_day().checked_add_days(Days::new(7)),
            By::Months => first.with_day(1).and_then(|day| day.checked_add_months(Months::new(1))),
            By::Quarters => {
                let passed = first.month0() % 3;
                first.with_day(1).and_then(|day| day.checked_add_months(Months::new(3 - passed)))
            }
            By::Years => NaiveDate::from_ymd_opt(first.year() + 1, 1, 1),
            _ => period.end.succ_opt(),
        };
        let Some(next) = next else { break };
        spans.push((first, next.pred_opt().unwrap_or(first).min(period.end)));
        first = next;
    }
    spans
}

/// `Aug 2026` for a whole month; a month that is cut says of which days it is.
fn title(by: By, first: NaiveDate, last: NaiveDate) -> String {
    let whole = first.day() == 1 && last.succ_opt().is_none_or(|next| next.day() == 1);
    match by {
        By::Months if whole => first.format("%b %Y").to_string(),
        By::Quarters if whole => format!("{} - {}", first.format("%b"), last.format("%b %Y")),
        By::Years if whole => format!("{} - {}", first.format("%b"), last.format("%b %Y")),
        By::Days => first.format("%b %-d, %Y").to_string(),
        _ => format!("{} - {}", first.format("%b %-d"), last.format("%b %-d %Y")),
    }
}
