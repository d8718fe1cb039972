//! Values that hang on conditions, alternatives, lists of references, rates and the company's currency.

use super::*;

const FORMS: &str = r#"
false-is-null = true
[payment]
id = "id"
number-ids = true
currency = "code"
sets = [{ name = "payments" }]
[payment.fields]
customer = { path = "partner", when = [["type", "=", "in"]] }
amount = "amount"
reference = { path = "memo", by = "memo.name" }
allocations = { elements = "lines", fields = { amount = { either = [{ path = "done", when = [["state", "=", "done"]] }, { sum = ["-planned"] }], currency = "code" } } }
[customer]
id = "id"
number-ids = true
sets = [{ name = "partners" }]
[customer.fields]
[salesOrder]
id = "id"
sets = [{ name = "orders" }]
[salesOrder.fields]
lines = { elements = "lines", fields = { taxRates = { path = ["taxes", "tax"] } } }
[taxRate]
id = "id"
number-ids = true
sets = [{ name = "taxes" }]
[exchangeRate]
id = "id"
sets = [{ name = "rates" }]
[exchangeRate.fields]
to = { company-currency = true }
rate = { inverse = "rate" }
[account]
id = "id"
sets = [{ name = "accounts" }]
[account.fields]
balance = { path = "balance", company-currency = true }
"#;

#[test]
fn values_hang_on_conditions_and_alternatives() {
    let forms = Mapping::parse(FORMS).expect("a good mapping");
    let read = |entity: EntityType, field: &str, json: &str| {
        let field = entity.def().id_of(field).expect("a field");
        let plan = Plan::new(&forms.sets(entity)[0], [field].into_iter().collect());
        plan.read(json, &[], &env()).expect("a record").get(field).clone()
    };
    let partner = |id: &str| Value::Ref(RemoteRef { set: "partners".into(), id: id.into() });
    let payment = r#"{"id":1,"partner":7,"type":"in","amount":2.50,"code":"USD","lines":[{"state":"done","done":1.0,"planned":4,"code":"USD"},{"state":"x","done":1.0,"planned":4}]}"#;
    assert_eq!(read(EntityType::Payment, "customer", payment), partner("7"));
    assert_eq!(read(EntityType::Payment, "customer", &payment.replace("\"in\"", "\"out\"")), Value::Null);
    assert_eq!(read(EntityType::Payment, "amount", payment), money("2.50", "USD"));
    let allocations = read(EntityType::Payment, "allocations", payment);
    let Value::List(allocations) = allocations else { panic!("no list") };
    let amounts: Vec<_> =
        allocations.iter().map(|a| if let Value::Object(a) = a { a[0].clone() } else { panic!() }).collect();
    assert_eq!(amounts, [money("1.0", "USD"), money("-4", "USD")]);

    for (taxes, ids) in [("[3,4]", &["3", "4"][..]), ("5", &["5"]), ("[]", &[]), ("false", &[])] {
        let order = format!(r#"{{"id":"a","lines":[{{"taxes":{taxes}}}]}}"#);
        let Value::List(lines) = read(EntityType::SalesOrder, "lines", &order) else { panic!("no list") };
        let Value::Object(line) = &lines[0] else { panic!("no line") };
        let found: Vec<_> = match line.iter().find(|v| matches!(v, Value::List(_))) {
            Some(Value::List(refs)) => refs.iter().map(|r| if let Value::Ref(r) = r { &*r.id } else { "" }).collect(),
            _ => Vec::new(),
        };
        assert_eq!(found, ids, "{taxes}");
    }
    let rate = |json: &str| read(EntityType::ExchangeRate, "rate", json);
    assert_eq!(rate(r#"{"id":1,"rate":0.8}"#), Value::Decimal("1.25".parse().expect("a number")));
    assert_eq!(rate(r#"{"id":1,"rate":3}"#), Value::Decimal("0.333333333333".parse().expect("a number")));
    assert_eq!(rate(r#"{"id":1,"rate":0.0}"#), Value::Null);
    assert_eq!(read(EntityType::ExchangeRate, "to", r#"{"id":1}"#), Value::Currency("EUR".parse().expect("a code")));
    assert_eq!(
        read(EntityType::Account, "balance", r#"{"id":1,"balance":-3.5}"#),
        money("-3.5", "EUR"),
        "with its sign"
    );
}

#[test]
fn conditions_on_a_value_that_hangs_on_another_are_pushed_down() {
    let forms = Mapping::parse(FORMS).expect("a good mapping");
    let entity = EntityType::Payment;
    let push = |filter: Filter| {
        let pushed = push(&filter, &forms.sets(entity)[0], true, &|_| Fit::Exact);
        assert!(pushed.left.is_all());
        format!("{:?}", pushed.source)
    };
    let seven = || vec![Value::Ref(RemoteRef { set: "partners".into(), id: "7".into() })];
    let is = push(Filter::of(entity, "customer", Op::Eq, seven()));
    assert!(is.starts_with("And") && is.contains("type") && is.contains("partner"), "{is}");
    let null = push(Filter::of(entity, "customer", Op::IsNull, vec![Value::Bool(true)]));
    assert!(null.starts_with("Or") && null.contains("Neq"), "{null}");
    let not = push(Filter::Not(Box::new(Filter::of(entity, "customer", Op::Eq, seven()))));
    assert!(not.starts_with("Or") && not.contains("Neq"), "{not}");
    let amount = push(Filter::of(entity, "amount", Op::Gt, vec![Value::Decimal(5.into())]));
    assert!(amount.contains("amount") && amount.contains("Gt"), "{amount}");
    let text = push(Filter::of(entity, "reference", Op::Eq, vec![Value::Text("x".into())]));
    assert!(text.contains("memo.name"), "{text}");
    let order = [Order { field: entity.def().id_of("amount").expect("a field"), direction: Direction::Asc }];
    assert_eq!(sort_keys(&forms.sets(entity)[0], &order).expect("sortable")[0].path.as_str(), "amount");
}

#[test]
fn conditions_compare_with_what_the_adapter_knows() {
    let text = r#"
[account]
id = "id"
number-ids = true
sets = [{ name = "accounts" }]
[account.fields]
kind = { cases = [
  { is = "INVENTORY", when = [["type", "=", "current"], ["id", "in", { known = "stock" }]] },
  { is = "CURRENT_ASSET", when = [["type", "=", "current"], ["id", "!=", { known = "stock" }]] },
] }
"#;
    let entity = EntityType::Account;
    let mapping = Mapping::parse(text).expect("a good mapping");
    let set = |ids: &[i64]| {
        let ids: Vec<_> = ids.iter().map(|id| Literal::Number((*id).into())).collect();
        let known = |name: &str| if name == "stock" { ids.clone() } else { Vec::new() };
        Arc::new(SetMapping::clone(&mapping.sets(entity)[0]).with_known(&known))
    };
    let kind = |set: &Arc<SetMapping>, id: i64| {
        let plan = Plan::new(set, [entity.def().id_of("kind").expect("a field")].into_iter().collect());
        let record = plan.read(&format!(r#"{{"id":{id},"type":"current"}}"#), &[], &env()).expect("a record");
        record.named("kind").clone()
    };
    let pushed = |set: &Arc<SetMapping>, op, value| {
        let filter = Filter::of(entity, "kind", op, vec![Value::Enum(value)]);
        let pushed = push(&filter, set, true, &|_| Fit::Exact);
        assert!(pushed.left.is_all());
        pushed.source
    };
    let is = |path: &str, op, values: &[Literal]| {
        SourceFilter::Is(SourceCondition { path: path.into(), op, values: values.to_vec() })
    };
    let (current, id) = ([Literal::Text("current".into())], |id: i64| Literal::Number(id.into()));
    let of_type = || is("type", SourceOp::Eq, &current);

    let two = set(&[7, 9]);
    assert_eq!([7, 8, 9].map(|id| kind(&two, id)), ["INVENTORY", "CURRENT_ASSET", "INVENTORY"].map(Value::Enum));
    let among = is("id", SourceOp::In, &[id(7), id(9)]);
    let others = [7, 9].map(|other| is("id", SourceOp::Neq, &[id(other)]));
    assert_eq!(pushed(&two, Op::Eq, "INVENTORY"), SourceFilter::and(vec![of_type(), among.clone()]));
    let rest = SourceFilter::and([of_type()].into_iter().chain(others.clone()).collect());
    assert_eq!(pushed(&two, Op::Eq, "CURRENT_ASSET"), rest);
    let other_type = is("type", SourceOp::Neq, &current);
    assert_eq!(pushed(&two, Op::Neq, "CURRENT_ASSET"), SourceFilter::or(vec![other_type, among]));

    let none = set(&[]);
    assert_eq!(kind(&none, 7), Value::Enum("CURRENT_ASSET"));
    assert!(pushed(&none, Op::Eq, "INVENTORY").is_none());
    assert_eq!(pushed(&none, Op::Eq, "CURRENT_ASSET"), of_type());
}
