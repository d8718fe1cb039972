//! The general ledger.

use std::collections::BTreeMap;

use super::*;

/// What is left on an account for each party, debits positive; without those that are even.
fn by_party(dataset: &Dataset, role: AccountRole) -> BTreeMap<Option<Party>, Cents> {
    let mut balances: BTreeMap<Option<Party>, Cents> = BTreeMap::new();
    for line in dataset.entries.iter().flat_map(|entry| &entry.lines) {
        if line.account == role.position() {
            *balances.entry(line.party).or_default() += line.balance();
        }
    }
    balances.retain(|_, balance| *balance != 0);
    balances
}

#[test]
fn every_entry_balances_and_stands_in_its_place() {
    for dataset in stories(2000) {
        for (role, account) in dataset.accounts.iter().enumerate() {
            assert_eq!(account.role.position(), role);
        }
        for entry in &dataset.entries {
            assert!(entry.lines.len() >= 2, "{entry:?}");
            assert_eq!(entry.lines.iter().map(EntryLine::balance).sum::<Cents>(), 0, "{entry:?}");
            let currency = entry.lines[0].currency;
            assert!(entry.lines.iter().all(|line| line.currency == currency));
            assert_eq!(entry.lines.iter().map(|line| line.foreign).sum::<Cents>(), 0, "{entry:?}");
            assert!(
                entry.lines.iter().all(|line| line.debit >= 0 && line.credit >= 0 && line.debit * line.credit == 0)
            );
            assert!(entry.date <= dataset.today && entry.date >= Calendar::new(dataset.today).start);
            if currency == dataset.company.currency {
                assert!(entry.lines.iter().all(|line| line.foreign == line.balance()));
            }
        }
        assert!(dataset.entries.is_sorted_by_key(|entry| entry.date));
        assert_eq!(dataset.entries[0].source, Source::Opening);
        let mut numbers = HashSet::new();
        assert!(dataset.entries.iter().all(|entry| numbers.insert((entry.journal, entry.date.year(), entry.sequence))));
        let mut sources = HashSet::new();
        let documents = dataset.entries.iter().filter(|entry| entry.source != Source::Manual);
        assert!(documents.into_iter().all(|entry| sources.insert(entry.source)), "no document is posted twice");
        for journal in Journal::ALL {
            assert!(dataset.entries.iter().any(|entry| entry.journal == journal), "{journal:?}");
        }
        for account in &dataset.accounts {
            let position = account.role.position();
            let posted = dataset.entries.iter().flat_map(|entry| &entry.lines).any(|line| line.account == position);
            let unused = matches!(account.role, AccountRole::OperatingExpenses | AccountRole::Disused)
                || account.role == AccountRole::InputTax && dataset.company == Company::CASCADE;
            assert_eq!(posted, !unused, "{account:?}");
        }
    }
}

#[test]
fn exactly_what_counts_is_posted() {
    for dataset in stories(2000) {
        let posted: HashSet<Source> = dataset.entries.iter().map(|entry| entry.source).collect();
        let is = |state| state == PostState::Posted;
        for (position, invoice) in dataset.invoices.iter().enumerate() {
            assert_eq!(posted.contains(&Source::Invoice(position)), is(invoice.state));
        }
        for (position, payment) in dataset.payments.iter().enumerate() {
            assert_eq!(posted.contains(&Source::Payment(position)), is(payment.state));
        }
        for (position, bill) in dataset.bills.iter().enumerate() {
            assert_eq!(posted.contains(&Source::Bill(position)), is(bill.state));
        }
        for (position, payment) in dataset.vendor_payments.iter().enumerate() {
            assert_eq!(posted.contains(&Source::VendorPayment(position)), is(payment.state));
        }
        for (position, receipt) in dataset.receipts.iter().enumerate() {
            assert_eq!(posted.contains(&Source::Receipt(position)), receipt.state == MoveState::Done);
        }
        for (position, shipment) in dataset.shipments.iter().enumerate() {
            assert_eq!(posted.contains(&Source::Shipment(position)), shipment.state == MoveState::Done);
        }
        for (position, work) in dataset.work_orders.iter().enumerate() {
            assert_eq!(posted.contains(&Source::WorkOrder(position)), work.milli_produced > 0);
        }
    }
}

#[test]
fn what_customers_owe_in_the_books_is_what_their_documents_leave_open() {
    for dataset in stories(2000) {
        let mut open: BTreeMap<Option<Party>, Cents> = BTreeMap::new();
        for invoice in dataset.invoices.iter().filter(|invoice| invoice.state == PostState::Posted) {
            let sign = if invoice.kind == InvoiceKind::Invoice { 1 } else { -1 };
            *open.entry(Some(Party::Customer(invoice.customer))).or_default() +=
                sign * invoice.rate.to_base(invoice.balance);
        }
        for payment in dataset.payments.iter().filter(|payment| payment.state == PostState::Posted) {
            *open.entry(Some(Party::Customer(payment.customer))).or_default() -=
                payment.rate.to_base(payment.unallocated());
        }
        open.retain(|_, balance| *balance != 0);
        assert!(open.len() > 10);
        assert_eq!(by_party(&dataset, AccountRole::Receivable), open);
    }
}

#[test]
fn what_is_owed_to_vendors_in_the_books_is_what_their_documents_leave_open() {
    for dataset in stories(2000) {
        let mut open: BTreeMap<Option<Party>, Cents> = BTreeMap::new();
        for bill in dataset.bills.iter().filter(|bill| bill.state == PostState::Posted) {
            let sign = if bill.kind == BillKind::Bill { -1 } else { 1 };
            *open.entry(Some(Party::Vendor(bill.vendor))).or_default() += sign * bill.rate.to_base(bill.balance);
        }
        for payment in dataset.vendor_payments.iter().filter(|payment| payment.state == PostState::Posted) {
            *open.entry(Some(Party::Vendor(payment.vendor))).or_default() +=
                payment.rate.to_base(payment.unallocated());
        }
        open.retain(|_, balance| *balance != 0);
        assert!(open.len() > 5);
        assert_eq!(by_party(&dataset, AccountRole::Payable), open);
    }
}

#[test]
fn settlements_are_the_allocations_and_leave_no_cent_behind() {
    for dataset in stories(2000) {
        let mut left: BTreeMap<usize, Cents> = BTreeMap::new();
        for settlement in &dataset.settlements {
            let invoice = &dataset.invoices[settlement.document];
            *left.entry(settlement.document).or_insert(invoice.rate.to_base(invoice.totals.total)) -=
                settlement.document_base;
            if invoice.rate == Rate::ONE {
                assert_eq!((settlement.document_base, settlement.exchange_difference()), (settlement.amount, 0));
            }
        }
        for (invoice, left) in left {
            let invoice = &dataset.invoices[invoice];
            assert_eq!(left, invoice.rate.to_base(invoice.balance));
        }
        let paid: usize = dataset.payments.iter().map(|payment| payment.allocations.len()).sum();
        let credited: usize = dataset.invoices.iter().map(|credit| credit.allocations.len()).sum();
        assert_eq!(dataset.settlements.len(), paid + credited);
        assert!(dataset.settlements.is_sorted_by_key(|settlement| settlement.date));
        let differences = dataset.settlements.iter().map(Settlement::exchange_difference);
        assert!(
            differences.clone().any(|difference| difference > 100) && differences.into_iter().any(|less| less < -100)
        );
    }
}

#[test]
fn what_lies_in_stock_is_worth_its_balance() {
    for dataset in stories(2000) {
        let worth: Cents = dataset.products.iter().map(|product| product.cost * product.in_stock).sum();
        assert_eq!(dataset.balance(AccountRole::Inventory.position()), worth);
        // Received and not billed, or billed by a draft.
        let mut billed: BTreeMap<(usize, usize), i64> = BTreeMap::new();
        for bill in dataset.bills.iter().filter(|bill| bill.state == PostState::Posted) {
            for (order, line) in
                bill.order.into_iter().flat_map(|order| bill.lines.iter().map(move |line| (order, line)))
            {
                *billed.entry((order, line.order_line.unwrap())).or_default() += line.milli_quantity;
            }
        }
        let mut unbilled = 0;
        for (position, order) in dataset.purchase_orders.iter().enumerate() {
            for (at, line) in order.lines.iter().enumerate() {
                let cost = i128::from(dataset.products[line.product.unwrap()].cost);
                let worth = |quantity: i64| crate::decimal::div_round(cost * i128::from(quantity), 1000);
                unbilled +=
                    worth(line.milli_received) - worth(billed.get(&(position, at)).copied().unwrap_or_default());
            }
        }
        assert!(unbilled > 0);
        assert_eq!(dataset.balance(AccountRole::Unbilled.position()), -unbilled);
    }
}

#[test]
fn the_bank_and_the_till_are_never_overdrawn() {
    for dataset in stories(2000) {
        for role in [AccountRole::Bank, AccountRole::Cash] {
            let mut balance = 0;
            for day in dataset.entries.chunk_by(|one, other| one.date == other.date) {
                let lines = day.iter().flat_map(|entry| &entry.lines);
                balance += lines.filter(|line| line.account == role.position()).map(EntryLine::balance).sum::<Cents>();
                assert!(balance >= 0, "{role:?} {}", day[0].date);
            }
        }
    }
}

#[test]
fn the_statements_are_those_of_a_company_that_can_live() {
    for dataset in stories(2000) {
        let mut classes: BTreeMap<AccountClass, Cents> = BTreeMap::new();
        for (account, balance) in dataset.accounts.iter().zip(dataset.balances()) {
            *classes.entry(account.kind.class()).or_default() += balance;
            println!(
                "{:6} {:14} {:>16}",
                account.code,
                format!("{:?}", account.role),
                crate::decimal::Dec::cents(balance)
            );
        }
        assert_eq!(classes.values().sum::<Cents>(), 0);
        let (revenue, expense) = (-classes[&AccountClass::Revenue], classes[&AccountClass::Expense]);
        println!("{} earns {revenue} and spends {expense}\n", dataset.company.name);
        assert!(revenue > 0 && expense > revenue / 2 && expense < revenue * 11 / 10);
        let codes: HashSet<_> = dataset.accounts.iter().map(|account| account.code).collect();
        assert_eq!(codes.len(), dataset.accounts.len());
    }
}

#[test]
fn every_line_says_what_it_is_for() {
    for dataset in stories(500) {
        let text = |entry: &Entry| dataset.line_text(entry, &entry.lines[entry.lines.len() - 1]).to_owned();
        let texts: HashSet<String> = dataset.entries.iter().map(text).collect();
        for expected in ["Bill", "Salaries", dataset.company.taxes[0].name, "Opening balance", "Exchange difference"] {
            assert!(texts.contains(expected), "{expected}");
        }
        assert!(texts.contains(&dataset.products[0].name) && !texts.contains("Entry"));
    }
}

#[test]
fn lines_have_dimensions_that_exist() {
    for dataset in stories(500) {
        let mut seen: HashSet<usize> = HashSet::new();
        for line in dataset.entries.iter().flat_map(|entry| &entry.lines) {
            seen.extend(line.dimensions.iter());
        }
        let active = (0..dataset.dimensions.len()).filter(|at| dataset.dimensions[*at].active);
        assert_eq!(seen, active.collect());
    }
}

#[test]
fn small_stories_hold_together_too() {
    for invoices in [0, 1, 7, 40] {
        for dataset in stories(invoices) {
            assert_eq!(dataset.invoices.len(), invoices);
            assert!(dataset.entries.iter().all(|entry| entry.lines.iter().map(EntryLine::balance).sum::<Cents>() == 0));
            assert!(dataset.stock.iter().all(|level| level.opening >= 0));
        }
    }
}
