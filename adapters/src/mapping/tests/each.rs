//! Elements that are records, and values that are put together from several places.

use super::*;
use crate::{
    filter::matches,
    model::{Record, RemoteRef},
};

const MAPPING: &str = r##"
[customer]
id = "Code"
[[customer.sets]]
name = "Partners"
fields = { name = "Name" }
[account]
id = "Code"
[[account.sets]]
name = "Accounts"
fields = { name = "Name" }
[invoice]
id = "Id"
number-ids = true
[[invoice.sets]]
name = "Invoices"
fields = { number = "No" }
[[invoice.sets]]
name = "Credits"
fields = { number = "No" }
[taxRate]
id = "Code"
[[taxRate.sets]]
name = "Rates"
[taxRate.fields]
name = "Name"
rate = { elements = "Periods", latest = "From", take = "Rate" }
[payment]
id = "Id"
number-ids = true
currency = "Cur"
[[payment.sets]]
name = "Payments"
[payment.fields]
number = "No"
amount = { sum = ["Cash", "Checks[].Sum"] }
customer = { path = "Party", when = [["Kind", "=", "C"]] }
account = { either = ["Bank", "Till"] }
[payment.fields.allocations]
elements = "Paid"
[payment.fields.allocations.fields]
amount = { local = "Sum", foreign = "SumFc" }
payment = { own = true }
invoice = { either = [
    { path = "Doc", when = [["Kind", "=", "inv"]] },
    { path = "Doc", set = "Credits", when = [["Kind", "=", "cr"]] },
] }

[transaction]
id = "Jdt"
number-ids = true
[[transaction.sets]]
name = "Postings"
each = { elements = "Lines", id = "Line", at-least = 2 }
when = [["Kind", "=", "posted"], ["Lines.Debit", "!=", 99]]
[transaction.fields]
date = "Day"
number = "No"
account = "Lines.Account"
debit = "Lines.Debit"
description = { first = ["Lines.Memo", "Memo"] }
dimensions = { list = [
    { fields = { key = { const = "Centre" }, value = "Lines.Centre" } },
    { fields = { key = { const = "Project" }, value = "Lines.Project" } },
] }

[workOrder]
id = "Id"
number-ids = true
[[workOrder.sets]]
name = "Orders"
fields = { plannedStart = { day = "Start" } }
"##;

fn plan(entity: EntityType) -> (Arc<SetMapping>, Plan) {
    let set = Mapping::parse(MAPPING).expect("a good mapping").sets(entity)[0].clone();
    let plan = Plan::new(&set, entity.def().every_field());
    (set, plan)
}

fn one(entity: EntityType, json: &str) -> Record {
    plan(entity).1.read(json, &[], &env()).expect("a record")
}

const POSTING: &str = r#"{"Jdt":7,"Day":"2026-01-31","No":"12","Memo":"whole","Lines":[
    {"Line":0,"Account":"1000","Debit":-5.00,"Centre":"A","Project":""},
    {"Line":1,"Account":"2000","Debit":99,"Memo":"left out"},
    {"Line":2,"Account":"3000","Debit":"x"},
    {"Line":3,"Account":"3000","Debit":0,"Memo":"line","Centre":"B","Project":"P"}]}"#;

#[test]
fn elements_are_records() {
    let (set, plan) = plan(EntityType::Transaction);
    let read = plan.read_all(POSTING, &[], &env());
    let ids: Vec<_> = read
        .iter()
        .map(|r| match r {
            Ok(record) => record.key.id.to_string(),
            Err(quarantined) => format!("- {}", quarantined.id.as_deref().expect("an id")),
        })
        .collect();
    assert_eq!(ids, ["7:0", "- 7:2", "7:3"], "one line does not count, one cannot be read");
    let first = read[0].as_ref().expect("a record");
    assert_eq!(*first.named("date"), Value::Date("2026-01-31".parse().expect("a date")));
    assert_eq!(*first.named("debit"), money("-5.00", "EUR"), "a line that takes back keeps its sign");
    assert_eq!(*first.named("description"), Value::Text("whole".into()));
    let text = |t: &str| Value::Text(t.into());
    let pair = |k: &str, v: &str| Value::Object([text(k), text(v)].into());
    assert_eq!(*first.named("dimensions"), Value::List([pair("Centre", "A")].into()));
    let last = read[2].as_ref().expect("a record");
    assert_eq!(*last.named("description"), text("line"));
    assert_eq!(*last.named("dimensions"), Value::List([pair("Centre", "B"), pair("Project", "P")].into()));
    assert_eq!(set.source_id("7:3"), Some("7"));
    assert!(plan.source_fields().any(|f| f == "Lines") && !plan.source_fields().any(|f| f.contains('.')));
    assert_eq!(plan.read_all(r#"{"Jdt":8,"Lines":[]}"#, &[], &env()).len(), 0);
    let head = Plan::new(&set, [set.entity.def().id_of("date").expect("a field")].into_iter().collect());
    assert_eq!(&*head.read(POSTING, &[], &env()).expect("a record").key.id, "7:");
}

#[test]
fn a_source_filters_by_parents_and_leaves_the_rest() {
    let (set, plan) = plan(EntityType::Transaction);
    let exact = |_: &SourceCondition| Fit::Exact;
    let pushed = |filter: &Filter| push(filter, &set, true, &exact);
    let number = Filter::of(EntityType::Transaction, "number", Op::Eq, vec![Value::Text("12".into())]);
    assert!(pushed(&number).left.is_all());
    let account = Filter::of(
        EntityType::Transaction,
        "account",
        Op::Eq,
        vec![Value::Ref(RemoteRef { set: "Accounts".into(), id: "1000".into() })],
    );
    let both = pushed(&Filter::And(vec![number.clone(), account.clone()]));
    assert_eq!(both.left, account);
    let or = Filter::Or(vec![number, account]);
    assert_eq!(pushed(&or).left, or);
    let id = |id: &str| Value::Ref(set.reference(id));
    let ids = Filter::Is(Condition { target: Target::Id, op: Op::In, values: vec![id("7:0"), id("7:3"), id("9:1")] });
    let by_id = pushed(&ids);
    assert_eq!(by_id.left, ids);
    assert!(format!("{:?}", by_id.source).contains("[Number(7), Number(9)]"), "{:?}", by_id.source);
    let records: Vec<_> = plan.read_all(POSTING, &[], &env()).into_iter().flatten().collect();
    assert_eq!(records.iter().filter(|r| matches(&ids, r)).count(), 2);
}

#[test]
fn a_list_goes_on_inside_a_parent_and_behind_it() {
    let (set, _) = plan(EntityType::Transaction);
    let order = [Order { field: set.entity.def().id_of("date").expect("a field"), direction: Direction::Desc }];
    let after = |id: &str| {
        let values = vec![Value::Date("2026-01-31".parse().expect("a date"))];
        format!("{:?}", after(&set, &order, &Position::After { values, id: id.into() }).expect("a condition"))
    };
    assert!(after("7:3").contains(r#"path: "Jdt", op: Lte"#), "{}", after("7:3"));
    assert!(after("7:").contains(r#"path: "Jdt", op: Lt,"#), "{}", after("7:"));
    let account = [Order { field: set.entity.def().id_of("account").expect("a field"), direction: Direction::Asc }];
    assert!(sort_keys(&set, &account).is_err(), "the source cannot sort by an element");
}

#[test]
fn values_come_from_several_places() {
    let payment = one(
        EntityType::Payment,
        r#"{"Id":1,"No":"1","Cur":"USD","Cash":1.10,"Checks":[{"Sum":2},{"Sum":3.05}],"Party":"P","Kind":"V","Till":"100",
            "Paid":[{"Doc":5,"Kind":"cr","Sum":1,"SumFc":1.50},{"Doc":6,"Kind":"je","SumFc":0}]}"#,
    );
    assert_eq!(*payment.named("amount"), money("6.15", "USD"));
    assert!(payment.named("customer").is_null());
    let reference = |set: &str, id: &str| Value::Ref(RemoteRef { set: set.into(), id: id.into() });
    assert_eq!(*payment.named("account"), reference("Accounts", "100"));
    let Value::List(allocations) = payment.named("allocations") else { panic!("a list") };
    let Value::Object(first) = &allocations[0] else { panic!("an object") };
    assert_eq!(first[0], money("1.50", "USD"), "in the document's currency");
    assert_eq!(first[2], reference("Payments", "1"));
    assert_eq!(first[3], reference("Credits", "5"));
    let Value::Object(second) = &allocations[1] else { panic!("an object") };
    assert!(second[3].is_null());
    let rate = one(
        EntityType::TaxRate,
        r#"{"Code":"A","Name":"A","Periods":[{"From":"1969-01-01","Rate":16},{"From":"1960-01-01","Rate":15},{"From":"2999-01-01","Rate":20}]}"#,
    );
    assert_eq!(*rate.named("rate"), Value::Decimal(16.into()), "the rate of the day on which it is read");
    let order = one(EntityType::WorkOrder, r#"{"Id":1,"Start":"2026-07-01T00:00:00Z"}"#);
    assert_eq!(*order.named("plannedStart"), Value::DateTime("2026-06-30T22:00:00Z".parse().expect("a moment")));
}

#[test]
fn a_condition_on_a_value_that_only_some_rows_have() {
    let (set, _) = plan(EntityType::Payment);
    let pushed = |op, values: Vec<Value>, positive: bool| {
        let filter = Filter::of(EntityType::Payment, "customer", op, values);
        let filter = if positive { filter } else { Filter::Not(Box::new(filter)) };
        let pushed = push(&filter, &set, true, &|_| Fit::Exact);
        assert!(pushed.left.is_all(), "{filter:?}");
        format!("{:?}", pushed.source)
    };
    let p = || vec![Value::Ref(RemoteRef { set: "Partners".into(), id: "P".into() })];
    let equal = pushed(Op::Eq, p(), true);
    assert!(equal.starts_with("And(") && equal.contains("Kind") && equal.contains("Party"), "{equal}");
    for differs in [pushed(Op::Neq, p(), true), pushed(Op::Eq, p(), false)] {
        assert!(differs.starts_with("Or(") && differs.contains(r#"path: "Kind", op: Neq"#), "{differs}");
    }
    let null = pushed(Op::IsNull, vec![Value::Bool(true)], true);
    assert!(null.starts_with("Or("), "{null}");
}
