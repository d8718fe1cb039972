//! Every posting of the books, in the accounts where QuickBooks has it.
//!
//! The story's entries for documents are postings of the transactions that QuickBooks has for them: exchange differences
//! belong to the payment that realizes them, goods that move to an adjustment of the stock, what was written by hand to a
//! journal entry. Income goes where the item says, so that the story's account of exports stays empty, and a discount at
//! the end of a sale goes to an account of its own.

use std::collections::BTreeMap;

use super::{
    accounts::{DISCOUNTS, Held, id_of, payables, receivables},
    ids::Ids,
    names::{class_id, customer_id, department_id, item_id, vendor_id},
    sales::is_discounted,
};
use crate::{
    dataset::{
        AccountKind, AccountRole, BillKind, Dataset, Dimensions, Entry, EntryLine, InvoiceKind, Party, PaymentMethod,
        ProductKind, Settler, Source,
    },
    decimal::{Cents, Dec, div_round},
    store::{Schema, StoreError, Table},
};

/// The postings, in the order in which the story has them; those of one transaction stand together.
pub(in crate::quickbooks) const POSTING: &str = "Posting";

/// The postings, what each account holds, and by entry of the story where its postings begin and how many there are.
pub(super) struct Ledger {
    pub(super) table: Table,
    pub(super) held: BTreeMap<i64, Held>,
    pub(super) places: Vec<(i64, i64)>,
}

/// A transaction's own words in reports, which are not those of its entity.
#[derive(Clone, Copy)]
struct Txn {
    id: i64,
    kind: &'static str,
}

impl Ledger {
    pub(super) fn new(dataset: &Dataset, ids: &Ids) -> Result<Self, StoreError> {
        let columns =
            ["Date", "Txn", "Type", "AccountRef", "Amount", "Name", "ItemRef", "ClassRef", "DepartmentRef", "Line"];
        let table = Schema::new(POSTING, &columns).build();
        let mut ledger = Self { table, held: BTreeMap::new(), places: Vec::with_capacity(dataset.entries.len()) };
        for (position, entry) in dataset.entries.iter().enumerate() {
            let first = ledger.table.next_id();
            if let Some(txn) = txn(dataset, ids, position, entry) {
                ledger.entry(dataset, ids, entry, txn)?;
            }
            ledger.places.push((first, ledger.table.next_id() - first));
        }
        Ok(ledger)
    }

    fn entry(&mut self, dataset: &Dataset, ids: &Ids, entry: &Entry, txn: Txn) -> Result<(), StoreError> {
        // A location is that of the whole document.
        let project = entry.lines.iter().find_map(|line| line.dimensions.project);
        for line in &entry.lines {
            let dimensions = match entry.source {
                Source::Invoice(_) | Source::Bill(_) => Dimensions { project, ..line.dimensions },
                _ => line.dimensions,
            };
            let line = EntryLine { dimensions, ..*line };
            let account = account(dataset, &line);
            let discount = match entry.source {
                Source::Invoice(at) => discount(dataset, ids, at, &line),
                _ => 0,
            };
            self.post(entry, txn, account, line.balance() - discount, &line)?;
            if discount != 0 {
                self.post(entry, txn, DISCOUNTS, discount, &EntryLine { product: None, ..line })?;
            }
            self.held.entry(account).or_default().foreign += line.foreign;
        }
        Ok(())
    }

    fn post(
        &mut self,
        entry: &Entry,
        txn: Txn,
        account: i64,
        amount: Cents,
        line: &EntryLine,
    ) -> Result<(), StoreError> {
        let name = match line.party {
            Some(Party::Customer(customer)) => Some(customer_id(customer)),
            Some(Party::Vendor(vendor)) => Some(-vendor_id(vendor)),
            None => None,
        };
        self.held.entry(account).or_default().home += amount;
        self.table.push([
            ("Date", entry.date.into()),
            ("Txn", txn.id.into()),
            ("Type", txn.kind.into()),
            ("AccountRef", account.into()),
            ("Amount", Dec::cents(amount).into()),
            ("Name", name.into()),
            ("ItemRef", line.product.map(item_id).into()),
            ("ClassRef", line.dimensions.cost_centre.map(class_id).into()),
            ("DepartmentRef", line.dimensions.project.map(department_id).into()),
            ("Line", line.document_line.and_then(|line| i64::try_from(line).ok()).into()),
        ])?;
        Ok(())
    }
}

/// The transaction that an entry belongs to; `None` for one that QuickBooks does not have.
fn txn(dataset: &Dataset, ids: &Ids, position: usize, entry: &Entry) -> Option<Txn> {
    let paid = |at: usize| match dataset.vendor_payments[at].method {
        PaymentMethod::Card => "Bill Payment (Credit Card)",
        PaymentMethod::Transfer | PaymentMethod::Check | PaymentMethod::Cash => "Bill Payment (Check)",
    };
    let (id, kind) = match entry.source {
        Source::Invoice(at) => match dataset.invoices[at].kind {
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
    (id > 0).then_some(Txn { id, kind })
}

fn account(dataset: &Dataset, line: &EntryLine) -> i64 {
    let role = dataset.accounts[line.account].role;
    match role {
        AccountRole::Receivable => receivables(dataset, line.currency),
        AccountRole::Payable => payables(dataset, line.currency),
        AccountRole::SalesExport => id_of(income(dataset, line.product)),
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

/// What a line of a sale that is discounted at its end lost by the discount, in the books' currency; negative on credit
/// memos.
fn discount(dataset: &Dataset, ids: &Ids, at: usize, posted: &EntryLine) -> Cents {
    let invoice = &dataset.invoices[at];
    let Some(line) = posted.document_line.and_then(|line| invoice.lines.get(line)) else { return 0 };
    if dataset.accounts[posted.account].kind != AccountKind::Income
        || !is_discounted(ids.invoices[at], &invoice.lines)
        || line.discount == 0
    {
        return 0;
    }
    let gross = div_round(i128::from(line.milli_quantity) * i128::from(line.unit_price), 1000);
    let full = invoice.rate.to_base(gross);
    match posted.balance() {
        credited @ ..=0 => full + credited,
        debited => debited - full,
    }
}
