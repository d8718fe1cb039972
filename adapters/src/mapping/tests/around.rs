//! Values from around an element, and from other tables.

use super::*;
use crate::model::RemoteRef;

const MAPPING: &str = r##"
[taxRate]
id = "Id"
[[taxRate.sets]]
name = "Rates"
[account]
id = "Id"
[[account.sets]]
name = "Accounts"
[invoice]
id = "Id"
[[invoice.sets]]
name = "Invoices"
[invoice.fields]
memo = { path = "Code", through = "names" }
[invoice.fields.lines]
elements = "Lines"
[invoice.fields.lines.fields]
lineNumber = { index = true }
account = { either = ["Own.Account", { record = "Account" }] }
taxRates = { either = [
    { when = [["Tax", "=", "TAX"]], record = { elements = "Taxes", when = [["Kind", "=", "rate"]], take = "Rate" } },
    { path = "Tax", through = "codes" },
] }
"##;

#[test]
fn elements_know_their_record_and_codes_their_tables() {
    let mapping = Mapping::parse(MAPPING).expect("a good mapping");
    let codes = HashMap::from([("5".into(), vec!["51".into(), "52".into()]), ("NON".into(), vec![])]);
    let names = HashMap::from([("5".into(), vec!["five".into()])]);
    let env = Env { tables: Arc::new(HashMap::from([("codes", codes), ("names", names)])), ..env() };
    let set = &mapping.sets(EntityType::Invoice)[0];
    let plan = Plan::new(set, EntityType::Invoice.def().every_field());
    let json = r#"{"Id":"7","Code":5,"Account":"99","Taxes":[{"Rate":"1","Kind":"rate"},{"Rate":"2"},{"Rate":"3","Kind":"rate"}],"Lines":[
        {"Own":{"Account":"11"},"Tax":"TAX"},{"Tax":"5"},{"Tax":"NON"},{"Tax":"unheard of"},{}]}"#;
    let invoice = plan.read(json, &[], &env).expect("a record");
    assert_eq!(*invoice.named("memo"), Value::Text("five".into()));
    let mut asked: Vec<_> = plan.source_fields().collect();
    asked.sort_unstable();
    assert_eq!(asked, ["Account", "Code", "Id", "Lines", "Taxes"], "also what only elements look at");
    let to = |set: &str, id: &str| Value::Ref(RemoteRef { set: set.into(), id: id.into() });
    let rates = |ids: &[&str]| Value::List(ids.iter().map(|id| to("Rates", id)).collect());
    let Some(crate::model::Kind::List(of)) = invoice.def().id_of("lines").map(|id| invoice.def().field(id).kind) else {
        panic!("no list")
    };
    let place = |name| of.position(name).expect("a field");
    let Value::List(lines) = invoice.named("lines") else { panic!("no lines") };
    let lines: Vec<_> = lines
        .iter()
        .map(|line| match line {
            Value::Object(line) => [line[place("account")].clone(), line[place("taxRates")].clone()],
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        lines,
        [
            [to("Accounts", "11"), rates(&["1", "3"])],
            [to("Accounts", "99"), rates(&["51", "52"])],
            [to("Accounts", "99"), rates(&[])],
            [to("Accounts", "99"), Value::Null],
            [to("Accounts", "99"), Value::Null],
        ]
    );
}
