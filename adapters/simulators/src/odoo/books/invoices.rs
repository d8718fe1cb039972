//! Invoices and credit notes with their lines: products, sections, taxes, and the line that says what is owed.

use std::collections::BTreeMap;

use super::{Books, ids, money, sales};
use crate::{
    dataset::{Invoice, InvoiceKind, Line, PostState, Product},
    decimal::Cents,
    odoo::books::base::float,
    store::{Cell, StoreError, Text},
};

/// How many rows an invoice has.
pub(super) fn lines(invoice: &Invoice) -> i64 {
    i64::from(has_section(invoice)) + invoice.lines.len() as i64 + taxes(invoice).len() as i64 + 1
}

/// Longer invoices begin with a heading.
fn has_section(invoice: &Invoice) -> bool {
    invoice.lines.len() > 3
}

/// Net and tax of each tax that comes to anything.
fn taxes(invoice: &Invoice) -> BTreeMap<usize, (Cents, Cents)> {
    let mut taxes: BTreeMap<usize, (Cents, Cents)> = BTreeMap::new();
    for line in invoice.lines.iter().filter(|line| line.tax_amount != 0) {
        let (net, tax) = taxes.entry(line.tax).or_default();
        *net += line.net;
        *tax += line.tax_amount;
    }
    taxes
}

/// The product lines of an invoice with their ids.
pub(super) fn product_lines<'d>(books: &Books<'d>, position: usize) -> impl Iterator<Item = (i64, &'d Line)> + use<'d> {
    let invoice = &books.dataset.invoices[position];
    let first = books.plan.invoice_lines[position] + i64::from(has_section(invoice));
    invoice.lines.iter().enumerate().map(move |(at, line)| (first + at as i64, line))
}

/// What a line says of a product: its label, and its text for offers.
pub(super) fn description(product: &Product) -> String {
    let label = format!("[{}] {}", product.sku, product.name);
    product.description.map_or(label.clone(), |text| format!("{label}\n{text}"))
}

pub(super) fn write(books: &mut Books<'_>) -> Result<(), StoreError> {
    let mut by_credit: BTreeMap<usize, Cents> = BTreeMap::new();
    for allocation in books.dataset.invoices.iter().flat_map(|invoice| &invoice.allocations) {
        *by_credit.entry(allocation.invoice).or_default() += allocation.amount;
    }
    let mut payments: BTreeMap<usize, Vec<i64>> = BTreeMap::new();
    for (payment, id) in books.dataset.payments.iter().zip(&books.plan.payments) {
        for allocation in &payment.allocations {
            payments.entry(allocation.invoice).or_default().push(*id);
        }
    }
    for (position, invoice) in books.dataset.invoices.iter().enumerate() {
        let credited = by_credit.get(&position).copied().unwrap_or_default();
        let payments = payments.remove(&position).unwrap_or_default();
        Writer { position, invoice, credited, payments }.write(books)?;
    }
    Ok(())
}

struct Writer<'d> {
    position: usize,
    invoice: &'d Invoice,
    /// How much of it credit notes have settled.
    credited: Cents,
    payments: Vec<i64>,
}

/// What all lines of an invoice have in common.
struct Common {
    move_name: Option<Text>,
    move_type: Text,
    parent_state: Text,
}

impl Writer<'_> {
    /// The number; none of a draft, for which Odoo wrote `/` before 19.
    fn name(&self, books: &Books<'_>) -> Option<String> {
        let Invoice { kind, state, sequence, date, .. } = self.invoice;
        let prefix = if *kind == InvoiceKind::Invoice { "INV" } else { "RINV" };
        match state {
            PostState::Draft if books.version.rewritten() => None,
            PostState::Draft => Some("/".to_owned()),
            _ => Some(format!("{prefix}/{}/{sequence:05}", date.format("%Y"))),
        }
    }

    fn kind(&self) -> &'static str {
        if self.invoice.kind == InvoiceKind::Invoice { "out_invoice" } else { "out_refund" }
    }

    fn state(&self) -> &'static str {
        match self.invoice.state {
            PostState::Draft => "draft",
            PostState::Posted => "posted",
            PostState::Void => "cancel",
        }
    }

    /// What is left to pay. A cancelled invoice keeps all of it.
    fn residual(&self) -> Cents {
        if self.invoice.state == PostState::Posted { self.invoice.balance } else { self.invoice.totals.total }
    }

    fn payment_state(&self) -> &'static str {
        let Invoice { state, balance, paid, kind, .. } = self.invoice;
        match state {
            PostState::Posted if *balance == 0 && *paid > 0 && self.credited == *paid => "reversed",
            PostState::Posted if *balance == 0 => "paid",
            PostState::Posted if *paid > 0 && *kind == InvoiceKind::Invoice => "partial",
            PostState::Posted if *paid > 0 => "partial",
            _ => "not_paid",
        }
    }

    /// 1 where the customer owes, -1 where it is owed.
    fn sign(&self) -> i64 {
        if self.invoice.kind == InvoiceKind::Invoice { 1 } else { -1 }
    }

    fn write(&self, books: &mut Books<'_>) -> Result<(), StoreError> {
        let Self { position, invoice, .. } = *self;
        let id = books.plan.invoices[position];
        let rate = invoice.rate;
        let name = self.name(books);
        let net: Cents = invoice.lines.iter().map(|line| rate.to_base(line.net)).sum();
        let tax: Cents = taxes(invoice).values().map(|(_, tax)| rate.to_base(*tax)).sum();
        let residual = match self.residual() {
            0 => 0,
            left if left == invoice.totals.total => net + tax,
            left => rate.to_base(left),
        };
        let corrected = invoice.corrects.map(|corrected| {
            Writer {
                position: corrected,
                invoice: &books.dataset.invoices[corrected],
                credited: 0,
                payments: Vec::new(),
            }
            .name(books)
        });
        let reference = match corrected.flatten() {
            Some(original) => {
                Some(format!("Reversal of: {original}, {}", invoice.reference.as_deref().unwrap_or("returned")))
            }
            None => invoice.reference.clone(),
        };
        let numbered = name.as_deref().filter(|name| *name != "/");
        let days = books.dataset.customers[invoice.customer].payment_days;
        // A draft may go without a date until it is posted.
        let dated = invoice.state != PostState::Draft || !books.options.undated_drafts;
        let values = [
            ("name", name.clone().into()),
            ("move_type", self.kind().into()),
            ("state", self.state().into()),
            ("payment_state", self.payment_state().into()),
            ("partner_id", books.plan.partners[invoice.customer].into()),
            ("invoice_date", dated.then_some(invoice.date).into()),
            ("invoice_date_due", invoice.due.unwrap_or(invoice.date).into()),
            ("date", invoice.date.into()),
            ("ref", reference.into()),
            ("payment_reference", numbered.filter(|_| self.sign() > 0).into()),
            ("invoice_origin", invoice.order.map(sales::name).into()),
            ("currency_id", ids::currency(invoice.currency).into()),
            ("journal_id", ids::SALES_JOURNAL.into()),
            ("amount_untaxed", money(invoice.totals.net)),
            ("amount_tax", money(invoice.totals.tax)),
            ("amount_total", money(invoice.totals.total)),
            ("amount_residual", money(self.residual())),
            ("amount_untaxed_signed", money(self.sign() * net)),
            ("amount_tax_signed", money(self.sign() * tax)),
            ("amount_total_signed", money(self.sign() * (net + tax))),
            ("amount_residual_signed", money(self.sign() * residual)),
            ("invoice_currency_rate", float(1e6 / rate.0 as f64)),
            ("reversed_entry_id", invoice.corrects.map(|corrected| books.plan.invoices[corrected]).into()),
            ("narration", invoice.note.map(super::html).into()),
            ("invoice_user_id", Cell::Int(if position.is_multiple_of(3) { ids::SALESPERSON } else { 2 })),
            ("invoice_payment_term_id", (self.sign() > 0).then(|| ids::payment_term(days)).into()),
            ("matched_payment_ids", self.payments.clone().into()),
            ("sequence_number", numbered.map(|_| invoice.sequence).into()),
            ("sequence_prefix", numbered.and_then(|name| Some(format!("{}/", name.rsplit_once('/')?.0))).into()),
        ];
        books.insert("account.move", id, (invoice.created, invoice.updated), values)?;
        self.write_lines(books, id, name, (net, tax, residual))
    }

    fn write_lines(
        &self,
        books: &mut Books<'_>,
        id: i64,
        name: Option<String>,
        (net, tax, residual): (Cents, Cents, Cents),
    ) -> Result<(), StoreError> {
        let Self { position, invoice, .. } = *self;
        let sign = self.sign();
        let common = Common {
            move_name: name.as_deref().map(Text::from),
            move_type: self.kind().into(),
            parent_state: self.state().into(),
        };
        let mut next = books.plan.invoice_lines[position];
        if has_section(invoice) {
            let values = [("name", "Lieferumfang".into()), ("sequence", Cell::Int(10)), ("tax_ids", Vec::new().into())];
            self.insert(books, next, id, "line_section", &common, values)?;
        }
        for (line_id, line) in product_lines(books, position) {
            let product = &books.dataset.products[line.product];
            let order = invoice.order.zip(line.order_line).map(|(order, at)| books.plan.order_lines[order] + at as i64);
            let values = [
                ("name", description(product).into()),
                ("sequence", (100 + line_id - next).into()),
                ("product_id", books.plan.products[line.product].into()),
                ("product_uom_id", ids::unit(product.unit).into()),
                ("account_id", ids::INCOME.into()),
                ("quantity", line.quantity().into()),
                ("price_unit", money(line.unit_price)),
                ("discount", line.discount_percent().into()),
                ("tax_ids", vec![ids::tax(line.tax)].into()),
                ("price_subtotal", money(line.net)),
                ("price_total", money(line.net + line.tax_amount)),
                ("balance", money(-sign * invoice.rate.to_base(line.net))),
                ("amount_currency", money(-sign * line.net)),
                ("sale_line_ids", order.into_iter().collect::<Vec<i64>>().into()),
            ];
            self.insert(books, line_id, id, "product", &common, values)?;
        }
        next += i64::from(has_section(invoice)) + invoice.lines.len() as i64;
        for (position, (base, amount)) in taxes(invoice) {
            let values = [
                ("name", books.dataset.company.taxes[position].name.into()),
                ("sequence", Cell::Int(10_000)),
                ("account_id", ids::OUTPUT_TAX.into()),
                ("tax_line_id", ids::tax(position).into()),
                ("tax_base_amount", money(invoice.rate.to_base(base))),
                ("tax_ids", Vec::new().into()),
                ("balance", money(-sign * invoice.rate.to_base(amount))),
                ("amount_currency", money(-sign * amount)),
            ];
            self.insert(books, next, id, "tax", &common, values)?;
            next += 1;
        }
        let left = if invoice.state == PostState::Posted { invoice.balance } else { invoice.totals.total };
        let values = [
            ("name", name.filter(|name| name != "/").into()),
            ("sequence", Cell::Int(12_000)),
            ("account_id", ids::RECEIVABLE.into()),
            ("tax_ids", Vec::new().into()),
            ("balance", money(sign * (net + tax))),
            ("amount_currency", money(sign * invoice.totals.total)),
            ("amount_residual", money(sign * residual)),
            ("amount_residual_currency", money(sign * left)),
            ("date_maturity", invoice.due.unwrap_or(invoice.date).into()),
        ];
        self.insert(books, next, id, "payment_term", &common, values)
    }

    fn insert<const N: usize>(
        &self,
        books: &mut Books<'_>,
        id: i64,
        parent: i64,
        row_type: &'static str,
        common: &Common,
        values: [(&'static str, Cell); N],
    ) -> Result<(), StoreError> {
        let invoice = self.invoice;
        // Until 15 only sections and notes had a type.
        let typed = books.version.types_lines() || row_type.starts_with("line_");
        let shared = [
            ("move_id", parent.into()),
            ("move_name", common.move_name.clone().into()),
            ("move_type", common.move_type.clone().into()),
            ("parent_state", common.parent_state.clone().into()),
            ("row_type", row_type.into()),
            ("display_type", typed.then_some(row_type).into()),
            ("partner_id", books.plan.partners[invoice.customer].into()),
            ("currency_id", ids::currency(invoice.currency).into()),
            ("date", invoice.date.into()),
            ("create_date", invoice.created.into()),
            ("write_date", invoice.updated.into()),
        ];
        books.tables["account.move.line"].insert(id, shared.into_iter().chain(values))
    }
}
