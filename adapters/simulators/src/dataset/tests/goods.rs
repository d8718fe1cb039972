//! Stock, shipments, receipts, production.

use std::collections::BTreeMap;

use super::*;

/// What moved in and out of each place, by day.
fn moves(dataset: &Dataset) -> BTreeMap<(usize, usize), Vec<(NaiveDate, i64)>> {
    let mut moves: BTreeMap<(usize, usize), Vec<(NaiveDate, i64)>> = BTreeMap::new();
    let mut add =
        |product, location, date, quantity| moves.entry((product, location)).or_default().push((date, quantity));
    for shipment in dataset.shipments.iter().filter(|shipment| shipment.state == MoveState::Done) {
        for line in &shipment.lines {
            add(line.product, shipment.location, shipment.date, -line.milli_quantity);
        }
    }
    for receipt in dataset.receipts.iter().filter(|receipt| receipt.state == MoveState::Done) {
        for line in &receipt.lines {
            add(line.product, receipt.location, receipt.date, line.milli_quantity);
        }
    }
    for work in &dataset.work_orders {
        add(work.product, work.location, work.date, work.milli_produced);
        for component in &work.components {
            add(component.product, work.location, work.date, -component.milli_consumed);
        }
    }
    moves
}

#[test]
fn what_is_on_hand_is_what_came_in_less_what_went_out_and_never_less_than_nothing() {
    for dataset in stories(2000) {
        let mut moves = moves(&dataset);
        let mut all: BTreeMap<usize, i64> = BTreeMap::new();
        for level in &dataset.stock {
            assert!(level.opening >= 0, "{level:?}");
            let mut moves = moves.remove(&(level.product, level.location)).unwrap_or_default();
            moves.sort_unstable();
            let mut on_hand = level.opening;
            for day in moves.chunk_by(|(one, _), (other, _)| one == other) {
                assert!(day[0].0 >= Calendar::new(dataset.today).start && day[0].0 <= dataset.today);
                on_hand += day.iter().map(|(_, quantity)| quantity).sum::<i64>();
                assert!(on_hand >= 0, "{} {level:?} {}", dataset.company.name, day[0].0);
            }
            assert_eq!(on_hand, level.on_hand);
            assert_eq!(level.opening + level.received - level.shipped + level.produced - level.consumed, level.on_hand);
            assert!(level.reserved >= 0 && level.reserved <= level.on_hand && level.reserved <= level.demanded);
            assert!(level.awaited >= 0);
            *all.entry(level.product).or_default() += level.on_hand;
        }
        assert!(moves.values().flatten().all(|(_, quantity)| *quantity == 0), "services do not move");
        for (position, product) in dataset.products.iter().enumerate() {
            let expected = (product.kind == ProductKind::Goods).then_some(product.in_stock * 1000);
            assert_eq!(all.get(&position).copied(), expected);
        }
        assert!(dataset.stock.iter().any(|level| level.demanded > level.reserved), "some wait for goods");
        assert!(dataset.stock.iter().filter(|level| level.received > 0).count() * 3 > dataset.stock.len());
    }
}

#[test]
fn shipments_are_what_the_orders_say_is_delivered() {
    for dataset in stories(2000) {
        let mut shipped: BTreeMap<(usize, usize), i64> = BTreeMap::new();
        let mut waiting: BTreeMap<(usize, usize), i64> = BTreeMap::new();
        for shipment in &dataset.shipments {
            let order = &dataset.orders[shipment.order];
            assert_eq!(shipment.customer, order.customer);
            assert_eq!(shipment.done.is_some(), shipment.state == MoveState::Done);
            assert!(shipment.updated >= shipment.created && !shipment.lines.is_empty());
            for line in &shipment.lines {
                assert_eq!(line.product, order.lines[line.order_line].product);
                let lines = match shipment.state {
                    MoveState::Done => &mut shipped,
                    MoveState::Draft | MoveState::Ready => &mut waiting,
                    MoveState::Cancelled => continue,
                };
                assert!(line.milli_quantity > 0);
                *lines.entry((shipment.order, line.order_line)).or_default() += line.milli_quantity;
            }
            if let Some(invoice) = order.invoice.filter(|_| shipment.state == MoveState::Done) {
                assert!(shipment.date >= order.date && shipment.date <= dataset.invoices[invoice].date);
            }
        }
        for (position, order) in dataset.orders.iter().enumerate() {
            for (at, line) in order.lines.iter().enumerate() {
                let goods = dataset.products[line.product].kind == ProductKind::Goods;
                let delivered = shipped.get(&(position, at)).copied().unwrap_or_default();
                assert_eq!(delivered, if goods { line.milli_delivered } else { 0 });
                let open = matches!(order.state, OrderState::Confirmed | OrderState::PartlyDelivered);
                let rest = if open && goods { line.milli_quantity - line.milli_delivered } else { 0 };
                assert_eq!(waiting.get(&(position, at)).copied().unwrap_or_default(), rest);
                // No more is invoiced than delivered.
                assert!(dataset.milli_invoiced(order, at) <= line.milli_delivered);
            }
        }
        let of_order = |order| dataset.shipments.iter().filter(|shipment| shipment.order == order).count();
        assert!((0..dataset.orders.len()).filter(|order| of_order(*order) > 1).count() > 20, "some go in parts");
        for state in [MoveState::Draft, MoveState::Ready, MoveState::Done, MoveState::Cancelled] {
            assert!(dataset.shipments.iter().any(|shipment| shipment.state == state), "{state:?}");
        }
        assert!(dataset.shipments.iter().any(|shipment| shipment.tracking.is_some()));
    }
}

#[test]
fn every_lot_comes_in_before_it_goes_out() {
    for dataset in stories(2000) {
        let mut lots: BTreeMap<(usize, usize, &str), i64> = BTreeMap::new();
        let opening = dataset.stock.iter().filter(|level| dataset.has_lots(level.product));
        lots.extend(opening.map(|level| ((level.product, level.location, "L0000-00000"), level.opening)));
        for (done, place, lines, sign) in dataset
            .receipts
            .iter()
            .map(|receipt| (receipt.done, receipt.location, &receipt.lines, 1))
            .chain(dataset.shipments.iter().map(|shipment| (shipment.done, shipment.location, &shipment.lines, -1)))
        {
            for line in lines {
                assert_eq!(line.lot.is_some(), done.is_some() && dataset.has_lots(line.product));
                if let Some(lot) = &line.lot {
                    *lots.entry((line.product, place, lot)).or_default() += sign * line.milli_quantity;
                }
            }
        }
        lots.retain(|_, left| *left != 0);
        let left = dataset.lots.iter().map(|lot| ((lot.product, lot.location, &*lot.lot), lot.milli_on_hand));
        assert_eq!(lots, left.collect());
        assert!(dataset.lots.len() > 3);
    }
}

#[test]
fn work_orders_take_what_their_recipe_says() {
    for dataset in stories(2000) {
        for work in &dataset.work_orders {
            let recipe = dataset.recipe(work.product).unwrap();
            assert!(work.milli_produced <= work.milli_quantity && work.updated >= work.created);
            assert_eq!(work.done.is_some(), work.state == WorkState::Done);
            assert_eq!(work.state == WorkState::Done, work.milli_produced == work.milli_quantity);
            assert!(work.state == WorkState::InProgress || work.state == WorkState::Done || work.milli_produced == 0);
            assert!(work.planned_start >= work.created);
            for (component, ingredient) in work.components.iter().zip(&recipe.components) {
                assert_eq!(component.product, ingredient.product);
                assert_eq!(component.milli_quantity, work.milli_quantity * ingredient.milli_quantity / 1000);
            }
        }
        for state in
            [WorkState::Draft, WorkState::Confirmed, WorkState::InProgress, WorkState::Done, WorkState::Cancelled]
        {
            assert!(dataset.work_orders.iter().any(|work| work.state == state), "{state:?}");
        }
    }
}
