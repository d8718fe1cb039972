//! Purchase orders, bills, outgoing payments.

use std::collections::BTreeMap;

use super::*;

#[test]
fn purchase_orders_agree_with_their_receipts_and_bills() {
    for dataset in stories(2000) {
        let mut received: BTreeMap<(usize, usize), i64> = BTreeMap::new();
        for receipt in &dataset.receipts {
            let order = &dataset.purchase_orders[receipt.order];
            assert_eq!((receipt.vendor, receipt.location), (order.vendor, order.location));
            assert!(receipt.date >= order.date && !receipt.lines.is_empty());
            for line in receipt.lines.iter().filter(|_| receipt.state == MoveState::Done) {
                assert_eq!(Some(line.product), order.lines[line.order_line].product);
                *received.entry((receipt.order, line.order_line)).or_default() += line.milli_quantity;
            }
        }
        let mut billed: BTreeMap<(usize, usize), i64> = BTreeMap::new();
        for bill in dataset.bills.iter().filter(|bill| bill.kind == BillKind::Bill && bill.state != PostState::Void) {
            for (order, line) in
                bill.order.into_iter().flat_map(|order| bill.lines.iter().map(move |line| (order, line)))
            {
                assert_eq!(bill.vendor, dataset.purchase_orders[order].vendor);
                *billed.entry((order, line.order_line.unwrap())).or_default() += line.milli_quantity;
            }
        }
        for (position, order) in dataset.purchase_orders.iter().enumerate() {
            assert_eq!(order.totals, Totals::of_purchase(&order.lines));
            assert!(order.updated >= order.created);
            let sum = |count: &dyn Fn(&PurchaseLine) -> i64| order.lines.iter().map(count).sum::<i64>();
            let ordered = sum(&|line| line.milli_quantity);
            let (came, paid_for) = (sum(&|line| line.milli_received), sum(&|line| line.milli_billed));
            match order.state {
                PurchaseState::Draft | PurchaseState::Pending | PurchaseState::Open | PurchaseState::Cancelled => {
                    assert_eq!((came, paid_for), (0, 0));
                }
                PurchaseState::PartlyReceived => assert!(came > 0 && came < ordered),
                PurchaseState::Received => assert!(came == ordered && paid_for < came),
                PurchaseState::Billed => assert!(came == ordered && paid_for == came),
                PurchaseState::Closed => assert!(came > 0),
            }
            for (at, line) in order.lines.iter().enumerate() {
                assert_eq!(received.get(&(position, at)).copied().unwrap_or_default(), line.milli_received);
                assert_eq!(billed.get(&(position, at)).copied().unwrap_or_default(), line.milli_billed);
                assert!(line.milli_billed <= line.milli_received && line.milli_received <= line.milli_quantity);
            }
        }
        for state in [
            PurchaseState::Draft,
            PurchaseState::Pending,
            PurchaseState::Open,
            PurchaseState::PartlyReceived,
            PurchaseState::Received,
            PurchaseState::Billed,
            PurchaseState::Closed,
            PurchaseState::Cancelled,
        ] {
            assert!(dataset.purchase_orders.iter().any(|order| order.state == state), "{state:?}");
        }
        let mut done: BTreeMap<usize, usize> = BTreeMap::new();
        for receipt in dataset.receipts.iter().filter(|receipt| receipt.state == MoveState::Done) {
            *done.entry(receipt.order).or_default() += 1;
        }
        println!("{} receipts for {} orders", done.values().sum::<usize>(), done.len());
        assert!(done.values().filter(|receipts| **receipts > 1).count() > 10, "some come in parts");
        assert!(dataset.purchase_orders.iter().any(|order| order.lines.len() > 4));
    }
}

#[test]
fn bills_and_what_was_paid_of_them_add_up() {
    for dataset in stories(2000) {
        let mut settled: BTreeMap<usize, Cents> = BTreeMap::new();
        for payment in &dataset.vendor_payments {
            assert!(payment.unallocated() >= 0);
            assert!(payment.state == PostState::Posted || payment.allocations.is_empty());
            for allocation in &payment.allocations {
                let bill = &dataset.bills[allocation.bill];
                assert_eq!((bill.vendor, bill.currency), (payment.vendor, payment.currency));
                assert!(payment.date >= bill.date && payment.date <= dataset.today);
                *settled.entry(allocation.bill).or_default() += allocation.amount;
            }
        }
        for credit in &dataset.bills {
            for allocation in &credit.allocations {
                assert_eq!((credit.kind, credit.corrects), (BillKind::VendorCredit, Some(allocation.bill)));
                assert!(credit.date >= dataset.bills[allocation.bill].date);
                *settled.entry(allocation.bill).or_default() += allocation.amount;
            }
        }
        for (position, bill) in dataset.bills.iter().enumerate() {
            assert_eq!(bill.totals, Totals::of_purchase(&bill.lines));
            assert!(bill.date <= dataset.today && bill.updated >= bill.created);
            let paid = match bill.kind {
                BillKind::Bill => settled.get(&position).copied().unwrap_or_default(),
                BillKind::VendorCredit => bill.allocations.iter().map(|allocation| allocation.amount).sum(),
            };
            assert_eq!(bill.paid, paid);
            assert_eq!(bill.balance, if bill.state == PostState::Void { 0 } else { bill.totals.total - paid });
            assert!(bill.balance >= 0 && (bill.state == PostState::Posted || paid == 0));
        }
        let count = |test: &dyn Fn(&Bill) -> bool| dataset.bills.iter().filter(|bill| test(bill)).count();
        assert!(count(&|bill| bill.kind == BillKind::VendorCredit && bill.balance > 0) > 3);
        assert!(count(&|bill| bill.state == PostState::Posted && bill.balance == 0) > 100);
        assert!(count(&|bill| bill.paid > 0 && bill.balance > 0) > 3, "partly paid");
        assert!(
            count(&|bill| bill.state == PostState::Posted && bill.paid == 0 && bill.due < dataset.today) > 3,
            "overdue"
        );
        assert!(count(&|bill| bill.state == PostState::Void) > 0);
        assert_eq!(count(&|bill| bill.state == PostState::Draft) > 0, dataset.company.drafts);
        for currency in dataset.company.currencies() {
            assert!(count(&|bill| bill.currency == currency) > 3, "{currency:?}");
        }
        let several = dataset.vendor_payments.iter().filter(|payment| payment.allocations.len() > 1).count();
        assert!(several > 10 && dataset.vendor_payments.iter().any(|payment| payment.unallocated() > 0));
    }
}

#[test]
fn no_two_parties_share_a_name() {
    for dataset in stories(2000) {
        let customers = dataset.customers.iter().map(|customer| &customer.name);
        let names: HashSet<_> = customers.chain(dataset.vendors.iter().map(|vendor| &vendor.name)).collect();
        assert_eq!(names.len(), dataset.customers.len() + dataset.vendors.len());
        assert!(dataset.vendors.iter().any(|vendor| !vendor.active));
    }
}
