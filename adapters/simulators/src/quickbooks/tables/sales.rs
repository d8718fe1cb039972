//! Invoices, sales receipts, credit memos and estimates, which stand for sales orders, with their lines.

use super::{
    LINE, Values, account_id, detail,
    ids::Ids,
    names::{bundle_id, class_id, customer_id, department_id, item_id, term_id},
    number,
    payments::method_id,
    table,
};
use crate::{
    dataset::{AccountRole, Currency, Dataset, Invoice, InvoiceKind, Line, Order, OrderState, PostState, Rate, Totals},
    decimal::{Cents, Dec, div_round},
    store::{Cell, Schema, StoreError, Table},
};

const SHOWN: &[&str] = &[
    "CurrencyRef",
    "ExchangeRate",
    "HomeTotalAmt",
    "HomeBalance",
    "PrivateNote",
    "CustomerMemo",
    "PONumber",
    "DiscountAmt",
    "DiscountPercent",
    "DepartmentRef",
    "TotalTax",
    "TaxLine.Net1",
    "TaxLine.Tax1",
    "TaxLine.Net2",
    "TaxLine.Tax2",
];

const CUSTOMER: &str = "CustomerRef";
const UPDATED: &str = "MetaData.LastUpdatedTime";

pub(super) fn tables(dataset: &Dataset, ids: &Ids) -> Result<Vec<Table>, StoreError> {
    let lines = [
        "Id",
        "Txn",
        "LineNum",
        "Detail",
        "Group",
        "Description",
        "Amount",
        "ItemRef",
        "UnitPrice",
        "Qty",
        "TaxCodeRef",
        "ClassRef",
    ];
    let invoice_columns = [SHOWN, &["Payments", "Estimate"]].concat();
    let receipt_columns = [SHOWN, &["PaymentMethodRef", "PaymentRefNum", "DepositToAccountRef"]].concat();
    let memo_columns = [SHOWN, &["TotalAmt"]].concat();
    let estimate_columns =
        [SHOWN, &["TotalAmt", "TxnStatus", "ShipDate", "ExpirationDate", "AcceptedBy", "AcceptedDate", "Invoice"]]
            .concat();
    let mut writer = Writer {
        dataset,
        lines: Schema::new(LINE, &lines).key("Id").index("Txn").build(),
        invoices: table("Invoice", &invoice_columns, &[CUSTOMER, "docnumber", "TxnDate", "DueDate", UPDATED]),
        receipts: table("SalesReceipt", &receipt_columns, &[CUSTOMER, "docnumber", "TxnDate", UPDATED]),
        memos: table("CreditMemo", &memo_columns, &[CUSTOMER, "docnumber", "TxnDate", UPDATED]),
        estimates: table("Estimate", &estimate_columns, &[CUSTOMER, "docnumber", "TxnDate", UPDATED]),
    };
    for (position, invoice) in dataset.invoices.iter().enumerate() {
        match (invoice.kind, ids.receipts.get(&position)) {
            (InvoiceKind::Invoice, Some(payment)) => writer.receipt(ids.invoices[position], invoice, *payment)?,
            (InvoiceKind::Invoice, None) => writer.invoice(ids, position, invoice)?,
            (InvoiceKind::CreditNote, _) => writer.memo(ids.invoices[position], invoice)?,
        }
    }
    for (position, order) in dataset.orders.iter().enumerate() {
        writer.estimate(ids, ids.orders[position], order)?;
    }
    let Writer { lines, invoices, receipts, memos, estimates, .. } = writer;
    Ok(vec![lines, invoices, receipts, memos, estimates])
}

struct Writer<'a> {
    dataset: &'a Dataset,
    lines: Table,
    invoices: Table,
    receipts: Table,
    memos: Table,
    estimates: Table,
}

/// What the four kinds have in common.
struct Sale<'a> {
    id: i64,
    customer: usize,
    currency: Currency,
    rate: Rate,
    lines: &'a [Line],
    totals: Totals,
    reference: Option<&'a str>,
    void: bool,
}

impl Writer<'_> {
    fn invoice(&mut self, ids: &Ids, position: usize, invoice: &Invoice) -> Result<(), StoreError> {
        let id = ids.invoices[position];
        let void = invoice.state == PostState::Void;
        let payments = &ids.settled_by[position];
        let mut row = Values::new(&self.invoices);
        row.common(invoice.created, invoice.updated, payments.len() + usize::from(void));
        number(&mut row, "Invoice", Some(format!("{}{:05}", invoice.date.format("%y"), invoice.sequence)));
        row.set("TxnDate", invoice.date);
        // Without a due date an invoice is due at once.
        row.set("DueDate", invoice.due.unwrap_or(invoice.date));
        row.set("Balance", Dec::cents(invoice.balance));
        row.set("SalesTermRef", invoice.due.map(|_| term_id(self.dataset.customers[invoice.customer].payment_days)));
        row.set("CustomerMemo", invoice.note);
        row.set("PrivateNote", private_note((id % 20 == 0).then_some("Ordered by phone"), void));
        row.set("Payments", if payments.is_empty() { Cell::Null } else { Cell::from(payments.clone()) });
        row.set("Estimate", invoice.order.map(|order| ids.orders[order]));
        let sale = Sale {
            id,
            customer: invoice.customer,
            currency: invoice.currency,
            rate: invoice.rate,
            lines: &invoice.lines,
            totals: invoice.totals,
            reference: invoice.reference.as_deref(),
            void,
        };
        self.sale(&mut row, &sale, Some(invoice.balance))?;
        self.invoices.insert(id, row.0)
    }

    fn receipt(&mut self, id: i64, sold: &Invoice, payment: Option<usize>) -> Result<(), StoreError> {
        let payment = payment.map(|payment| &self.dataset.payments[payment]);
        let void = sold.state == PostState::Void;
        let mut row = Values::new(&self.receipts);
        row.common(sold.created, sold.updated, usize::from(void));
        number(&mut row, "SalesReceipt", Some(format!("R{}{:05}", sold.date.format("%y"), sold.sequence)));
        row.set("TxnDate", sold.date);
        row.set("Balance", Dec::cents(0));
        row.set("CustomerMemo", sold.note);
        row.set("PrivateNote", private_note((id % 20 == 0).then_some("Sold at the counter"), void));
        row.set("PaymentMethodRef", payment.map(|payment| method_id(payment.method)));
        row.set("PaymentRefNum", payment.and_then(|payment| payment.reference.clone()));
        let till = payment.map_or(AccountRole::Bank, |payment| self.dataset.accounts[payment.account()].role);
        row.set("DepositToAccountRef", account_id(till));
        let sale = Sale {
            id,
            customer: sold.customer,
            currency: sold.currency,
            rate: sold.rate,
            lines: &sold.lines,
            totals: sold.totals,
            reference: sold.reference.as_deref(),
            void,
        };
        self.sale(&mut row, &sale, Some(0))?;
        self.receipts.insert(id, row.0)
    }

    fn memo(&mut self, id: i64, memo: &Invoice) -> Result<(), StoreError> {
        let mut row = Values::new(&self.memos);
        row.common(memo.created, memo.updated, memo.allocations.len());
        // A company that numbers its documents by hand may forget to.
        let numbered = id % 40 != 0;
        number(&mut row, "CreditMemo", numbered.then(|| format!("CM-{}-{}", memo.date.format("%y"), memo.sequence)));
        row.set("TxnDate", memo.date);
        row.set("Balance", Dec::cents(memo.balance));
        row.set("CustomerMemo", memo.note);
        let sale = Sale {
            id,
            customer: memo.customer,
            currency: memo.currency,
            rate: memo.rate,
            lines: &memo.lines,
            totals: memo.totals,
            reference: memo.reference.as_deref(),
            void: false,
        };
        self.sale(&mut row, &sale, Some(memo.balance))?;
        self.memos.insert(id, row.0)
    }

    fn estimate(&mut self, ids: &Ids, id: i64, order: &Order) -> Result<(), StoreError> {
        let status = match order.state {
            OrderState::Draft => "Pending",
            OrderState::Confirmed | OrderState::PartlyDelivered => "Accepted",
            OrderState::Delivered if order.invoice.is_some() && id % 3 == 0 => "Converted",
            OrderState::Delivered => "Closed",
            OrderState::Cancelled => "Rejected",
        };
        let mut row = Values::new(&self.estimates);
        row.common(order.created, order.updated, usize::from(order.updated > order.created));
        number(&mut row, "Estimate", Some(format!("Q-{}-{}", order.date.format("%y"), order.sequence)));
        row.set("TxnDate", order.date);
        row.set("TxnStatus", status);
        row.set("ShipDate", order.delivery);
        row.set("ExpirationDate", (id % 2 == 0).then(|| order.date + chrono::Days::new(30)));
        if !matches!(status, "Pending" | "Rejected") {
            row.set("AcceptedBy", self.dataset.customers[order.customer].contact);
            row.set("AcceptedDate", order.date);
        }
        row.set("Invoice", order.invoice.map(|invoice| ids.invoices[invoice]));
        let sale = Sale {
            id,
            customer: order.customer,
            currency: order.currency,
            rate: order.rate,
            lines: &order.lines,
            totals: order.totals,
            reference: order.reference.as_deref(),
            void: false,
        };
        self.sale(&mut row, &sale, None)?;
        self.estimates.insert(id, row.0)
    }

    fn sale(&mut self, row: &mut Values, sale: &Sale<'_>, balance: Option<Cents>) -> Result<(), StoreError> {
        let total = if sale.void { 0 } else { sale.totals.total };
        row.set(CUSTOMER, customer_id(sale.customer));
        row.set("CurrencyRef", sale.currency.code());
        row.set("TotalAmt", Dec::cents(total));
        row.set("TotalTax", Dec::cents(if sale.void { 0 } else { sale.totals.tax }));
        if sale.currency != self.dataset.company.currency {
            row.set("ExchangeRate", sale.rate.dec());
            row.set("HomeTotalAmt", Dec::cents(sale.rate.to_base(total)));
            row.set("HomeBalance", balance.map(|balance| Dec::cents(sale.rate.to_base(balance))));
        }
        row.set("PONumber", sale.reference);
        let project = sale.lines.first().and_then(|line| self.dataset.line_dimensions(sale.customer, line).project);
        row.set("DepartmentRef", project.map(department_id));
        for (tax, columns) in [["TaxLine.Net1", "TaxLine.Tax1"], ["TaxLine.Net2", "TaxLine.Tax2"]].iter().enumerate() {
            let taxed = || sale.lines.iter().filter(|line| line.tax == tax && !sale.void);
            if taxed().next().is_some() {
                row.set(columns[0], Dec::cents(taxed().map(|line| line.net).sum()));
                row.set(columns[1], Dec::cents(taxed().map(|line| line.tax_amount).sum()));
            }
        }
        self.sale_lines(row, sale)
    }

    /// QuickBooks has no discount of a line: every other document gets one discount at its end, the rest lower prices.
    fn sale_lines(&mut self, row: &mut Values, sale: &Sale<'_>) -> Result<(), StoreError> {
        let discounted = !sale.void && is_discounted(sale.id, sale.lines);
        if discounted {
            let discount = sale.lines.iter().map(|line| gross(line) - line.net).sum();
            row.set("DiscountAmt", Dec::cents(discount));
            let percent = sale.lines[0].discount;
            if sale.lines.iter().all(|line| line.discount == percent) {
                row.set("DiscountPercent", Dec::new(percent, 2));
            }
        }
        let amount = |line: &Line| match line {
            _ if sale.void => 0,
            line if discounted => gross(line),
            line => line.net,
        };
        let mut line_number = 0;
        let grouped = if sale.id % 29 == 0 && sale.lines.len() > 1 && !sale.void { 2 } else { 0 };
        if grouped > 0 {
            line_number += 1;
            // Both forms of a bundle's amount were seen: 0, and the sum of what is in it.
            let sum = if sale.id % 58 == 0 { 0 } else { sale.lines[..grouped].iter().map(amount).sum() };
            let bundle = usize::try_from(sale.id).unwrap_or_default();
            self.lines.push([
                ("Txn", sale.id.into()),
                ("LineNum", Cell::Int(line_number)),
                ("Detail", detail::GROUP.into()),
                ("Amount", Dec::cents(sum).into()),
                ("ItemRef", bundle_id(self.dataset, bundle).into()),
                ("Qty", Cell::Int(1)),
            ])?;
        }
        for (at, line) in sale.lines.iter().enumerate() {
            if sale.id % 13 == 0 && at + 1 == sale.lines.len() {
                line_number += 1;
                self.lines.push([
                    ("Txn", sale.id.into()),
                    ("LineNum", Cell::Int(line_number)),
                    ("Detail", detail::DESCRIPTION.into()),
                    ("Description", "As discussed; please check".into()),
                ])?;
            }
            line_number += 1;
            // Someone typed the amount alone.
            let bare =
                line.milli_quantity == 1000 && line.discount == 0 && (sale.id + line_number) % 5 == 0 && !sale.void;
            let price = match line {
                _ if sale.void => Dec::new(0, 0),
                line if discounted || line.discount == 0 => Dec::cents(line.unit_price),
                // What gives the amount when multiplied, with Intuit's seven digits.
                line => Dec::new(div_round(i128::from(line.net) * 100_000_000, i128::from(line.milli_quantity)), 7),
            };
            let taxable = self.dataset.company.taxes[line.tax].basis_points > 0;
            self.lines.push([
                ("Txn", sale.id.into()),
                ("LineNum", Cell::Int(line_number)),
                ("Detail", detail::ITEM.into()),
                ("Group", (at < grouped).then_some(1_i64).into()),
                ("Amount", Dec::cents(amount(line)).into()),
                ("ItemRef", item_id(line.product).into()),
                ("UnitPrice", (!bare).then_some(price).into()),
                ("Qty", (!bare).then(|| if sale.void { Dec::new(0, 0) } else { line.quantity() }).into()),
                ("TaxCodeRef", if taxable { "TAX" } else { "NON" }.into()),
                ("ClassRef", self.dataset.line_dimensions(sale.customer, line).cost_centre.map(class_id).into()),
            ])?;
        }
        Ok(())
    }
}

/// A remark, before which voiding writes its word.
fn private_note(remark: Option<&str>, void: bool) -> Option<String> {
    match (void, remark) {
        (false, remark) => remark.map(str::to_owned),
        (true, None) => Some("Voided".to_owned()),
        (true, Some(remark)) => Some(format!("Voided - {remark}")),
    }
}

/// Whether the discounts of a sale's lines are one at its end.
pub(super) fn is_discounted(id: i64, lines: &[Line]) -> bool {
    id % 2 == 0 && lines.iter().any(|line| line.discount > 0)
}

/// The amount of a line before its discount.
fn gross(line: &Line) -> Cents {
    div_round(i128::from(line.milli_quantity) * i128::from(line.unit_price), 1000)
}
