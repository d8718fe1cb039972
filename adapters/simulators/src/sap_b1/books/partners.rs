//! Customers, vendors and leads.

use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};

use super::{BILL_TO, Books, Card, SHIP_TO, data_version, documents::Open, ledger::Balances, payment_group};
use crate::{
    dataset::{AccountRole, Dataset},
    decimal::{Cents, Dec},
    store::{Cell, StoreError, Tables},
};

/// Partners that are neither customers nor vendors: a client that forgets `CardType` meets them.
const LEADS: &[(&str, &str)] =
    &[("L00001", "Atelier Perrin Sàrl"), ("L00002", "Bergbahnen Hochtal AG"), ("L00003", "Prospect & Fils")];

/// Any currency: a partner whose documents may be in all that the company knows.
const ANY_CURRENCY: &str = "##";

/// In use is said in three ways: switched on, switched on for a range of days, or neither switched on nor off.
pub(super) fn in_use(active: bool, position: usize) -> (&'static str, &'static str, bool) {
    match (active, position % 11) {
        (false, _) => ("tNO", "tYES", false),
        (true, 3) => ("tYES", "tNO", true),
        (true, 0..6) => ("tYES", "tNO", false),
        (true, _) => ("tNO", "tNO", false),
    }
}

/// What is written of a customer or a vendor.
struct Partner<'a> {
    position: usize,
    card: &'a Card,
    kind: &'static str,
    country: &'static str,
    contact: Option<&'static str>,
    email: Option<&'a str>,
    phone: Option<&'a str>,
    credit_limit: Cents,
    active: bool,
    many_currencies: bool,
    parent: Option<&'a str>,
    /// The number that a vendor gave the company.
    our_number: Option<&'a str>,
    balance: Cents,
    orders: Cents,
    deliveries: Cents,
    control: AccountRole,
    /// The first internal key of a contact person.
    first_contact: i64,
    created: DateTime<Utc>,
    updated: DateTime<Utc>,
}

/// Writes them all.
pub(super) fn write(
    books: &Books<'_>,
    open: &Open,
    balances: &Balances,
    tables: &mut Tables,
) -> Result<(), StoreError> {
    let Dataset { customers, vendors, .. } = books.dataset;
    // Rows are kept in the order of their keys, which is the order of a list that asks for none.
    let sorted = |codes: Vec<&str>| {
        let mut positions: Vec<usize> = (0..codes.len()).collect();
        positions.sort_by_key(|position| codes[*position]);
        positions
    };
    for position in sorted(customers.iter().map(|customer| &*customer.code).collect()) {
        let customer = &customers[position];
        let partner = Partner {
            position,
            card: &books.names.customers[position],
            kind: "cCustomer",
            country: customer.country,
            contact: customer.contact,
            email: customer.email.as_deref(),
            phone: customer.phone.as_deref(),
            credit_limit: customer.credit_limit.unwrap_or_default(),
            active: customer.active,
            many_currencies: open.many_currencies[0][position],
            parent: (position % 40 == 39).then(|| customers[position - 1].code.as_str()),
            our_number: None,
            balance: balances.customers[position],
            orders: open.orders[position],
            deliveries: open.deliveries[position],
            control: AccountRole::Receivable,
            first_contact: 1,
            created: customer.created,
            updated: customer.updated,
        };
        books.partner(&partner, tables)?;
    }
    for (code, name) in LEADS {
        lead(books.dataset, (code, name), tables)?;
    }
    for position in sorted(vendors.iter().map(|vendor| &*vendor.code).collect()) {
        let vendor = &vendors[position];
        let partner = Partner {
            position,
            card: &books.names.vendors[position],
            kind: "cSupplier",
            country: vendor.country,
            contact: vendor.contact,
            email: vendor.email.as_deref(),
            phone: vendor.phone.as_deref(),
            credit_limit: 0,
            active: vendor.active,
            many_currencies: open.many_currencies[1][position],
            parent: None,
            our_number: vendor.our_number.as_deref(),
            balance: balances.vendors[position],
            orders: open.purchase_orders[position],
            deliveries: open.receipts[position],
            control: AccountRole::Payable,
            first_contact: customers.len() as i64 + 1,
            created: vendor.created,
            updated: vendor.updated,
        };
        books.partner(&partner, tables)?;
    }
    Ok(())
}

impl Books<'_> {
    fn partner(&self, partner: &Partner<'_>, tables: &mut Tables) -> Result<(), StoreError> {
        let Partner { position, card, contact, .. } = *partner;
        let today = self.dataset.today;
        let (valid, frozen, in_range) = in_use(partner.active, position);
        let range = |day: Option<NaiveDate>| Cell::from(day.filter(|_| in_range));
        // Missing is null for some, and an empty text for others, as in real companies.
        let email = match partner.email {
            Some(email) => Cell::from(email),
            None if position.is_multiple_of(2) => Cell::Null,
            None => "".into(),
        };
        let currency = if partner.many_currencies { ANY_CURRENCY } else { card.currency.code() };
        let (create_date, create_time) = self.names.clock.stamp(partner.created);
        let (update_date, update_time) = self.names.clock.stamp(partner.updated);
        let group = if partner.kind == "cSupplier" { 101 } else { 100 };
        let values = [
            ("CardCode", card.code.clone().into()),
            ("CardName", card.name.clone().into()),
            ("CardType", partner.kind.into()),
            ("GroupCode", Cell::Int(group)),
            ("Address", card.street.clone()),
            ("ZipCode", card.postcode.clone()),
            ("City", card.city.clone()),
            ("Country", partner.country.into()),
            ("Phone1", partner.phone.into()),
            ("ContactPerson", contact.into()),
            ("PayTermsGrpCode", payment_group(card.payment_days).into()),
            ("CreditLimit", Dec::cents(partner.credit_limit).into()),
            ("FederalTaxID", card.tax_number.clone()),
            ("Currency", currency.into()),
            ("EmailAddress", email.clone()),
            ("FatherCard", partner.parent.into()),
            ("AdditionalID", partner.our_number.into()),
            ("CurrentAccountBalance", Dec::cents(partner.balance).into()),
            ("OpenOrdersBalance", Dec::cents(partner.orders).into()),
            ("OpenDeliveryNotesBalance", Dec::cents(partner.deliveries).into()),
            ("DebitorAccount", self.names.account(partner.control)),
            ("Valid", valid.into()),
            ("ValidFrom", range(today.checked_sub_months(Months::new(12)))),
            ("ValidTo", range(today.checked_add_months(Months::new(12)))),
            ("Frozen", frozen.into()),
            ("ShipToDefault", card.ship_to.clone()),
            ("BilltoDefault", card.bill_to.clone()),
            ("UpdateDate", update_date.into()),
            ("UpdateTime", update_time.into()),
            ("CreateDate", create_date.into()),
            ("CreateTime", create_time.into()),
            ("DataVersion", data_version(partner.created, partner.updated).into()),
            ("U_ExtKey", (position % 25 == 1).then(|| format!("crm-{position}")).into()),
        ];
        tables["BusinessPartners"].push(values)?;
        if !card.street.is_null() {
            for (row, (name, kind)) in [(BILL_TO, "bo_BillTo"), (SHIP_TO, "bo_ShipTo")].into_iter().enumerate() {
                let values = [
                    ("BPCode", card.code.clone().into()),
                    ("RowNum", Cell::Int(row as i64)),
                    ("AddressName", name.into()),
                    ("AddressType", kind.into()),
                    ("Street", card.street.clone()),
                    ("ZipCode", card.postcode.clone()),
                    ("City", card.city.clone()),
                    ("Country", card.country.clone()),
                    ("CreateDate", create_date.into()),
                    ("CreateTime", create_time.into()),
                ];
                tables["BusinessPartners/BPAddresses"].push(values)?;
            }
        }
        if let Some(contact) = contact {
            let values = [
                ("CardCode", card.code.clone().into()),
                ("Name", contact.into()),
                ("Phone1", partner.phone.into()),
                ("E_Mail", email),
                ("InternalCode", Cell::Int(position as i64 + partner.first_contact)),
            ];
            tables["BusinessPartners/ContactEmployees"].push(values)?;
        }
        Ok(())
    }
}

fn lead(dataset: &Dataset, (code, name): (&str, &str), tables: &mut Tables) -> Result<(), StoreError> {
    let day = dataset.today.with_year(dataset.today.year() - 2).unwrap_or(dataset.today);
    let (zero, time) = (|| Cell::from(Dec::new(0, 2)), Cell::Int(8 * 3600));
    let values = [
        ("CardCode", code.into()),
        ("CardName", name.into()),
        ("CardType", "cLid".into()),
        ("GroupCode", Cell::Int(100)),
        ("Country", dataset.company.country.into()),
        ("PayTermsGrpCode", Cell::Int(-1)),
        ("CreditLimit", zero()),
        ("Currency", dataset.company.currency.code().into()),
        ("CurrentAccountBalance", zero()),
        ("OpenOrdersBalance", zero()),
        ("OpenDeliveryNotesBalance", zero()),
        ("Valid", "tYES".into()),
        ("Frozen", "tNO".into()),
        ("UpdateDate", day.into()),
        ("UpdateTime", time.clone()),
        ("CreateDate", day.into()),
        ("CreateTime", time),
        ("DataVersion", Cell::Int(1)),
    ];
    tables["BusinessPartners"].push(values).map(|_| ())
}
