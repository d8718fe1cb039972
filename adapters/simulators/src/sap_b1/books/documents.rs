//! Invoices, credit notes, orders, quotations and drafts with their lines.

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::{Card, Names, data_version};
use crate::{
    dataset::{Currency, Dataset, Invoice, InvoiceKind, Line, Order, OrderState, PostState, Rate},
    decimal::{Cents, Dec, div_round},
    sap_b1::catalogue::{DOCUMENT_SETS, DocumentSet},
    store::{Cell, StoreError, Tables},
};

/// What documents leave open, for the totals in the master data.
pub(super) struct Open {
    /// By customer: what is owed, in the books' currency.
    pub(super) balances: Vec<Cents>,
    /// By customer: what is ordered and not delivered, in the books' currency.
    pub(super) orders: Vec<Cents>,
    /// By product: how much is ordered and not delivered, in thousandths.
    pub(super) committed: Vec<i64>,
    /// By customer: whether there is a document in a currency that is neither the customer's nor the company's.
    pub(super) many_currencies: Vec<bool>,
}

/// Writes all documents.
pub(super) fn write(dataset: &Dataset, names: &Names, tables: &mut Tables) -> Result<Open, StoreError> {
    let mut open = Open {
        balances: vec![0; dataset.customers.len()],
        orders: vec![0; dataset.customers.len()],
        committed: vec![0; dataset.products.len()],
        many_currencies: vec![false; dataset.customers.len()],
    };
    let places = Places::of(dataset);
    let mut writer = Writer { dataset, names, tables, open: &mut open, next_invoice: places.next_invoice };
    for (position, order) in dataset.orders.iter().enumerate() {
        writer.order(order, places.orders[position])?;
    }
    let credited = credited_lines(dataset);
    for (position, invoice) in dataset.invoices.iter().enumerate() {
        writer.invoice(invoice, &places, position, credited[position])?;
    }
    Ok(open)
}

#[derive(Clone, Copy)]
struct Place {
    set: &'static DocumentSet,
    entry: i64,
}

/// Where each document of the story is kept. Every set counts from 1, so that one entry names several documents.
struct Places {
    orders: Vec<Place>,
    invoices: Vec<Place>,
    /// How many there are in `Invoices`, and one.
    next_invoice: i64,
}

impl Places {
    fn of(dataset: &Dataset) -> Self {
        let mut last = [0; DOCUMENT_SETS.len()];
        let mut take = |name: &str, count: i64| {
            let position = DOCUMENT_SETS.iter().position(|set| set.set.name == name).unwrap_or_default();
            last[position] += count;
            Place { set: &DOCUMENT_SETS[position], entry: last[position] - count + 1 }
        };
        let orders = dataset.orders.iter().map(|order| match order.state {
            OrderState::Draft => take("Quotations", 1),
            _ => take("Orders", 1),
        });
        let orders = orders.collect();
        let invoices = dataset.invoices.iter().map(|invoice| match (invoice.kind, invoice.state) {
            (_, PostState::Draft) => take("Drafts", 1),
            (InvoiceKind::CreditNote, _) => take("CreditNotes", 1),
            // The cancellation follows right after what it cancels.
            (InvoiceKind::Invoice, PostState::Void) => take("Invoices", 2),
            (InvoiceKind::Invoice, PostState::Posted) => take("Invoices", 1),
        });
        let invoices = invoices.collect();
        Self { orders, invoices, next_invoice: last[0] + 1 }
    }
}

/// How many lines of each invoice, from the first, are taken back by a credit note.
fn credited_lines(dataset: &Dataset) -> Vec<usize> {
    let mut credited = vec![0; dataset.invoices.len()];
    for credit in &dataset.invoices {
        if let Some(corrected) = credit.corrects {
            credited[corrected] = credit.lines.len();
        }
    }
    credited
}

struct Writer<'a> {
    dataset: &'a Dataset,
    names: &'a Names,
    tables: &'a mut Tables,
    open: &'a mut Open,
    next_invoice: i64,
}

/// What all kinds of documents have.
struct Header<'a> {
    place: Place,
    customer: usize,
    currency: Currency,
    rate: Rate,
    date: NaiveDate,
    due: NaiveDate,
    reference: Option<&'a str>,
    comments: Cell,
    /// Settled, in the document's currency.
    paid: Cents,
    closed: bool,
    cancelled: &'static str,
    cancel_status: &'static str,
    created: DateTime<Utc>,
    updated: DateTime<Utc>,
    /// Whether it is in the ledger.
    posted: bool,
    is_order: bool,
    total: Cents,
}

/// What one line is made from.
struct LineOf<'a> {
    line: &'a Line,
    /// Type, entry and line of what it was copied from.
    base: Option<(i64, i64, i64)>,
    /// How much is not delivered or credited yet, in thousandths.
    milli_open: i64,
    open: bool,
}

impl Writer<'_> {
    fn order(&mut self, order: &Order, place: Place) -> Result<(), StoreError> {
        let closed = matches!(order.state, OrderState::Delivered | OrderState::Cancelled);
        let cancelled = order.state == OrderState::Cancelled;
        let due = order.delivery.unwrap_or(order.date);
        let header = Header {
            place,
            customer: order.customer,
            currency: order.currency,
            rate: order.rate,
            date: order.date,
            due,
            reference: order.reference.as_deref(),
            // Recorded orders have an empty text here, not null.
            comments: "".into(),
            paid: 0,
            closed,
            cancelled: if cancelled { "tYES" } else { "tNO" },
            cancel_status: "csNo",
            created: order.created,
            updated: order.updated,
            posted: false,
            is_order: true,
            total: order.totals.total,
        };
        let lines: Vec<_> = order
            .lines
            .iter()
            .map(|line| {
                let milli_open =
                    if order.state == OrderState::Delivered { 0 } else { line.milli_quantity - line.milli_delivered };
                LineOf { line, base: None, milli_open, open: !closed && milli_open > 0 }
            })
            .collect();
        if !closed && order.state != OrderState::Draft {
            for line in &lines {
                self.open.committed[line.line.product] += line.milli_open;
                let net = share(line.line.net, line.milli_open, line.line.milli_quantity);
                self.open.orders[order.customer] += self.to_base(net, &header);
            }
        }
        self.document(&header, &lines)
    }

    fn invoice(
        &mut self,
        invoice: &Invoice,
        places: &Places,
        position: usize,
        credited: usize,
    ) -> Result<(), StoreError> {
        let place = places.invoices[position];
        let void = invoice.state == PostState::Void;
        let number = |place: Place| place.set.first_number + place.entry - 1;
        let origin = match (invoice.order, invoice.corrects) {
            (Some(order), _) => Some(places.orders[order]),
            (None, Some(corrected)) => Some(places.invoices[corrected]),
            (None, None) => None,
        };
        let copied = origin.map(|origin| format!("Based On {} {}.", origin.set.title, number(origin)));
        let header = Header {
            place,
            customer: invoice.customer,
            currency: invoice.currency,
            rate: invoice.rate,
            date: invoice.date,
            due: invoice.due.unwrap_or(invoice.date),
            reference: invoice.reference.as_deref(),
            comments: invoice.note.map(str::to_owned).or(copied).into(),
            paid: invoice.paid,
            closed: void || (invoice.state == PostState::Posted && invoice.balance == 0),
            cancelled: if void { "tYES" } else { "tNO" },
            cancel_status: if void { "csYes" } else { "csNo" },
            created: invoice.created,
            updated: invoice.updated,
            posted: invoice.state != PostState::Draft,
            is_order: false,
            total: invoice.totals.total,
        };
        let lines: Vec<_> = invoice
            .lines
            .iter()
            .enumerate()
            .map(|(at, line)| {
                let base = origin.map(|origin| {
                    let line = line.order_line.unwrap_or(at);
                    (origin.set.base_type, origin.entry, line as i64)
                });
                let open = !header.closed && at >= credited;
                LineOf { line, base, milli_open: if open { line.milli_quantity } else { 0 }, open }
            })
            .collect();
        if invoice.state == PostState::Posted {
            let owed = self.to_base(invoice.balance, &header);
            let sign = if invoice.kind == InvoiceKind::Invoice { 1 } else { -1 };
            self.open.balances[invoice.customer] += sign * owed;
        }
        self.document(&header, &lines)?;
        if !void {
            return Ok(());
        }
        // The amounts of a cancellation are those of the original, without a sign.
        let cancellation = Header {
            place: Place { entry: place.entry + 1, ..place },
            comments: format!("Cancellation of {} {}.", place.set.title, number(place)).into(),
            cancelled: "tNO",
            cancel_status: "csCancellation",
            date: self.names.clock.stamp(invoice.updated).0,
            due: self.names.clock.stamp(invoice.updated).0,
            created: invoice.updated,
            reference: None,
            ..header
        };
        let lines: Vec<_> = lines
            .into_iter()
            .enumerate()
            .map(|(at, line)| LineOf { base: Some((place.set.base_type, place.entry, at as i64)), ..line })
            .collect();
        self.document(&cancellation, &lines)
    }

    fn to_base(&self, amount: Cents, header: &Header<'_>) -> Cents {
        if header.currency == self.dataset.company.currency { amount } else { header.rate.to_base(amount) }
    }

    fn document(&mut self, header: &Header<'_>, lines: &[LineOf<'_>]) -> Result<(), StoreError> {
        let card = &self.names.cards[header.customer];
        let local = self.dataset.company.currency;
        let foreign = header.currency != local;
        let own = self.dataset.customers[header.customer].currency;
        if foreign && header.currency != own {
            self.open.many_currencies[header.customer] = true;
        }
        let fc = |amount: Cents| Cell::from(Dec::cents(if foreign { amount } else { 0 }));
        // Local amounts are rounded line by line, and the totals are the sums of those.
        let net: Cents = lines.iter().map(|line| self.to_base(line.line.net, header)).sum();
        let tax: Cents = lines.iter().map(|line| self.to_base(line.line.tax_amount, header)).sum();
        let tax_fc: Cents = lines.iter().map(|line| line.line.tax_amount).sum();
        let paid = if header.paid == header.total { net + tax } else { self.to_base(header.paid, header) };
        let Place { set, entry } = header.place;
        // Drafts have no number of their own: each shows the next one of what it will become.
        let number = match set.set.name {
            "Drafts" => set.first_number + self.next_invoice - 1,
            _ => set.first_number + entry - 1,
        };
        let (created, created_at) = self.names.clock.stamp(header.created);
        let (updated, updated_at) = self.names.clock.stamp(header.updated);
        let days = i64::from(self.dataset.customers[header.customer].payment_days);
        let cancel_date = header.is_order.then(|| header.due.checked_add_days(Days::new(30))).flatten();
        let ext_key = (entry % 50 == 0).then(|| format!("{}-{entry}", set.set.name.to_lowercase()));
        let Card { code, name, tax_number, address, street, postcode, city, country, bill_to, ship_to } = card;
        let values = [
            ("DocNum", Cell::Int(number)),
            ("DocDate", header.date.into()),
            ("DocDueDate", header.due.into()),
            ("CardCode", code.clone().into()),
            ("CardName", name.clone().into()),
            ("Address", address.clone()),
            ("NumAtCard", header.reference.into()),
            ("DocTotal", Dec::cents(net + tax).into()),
            ("DocCurrency", header.currency.code().into()),
            ("DocRate", if foreign { header.rate.dec() } else { Dec::new(1, 0) }.into()),
            ("Reference1", number.to_string().into()),
            ("Comments", header.comments.clone()),
            ("JournalMemo", format!("{} - {}", set.title, &**code).into()),
            ("PaymentGroupCode", payment_group(days).into()),
            // The time of a document has no seconds.
            ("DocTime", (created_at / 60 * 60).into()),
            ("DocObjectCode", set.object.into()),
            ("ShipToCode", ship_to.clone()),
            ("PayToCode", bill_to.clone()),
            ("FederalTaxID", tax_number.clone()),
            ("CreationDate", created.into()),
            ("UpdateDate", updated.into()),
            ("UpdateTime", updated_at.into()),
            ("TransNum", header.posted.then_some(set.base_type * 1_000_000 + entry).into()),
            ("VatSum", Dec::cents(tax).into()),
            ("VatSumFc", fc(tax_fc)),
            ("DocTotalFc", fc(header.total)),
            ("RequriedDate", header.is_order.then_some(header.due).into()),
            ("CancelDate", cancel_date.into()),
            ("DocumentStatus", status(!header.closed)),
            ("Cancelled", header.cancelled.into()),
            ("CancelStatus", header.cancel_status.into()),
            ("PaidToDate", Dec::cents(paid).into()),
            ("PaidToDateFC", fc(header.paid)),
            ("DataVersion", data_version(header.created, header.updated).into()),
            ("U_ExtKey", ext_key.into()),
            ("AddressExtension/BillToStreet", street.clone()),
            ("AddressExtension/BillToZipCode", postcode.clone()),
            ("AddressExtension/BillToCity", city.clone()),
            ("AddressExtension/BillToCountry", country.clone()),
            ("AddressExtension/ShipToStreet", street.clone()),
            ("AddressExtension/ShipToZipCode", postcode.clone()),
            ("AddressExtension/ShipToCity", city.clone()),
            ("AddressExtension/ShipToCountry", country.clone()),
        ];
        self.tables[set.set.name].insert(entry, values)?;
        let Some(child) = set.set.child("DocumentLines") else { return Ok(()) };
        for (at, line) in lines.iter().enumerate() {
            let values = self.line(header, line, at, foreign);
            self.tables[child.table].push(values)?;
        }
        Ok(())
    }

    fn line(&self, header: &Header<'_>, of: &LineOf<'_>, at: usize, foreign: bool) -> [(&'static str, Cell); 29] {
        let line = of.line;
        let product = &self.dataset.products[line.product];
        let tax = &self.dataset.company.taxes[line.tax];
        let (code, name) = &self.names.items[line.product];
        let fc = |amount: Cents| Cell::from(Dec::cents(if foreign { amount } else { 0 }));
        let base = |amount: Cents| Cell::from(Dec::cents(self.to_base(amount, header)));
        let price = Dec::new(line.unit_price * (10_000 - line.discount), 6);
        let with_tax = div_round(i128::from(price.units) * i128::from(10_000 + tax.basis_points), 10_000);
        let open = if of.open { share(line.net, of.milli_open, line.milli_quantity) } else { 0 };
        let gross = line.net + line.tax_amount;
        let (base_type, base_entry, base_line) =
            of.base.map_or((-1, None, None), |(kind, entry, line)| (kind, Some(entry), Some(line)));
        [
            ("DocEntry", header.place.entry.into()),
            ("LineNum", Cell::Int(at as i64)),
            ("ItemCode", code.clone().into()),
            ("ItemDescription", name.clone().into()),
            ("Quantity", line.quantity().into()),
            ("ShipDate", header.due.into()),
            ("Price", price.into()),
            ("PriceAfterVAT", Dec::new(with_tax, 6).into()),
            ("Currency", header.currency.code().into()),
            ("Rate", if foreign { header.rate.dec() } else { Dec::new(0, 0) }.into()),
            ("DiscountPercent", line.discount_percent().into()),
            ("WarehouseCode", "01".into()),
            ("VatGroup", tax.code.into()),
            ("TaxPercentagePerRow", tax.percent().into()),
            ("BaseType", base_type.into()),
            ("BaseEntry", base_entry.into()),
            ("BaseLine", base_line.into()),
            ("MeasureUnit", product.unit.into()),
            ("UnitPrice", Dec::cents(line.unit_price).into()),
            ("LineTotal", base(line.net)),
            ("RowTotalFC", fc(line.net)),
            ("NetTaxAmount", base(line.tax_amount)),
            ("NetTaxAmountFC", fc(line.tax_amount)),
            ("GrossTotal", Dec::cents(self.to_base(line.net, header) + self.to_base(line.tax_amount, header)).into()),
            ("GrossTotalFC", fc(gross)),
            ("LineStatus", status(of.open)),
            ("RemainingOpenQuantity", Dec::new(of.milli_open, 3).into()),
            ("OpenAmount", base(open)),
            ("OpenAmountFC", fc(open)),
        ]
    }
}

/// The code of a payment term: sets of B1 begin with cash at -1.
pub(super) fn payment_group(days: i64) -> i64 {
    match days {
        0 => -1,
        1..=14 => 2,
        15..=30 => 3,
        _ => 4,
    }
}

fn status(open: bool) -> Cell {
    if open { "bost_Open" } else { "bost_Close" }.into()
}

fn share(amount: Cents, part: i64, whole: i64) -> Cents {
    if whole == 0 { 0 } else { div_round(i128::from(amount) * i128::from(part), i128::from(whole)) }
}
