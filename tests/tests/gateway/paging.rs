//! Properties of paging: over random conditions, orders and page sizes, and while records come, change and go.
//!
//! A failure names its round. `PAGING_SEED=n` runs other rounds; the same number gives the same rounds.

use crate::start;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use simulators::{Options, Running, System, rng::Rng, store::Cell};
use std::{
    cmp::Ordering,
    collections::{BTreeSet, HashSet},
};
use tests::{App, Setup};

/// How many invoices each ERP has, credit notes among them.
const RECORDS: usize = 60;
/// The rounds of each property.
const ROUNDS: u64 = 12;

const FIELDS: &str = "id remoteId remoteType erp { id } kind status currency issueDate dueDate total { amount } number";

/// A key of an order, and how a record's value is read.
struct Key {
    word: &'static str,
    value: fn(&Value) -> Sorted,
    /// Whether all ERPs sort by it, or QuickBooks does not.
    everywhere: bool,
}

/// A value that lists sort by, records without one last.
#[derive(Debug, Clone, PartialEq)]
enum Sorted {
    None,
    Date(NaiveDate),
    Number(Decimal),
}

fn date(value: &Value) -> Sorted {
    value.as_str().map_or(Sorted::None, |text| Sorted::Date(text.parse().expect("a date")))
}

const KEYS: [Key; 3] = [
    Key { word: "ISSUE_DATE", value: |record| date(&record["issueDate"]), everywhere: true },
    Key { word: "DUE_DATE", value: |record| date(&record["dueDate"]), everywhere: false },
    Key {
        word: "TOTAL",
        value: |record| {
            let amount = record["total"]["amount"].as_str();
            amount.map_or(Sorted::None, |text| Sorted::Number(text.parse().expect("a number")))
        },
        everywhere: false,
    },
];

type Order = Vec<(&'static Key, bool)>;

/// The order that the API promises for these keys; ties are open.
fn compare(order: &Order, a: &Value, b: &Value) -> Ordering {
    let keys = order.iter().map(|(key, descending)| {
        let by_value = match ((key.value)(a), (key.value)(b)) {
            (Sorted::None, Sorted::None) => return Ordering::Equal,
            (Sorted::None, _) => return Ordering::Greater,
            (_, Sorted::None) => return Ordering::Less,
            (Sorted::Date(a), Sorted::Date(b)) => a.cmp(&b),
            (Sorted::Number(a), Sorted::Number(b)) => a.cmp(&b),
            (a, b) => panic!("{a:?} beside {b:?}"),
        };
        if *descending { by_value.reverse() } else { by_value }
    });
    keys.fold(Ordering::Equal, Ordering::then)
}

/// A condition in the API's syntax, and whether a record fulfils it.
struct Condition {
    text: String,
    holds: Box<dyn Fn(&Value) -> bool>,
}

fn condition(rng: &mut Rng, depth: usize) -> Condition {
    let of = |text: String, holds: Box<dyn Fn(&Value) -> bool>| Condition { text, holds };
    match rng.below(if depth == 0 { 5 } else { 8 }) {
        0 => {
            let status = rng.pick(&["OPEN", "PAID", "PARTIALLY_PAID", "DRAFT", "VOIDED"]);
            of(format!("{{status: {{eq: {status}}}}}"), Box::new(move |record| record["status"] == status))
        }
        1 => {
            let kind = rng.pick(&["INVOICE", "CREDIT_NOTE"]);
            of(format!("{{kind: {{neq: {kind}}}}}"), Box::new(move |record| record["kind"] != kind))
        }
        2 => {
            let bound = Decimal::new(rng.between(0, 500_000), 2);
            let holds = move |record: &Value| (KEYS[2].value)(record) != Sorted::None && amount(record) >= bound;
            of(format!("{{total: {{gte: \"{bound}\"}}}}"), Box::new(holds))
        }
        3 => {
            let missing = rng.percent(50);
            let holds = move |record: &Value| record["dueDate"].is_null() == missing;
            of(format!("{{dueDate: {{isNull: {missing}}}}}"), Box::new(holds))
        }
        4 => {
            let currency = rng.pick(&["EUR", "USD", "CHF"]);
            of(
                format!("{{currency: {{in: [\"{currency}\"]}}}}"),
                Box::new(move |record| record["currency"] == currency),
            )
        }
        5 => {
            let inner = condition(rng, depth - 1);
            of(format!("{{not: {}}}", inner.text), Box::new(move |record| !(inner.holds)(record)))
        }
        both => {
            let (a, b) = (condition(rng, depth - 1), condition(rng, depth - 1));
            let (word, all) = if both == 6 { ("and", true) } else { ("or", false) };
            let holds = move |record: &Value| {
                let (a, b) = ((a.holds)(record), (b.holds)(record));
                if all { a && b } else { a || b }
            };
            of(format!("{{{word}: [{}, {}]}}", a.text, b.text), Box::new(holds))
        }
    }
}

fn amount(record: &Value) -> Decimal {
    record["total"]["amount"].as_str().and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// One list: its arguments, and what they mean.
struct List {
    arguments: String,
    order: Order,
    condition: Condition,
    erps: &'static [&'static str],
}

impl List {
    fn any(rng: &mut Rng, keys: &[&'static Key], erps: &'static [&'static str]) -> Self {
        let mut order = vec![(rng.pick(keys), rng.percent(50))];
        let second = rng.pick(keys);
        if rng.percent(50) && second.word != order[0].0.word {
            order.push((second, rng.percent(50)));
        }
        let condition = condition(rng, 2);
        let shown: Vec<_> = order
            .iter()
            .map(|(key, descending)| {
                format!("{{field: {}, direction: {}}}", key.word, if *descending { "DESC" } else { "ASC" })
            })
            .collect();
        let arguments = format!("erps: {erps:?}, orderBy: [{}], where: {}", shown.join(", "), condition.text);
        Self { arguments, order, condition, erps }
    }

    /// A page of it, and the cursor behind it if there is more.
    async fn page(&self, app: &App, first: usize, after: &Value) -> (Vec<Value>, Option<Value>) {
        let query = format!(
            "query($after: String) {{ invoices(first: {first}, after: $after, {}) {{ nodes {{ {FIELDS} }}
             pageInfo {{ hasNextPage endCursor }} sources {{ erp {{ id }} status error {{ message }} }} }} }}",
            self.arguments
        );
        let data = app.data_with(&query, json!({ "after": after })).await;
        let list = &data["invoices"];
        for source in list["sources"].as_array().expect("sources") {
            assert!(source["status"] == "OK" || source["status"] == "SKIPPED", "{}: {source}", self.arguments);
        }
        let nodes = list["nodes"].as_array().expect("nodes").clone();
        assert!(nodes.len() <= first);
        let more = list["pageInfo"]["hasNextPage"] == true;
        (nodes, more.then(|| list["pageInfo"]["endCursor"].clone()))
    }

    /// All of it in pages of these sizes. Something may happen between them.
    async fn pages(&self, app: &App, mut size: impl FnMut() -> usize, mut between: impl FnMut(&[Value])) -> Vec<Value> {
        let mut records = Vec::new();
        let mut after = Value::Null;
        for _ in 0..2_000 {
            let (nodes, next) = self.page(app, size(), &after).await;
            records.extend(nodes);
            let Some(next) = next else { return records };
            assert_ne!(after, next, "a page that goes nowhere: {}", self.arguments);
            after = next;
            between(&records);
        }
        panic!("{} does not end", self.arguments)
    }

    /// Records are in the order of the keys, those of one source set that are equal in it by their ids.
    fn check_order(&self, records: &[Value], round: &str) {
        for pair in records.windows(2) {
            let order = compare(&self.order, &pair[0], &pair[1]);
            assert!(order.is_le(), "{round} {}: {} before {}", self.arguments, pair[0], pair[1]);
        }
        let descending = self.order.last().is_some_and(|(_, descending)| *descending);
        let number = |record: &Value| record["remoteId"].as_str().and_then(|id| id.parse::<i64>().ok());
        let source = |record: &Value| format!("{}{}", record["erp"]["id"], record["remoteType"]);
        for group in records.chunk_by(|a, b| compare(&self.order, a, b).is_eq()) {
            let sources: BTreeSet<_> = group.iter().map(source).collect();
            for of in sources {
                let ids: Vec<_> = group.iter().filter(|record| source(record) == of).map(number).collect();
                let sorted = ids.is_sorted_by(|a, b| if descending { a >= b } else { a <= b });
                assert!(sorted, "{round} {}: {of}: {ids:?}", self.arguments);
            }
        }
    }
}

fn id(record: &Value) -> &str {
    record["id"].as_str().expect("an id")
}

fn ids(records: &[Value]) -> Vec<&str> {
    records.iter().map(id).collect()
}

/// The rounds of a property, each with numbers of its own and a name that tells how to run it again.
#[expect(clippy::disallowed_methods, reason = "a test is told by its caller which rounds to run")]
fn rounds(property: &'static str) -> impl Iterator<Item = (String, Rng)> {
    let seed = std::env::var("PAGING_SEED").ok().map_or(2_026, |seed| seed.parse().expect("PAGING_SEED: a number"));
    (0..ROUNDS).map(move |round| {
        (format!("[{property}: PAGING_SEED={seed}, round {round}]"), Rng::keyed(seed, property, round))
    })
}

fn setup() -> Setup {
    Setup { options: |_, options: &mut Options| options.records = RECORDS, ..Setup::default() }
}

async fn everything(app: &App) -> Vec<Value> {
    let (order, condition) = (vec![(&KEYS[0], true)], Condition { text: String::new(), holds: Box::new(|_| true) });
    let erps: &[&str] = &["odoo", "sap-b1", "quickbooks"];
    let list = List { arguments: format!("erps: {erps:?}"), order, condition, erps };
    list.pages(app, || 200, |_| {}).await
}

/// Pages of any size are the list that one scan gives: the records that fulfil the conditions, in order, each once. That holds
/// for all ERPs, whether they page by values or by numbers, as long as nothing changes.
#[tokio::test]
async fn pages_are_the_list() {
    let (app, _clock) = start(setup()).await;
    let all = everything(&app).await;
    assert!(all.len() >= 3 * RECORDS / 2, "{}", all.len());
    for (round, mut rng) in rounds("pages_are_the_list") {
        let everywhere: Vec<_> = KEYS.iter().filter(|key| key.everywhere).collect();
        let list = match rng.below(2) {
            0 => List::any(&mut rng, &everywhere, &["odoo", "sap-b1", "quickbooks"]),
            _ => List::any(&mut rng, &KEYS.iter().collect::<Vec<_>>(), &["odoo", "sap-b1"]),
        };
        let scan = list.pages(&app, || 200, |_| {}).await;
        list.check_order(&scan, &round);
        let of_erps = all.iter().filter(|record| list.erps.iter().any(|erp| record["erp"]["id"] == *erp));
        let expected: BTreeSet<_> = of_erps.filter(|record| (list.condition.holds)(record)).map(id).collect();
        let found: BTreeSet<_> = scan.iter().map(id).collect();
        assert_eq!(found, expected, "{round} {}", list.arguments);
        assert_eq!(found.len(), scan.len(), "{round} {}: a record twice", list.arguments);
        let most = rng.pick(&[7, 20, 60]);
        let pages = list.pages(&app, || 1 + rng.below(most), |_| {}).await;
        assert_eq!(ids(&pages), ids(&scan), "{round} {}", list.arguments);
    }
}

/// What happened to records while a list was read.
#[derive(Default)]
struct Changes {
    /// By ERP and remote id, with the source's set: those that do not count any more.
    touched: HashSet<(String, String, String)>,
    calm: usize,
}

/// A table of a simulator with names for its columns.
struct Books {
    erp: &'static str,
    system: System,
    table: &'static str,
    date: &'static str,
    total: &'static str,
    reference: &'static str,
}

const BOOKS: [Books; 3] = [
    Books {
        erp: "odoo",
        system: System::Odoo,
        table: "account.move",
        date: "invoice_date",
        total: "amount_total",
        reference: "ref",
    },
    Books {
        erp: "sap-b1",
        system: System::SapB1,
        table: "Invoices",
        date: "DocDate",
        total: "DocTotal",
        reference: "NumAtCard",
    },
    Books {
        erp: "sap-b1",
        system: System::SapB1,
        table: "CreditNotes",
        date: "DocDate",
        total: "DocTotal",
        reference: "NumAtCard",
    },
];

impl Books {
    /// Creates, changes or deletes a record, mostly near the end of what was read.
    fn disturb(&self, erp: &Running, rng: &mut Rng, shown: &[Value], changes: &mut Changes) {
        let mut tables = erp.simulator().store().write();
        let table = &mut tables[self.table];
        let own: Vec<i64> = shown
            .iter()
            .filter(|record| record["erp"]["id"] == self.erp && record["remoteType"] == self.table)
            .filter_map(|record| record["remoteId"].as_str()?.parse().ok())
            .filter(|id| table.get(*id).is_some())
            .collect();
        let any: Vec<i64> = table.rows().map(|row| row.id()).collect();
        if any.is_empty() {
            return;
        }
        let victim = match own.last() {
            Some(last) if rng.percent(40) => *last,
            _ => rng.pick(&any),
        };
        let mut touch = |id: i64| changes.touched.insert((self.erp.into(), self.table.into(), id.to_string()));
        let day = NaiveDate::from_ymd_opt(2026, 1, 1).expect("a day") + chrono::Days::new(rng.below(300) as u64);
        match rng.below(5) {
            0 => {
                table.delete(victim);
                touch(victim);
            }
            1 => {
                let row = table.get(victim).expect("a row");
                let columns = table.columns().to_vec();
                let mut cells: Vec<_> = columns.into_iter().map(|column| (column, row[column].clone())).collect();
                if rng.percent(50) {
                    cells.iter_mut().filter(|cell| cell.0 == self.date).for_each(|cell| cell.1 = day.into());
                }
                touch(table.push(cells).expect("another row"));
            }
            2 => {
                table.update(victim, [(self.date, Cell::from(day))]).expect("a column");
                touch(victim);
            }
            3 => {
                let total = simulators::decimal::Dec::new(rng.between(0, 900_000), 2);
                table.update(victim, [(self.total, Cell::from(total))]).expect("a column");
                touch(victim);
            }
            _ => {
                // Nothing that a list sorts by: it stays in its place.
                table.update(victim, [(self.reference, Cell::from("changed"))]).expect("a column");
                changes.calm += 1;
            }
        }
    }
}

impl Changes {
    fn is_touched(&self, record: &Value) -> bool {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.touched.contains(&(text(&record["erp"]["id"]), text(&record["remoteType"]), text(&record["remoteId"])))
    }
}

/// Where an ERP goes on by values, records that come, change and go between pages neither hide nor repeat the others: those
/// appear once, and in the order that they had.
#[tokio::test]
async fn changes_between_pages_touch_nothing_else() {
    disturbed(setup(), "changes_between_pages_touch_nothing_else").await;
}

/// The same where what was read and not shown serves the next page.
#[tokio::test]
async fn changes_between_cached_pages_touch_nothing_else() {
    let cached = Setup { configure: |_| {}, ..setup() };
    disturbed(cached, "changes_between_cached_pages_touch_nothing_else").await;
}

async fn disturbed(setup: Setup, property: &'static str) {
    let (app, _clock) = start(setup).await;
    let keys: Vec<_> = KEYS.iter().collect();
    let (mut checked, mut touched, mut calm) = (0, 0, 0);
    for (round, mut rng) in rounds(property) {
        let list = List::any(&mut rng, &keys, &["odoo", "sap-b1"]);
        let before = list.pages(&app, || 200, |_| {}).await;
        let mut changes = Changes::default();
        let mut sizes = rng.clone();
        let most = rng.pick(&[3, 10, 30]);
        let between = |shown: &[Value]| {
            for _ in 0..rng.below(3) {
                let books = &BOOKS[rng.below(BOOKS.len())];
                books.disturb(app.erp(books.system), &mut rng, shown, &mut changes);
            }
        };
        let pages = list.pages(&app, || 1 + sizes.below(most), between).await;
        let others = |records: &[Value]| -> Vec<String> {
            records.iter().filter(|record| !changes.is_touched(record)).map(|record| id(record).to_owned()).collect()
        };
        assert_eq!(others(&pages), others(&before), "{round} {}", list.arguments);
        (checked, touched, calm) =
            (checked + others(&before).len(), touched + changes.touched.len(), calm + changes.calm);
    }
    println!("{checked} records stayed as they were, {touched} did not, {calm} changed without moving");
    assert!(checked > 0 && touched > 0 && calm > 0);
}
