//! Manufacturing orders with their moves, and bills of materials.

use super::{
    Books, ids, quantity,
    transfers::{Next, Step},
};
use crate::{
    dataset::{Dataset, WorkOrder, WorkState},
    store::{Cell, StoreError},
};

/// The number of a manufacturing order.
pub(super) fn name(dataset: &Dataset, position: usize) -> String {
    let place = dataset.work_orders[position].location;
    format!("{}/MO/{:05}", dataset.locations[place].code, position + 1)
}

fn id(position: usize) -> i64 {
    3 + position as i64
}

fn recipe_id(position: usize) -> i64 {
    2 + position as i64
}

pub(super) fn write(books: &mut Books<'_>, mut next: Next) -> Result<(), StoreError> {
    recipes(books)?;
    for (position, order) in books.dataset.work_orders.iter().enumerate() {
        write_order(books, position, order)?;
        moves(books, position, order, &mut next)?;
    }
    Ok(())
}

fn recipes(books: &mut Books<'_>) -> Result<(), StoreError> {
    let installed = books.installed();
    let mut line = 4;
    for (position, recipe) in books.dataset.recipes.iter().enumerate() {
        let id = recipe_id(position);
        let product = books.plan.products[recipe.product];
        let values = [
            ("product_tmpl_id", super::products::template(product).into()),
            ("product_qty", Cell::Int(1)),
            ("product_uom_id", ids::unit(books.dataset.products[recipe.product].unit).into()),
            ("sequence", Cell::Int(10)),
            ("active", true.into()),
        ];
        books.insert("mrp.bom", id, installed, values)?;
        for component in &recipe.components {
            let values = [
                ("bom_id", id.into()),
                ("product_id", books.plan.products[component.product].into()),
                ("product_qty", quantity(component.milli_quantity)),
                ("product_uom_id", ids::unit(books.dataset.products[component.product].unit).into()),
                ("sequence", Cell::Int(10)),
            ];
            books.insert("mrp.bom.line", line, installed, values)?;
            line += 1;
        }
    }
    Ok(())
}

fn state(state: WorkState) -> &'static str {
    match state {
        WorkState::Draft => "draft",
        WorkState::Confirmed => "confirmed",
        WorkState::InProgress => "progress",
        WorkState::Done => "done",
        WorkState::Cancelled => "cancel",
    }
}

fn write_order(books: &mut Books<'_>, position: usize, order: &WorkOrder) -> Result<(), StoreError> {
    let stock = ids::stock(order.location);
    let recipe = books.dataset.recipes.iter().position(|recipe| recipe.product == order.product);
    let begun = matches!(order.state, WorkState::InProgress | WorkState::Done);
    let ends = order.done.or(order.deadline);
    let values = [
        ("name", name(books.dataset, position).into()),
        ("priority", if order.urgent { "1" } else { "0" }.into()),
        ("origin", order.reference.clone().into()),
        ("product_id", books.plan.products[order.product].into()),
        ("product_qty", quantity(order.milli_quantity)),
        ("product_uom_id", ids::unit(books.dataset.products[order.product].unit).into()),
        ("qty_producing", quantity(order.milli_produced)),
        ("qty_produced", quantity(order.milli_produced)),
        ("state", state(order.state).into()),
        (
            "reservation_state",
            matches!(order.state, WorkState::Confirmed | WorkState::InProgress).then_some("confirmed").into(),
        ),
        ("planned_start", order.planned_start.into()),
        ("planned_finished", ends.into()),
        ("started", order.planned_start.into()),
        ("finished", order.done.into()),
        ("date_start", order.planned_start.into()),
        ("date_finished", ends.into()),
        ("date_deadline", order.deadline.into()),
        ("bom_id", recipe.map(recipe_id).into()),
        ("user_id", order.assignee.map(|user| books.plan.users[user].id).into()),
        ("picking_type_id", ids::operation(order.location, 8).into()),
        ("location_src_id", stock.into()),
        ("location_dest_id", stock.into()),
        ("production_location_id", ids::PRODUCTION.into()),
    ];
    let mut values = values;
    if !begun && let Some((_, started)) = values.iter_mut().find(|(column, _)| *column == "started") {
        *started = Cell::Null;
    }
    books.insert("mrp.production", id(position), (order.created, order.updated), values)
}

/// What is taken and what is made: what was, and what is still to be.
fn moves(books: &mut Books<'_>, position: usize, order: &WorkOrder, next: &mut Next) -> Result<(), StoreError> {
    let dataset = books.dataset;
    let name = name(dataset, position);
    let stock = ids::stock(order.location);
    let open = match order.state {
        WorkState::Draft => "draft",
        WorkState::Cancelled => "cancel",
        WorkState::Confirmed | WorkState::InProgress | WorkState::Done => "confirmed",
    };
    let finished = (order.product, order.milli_produced, order.milli_quantity, true);
    let components = order.components.iter();
    let raw =
        components.map(|component| (component.product, component.milli_consumed, component.milli_quantity, false));
    for (product, moved, wanted, made) in raw.chain([finished]) {
        for (state, milli) in [("done", moved), (open, wanted - moved)] {
            if milli <= 0 {
                continue;
            }
            let (from, to) = if made { (ids::PRODUCTION, stock) } else { (stock, ids::PRODUCTION) };
            let order_id = id(position);
            let step = Step {
                product,
                state,
                demand: milli,
                from,
                to,
                picking: None,
                origin: &name,
                reference: &name,
                warehouse: ids::warehouse(order.location),
                purchase_line: None,
                sale_line: None,
                produces: made.then_some(order_id),
                consumes: (!made).then_some(order_id),
                date: if state == "done" { order.updated } else { order.planned_start },
                created: order.created,
                updated: order.updated,
                sequence: 10,
            };
            step.write(books, next, &[(None, milli)])?;
        }
    }
    Ok(())
}
