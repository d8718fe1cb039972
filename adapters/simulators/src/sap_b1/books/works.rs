//! Warehouses, production orders, users and employees, exchange rates.

use chrono::{Datelike, Days, Weekday};

use super::{Books, RATES};
use crate::{
    dataset::{AccountRole, Source, WorkOrder, WorkState},
    decimal::Dec,
    sap_b1::USERNAME,
    store::{Cell, StoreError, Tables},
};

/// The first `DocumentNumber` of a production order.
pub(super) fn first_number() -> i64 {
    90_001
}

/// Writes them all.
pub(super) fn write(books: &Books<'_>, tables: &mut Tables) -> Result<(), StoreError> {
    let dataset = books.dataset;
    for (position, location) in dataset.locations.iter().enumerate() {
        let values = [
            ("WarehouseCode", location.code.into()),
            ("WarehouseName", location.name.into()),
            ("City", location.city.into()),
            ("Country", dataset.company.country.into()),
            ("StockAccount", books.names.account(AccountRole::Inventory)),
            ("InternalKey", Cell::Int(position as i64 + 1)),
        ];
        tables["Warehouses"].push(values)?;
    }
    for (position, order) in dataset.work_orders.iter().enumerate() {
        books.work_order(order, position, tables)?;
    }
    people(books, tables)?;
    rates(books, tables)
}

/// The key of the user of a position of the story: the one that logs in here by default is the first.
fn user_key(position: usize) -> i64 {
    position as i64 + 2
}

impl Books<'_> {
    fn work_order(&self, order: &WorkOrder, position: usize, tables: &mut Tables) -> Result<(), StoreError> {
        let entry = position as i64 + 1;
        let (code, name) = &self.names.items[order.product];
        let status = match order.state {
            WorkState::Draft => "boposPlanned",
            WorkState::Confirmed | WorkState::InProgress => "boposReleased",
            WorkState::Done => "boposClosed",
            WorkState::Cancelled => "boposCancelled",
        };
        let released = !matches!(order.state, WorkState::Draft | WorkState::Cancelled);
        let warehouse = self.dataset.locations[order.location].code;
        let day = |moment| self.names.clock.stamp(moment).0;
        let start = day(order.planned_start);
        let values = [
            ("DocumentNumber", Cell::Int(first_number() + position as i64)),
            ("ItemNo", code.clone().into()),
            ("ProductDescription", name.clone().into()),
            ("ProductionOrderStatus", status.into()),
            ("PlannedQuantity", Dec::new(order.milli_quantity, 3).into()),
            ("CompletedQuantity", Dec::new(order.milli_produced, 3).into()),
            ("PostingDate", day(order.created).into()),
            ("DueDate", order.deadline.map_or(start, day).into()),
            ("StartDate", start.into()),
            ("ReleaseDate", released.then_some(start).into()),
            ("ClosingDate", order.done.map(day).into()),
            ("CreationDate", day(order.created).into()),
            ("UserSignature", order.assignee.map_or(1, user_key).into()),
            ("Remarks", order.reference.as_deref().into()),
            ("JournalRemarks", format!("Production Order - {}", &**code).into()),
            ("Warehouse", warehouse.into()),
            ("InventoryUOM", self.dataset.products[order.product].unit.into()),
            ("TransactionNumber", self.numbers.of_source(Source::WorkOrder(position)).into()),
            ("Priority", Cell::Int(if order.urgent { 10 } else { 100 })),
            ("UpdateDate", day(order.updated).into()),
        ];
        tables["ProductionOrders"].insert(entry, values)?;
        for (at, component) in order.components.iter().enumerate() {
            let (code, name) = &self.names.items[component.product];
            let one = i128::from(component.milli_quantity) * 1_000_000;
            let base = crate::decimal::div_round(one, i128::from(order.milli_quantity.max(1)));
            let values = [
                ("DocumentAbsoluteEntry", entry.into()),
                ("LineNumber", Cell::Int(at as i64)),
                ("ItemNo", code.clone().into()),
                ("ItemName", name.clone().into()),
                ("BaseQuantity", Dec::new(base, 6).into()),
                ("PlannedQuantity", Dec::new(component.milli_quantity, 3).into()),
                ("IssuedQuantity", Dec::new(component.milli_consumed, 3).into()),
                ("Warehouse", warehouse.into()),
            ];
            tables["ProductionOrders/ProductionOrderLines"].push(values)?;
        }
        Ok(())
    }
}

fn people(books: &Books<'_>, tables: &mut Tables) -> Result<(), StoreError> {
    let dataset = books.dataset;
    let manager = [
        ("UserCode", USERNAME.into()),
        ("UserName", "Manager".into()),
        ("Superuser", "tYES".into()),
        ("Locked", "tNO".into()),
    ];
    tables["Users"].insert(1, manager)?;
    for (position, user) in dataset.users.iter().enumerate() {
        let values = [
            ("UserCode", user.login.into()),
            ("UserName", user.name.into()),
            ("Superuser", "tNO".into()),
            ("eMail", user.email.as_deref().into()),
            // Nobody is deleted who has left traces; who has left is locked.
            ("Locked", super::yes_no(!user.active)),
        ];
        tables["Users"].insert(user_key(position), values)?;
        let (first, last) = user.name.rsplit_once(' ').unwrap_or(("", user.name));
        let start = dataset.today.checked_sub_days(Days::new(900)).unwrap_or(dataset.today);
        let left = (!user.active).then(|| dataset.today.checked_sub_days(Days::new(60))).flatten();
        let values = [
            ("FirstName", first.into()),
            ("LastName", last.into()),
            ("JobTitle", user.department.into()),
            ("ApplicationUserID", user_key(position).into()),
            ("eMail", user.email.as_deref().into()),
            ("StartDate", start.into()),
            ("TerminationDate", left.into()),
            ("Active", super::yes_no(user.active)),
            ("CreateDate", start.into()),
            ("CreateTime", Cell::Int(8 * 3600)),
            ("UpdateDate", left.unwrap_or(start).into()),
            ("UpdateTime", Cell::Int(8 * 3600)),
        ];
        tables["EmployeesInfo"].insert(position as i64 + 1, values)?;
    }
    Ok(())
}

/// A rate for each day but Sundays: B1 has none for a day on which nobody entered one.
fn rates(books: &Books<'_>, tables: &mut Tables) -> Result<(), StoreError> {
    let dataset = books.dataset;
    let rates: Vec<_> = dataset.exchange_rates().collect();
    for (position, rate) in rates.iter().enumerate() {
        let next = rates.get(position + 1).filter(|next| next.currency == rate.currency);
        let end = next.map_or(dataset.today.succ_opt().unwrap_or(dataset.today), |next| next.from);
        let days = rate.from.iter_days().take_while(|day| *day < end);
        for day in days.filter(|day| day.weekday() != Weekday::Sun) {
            let values =
                [("RateDate", day.into()), ("Currency", rate.currency.code().into()), ("Rate", rate.rate.dec().into())];
            tables[RATES].push(values)?;
        }
    }
    Ok(())
}
