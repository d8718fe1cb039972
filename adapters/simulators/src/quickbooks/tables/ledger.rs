//! Every posting of the books, in the accounts where QuickBooks has it.
//!
//! The story's entries for documents are postings of the transactions that QuickBooks has for them: exchange differences
//! belong to the payment that realizes them, goods that move to an adjustment of the stock, what was written by hand to a
//! journal entry. Income goes where the item says, so that the story's account of exports stays empty; a discount at the end
//! of a sale goes to an account of its own, and so do goods that are not counted, which are no stock to QuickBooks.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{
    accounts::{BULK, DISCOUNTS, Held, id_of, payables, receivables},
    ids::Ids,
    names::{class_id, customer_id, department_id, is_counted, item_id, vendor_id},
    sales::is_discounted,
};
use crate::{
    dataset::{
        AccountKind, AccountRole, BillKind, Currency, Dataset, Dimensions, Entry, EntryLine, InvoiceKind, Party,
        PaymentMethod, ProductKind, Settler, Source,
    },
    decimal::{Cents, div_round},
    store::{Cell, Schema, StoreError, Table},
};

/// What is posted, by transaction.
pub(in crate::quickbooks) const LEDGER: &str = "Ledger";

/// A line of a transaction, as it stands in the ledger.
#[derive(Clone, Copy, Debug)]
pub(in crate::quickbooks) struct Posting {
    /// The account.
    pub(in crate::quickbooks) account: i64,
    /// In the books' currency, debits positive.
    pub(in crate::quickbooks) amount: Cents,
    /// In the transaction's currency.
    pub(in crate::quickbooks) foreign: Cents,
    /// The customer, or below zero the vendor; 0 for nobody.
    pub(in crate::quickbooks) name: i64,
    /// The item, or 0.
    pub(in crate::quickbooks) item: i64,
    /// The class, or 0.
    pub(in crate::quickbooks) class: i64,
    /// The department, or 0.
    pub(in crate::quickbooks) department: i64,
}

/// The postings of a transaction, which lie packed in one cell: there are more of them than of anything else.
pub(in crate::quickbooks) fn postings(cell: &Cell) -> impl Iterator<Item = Posting> {
    let packed = match cell {
        Cell::Ids(packed) => packed.as_slice(),
        _ => &[],
    };
    packed.chunks_exact(7).map(|line| Posting {
        account: line[0],
        amount: line[1],
        foreign: line[2],
        name: line[3],
        item: line[4],
        class: line[5],
        department: line[6],
    })
}

/// The table of what is posted, and what each account holds.
pub(super) struct Ledger {
    pub(super) table: Table,
    pub(super) held: BTreeMap<i64, Held>,
}

/// A transaction's date and currency, its own words in reports, which are not those of its entity, and its lines.
struct Txn {
    kind: &'static str,
    date: NaiveDate,
    currency: Currency,
    lines: Vec<i64>,
}

impl Ledger {
    pub(super) fn new(dataset: &Dataset, ids: &Ids) -> Result<Self, StoreError> {
        let table = Schema::new(LEDGER, &["Id", "Date", "Type", "CurrencyRef", "Lines"]).key("Id").build();
        let mut ledger = Self { table, held: BTreeMap::new() };
        let bulk = bulk_at_start(dataset);
        let mut txns: BTreeMap<i64, Txn> = BTreeMap::new();
        for (position, entry) in dataset.entries.iter().enumerate() {
            if let Some((id, kind)) = txn(dataset, ids, position, entry) {
                let currency = entry.lines.first().map_or(dataset.company.currency, |line| line.currency);
                let new = || Txn { kind, date: entry.date, currency, lines: Vec::with_capacity(entry.lines.len() * 7) };
                ledger.entry(dataset, ids, entry, &mut txns.entry(id).or_insert_with(new).lines, bulk);
            }
        }
        for (id, mut txn) in txns {
            txn.lines.shrink_to_fit();
            let values = [
                ("Date", txn.date.into()),
                ("Type", txn.kind.into()),
                ("CurrencyRef", txn.currency.code().into()),
                ("Lines", Cell::from(txn.lines)),
            ];
            ledger.table.insert(id, values)?;
        }
        Ok(ledger)
    }

    fn entry(&mut self, dataset: &Dataset, ids: &Ids, entry: &Entry, lines: &mut Vec<i64>, bulk: Cents) {
        // A location is that of the whole document.
        let project = entry.lines.iter().find_map(|line| line.dimensions.project);
        let is_receipt = match entry.source {
            Source::Invoice(at) => ids.receipts.contains_key(&at),
            Source::Payment(at) => ids.in_receipts.contains(&at),
            _ => false,
        };
        // What is paid at once is never owed.
        let owed = |line: &&EntryLine| dataset.accounts[line.account].role == AccountRole::Receivable;
        for line in entry.lines.iter().filter(|line| !(is_receipt && owed(line))) {
            let dimensions = match entry.source {
                Source::Invoice(_) | Source::Bill(_) => Dimensions { project, ..line.dimensions },
                _ => line.dimensions,
            };
            let whole = Part {
                account: account(dataset, line),
                home: line.balance(),
                foreign: line.foreign,
                product: line.product,
            };
            let line = EntryLine { dimensions, ..*line };
            let (account, home, foreign) = match entry.source {
                Source::Invoice(at) => {
                    let (home, foreign) = discount(dataset, ids, at, &line);
                    (DISCOUNTS, home, foreign)
                }
                Source::Opening if dataset.accounts[line.account].role == AccountRole::Inventory => (BULK, bulk, bulk),
                _ => (DISCOUNTS, 0, 0),
            };
            self.post(lines, Part { home: whole.home - home, foreign: whole.foreign - foreign, ..whole }, &line);
            if home != 0 {
                self.post(lines, Part { account, home, foreign, product: None }, &line);
            }
        }
    }

    fn post(&mut self, lines: &mut Vec<i64>, part: Part, line: &EntryLine) {
        let name = match line.party {
            Some(Party::Customer(customer)) => customer_id(customer),
            Some(Party::Vendor(vendor)) => -vendor_id(vendor),
            None => 0,
        };
        let held = self.held.entry(part.account).or_default();
        held.home += part.home;
        held.foreign += part.foreign;
        let or_none = |id: Option<i64>| id.unwrap_or_default();
        lines.extend([
            part.account,
            part.home,
            part.foreign,
            name,
            or_none(part.product.map(item_id)),
            or_none(line.dimensions.cost_centre.map(class_id)),
            or_none(line.dimensions.project.map(department_id)),
        ]);
    }
}

/// A line of the story's ledger, or what of it goes to another account.
#[derive(Clone, Copy)]
struct Part {
    account: i64,
    home: Cents,
    foreign: Cents,
    product: Option<usize>,
}

/// The transaction that an entry belongs to, and what it is; `None` for one that QuickBooks does not have.
fn txn(dataset: &Dataset, ids: &Ids, position: usize, entry: &Entry) -> Option<(i64, &'static str)> {
    let paid = |at: usize| match dataset.vendor_payments[at].method {
        PaymentMethod::Card => "Bill Payment (Credit Card)",
        PaymentMethod::Transfer | PaymentMethod::Check | PaymentMethod::Cash => "Bill Payment (Check)",
    };
    let (id, kind) = match entry.source {
        Source::Invoice(at) => match dataset.invoices[at].kind {
            InvoiceKind::Invoice if ids.receipts.contains_key(&at) => (ids.invoices[at], "Sales Receipt"),
            InvoiceKind::Invoice => (ids.invoices[at], "Invoice"),
            InvoiceKind::CreditNote => (ids.invoices[at], "Credit Memo"),
        },
        Source::Payment(at) => (ids.payments[at], "Payment"),
        Source::Bill(at) => match dataset.bills[at].kind {
            BillKind::Bill => (ids.bills[at], "Bill"),
            BillKind::VendorCredit => (ids.bills[at], "Vendor Credit"),
        },
        Source::VendorPayment(at) => (ids.vendor_payments[at], paid(at)),
        Source::Settlement(at) => match dataset.settlements[at].by {
            Settler::Payment(payment) => (ids.payments[payment], "Payment"),
            Settler::Credit(memo) => (*ids.uses.get(&memo)?, "Payment"),
        },
        Source::BillSettlement(at) => match dataset.bill_settlements[at].by {
            Settler::Payment(payment) => (ids.vendor_payments[payment], paid(payment)),
            Settler::Credit(credit) => (*ids.vendor_uses.get(&credit)?, "Bill Payment (Check)"),
        },
        Source::Receipt(_) | Source::Shipment(_) | Source::WorkOrder(_) => {
            (ids.entries[position], "Inventory Qty Adjust")
        }
        Source::Opening | Source::Manual => (ids.entries[position], "Journal Entry"),
    };
    (id > 0).then_some((id, kind))
}

fn account(dataset: &Dataset, line: &EntryLine) -> i64 {
    let role = dataset.accounts[line.account].role;
    match role {
        AccountRole::Receivable => receivables(dataset, line.currency),
        AccountRole::Payable => payables(dataset, line.currency),
        AccountRole::SalesExport => id_of(income(dataset, line.product)),
        AccountRole::Inventory if line.product.is_some_and(|product| !is_counted(&dataset.products[product])) => BULK,
        role => id_of(role),
    }
}

/// Where the sale of an item goes.
fn income(dataset: &Dataset, product: Option<usize>) -> AccountRole {
    match product.map(|product| dataset.products[product].kind) {
        Some(ProductKind::Service) => AccountRole::SalesServices,
        Some(ProductKind::Goods) | None => AccountRole::SalesGoods,
    }
}

/// What of the goods at the start are not counted: as much as is there in the end, less what came since.
fn bulk_at_start(dataset: &Dataset) -> Cents {
    let bulk = |product: usize| !is_counted(&dataset.products[product]);
    let now = dataset.products.iter().filter(|product| !is_counted(product));
    let now: Cents = now.map(|product| product.cost * product.in_stock).sum();
    let lines = dataset.entries.iter().flat_map(|entry| &entry.lines);
    let inventory = AccountRole::Inventory.position();
    let moved = lines.filter(|line| line.account == inventory && line.product.is_some_and(bulk));
    now - moved.map(EntryLine::balance).sum::<Cents>()
}

/// What a line of a sale that is discounted at its end lost by the discount, in the books' currency and in the document's;
/// negative on credit memos.
fn discount(dataset: &Dataset, ids: &Ids, at: usize, posted: &EntryLine) -> (Cents, Cents) {
    let invoice = &dataset.invoices[at];
    let Some(line) = posted.document_line.and_then(|line| invoice.lines.get(line)) else { return (0, 0) };
    if dataset.accounts[posted.account].kind != AccountKind::Income
        || !is_discounted(ids.invoices[at], &invoice.lines)
        || line.discount == 0
    {
        return (0, 0);
    }
    let gross = div_round(i128::from(line.milli_quantity) * i128::from(line.unit_price), 1000);
    let lost = invoice.rate.to_base(gross - line.net);
    match invoice.kind {
        InvoiceKind::Invoice => (lost, gross - line.net),
        InvoiceKind::CreditNote => (-lost, line.net - gross),
    }
}
