//! Writes one marketing document of any kind with its lines.

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::{Books, Card, data_version, payment_group, places::Place};
use crate::{
    dataset::{AccountRole, Currency, Dataset, Dimensions, Rate, Tax},
    decimal::{Cents, Dec, div_round},
    sap_b1::catalogue::DocumentSet,
    store::{Cell, StoreError, Tables},
};

/// What documents leave open, for the totals in the master data.
pub(super) struct Open {
    /// By customer: what is ordered and not delivered, in the books' currency.
    pub(super) orders: Vec<Cents>,
    /// By customer: what is delivered and not invoiced, in the books' currency.
    pub(super) deliveries: Vec<Cents>,
    /// By vendor: the same two of purchases.
    pub(super) purchase_orders: Vec<Cents>,
    pub(super) receipts: Vec<Cents>,
    /// By customer, then by vendor: whether there is a document in a currency that is neither the partner's nor the
    /// company's.
    pub(super) many_currencies: [Vec<bool>; 2],
}

impl Open {
    pub(super) fn of(dataset: &Dataset) -> Self {
        let (customers, vendors) = (dataset.customers.len(), dataset.vendors.len());
        Self {
            orders: vec![0; customers],
            deliveries: vec![0; customers],
            purchase_orders: vec![0; vendors],
            receipts: vec![0; vendors],
            many_currencies: [vec![false; customers], vec![false; vendors]],
        }
    }
}

/// Whom a document is for or from.
#[derive(Clone, Copy)]
pub(super) enum Partner {
    Customer(usize),
    Vendor(usize),
}

/// What all kinds of documents have.
pub(super) struct Header<'a> {
    pub(super) place: Place,
    /// What it is, or as a draft will become.
    pub(super) target: &'static DocumentSet,
    pub(super) partner: Partner,
    pub(super) currency: Currency,
    pub(super) rate: Rate,
    pub(super) date: NaiveDate,
    pub(super) due: NaiveDate,
    pub(super) reference: Option<&'a str>,
    pub(super) comments: Cell,
    /// Settled, in the document's currency.
    pub(super) paid: Cents,
    pub(super) closed: bool,
    pub(super) cancelled: bool,
    pub(super) cancel_status: &'static str,
    pub(super) pending: bool,
    pub(super) tracking: Option<&'a str>,
    /// The key of the employee who answers for it.
    pub(super) owner: Option<i64>,
    pub(super) created: DateTime<Utc>,
    pub(super) updated: DateTime<Utc>,
    /// The entry in the ledger.
    pub(super) transaction: Option<i64>,
    /// Whether it is an order or a quotation, which are wanted by a day.
    pub(super) is_order: bool,
}

impl<'a> Header<'a> {
    /// A header with what most documents have.
    pub(super) fn new(place: Place, partner: Partner, (currency, rate): (Currency, Rate), date: NaiveDate) -> Self {
        Self {
            place,
            target: place.set,
            partner,
            currency,
            rate,
            date,
            due: date,
            reference: None,
            comments: Cell::Null,
            paid: 0,
            closed: false,
            cancelled: false,
            cancel_status: "csNo",
            pending: false,
            tracking: None,
            owner: None,
            created: DateTime::UNIX_EPOCH,
            updated: DateTime::UNIX_EPOCH,
            transaction: None,
            is_order: false,
        }
    }
}

/// What one line is made from.
#[derive(Clone)]
pub(super) struct LineOf<'a> {
    pub(super) product: Option<usize>,
    /// What an expense is for.
    pub(super) text: Option<&'a str>,
    pub(super) account: usize,
    pub(super) dimensions: Dimensions,
    pub(super) milli_quantity: i64,
    pub(super) unit_price: Cents,
    /// In hundredths of a percent.
    pub(super) discount: i64,
    pub(super) tax: Tax,
    pub(super) net: Cents,
    pub(super) tax_amount: Cents,
    /// Type, entry and line of what it was copied from.
    pub(super) base: Option<(i64, i64, i64)>,
    /// How much is not delivered, billed or credited yet, in thousandths.
    pub(super) milli_open: i64,
    pub(super) open: bool,
    /// Position of the place.
    pub(super) location: usize,
    pub(super) lot: Option<&'a str>,
}

impl LineOf<'_> {
    /// The part of the net amount that belongs to a part of the quantity.
    pub(super) fn share(&self, milli: i64) -> Cents {
        share(self.net, milli, self.milli_quantity)
    }

    /// The line for a part of its quantity, such as a delivery has.
    pub(super) fn part(self, milli_quantity: i64) -> Self {
        let net = self.share(milli_quantity);
        let tax_amount = share(self.tax_amount, milli_quantity, self.milli_quantity);
        Self { milli_quantity, net, tax_amount, ..self }
    }
}

/// A part of an amount.
pub(super) fn share(amount: Cents, part: i64, whole: i64) -> Cents {
    if whole == 0 { 0 } else { div_round(i128::from(amount) * i128::from(part), i128::from(whole)) }
}

fn status(open: bool) -> Cell {
    if open { "bost_Open" } else { "bost_Close" }.into()
}

impl Books<'_> {
    /// An amount of a document in the books' currency.
    pub(super) fn to_base(&self, amount: Cents, (currency, rate): (Currency, Rate)) -> Cents {
        if currency == self.dataset.company.currency { amount } else { rate.to_base(amount) }
    }

    /// Net amount and tax of each line in the books' currency, given those of the document and the code of the tax. The
    /// total is rounded, and so is the tax of each code; what rounding leaves is put on the largest line, so that the
    /// document adds up.
    pub(super) fn local_amounts(&self, lines: &[(Cents, Cents, &str)], money: (Currency, Rate)) -> Vec<(Cents, Cents)> {
        let mut local = vec![(0, 0); lines.len()];
        let mut codes: Vec<&str> = lines.iter().map(|(_, _, code)| *code).collect();
        codes.sort_unstable();
        codes.dedup();
        for code in codes {
            let own: Vec<_> = (0..lines.len()).filter(|at| lines[*at].2 == code).collect();
            let taxes: Vec<Cents> = own.iter().map(|at| lines[*at].1).collect();
            let whole = self.to_base(taxes.iter().sum(), money);
            for (at, tax) in own.iter().zip(self.spread(whole, &taxes, money)) {
                local[*at].1 = tax;
            }
        }
        let total = self.to_base(lines.iter().map(|(net, tax, _)| net + tax).sum(), money);
        let nets: Vec<Cents> = lines.iter().map(|(net, ..)| *net).collect();
        let whole = total - local.iter().map(|(_, tax)| tax).sum::<Cents>();
        for (local, net) in local.iter_mut().zip(self.spread(whole, &nets, money)) {
            local.0 = net;
        }
        local
    }

    fn spread(&self, whole: Cents, parts: &[Cents], money: (Currency, Rate)) -> Vec<Cents> {
        let mut spread: Vec<Cents> = parts.iter().map(|part| self.to_base(*part, money)).collect();
        let rounding = whole - spread.iter().sum::<Cents>();
        if let Some(largest) = (0..parts.len()).max_by_key(|at| parts[*at]) {
            spread[largest] += rounding;
        }
        spread
    }

    fn card(&self, partner: Partner) -> &Card {
        match partner {
            Partner::Customer(position) => &self.names.customers[position],
            Partner::Vendor(position) => &self.names.vendors[position],
        }
    }

    /// Writes a document.
    pub(super) fn document(
        &self,
        header: &Header<'_>,
        lines: &[LineOf<'_>],
        open: &mut Open,
        tables: &mut Tables,
    ) -> Result<(), StoreError> {
        let card = self.card(header.partner);
        let money = (header.currency, header.rate);
        let foreign = header.currency != self.dataset.company.currency;
        if foreign && header.currency != card.currency {
            match header.partner {
                Partner::Customer(position) => open.many_currencies[0][position] = true,
                Partner::Vendor(position) => open.many_currencies[1][position] = true,
            }
        }
        let control = match header.partner {
            Partner::Customer(_) => AccountRole::Receivable,
            Partner::Vendor(_) => AccountRole::Payable,
        };
        let fc = |amount: Cents| Cell::from(Dec::cents(if foreign { amount } else { 0 }));
        let parts: Vec<_> = lines.iter().map(|line| (line.net, line.tax_amount, line.tax.code)).collect();
        let local = self.local_amounts(&parts, money);
        let tax: Cents = local.iter().map(|(_, tax)| tax).sum();
        let total = local.iter().map(|(net, _)| net).sum::<Cents>() + tax;
        let tax_fc: Cents = lines.iter().map(|line| line.tax_amount).sum();
        let total_fc = lines.iter().map(|line| line.net).sum::<Cents>() + tax_fc;
        // What is left is its amount at the rate of the document; what is settled is the rest.
        let paid = total - self.to_base(total_fc - header.paid, money);
        let Place { set, entry } = header.place;
        // Drafts have no number of their own: each shows the next one of what it will become.
        let number = match header.place.is_draft() {
            true => self.places.next_number(header.target.set.name),
            false => header.place.number(),
        };
        let (created, created_at) = self.names.clock.stamp(header.created);
        let (updated, updated_at) = self.names.clock.stamp(header.updated);
        let cancel_date = header.is_order.then(|| header.due.checked_add_days(Days::new(30))).flatten();
        let ext_key = (entry % 50 == 0).then(|| format!("{}-{entry}", set.set.name.to_lowercase()));
        let service = lines.iter().all(|line| line.product.is_none());
        let Card { code, name, tax_number, address, street, postcode, city, country, bill_to, ship_to, .. } = card;
        let values = [
            ("DocNum", Cell::Int(number)),
            ("DocType", if service { "dDocument_Service" } else { "dDocument_Items" }.into()),
            ("DocDate", header.date.into()),
            ("DocDueDate", header.due.into()),
            ("CardCode", code.clone().into()),
            ("CardName", name.clone().into()),
            ("Address", address.clone()),
            ("NumAtCard", header.reference.into()),
            ("DocTotal", Dec::cents(total).into()),
            ("DocCurrency", header.currency.code().into()),
            ("DocRate", if foreign { header.rate.dec() } else { Dec::new(1, 0) }.into()),
            ("Reference1", number.to_string().into()),
            ("Comments", header.comments.clone()),
            ("JournalMemo", format!("{} - {}", header.target.title, &**code).into()),
            ("PaymentGroupCode", payment_group(card.payment_days).into()),
            // The time of a document has no seconds.
            ("DocTime", (created_at / 60 * 60).into()),
            ("DocObjectCode", header.target.object.into()),
            ("ShipToCode", ship_to.clone()),
            ("PayToCode", bill_to.clone()),
            ("FederalTaxID", tax_number.clone()),
            ("CreationDate", created.into()),
            ("UpdateDate", updated.into()),
            ("UpdateTime", updated_at.into()),
            ("TransNum", header.transaction.into()),
            ("VatSum", Dec::cents(tax).into()),
            ("VatSumFc", fc(tax_fc)),
            ("DocTotalFc", fc(total_fc)),
            ("RequriedDate", header.is_order.then_some(header.due).into()),
            ("CancelDate", cancel_date.into()),
            ("DocumentsOwner", header.owner.into()),
            ("DocumentStatus", status(!header.closed)),
            ("TrackingNumber", header.tracking.into()),
            ("Cancelled", super::yes_no(header.cancelled)),
            ("ControlAccount", self.names.account(control)),
            ("AuthorizationStatus", if header.pending { "dasPending" } else { "dasWithout" }.into()),
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
        tables[set.set.name].insert(entry, values)?;
        let Some(child) = set.set.child("DocumentLines") else { return Ok(()) };
        for (at, line) in lines.iter().enumerate() {
            let values = self.line(header, line, (at, local[at]), foreign);
            tables[child.table].push(values)?;
        }
        Ok(())
    }

    fn line(
        &self,
        header: &Header<'_>,
        of: &LineOf<'_>,
        (at, (net, tax)): (usize, (Cents, Cents)),
        foreign: bool,
    ) -> [(&'static str, Cell); 33] {
        let (code, name, unit) = match of.product {
            Some(product) => {
                let (code, name) = &self.names.items[product];
                (code.clone().into(), name.clone().into(), self.dataset.products[product].unit.into())
            }
            None => (Cell::Null, of.text.into(), Cell::Null),
        };
        let (cost_centre, project) = self.names.costing(of.dimensions);
        let fc = |amount: Cents| Cell::from(Dec::cents(if foreign { amount } else { 0 }));
        let base = |amount: Cents| Cell::from(Dec::cents(self.to_base(amount, (header.currency, header.rate))));
        let price = Dec::new(of.unit_price * (10_000 - of.discount), 6);
        let with_tax = div_round(i128::from(price.units) * i128::from(10_000 + of.tax.basis_points), 10_000);
        let open = if of.open { of.share(of.milli_open) } else { 0 };
        let (base_type, base_entry, base_line) =
            of.base.map_or((-1, None, None), |(kind, entry, line)| (kind, Some(entry), Some(line)));
        // The line of a service has neither item nor quantity, and no warehouse.
        let (quantity, milli_open) = if of.product.is_some() { (of.milli_quantity, of.milli_open) } else { (0, 0) };
        let warehouse = of.product.map(|_| self.dataset.locations[of.location].code);
        [
            ("DocEntry", header.place.entry.into()),
            ("LineNum", Cell::Int(at as i64)),
            ("ItemCode", code),
            ("ItemDescription", name),
            ("Quantity", Dec::new(quantity, 3).into()),
            ("ShipDate", header.due.into()),
            ("Price", price.into()),
            ("PriceAfterVAT", Dec::new(with_tax, 6).into()),
            ("Currency", header.currency.code().into()),
            ("Rate", if foreign { header.rate.dec() } else { Dec::new(0, 0) }.into()),
            ("DiscountPercent", Dec::new(of.discount, 2).into()),
            ("WarehouseCode", warehouse.into()),
            ("AccountCode", self.names.accounts[of.account].clone().into()),
            ("CostingCode", cost_centre),
            ("ProjectCode", project),
            ("VatGroup", of.tax.code.into()),
            ("TaxPercentagePerRow", of.tax.percent().into()),
            ("BaseType", base_type.into()),
            ("BaseEntry", base_entry.into()),
            ("BaseLine", base_line.into()),
            ("MeasureUnit", unit),
            ("UnitPrice", Dec::cents(of.unit_price).into()),
            ("LineTotal", Dec::cents(net).into()),
            ("RowTotalFC", fc(of.net)),
            ("NetTaxAmount", Dec::cents(tax).into()),
            ("NetTaxAmountFC", fc(of.tax_amount)),
            ("GrossTotal", Dec::cents(net + tax).into()),
            ("GrossTotalFC", fc(of.net + of.tax_amount)),
            ("LineStatus", status(of.open)),
            ("RemainingOpenQuantity", Dec::new(milli_open, 3).into()),
            ("OpenAmount", base(open)),
            ("OpenAmountFC", fc(open)),
            ("BatchNumber", of.lot.into()),
        ]
    }
}
