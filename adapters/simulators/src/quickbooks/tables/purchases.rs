//! Vendors, bills, vendor credits and purchase orders.

use std::collections::HashMap;

use super::{
    Values,
    accounts::{id_of, payables},
    ids::Ids,
    name_of,
    names::{class_id, country, department_id, item_id, term_id, vendor_id},
    number,
    payments::in_currency,
    table,
};
use crate::{
    dataset::{
        Bill, BillKind, Currency, Dataset, PaymentMethod, PostState, PurchaseLine, PurchaseOrder, PurchaseState, Rate,
        Totals,
    },
    decimal::{Cents, Dec},
    quickbooks::entities::Entity,
    store::{Schema, StoreError, Table},
};

/// The lines of all purchase documents, by the id of the document in `Txn`.
pub(in crate::quickbooks) const PURCHASE_LINE: &str = "PurchaseLine";

pub(super) fn vendors(dataset: &Dataset) -> Result<Table, StoreError> {
    let shown = [
        "CurrencyRef",
        "PrimaryPhone",
        "PrimaryEmailAddr",
        "TaxIdentifier",
        "TermRef",
        "AcctNum",
        "BillAddr.Line1",
        "BillAddr.City",
        "BillAddr.PostalCode",
        "BillAddr.Country",
    ];
    let mut table = table("Vendor", &shown, &["displayname"]);
    let Some(entity) = Entity::named("Vendor") else { return Ok(table) };
    let balances = balances(dataset);
    for (position, vendor) in dataset.vendors.iter().enumerate() {
        // A colon would be taken for the mark of a sub-customer, so that names have none.
        let display = name_of(&vendor.name.replace(':', "-"), vendor.active);
        let (given, family) = vendor.contact.and_then(|contact| contact.rsplit_once(' ')).unzip();
        let mut row = Values::new(&table);
        row.common(vendor.created, vendor.updated, usize::from(vendor.updated > vendor.created));
        row.text(entity, "DisplayName", Some(&display));
        row.text(entity, "CompanyName", Some(&vendor.name));
        row.text(entity, "PrintOnCheckName", Some(&vendor.name));
        row.text(entity, "GivenName", given);
        row.text(entity, "FamilyName", family);
        row.set("Active", vendor.active);
        row.set("Balance", Dec::cents(balances[position]));
        row.set("CurrencyRef", vendor.currency.code());
        row.set("PrimaryPhone", vendor.phone.clone());
        row.set("PrimaryEmailAddr", vendor.email.clone());
        row.set("TaxIdentifier", vendor.tax_number.as_deref().map(masked));
        row.set("TermRef", term_id(vendor.payment_days));
        row.set("AcctNum", vendor.our_number.clone());
        row.set("BillAddr.Line1", vendor.street.clone());
        row.set("BillAddr.City", vendor.city);
        row.set("BillAddr.PostalCode", vendor.postcode);
        row.set("BillAddr.Country", country(vendor.country));
        table.insert(vendor_id(position), row.0)?;
    }
    Ok(table)
}

/// "The value is masked in responses, exposing only last four characters" (Intuit's page of Vendor).
fn masked(number: &str) -> String {
    let length = number.chars().count();
    number.chars().enumerate().map(|(at, letter)| if at + 4 < length { 'X' } else { letter }).collect()
}

/// What each vendor is owed, less what it owes, in its own currency.
fn balances(dataset: &Dataset) -> Vec<Cents> {
    let mut balances = vec![0; dataset.vendors.len()];
    let mut add = |vendor: usize, currency: Currency, rate: Rate, amount: Cents| {
        let own = dataset.vendors[vendor].currency;
        balances[vendor] += match own == currency {
            true => amount,
            false => dataset.rate(own, dataset.today).from_base(rate.to_base(amount)),
        };
    };
    for bill in dataset.bills.iter().filter(|bill| bill.state == PostState::Posted) {
        let sign = if bill.kind == BillKind::VendorCredit { -1 } else { 1 };
        add(bill.vendor, bill.currency, bill.rate, sign * bill.balance);
    }
    for payment in dataset.vendor_payments.iter().filter(|payment| payment.state == PostState::Posted) {
        add(payment.vendor, payment.currency, payment.rate, -payment.unallocated());
    }
    balances
}

const SHOWN: &[&str] = &["CurrencyRef", "ExchangeRate", "PrivateNote", "DepartmentRef", "Links"];

pub(super) fn documents(dataset: &Dataset, ids: &Ids) -> Result<Vec<Table>, StoreError> {
    let lines = [
        "Id",
        "Txn",
        "LineNum",
        "Description",
        "Amount",
        "ItemRef",
        "AccountRef",
        "UnitPrice",
        "Qty",
        "ClassRef",
        "Order",
        "OrderLine",
        "Received",
    ];
    let updated = "MetaData.LastUpdatedTime";
    let mut writer = Writer {
        dataset,
        ids,
        links: links(dataset, ids),
        lines: Schema::new(PURCHASE_LINE, &lines).key("Id").index("Txn").build(),
        bills: table(
            "Bill",
            &[SHOWN, &["HomeBalance"]].concat(),
            &["VendorRef", "docnumber", "TxnDate", "DueDate", updated],
        ),
        credits: table("VendorCredit", SHOWN, &["VendorRef", "docnumber", "TxnDate", updated]),
        orders: table(
            "PurchaseOrder",
            &[SHOWN, &["TotalAmt", "APAccountRef", "POStatus", "Memo"]].concat(),
            &["VendorRef", "docnumber", "TxnDate", updated],
        ),
    };
    for (position, bill) in dataset.bills.iter().enumerate().filter(|(position, _)| ids.bills[*position] > 0) {
        writer.bill(position, bill)?;
    }
    for (position, order) in dataset.purchase_orders.iter().enumerate() {
        writer.order(position, order)?;
    }
    let Writer { lines, bills, credits, orders, .. } = writer;
    Ok(vec![lines, bills, credits, orders])
}

/// What a document is linked to, by its id: pairs of a transaction and of the place of its type in [`LINK_TYPES`].
fn links(dataset: &Dataset, ids: &Ids) -> HashMap<i64, Vec<i64>> {
    let mut links: HashMap<i64, Vec<i64>> = HashMap::new();
    let mut add = |from: i64, to: i64, kind: i64| {
        if from > 0 && to > 0 {
            links.entry(from).or_default().extend([to, kind]);
        }
    };
    for (position, bill) in dataset.bills.iter().enumerate() {
        if let Some(order) = bill.order {
            add(ids.bills[position], ids.purchase_orders[order], 0);
            add(ids.purchase_orders[order], ids.bills[position], 3);
        }
        let uses = ids.vendor_uses.get(&position).copied().unwrap_or_default();
        for allocation in &bill.allocations {
            add(ids.bills[allocation.bill], uses, 1);
        }
    }
    for (payment, id) in dataset.vendor_payments.iter().zip(&ids.vendor_payments) {
        let kind = if payment.method == PaymentMethod::Card { 2 } else { 1 };
        for allocation in payment.allocations.iter().filter(|_| payment.state == PostState::Posted) {
            add(ids.bills[allocation.bill], *id, kind);
        }
    }
    links
}

/// The types of linked transactions, in Intuit's words.
pub(in crate::quickbooks) const LINK_TYPES: [&str; 4] =
    ["PurchaseOrder", "BillPaymentCheck", "BillPaymentCreditCard", "Bill"];

struct Writer<'a> {
    dataset: &'a Dataset,
    ids: &'a Ids,
    links: HashMap<i64, Vec<i64>>,
    lines: Table,
    bills: Table,
    credits: Table,
    orders: Table,
}

/// What the three kinds have in common.
struct Purchase<'a> {
    id: i64,
    vendor: usize,
    currency: Currency,
    rate: Rate,
    lines: &'a [PurchaseLine],
    totals: Totals,
    note: Option<&'a str>,
    /// The order of a bill.
    order: Option<usize>,
    /// Whether lines tell how much came in. QuickBooks knows no receipts: what is billed has come in.
    received: bool,
}

impl Writer<'_> {
    fn bill(&mut self, position: usize, bill: &Bill) -> Result<(), StoreError> {
        let id = self.ids.bills[position];
        let credit = bill.kind == BillKind::VendorCredit;
        let entity = if credit { "VendorCredit" } else { "Bill" };
        let mut row = Values::new(if credit { &self.credits } else { &self.bills });
        row.common(bill.created, bill.updated, usize::from(bill.updated > bill.created));
        // Twenty-one characters are all that a number may have.
        let reference = bill.reference.as_deref().map(|reference| reference.chars().take(21).collect());
        let own = credit.then(|| format!("VC-{}-{}", bill.date.format("%y"), bill.sequence));
        number(&mut row, entity, reference.or(own));
        row.set("TxnDate", bill.date);
        row.set("Balance", Dec::cents(bill.balance));
        if !credit {
            row.set("DueDate", bill.due);
            row.set("SalesTermRef", term_id(self.dataset.vendors[bill.vendor].payment_days));
            let foreign = bill.currency != self.dataset.company.currency;
            row.set("HomeBalance", foreign.then(|| Dec::cents(bill.rate.to_base(bill.balance))));
        }
        let purchase = Purchase {
            id,
            vendor: bill.vendor,
            currency: bill.currency,
            rate: bill.rate,
            lines: &bill.lines,
            totals: bill.totals,
            note: bill.note,
            order: bill.order,
            received: false,
        };
        self.purchase(&mut row, &purchase)?;
        if credit { self.credits.insert(id, row.0) } else { self.bills.insert(id, row.0) }
    }

    /// An order is open or closed, and closed when all of it is billed or nothing more will come.
    fn order(&mut self, position: usize, order: &PurchaseOrder) -> Result<(), StoreError> {
        let id = self.ids.purchase_orders[position];
        let status = match order.state {
            PurchaseState::Draft
            | PurchaseState::Pending
            | PurchaseState::Open
            | PurchaseState::PartlyReceived
            | PurchaseState::Received => "Open",
            PurchaseState::Billed | PurchaseState::Closed | PurchaseState::Cancelled => "Closed",
        };
        let mut row = Values::new(&self.orders);
        row.common(order.created, order.updated, usize::from(order.updated > order.created));
        number(&mut row, "PurchaseOrder", Some(format!("PO-{}-{:04}", order.date.format("%y"), order.sequence)));
        row.set("TxnDate", order.date);
        row.set("DueDate", order.expected);
        row.set("POStatus", status);
        row.set("Memo", order.reference.as_deref().map(|reference| format!("Your reference {reference}")));
        let purchase = Purchase {
            id,
            vendor: order.vendor,
            currency: order.currency,
            rate: order.rate,
            lines: &order.lines,
            totals: order.totals,
            note: order.note,
            order: None,
            received: true,
        };
        self.purchase(&mut row, &purchase)?;
        self.orders.insert(id, row.0)
    }

    fn purchase(&mut self, row: &mut Values, purchase: &Purchase<'_>) -> Result<(), StoreError> {
        row.set("VendorRef", vendor_id(purchase.vendor));
        row.set("APAccountRef", payables(self.dataset, purchase.currency));
        row.set("TotalAmt", Dec::cents(purchase.totals.total));
        row.set("PrivateNote", purchase.note);
        let project = purchase.lines.iter().find_map(|line| line.dimensions.project);
        row.set("DepartmentRef", project.map(department_id));
        row.set("Links", self.links.remove(&purchase.id));
        in_currency(row, self.dataset, purchase.currency, purchase.rate);
        for (at, line) in purchase.lines.iter().enumerate() {
            self.line(purchase, i64::try_from(at + 1).unwrap_or_default(), line)?;
        }
        Ok(())
    }

    fn line(&mut self, purchase: &Purchase<'_>, line_number: i64, line: &PurchaseLine) -> Result<(), StoreError> {
        let order_line = line.order_line.filter(|_| purchase.order.is_some());
        let order_line = order_line.and_then(|line| i64::try_from(line + 1).ok());
        self.lines.push([
            ("Txn", purchase.id.into()),
            ("LineNum", line_number.into()),
            ("Description", line.text.into()),
            ("Amount", Dec::cents(line.net).into()),
            ("ItemRef", line.product.map(item_id).into()),
            ("AccountRef", id_of(self.dataset.accounts[line.account].role).into()),
            ("UnitPrice", Dec::cents(line.unit_price).into()),
            ("Qty", line.quantity().into()),
            ("ClassRef", line.dimensions.cost_centre.map(class_id).into()),
            ("Order", order_line.and(purchase.order).map(|order| self.ids.purchase_orders[order]).into()),
            ("OrderLine", order_line.into()),
            ("Received", purchase.received.then(|| Dec::new(line.milli_billed, 3)).into()),
        ])?;
        Ok(())
    }
}
