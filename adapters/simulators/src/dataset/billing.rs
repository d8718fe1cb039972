//! Writes bills and vendor credits: for what came in, for what vendors sent straight to customers, and every month.

use std::collections::BTreeMap;

use chrono::{Datelike, Months, NaiveDate};

use super::{
    AccountRole, Bill, BillAllocation, BillKind, Calendar, Dataset, Dimensions, InvoiceKind, MoveState, PostState,
    ProductKind, Profile, PurchaseLine, PurchaseState, Totals, VendorTrade,
    calendar::{number, plus},
    dimensions,
    vendors::RECURRING,
};
use crate::{decimal::div_round, rng::Rng};

pub(super) fn generate(dataset: &mut Dataset, profile: &Profile, calendar: &Calendar) {
    let rng = Rng::keyed(profile.seed ^ profile.company.salt(), "bills", 0);
    let mut clerk = Clerk { calendar, drafts: profile.company.drafts, rng, bills: Vec::new() };
    clerk.received(dataset);
    clerk.sent_directly(dataset);
    clerk.every_month(dataset);
    clerk.bills.sort_by_key(|bill| bill.date);
    clerk.credits(dataset);
    let mut bills = clerk.bills;
    // Credits correct bills that stand before them; sorted once more, all keep that order, so positions can follow.
    let mut places: Vec<usize> = (0..bills.len()).collect();
    places.sort_by_key(|place| (bills[*place].date, *place));
    let mut moved = vec![0; bills.len()];
    for (to, from) in places.iter().enumerate() {
        moved[*from] = to;
    }
    for bill in &mut bills {
        bill.corrects = bill.corrects.map(|bill| moved[bill]);
        bill.allocations.iter_mut().for_each(|allocation| allocation.bill = moved[allocation.bill]);
    }
    bills.sort_by_key(|bill| bill.date);
    for kind in [BillKind::Bill, BillKind::VendorCredit] {
        number(bills.iter_mut().filter(|bill| bill.kind == kind), |bill| (bill.date, &mut bill.sequence));
    }
    dataset.bills = bills;
}

struct Clerk<'a> {
    calendar: &'a Calendar,
    drafts: bool,
    rng: Rng,
    bills: Vec<Bill>,
}

impl Clerk<'_> {
    /// Bills what came in of the purchase orders, all at once or receipt by receipt.
    fn received(&mut self, dataset: &mut Dataset) {
        let mut received: Vec<Vec<usize>> = vec![Vec::new(); dataset.purchase_orders.len()];
        for (position, receipt) in dataset.receipts.iter().enumerate() {
            if receipt.state == MoveState::Done {
                received[receipt.order].push(position);
            }
        }
        for (order, receipts) in received.into_iter().enumerate().filter(|(_, receipts)| !receipts.is_empty()) {
            let size = if self.rng.percent(40) { 1 } else { receipts.len() };
            for receipts in receipts.chunks(size) {
                self.bill_receipts(dataset, order, receipts);
            }
            let order = &mut dataset.purchase_orders[order];
            let billed = order.lines.iter().all(|line| line.milli_billed >= line.milli_received);
            match order.state {
                PurchaseState::Received if billed && self.rng.percent(15) => order.state = PurchaseState::Closed,
                PurchaseState::Received if billed => order.state = PurchaseState::Billed,
                _ => {}
            }
        }
    }

    fn bill_receipts(&mut self, dataset: &mut Dataset, position: usize, receipts: &[usize]) {
        let order = &dataset.purchase_orders[position];
        let last = receipts.iter().map(|receipt| dataset.receipts[*receipt].date).max().unwrap_or(order.date);
        let date = plus(last, self.rng.between(0, 9));
        // The bill has not come yet, or was lost.
        if date > self.calendar.today || self.rng.percent(2) {
            return;
        }
        let mut quantities: BTreeMap<usize, i64> = BTreeMap::new();
        for line in receipts.iter().flat_map(|receipt| &dataset.receipts[*receipt].lines) {
            *quantities.entry(line.order_line).or_default() += line.milli_quantity;
        }
        let dearer = self.rng.percent(6);
        let mut lines = Vec::with_capacity(quantities.len());
        for (order_line, milli_quantity) in &quantities {
            let ordered = &order.lines[*order_line];
            let price = if dearer { ordered.unit_price + (ordered.unit_price / 50).max(1) } else { ordered.unit_price };
            let taxes = dataset.company.purchase_taxes;
            lines.push(PurchaseLine {
                product: ordered.product,
                dimensions: ordered.dimensions,
                order_line: Some(*order_line),
                ..PurchaseLine::new(ordered.account, *milli_quantity, price, ordered.tax, taxes)
            });
        }
        let mut bill = self.bill(dataset, order.vendor, date, lines);
        bill.order = Some(position);
        let recent = (self.calendar.today - date).num_days() < 20;
        if recent && self.drafts && self.rng.percent(25) {
            bill.state = PostState::Draft;
        }
        let order = &mut dataset.purchase_orders[position];
        order.updated = order.updated.max(bill.created);
        for (order_line, milli_quantity) in quantities {
            order.lines[order_line].milli_billed += milli_quantity;
        }
        // Written down wrongly at first, and taken back.
        if self.rng.percent(2) && bill.state == PostState::Posted {
            self.bills.push(Bill { state: PostState::Void, balance: 0, note: Some("Duplicate"), ..bill.clone() });
        }
        self.bills.push(bill);
    }

    /// What invoices without an order sold never lay in stock: vendors sent it straight to the customers, and bill it
    /// at the end of the month.
    fn sent_directly(&mut self, dataset: &Dataset) {
        let first = RECURRING.len();
        let few = (dataset.invoices.len() / 250).clamp(3, dataset.vendors.len() - first);
        let mut sold: BTreeMap<(i32, u32, usize, usize), i64> = BTreeMap::new();
        for invoice in &dataset.invoices {
            if (invoice.kind, invoice.state, invoice.order) != (InvoiceKind::Invoice, PostState::Posted, None) {
                continue;
            }
            for line in &invoice.lines {
                if dataset.products[line.product].kind == ProductKind::Goods {
                    let vendor = dataset.vendor_of(line.product % few, invoice.date);
                    let month = (invoice.date.year(), invoice.date.month(), vendor, line.product);
                    *sold.entry(month).or_default() += line.milli_quantity;
                }
            }
        }
        let sold: Vec<_> = sold.into_iter().collect();
        for month in sold.chunk_by(|((year, month, vendor, _), _), (other, _)| {
            (*year, *month, *vendor) == (other.0, other.1, other.2)
        }) {
            let (year, number, vendor, _) = month[0].0;
            let Some(date) = NaiveDate::from_ymd_opt(year, number, 28).filter(|date| *date <= self.calendar.today)
            else {
                continue;
            };
            let rate = dataset.rate(dataset.vendors[vendor].currency, date);
            for sold in month.chunks(40) {
                let mut lines = Vec::with_capacity(sold.len());
                for ((.., product), milli_quantity) in sold {
                    let price = rate.from_base(dataset.products[*product].cost).max(1);
                    let account = AccountRole::CostOfSales.position();
                    let tax = dataset.purchase_tax(vendor, Some(*product));
                    lines.push(PurchaseLine {
                        product: Some(*product),
                        dimensions: Dimensions { cost_centre: Some(dimensions::SALES), project: None },
                        ..PurchaseLine::new(account, *milli_quantity, price, tax, dataset.company.purchase_taxes)
                    });
                }
                let bill = self.bill(dataset, vendor, date, lines);
                self.bills.push(bill);
            }
        }
    }

    /// Rent and the like, in proportion to what the company sells.
    fn every_month(&mut self, dataset: &Dataset) {
        let monthly = dataset.monthly_sales();
        for (vendor, trade) in RECURRING.into_iter().enumerate() {
            let (role, text, milli_share, day) = match trade {
                VendorTrade::Rent => (AccountRole::Rent, "Rent of hall and offices", 30, 1),
                VendorTrade::Energy => (AccountRole::Energy, "Electricity and heat", 12, 12),
                VendorTrade::Marketing => (AccountRole::Marketing, "Campaign", 15, 20),
                VendorTrade::Travel => (AccountRole::Travel, "Journeys", 8, 25),
                VendorTrade::Software | VendorTrade::Goods => (AccountRole::Software, "Licences and telephone", 10, 5),
            };
            let mut month = self.calendar.start;
            while let Some(next) = month.checked_add_months(Months::new(1)) {
                let date =
                    month.with_day(day).filter(|date| (self.calendar.start..=self.calendar.today).contains(date));
                month = next;
                if month > plus(self.calendar.today, 31) {
                    break;
                }
                let Some(date) = date else { continue };
                let wobble = if trade == VendorTrade::Rent { 100 } else { self.rng.between(60, 140) };
                let amount = (monthly * milli_share / 1000 * wobble / 100).max(5_000);
                let rate = dataset.rate(dataset.vendors[vendor].currency, date);
                let amount = rate.from_base(amount);
                let parts = [(dimensions::ADMINISTRATION, amount - amount / 3), (dimensions::PRODUCTION, amount / 3)];
                let project = (trade == VendorTrade::Marketing).then_some(dimensions::FAIR);
                let lines = parts.map(|(cost_centre, amount)| PurchaseLine {
                    text: Some(text),
                    dimensions: Dimensions { cost_centre: Some(cost_centre), project },
                    ..PurchaseLine::new(
                        role.position(),
                        1000,
                        amount,
                        dataset.purchase_tax(vendor, None),
                        dataset.company.purchase_taxes,
                    )
                });
                let bill = self.bill(dataset, vendor, date, lines.to_vec());
                self.bills.push(bill);
            }
        }
    }

    /// Takes back a part of some bills. Most settle that bill; the others stay open.
    fn credits(&mut self, dataset: &Dataset) {
        for corrected in 0..self.bills.len() {
            let date = plus(self.bills[corrected].date, self.rng.between(2, 30));
            if self.bills[corrected].state != PostState::Posted || date > self.calendar.today || !self.rng.percent(5) {
                continue;
            }
            let original = &self.bills[corrected];
            let taken = &original.lines[0];
            // A quarter of it, or nothing but a better price where it cannot be split.
            let quantity = (taken.milli_quantity / 4000 * 1000).max(1000).min(taken.milli_quantity);
            let price = (taken.unit_price / 2).max(1);
            // Nothing goes back: what a vendor credits for goods is a better price.
            let account = if taken.account == AccountRole::Unbilled.position() {
                AccountRole::PriceDifference.position()
            } else {
                taken.account
            };
            let line = PurchaseLine {
                product: taken.product,
                text: taken.text,
                dimensions: taken.dimensions,
                ..PurchaseLine::new(account, quantity, price, taken.tax, dataset.company.purchase_taxes)
            };
            let mut credit = self.bill(dataset, original.vendor, date, vec![line]);
            credit.kind = BillKind::VendorCredit;
            credit.due = date;
            credit.corrects = Some(corrected);
            let original = &mut self.bills[corrected];
            if self.rng.percent(70) {
                let used = credit.totals.total.min(original.balance);
                original.settle(used, credit.created);
                credit.settle(used, credit.created);
                credit.allocations.push(BillAllocation { bill: corrected, amount: used });
            }
            self.bills.push(credit);
        }
    }

    fn bill(&mut self, dataset: &Dataset, vendor: usize, date: NaiveDate, lines: Vec<PurchaseLine>) -> Bill {
        let totals = Totals::of_purchase(&lines);
        let created = self.calendar.stamp(&mut self.rng, date);
        let known = &dataset.vendors[vendor];
        Bill {
            kind: BillKind::Bill,
            state: PostState::Posted,
            sequence: 0,
            vendor,
            currency: known.currency,
            rate: dataset.rate(known.currency, date),
            date,
            due: plus(date, i64::from(known.payment_days)),
            reference: match self.rng.below(12) {
                0 => None,
                1 => Some(format!("Rg.-Nr. {}/{}", date.year(), self.rng.between(1, 9999))),
                _ => Some(format!("{:08}", self.rng.below(100_000_000))),
            },
            note: self.rng.percent(6).then(|| self.rng.pick(&["Skonto geprüft", "see contract § 4", "OK — \"AB\""])),
            lines,
            totals,
            paid: 0,
            balance: totals.total,
            order: None,
            corrects: None,
            allocations: Vec::new(),
            created,
            updated: created,
        }
    }
}

impl Dataset {
    /// What the company sells in a month on average, without tax, in the books' currency.
    pub(super) fn monthly_sales(&self) -> i64 {
        let sold = self.invoices.iter().filter(|invoice| invoice.state == PostState::Posted).map(|invoice| {
            let net = invoice.rate.to_base(invoice.totals.net);
            if invoice.kind == InvoiceKind::Invoice { net } else { -net }
        });
        div_round(i128::from(sold.sum::<i64>()), 24)
    }
}
