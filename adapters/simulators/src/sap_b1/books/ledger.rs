//! The journal: everything that is posted, in one series.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::{Books, payments, works};
use crate::{
    dataset::{AccountKind, BillKind, Dataset, EntryLine, InvoiceKind, Party, PostState, Source},
    decimal::{Cents, Dec},
    store::{Cell, StoreError, Tables, Text},
};

/// One entry of the journal.
#[derive(Clone, Copy)]
enum Posting {
    /// Position in the story's ledger.
    Told(usize),
    /// What was posted for a document that is void by now, and its reversal, which the story leaves out.
    Voided(Source, bool),
}

/// The numbers of all entries: one series, by the moment of posting.
pub(super) struct Numbers {
    postings: Vec<Posting>,
    by_source: HashMap<Source, i64>,
    reversals: HashMap<Source, i64>,
}

impl Numbers {
    pub(super) fn of(dataset: &Dataset) -> Self {
        let told = dataset.entries.iter().enumerate().map(|(at, entry)| (entry.created, Posting::Told(at)));
        let mut postings: Vec<(DateTime<Utc>, Posting)> = told.collect();
        let voids = (dataset.invoices.iter().enumerate())
            .map(|(at, invoice)| (Source::Invoice(at), invoice.state, invoice.created, invoice.updated))
            .chain(
                (dataset.bills.iter().enumerate())
                    .map(|(at, bill)| (Source::Bill(at), bill.state, bill.created, bill.updated)),
            )
            .chain(
                (dataset.payments.iter().enumerate())
                    .map(|(at, payment)| (Source::Payment(at), payment.state, payment.created, payment.updated)),
            )
            .chain(
                (dataset.vendor_payments.iter().enumerate())
                    .map(|(at, payment)| (Source::VendorPayment(at), payment.state, payment.created, payment.updated)),
            );
        for (source, state, created, updated) in voids {
            if state == PostState::Void {
                postings.push((created, Posting::Voided(source, false)));
                postings.push((updated, Posting::Voided(source, true)));
            }
        }
        postings.sort_by_key(|(created, _)| *created);
        let postings: Vec<_> = postings.into_iter().map(|(_, posting)| posting).collect();
        let (mut by_source, mut reversals) = (HashMap::new(), HashMap::new());
        for (posting, number) in postings.iter().zip(1..) {
            match *posting {
                // A source with several entries, such as a work order, names its first one.
                Posting::Told(at) => {
                    by_source.entry(dataset.entries[at].source).or_insert(number);
                }
                Posting::Voided(source, false) => {
                    by_source.insert(source, number);
                }
                Posting::Voided(source, true) => {
                    reversals.insert(source, number);
                }
            }
        }
        Self { postings, by_source, reversals }
    }

    /// The number of the entry that something was posted by.
    pub(super) fn of_source(&self, source: Source) -> Option<i64> {
        self.by_source.get(&source).copied()
    }

    /// The number of the entry that took it back.
    pub(super) fn of_reversal(&self, source: Source) -> Option<i64> {
        self.reversals.get(&source).copied()
    }
}

/// What the journal adds up to, debits positive.
pub(super) struct Balances {
    accounts: Vec<Cents>,
    pub(super) customers: Vec<Cents>,
    pub(super) vendors: Vec<Cents>,
}

/// Writes the journal and the accounts.
pub(super) fn write(books: &Books<'_>, tables: &mut Tables) -> Result<Balances, StoreError> {
    let dataset = books.dataset;
    let mut balances = Balances {
        accounts: vec![0; dataset.accounts.len()],
        customers: vec![0; dataset.customers.len()],
        vendors: vec![0; dataset.vendors.len()],
    };
    let mut memos = HashMap::new();
    let incoming = payments::entries(dataset.payments.iter().map(|payment| payment.state));
    let outgoing = payments::entries(dataset.vendor_payments.iter().map(|payment| payment.state));
    for (posting, number) in books.numbers.postings.iter().zip(1..) {
        let voided;
        let (source, date, created, text, lines) = match *posting {
            Posting::Told(at) => {
                let entry = &dataset.entries[at];
                let created = books.names.clock.stamp(entry.created).0;
                (entry.source, entry.date, created, entry.text, &entry.lines[..])
            }
            Posting::Voided(source, reversed) => {
                let (date, lines) = books.voided(source, reversed);
                voided = lines;
                (source, date, date, None, &voided[..])
            }
        };
        let origin = books.origin(source, number, (&incoming, &outgoing));
        for line in lines {
            balances.accounts[line.account] += line.balance();
            match books.control_party(line) {
                Some(Party::Customer(at)) => balances.customers[at] += line.balance(),
                Some(Party::Vendor(at)) => balances.vendors[at] += line.balance(),
                None => {}
            }
        }
        let reversal = matches!(posting, Posting::Voided(_, true));
        let memo = match (text, reversal) {
            (Some(text), _) => text.to_owned(),
            (None, true) => format!("{} (Reversal)", origin.memo),
            (None, false) => origin.memo.clone(),
        };
        let memo = memos.entry(memo).or_insert_with_key(|memo| Text::from(memo.as_str())).clone();
        books.entry(&origin, number, (date, created), memo, lines, tables)?;
    }
    books.accounts(&balances.accounts, tables)?;
    Ok(balances)
}

/// What an entry was posted for, as B1 says it.
struct Origin {
    journal: &'static str,
    original: i64,
    number: i64,
    due: Option<NaiveDate>,
    memo: String,
    purchase: bool,
}

impl Books<'_> {
    fn origin(&self, source: Source, number: i64, (incoming, outgoing): (&[i64], &[i64])) -> Origin {
        let dataset = self.dataset;
        let origin = |journal, (original, number): (i64, i64), memo| Origin {
            journal,
            original,
            number,
            due: None,
            memo,
            purchase: false,
        };
        let of = |title: &str, code: &str| format!("{title} - {code}");
        match source {
            Source::Opening => origin("ttOpeningBalance", (number, number), "Opening Balance".to_owned()),
            Source::Invoice(at) => {
                let (invoice, place) = (&dataset.invoices[at], self.places.invoices[at]);
                let journal = match invoice.kind {
                    InvoiceKind::Invoice => "ttARInvoice",
                    InvoiceKind::CreditNote => "ttARCredItnote",
                };
                let memo = of(place.set.title, &self.names.customers[invoice.customer].code);
                Origin { due: invoice.due, ..origin(journal, (place.entry, place.number()), memo) }
            }
            Source::Bill(at) => {
                let (bill, place) = (&dataset.bills[at], self.places.bills[at]);
                let journal = match bill.kind {
                    BillKind::Bill => "ttAPInvoice",
                    BillKind::VendorCredit => "ttAPCreditNote",
                };
                let memo = of(place.set.title, &self.names.vendors[bill.vendor].code);
                let origin = origin(journal, (place.entry, place.number()), memo);
                Origin { due: Some(bill.due), purchase: true, ..origin }
            }
            Source::Payment(at) => {
                let memo = of("Incoming Payments", &self.names.customers[dataset.payments[at].customer].code);
                origin("ttReceipt", (incoming[at], payments::incoming_number(incoming[at])), memo)
            }
            Source::VendorPayment(at) => {
                let memo = of("Outgoing Payments", &self.names.vendors[dataset.vendor_payments[at].vendor].code);
                origin("ttVendorPayment", (outgoing[at], payments::outgoing_number(outgoing[at])), memo)
            }
            Source::Receipt(at) => {
                let place = self.places.receipts[at];
                let memo = of(place.set.title, &self.names.vendors[dataset.receipts[at].vendor].code);
                origin("ttPurchaseDeliveryNote", (place.entry, place.number()), memo)
            }
            Source::Shipment(at) => {
                let place = self.places.shipments[at];
                let memo = of(place.set.title, &self.names.customers[dataset.shipments[at].customer].code);
                origin("ttDelivery", (place.entry, place.number()), memo)
            }
            Source::WorkOrder(at) => {
                let (item, _) = &self.names.items[dataset.work_orders[at].product];
                let entry = at as i64 + 1;
                origin("ttProductionOrder", (entry, works::first_number() + at as i64), of("Production", item))
            }
            Source::Settlement(at) => {
                let number = at as i64 + 1;
                origin("ttInternalReconciliation", (number, number), "Exchange Rate Differences".to_owned())
            }
            Source::BillSettlement(at) => {
                let number = (dataset.settlements.len() + at) as i64 + 1;
                origin("ttInternalReconciliation", (number, number), "Exchange Rate Differences".to_owned())
            }
            Source::Manual => origin("ttJournalEntry", (number, number), "Journal Entry".to_owned()),
        }
    }

    /// The partner on whose account a line is: only control accounts are kept by partner.
    fn control_party(&self, line: &EntryLine) -> Option<Party> {
        let kind = self.dataset.accounts[line.account].kind;
        line.party.filter(|_| matches!(kind, AccountKind::Receivable | AccountKind::Payable))
    }

    fn entry(
        &self,
        origin: &Origin,
        number: i64,
        (date, created): (NaiveDate, NaiveDate),
        memo: Text,
        lines: &[EntryLine],
        tables: &mut Tables,
    ) -> Result<(), StoreError> {
        let reference: Text = origin.number.to_string().into();
        let due = origin.due.unwrap_or(date);
        let values = [
            ("ReferenceDate", date.into()),
            ("Memo", memo.clone().into()),
            ("Reference", reference.clone().into()),
            ("DueDate", due.into()),
            ("OriginalJournal", origin.journal.into()),
            ("Original", origin.original.into()),
            ("CreateDate", created.into()),
        ];
        tables["JournalEntries"].insert(number, values)?;
        let local = self.dataset.company.currency;
        let short_name = |line: &EntryLine| match self.control_party(line) {
            Some(Party::Customer(at)) => self.names.customers[at].code.clone(),
            Some(Party::Vendor(at)) => self.names.vendors[at].code.clone(),
            None => self.names.accounts[line.account].clone(),
        };
        let taxes = if origin.purchase { self.dataset.company.purchase_taxes } else { self.dataset.company.taxes };
        for (at, line) in lines.iter().enumerate() {
            let foreign = line.currency != local;
            let (debit, credit) = match foreign {
                true => (line.foreign.max(0), (-line.foreign).max(0)),
                false => (0, 0),
            };
            // The first line on the other side.
            let contra = lines.iter().find(|other| (other.debit > 0) != (line.debit > 0)).map(short_name);
            let (cost_centre, project) = self.names.costing(line.dimensions);
            let values = [
                ("JdtNum", Cell::Int(number)),
                ("Line_ID", Cell::Int(at as i64)),
                ("AccountCode", self.names.accounts[line.account].clone().into()),
                ("Debit", Dec::cents(line.debit).into()),
                ("Credit", Dec::cents(line.credit).into()),
                ("FCDebit", Dec::cents(debit).into()),
                ("FCCredit", Dec::cents(credit).into()),
                ("FCCurrency", foreign.then_some(line.currency.code()).into()),
                ("DueDate", due.into()),
                ("ShortName", short_name(line).into()),
                ("ContraAccount", contra.into()),
                ("LineMemo", memo.clone().into()),
                ("ReferenceDate1", date.into()),
                ("Reference1", reference.clone().into()),
                ("CostingCode", cost_centre),
                ("ProjectCode", project),
                ("TaxGroup", line.tax.map(|tax| taxes[tax].code).into()),
                ("VatLine", super::yes_no(line.tax.is_some())),
                ("DocumentLine", line.document_line.map(|line| line as i64).into()),
            ];
            tables["JournalEntries/JournalEntryLines"].push(values)?;
        }
        Ok(())
    }
}
