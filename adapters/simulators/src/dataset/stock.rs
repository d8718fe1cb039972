//! Keeps the stock: what must come in before it goes out, what is left, and from which lot it was taken.

use std::collections::{BTreeMap, VecDeque};

use chrono::NaiveDate;

use super::{
    Calendar, Dataset, LotLevel, MoveLine, MoveState, OrderState, ProductKind, PurchaseState, StockLevel, WorkState,
    calendar::plus,
};
use crate::rng::Rng;

/// What goes out of each place day by day, from which purchases and production are planned.
///
/// What is on hand in the end is fixed. So a day's stock is what goes out later plus that end, less what comes in
/// later: it stays above zero if everything that comes in is either needed by something that goes out later, or part of
/// what is left in the end. [`Needs::batches`] gives the one, [`Needs::spare`] the other.
pub(super) struct Needs {
    places: usize,
    out: Vec<Vec<(NaiveDate, i64)>>,
    spare: Vec<i64>,
}

/// A quantity that must be there in time.
#[derive(Clone, Copy)]
pub(super) struct Batch {
    pub(super) product: usize,
    pub(super) milli_quantity: i64,
    /// The first day on which some of it goes out.
    pub(super) needed: NaiveDate,
}

impl Needs {
    pub(super) fn of_shipments(dataset: &Dataset) -> Self {
        let places = dataset.locations.len();
        let slots = dataset.products.len() * places;
        let spare = (0..slots).map(|slot| on_hand(dataset, slot / places, slot % places)).collect();
        let mut needs = Self { places, out: vec![Vec::new(); slots], spare };
        for shipment in dataset.shipments.iter().filter(|shipment| shipment.state == MoveState::Done) {
            for line in &shipment.lines {
                needs.add(line.product, shipment.location, shipment.date, line.milli_quantity);
            }
        }
        needs
    }

    /// Some of a product goes out.
    pub(super) fn add(&mut self, product: usize, location: usize, date: NaiveDate, milli_quantity: i64) {
        self.out[product * self.places + location].push((date, milli_quantity));
    }

    /// What must come in for a product: about six weeks' need at a time. The rest was there when the story began.
    pub(super) fn batches(
        &mut self,
        dataset: &Dataset,
        calendar: &Calendar,
        rng: &mut Rng,
        product: usize,
        location: usize,
    ) -> Vec<Batch> {
        let out = &mut self.out[product * self.places + location];
        out.sort_unstable();
        let earliest = plus(calendar.start, 30);
        let mut batches = Vec::new();
        let mut rest = &out[..];
        while let Some((needed, _)) = rest.first().copied() {
            let end = plus(needed, rng.between(30, 60));
            let count = rest.partition_point(|(date, _)| *date <= end);
            let milli_quantity = whole(dataset, product, rest[..count].iter().map(|(_, quantity)| quantity).sum());
            rest = &rest[count..];
            if needed > earliest && milli_quantity > 0 && !rng.percent(10) {
                batches.push(Batch { product, milli_quantity, needed });
            }
        }
        batches
    }

    /// Takes from what is left in the end, up to a quantity, and says how much could be had.
    pub(super) fn spare(&mut self, product: usize, location: usize, wanted: i64) -> i64 {
        let spare = &mut self.spare[product * self.places + location];
        let taken = wanted.min(*spare);
        *spare -= taken;
        taken
    }
}

/// A quantity in whole pieces, if the product comes in pieces.
pub(super) fn whole(dataset: &Dataset, product: usize, milli_quantity: i64) -> i64 {
    if dataset.products[product].unit == "Units" { milli_quantity - milli_quantity % 1000 } else { milli_quantity }
}

/// A quarter of what there is lies in the second place.
fn on_hand(dataset: &Dataset, product: usize, location: usize) -> i64 {
    let all = dataset.products[product].in_stock;
    let elsewhere = all / 4;
    1000 * match location {
        0 => all - elsewhere,
        1 => elsewhere,
        _ => 0,
    }
}

pub(super) fn levels(dataset: &mut Dataset) {
    let places = dataset.locations.len();
    let mut levels: Vec<StockLevel> = (0..dataset.products.len() * places)
        .map(|slot| StockLevel { product: slot / places, location: slot % places, ..StockLevel::default() })
        .collect();
    let slot = |product: usize, location: usize| product * places + location;
    for shipment in &dataset.shipments {
        let order = &dataset.orders[shipment.order];
        let open = matches!(order.state, OrderState::Confirmed | OrderState::PartlyDelivered);
        for line in &shipment.lines {
            let level = &mut levels[slot(line.product, shipment.location)];
            match shipment.state {
                MoveState::Done => level.shipped += line.milli_quantity,
                MoveState::Draft | MoveState::Ready if open => level.demanded += line.milli_quantity,
                MoveState::Draft | MoveState::Ready | MoveState::Cancelled => {}
            }
        }
    }
    for receipt in dataset.receipts.iter().filter(|receipt| receipt.state == MoveState::Done) {
        for line in &receipt.lines {
            levels[slot(line.product, receipt.location)].received += line.milli_quantity;
        }
    }
    for order in &dataset.purchase_orders {
        if matches!(order.state, PurchaseState::Open | PurchaseState::PartlyReceived) {
            for (product, line) in order.lines.iter().filter_map(|line| Some((line.product?, line))) {
                levels[slot(product, order.location)].awaited += line.milli_quantity - line.milli_received;
            }
        }
    }
    for work in &dataset.work_orders {
        let open = matches!(work.state, WorkState::Confirmed | WorkState::InProgress);
        let level = &mut levels[slot(work.product, work.location)];
        level.produced += work.milli_produced;
        if open {
            level.awaited += work.milli_quantity - work.milli_produced;
        }
        for component in &work.components {
            let level = &mut levels[slot(component.product, work.location)];
            level.consumed += component.milli_consumed;
            if open {
                level.demanded += component.milli_quantity - component.milli_consumed;
            }
        }
    }
    levels.retain(|level| dataset.products[level.product].kind == ProductKind::Goods);
    for level in &mut levels {
        level.on_hand = on_hand(dataset, level.product, level.location);
        level.opening = level.on_hand - level.received + level.shipped - level.produced + level.consumed;
        level.reserved = level.demanded.min(level.on_hand);
    }
    dataset.stock = levels;
}

/// Names the lots that came in, and takes what goes out from the oldest.
pub(super) fn lots(dataset: &mut Dataset) {
    let mut lots: BTreeMap<(usize, usize), VecDeque<LotLevel>> = BTreeMap::new();
    for StockLevel { product, location, opening, .. } in dataset.stock.iter().copied() {
        if dataset.has_lots(product) {
            let opening = LotLevel { product, location, lot: "L0000-00000".to_owned(), milli_on_hand: opening };
            lots.insert((product, location), VecDeque::from([opening]));
        }
    }
    let mut receipts = std::mem::take(&mut dataset.receipts);
    let mut arriving = receipts.iter_mut().filter(|receipt| receipt.state == MoveState::Done).peekable();
    // Receipts and shipments are both sorted by date, and what came in on a day can leave on it.
    for shipment in dataset.shipments.iter_mut().filter(|shipment| shipment.state == MoveState::Done) {
        while let Some(receipt) = arriving.next_if(|receipt| receipt.date <= shipment.date) {
            arrive(&mut lots, receipt);
        }
        if shipment.lines.iter().any(|line| lots.contains_key(&(line.product, shipment.location))) {
            let location = shipment.location;
            let lines = std::mem::take(&mut shipment.lines);
            shipment.lines =
                lines.into_iter().flat_map(|line| pick(lots.get_mut(&(line.product, location)), line)).collect();
        }
    }
    arriving.for_each(|receipt| arrive(&mut lots, receipt));
    dataset.receipts = receipts;
    dataset.lots = lots.into_values().flatten().filter(|lot| lot.milli_on_hand > 0).collect();
}

fn arrive(lots: &mut BTreeMap<(usize, usize), VecDeque<LotLevel>>, receipt: &mut super::Receipt) {
    let year = receipt.date.format("%Y");
    for line in &mut receipt.lines {
        if let Some(shelf) = lots.get_mut(&(line.product, receipt.location)) {
            let lot = format!("L{year}-{:05}", receipt.sequence);
            line.lot = Some(lot.clone());
            let (product, location) = (line.product, receipt.location);
            shelf.push_back(LotLevel { product, location, lot, milli_on_hand: line.milli_quantity });
        }
    }
}

/// One line for each lot that a quantity is taken from.
fn pick(shelf: Option<&mut VecDeque<LotLevel>>, line: MoveLine) -> Vec<MoveLine> {
    let Some(shelf) = shelf else { return vec![line] };
    let mut lines = Vec::new();
    let mut left = line.milli_quantity;
    while let Some(lot) = shelf.front_mut().filter(|_| left > 0) {
        let taken = left.min(lot.milli_on_hand);
        if taken > 0 {
            lines.push(MoveLine { milli_quantity: taken, lot: Some(lot.lot.clone()), ..line });
        }
        left -= taken;
        lot.milli_on_hand -= taken;
        if lot.milli_on_hand == 0 {
            shelf.pop_front();
        }
    }
    lines
}
