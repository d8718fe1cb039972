//! The engine on small mappings: what is read, what is pushed down, what is written.

mod around;
mod each;
mod forms;

use super::*;
use crate::{
    adapter::{Order, Position},
    filter::{Condition, Filter, Op, Target},
    model::{Direction, FieldSet, Money},
};

const MAPPING: &str = r##"
false-is-null = true
[customer]
id = "Code"
[[customer.sets]]
name = "Partners"
when = [["Type", "=", "C"]]
[customer.fields]
name = "Name"
email = "Mail"
currency = "Currency"
website = "Site"
status = { cases = [
    { is = "ACTIVE", when = [["Frozen", "=", "N"]] },
    { is = "INACTIVE", when = [["Frozen", "=", "Y"]] },
] }
billingAddress = { elements = "Addresses", when = [["Kind", "=", "bill"]], fields = { line1 = "Street", city = "City" } }
balanceDue = "Balance"
remoteUpdatedAt = { path = "Day", time = "Time" }
remoteUrl = { template = "{base}/open?id={id}" }

[invoice]
id = "Id"
number-ids = true
[invoice.fields]
number = "No"
status = { cases = [
    { is = "PAID", when = [["Balance", "=", 0], ["Total", ">", 0]] },
    { is = "OPEN", when = [["Balance", ">", 0], ["Balance", "=", { path = "Total" }]] },
    { is = "PARTIALLY_PAID", when = [["Balance", ">", 0], ["Balance", "<", { path = "Total" }]] },
] }
customer = "Customer.value"
issueDate = "Day"
currency = "Currency"
total = { local = "Total", foreign = "TotalFc" }
subtotal = { sum = ["Total", "-Tax"] }
baseTotal = "Total"
baseSubtotal = { local = { sum = ["Total", "-Tax"] }, foreign = { sum = ["TotalFc", "-Tax"], times = "Rate" } }
balanceDue = "Balance"
lines = { elements = "Lines", nested = "Bundle.Lines", when = [["Kind", "=", "item"]], fields = { lineNumber = { index = true }, description = "Text", quantity = "Qty", total = { local = "Sum", foreign = "SumFc" } } }
[[invoice.sets]]
name = "Invoices"
fields = { kind = { const = "INVOICE" } }
[[invoice.sets]]
name = "Credits"
fields = { kind = { const = "CREDIT_NOTE" } }
"##;

fn mapping() -> Mapping {
    Mapping::parse(MAPPING).expect("a good mapping")
}

fn env() -> Env {
    Env {
        erp: "erp".into(),
        read_at: DateTime::UNIX_EPOCH,
        base_currency: "EUR".parse().ok(),
        zone: chrono_tz::Europe::Berlin,
        currencies: HashMap::from([("$".into(), "USD".parse().expect("a code"))]),
        base_url: "https://erp.example".into(),
        tables: Arc::default(),
    }
}

fn read(entity: EntityType, set: usize, json: &str) -> Result<crate::model::Record, crate::adapter::Quarantined> {
    let plan = Plan::new(&mapping().sets(entity)[set], entity.def().every_field());
    plan.read(json, &[], &env())
}

fn money(amount: &str, currency: &str) -> Value {
    Value::Money(Money { amount: amount.parse().expect("a number"), currency: currency.parse().expect("a code") })
}

#[test]
fn record_is_read_exactly() {
    let customer = read(
        EntityType::Customer,
        0,
        r#"{"Code":"C 1","Name":"O'Brien \"& Søns\"","Mail":false,"Currency":"$","Frozen":"N","Balance":12.50,"Site":"example.com/x",
            "Addresses":[{"Kind":"ship","City":"A"},{"Kind":"bill","Street":"Straße 1","City":""}],"Day":"2026-07-01","Time":"14:05:00"}"#,
    )
    .expect("a record");
    assert_eq!(*customer.named("name"), Value::Text("O'Brien \"& Søns\"".into()));
    assert!(customer.named("email").is_null());
    assert_eq!(*customer.named("balanceDue"), Value::List([money("12.50", "USD")].into()));
    assert_eq!(*customer.named("website"), Value::Text("https://example.com/x".into()));
    assert_eq!(*customer.named("remoteUrl"), Value::Text("https://erp.example/open?id=C%201".into()));
    assert_eq!(*customer.named("remoteUpdatedAt"), Value::DateTime("2026-07-01T12:05:00Z".parse().expect("a moment")));
    let Value::Object(address) = customer.named("billingAddress") else { panic!("no address") };
    assert_eq!(address[0], Value::Text("Straße 1".into()));
    assert!(address[2].is_null(), "empty text is no value");
}

#[test]
fn amounts_follow_the_currency_of_the_document() {
    let json = |currency: &str| {
        format!(
            r#"{{"Id":7,"Customer":{{"value":"C1"}},"Day":"2026-01-31","Currency":"{currency}","Total":119.00,"TotalFc":130.00,"Tax":19.00,"Rate":0.90005,
                "Balance":119.00,"Lines":[{{"Kind":"item","Text":"a","Sum":1.10,"SumFc":2.20}},{{"Kind":"sum"}},
                {{"Kind":"bundle","Bundle":{{"Lines":[{{"Kind":"item","Text":"b"}}]}}}},{{"Kind":"item","Text":"c"}}]}}"#
        )
    };
    let own = read(EntityType::Invoice, 0, &json("EUR")).expect("a record");
    assert_eq!(*own.named("total"), money("119.00", "EUR"));
    assert_eq!(*own.named("subtotal"), money("100.00", "EUR"));
    assert_eq!(*own.named("status"), Value::Enum("OPEN"));
    assert_eq!(*own.named("kind"), Value::Enum("INVOICE"));
    let foreign = read(EntityType::Invoice, 1, &json("USD")).expect("a record");
    assert_eq!(*foreign.named("total"), money("130.00", "USD"));
    assert_eq!(*foreign.named("baseTotal"), money("119.00", "EUR"));
    assert_eq!(*own.named("baseSubtotal"), money("100.00", "EUR"));
    assert_eq!(*foreign.named("baseSubtotal"), money("99.91", "EUR"), "(130 - 19) * 0.90005, rounded to cents");
    assert_eq!(*foreign.named("kind"), Value::Enum("CREDIT_NOTE"));
    let Value::List(lines) = foreign.named("lines") else { panic!("no lines") };
    let texts: Vec<_> =
        lines.iter().map(|l| if let Value::Object(l) = l { (l[1].clone(), l[2].clone()) } else { panic!() }).collect();
    let line = |n, t: &str| (Value::Int(n), Value::Text(t.into()));
    assert_eq!(texts, [line(1, "a"), line(2, "b"), line(3, "c")], "numbered as shown, bundles unfolded in place");
}

#[test]
fn amount_that_depends_on_the_currency_may_be_asked_for_alone() {
    let set = &mapping().sets(EntityType::Invoice)[0].clone();
    let field = EntityType::Invoice.def().id_of("baseSubtotal").expect("a field");
    let plan = Plan::new(set, [field].into_iter().collect());
    let json = r#"{"Id":7,"Currency":"USD","Total":100,"TotalFc":130,"Tax":0,"Rate":0.9}"#;
    assert_eq!(*plan.read(json, &[], &env()).expect("a record").get(field), money("117.00", "EUR"));
}

#[test]
fn what_cannot_be_mapped_is_quarantined_with_field_and_value() {
    let bad = |json| read(EntityType::Invoice, 0, json).expect_err("quarantined");
    let q = bad(r#"{"Id":7,"Tax":"twelve","Currency":"EUR"}"#);
    assert_eq!((q.id.as_deref(), q.reason.as_str()), (Some("7"), "subtotal: \"twelve\" is not a number"));
    assert_eq!(bad(r#"{"Id":7,"Currency":"doubloon"}"#).reason, "currency: doubloon: not an ISO 4217 currency code");
    assert!(bad(r#"{"Total":1}"#).reason.contains("no id"));
    assert!(bad("[1]").reason.starts_with("not a record"));
    let q = read(EntityType::Customer, 0, r#"{"Code":"1","Frozen":"N"}"#).expect_err("quarantined");
    assert_eq!(q.reason, "name: no value");
    let unknown = read(EntityType::Customer, 0, r#"{"Code":"1","Name":"n","Frozen":"?"}"#).expect("a record");
    assert_eq!(*unknown.named("status"), Value::Enum("UNKNOWN"));
}

#[test]
fn only_what_is_asked_for_is_requested_and_held() {
    let def = EntityType::Invoice.def();
    let fields: FieldSet = ["number", "total"].iter().filter_map(|n| def.id_of(n)).collect();
    let plan = Plan::new(&mapping().sets(EntityType::Invoice)[0], fields);
    let names: Vec<_> = plan.source_fields().collect();
    assert_eq!(names, ["Id", "No", "Total", "TotalFc", "Currency"]);
    let record = plan.read(r#"{"Id":1,"No":"A1","Currency":"EUR","Total":1.0}"#, &[], &env()).expect("a record");
    assert_eq!(record.held(), fields);
    let overdue: FieldSet = def.id_of("isOverdue").into_iter().collect();
    let plan = Plan::new(&mapping().sets(EntityType::Invoice)[0], overdue);
    assert!(plan.source_fields().any(|n| n == "Balance"), "a computed field needs what it follows from");
}

fn source(filter: &Filter, set: usize, or: bool) -> (SourceFilter, bool) {
    let pushed = push(filter, &mapping().sets(EntityType::Invoice)[set], or, &|_| Fit::Exact);
    (pushed.source, pushed.left.is_all())
}

fn status(op: Op, words: &[&'static str]) -> Filter {
    Filter::of(EntityType::Invoice, "status", op, words.iter().map(|w| Value::Enum(w)).collect())
}

fn is(path: &str, op: SourceOp, values: &[Literal]) -> SourceFilter {
    SourceFilter::Is(SourceCondition { path: path.into(), op, values: values.to_vec() })
}

#[test]
fn a_status_is_pushed_down_as_its_predicates() {
    let zero = [Literal::Number(0.into())];
    let paid = SourceFilter::And(vec![is("Balance", SourceOp::Eq, &zero), is("Total", SourceOp::Gt, &zero)]);
    assert_eq!(source(&status(Op::Eq, &["PAID"]), 0, false), (paid, true));
    // Comparing two fields is beyond the source: the wider part goes down, the rest stays.
    assert_eq!(source(&status(Op::Eq, &["OPEN"]), 0, true), (is("Balance", SourceOp::Gt, &zero), false));
    assert_eq!(source(&status(Op::In, &["OPEN", "PAID"]), 0, false), (SourceFilter::ALL, false), "no alternatives");
    let unpaid = status(Op::In, &["OPEN", "PARTIALLY_PAID"]);
    assert_eq!(source(&unpaid, 0, false), (is("Balance", SourceOp::Gt, &zero), false), "what all alternatives demand");
}

#[test]
fn constants_of_a_set_decide_without_a_call() {
    let credit = Filter::of(EntityType::Invoice, "kind", Op::Eq, vec![Value::Enum("CREDIT_NOTE")]);
    assert_eq!(source(&credit, 0, true), (SourceFilter::NONE, true));
    assert_eq!(source(&credit, 1, true), (SourceFilter::ALL, true));
    assert_eq!(source(&Filter::Not(Box::new(credit)), 0, true), (SourceFilter::ALL, true));
}

#[test]
fn negations_move_inwards_and_keep_rows_without_a_value() {
    let number = |op| Filter::of(EntityType::Invoice, "number", op, vec![Value::Text("x".into())]);
    let x = [Literal::Text("x".into())];
    let null = is("No", SourceOp::IsNull, &[Literal::Bool(true)]);
    assert_eq!(source(&Filter::Not(Box::new(number(Op::Eq))), 0, true), (is("No", SourceOp::Neq, &x), true));
    let not_greater = SourceFilter::Or(vec![is("No", SourceOp::Lte, &x), null]);
    assert_eq!(source(&Filter::Not(Box::new(number(Op::Gt))), 0, true), (not_greater, true));
    assert_eq!(source(&Filter::Not(Box::new(number(Op::Contains))), 0, true), (SourceFilter::ALL, false));
}

#[test]
fn ids_of_another_set_match_nothing() {
    let sets = mapping();
    let id = |set: &str| {
        let value = Value::Ref(RemoteRef { set: set.into(), id: "12".into() });
        Filter::Is(Condition { target: Target::Id, op: Op::In, values: vec![value] })
    };
    assert_eq!(source(&id("Invoices"), 0, true).0, is("Id", SourceOp::Eq, &[Literal::Number(12.into())]));
    assert_eq!(source(&id("Credits"), 0, true), (SourceFilter::NONE, true));
    assert!(sets.sets(EntityType::Bill).is_empty());
}

#[test]
fn a_list_goes_on_after_a_record_with_nulls_last() {
    let mapping = mapping();
    let set = &mapping.sets(EntityType::Invoice)[0];
    let field = EntityType::Invoice.def().id_of("issueDate").expect("a field");
    let order = [Order { field, direction: Direction::Desc }];
    let day = Value::Date("2026-01-31".parse().expect("a date"));
    let literal = [Literal::Date("2026-01-31".parse().expect("a date"))];
    let seven = [Literal::Number(7.into())];
    let null = is("Day", SourceOp::IsNull, &[Literal::Bool(true)]);
    let position = |value: Value| Position::After { values: vec![value], id: "7".into() };
    let expected = SourceFilter::Or(vec![
        is("Day", SourceOp::Lt, &literal),
        null.clone(),
        SourceFilter::And(vec![is("Day", SourceOp::Eq, &literal), is("Id", SourceOp::Lt, &seven)]),
    ]);
    assert_eq!(after(set, &order, &position(day)).expect("a keyset"), expected);
    let expected = SourceFilter::And(vec![null, is("Id", SourceOp::Lt, &seven)]);
    assert_eq!(after(set, &order, &position(Value::Null)).expect("a keyset"), expected);
    assert!(after(set, &order, &Position::After { values: vec![], id: "7".into() }).is_err(), "of another order");
    let total = EntityType::Invoice.def().id_of("total").expect("a field");
    let error = sort_keys(set, &[Order { field: total, direction: Direction::Asc }]).expect_err("two currencies");
    assert_eq!(error.message, "This ERP cannot sort Invoice by total.");
}

#[test]
fn a_body_is_written_by_the_same_mapping() {
    let mapping = mapping();
    let set = &mapping.sets(EntityType::Customer)[0];
    let def = EntityType::Customer.def();
    let field = |name: &str| def.id_of(name).expect("a field");
    let written = body(
        set,
        &[
            (field("name"), Value::Text("A \"B\"".into())),
            (field("email"), Value::Null),
            (field("status"), Value::Enum("INACTIVE")),
        ],
    );
    assert_eq!(written.expect("a body").get(), r#"{"Frozen":"Y","Mail":false,"Name":"A \"B\""}"#);
    let refused = body(set, &[(field("parent"), Value::Null)]).expect_err("no such field");
    assert_eq!(refused.message, "parent: this ERP has no such field");

    let set = &mapping.sets(EntityType::Invoice)[0];
    let def = EntityType::Invoice.def();
    let field = |name: &str| def.id_of(name).expect("a field");
    let line = Value::Object(
        EntityType::Invoice
            .def()
            .fields
            .iter()
            .find(|f| f.name == "lines")
            .map(|f| match f.kind {
                crate::model::Kind::List(of) => of
                    .fields
                    .iter()
                    .map(|f| match f.name {
                        "lineNumber" => Value::Int(1),
                        "quantity" => Value::Decimal("12345678901234567.89".parse().expect("a number")),
                        "description" => Value::Text("x".into()),
                        _ => Value::Null,
                    })
                    .collect(),
                _ => panic!("a list"),
            })
            .expect("lines"),
    );
    let customer = Value::Ref(RemoteRef { set: "Partners".into(), id: "C1".into() });
    let written = body(set, &[(field("customer"), customer), (field("lines"), Value::List([line].into()))]);
    assert_eq!(
        written.expect("a body").get(),
        r#"{"Customer":{"value":"C1"},"Lines":[{"Qty":12345678901234567.89,"Text":"x"}]}"#
    );
}

#[test]
fn a_mapping_is_checked_against_the_catalogue() {
    let bad = |text: &str| Mapping::parse(text).expect_err("refused").0;
    let with = |field: &str| format!("[customer]\nid='x'\nsets=[{{name='s'}}]\n[customer.fields]\n{field}");
    assert_eq!(bad("[gadget]"), "mapping: no entity gadget");
    assert_eq!(bad(&with("nmae='N'")), "Customer in s: no field nmae");
    assert_eq!(bad(&with("status={const='ALIVE'}")), "Customer in s.status: PartyStatus has no value ALIVE");
    assert_eq!(
        bad("[invoice]\nid='x'\nsets=[{name='s'}]\n[invoice.fields]\nisOverdue='x'"),
        "Invoice in s: isOverdue is computed"
    );
}

#[test]
fn alternatives_are_chosen_by_version() {
    let text = "[product]\nid='id'\nsets=[{name='s'}]\n[product.fields]\nname=['label','name']\ndescription='gone'";
    let text = text.replace("name=['label','name']", "name={path=['label','name']}");
    let mapping = Mapping::parse(&text).expect("a mapping").for_version(|_, _, path| matches!(path, "id" | "name"));
    let set = &mapping.sets(EntityType::Product)[0];
    assert!(set.named("description").is_none());
    let name = EntityType::Product.def().id_of("name").expect("a field");
    let order = [Order { field: name, direction: Direction::Asc }];
    let keys = sort_keys(set, &order).expect("sortable");
    assert_eq!(keys.iter().map(|k| k.path.as_str()).collect::<Vec<_>>(), ["name", "id"]);
}

#[test]
fn one_value_may_be_taken_of_what_the_adapter_joins() {
    let text = "[salesOrder]\nid='id'\nsets=[{name='orders'}]\n[invoice]\nid='id'\nsets=[{name='s'}]\n[invoice.fields]\nsalesOrder={lookup={table='orders'},take='id'}";
    let mapping = Mapping::parse(text).expect("a mapping");
    let set = &mapping.sets(EntityType::Invoice)[0];
    let field = EntityType::Invoice.def().id_of("salesOrder").expect("a field");
    assert!(set.field(field).is_some_and(|f| f.options.contains_key("lookup")), "the adapter finds its key");
    let plan = Plan::new(set, [field].into_iter().collect());
    assert_eq!(plan.joined_source_fields(field).collect::<Vec<_>>(), ["id"]);
    let order: Box<serde_json::value::RawValue> = serde_json::from_str(r#"{"id":7}"#).expect("JSON");
    let invoice = plan.read(r#"{"id":1}"#, &[(field, vec![&order])], &env()).expect("a record");
    assert_eq!(*invoice.named("salesOrder"), Value::Ref(RemoteRef { set: "orders".into(), id: "7".into() }));
}

const VARIANTS: &str = r###"
[customer]
id = "Code"
[[customer.sets]]
name = "Partners"
[customer.fields]
name = { first = ["Name", "Code"] }
currency = { path = "Currency", none = ["##"] }
balanceDue = { path = "Balance", company-currency = true }
billingAddress = { elements = "Addresses", prefer = { Label = "Default" }, fields = { line1 = { join = ["Street", "No"], with = " " } } }
[invoice]
id = "Id"
number-ids = true
[[invoice.sets]]
name = "Invoices"
[invoice.fields]
currency = "Currency"
total = { local = "Total", foreign = "TotalFc", not-null = true }
lines = { elements = "Lines", fields = { lineNumber = { index = true }, unitPrice = { path = "Price", currency = "Currency" } } }
"###;

fn variant(entity: EntityType, json: &str) -> crate::model::Record {
    let mapping = Mapping::parse(VARIANTS).expect("a good mapping");
    let fields = ["name", "currency", "balanceDue", "billingAddress", "total", "lines"];
    let fields = fields.iter().filter_map(|name| entity.def().id_of(name)).collect();
    Plan::new(&mapping.sets(entity)[0], fields).read(json, &[], &env()).expect("a record")
}

#[test]
fn a_value_may_come_from_the_first_path_that_has_one() {
    let unnamed = variant(EntityType::Customer, r###"{"Code":"C1","Name":"","Currency":"##","Balance":5}"###);
    assert_eq!(*unnamed.named("name"), Value::Text("C1".into()));
    assert!(unnamed.named("currency").is_null(), "a word stands for no value");
    let named = variant(EntityType::Customer, r#"{"Code":"C1","Name":"N","Currency":"USD","Balance":5}"#);
    assert_eq!(*named.named("name"), Value::Text("N".into()));
    assert_eq!(*named.named("currency"), Value::Currency("USD".parse().expect("a code")));
    assert_eq!(
        *named.named("balanceDue"),
        Value::List([money("5", "EUR")].into()),
        "the company's currency, not the customer's"
    );
}

#[test]
fn the_element_that_the_record_prefers_is_taken() {
    let city = |default: &str| {
        let json = format!(
            r#"{{"Code":"C1","Default":{default},"Addresses":[{{"Label":"a","Street":"A","No":"1"}},{{"Label":"b","Street":"B"}}]}}"#
        );
        match variant(EntityType::Customer, &json).named("billingAddress") {
            Value::Object(address) => address[0].clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(city("\"b\""), Value::Text("B".into()));
    assert_eq!(city("null"), Value::Text("A 1".into()), "else the first");
    assert_eq!(city("\"gone\""), Value::Text("A 1".into()));
}

#[test]
fn an_amount_may_name_its_own_currency() {
    let json = r#"{"Id":1,"Currency":"EUR","Total":1,"Lines":[{"Price":2,"Currency":"$"},{"Price":3,"Currency":""}]}"#;
    let invoice = variant(EntityType::Invoice, json);
    let Value::List(lines) = invoice.named("lines") else { panic!("no lines") };
    let prices: Vec<_> =
        lines.iter().flat_map(|l| if let Value::Object(l) = l { l.to_vec() } else { panic!() }).collect();
    assert!(prices.contains(&money("2", "USD")) && prices.contains(&money("3", "EUR")), "{prices:?}");
}

#[test]
fn conditions_on_substitutes_are_pushed_down_exactly() {
    let mapping = Mapping::parse(VARIANTS).expect("a good mapping");
    let set = &mapping.sets(EntityType::Customer)[0];
    let pushed = |filter: &Filter| {
        let pushed = push(filter, set, true, &|_| Fit::Exact);
        assert!(pushed.left.is_all());
        pushed.source
    };
    let x = [Literal::Text("x".into())];
    let [yes, no] = [[Literal::Bool(true)], [Literal::Bool(false)]];
    let unnamed = is("Name", SourceOp::IsNull, &yes);
    let name = |op| Filter::of(EntityType::Customer, "name", op, vec![Value::Text("x".into())]);
    let by_code = SourceFilter::And(vec![unnamed.clone(), is("Code", SourceOp::Eq, &x)]);
    assert_eq!(pushed(&name(Op::Eq)), SourceFilter::Or(vec![is("Name", SourceOp::Eq, &x), by_code]));
    let differs = SourceFilter::Or(vec![
        SourceFilter::And(vec![is("Name", SourceOp::Neq, &x), is("Name", SourceOp::IsNull, &no)]),
        SourceFilter::And(vec![unnamed.clone(), is("Code", SourceOp::Neq, &x), is("Code", SourceOp::IsNull, &no)]),
        SourceFilter::And(vec![unnamed, is("Code", SourceOp::IsNull, &yes)]),
    ]);
    assert_eq!(pushed(&name(Op::Neq)), differs);
    assert_eq!(pushed(&Filter::Not(Box::new(name(Op::Eq)))), differs);
    let none = Filter::of(EntityType::Customer, "currency", Op::IsNull, vec![Value::Bool(true)]);
    let hashes = [Literal::Text("##".into())];
    let expected =
        SourceFilter::Or(vec![is("Currency", SourceOp::IsNull, &yes), is("Currency", SourceOp::In, &hashes)]);
    assert_eq!(pushed(&none), expected);
    let word = |op| Filter::of(EntityType::Customer, "currency", op, vec![Value::Text("##".into())]);
    assert_eq!(pushed(&word(Op::Eq)), SourceFilter::NONE, "no record has a value that stands for none");
    assert_eq!(pushed(&word(Op::Neq)), SourceFilter::ALL);
    let order =
        [Order { field: EntityType::Customer.def().id_of("name").expect("a field"), direction: Direction::Asc }];
    let keys = sort_keys(set, &order).expect("sortable");
    assert_eq!((keys[0].path.as_str(), keys[0].nullable), ("Name", true));
}

#[test]
fn each_half_of_a_set_keeps_an_amount_in_one_field() {
    let mapping = Mapping::parse(VARIANTS).expect("a good mapping");
    let [own, foreign] = mapping.sets(EntityType::Invoice)[0].by_currency("EUR").expect("two halves");
    let total = Filter::of(EntityType::Invoice, "total", Op::Gt, vec![Value::Decimal(5.into())]);
    let eur = [Literal::Text("EUR".into())];
    let five = [Literal::Number(5.into())];
    let pushed = |set: &SetMapping| push(&total, set, true, &|_| Fit::Exact);
    let expected = SourceFilter::And(vec![is("Currency", SourceOp::Eq, &eur), is("Total", SourceOp::Gt, &five)]);
    assert_eq!(pushed(&own), Pushed { source: expected, left: Filter::ALL });
    let expected = SourceFilter::And(vec![is("Currency", SourceOp::Neq, &eur), is("TotalFc", SourceOp::Gt, &five)]);
    assert_eq!(pushed(&foreign), Pushed { source: expected, left: Filter::ALL });
    let order =
        [Order { field: EntityType::Invoice.def().id_of("total").expect("a field"), direction: Direction::Asc }];
    assert_eq!(sort_keys(&foreign, &order).expect("sortable")[0].path.as_str(), "TotalFc");
    assert!(mapping.sets(EntityType::Customer)[0].by_currency("EUR").is_none());
}

#[test]
fn the_day_of_a_moment_is_the_day_in_the_time_zone_of_the_erp() {
    let text = "utc-datetime = true\n[salesOrder]\nid='id'\nsets=[{name='s'}]\n[salesOrder.fields]\norderDate='at'\nremoteUpdatedAt='at'\nmemo={html='note'}";
    let mapping = Mapping::parse(text).expect("a mapping");
    let set = &mapping.sets(EntityType::SalesOrder)[0];
    let plan = Plan::new(set, EntityType::SalesOrder.def().every_field());
    let read =
        |at: &str| plan.read(&format!(r#"{{"id":1,"at":"{at}","note":"<p>a</p>"}}"#), &[], &env()).expect("a record");
    let late = read("2026-01-31 23:30:00");
    assert_eq!(*late.named("orderDate"), Value::Date("2026-02-01".parse().expect("a date")), "Berlin is an hour ahead");
    assert_eq!(*late.named("remoteUpdatedAt"), Value::DateTime("2026-01-31T23:30:00Z".parse().expect("a moment")));
    assert_eq!(*late.named("memo"), Value::Text("a".into()));
    let field = EntityType::SalesOrder.def().id_of("orderDate").expect("a field");
    let plain = Plan::new(set, [field].into_iter().collect()).read(r#"{"id":1,"at":"2026-01-31"}"#, &[], &env());
    assert_eq!(*plain.expect("a record").named("orderDate"), Value::Date("2026-01-31".parse().expect("a date")));
}
