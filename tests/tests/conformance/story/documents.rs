//! What invoices, bills and orders have in common: amounts, dates, lines.

use super::{Check, Names, Part, cents, dec, dimensions, milli, number, parts, shown, sorted};
use crate::support::skipped;
use adapters::model::{EntityType as E, Record, Value};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use simulators::{
    System,
    dataset::{AccountRole, Dataset, Dimensions, Line, ProductKind, PurchaseLine, Rate, Totals},
};

/// A document, in the words of the story.
#[derive(Debug, Default, Clone)]
pub(super) struct Document {
    pub(super) kind: &'static str,
    pub(super) status: &'static str,
    pub(super) party: String,
    pub(super) date: String,
    pub(super) due: String,
    pub(super) currency: String,
    /// Net, tax, total, and what is still to be paid.
    pub(super) amounts: [String; 4],
    pub(super) rate: String,
    /// Net, total and rest in the company's currency, in hundredths of it.
    pub(super) base: [i64; 3],
    pub(super) reference: String,
    /// The order it was made from.
    pub(super) order: String,
    pub(super) lines: Vec<DocumentLine>,
}

#[derive(Debug, Default, Clone)]
pub(super) struct DocumentLine {
    pub(super) product: String,
    pub(super) quantity: String,
    pub(super) price: String,
    pub(super) discount: String,
    pub(super) subtotal: String,
    pub(super) tax: String,
    pub(super) account: String,
    pub(super) rates: String,
    pub(super) dimensions: String,
    pub(super) fulfilled: String,
    pub(super) billed: String,
}

impl Document {
    /// What tells it from others.
    pub(super) fn key(&self) -> String {
        format!("{} {} {} {} {}", self.kind, self.date, self.party, self.currency, self.amounts[2])
    }

    /// The amounts of the story, in the document's currency and the company's.
    pub(super) fn with_amounts(mut self, totals: Totals, balance: i64, rate: Rate) -> Self {
        self.amounts = [totals.net, totals.tax, totals.total, balance].map(cents);
        self.base = [totals.net, totals.total, balance].map(|amount| rate.to_base(amount));
        self.rate = dec(rate.dec());
        self
    }
}

/// The status of a posted document by what is left of it.
pub(super) fn settled(total: i64, balance: i64) -> &'static str {
    match balance {
        0 => "PAID",
        rest if rest < total => "PARTIALLY_PAID",
        _ => "OPEN",
    }
}

pub(super) fn day(date: Option<NaiveDate>) -> String {
    date.map(|date| date.to_string()).unwrap_or_default()
}

fn codes(dataset: &Dataset, of: Dimensions) -> String {
    sorted(of.iter().map(|at| dataset.dimensions[at].code.to_owned())).join(" ")
}

/// The lines of a document of a customer, billed as far as the story says.
pub(super) fn sales_lines(
    dataset: &Dataset,
    customer: usize,
    lines: &[Line],
    billed: impl Fn(usize) -> i64,
) -> Vec<DocumentLine> {
    let told = |(at, line): (usize, &Line)| DocumentLine {
        product: dataset.products[line.product].sku.clone(),
        quantity: milli(line.milli_quantity),
        price: cents(line.unit_price),
        discount: dec(line.discount_percent()),
        subtotal: cents(line.net),
        tax: cents(line.tax_amount),
        account: dataset.accounts[dataset.line_account(line)].code.to_owned(),
        rates: dec(dataset.company.taxes[line.tax].percent()),
        dimensions: codes(dataset, dataset.line_dimensions(customer, line)),
        fulfilled: milli(line.milli_delivered),
        billed: milli(billed(at)),
    };
    lines.iter().enumerate().map(told).collect()
}

/// The lines of a document of a vendor.
pub(super) fn purchase_lines(dataset: &Dataset, lines: &[PurchaseLine]) -> Vec<DocumentLine> {
    let told = |line: &PurchaseLine| DocumentLine {
        product: line.product.map(|at| dataset.products[at].sku.clone()).unwrap_or_default(),
        quantity: milli(line.milli_quantity),
        price: cents(line.unit_price),
        discount: "0".to_owned(),
        subtotal: cents(line.net),
        tax: cents(line.tax_amount),
        account: dataset.accounts[line.account].code.to_owned(),
        rates: dec(dataset.company.purchase_taxes[line.tax].percent()),
        dimensions: codes(dataset, line.dimensions),
        fulfilled: milli(line.milli_received),
        billed: milli(line.milli_billed),
    };
    lines.iter().map(told).collect()
}

/// The names that documents refer to.
pub(super) async fn names(check: &Check<'_>) -> Names {
    let entities = [
        (E::Customer, "name"),
        (E::Vendor, "name"),
        (E::Product, "sku"),
        (E::Account, "code"),
        (E::TaxRate, "rate"),
        (E::SalesOrder, "number"),
        (E::PurchaseOrder, "number"),
    ];
    Names::of(check.target, &entities).await
}

/// Where a document has what: the fields differ by entity.
pub(super) struct Fields {
    pub(super) party: (&'static str, E),
    pub(super) date: &'static str,
    pub(super) due: &'static str,
    /// Whether it has a balance, a rate and amounts in the company's currency.
    pub(super) owes: bool,
}

/// A record in the words of the story. `order` is filled by the caller.
pub(super) fn document(dataset: &Dataset, names: &Names, record: &Record, fields: &Fields) -> Document {
    let text = |name: &str| shown(record.named(name));
    let word = |name: &str| match record.named(name) {
        Value::Enum(word) => *word,
        other => panic!("{name} of {:?}: {other:?}", record.key),
    };
    let base = |name: &str| {
        let hundredths = record.named(name).as_decimal().unwrap_or_default() * Decimal::ONE_HUNDRED;
        assert!(hundredths.is_integer(), "{name} of {:?}: {hundredths} hundredths", record.key);
        i64::try_from(hundredths.round_dp(0).trunc_with_scale(0).mantissa()).expect("cents")
    };
    let owes = |name: &'static str| if fields.owes { text(name) } else { String::new() };
    Document {
        kind: if fields.owes { word("kind") } else { "ORDER" },
        status: word("status"),
        party: names.name(fields.party.1, record.named(fields.party.0)),
        date: text(fields.date),
        due: text(fields.due),
        currency: text("currency"),
        amounts: [text("subtotal"), text("taxTotal"), text("total"), owes("balanceDue")],
        rate: owes("exchangeRate"),
        base: if fields.owes { ["baseSubtotal", "baseTotal", "baseBalanceDue"].map(base) } else { [0; 3] },
        reference: text("reference"),
        order: String::new(),
        lines: parts(record, "lines").iter().map(|line| document_line(dataset, names, line)).collect(),
    }
}

fn document_line(dataset: &Dataset, names: &Names, line: &Part<'_>) -> DocumentLine {
    let rates = match line.get("taxRates") {
        Value::List(rates) => sorted(rates.iter().map(|rate| names.name(E::TaxRate, rate))).join(" "),
        _ => String::new(),
    };
    let or_zero = |name: &str| number(line.get(name).as_decimal().unwrap_or_default());
    DocumentLine {
        product: names.name(E::Product, line.get("product")),
        quantity: shown(line.get("quantity")),
        price: shown(line.get("unitPrice")),
        discount: or_zero("discountPercent"),
        subtotal: shown(line.get("subtotal")),
        tax: shown(line.get("taxTotal")),
        account: names.name(E::Account, line.get("account")),
        rates,
        dimensions: dimensions(dataset, line.get("dimensions")).join(" "),
        fulfilled: shown(line.get("quantityFulfilled")),
        billed: shown(line.get("quantityBilled")),
    }
}

/// How a system keeps an aspect of documents.
pub(super) enum Kept {
    /// As the story tells it.
    AsTold,
    /// Nowhere, for a reason: it is null everywhere.
    Nowhere(&'static str),
    /// So that it cannot be compared, for a reason.
    Otherwise(&'static str),
}

impl Kept {
    /// Whether it can be compared; says why not.
    fn is_told(&self, check: &mut Check<'_>, aspect: &str, values: impl Iterator<Item = Value>) -> bool {
        match self {
            Self::AsTold => true,
            Self::Nowhere(why) => {
                let there: Vec<_> = values.filter(|value| value.as_text() != Some("")).collect();
                check.lacks(aspect, why, there);
                false
            }
            Self::Otherwise(why) => {
                skipped(check.target, &format!("{} of {}: {why}", aspect, check.entity.def().plural));
                false
            }
        }
    }
}

/// Levels what a system keeps in another way than the story for every document: lines of text, expenses without a quantity,
/// rates of the company's own currency.
pub(super) fn level(dataset: &Dataset, system: System, documents: &mut [Document]) {
    for document in documents {
        let rate: Option<Decimal> = document.rate.parse().ok();
        document.rate = rate.map(|rate| number(rate.round_dp(4))).unwrap_or_default();
        if system == System::Odoo {
            continue;
        }
        if system == System::QuickBooks && document.currency == dataset.company.currency.code() {
            document.rate.clear();
        }
        document.lines.retain(|line| !line.product.is_empty() || !line.subtotal.is_empty());
        for line in &mut document.lines {
            if line.product.is_empty() {
                line.quantity.clear();
                line.price.clear();
            } else if line.quantity.is_empty() {
                // One is not always written down.
                line.quantity = "1".to_owned();
            }
        }
    }
}

/// Lines of sales in QuickBooks in the United States: a line tells only whether it is taxed, the rates are those of the document,
/// and the account is that of the item.
pub(super) fn american_sales(dataset: &Dataset, story: &mut [Document]) {
    let account = |role: AccountRole| dataset.accounts[role.position()].code.to_owned();
    for document in story {
        let mut rates: Vec<_> =
            document.lines.iter().map(|line| line.rates.clone()).filter(|rate| rate != "0").collect();
        rates.sort();
        rates.dedup();
        for line in &mut document.lines {
            line.rates = if line.rates == "0" { String::new() } else { rates.join(" ") };
            let goods = dataset.products.iter().any(|of| of.sku == line.product && of.kind == ProductKind::Goods);
            line.account = account(if goods { AccountRole::SalesGoods } else { AccountRole::SalesServices });
        }
    }
}

/// A way to look at a document.
pub(super) type Aspect = (&'static str, fn(&Document) -> String);
/// A way to look at a line.
pub(super) type LineAspect = (&'static str, fn(&DocumentLine) -> &String);

pub(super) const LINES: &[LineAspect] = &[
    ("product", |line| &line.product),
    ("quantity", |line| &line.quantity),
    ("unitPrice", |line| &line.price),
    ("discountPercent", |line| &line.discount),
    ("subtotal", |line| &line.subtotal),
    ("taxTotal", |line| &line.tax),
    ("account", |line| &line.account),
    ("taxRates", |line| &line.rates),
    ("dimensions", |line| &line.dimensions),
    ("quantityFulfilled", |line| &line.fulfilled),
    ("quantityBilled", |line| &line.billed),
];

/// Compares documents by every aspect, each beside what tells the document from others; what the system lacks is empty in all of them.
pub(super) fn compare(
    check: &mut Check<'_>,
    aspects: &[Aspect],
    kept: impl Fn(&str) -> Kept,
    story: &[Document],
    found: &[Document],
) {
    for (name, aspect) in aspects {
        let there = found.iter().map(|document| Value::Text(aspect(document).into()));
        if !kept(name).is_told(check, name, there) {
            continue;
        }
        let shown = |document: &Document| format!("{} | {}", document.key(), aspect(document));
        check.same(name, story.iter().map(shown), found.iter().map(shown));
    }
    for (name, aspect) in LINES {
        let path = format!("lines.{name}");
        let lines = found.iter().flat_map(|document| &document.lines);
        if !kept(&path).is_told(check, &path, lines.map(|line| Value::Text(aspect(line).as_str().into()))) {
            continue;
        }
        let shown = |document: &Document| {
            let lines: Vec<_> = document
                .lines
                .iter()
                .map(|line| format!("{} × {} {}", line.quantity, line.product, aspect(line)))
                .collect();
            format!("{} | {}", document.key(), lines.join(", "))
        };
        check.same(&path, story.iter().map(shown), found.iter().map(shown));
    }
}

/// Amounts in the company's currency: an ERP that books each line in it may round another cent on each.
pub(super) fn compare_base(check: &mut Check<'_>, story: &[Document], found: &[Document]) {
    let by_key = |documents: &[Document]| {
        let mut documents: Vec<_> =
            documents.iter().map(|document| (document.key(), document.base, document.lines.len())).collect();
        documents.sort();
        documents
    };
    for ((key, told, lines), (other, base, _)) in by_key(story).into_iter().zip(by_key(found)) {
        let far = told.iter().zip(base).any(|(told, base)| (told - base).unsigned_abs() > lines as u64);
        if key != other || far {
            check
                .wrong
                .push(format!("in the company's currency: {key}: {told:?} in the story, {other}: {base:?} found"));
            return;
        }
    }
}
