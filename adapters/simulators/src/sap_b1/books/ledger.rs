//! The chart of accounts and the journal.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::{Books, payments};
use crate::{
    dataset::{
        Account, AccountClass, AccountKind, AccountRole, Bill, BillKind, Dataset, Dimensions, EntryLine, Invoice,
        InvoiceKind, Party, PostState, Rate, Source,
    },
    decimal::{Cents, Dec},
    store::{Cell, StoreError, Tables},
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
    let incoming = payments::entries(dataset.payments.iter().map(|payment| payment.state));
    let outgoing = payments::entries(dataset.vendor_payments.iter().map(|payment| payment.state));
    for (posting, number) in books.numbers.postings.iter().zip(1..) {
        let voided;
        let (source, date, text, lines) = match *posting {
            Posting::Told(at) => {
                let entry = &dataset.entries[at];
                (entry.source, entry.date, entry.text, &entry.lines[..])
            }
            Posting::Voided(source, reversed) => {
                let (date, lines) = books.voided(source, reversed);
                voided = lines;
                (source, date, None, &voided[..])
            }
        };
        let origin = books.origin(source, number, (&incoming, &outgoing));
        for line in lines {
            balances.accounts[line.account] += line.balance();
            match line.party {
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
        books.entry(&origin, number, date, &memo, lines, tables)?;
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
                origin("ttProductionOrder", (entry, super::works::first_number() + at as i64), of("Production", item))
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

    fn entry(
        &self,
        origin: &Origin,
        number: i64,
        date: NaiveDate,
        memo: &str,
        lines: &[EntryLine],
        tables: &mut Tables,
    ) -> Result<(), StoreError> {
        let memo: crate::store::Text = memo.into();
        let reference: crate::store::Text = origin.number.to_string().into();
        let due = origin.due.unwrap_or(date);
        let values = [
            ("ReferenceDate", date.into()),
            ("Memo", memo.clone().into()),
            ("Reference", reference.clone().into()),
            ("DueDate", due.into()),
            ("Number", Cell::Int(number)),
            ("OriginalJournal", origin.journal.into()),
            ("Original", origin.original.into()),
            ("BaseReference", reference.clone().into()),
        ];
        tables["JournalEntries"].insert(number, values)?;
        let local = self.dataset.company.currency;
        let short_name = |line: &EntryLine| match line.party {
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
                ("BaseSum", Dec::cents(0).into()),
                ("TaxGroup", line.tax.map(|tax| taxes[tax].code).into()),
                ("VatLine", super::yes_no(line.tax.is_some())),
                ("DocumentLine", line.document_line.map(|line| line as i64).into()),
            ];
            tables["JournalEntries/JournalEntryLines"].push(values)?;
        }
        Ok(())
    }

    /// What was posted for something that is void by now: its day and its lines, or those of its reversal.
    fn voided(&self, source: Source, reversed: bool) -> (NaiveDate, Vec<EntryLine>) {
        let dataset = self.dataset;
        let (date, updated, lines) = match source {
            Source::Invoice(at) => {
                let invoice = &dataset.invoices[at];
                (invoice.date, invoice.updated, self.invoice_lines(invoice))
            }
            Source::Bill(at) => {
                let bill = &dataset.bills[at];
                (bill.date, bill.updated, self.bill_lines(bill))
            }
            Source::Payment(at) => {
                let payment = &dataset.payments[at];
                let base = self.to_base(payment.amount, (payment.currency, payment.rate));
                let bank = line(payment.account(), base, (payment.currency, payment.amount), None);
                let party = Some(Party::Customer(payment.customer));
                let partner =
                    line(AccountRole::Receivable.position(), -base, (payment.currency, -payment.amount), party);
                (payment.date, payment.updated, vec![bank, partner])
            }
            Source::VendorPayment(at) => {
                let payment = &dataset.vendor_payments[at];
                let base = self.to_base(payment.amount, (payment.currency, payment.rate));
                let bank = line(payment.account(), -base, (payment.currency, -payment.amount), None);
                let party = Some(Party::Vendor(payment.vendor));
                let partner = line(AccountRole::Payable.position(), base, (payment.currency, payment.amount), party);
                (payment.date, payment.updated, vec![partner, bank])
            }
            _ => (dataset.today, DateTime::UNIX_EPOCH, Vec::new()),
        };
        if !reversed {
            return (date, lines);
        }
        let back =
            |line: EntryLine| EntryLine { debit: line.credit, credit: line.debit, foreign: -line.foreign, ..line };
        (self.names.clock.stamp(updated).0.max(date), lines.into_iter().map(back).collect())
    }

    fn invoice_lines(&self, invoice: &Invoice) -> Vec<EntryLine> {
        let money = (invoice.currency, invoice.rate);
        let party = Some(Party::Customer(invoice.customer));
        let parts = invoice.lines.iter().enumerate().flat_map(|(at, of)| {
            let dimensions = self.dataset.line_dimensions(invoice.customer, of);
            let net = part(self, self.dataset.line_account(of), -of.net, money, dimensions, (Some(at), None));
            let tax = (Some(at), Some(of.tax));
            let tax = part(self, AccountRole::OutputTax.position(), -of.tax_amount, money, Dimensions::NONE, tax);
            [net, tax]
        });
        with_total(AccountRole::Receivable, party, parts.filter(|part| part.balance() != 0).collect())
    }

    fn bill_lines(&self, bill: &Bill) -> Vec<EntryLine> {
        let money = (bill.currency, bill.rate);
        let party = Some(Party::Vendor(bill.vendor));
        let parts = bill.lines.iter().enumerate().flat_map(|(at, of)| {
            let net = part(self, of.account, of.net, money, of.dimensions, (Some(at), None));
            let tax = (Some(at), Some(of.tax));
            let tax = part(self, AccountRole::InputTax.position(), of.tax_amount, money, Dimensions::NONE, tax);
            [net, tax]
        });
        with_total(AccountRole::Payable, party, parts.filter(|part| part.balance() != 0).collect())
    }

    fn accounts(&self, balances: &[Cents], tables: &mut Tables) -> Result<(), StoreError> {
        let accounts = &self.dataset.accounts;
        let mut totals: HashMap<&str, Cents> = HashMap::new();
        for (account, balance) in accounts.iter().zip(balances) {
            let mut title = Some(self.title(account));
            while let Some(code) = title {
                *totals.entry(code).or_default() += balance;
                title = TITLES.iter().find(|title| title.0 == code).and_then(|title| title.2);
                if let Some(parent) = accounts.iter().find(|account| account.code == code) {
                    title = Some(self.title(parent));
                }
            }
        }
        let total = |code: &str| totals.get(code).copied().unwrap_or_default();
        let mut rows: Vec<(&str, [(&str, Cell); 11])> = Vec::new();
        let local = self.dataset.company.currency.code();
        for (code, name, father, kind) in TITLES {
            let values = [
                ("Code", (*code).into()),
                ("Name", (*name).into()),
                ("Balance", Dec::cents(total(code)).into()),
                ("CashAccount", "tNO".into()),
                ("ActiveAccount", "tNO".into()),
                ("AccountLevel", Cell::Int(if father.is_some() { 2 } else { 1 })),
                ("FatherAccountKey", (*father).into()),
                ("AccountType", (*kind).into()),
                ("AcctCurrency", local.into()),
                ("LockManualTransaction", "tNO".into()),
                ("ValidFor", "tNO".into()),
            ];
            rows.push((code, values));
        }
        for (account, balance) in accounts.iter().zip(balances) {
            let is_title = account.role == AccountRole::OperatingExpenses;
            let balance = if is_title { total(account.code) } else { *balance };
            let father = self.title(account);
            let deep = !TITLES.iter().any(|title| title.0 == father);
            let control = matches!(account.kind, AccountKind::Receivable | AccountKind::Payable);
            let cash = matches!(account.kind, AccountKind::Bank | AccountKind::Cash);
            let currency = account.currency.map_or("##", crate::dataset::Currency::code);
            let values = [
                ("Code", account.code.into()),
                ("Name", account.name.into()),
                ("Balance", Dec::cents(balance).into()),
                ("CashAccount", super::yes_no(cash)),
                ("ActiveAccount", super::yes_no(!is_title)),
                ("AccountLevel", Cell::Int(if deep { 4 } else { 3 })),
                ("FatherAccountKey", father.into()),
                ("AccountType", account_type(account.kind).into()),
                ("AcctCurrency", currency.into()),
                ("LockManualTransaction", super::yes_no(control)),
                ("ValidFor", super::yes_no(account.active && account.role == AccountRole::Rent)),
            ];
            rows.push((account.code, values));
        }
        rows.sort_by_key(|(code, _)| *code);
        for (code, values) in rows {
            let frozen = accounts.iter().any(|account| account.code == code && !account.active);
            tables["ChartOfAccounts"].push(values.into_iter().chain([("FrozenFor", super::yes_no(frozen))]))?;
        }
        Ok(())
    }

    /// The title above an account. An account that is posted on cannot be one, so of the story's own parents only the
    /// one that is not counts.
    fn title(&self, account: &Account) -> &'static str {
        let parent = account.parent.map(|parent| &self.dataset.accounts[parent]);
        match parent {
            Some(parent) if parent.role == AccountRole::OperatingExpenses => parent.code,
            _ => title_of(account.kind),
        }
    }
}

fn line(
    account: usize,
    balance: Cents,
    (currency, foreign): (crate::dataset::Currency, Cents),
    party: Option<Party>,
) -> EntryLine {
    EntryLine {
        account,
        debit: balance.max(0),
        credit: (-balance).max(0),
        currency,
        foreign,
        party,
        dimensions: Dimensions::NONE,
        document_line: None,
        product: None,
        tax: None,
    }
}

fn part(
    books: &Books<'_>,
    account: usize,
    amount: Cents,
    (currency, rate): (crate::dataset::Currency, Rate),
    dimensions: Dimensions,
    (document_line, tax): (Option<usize>, Option<usize>),
) -> EntryLine {
    let base = books.to_base(amount, (currency, rate));
    EntryLine { dimensions, document_line, tax, ..line(account, base, (currency, amount), None) }
}

/// The lines of a document, and before them the partner's.
fn with_total(control: AccountRole, party: Option<Party>, parts: Vec<EntryLine>) -> Vec<EntryLine> {
    let Some(first) = parts.first() else { return parts };
    let base: Cents = parts.iter().map(EntryLine::balance).sum();
    let foreign: Cents = parts.iter().map(|part| part.foreign).sum();
    let total = line(control.position(), -base, (first.currency, -foreign), party);
    std::iter::once(total).chain(parts).collect()
}

/// Code, name, title above, and type. The codes of the first level, the "drawers", are those that B1 gives them in the
/// charts that it brings along (from memory: no document that says so was found).
type Title = (&'static str, &'static str, Option<&'static str>, &'static str);

const TITLES: &[Title] = &[
    ("100000000000000", "Aktiven", None, "at_Other"),
    ("10", "Umlaufvermögen", Some("100000000000000"), "at_Other"),
    ("14", "Anlagevermögen", Some("100000000000000"), "at_Other"),
    ("200000000000000", "Fremdkapital", None, "at_Other"),
    ("20", "Kurzfristiges Fremdkapital", Some("200000000000000"), "at_Other"),
    ("24", "Langfristiges Fremdkapital", Some("200000000000000"), "at_Other"),
    ("300000000000000", "Eigenkapital", None, "at_Other"),
    ("28", "Kapital und Reserven", Some("300000000000000"), "at_Other"),
    ("400000000000000", "Betriebsertrag", None, "at_Revenues"),
    ("30", "Erlöse aus Lieferungen und Leistungen", Some("400000000000000"), "at_Revenues"),
    ("500000000000000", "Waren- und Materialaufwand", None, "at_Expenses"),
    ("40", "Warenaufwand", Some("500000000000000"), "at_Expenses"),
    ("600000000000000", "Betriebsaufwand", None, "at_Expenses"),
    ("60", "Übriger Betriebsaufwand", Some("600000000000000"), "at_Expenses"),
    ("68", "Abschreibungen und Wertberichtigungen", Some("600000000000000"), "at_Expenses"),
    ("700000000000000", "Finanzerfolg", None, "at_Expenses"),
    ("69", "Finanzaufwand und Finanzertrag", Some("700000000000000"), "at_Expenses"),
    ("800000000000000", "Steuern", None, "at_Expenses"),
];

fn title_of(kind: AccountKind) -> &'static str {
    use AccountKind as Kind;
    match kind {
        Kind::Bank | Kind::Cash | Kind::Receivable | Kind::Inventory | Kind::CurrentAsset => "10",
        Kind::FixedAsset => "14",
        Kind::Payable | Kind::CreditCard | Kind::TaxPayable | Kind::CurrentLiability => "20",
        Kind::LongTermLiability => "24",
        Kind::Equity => "28",
        Kind::Income => "30",
        Kind::CostOfSales => "40",
        Kind::OperatingExpense => "60",
        Kind::Depreciation => "68",
        Kind::OtherIncome | Kind::OtherExpense => "69",
    }
}

fn account_type(kind: AccountKind) -> &'static str {
    match kind.class() {
        AccountClass::Revenue => "at_Revenues",
        AccountClass::Expense => "at_Expenses",
        AccountClass::Asset | AccountClass::Liability | AccountClass::Equity => "at_Other",
    }
}
