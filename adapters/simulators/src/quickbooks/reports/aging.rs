//! What is owed by and to the company, by how long it has been due.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;

use super::{
    Body, Parameters, Reporter,
    books::ids,
    period::Period,
    shape::{cell, cells, column, data, named, option, section, sum},
};
use crate::{
    decimal::{Cents, Dec, div_round},
    quickbooks::{
        fault::Fault,
        render::cents,
        tables::links,
        wire::{Node, Object},
    },
    store::Row,
};

/// Not due, and the four spans of days.
const BUCKETS: usize = 5;

/// What is aged: whose, and which documents are about it.
pub(super) struct Aged {
    report: &'static str,
    party: &'static str,
    reference: &'static str,
    /// Documents that are owed and those that are taken off.
    documents: [&'static str; 2],
    payments: &'static str,
}

/// What customers owe.
pub(super) const RECEIVABLES: Aged = Aged {
    report: "AgedReceivables",
    party: "Customer",
    reference: "CustomerRef",
    documents: ["Invoice", "CreditMemo"],
    payments: "Payment",
};

/// What is owed to vendors.
pub(super) const PAYABLES: Aged = Aged {
    report: "AgedPayables",
    party: "Vendor",
    reference: "VendorRef",
    documents: ["Bill", "VendorCredit"],
    payments: "BillPayment",
};

type Buckets = [Cents; BUCKETS];

impl Reporter<'_> {
    /// `report_date` is the day on which all is looked at, today by default.
    pub(super) fn aged(&self, parameters: &Parameters, aged: &Aged) -> Result<Object, Fault> {
        let today = self.today();
        let day = match parameters.get("report_date").filter(|day| !day.is_empty()) {
            Some(day) => day.parse().map_err(|_| Fault::invalid_date("report_date", day))?,
            None if ["date_macro", "start_date", "end_date"].iter().any(|name| parameters.contains_key(*name)) => {
                self.period(parameters)?.end
            }
            None => today,
        };
        let open = self.open_items(aged, day, ids(parameters, &aged.party.to_lowercase()).as_deref());
        let mut total = [0; BUCKETS];
        let parties = &self.tables[aged.party];
        let mut tops: BTreeMap<String, i64> = BTreeMap::new();
        for (party, buckets) in &open {
            add(&mut total, buckets);
            let parent = parties.get(*party).and_then(|row| row.get("ParentRef").and_then(|parent| parent.as_int()));
            let top = parent.unwrap_or(*party);
            tops.insert(format!("{}\u{0}{top}", self.party_name(aged, top).to_lowercase()), top);
        }
        let mut rows: Vec<Node> = Vec::new();
        for top in tops.into_values() {
            let children: Vec<i64> = open
                .keys()
                .copied()
                .filter(|party| {
                    let row = parties.get(*party);
                    row.and_then(|row| row.get("ParentRef").and_then(|parent| parent.as_int())) == Some(top)
                })
                .collect();
            let own = open.get(&top).copied().unwrap_or_default();
            let name = self.party_name(aged, top);
            if children.is_empty() {
                rows.push(Object::default().with("ColData", line(named(&name, top), &own)).into());
                continue;
            }
            let mut sums = own;
            let inside = children.iter().map(|child| {
                let buckets = open.get(child).copied().unwrap_or_default();
                add(&mut sums, &buckets);
                data(line(named(&self.party_name(aged, *child), *child), &buckets)).into()
            });
            let inside = inside.collect();
            let total = full_line(cell(&format!("Total {name}")), &sums);
            rows.push(section(line(named(&name, top), &own), inside, total, None).into());
        }
        if !rows.is_empty() {
            rows.push(sum(full_line(cell("TOTAL"), &total), "GrandTotal").into());
        }
        let mut columns = vec![column("", aged.party, &[])];
        columns.extend(
            [
                ("Current", "current"),
                ("1 - 30", "0"),
                ("31 - 60", "1"),
                ("61 - 90", "2"),
                ("91 and over", "3"),
                ("Total", "total"),
            ]
            .map(|(title, key)| column(title, "Money", &[("ColKey", key.to_owned())])),
        );
        let period = Period::of_day(day, (day == today && !parameters.contains_key("report_date")).then_some("today"));
        let options = vec![option("report_date", &day.to_string())];
        let body = Body { columns, rows };
        Ok(self.document(aged.report, parameters, &period, (false, None), options, body))
    }

    fn party_name(&self, aged: &Aged, id: i64) -> String {
        let row = self.tables[aged.party].get(id);
        row.and_then(|row| row["DisplayName"].as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// By party: what was open on a day, in the books' currency.
    fn open_items(&self, aged: &Aged, day: NaiveDate, wanted: Option<&[i64]>) -> BTreeMap<i64, Buckets> {
        let mut later: HashMap<i64, Cents> = HashMap::new();
        for payment in self.tables[aged.payments].rows() {
            if payment["TxnDate"].as_date().is_some_and(|date| date > day) {
                for (document, _, amount) in links(&payment["Lines"]) {
                    *later.entry(document).or_default() += amount;
                }
            }
        }
        let mut open: BTreeMap<i64, Buckets> = BTreeMap::new();
        let mut put = |row: &Row<'_>, amount: Cents| {
            let (Some(party), Some(date)) = (row[aged.reference].as_int(), row["TxnDate"].as_date()) else { return };
            if amount == 0 || date > day || wanted.is_some_and(|wanted| !wanted.contains(&party)) {
                return;
            }
            let due = row.get("DueDate").and_then(|due| due.as_date()).unwrap_or(date);
            let bucket = match (day - due).num_days() {
                ..=0 => 0,
                1..=30 => 1,
                31..=60 => 2,
                61..=90 => 3,
                _ => 4,
            };
            open.entry(party).or_default()[bucket] += home(row, amount);
        };
        for (table, sign) in aged.documents.iter().zip([1, -1]) {
            for row in self.tables[table].rows() {
                let balance = cents(&row["Balance"]) + later.get(&row.id()).copied().unwrap_or_default();
                put(&row, sign * balance);
            }
        }
        for payment in self.tables[aged.payments].rows() {
            let applied: Cents = links(&payment["Lines"]).map(|(_, _, amount)| amount).sum();
            let total = cents(&payment["TotalAmt"]);
            put(&payment, -(total - applied).max(0).min(total));
        }
        open.retain(|_, buckets| buckets.iter().any(|amount| *amount != 0));
        open
    }
}

/// An amount of a document in the books' currency.
fn home(row: &Row<'_>, amount: Cents) -> Cents {
    match row["ExchangeRate"].as_dec() {
        Some(Dec { units, scale }) => div_round(i128::from(amount) * i128::from(units), 10_i128.pow(u32::from(scale))),
        None => amount,
    }
}

fn add(sums: &mut Buckets, buckets: &Buckets) {
    for (sum, amount) in sums.iter_mut().zip(buckets) {
        *sum += amount;
    }
}

/// Nothing is empty, but the total is always told.
fn line(first: Node, buckets: &Buckets) -> Vec<Node> {
    let total = buckets.iter().sum();
    cells(first, buckets.iter().map(|amount| (*amount != 0).then_some(*amount)).chain([Some(total)]))
}

fn full_line(first: Node, buckets: &Buckets) -> Vec<Node> {
    cells(first, buckets.iter().copied().map(Some).chain([Some(buckets.iter().sum())]))
}
