//! What a bookkeeper writes by hand: the opening, salaries, the bank's loan, what machines lose in worth, taxes.

use std::collections::HashMap;

use chrono::{Datelike, Months, NaiveDate, NaiveTime};

use super::{
    AccountRole, Calendar, Dimensions, Entry, Journal, Source,
    calendar::plus,
    dimensions,
    posting::{Book, line, standard},
};
use crate::decimal::Cents;

/// What the till keeps at the end of a month.
const TILL: Cents = 200_000;

pub(super) fn generate(book: &mut Book<'_>, calendar: &Calendar) {
    // A company that hardly sells anything still pays somebody.
    let monthly = book.dataset.monthly_sales().max(1_000_000);
    let first = calendar.start.with_day(1).unwrap_or(calendar.start);
    let months: Vec<NaiveDate> = (0..=24).filter_map(|month| first.checked_add_months(Months::new(month))).collect();
    let gathered = Gathered::of(&book.entries);
    let mut keeper = Keeper { book, calendar };
    let debt = keeper.by_hand(monthly, &months);
    for month in months {
        keeper.pay_what_was_gathered(month, &gathered);
    }
    keeper.open(monthly, debt);
}

/// What documents posted on each account in each month, debits positive.
struct Gathered(HashMap<(usize, i32, u32), Cents>);

impl Gathered {
    fn of(entries: &[Entry]) -> Self {
        let mut sums: HashMap<(usize, i32, u32), Cents> = HashMap::new();
        for entry in entries {
            for line in &entry.lines {
                *sums.entry((line.account, entry.date.year(), entry.date.month())).or_default() += line.balance();
            }
        }
        Self(sums)
    }

    fn sum(&self, role: AccountRole, month: NaiveDate) -> Cents {
        self.0.get(&(role.position(), month.year(), month.month())).copied().unwrap_or_default()
    }
}

struct Keeper<'a, 'b> {
    book: &'a mut Book<'b>,
    calendar: &'a Calendar,
}

impl Keeper<'_, '_> {
    /// Salaries, loan, machines, prepaid expenses. Gives what was owed to the bank when the story began.
    fn by_hand(&mut self, monthly: Cents, months: &[NaiveDate]) -> Cents {
        use AccountRole as Role;
        let salaries = monthly * 18 / 100;
        let repaid = monthly / 20;
        let mut debt = monthly * 4;
        for (at, month) in months.iter().copied().enumerate() {
            let end = plus(month.checked_add_months(Months::new(1)).unwrap_or(month), -1);
            let centres = [
                (dimensions::SALES, salaries * 30 / 100),
                (dimensions::PRODUCTION, salaries * 35 / 100),
                (dimensions::SERVICE, salaries * 20 / 100),
                (dimensions::ADMINISTRATION, salaries * 15 / 100),
            ];
            let mut lines: Vec<_> =
                centres.map(|(centre, amount)| (Role::Salaries, amount, Some(centre))).into_iter().collect();
            lines.push((Role::Bank, -centres.iter().map(|(_, amount)| amount).sum::<Cents>(), None));
            self.write("Salaries", Journal::Bank, plus(month, 27), &lines);
            let interest = debt * 4 / 100 / 12;
            let lines =
                [(Role::Interest, interest, None), (Role::Loan, repaid, None), (Role::Bank, -interest - repaid, None)];
            if self.write("Loan: interest and repayment", Journal::Bank, end, &lines) {
                debt -= repaid;
            }
            let lost = monthly / 32;
            let lines = [(Role::Depreciation, lost, Some(dimensions::PRODUCTION)), (Role::WrittenOff, -lost, None)];
            self.write("Depreciation of machines", Journal::General, end, &lines);
            if at < 12 {
                let used = monthly / 200;
                let lines = [(Role::Software, used, Some(dimensions::ADMINISTRATION)), (Role::Prepaid, -used, None)];
                self.write("Share of the licences paid ahead", Journal::General, end, &lines);
            }
        }
        monthly * 4
    }

    /// Pays the taxes and the card of a month in the next one, and brings what is left in the till to the bank.
    fn pay_what_was_gathered(&mut self, month: NaiveDate, gathered: &Gathered) {
        use AccountRole as Role;
        let Some(next) = month.checked_add_months(Months::new(1)) else { return };
        let sum = |role: Role| gathered.sum(role, month);
        let (output, input, card) = (-sum(Role::OutputTax), sum(Role::InputTax), -sum(Role::CreditCard));
        let till = sum(Role::Cash);
        if output != 0 || input != 0 {
            let lines =
                [(Role::OutputTax, output, None), (Role::InputTax, -input, None), (Role::Bank, input - output, None)];
            self.write("Tax of the month before", Journal::Bank, plus(next, 9), &lines);
        }
        if card != 0 {
            let lines = [(Role::CreditCard, card, None), (Role::Bank, -card, None)];
            self.write("Card statement of the month before", Journal::Bank, plus(next, 4), &lines);
        }
        if till > 0 {
            let lines = [(Role::Bank, till, None), (Role::Cash, -till, None)];
            self.write("Till to the bank", Journal::Bank, plus(next, -1), &lines);
        }
    }

    /// What was there when the story began: goods as far as the story needs them, money so that the bank is never
    /// overdrawn, and the owners' share of it all.
    fn open(&mut self, monthly: Cents, debt: Cents) {
        use AccountRole as Role;
        let products = self.book.dataset.products.iter();
        let in_stock: Cents = products.map(|product| standard(product.cost, product.in_stock * 1000)).sum();
        let inventory = in_stock - self.lowest_and_last(Role::Inventory).1;
        let bank = monthly - self.lowest_and_last(Role::Bank).0;
        let till = TILL - self.lowest_and_last(Role::Cash).0;
        let machines = monthly * 3;
        let capital = 10_000_000;
        let mut lines = vec![
            (Role::Bank, bank, None),
            (Role::Cash, till, None),
            (Role::Inventory, inventory, None),
            (Role::Prepaid, monthly / 200 * 12, None),
            (Role::Machines, machines, None),
            (Role::WrittenOff, -machines / 4, None),
            (Role::Loan, -debt, None),
            (Role::Capital, -capital, None),
        ];
        lines.push((Role::RetainedEarnings, -lines.iter().map(|(_, amount, _)| amount).sum::<Cents>(), None));
        self.write("Opening balance", Journal::General, self.calendar.start, &lines);
        if let Some(mut opening) = self.book.entries.pop() {
            opening.source = Source::Opening;
            self.book.entries.insert(0, opening);
        }
    }

    /// The lowest balance of an account at the end of any day, at most 0, and the last one, without the opening.
    fn lowest_and_last(&self, role: AccountRole) -> (Cents, Cents) {
        let lines = |entry: &Entry| -> Cents {
            let lines = entry.lines.iter().filter(|line| line.account == role.position());
            lines.map(|line| line.balance()).sum()
        };
        let mut days: Vec<(NaiveDate, Cents)> =
            self.book.entries.iter().map(|entry| (entry.date, lines(entry))).filter(|(_, sum)| *sum != 0).collect();
        days.sort_unstable();
        let (mut lowest, mut balance) = (0, 0);
        for day in days.chunk_by(|(one, _), (other, _)| one == other) {
            balance += day.iter().map(|(_, amount)| amount).sum::<Cents>();
            lowest = lowest.min(balance);
        }
        (lowest, balance)
    }

    /// Writes an entry unless its day lies outside of the story, and says whether it did.
    fn write(
        &mut self,
        text: &'static str,
        journal: Journal,
        date: NaiveDate,
        lines: &[(AccountRole, Cents, Option<usize>)],
    ) -> bool {
        if date < self.calendar.start || date > self.calendar.today {
            return false;
        }
        let base = self.book.dataset.company.currency;
        let line = |(role, amount, cost_centre): &(AccountRole, Cents, Option<usize>)| {
            let dimensions = Dimensions { cost_centre: *cost_centre, project: None };
            super::EntryLine { dimensions, ..line(role.position(), *amount, base, *amount) }
        };
        let lines = lines.iter().filter(|(_, amount, _)| *amount != 0).map(line).collect();
        let created = date.and_time(NaiveTime::MIN).and_utc();
        self.book.push(Source::Manual, journal, date, created, lines);
        if let Some(entry) = self.book.entries.last_mut() {
            entry.text = Some(text);
        }
        true
    }
}
