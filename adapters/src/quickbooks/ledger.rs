//! The postings of the ledger, by QuickBooks' General Ledger report. Queries know only the journal entries that people wrote;
//! what documents post is in this report alone.

use super::QuickBooks;
use crate::{
    adapter::Ctx,
    error::{Error, Result},
    filter::{Condition, Filter, Op, Target},
    model::{EntityType, Value},
};
use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;
use serde::Deserialize;

/// Which postings are asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Span {
    first: NaiveDate,
    last: NaiveDate,
    /// The ids of the accounts; none for all of them.
    accounts: Option<Vec<Box<str>>>,
}

/// A line of the ledger, in the company's currency.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Posting {
    pub(super) account: Option<Box<str>>,
    pub(super) date: NaiveDate,
    pub(super) debit: Decimal,
    pub(super) credit: Decimal,
}

impl Span {
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) where the filter asks for more than days and accounts.
    pub(super) fn of(filter: &Filter) -> Result<Self> {
        let def = EntityType::Transaction.def();
        let unsupported =
            || Error::unsupported("QuickBooks' report of the ledger is selected by date and account only.");
        // A report without dates is one of this fiscal year.
        let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
        let mut span = Self { first: day(1900, 1, 1), last: day(2100, 12, 31), accounts: None };
        let conjuncts = match filter {
            Filter::And(parts) => parts.as_slice(),
            one => std::slice::from_ref(one),
        };
        for part in conjuncts {
            let Filter::Is(Condition { target: Target::Field(field), op, values }) = part else {
                return Err(unsupported());
            };
            match (def.field(*field).name, op, values.as_slice()) {
                ("date", Op::Eq, [Value::Date(on)]) => span.within(*on, *on),
                ("date", Op::Gte, [Value::Date(from)]) => span.within(*from, span.last),
                ("date", Op::Gt, [Value::Date(after)]) => span.within(next(*after), span.last),
                ("date", Op::Lte, [Value::Date(to)]) => span.within(span.first, *to),
                ("date", Op::Lt, [Value::Date(before)]) => span.within(span.first, previous(*before)),
                ("account", Op::Eq | Op::In, values) => {
                    let ids = values.iter().filter_map(|value| match value {
                        Value::Ref(account) if super::read::is_id(&account.id) => Some(account.id.clone()),
                        _ => None,
                    });
                    let ids: Vec<_> = ids.collect();
                    span.accounts = Some(match span.accounts.take() {
                        Some(known) => known.into_iter().filter(|id| ids.contains(id)).collect(),
                        None => ids,
                    });
                }
                _ => return Err(unsupported()),
            }
        }
        Ok(span)
    }

    fn within(&mut self, first: NaiveDate, last: NaiveDate) {
        self.first = self.first.max(first);
        self.last = self.last.min(last);
    }

    fn is_empty(&self) -> bool {
        self.first > self.last || self.accounts.as_ref().is_some_and(Vec::is_empty)
    }

    fn has(&self, posting: &Posting) -> bool {
        let accounts = self.accounts.as_ref();
        (self.first..=self.last).contains(&posting.date)
            && accounts.is_none_or(|ids| posting.account.as_ref().is_some_and(|id| ids.contains(id)))
    }
}

fn next(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1)).unwrap_or(day)
}

fn previous(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(1)).unwrap_or(day)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Report {
    columns: Columns,
    #[serde(default)]
    rows: Rows,
}

#[derive(Deserialize)]
struct Columns {
    #[serde(rename = "Column", default)]
    list: Vec<Column>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Column {
    #[serde(default)]
    col_type: String,
    #[serde(default)]
    meta_data: Vec<MetaData>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetaData {
    name: String,
    value: String,
}

impl Column {
    /// Whether it is the one that was asked for by a name: answers tell it as the type, or beside the type.
    fn is(&self, name: &str) -> bool {
        self.meta_data.iter().find(|m| m.name == "ColKey").map_or(&self.col_type, |m| &m.value) == name
    }
}

#[derive(Default, Deserialize)]
struct Rows {
    #[serde(rename = "Row", default)]
    list: Vec<ReportRow>,
}

/// A posting, or a section of them: of one account, or of the accounts below it.
#[derive(Deserialize)]
struct ReportRow {
    #[serde(rename = "ColData", default)]
    cells: Vec<Cell>,
    #[serde(rename = "Rows", default)]
    rows: Rows,
}

#[derive(Deserialize)]
struct Cell {
    #[serde(default)]
    value: Option<String>,
    #[serde(default)]
    id: Option<Box<str>>,
}

impl QuickBooks {
    /// The postings of a time. The report comes whole or not at all.
    pub(super) async fn postings(&self, ctx: &Ctx, span: &Span) -> Result<Vec<Posting>> {
        if span.is_empty() {
            return Ok(Vec::new());
        }
        // With several currencies the plain columns hold the amounts of the documents.
        let (debit, credit) = match self.books(ctx).await?.multi_currency {
            true => ("debt_home_amt", "credit_home_amt"),
            false => ("debt_amt", "credit_amt"),
        };
        let columns = format!("tx_date,account_name,{debit},{credit}");
        // The first day has to be before the last one.
        let first = previous(span.first);
        let (first, last) = (first.to_string(), span.last.to_string());
        let accounts = span.accounts.as_ref().map(|ids| ids.join(","));
        let mut parameters = vec![
            ("start_date", first.as_str()),
            ("end_date", &last),
            ("accounting_method", "Accrual"),
            ("columns", &columns),
        ];
        parameters.extend(accounts.as_deref().map(|ids| ("account", ids)));
        let report: Report = self.api.report(ctx, "GeneralLedger", &parameters).await?;
        let place = |name: &str| report.columns.list.iter().position(|column| column.is(name));
        let (Some(date), Some(account), Some(debit), Some(credit)) =
            (place("tx_date"), place("account_name"), place(debit), place(credit))
        else {
            return match report.rows.list.is_empty() {
                true => Ok(Vec::new()),
                false => Err(Error::bad_response("QuickBooks' report of the ledger misses a column.")),
            };
        };
        let mut postings = Vec::new();
        let mut waiting: Vec<&ReportRow> = report.rows.list.iter().collect();
        while let Some(row) = waiting.pop() {
            waiting.extend(&row.rows.list);
            let value = |at: usize| row.cells.get(at).and_then(|cell| cell.value.as_deref()).unwrap_or_default();
            if row.cells.iter().any(|cell| cell.value.as_deref().is_some_and(|v| v.contains("Unable to display"))) {
                return Err(Error::unsupported("QuickBooks' report of the ledger is too long: choose a shorter time."));
            }
            // Opening balances stand in the place of a date.
            let Ok(date) = value(date).parse() else { continue };
            let amount = |at| match value(at) {
                "" => Ok(Decimal::ZERO),
                text => Decimal::from_str_exact(text).map_err(|_| {
                    Error::bad_response("QuickBooks' report of the ledger holds an amount that is no number.")
                }),
            };
            let account = row.cells.get(account).and_then(|cell| cell.id.clone()).filter(|id| !id.is_empty());
            let posting = Posting { account, date, debit: amount(debit)?, credit: amount(credit)? };
            if span.has(&posting) {
                postings.push(posting);
            }
        }
        Ok(postings)
    }
}
