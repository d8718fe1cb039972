//! Conditions as domains.

use super::super::{
    books::{Currencies, Field, Fields, Type},
    domain::Dialect,
};
use crate::mapping::{Fit, Literal, SourceCondition, SourceFilter, SourceOp};

fn fields() -> Fields {
    let field = |kind| Field { kind, searchable: true, sortable: true, stored: true, groupable: true };
    let computed = Field { searchable: false, ..field(Type::Float) };
    [
        ("name", field(Type::Text)),
        ("state", field(Type::Selection)),
        ("active", field(Type::Bool)),
        ("amount", field(Type::Monetary)),
        ("price", field(Type::Float)),
        ("day", field(Type::Date)),
        ("at", field(Type::DateTime)),
        ("partner_id", field(Type::One)),
        ("currency_id", field(Type::Currency)),
        ("lst_price", computed),
        ("purchase_id", Field { stored: false, ..field(Type::One) }),
    ]
    .map(|(name, field)| (name.into(), field))
    .into()
}

fn with_dialect<T>(accents: bool, f: impl FnOnce(&Dialect<'_>) -> T) -> T {
    let code = |code: &str| code.parse().expect("a code");
    let currencies = Currencies { codes: [("1".into(), code("USD")), ("126".into(), code("EUR"))].into() };
    let blanks = [("name".into(), vec!["/".into()])].into();
    f(&Dialect { fields: &fields(), blanks, currencies: &currencies, zone: chrono_tz::Europe::Berlin, accents })
}

fn is(path: &str, op: SourceOp, values: &[Literal]) -> SourceFilter {
    SourceFilter::Is(SourceCondition { path: path.into(), op, values: values.to_vec() })
}

fn render(filter: &SourceFilter) -> String {
    with_dialect(false, |dialect| dialect.render(filter))
}

fn one(path: &str, op: SourceOp, value: Literal) -> String {
    render(&is(path, op, &[value]))
}

fn fit(path: &str, op: SourceOp, value: Literal) -> Fit {
    with_dialect(false, |dialect| dialect.fit(&SourceCondition { path: path.into(), op, values: vec![value] }))
}

fn text(text: &str) -> Literal {
    Literal::Text(text.into())
}

fn moment(text: &str) -> Literal {
    Literal::DateTime(text.parse().expect("a moment"))
}

#[test]
fn operators_come_first() {
    let a = is("state", SourceOp::Eq, &[text("a")]);
    let b = is("state", SourceOp::Eq, &[text("b")]);
    let c = is("amount", SourceOp::Gt, &[Literal::Number("12.50".parse().expect("a number"))]);
    let filter = SourceFilter::And(vec![SourceFilter::Or(vec![a.clone(), b.clone(), c.clone()]), c]);
    assert_eq!(
        render(&filter),
        r#"["&","|","|",["state","=","a"],["state","=","b"],["amount",">",12.50],["amount",">",12.50]]"#
    );
    assert_eq!(render(&SourceFilter::ALL), "[]");
    assert_eq!(render(&SourceFilter::NONE), r#"[["id","in",[]]]"#);
    let decided = SourceFilter::Or(vec![a, is("amount", SourceOp::IsNull, &[Literal::Bool(false)])]);
    assert_eq!(render(&decided), "[]", "every row has an amount");
}

#[test]
fn texts_reach_odoo_as_data_only() {
    let evil = "x\"],[\"id\",\">\",0]] ' OR 1=1 -- \\ \u{1} 100%_";
    let domain = one("name", SourceOp::Eq, text(evil));
    let parsed: serde_json::Value = serde_json::from_str(&domain).expect("JSON");
    assert_eq!(parsed, serde_json::json!([["name", "=", evil]]));
    let domain = one("name", SourceOp::Contains, text("100%_\\"));
    let parsed: serde_json::Value = serde_json::from_str(&domain).expect("JSON");
    assert_eq!(parsed, serde_json::json!([["name", "=ilike", "%100\\%\\_\\\\%"]]));
    assert_eq!(one("name", SourceOp::StartsWith, text("Mü%")), r#"[["name","=ilike","Mü\\%%"]]"#);
    assert_eq!(fit("name", SourceOp::Eq, text("a\0b")), Fit::No);
}

#[test]
fn no_value_has_several_faces() {
    let null = |path, yes| one(path, SourceOp::IsNull, Literal::Bool(yes));
    assert_eq!(null("name", true), r#"[["name","in",[false,"","/"]]]"#);
    assert_eq!(null("name", false), r#"[["name","not in",[false,"","/"]]]"#);
    assert_eq!(null("day", true), r#"[["day","=",false]]"#);
    assert_eq!(null("amount", true), r#"[["id","in",[]]]"#);
    assert_eq!(null("active", false), "[]");
    assert_eq!(one("name", SourceOp::Contains, text("")), null("name", false));
    assert_eq!(fit("name", SourceOp::Eq, text("")), Fit::Wider);
    assert_eq!(fit("name", SourceOp::Neq, text("")), Fit::No);
    let unset = is("state", SourceOp::In, &[text("a"), Literal::Bool(false)]);
    assert_eq!(render(&unset), r#"[["state","in",["a",false]]]"#);
    assert_eq!(one("state", SourceOp::Neq, Literal::Bool(false)), r#"[["state","!=",false]]"#);
}

#[test]
fn nothing_counts_as_zero() {
    let number = |n: i64| Literal::Number(n.into());
    let or_none = |condition: &str| format!(r#"["|",{condition},["price","=",false]]"#);
    assert_eq!(one("price", SourceOp::Lte, number(16)), or_none(r#"["price","<=",16]"#));
    assert_eq!(one("price", SourceOp::Gt, number(-1)), or_none(r#"["price",">",-1]"#));
    assert_eq!(one("price", SourceOp::Eq, number(0)), or_none(r#"["price","=",0]"#));
    assert_eq!(one("price", SourceOp::Gt, number(0)), r#"[["price",">",0]]"#);
    assert_eq!(one("price", SourceOp::Neq, number(5)), r#"[["price","!=",5]]"#, "Odoo itself finds those with nothing");
    let some = is("price", SourceOp::In, &[number(5), number(0)]);
    assert_eq!(render(&some), r#"["|","|",["price","=",0],["price","=",false],["price","in",[5]]]"#);
}

#[test]
fn moments_are_compared_by_whole_seconds() {
    let at = |op| one("at", op, moment("2026-01-31T10:00:00Z"));
    assert_eq!(at(SourceOp::Gt), r#"[["at",">=","2026-01-31 10:00:01"]]"#);
    assert_eq!(at(SourceOp::Lte), r#"[["at","<","2026-01-31 10:00:01"]]"#);
    assert_eq!(at(SourceOp::Eq), r#"["&",["at",">=","2026-01-31 10:00:00"],["at","<","2026-01-31 10:00:01"]]"#);
    let between = |op| one("at", op, moment("2026-01-31T10:00:00.5Z"));
    assert_eq!(between(SourceOp::Gt), between(SourceOp::Gte));
    assert_eq!(between(SourceOp::Gt), at(SourceOp::Gt));
    assert_eq!(between(SourceOp::Lt), at(SourceOp::Lte));
    assert_eq!(between(SourceOp::Eq), r#"[["id","in",[]]]"#, "no row shows half a second");
}

#[test]
fn days_begin_where_the_company_is() {
    let day = |op| one("at", op, Literal::Date("2026-07-01".parse().expect("a date")));
    assert_eq!(day(SourceOp::Eq), r#"["&",["at",">=","2026-06-30 22:00:00"],["at","<","2026-07-01 22:00:00"]]"#);
    assert_eq!(day(SourceOp::Gt), r#"[["at",">=","2026-07-01 22:00:00"]]"#);
    assert_eq!(day(SourceOp::Lt), r#"[["at","<","2026-06-30 22:00:00"]]"#);
    assert_eq!(
        one("day", SourceOp::Gt, Literal::Date("2026-07-01".parse().expect("a date"))),
        r#"[["day",">","2026-07-01"]]"#
    );
}

#[test]
fn currencies_are_named_by_their_ids() {
    assert_eq!(one("currency_id", SourceOp::Eq, text("EUR")), r#"[["currency_id","in",[126]]]"#);
    assert_eq!(one("currency_id", SourceOp::Eq, text("XXX")), r#"[["id","in",[]]]"#);
    assert_eq!(one("currency_id", SourceOp::Neq, text("XXX")), "[]");
}

#[test]
fn what_odoo_evaluates_otherwise_stays_here() {
    let number = |n: &str| Literal::Number(n.parse().expect("a number"));
    assert_eq!(fit("name", SourceOp::Gt, text("a")), Fit::No, "the database's collation");
    assert_eq!(fit("lst_price", SourceOp::Gt, number("1")), Fit::No, "computed");
    assert_eq!(fit("price", SourceOp::Gt, number("1.005")), Fit::No, "rounded by the field's digits");
    assert_eq!(fit("price", SourceOp::Gt, number("1")), Fit::Exact);
    assert_eq!(fit("amount", SourceOp::Gt, number("1.005")), Fit::Exact);
    assert_eq!(fit("nothing", SourceOp::Eq, text("a")), Fit::No);
    assert_eq!(fit("partner_id", SourceOp::Contains, text("a")), Fit::No);
    assert_eq!(fit("partner_id", SourceOp::In, number("7")), Fit::Exact);
    assert_eq!(fit("partner_id", SourceOp::IsNull, Literal::Bool(true)), Fit::Exact);
    assert_eq!(fit("purchase_id", SourceOp::In, number("7")), Fit::Exact);
    assert_eq!(fit("purchase_id", SourceOp::IsNull, Literal::Bool(true)), Fit::No, "looked up along a path");
    assert_eq!(fit("purchase_id", SourceOp::Neq, number("7")), Fit::No, "looked up along a path");
    let contains = SourceCondition { path: "name".into(), op: SourceOp::Contains, values: vec![text("muller")] };
    assert_eq!(with_dialect(true, |dialect| dialect.fit(&contains)), Fit::Wider, "finds Müller, too");
}
