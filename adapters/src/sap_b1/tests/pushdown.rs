//! What of a filter goes down to the service, how it is written there, and what stays.

use crate::{
    filter::{Condition, Filter, Op, Target},
    mapping::push,
    model::{EntityType, RemoteRef, Value},
    sap_b1::{
        books::tests::books,
        config::{Database, Version},
        dialect::Dialect,
    },
};

fn written(
    entity: EntityType,
    set: usize,
    filter: &Filter,
    database: Database,
    folded: bool,
    version: Version,
) -> (String, bool) {
    let books = books(&[("currencies", "$=USD,US=USD")]);
    let set = &books.sets(entity)[set];
    let columns = books.columns(set);
    let dialect =
        Dialect { columns: &columns, version, database, of_set: None, zone: chrono_tz::Europe::Berlin, folded };
    let pushed = push(&columns.tidy(filter), set, true, &|condition| dialect.fit(condition));
    (dialect.filter(&pushed.source).expect("a filter"), pushed.left.is_all())
}

fn hana(entity: EntityType, filter: &Filter) -> (String, bool) {
    written(entity, 0, filter, Database::Hana, false, Version::V2)
}

fn of(entity: EntityType, field: &str, op: Op, value: Value) -> Filter {
    Filter::of(entity, field, op, vec![value])
}

use EntityType::{Customer, Invoice};

#[test]
fn text_from_a_client_stays_text() {
    for evil in [
        "' or 1 eq 1 or '' eq '",
        "O'Brien",
        "'",
        "''",
        "\\'",
        "x' and CardType ne 'cCustomer",
        "a\r\nDELETE /b1s",
        "%27",
        "\u{2019}",
        "(')",
    ] {
        let quoted = format!("'{}'", evil.replace('\'', "''"));
        let email = of(Customer, "email", Op::Eq, Value::Text(evil.into()));
        assert_eq!(hana(Customer, &email), (format!("CardType eq 'cCustomer' and EmailAddress eq {quoted}"), true));
        let ids = Filter::Is(Condition {
            target: Target::Id,
            op: Op::In,
            values: vec![Value::Ref(RemoteRef { set: "BusinessPartners".into(), id: evil.into() })],
        });
        assert_eq!(hana(Customer, &ids).0, format!("CardType eq 'cCustomer' and CardCode eq {quoted}"));
        let search = of(Customer, "email", Op::Contains, Value::Text(evil.into()));
        let (text, exact) = written(Customer, 0, &search, Database::Hana, true, Version::V1);
        assert!(!exact);
        // Every quote inside the literal is doubled, so that quotes are even and nothing follows the call.
        assert_eq!(text.matches('\'').count() % 2, 0, "{text}");
        assert!(text.ends_with(",EmailAddress)") || text == "CardType eq 'cCustomer'", "{text}");
    }
    let number = of(Invoice, "number", Op::Eq, Value::Text("1 or DocEntry gt 0".into()));
    let books = books(&[]);
    let tidied = books.columns(&books.sets(Invoice)[0]).tidy(&number);
    assert!(tidied.is_none(), "no such number, no call");
}

#[test]
fn values_are_written_as_the_guide_shows_them() {
    let date = of(Invoice, "dueDate", Op::Gte, Value::Date("2026-01-31".parse().expect("a date")));
    assert_eq!(hana(Invoice, &date), ("CancelStatus ne 'csCancellation' and DocDueDate ge '2026-01-31'".into(), true));
    let number = Filter::of(
        Invoice,
        "number",
        Op::In,
        vec![Value::Text("12".into()), Value::Text("012".into()), Value::Text("13".into())],
    );
    assert_eq!(hana(Invoice, &number).0, "CancelStatus ne 'csCancellation' and (DocNum eq 12 or DocNum eq 13)");
    let currency = of(Invoice, "currency", Op::Eq, Value::Currency("USD".parse().expect("a code")));
    assert_eq!(
        hana(Invoice, &currency).0,
        "CancelStatus ne 'csCancellation' and (DocCurrency eq 'USD' or DocCurrency eq '$' or DocCurrency eq 'US')"
    );
    let not = Filter::Not(Box::new(currency));
    assert_eq!(
        hana(Invoice, &not).0,
        "CancelStatus ne 'csCancellation' and (DocCurrency ne 'USD' and DocCurrency ne '$' and DocCurrency ne 'US')"
    );
    let open = of(Invoice, "status", Op::Eq, Value::Enum("OPEN"));
    assert_eq!(
        hana(Invoice, &open),
        ("CancelStatus ne 'csCancellation' and DocumentStatus eq 'bost_Open' and CancelStatus eq 'csNo' and PaidToDate le 0".into(), true)
    );
    let none = of(Customer, "email", Op::IsNull, Value::Bool(true));
    assert_eq!(
        hana(Customer, &none),
        ("CardType eq 'cCustomer' and (EmailAddress eq null or EmailAddress eq '')".into(), true)
    );
    let other = of(Customer, "email", Op::Neq, Value::Text("a".into()));
    assert_eq!(
        hana(Customer, &other),
        ("CardType eq 'cCustomer' and (EmailAddress ne 'a' or EmailAddress eq null)".into(), true)
    );
}

#[test]
fn what_a_database_folds_is_left_to_evaluate() {
    let equal = of(Customer, "email", Op::Eq, Value::Text("A@b".into()));
    let other = of(Customer, "email", Op::Neq, Value::Text("A@b".into()));
    let exact = |filter, database, folded| written(Customer, 0, filter, database, folded, Version::V2).1;
    assert!(exact(&equal, Database::Hana, false) && exact(&other, Database::Hana, false));
    assert!(!exact(&equal, Database::Hana, true) && !exact(&equal, Database::SqlServer, false));
    let (text, exact) = written(Customer, 0, &other, Database::SqlServer, false, Version::V2);
    assert_eq!(
        (text.as_str(), exact),
        ("CardType eq 'cCustomer'", false),
        "it would lose the rows that differ by case alone"
    );
}

#[test]
fn searches_are_for_pieces_that_mean_themselves() {
    let search = |op, text: &str| {
        let filter = of(Customer, "email", op, Value::Text(text.into()));
        written(Customer, 0, &filter, Database::Hana, true, Version::V2).0.replace("CardType eq 'cCustomer'", "")
    };
    assert_eq!(search(Op::Contains, "50%_off"), " and contains(EmailAddress,'off')");
    assert_eq!(search(Op::StartsWith, "50%_off"), " and startswith(EmailAddress,'50')");
    assert_eq!(search(Op::Contains, "Straße 1"), " and contains(EmailAddress,'Stra')", "ß grows when it is folded");
    assert_eq!(search(Op::Contains, "müller"), " and contains(EmailAddress,'müller')");
    for hopeless in ["", "%", "[", " _ "] {
        assert_eq!(search(Op::Contains, hopeless), "", "{hopeless:?}");
    }
    assert_eq!(search(Op::StartsWith, "%x"), "");
    let number = of(Invoice, "number", Op::Contains, Value::Text("10".into()));
    assert_eq!(hana(Invoice, &number), ("CancelStatus ne 'csCancellation'".into(), false));
}
