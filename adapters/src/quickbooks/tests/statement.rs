//! What goes into a statement, and what never does.

use super::{super::statement::*, *};
use crate::{
    filter::Condition,
    filter::Target,
    mapping::{Fit, Literal, SourceCondition, SourceOp, push},
};

fn set(entity: EntityType, set: &str) -> Arc<SetMapping> {
    super::super::mapping(true).expect("a mapping").set(entity, &set.into()).expect("a set").clone()
}

/// The statement for a filter, and whether it leaves nothing to do.
fn pushed(entity: EntityType, name: &str, filter: &Filter) -> (String, bool) {
    let set = set(entity, name);
    let pushed = push(filter, &set, false, &|condition| fit(&set, condition));
    let count = Selection::new(&set, &pushed.source).expect("a statement").count();
    (
        count.trim_start_matches(&format!("select count(*) from {name}")).trim_start_matches(" where ").to_owned(),
        pushed.left.is_all(),
    )
}

fn invoice(field: &str, op: Op, values: Vec<Value>) -> (String, bool) {
    pushed(EntityType::Invoice, "Invoice", &is(EntityType::Invoice, field, op, values))
}

fn named(op: Op, text: &str) -> (String, bool) {
    let (statement, exact) =
        pushed(EntityType::Customer, "Customer", &is(EntityType::Customer, "name", op, vec![Value::Text(text.into())]));
    (statement.replace(" and Active in (true, false)", ""), exact)
}

#[test]
fn text_of_a_client_stays_between_quotes() {
    for (text, literal) in [
        ("Adam's Candy Shop", r"'Adam\'s Candy Shop'"),
        ("ends with \\", r"'ends with \\'"),
        ("x' or Id in ('1') --", r"'x\' or Id in (\'1\') --'"),
        (r"\' maxresults 1", r"'\\\' maxresults 1'"),
        ("100% & #1; \"q\"", "'100% & #1; \"q\"'"),
    ] {
        assert_eq!(
            named(Op::Eq, text),
            (format!("DisplayName = {literal}"), false),
            "case is not regarded: look again"
        );
    }
    let several = vec![Value::Text("a'b".into()), Value::Text("c".into())];
    assert_eq!(invoice("number", Op::In, several), (r"DocNumber in ('a\'b', 'c')".to_owned(), false));
}

#[test]
fn patterns_find_at_least_what_is_meant() {
    let like = |pattern: &str| (format!("DisplayName like {pattern}"), false);
    assert_eq!(named(Op::Contains, "O'Br"), like(r"'%O\'Br%'"));
    assert_eq!(named(Op::StartsWith, "Har"), like("'Har%'"));
    // Typographic quotes and dashes have been refused by the parser; wildcards and backslashes have a meaning of their own.
    assert_eq!(named(Op::Eq, "Müller GmbH"), like("'%ller GmbH%'"));
    assert_eq!(named(Op::StartsWith, "Søns & Co"), like("'%ns & Co%'"));
    assert_eq!(named(Op::Contains, "100% cotton"), like("'% cotton%'"));
    assert_eq!(named(Op::Contains, r"a\' or 1"), like(r"'%\' or 1%'"));
    for beyond in ["株式会社", "", " ", "ü ü"] {
        for op in [Op::Eq, Op::Contains, Op::StartsWith] {
            assert_eq!(named(op, beyond), ("Active in (true, false)".to_owned(), false), "{beyond:?}");
        }
    }
    assert_eq!(invoice("number", Op::In, vec![Value::Text("ü".into())]), (String::new(), false));
    assert!(!named(Op::Gt, "a").1);
    assert_eq!(named(Op::Gt, "a").0, "Active in (true, false)", "nobody knows the collation");
    assert_eq!(named(Op::Neq, "a").0, "Active in (true, false)");
}

#[test]
fn numbers_dates_and_times_are_literals() {
    let date = |s: &str| vec![Value::Date(s.parse().expect("a date"))];
    assert_eq!(invoice("issueDate", Op::Gte, date("2026-01-31")), ("TxnDate >= '2026-01-31'".to_owned(), true));
    let amount = |s: &str| vec![Value::Decimal(s.parse().expect("a number"))];
    assert_eq!(invoice("balanceDue", Op::Gt, amount("10.50")), ("Balance > '10.50'".to_owned(), true));
    assert_eq!(invoice("total", Op::Lte, amount("-1")), ("TotalAmt <= '-1'".to_owned(), true));
    let credit = is(EntityType::Invoice, "total", Op::Lte, amount("1"));
    assert_eq!(pushed(EntityType::Invoice, "CreditMemo", &credit), (String::new(), false), "not filterable there");
    let moment = |s: &str| vec![Value::DateTime(s.parse().expect("a moment"))];
    let since = invoice("remoteUpdatedAt", Op::Gt, moment("2026-03-01T10:00:00.7+02:00"));
    assert_eq!(since, ("MetaData.LastUpdatedTime >= '2026-03-01T08:00:00Z'".to_owned(), false));
    let until = invoice("remoteUpdatedAt", Op::Lt, moment("2026-03-01T08:00:00Z"));
    assert_eq!(until, ("MetaData.LastUpdatedTime <= '2026-03-01T08:00:01Z'".to_owned(), false));
    assert_eq!(invoice("customer", Op::In, customers(&["12", "13"])), ("CustomerRef in ('12', '13')".to_owned(), true));
    assert_eq!(invoice("currency", Op::Eq, vec![Value::Text("USD".into())]), (String::new(), false));
    assert_eq!(invoice("number", Op::IsNull, vec![Value::Bool(true)]), (String::new(), false));
}

#[test]
fn statuses_are_pushed_down_as_far_as_they_can_be() {
    let words = |words: &[&'static str]| words.iter().map(|w| Value::Enum(w)).collect::<Vec<_>>();
    assert_eq!(
        invoice("status", Op::Eq, words(&["PAID"])),
        ("Balance <= '0'".to_owned(), false),
        "voided ones are found too"
    );
    assert_eq!(invoice("status", Op::Eq, words(&["VOIDED"])), ("TotalAmt = '0' and Balance = '0'".to_owned(), false));
    assert_eq!(invoice("status", Op::In, words(&["OPEN", "PARTIALLY_PAID"])), ("Balance > '0'".to_owned(), false));
    assert_eq!(invoice("status", Op::In, words(&["PAID", "OPEN"])), (String::new(), false), "no alternatives");
    let customer = |op, status: &[&'static str]| {
        pushed(EntityType::Customer, "Customer", &is(EntityType::Customer, "status", op, words(status)))
    };
    assert_eq!(customer(Op::Eq, &["ACTIVE"]), ("Active = true".to_owned(), true));
    assert_eq!(customer(Op::Neq, &["ACTIVE"]), ("Active = false".to_owned(), true));
    assert_eq!(customer(Op::In, &["ACTIVE", "INACTIVE"]), ("Active in (true, false)".to_owned(), true));
    let order = is(EntityType::SalesOrder, "status", Op::Eq, words(&["OPEN"]));
    assert_eq!(
        pushed(EntityType::SalesOrder, "Estimate", &order),
        (String::new(), false),
        "TxnStatus is not queryable"
    );
    let stocked = is(EntityType::Product, "kind", Op::Eq, words(&["STOCKED"]));
    let items = "Type in ('Inventory', 'NonInventory', 'Service', 'Group')";
    let expected = format!("{items} and Type = 'Inventory' and Active in (true, false)");
    assert_eq!(pushed(EntityType::Product, "Item", &stocked), (expected, true));
    let active = is(EntityType::Product, "isActive", Op::Eq, vec![Value::Bool(true)]);
    assert_eq!(pushed(EntityType::Product, "Item", &active), (format!("{items} and Active = true"), true));
}

#[test]
fn ids_are_only_equal_or_in_a_list() {
    let set = set(EntityType::Invoice, "Invoice");
    let condition = |op| SourceCondition { path: "Id".into(), op, values: vec![Literal::Text("7".into())] };
    assert_eq!(fit(&set, &condition(SourceOp::Eq)), Fit::Exact);
    assert_eq!(fit(&set, &condition(SourceOp::In)), Fit::Exact);
    for op in [SourceOp::Neq, SourceOp::Gt, SourceOp::Lt, SourceOp::Contains] {
        assert_eq!(fit(&set, &condition(op)), Fit::No, "{op:?}");
    }
    let one = Filter::Is(Condition {
        target: Target::Id,
        op: Op::Eq,
        values: refs("Invoice", &["7"]).into_iter().map(Value::Ref).collect(),
    });
    assert_eq!(pushed(EntityType::Invoice, "Invoice", &one), ("Id = '7'".to_owned(), true));
}

#[test]
fn every_order_ends_with_the_id() {
    let entity = EntityType::Invoice;
    let (invoice, credit) = (set(entity, "Invoice"), set(entity, "CreditMemo"));
    let by = |name, direction| order(entity, name, direction);
    let clause = |set: &SetMapping, order: &[Order]| order_by(set, order).expect("sortable").clause;
    assert_eq!(clause(&invoice, &by("issueDate", Direction::Desc)), "TxnDate desc, Id desc");
    assert_eq!(clause(&invoice, &[]), "Id asc");
    assert_eq!(clause(&invoice, &by("dueDate", Direction::Desc)), "DueDate desc, Id desc");
    assert_eq!(clause(&credit, &by("dueDate", Direction::Desc)), "Id desc", "none has one");
    let two = [by("remoteUpdatedAt", Direction::Asc), by("number", Direction::Desc)].concat();
    assert_eq!(clause(&invoice, &two), "MetaData.LastUpdatedTime asc, DocNumber desc, Id desc");
    let nullable = |name| order_by(&invoice, &by(name, Direction::Asc)).expect("sortable").nullable;
    assert_eq!(nullable("number").as_deref(), Some("DocNumber"));
    for always in ["issueDate", "dueDate", "balanceDue", "remoteUpdatedAt"] {
        assert_eq!(nullable(always), None, "{always}");
    }
    assert_eq!(
        order_by(&invoice, &by("total", Direction::Asc)).expect_err("not sortable").kind,
        ErrorKind::Unsupported
    );
}

#[test]
fn statements_name_position_and_size() {
    let set = set(EntityType::Invoice, "Invoice");
    let all = Selection::new(&set, &crate::mapping::SourceFilter::ALL).expect("a statement");
    assert_eq!(all.rows("Id asc", 50, 51), "select * from Invoice orderby Id asc startposition 51 maxresults 51");
    assert_eq!(all.rows("Id asc", 0, 5000), "select * from Invoice orderby Id asc startposition 1 maxresults 1000");
    let some = all.within("CustomerRef.value", ["1", "2"]);
    assert_eq!(some.count(), "select count(*) from Invoice where CustomerRef in ('1', '2')");
}
