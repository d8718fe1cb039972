//! The general ledger: all postings by account, with what was there before.

use std::collections::{BTreeMap, HashMap};

use super::{
    Body, Parameters, Reporter,
    books::{Account, Books, Filters, Posting, ids},
    period::Period,
    shape::{cell, column, data, named, section},
    statements::KINDS,
};
use crate::{
    decimal::{Cents, Dec},
    quickbooks::{
        fault::Fault,
        wire::{Node, Object},
    },
    store::{Row, Tables},
};

/// The columns in their order: key, title, type, and whether it is shown when none are asked for.
const COLUMNS: [(&str, &str, &str, bool); 24] = [
    ("tx_date", "Date", "Date", true),
    ("txn_type", "Transaction Type", "String", true),
    ("doc_num", "Num", "String", true),
    ("is_adj", "Adj", "Boolean", false),
    ("create_date", "Create Date", "Date", false),
    ("last_mod_date", "Last Modified", "Date", false),
    ("name", "Name", "String", true),
    ("cust_name", "Customer", "String", false),
    ("vend_name", "Vendor", "String", false),
    ("item_name", "Product/Service", "String", false),
    ("klass_name", "Class", "String", false),
    ("dept_name", "Division", "String", false),
    ("memo", "Memo/Description", "String", true),
    ("account_num", "Account #", "String", false),
    ("account_name", "Account", "String", false),
    ("split_acc", "Split", "String", true),
    ("currency", "Currency", "String", false),
    ("exch_rate", "Exchange Rate", "Rate", false),
    ("debt_home_amt", "Debit", "Money", false),
    ("credit_home_amt", "Credit", "Money", false),
    ("subt_nat_amount", "Foreign Amount", "Money", false),
    ("subt_nat_home_amount", "Amount", "Money", true),
    ("nat_home_open_bal", "Open Balance", "Money", false),
    ("rbal_nat_home_amount", "Balance", "Money", true),
];

/// What stands at the end of a report of too many cells.
const TOO_MUCH: &str = "Unable to display more data. Please reduce the date range.";

impl Reporter<'_> {
    pub(super) fn general_ledger(&self, parameters: &Parameters) -> Result<Object, Fault> {
        let period = self.period(parameters)?;
        let books = self.books();
        let wanted: Option<Vec<&str>> = parameters
            .get("columns")
            .filter(|columns| !columns.is_empty())
            .map(|columns| columns.split(',').map(str::trim).collect());
        let keys: Vec<_> = COLUMNS
            .into_iter()
            .filter(|(key, .., usual)| wanted.as_ref().map_or(*usual, |wanted| wanted.contains(key)))
            .collect();
        let accounts = ids(parameters, "account");
        let kinds: Option<Vec<String>> = ["account_type", "source_account_type"]
            .iter()
            .find_map(|name| parameters.get(*name))
            .map(|kinds| kinds.split(',').map(|kind| kind.trim().to_lowercase()).collect());
        let mut ledger = Ledger {
            books: &books,
            period: &period,
            keys: keys.iter().map(|(key, ..)| *key).collect(),
            postings: BTreeMap::new(),
            txns: HashMap::new(),
            cells: self.cells,
        };
        for posting in books.postings(period.end, &Filters::new(parameters)) {
            let Some(account) = books.accounts.get(&posting.account) else { continue };
            let kind = account.kind.replace(' ', "").to_lowercase();
            let is_shown = accounts.as_ref().is_none_or(|accounts| accounts.contains(&account.id))
                && kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind));
            if is_shown {
                ledger.postings.entry(account.id).or_default().push(posting);
            }
        }
        ledger.gather(books.postings(period.end, &Filters::default()));
        let accounts = books.of_kinds(&KINDS);
        let tops = accounts.iter().filter(|account| account.parent.is_none());
        let mut rows: Vec<Node> =
            tops.filter_map(|top| ledger.account(top, &accounts)).map(|(row, _)| row.into()).collect();
        if ledger.cells == 0 {
            rows.push(data(vec![cell(TOO_MUCH)]).into());
        }
        let columns = keys.iter().map(|(key, title, kind, _)| column(title, kind, &[("ColKey", (*key).to_owned())]));
        let body = Body { columns: columns.collect(), rows };
        Ok(self.document("GeneralLedger", parameters, &period, (true, None), Vec::new(), body))
    }
}

/// What the ledger is written from.
struct Ledger<'a> {
    books: &'a Books<'a>,
    period: &'a Period,
    keys: Vec<&'static str>,
    /// By account, from the beginning of the books.
    postings: BTreeMap<i64, Vec<Posting<'a>>>,
    /// By transaction: the accounts that it is posted on.
    txns: HashMap<i64, Vec<i64>>,
    /// How many cells there may still be.
    cells: usize,
}

impl<'a> Ledger<'a> {
    fn gather(&mut self, postings: impl Iterator<Item = Posting<'a>>) {
        for posting in postings.filter(|posting| posting.date >= self.period.start) {
            self.txns.entry(posting.txn).or_default().push(posting.account);
        }
    }

    /// The section of an account with those below it, and what was posted in the period.
    fn account(&mut self, account: &Account<'_>, all: &[&Account<'_>]) -> Option<(Object, Cents)> {
        let mut postings = self.postings.remove(&account.id).unwrap_or_default();
        postings.sort_by_key(|posting| (posting.date, posting.txn));
        let start = self.period.start;
        let before = postings.iter().filter(|posting| posting.date < start);
        // Income and expenses begin each year from nothing.
        let before = before.filter(|_| !account.is_nominal()).map(|posting| posting.amount).sum::<Cents>();
        let begins = account.natural(before);
        let mut rows: Vec<Node> = Vec::new();
        if begins != 0 && self.room() {
            rows.push(data(self.beginning(begins)).into());
        }
        let (mut sum, mut balance) = (0, begins);
        for posting in postings.iter().filter(|posting| posting.date >= start) {
            if !self.room() {
                break;
            }
            let natural = account.natural(posting.amount);
            sum += natural;
            balance += natural;
            rows.push(data(self.row(account, posting, balance)).into());
        }
        let mut below = 0;
        let mut has_children = false;
        for child in all.iter().filter(|child| child.parent == Some(account.id)) {
            if let Some((row, posted)) = self.account(child, all) {
                has_children = true;
                below += posted;
                rows.push(row.into());
            }
        }
        if rows.is_empty() {
            return None;
        }
        let title = match has_children {
            true => format!("Total for {} with sub-accounts", account.name),
            false => format!("Total for {}", account.name),
        };
        let total = sum + below;
        let header = self.line(|key, first| if first { named(account.name, account.id) } else { blank(key) });
        let summary = self.line(|key, first| match key {
            _ if first => cell(&title),
            "subt_nat_home_amount" => money(total),
            _ => cell(""),
        });
        Some((section(header, rows, summary, None), total))
    }

    /// Takes the room for one more row, if there is any.
    fn room(&mut self) -> bool {
        self.cells = self.cells.saturating_sub(self.keys.len());
        self.cells > 0
    }

    fn line(&self, cell: impl Fn(&str, bool) -> Node) -> Vec<Node> {
        self.keys.iter().enumerate().map(|(at, key)| cell(key, at == 0)).collect()
    }

    fn beginning(&self, balance: Cents) -> Vec<Node> {
        self.line(|key, first| match key {
            _ if first => cell("Beginning Balance"),
            "rbal_nat_home_amount" => money(balance),
            _ => cell(""),
        })
    }

    fn row(&self, account: &Account<'_>, posting: &Posting<'_>, balance: Cents) -> Vec<Node> {
        let document = document(self.books.tables, posting);
        let text = |column: &str| document.as_ref().and_then(|row| row.get(column)).and_then(|cell| cell.as_str());
        let day = |column: &str| {
            let stamp = document.as_ref().and_then(|row| row.get(column)).and_then(|cell| cell.as_stamp());
            cell(&stamp.map(|stamp| stamp.date_naive().to_string()).unwrap_or_default())
        };
        let of = |table: &str, id: Option<i64>| id.map_or_else(nobody, |id| named(self.books.name(table, id), id));
        let side = |amount: Cents| if amount > 0 { money(amount) } else { cell("") };
        self.line(|key, _| match key {
            "tx_date" => cell(&posting.date.to_string()),
            "txn_type" => named(posting.kind, posting.txn),
            "doc_num" => cell(text("DocNumber").or_else(|| text("PaymentRefNum")).unwrap_or_default()),
            "is_adj" => cell("No"),
            "create_date" => day("MetaData.CreateTime"),
            "last_mod_date" => day("MetaData.LastUpdatedTime"),
            "name" => match (posting.customer, posting.vendor) {
                (Some(_), _) => of("Customer", posting.customer),
                _ => of("Vendor", posting.vendor),
            },
            "cust_name" => of("Customer", posting.customer),
            "vend_name" => of("Vendor", posting.vendor),
            "item_name" => of("Item", posting.item),
            "klass_name" => of("Class", posting.class),
            "dept_name" => of("Department", posting.department),
            "memo" => cell(text("PrivateNote").unwrap_or_default()),
            "account_num" => cell(account.number.unwrap_or_default()),
            "account_name" => named(account.full_name, account.id),
            "split_acc" => self.split(posting),
            "currency" => cell(posting.currency),
            "exch_rate" => cell(&rate(posting)),
            "debt_home_amt" => side(posting.amount),
            "credit_home_amt" => side(-posting.amount),
            "subt_nat_amount" => money(account.natural(posting.foreign)),
            "subt_nat_home_amount" => money(account.natural(posting.amount)),
            "rbal_nat_home_amount" => money(balance),
            _ => cell(""),
        })
    }

    /// The account on the other side, if there is but one.
    fn split(&self, posting: &Posting<'_>) -> Node {
        let mut others: Vec<i64> = self.txns.get(&posting.txn).cloned().unwrap_or_default();
        if let Some(own) = others.iter().position(|account| *account == posting.account) {
            others.swap_remove(own);
        }
        match others.as_slice() {
            [other] => {
                let name = self.books.accounts.get(other).map_or("", |account| account.full_name);
                named(name, *other)
            }
            _ => Object::default().with("value", "-Split-").with("id", "").into(),
        }
    }
}

fn blank(_key: &str) -> Node {
    cell("")
}

/// A name that is not there has an id that is not there either.
fn nobody() -> Node {
    Object::default().with("value", "").with("id", "").into()
}

fn money(cents: Cents) -> Node {
    cell(&Dec::cents(cents).to_string())
}

/// Home units for one of the transaction's currency, as far as the amounts tell.
fn rate(posting: &Posting<'_>) -> String {
    match posting.foreign {
        0 => "1".to_owned(),
        foreign if foreign == posting.amount => "1".to_owned(),
        foreign => {
            let rate = crate::decimal::div_round(i128::from(posting.amount) * 1_000_000, i128::from(foreign));
            Dec::new(rate, 6).to_string()
        }
    }
}

/// The object of a posting's transaction.
fn document<'t>(tables: &'t Tables, posting: &Posting<'_>) -> Option<Row<'t>> {
    let table = match posting.kind {
        "Invoice" => "Invoice",
        "Sales Receipt" => "SalesReceipt",
        "Credit Memo" => "CreditMemo",
        "Payment" => "Payment",
        "Bill" => "Bill",
        "Vendor Credit" => "VendorCredit",
        "Bill Payment (Check)" | "Bill Payment (Credit Card)" => "BillPayment",
        "Inventory Qty Adjust" => "InventoryAdjustment",
        _ => "JournalEntry",
    };
    tables[table].get(posting.txn)
}
