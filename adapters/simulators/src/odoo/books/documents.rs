//! Invoices and bills alike: a move with its lines of products, sections and taxes, and the line that says what is owed.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::{Books, ids, matching::Matched, money};
use crate::{
    dataset::{Currency, Dimensions, PostState, Rate, Tax, Totals},
    decimal::{Cents, Dec},
    odoo::books::base::rate_cell,
    store::{Cell, StoreError, Text},
};

/// A document of a customer or a vendor.
pub(super) struct Document {
    pub(super) id: i64,
    pub(super) first_line: i64,
    /// `out_invoice` and the like.
    pub(super) kind: &'static str,
    /// 1 where the partner owes, -1 where the company does.
    pub(super) sign: i64,
    pub(super) state: PostState,
    pub(super) name: Option<String>,
    pub(super) sequence: u32,
    pub(super) partner: i64,
    pub(super) currency: Currency,
    pub(super) rate: Rate,
    pub(super) date: NaiveDate,
    /// The day on the paper; a draft may have none.
    pub(super) dated: Option<NaiveDate>,
    pub(super) due: NaiveDate,
    pub(super) reference: Option<String>,
    pub(super) origin: Option<String>,
    pub(super) note: Option<&'static str>,
    pub(super) journal: i64,
    /// The receivable or payable account.
    pub(super) account: i64,
    pub(super) tax_account: i64,
    pub(super) taxes: &'static [Tax],
    /// The id of the tax at a position.
    pub(super) tax_id: fn(usize) -> i64,
    /// A heading before the lines.
    pub(super) section: Option<&'static str>,
    pub(super) lines: Vec<DocumentLine>,
    pub(super) differences: Vec<Difference>,
    pub(super) totals: Totals,
    pub(super) paid: Cents,
    pub(super) balance: Cents,
    /// How much of what is paid was credited.
    pub(super) credited: Cents,
    pub(super) corrects: Option<i64>,
    pub(super) user: Option<i64>,
    pub(super) payment_term: Option<i64>,
    pub(super) payments: Vec<i64>,
    pub(super) matched: Matched,
    pub(super) created: DateTime<Utc>,
    pub(super) updated: DateTime<Utc>,
}

/// A line as people write it.
pub(super) struct DocumentLine {
    pub(super) name: Text,
    pub(super) product: Option<usize>,
    pub(super) account: i64,
    pub(super) quantity: Dec,
    pub(super) price: Cents,
    pub(super) discount: Dec,
    pub(super) tax: usize,
    pub(super) net: Cents,
    pub(super) tax_amount: Cents,
    pub(super) dimensions: Dimensions,
    pub(super) sale_line: Option<i64>,
    pub(super) purchase_line: Option<i64>,
}

/// What a vendor charged more or less than the standard cost at which goods were received: taken from the account of the
/// line, and put on another.
pub(super) struct Difference {
    /// The line of the document.
    pub(super) line: usize,
    pub(super) base: Cents,
    pub(super) foreign: Cents,
}

/// How many rows lines with these taxes and tax amounts come to, without a heading.
pub(super) fn rows(lines: impl Iterator<Item = (usize, Cents)>) -> i64 {
    let mut count = 0;
    let mut taxes: Vec<usize> = Vec::new();
    for (tax, amount) in lines {
        count += 1;
        if amount != 0 && !taxes.contains(&tax) {
            taxes.push(tax);
        }
    }
    count + taxes.len() as i64 + 1
}

/// The number of a document; none of a draft, for which Odoo wrote `/` before 19.
pub(super) fn number(books: &Books<'_>, prefix: &str, state: PostState, date: NaiveDate, seq: u32) -> Option<String> {
    match state {
        PostState::Draft if books.version.rewritten() => None,
        PostState::Draft => Some("/".to_owned()),
        PostState::Posted | PostState::Void => Some(format!("{prefix}/{}/{seq:05}", date.format("%Y"))),
    }
}

pub(super) fn state(state: PostState) -> &'static str {
    match state {
        PostState::Draft => "draft",
        PostState::Posted => "posted",
        PostState::Void => "cancel",
    }
}

/// A document in the books' currency.
struct Base {
    /// Of each line.
    nets: Vec<Cents>,
    taxes: Cents,
    total: Cents,
    residual: Cents,
}

impl Document {
    /// What is left to pay. A draft and a cancelled document keep all of it.
    fn residual(&self) -> Cents {
        if self.state == PostState::Posted { self.balance } else { self.totals.total }
    }

    fn payment_state(&self) -> &'static str {
        match self.state {
            PostState::Posted if self.balance == 0 && self.paid > 0 && self.credited == self.paid => "reversed",
            PostState::Posted if self.balance == 0 => "paid",
            PostState::Posted if self.paid > 0 => "partial",
            _ => "not_paid",
        }
    }

    /// Net and tax of each tax that comes to anything.
    fn taxes(&self) -> BTreeMap<usize, (Cents, Cents)> {
        let mut taxes: BTreeMap<usize, (Cents, Cents)> = BTreeMap::new();
        for line in self.lines.iter().filter(|line| line.tax_amount != 0) {
            let (net, tax) = taxes.entry(line.tax).or_default();
            *net += line.net;
            *tax += line.tax_amount;
        }
        taxes
    }

    /// The total is converted once; what the lines differ from it by rounding goes to the largest.
    fn base(&self) -> Base {
        let rate = self.rate;
        let total = rate.to_base(self.totals.total);
        let taxes = self.taxes().values().map(|(_, tax)| rate.to_base(*tax)).sum();
        let mut nets: Vec<Cents> = self.lines.iter().map(|line| rate.to_base(line.net)).collect();
        let rest = total - taxes - nets.iter().sum::<Cents>();
        if let Some((_, largest)) = self.lines.iter().zip(&mut nets).max_by_key(|(line, _)| line.net) {
            *largest += rest;
        }
        let residual = match self.residual() {
            left if left == self.totals.total => total,
            left => rate.to_base(left),
        };
        Base { nets, taxes, total, residual }
    }

    pub(super) fn write(&self, books: &mut Books<'_>) -> Result<(), StoreError> {
        let base = self.base();
        let numbered = self.name.as_deref().filter(|name| *name != "/");
        let sign = self.sign;
        let values = [
            ("name", self.name.clone().into()),
            ("move_type", self.kind.into()),
            ("state", state(self.state).into()),
            ("payment_state", self.payment_state().into()),
            ("partner_id", self.partner.into()),
            ("invoice_date", self.dated.into()),
            ("invoice_date_due", self.due.into()),
            ("date", self.date.into()),
            ("ref", self.reference.clone().into()),
            ("payment_reference", numbered.filter(|_| self.kind == "out_invoice").into()),
            ("invoice_origin", self.origin.clone().into()),
            ("currency_id", ids::currency(self.currency).into()),
            ("journal_id", self.journal.into()),
            ("amount_untaxed", money(self.totals.net)),
            ("amount_tax", money(self.totals.tax)),
            ("amount_total", money(self.totals.total)),
            ("amount_residual", money(self.residual())),
            ("amount_untaxed_signed", money(sign * (base.total - base.taxes))),
            ("amount_tax_signed", money(sign * base.taxes)),
            ("amount_total_signed", money(sign * base.total)),
            ("amount_residual_signed", money(sign * base.residual)),
            ("invoice_currency_rate", rate_cell(self.rate)),
            ("reversed_entry_id", self.corrects.into()),
            ("narration", self.note.map(super::html).into()),
            ("invoice_user_id", self.user.into()),
            ("invoice_payment_term_id", self.payment_term.into()),
            ("matched_payment_ids", self.payments.clone().into()),
            ("sequence_number", numbered.map(|_| self.sequence).into()),
            ("sequence_prefix", numbered.and_then(|name| Some(format!("{}/", name.rsplit_once('/')?.0))).into()),
        ];
        books.insert("account.move", self.id, (self.created, self.updated), values)?;
        self.write_lines(books, &base)
    }

    fn write_lines(&self, books: &mut Books<'_>, base: &Base) -> Result<(), StoreError> {
        let sign = self.sign;
        let number = self.name.as_deref().map(Text::from);
        let mut next = self.first_line;
        if let Some(section) = self.section {
            let values = [("name", section.into()), ("sequence", Cell::Int(10)), ("tax_ids", books.none.clone())];
            self.insert(books, next, "line_section", &number, values)?;
            next += 1;
        }
        for (at, line) in self.lines.iter().enumerate() {
            let values = [
                ("name", line.name.clone().into()),
                ("sequence", (100 + next - self.first_line).into()),
                ("product_id", line.product.map(|product| books.plan.products[product]).into()),
                ("account_id", line.account.into()),
                ("quantity", line.quantity.into()),
                ("price_unit", money(line.price)),
                ("discount", line.discount.into()),
                ("tax_ids", books.list((self.tax_id)(line.tax))),
                ("price_subtotal", money(line.net)),
                ("price_total", money(line.net + line.tax_amount)),
                ("balance", money(-sign * base.nets[at])),
                ("amount_currency", money(-sign * line.net)),
                ("sale_line_ids", line.sale_line.map_or(books.none.clone(), |id| vec![id].into())),
                ("purchase_line_id", line.purchase_line.into()),
                ("analytic", books.analytic(line.dimensions)),
            ];
            self.insert(books, next, "product", &number, values)?;
            next += 1;
        }
        for (position, (net, amount)) in self.taxes() {
            let values = [
                ("name", self.taxes[position].name.into()),
                ("sequence", Cell::Int(10_000)),
                ("account_id", self.tax_account.into()),
                ("tax_line_id", (self.tax_id)(position).into()),
                ("tax_base_amount", money(self.rate.to_base(net))),
                ("tax_ids", books.none.clone()),
                ("balance", money(-sign * self.rate.to_base(amount))),
                ("amount_currency", money(-sign * amount)),
            ];
            self.insert(books, next, "tax", &number, values)?;
            next += 1;
        }
        let values = [
            ("name", number.clone().filter(|name| **name != *"/").into()),
            ("sequence", Cell::Int(12_000)),
            ("account_id", self.account.into()),
            ("tax_ids", books.none.clone()),
            ("balance", money(sign * base.total)),
            ("amount_currency", money(sign * self.totals.total)),
            ("amount_residual", money(sign * base.residual)),
            ("amount_residual_currency", money(sign * self.residual())),
            ("date_maturity", self.due.into()),
            ("full_reconcile_id", self.matched.full.into()),
            ("matching", self.matched.part.into()),
        ];
        self.insert(books, next, "payment_term", &number, values)?;
        for difference in &self.differences {
            let line = &self.lines[difference.line];
            for (account, sign) in [(ids::PRICE_DIFFERENCE, 1), (line.account, -1)] {
                next += 1;

                let values = [
                    ("name", line.name.clone().into()),
                    ("sequence", Cell::Int(20_000)),
                    ("product_id", line.product.map(|product| books.plan.products[product]).into()),
                    ("account_id", account.into()),
                    ("tax_ids", books.none.clone()),
                    ("balance", money(sign * difference.base)),
                    ("amount_currency", money(sign * difference.foreign)),
                    ("analytic", books.analytic(line.dimensions)),
                ];
                self.insert(books, next, "cogs", &number, values)?;
            }
        }
        Ok(())
    }

    fn insert<const N: usize>(
        &self,
        books: &mut Books<'_>,
        id: i64,
        row_type: &'static str,
        number: &Option<Text>,
        values: [(&'static str, Cell); N],
    ) -> Result<(), StoreError> {
        let shared = [
            ("move_id", self.id.into()),
            ("move_name", number.clone().into()),
            ("parent_state", state(self.state).into()),
            ("row_type", row_type.into()),
            ("partner_id", self.partner.into()),
            ("currency_id", ids::currency(self.currency).into()),
            ("date", self.date.into()),
            ("create_date", self.created.into()),
            ("write_date", self.updated.into()),
        ];
        books.tables["account.move.line"].insert(id, shared.into_iter().chain(values))
    }
}
