//! Goods that move, lie and are made.

use super::{Check, Names, milli, parts, shown};
use crate::support::{Case, records, skipped};
use adapters::model::{EntityType as E, Record, Value};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use simulators::{
    System,
    dataset::{Dataset, MoveLine, MoveState, WorkState},
};
use std::collections::{BTreeMap, HashMap};

/// A receipt or a shipment.
struct Moved {
    status: &'static str,
    party: String,
    /// Date, party, and total of the order.
    order: String,
    done: String,
    tracking: String,
    lines: Vec<[String; 4]>,
}

impl Moved {
    fn key(&self) -> String {
        let goods: Vec<_> =
            self.lines.iter().map(|[product, quantity, ..]| format!("{quantity} × {product}")).collect();
        format!("{} {} for {} {}: {}", self.status, self.done, self.party, self.order, goods.join(", "))
    }

    fn lots(&self) -> String {
        let lots: Vec<_> = self.lines.iter().map(|[_, _, lot, _]| lot.as_str()).collect();
        format!("{} | {}", self.key(), lots.join(", "))
    }

    fn order_lines(&self) -> String {
        let lines: Vec<_> = self.lines.iter().map(|[_, _, _, line]| line.as_str()).collect();
        format!("{} | {}", self.key(), lines.join(", "))
    }
}

fn state(state: MoveState) -> &'static str {
    match state {
        MoveState::Draft => "DRAFT",
        MoveState::Ready => "READY",
        MoveState::Done => "DONE",
        MoveState::Cancelled => "CANCELLED",
    }
}

fn lines(dataset: &Dataset, lines: &[MoveLine]) -> Vec<[String; 4]> {
    let line = |line: &MoveLine| {
        [
            dataset.products[line.product].sku.clone(),
            milli(line.milli_quantity),
            line.lot.clone().unwrap_or_default(),
            (line.order_line + 1).to_string(),
        ]
    };
    lines.iter().map(line).collect()
}

/// The orders that movements fulfil: what is shown of them, and the numbers of their lines.
struct Orders {
    shown: HashMap<adapters::model::RemoteRef, String>,
    lines: HashMap<(adapters::model::RemoteRef, String), String>,
}

impl Orders {
    async fn of(target: &Case, entity: E) -> Self {
        let (mut shown_ones, mut lines) = (HashMap::new(), HashMap::new());
        for order in records(target, entity).await {
            let of = crate::support::reference(&order);
            for line in parts(&order, "lines") {
                lines.insert((of.clone(), shown(line.get("remoteId"))), shown(line.get("lineNumber")));
            }
            let text = format!("{} {}", shown(order.named("orderDate")), shown(order.named("total")));
            shown_ones.insert(of, text);
        }
        Self { shown: shown_ones, lines }
    }
}

/// When it was done: Business One keeps the day only.
fn done(system: System, zone: &str, done: Option<DateTime<Utc>>, day: NaiveDate) -> String {
    match system {
        System::SapB1 => {
            let zone: chrono_tz::Tz = zone.parse().expect("a zone");
            let start = day.and_time(chrono::NaiveTime::MIN).and_local_timezone(zone).earliest().expect("a moment");
            start.to_utc().to_rfc3339()
        }
        _ => done.map(|at| chrono::SubsecRound::trunc_subsecs(at, 0).to_rfc3339()).unwrap_or_default(),
    }
}

fn read(names: &Names, orders: &Orders, record: &Record, fields: [&str; 3], party: E) -> Moved {
    let [party_field, order, at] = fields;
    let status = match record.named("status") {
        Value::Enum(word) => *word,
        other => panic!("{other:?}"),
    };
    let of = match record.named(order) {
        Value::Ref(of) => Some(of.clone()),
        _ => None,
    };
    let line = |line: &super::Part<'_>| {
        let place = of.clone().and_then(|of| orders.lines.get(&(of, shown(line.get("orderLine")))));
        [
            names.name(E::Product, line.get("product")),
            shown(line.get("quantity")),
            shown(line.get("lot")),
            place.cloned().unwrap_or_default(),
        ]
    };
    Moved {
        status,
        party: names.name(party, record.named(party_field)),
        order: of
            .as_ref()
            .map(|of| orders.shown.get(of).cloned().unwrap_or_else(|| format!("{of:?}")))
            .unwrap_or_default(),
        done: shown(record.named(at)),
        tracking: record.def().id_of("trackingNumber").map(|id| shown(record.get(id))).unwrap_or_default(),
        lines: parts(record, "lines").iter().map(line).collect(),
    }
}

/// Business One shows what has moved, and what was called off afterwards; what is planned is a draft elsewhere.
fn kept(system: System, of: MoveState) -> bool {
    system != System::SapB1 || matches!(of, MoveState::Done | MoveState::Cancelled)
}

pub(crate) async fn receipts(target: Case) {
    let Some(mut check) = Check::of(&target, E::Receipt) else { return };
    let (dataset, system) = (target.dataset(), check.system());
    let names = Names::of(&target, &[(E::Vendor, "name"), (E::Product, "sku")]).await;
    let orders = Orders::of(&target, E::PurchaseOrder).await;
    let story = dataset.receipts.iter().filter(|receipt| kept(system, receipt.state)).map(|receipt| {
        let order = &dataset.purchase_orders[receipt.order];
        Moved {
            status: state(receipt.state),
            party: dataset.vendors[receipt.vendor].name.clone(),
            order: format!("{} {}", order.date, super::cents(order.totals.total)),
            done: done(system, dataset.company.time_zone, receipt.done, receipt.date),
            tracking: String::new(),
            lines: lines(&dataset, &receipt.lines),
        }
    });
    let story: Vec<_> = story.collect();
    let found = records(&target, E::Receipt).await;
    let fields = ["vendor", "purchaseOrder", "receivedAt"];
    let found: Vec<_> = found.iter().map(|record| read(&names, &orders, record, fields, E::Vendor)).collect();
    check.same("receipts", story.iter().map(Moved::key), found.iter().map(Moved::key));
    check.same("lots", story.iter().map(Moved::lots), found.iter().map(Moved::lots));
    check.same("lines of the order", story.iter().map(Moved::order_lines), found.iter().map(Moved::order_lines));
    check.end();
}

pub(crate) async fn shipments(target: Case) {
    let Some(mut check) = Check::of(&target, E::Shipment) else { return };
    let (dataset, system) = (target.dataset(), check.system());
    let names = Names::of(&target, &[(E::Customer, "name"), (E::Product, "sku")]).await;
    let orders = Orders::of(&target, E::SalesOrder).await;
    let story = dataset.shipments.iter().filter(|shipment| kept(system, shipment.state)).map(|shipment| {
        let order = &dataset.orders[shipment.order];
        Moved {
            status: state(shipment.state),
            party: dataset.customers[shipment.customer].name.clone(),
            order: format!("{} {}", order.date, super::cents(order.totals.total)),
            done: done(system, dataset.company.time_zone, shipment.done, shipment.date),
            tracking: shipment.tracking.clone().unwrap_or_default(),
            lines: lines(&dataset, &shipment.lines),
        }
    });
    let story: Vec<_> = story.collect();
    let found = records(&target, E::Shipment).await;
    let fields = ["customer", "salesOrder", "shippedAt"];
    let found: Vec<_> = found.iter().map(|record| read(&names, &orders, record, fields, E::Customer)).collect();
    check.same("shipments", story.iter().map(Moved::key), found.iter().map(Moved::key));
    check.same("lots", story.iter().map(Moved::lots), found.iter().map(Moved::lots));
    check.same("lines of the order", story.iter().map(Moved::order_lines), found.iter().map(Moved::order_lines));
    let tracking = |moved: &Moved| format!("{} | {}", moved.key(), moved.tracking);
    check.same("trackingNumber", story.iter().map(tracking), found.iter().map(tracking));
    check.end();
}

/// What lies where, and that it adds up to what the product says.
pub(crate) async fn stock_levels(target: Case) {
    let Some(mut check) = Check::of(&target, E::StockLevel) else { return };
    let (dataset, system) = (target.dataset(), check.system());
    let names = Names::of(&target, &[(E::Product, "sku")]).await;
    let found = records(&target, E::StockLevel).await;
    // What lies in several lots of a place is several records.
    let mut levels: BTreeMap<(String, String), [Decimal; 3]> = BTreeMap::new();
    for record in &found {
        let location = shown(record.named("location"));
        let known =
            dataset.locations.iter().find(|of| location == of.code || location.starts_with(&format!("{}/", of.code)));
        let place = known.map_or(location.as_str(), |of| of.code).to_owned();
        let level = levels.entry((names.name(E::Product, record.named("product")), place)).or_default();
        for (sum, field) in level.iter_mut().zip(["onHand", "reserved", "available"]) {
            *sum += record.named(field).as_decimal().unwrap_or_default();
        }
    }
    // What is nowhere is a record in some systems and none in others.
    levels.retain(|_, level| level.iter().any(|quantity| !quantity.is_zero()));
    let mut story: BTreeMap<(String, String), [Decimal; 3]> = BTreeMap::new();
    // QuickBooks counts whole pieces only: what is sold by weight or length is not kept in stock there.
    let products = records(&target, E::Product).await;
    let stocked = |sku: &str| {
        let of = products.iter().find(|product| product.named("sku").as_text() == Some(sku));
        of.is_some_and(|product| *product.named("kind") == Value::Enum("STOCKED"))
    };
    for level in dataset.stock.iter().filter(|level| stocked(&dataset.products[level.product].sku)) {
        let place = if system == System::QuickBooks { "" } else { dataset.locations[level.location].code };
        let sums = story.entry((dataset.products[level.product].sku.clone(), place.to_owned())).or_default();
        // Business One commits what open orders need, whether it is there or not.
        let promised = if system == System::SapB1 { level.demanded } else { level.reserved };
        for (sum, quantity) in sums.iter_mut().zip([level.on_hand, promised, level.on_hand - promised]) {
            *sum += Decimal::new(quantity, 3);
        }
    }
    let shown_level = |wanted: usize| {
        move |((product, place), level): (&(String, String), &[Decimal; 3])| {
            format!("{product} in {place}: {}", super::number(level[wanted]))
        }
    };
    let there = |wanted: usize| move |(_, level): &(&(String, String), &[Decimal; 3])| !level[wanted].is_zero();
    for (at, aspect) in ["onHand", "reserved", "available"].into_iter().enumerate() {
        if system == System::QuickBooks && at > 0 {
            check.lacks(aspect, "what is promised is not kept", super::all(&found, aspect));
            continue;
        }
        let story = story.iter().filter(there(at)).map(shown_level(at));
        check.same(aspect, story, levels.iter().filter(there(at)).map(shown_level(at)));
    }
    if system == System::QuickBooks {
        check.lacks("location", "there is one quantity for the company", super::all(&found, "location"));
    }
    let mut sums: BTreeMap<String, Decimal> = BTreeMap::new();
    levels.iter().for_each(|((product, _), level)| *sums.entry(product.clone()).or_default() += level[0]);
    let available = products.iter().map(|product| {
        (shown(product.named("sku")), product.named("quantityAvailable").as_decimal().unwrap_or_default())
    });
    let line = |(product, quantity): (String, Decimal)| format!("{product}: {}", super::number(quantity));
    let some = |(_, quantity): &(String, Decimal)| !quantity.is_zero();
    check.same("sum over all places", available.filter(some).map(line), sums.into_iter().filter(some).map(line));
    check.end();
}

pub(crate) async fn work_orders(target: Case) {
    let Some(mut check) = Check::of(&target, E::WorkOrder) else { return };
    let (dataset, system) = (target.dataset(), check.system());
    let names = Names::of(&target, &[(E::Product, "sku"), (E::ErpUser, "name")]).await;
    let found = records(&target, E::WorkOrder).await;
    let status = |order: &simulators::dataset::WorkOrder| match order.state {
        WorkState::Draft => "DRAFT",
        // Business One has one word for both.
        WorkState::InProgress if system == System::SapB1 && order.milli_produced == 0 => "CONFIRMED",
        WorkState::Confirmed => "CONFIRMED",
        WorkState::InProgress => "IN_PROGRESS",
        WorkState::Done => "DONE",
        WorkState::Cancelled => "CANCELLED",
    };
    let zone: chrono_tz::Tz = dataset.company.time_zone.parse().expect("a zone");
    let moment = |at: Option<DateTime<Utc>>| {
        at.map(|at| done(system, dataset.company.time_zone, Some(at), at.with_timezone(&zone).date_naive()))
    };
    let story = dataset.work_orders.iter().map(|order| {
        let product = &dataset.products[order.product].sku;
        let deadline =
            if system == System::SapB1 { order.deadline.or(Some(order.planned_start)) } else { order.deadline };
        format!(
            "{} {} of {} × {product} from {} to {}",
            status(order),
            milli(order.milli_produced),
            milli(order.milli_quantity),
            moment(Some(order.planned_start)).unwrap_or_default(),
            moment(deadline).unwrap_or_default()
        )
    });
    let read = found.iter().map(|record| {
        let text = |name: &str| shown(record.named(name));
        let product = names.name(E::Product, record.named("product"));
        format!(
            "{} {} of {} × {product} from {} to {}",
            text("status"),
            text("quantityProduced"),
            text("quantity"),
            text("plannedStart"),
            text("deadline")
        )
    });
    check.same("work orders", story, read);
    if system == System::SapB1 {
        skipped(&target, "work orders have no assignee: who entered one is not who does it");
    } else {
        let who = |order: &simulators::dataset::WorkOrder| {
            order.assignee.map(|at| dataset.users[at].name.to_owned()).unwrap_or_default()
        };
        let found = found.iter().map(|record| names.name(E::ErpUser, record.named("assignee")));
        check.same("assignee", dataset.work_orders.iter().map(who), found);
    }
    check.end();
}
