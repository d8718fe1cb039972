//! Business partners, items, currencies and taxes.

use chrono::Months;

use super::{
    BILL_TO, Names, SHIP_TO, data_version,
    documents::{Open, payment_group},
};
use crate::{
    dataset::{Customer, Dataset, Product, ProductKind},
    decimal::Dec,
    store::{Cell, StoreError, Tables},
};

/// Partners that are no customers: a client that forgets `CardType` meets them.
const OTHERS: &[(&str, &str, &str)] = &[
    ("L00001", "Atelier Perrin Sàrl", "cLid"),
    ("L00002", "Bergbahnen Hochtal AG", "cLid"),
    ("L00003", "Prospect & Fils", "cLid"),
    ("V00001", "Uhrenteile Weber SA", "cSupplier"),
    ("V00002", "Acier du Jura Sàrl", "cSupplier"),
    ("V00003", "Präzisionswerk Nord GmbH", "cSupplier"),
    ("V00004", "Metall & Mehr AG", "cSupplier"),
    ("V00005", "O'Neill Tools Ltd", "cSupplier"),
];

/// Any currency: a partner whose documents may be in all that the company knows.
const ANY_CURRENCY: &str = "##";

/// The groups of items: goods and work.
const GOODS: i64 = 100;
const SERVICES: i64 = 101;

pub(super) fn write(dataset: &Dataset, names: &Names, open: &Open, tables: &mut Tables) -> Result<(), StoreError> {
    // Rows are kept in the order of their keys, which is the order of a list that asks for none.
    let mut customers: Vec<usize> = (0..dataset.customers.len()).collect();
    customers.sort_by(|left, right| dataset.customers[*left].code.cmp(&dataset.customers[*right].code));
    for position in customers {
        customer(dataset, names, open, position, tables)?;
    }
    for (code, name, kind) in OTHERS {
        other(dataset, (code, name, kind), tables)?;
    }
    let mut products: Vec<usize> = (0..dataset.products.len()).collect();
    products.sort_by(|left, right| dataset.products[*left].sku.cmp(&dataset.products[*right].sku));
    for position in products {
        item(dataset, names, open.committed[position], position, tables)?;
    }
    for (number, name) in [(GOODS, "Waren"), (SERVICES, "Dienstleistungen")] {
        tables["ItemGroups"].insert(number, [("GroupName", name.into())])?;
    }
    for currency in dataset.company.currencies() {
        let values = [("Code", currency.code().into()), ("Name", currency.name().into())];
        tables["Currencies"].push(values)?;
    }
    let begin = dataset.today.checked_sub_months(Months::new(36)).unwrap_or(dataset.today);
    for tax in dataset.company.taxes {
        let values = [("Code", tax.code.into()), ("Name", tax.name.into()), ("Category", Cell::from("bovcOutputTax"))];
        tables["VatGroups"].push(values)?;
        let rate = [("Code", tax.code.into()), ("Effectivefrom", begin.into()), ("Rate", tax.percent().into())];
        tables["VatGroups/VatGroups_Lines"].push(rate)?;
    }
    Ok(())
}

/// In use is said in three ways: switched on, switched on for a range of days, or neither switched on nor off.
fn in_use(active: bool, position: usize) -> (&'static str, &'static str, bool) {
    match (active, position % 11) {
        (false, _) => ("tNO", "tYES", false),
        (true, 3) => ("tYES", "tNO", true),
        (true, 0..6) => ("tYES", "tNO", false),
        (true, _) => ("tNO", "tNO", false),
    }
}

fn customer(
    dataset: &Dataset,
    names: &Names,
    open: &Open,
    position: usize,
    tables: &mut Tables,
) -> Result<(), StoreError> {
    let Customer { contact, email, phone, currency, payment_days, credit_limit, active, created, updated, .. } =
        &dataset.customers[position];
    let card = &names.cards[position];
    let (valid, frozen, in_range) = in_use(*active, position);
    let range = |months: u32, later: bool| {
        let months = Months::new(months);
        let day =
            if later { dataset.today.checked_add_months(months) } else { dataset.today.checked_sub_months(months) };
        Cell::from(day.filter(|_| in_range))
    };
    // Missing is null for some, and an empty text for others, as in real companies.
    let email = match email {
        Some(email) => Cell::from(email.as_str()),
        None if position.is_multiple_of(2) => Cell::Null,
        None => "".into(),
    };
    let parent = (position % 40 == 39).then(|| dataset.customers[position - 1].code.as_str());
    let (create_date, create_time) = names.clock.stamp(*created);
    let (update_date, update_time) = names.clock.stamp(*updated);
    let values = [
        ("CardCode", card.code.clone().into()),
        ("CardName", card.name.clone().into()),
        ("CardType", "cCustomer".into()),
        ("Address", card.street.clone()),
        ("ZipCode", card.postcode.clone()),
        ("City", card.city.clone()),
        ("Country", dataset.customers[position].country.into()),
        ("Phone1", phone.as_deref().into()),
        ("ContactPerson", (*contact).into()),
        ("PayTermsGrpCode", payment_group(i64::from(*payment_days)).into()),
        ("CreditLimit", Dec::cents(credit_limit.unwrap_or_default()).into()),
        ("FederalTaxID", card.tax_number.clone()),
        ("Currency", if open.many_currencies[position] { ANY_CURRENCY } else { currency.code() }.into()),
        ("EmailAddress", email.clone()),
        ("FatherCard", parent.into()),
        ("CurrentAccountBalance", Dec::cents(open.balances[position]).into()),
        ("OpenOrdersBalance", Dec::cents(open.orders[position]).into()),
        ("Valid", valid.into()),
        ("ValidFrom", range(12, false)),
        ("ValidTo", range(12, true)),
        ("Frozen", frozen.into()),
        ("ShipToDefault", card.ship_to.clone()),
        ("BilltoDefault", card.bill_to.clone()),
        ("UpdateDate", update_date.into()),
        ("UpdateTime", update_time.into()),
        ("CreateDate", create_date.into()),
        ("CreateTime", create_time.into()),
        ("DataVersion", data_version(*created, *updated).into()),
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
            ("Name", (*contact).into()),
            ("Phone1", phone.as_deref().into()),
            ("E_Mail", email),
            ("InternalCode", Cell::Int(position as i64 + 1)),
        ];
        tables["BusinessPartners/ContactEmployees"].push(values)?;
    }
    Ok(())
}

fn other(dataset: &Dataset, (code, name, kind): (&str, &str, &str), tables: &mut Tables) -> Result<(), StoreError> {
    let (day, time) = (dataset.today.checked_sub_months(Months::new(24)).unwrap_or(dataset.today), Cell::Int(8 * 3600));
    let zero = || Cell::from(Dec::new(0, 2));
    let values = [
        ("CardCode", code.into()),
        ("CardName", name.into()),
        ("CardType", kind.into()),
        ("Country", dataset.company.country.into()),
        ("PayTermsGrpCode", Cell::Int(-1)),
        ("CreditLimit", zero()),
        ("Currency", dataset.company.currency.code().into()),
        ("CurrentAccountBalance", zero()),
        ("OpenOrdersBalance", zero()),
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

fn item(
    dataset: &Dataset,
    names: &Names,
    committed: i64,
    position: usize,
    tables: &mut Tables,
) -> Result<(), StoreError> {
    let Product { description, kind, unit, price, cost, tax, barcode, in_stock, active, created, updated, .. } =
        &dataset.products[position];
    let (code, name) = &names.items[position];
    let goods = *kind == ProductKind::Goods;
    let yes_no = |yes: bool| Cell::from(if yes { "tYES" } else { "tNO" });
    let (valid, frozen, _) = in_use(*active, position);
    let (create_date, create_time) = names.clock.stamp(*created);
    let (update_date, update_time) = names.clock.stamp(*updated);
    let ordered = Dec::new(if goods { committed } else { 0 }, 3);
    let values = [
        ("ItemCode", code.clone().into()),
        ("ItemName", name.clone().into()),
        ("ItemsGroupCode", Cell::Int(if goods { GOODS } else { SERVICES })),
        ("SalesVATGroup", dataset.company.taxes[*tax].code.into()),
        ("BarCode", barcode.as_deref().into()),
        ("PurchaseItem", yes_no(goods)),
        ("InventoryItem", yes_no(goods)),
        ("User_Text", (*description).into()),
        ("QuantityOnStock", Dec::new(*in_stock, 0).into()),
        ("QuantityOrderedByCustomers", ordered.into()),
        ("Valid", valid.into()),
        ("Frozen", frozen.into()),
        ("SalesUnit", (*unit).into()),
        ("MovingAveragePrice", Dec::cents(if goods { *cost } else { 0 }).into()),
        ("DefaultWarehouse", goods.then_some("01").into()),
        ("InventoryUOM", goods.then_some(*unit).into()),
        ("ItemType", if goods { "itItems" } else { "itLabor" }.into()),
        ("UpdateDate", update_date.into()),
        ("UpdateTime", update_time.into()),
        ("CreateDate", create_date.into()),
        ("CreateTime", create_time.into()),
        ("DataVersion", data_version(*created, *updated).into()),
    ];
    tables["Items"].push(values)?;
    // A list without a price for an item has a row all the same: 0, in no currency.
    let euro = dataset.company.foreign.first().filter(|_| position.is_multiple_of(3));
    let in_euro = euro.map(|euro| (dataset.rate(*euro, dataset.today).from_base(*price), euro.code()));
    let prices = [(*price, dataset.company.currency.code()), in_euro.unwrap_or((0, "")), (0, "")];
    for (list, (price, currency)) in prices.into_iter().enumerate() {
        let values = [
            ("ItemCode", code.clone().into()),
            ("PriceList", Cell::Int(list as i64 + 1)),
            ("Price", Dec::cents(price).into()),
            ("Currency", currency.into()),
        ];
        tables["Items/ItemPrices"].push(values)?;
    }
    let elsewhere = in_stock / 4;
    for (warehouse, stock) in [("01", in_stock - elsewhere), ("02", elsewhere)] {
        let values = [
            ("ItemCode", code.clone().into()),
            ("WarehouseCode", warehouse.into()),
            ("InStock", Dec::new(stock, 0).into()),
            ("Committed", if warehouse == "01" { ordered } else { Dec::new(0, 3) }.into()),
        ];
        if goods {
            tables["Items/ItemWarehouseInfoCollection"].push(values)?;
        }
    }
    Ok(())
}
