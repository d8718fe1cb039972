//! Receipts and shipments as transfers, with their moves.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};

use super::{Books, at, ids, money, purchases, quantity, quants::Lots, sales};
use crate::{
    dataset::{Dataset, MoveLine, MoveState},
    store::{Cell, StoreError},
};

/// The id of the transfer of a receipt.
pub(super) fn receipt_id(position: usize) -> i64 {
    1 + position as i64
}

fn shipment_id(dataset: &Dataset, position: usize) -> i64 {
    1 + (dataset.receipts.len() + position) as i64
}

/// The number of a receipt.
pub(super) fn receipt_name(dataset: &Dataset, position: usize) -> String {
    let place = dataset.receipts[position].location;
    format!("{}/IN/{:05}", dataset.locations[place].code, position + 1)
}

/// The number of a shipment.
pub(super) fn shipment_name(dataset: &Dataset, position: usize) -> String {
    let place = dataset.shipments[position].location;
    format!("{}/OUT/{:05}", dataset.locations[place].code, position + 1)
}

/// The ids of moves and their lines that are free.
pub(super) struct Next {
    pub(super) step: i64,
    pub(super) line: i64,
}

/// A transfer.
struct Transfer<'d> {
    id: i64,
    name: String,
    incoming: bool,
    state: MoveState,
    origin: String,
    partner: i64,
    warehouse: usize,
    date: NaiveDate,
    done: Option<DateTime<Utc>>,
    order: Option<i64>,
    /// The line of the order at position 0.
    first_line: i64,
    backorder: Option<i64>,
    tracking: Option<String>,
    lines: &'d [MoveLine],
    created: DateTime<Utc>,
    updated: DateTime<Utc>,
}

pub(super) fn write(books: &mut Books<'_>, lots: &Lots) -> Result<Next, StoreError> {
    let dataset = books.dataset;
    let mut next = Next { step: 1, line: 1 };
    // What comes later for the same order was left over from what came before.
    let mut before: HashMap<usize, i64> = HashMap::new();
    for (position, receipt) in dataset.receipts.iter().enumerate() {
        let id = receipt_id(position);
        let transfer = Transfer {
            id,
            name: receipt_name(dataset, position),
            incoming: true,
            state: receipt.state,
            origin: purchases::name(receipt.order),
            partner: books.plan.vendors[receipt.vendor],
            warehouse: receipt.location,
            date: receipt.date,
            done: receipt.done,
            order: Some(books.plan.purchase_orders[receipt.order]),
            first_line: books.plan.purchase_lines[receipt.order],
            backorder: before.insert(receipt.order, id),
            tracking: receipt.reference.clone(),
            lines: &receipt.lines,
            created: receipt.created,
            updated: receipt.updated,
        };
        transfer.write(books, lots, &mut next)?;
    }
    before.clear();
    for (position, shipment) in dataset.shipments.iter().enumerate() {
        let id = shipment_id(dataset, position);
        let transfer = Transfer {
            id,
            name: shipment_name(dataset, position),
            incoming: false,
            state: shipment.state,
            origin: sales::name(shipment.order),
            partner: books.plan.partners[shipment.customer],
            warehouse: shipment.location,
            date: shipment.date,
            done: shipment.done,
            order: Some(books.plan.orders[shipment.order]),
            first_line: books.plan.order_lines[shipment.order],
            backorder: before.insert(shipment.order, id),
            tracking: shipment.tracking.clone(),
            lines: &shipment.lines,
            created: shipment.created,
            updated: shipment.updated,
        };
        transfer.write(books, lots, &mut next)?;
    }
    Ok(next)
}

/// The state of a transfer and of its moves.
fn state(state: MoveState) -> &'static str {
    match state {
        MoveState::Draft => "draft",
        MoveState::Ready => "assigned",
        MoveState::Done => "done",
        MoveState::Cancelled => "cancel",
    }
}

impl Transfer<'_> {
    fn write(&self, books: &mut Books<'_>, lots: &Lots, next: &mut Next) -> Result<(), StoreError> {
        let scheduled = at(self.date, self.created);
        let stock = ids::stock(self.warehouse);
        let (from, to) = if self.incoming { (ids::VENDORS, stock) } else { (stock, ids::CUSTOMERS) };
        let order = |wanted: bool| self.order.filter(|_| wanted);
        let first = self.lines.first().map(|line| books.plan.products[line.product]);
        let values = [
            ("name", self.name.as_str().into()),
            ("origin", self.origin.as_str().into()),
            ("state", state(self.state).into()),
            ("partner_id", self.partner.into()),
            ("picking_type_id", ids::operation(self.warehouse, i64::from(!self.incoming)).into()),
            ("location_id", from.into()),
            ("location_dest_id", to.into()),
            ("scheduled_date", scheduled.into()),
            ("date_deadline", scheduled.into()),
            ("date_done", self.done.into()),
            ("backorder_id", self.backorder.into()),
            ("purchase_id", order(self.incoming).into()),
            ("sale_id", order(!self.incoming).into()),
            ("product_id", first.into()),
            ("carrier_tracking_ref", self.tracking.clone().filter(|_| !self.incoming).into()),
            ("note", self.tracking.as_deref().filter(|_| self.incoming).map(super::html).into()),
            ("has_tracking", self.lines.iter().any(|line| books.dataset.has_lots(line.product)).into()),
        ];
        books.insert("stock.picking", self.id, (self.created, self.updated), values)?;
        // Goods of several lots are lines of one move.
        let mut moves: BTreeMap<usize, Vec<&MoveLine>> = BTreeMap::new();
        for line in self.lines {
            moves.entry(line.order_line).or_default().push(line);
        }
        for (order_line, lines) in moves {
            let Some(first) = lines.first() else { continue };
            let total: i64 = lines.iter().map(|line| line.milli_quantity).sum();
            let of_order = Some(self.first_line + order_line as i64);
            let lots: Vec<_> = lines
                .iter()
                .map(|line| {
                    let lot = line.lot.as_ref().and_then(|lot| lots.get(&(line.product, lot.clone())).copied());
                    (lot, line.milli_quantity)
                })
                .collect();
            let step = Step {
                product: first.product,
                state: state(self.state),
                demand: total,
                from,
                to,
                picking: Some(self.id),
                origin: self.origin.as_str(),
                reference: self.name.as_str(),
                warehouse: ids::warehouse(self.warehouse),
                purchase_line: of_order.filter(|_| self.incoming),
                sale_line: of_order.filter(|_| !self.incoming),
                produces: None,
                consumes: None,
                date: self.done.unwrap_or(scheduled),
                created: self.created,
                updated: self.updated,
                sequence: 10 + order_line as i64,
            };
            step.write(books, next, &lots)?;
        }
        Ok(())
    }
}

/// A move of one product from one place to another.
pub(super) struct Step<'s> {
    pub(super) product: usize,
    pub(super) state: &'static str,
    pub(super) demand: i64,
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) picking: Option<i64>,
    pub(super) origin: &'s str,
    pub(super) reference: &'s str,
    pub(super) warehouse: i64,
    pub(super) purchase_line: Option<i64>,
    pub(super) sale_line: Option<i64>,
    /// The manufacturing order that makes the product.
    pub(super) produces: Option<i64>,
    /// The manufacturing order that needs the product.
    pub(super) consumes: Option<i64>,
    pub(super) date: DateTime<Utc>,
    pub(super) created: DateTime<Utc>,
    pub(super) updated: DateTime<Utc>,
    pub(super) sequence: i64,
}

impl Step<'_> {
    /// Writes the move, and of each lot how much is moved or put aside.
    pub(super) fn write(
        &self,
        books: &mut Books<'_>,
        next: &mut Next,
        lots: &[(Option<i64>, i64)],
    ) -> Result<(), StoreError> {
        let product = &books.dataset.products[self.product];
        let id = books.plan.products[self.product];
        let (done, reserved) = (self.state == "done", self.state == "assigned");
        let lot_ids: Vec<i64> = lots.iter().filter_map(|(lot, _)| *lot).collect();
        let values = [
            ("description", books.texts[self.product].clone().into()),
            ("sequence", self.sequence.into()),
            ("date", self.date.into()),
            ("date_deadline", self.date.into()),
            ("product_id", id.into()),
            ("product_uom_qty", quantity(self.demand)),
            ("quantity", if done || reserved { quantity(self.demand) } else { Cell::Null }),
            ("product_uom", ids::unit(product.unit).into()),
            ("location_id", self.from.into()),
            ("location_dest_id", self.to.into()),
            ("picking_id", self.picking.into()),
            ("state", self.state.into()),
            ("price_unit", money(product.cost)),
            ("origin", self.origin.into()),
            ("reference", self.reference.into()),
            ("warehouse_id", self.warehouse.into()),
            ("lot_ids", if lot_ids.is_empty() { books.none.clone() } else { lot_ids.into() }),
            ("purchase_line_id", self.purchase_line.into()),
            ("sale_line_id", self.sale_line.into()),
            ("production_id", self.produces.into()),
            ("raw_material_production_id", self.consumes.into()),
        ];
        let step = next.step;
        next.step += 1;
        books.insert("stock.move", step, (self.created, self.updated), values)?;
        for (lot, milli) in lots.iter().filter(|_| done || reserved) {
            let values = [
                ("picking_id", self.picking.into()),
                ("move_id", step.into()),
                ("product_id", id.into()),
                ("quantity", quantity(*milli)),
                ("done", if done { quantity(*milli) } else { Cell::Null }),
                ("reserved", if reserved { quantity(*milli) } else { Cell::Null }),
                ("lot_id", (*lot).into()),
                ("date", self.date.into()),
            ];
            books.insert("stock.move.line", next.line, (self.created, self.updated), values)?;
            next.line += 1;
        }
        Ok(())
    }
}
