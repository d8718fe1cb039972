//! Queries in SQL as a Service Layer keeps and lists them, for the two tables and the few words that the adapter uses.

use super::filter::Row;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Mutex,
};

#[derive(Default)]
pub(super) struct Queries(Mutex<HashMap<String, String>>);

type Tables = BTreeMap<&'static str, Vec<Row>>;

impl Queries {
    pub(super) fn texts(&self) -> Vec<String> {
        let mut texts: Vec<_> = self.0.lock().expect("not poisoned").values().cloned().collect();
        texts.sort();
        texts
    }

    pub(super) fn answer(&self, tables: &Tables, path: &str, body: &Value) -> (u16, Value) {
        let mut stored = self.0.lock().expect("not poisoned");
        if path.ends_with("/SQLQueries") {
            let text = |name: &str| body[name].as_str().expect("text").to_owned();
            assert!(text("SqlCode").len() <= 20);
            return match stored.insert(text("SqlCode"), text("SqlText")) {
                None => (201, json!({})),
                Some(_) => (400, json!({})),
            };
        }
        let code = path.split("('").nth(1).and_then(|rest| rest.strip_suffix("')/List")).expect("a code");
        let Some(sql) = stored.get(code) else { return (404, Value::Null) };
        let parameters: HashMap<&str, &str> =
            body["ParamList"].as_str().expect("text").split('&').filter_map(|pair| pair.split_once('=')).collect();
        (200, json!({"value": run(tables, sql, &parameters)}))
    }
}

/// The rows of a FROM clause, by the names of their columns.
fn source(tables: &Tables, from: &str) -> Vec<Row> {
    match from {
        "ORTT" => tables["ORTT"].clone(),
        "OJDT T0 INNER JOIN JDT1 T1 ON T0.TransId = T1.TransId" => {
            let lines = tables["JournalEntries"].iter().flat_map(|entry| {
                let day: String = entry["ReferenceDate"].as_str().expect("a date")[..10].replace('-', "");
                let lines = entry["JournalEntryLines"].as_array().expect("lines").iter();
                lines.map(move |line| {
                    let row = json!({"T0.RefDate": day, "T0.Number": entry["Number"], "T1.Account": line["AccountCode"],
                        "T1.Debit": line["Debit"], "T1.Credit": line["Credit"]});
                    super::row(row)
                })
            });
            lines.collect()
        }
        other => panic!("FROM {other}"),
    }
}

fn run(tables: &Tables, sql: &str, parameters: &HashMap<&str, &str>) -> Vec<Value> {
    let (select, rest) = sql.strip_prefix("SELECT ").and_then(|s| s.split_once(" FROM ")).expect("a query");
    let (rest, by) = rest.split_once(" GROUP BY ").map_or((rest, None), |(rest, by)| (rest, Some(by)));
    let (from, condition) =
        rest.split_once(" WHERE ").map_or((rest, None), |(from, condition)| (from, Some(condition)));
    let mut rows = source(tables, from);
    if let Some(condition) = condition {
        rows.retain(|row| Condition { rest: condition, row, parameters }.any());
    }
    if by.is_none() && !select.contains('(') {
        let shown = |row: &Row| select.split(", ").map(|name| (name.to_owned(), row[name].clone())).collect::<Row>();
        return rows.iter().map(|row| Value::Object(shown(row))).collect();
    }
    let mut groups: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
    if by.is_none() {
        groups.insert(String::new(), Vec::new());
    }
    for row in &rows {
        let key = by.map_or(String::new(), |by| by.split(", ").map(|name| format!("{} ", row[name])).collect());
        groups.entry(key).or_default().push(row);
    }
    let value = |rows: &[&Row], what: &str| match what.strip_prefix("SUM(").and_then(|w| w.strip_suffix(')')) {
        Some(name) => {
            let sum: Decimal = rows.iter().map(|row| row[name].to_string().parse::<Decimal>().expect("a number")).sum();
            sum.to_string().parse().map(Value::Number).expect("a number")
        }
        None if what == "COUNT(*)" => json!(rows.len()),
        None => rows[0][what].clone(),
    };
    let shown = |rows: &Vec<&Row>| -> Row {
        let columns = select.split(", ").map(|part| part.split_once(" AS ").expect("an alias"));
        columns.map(|(what, alias)| (alias.to_owned(), value(rows, what))).collect()
    };
    groups.values().map(|rows| Value::Object(shown(rows))).collect()
}

struct Condition<'a> {
    rest: &'a str,
    row: &'a Row,
    parameters: &'a HashMap<&'a str, &'a str>,
}

impl Condition<'_> {
    fn eat(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn any(&mut self) -> bool {
        let mut holds = self.all();
        while self.eat(" OR ") {
            holds |= self.all();
        }
        holds
    }

    fn all(&mut self) -> bool {
        let mut holds = self.one();
        while self.eat(" AND ") {
            holds &= self.one();
        }
        holds
    }

    fn word(&mut self) -> &str {
        let end = self.rest.find([' ', ')']).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn one(&mut self) -> bool {
        if self.eat("(") {
            let holds = self.any();
            assert!(self.eat(")"), "{}", self.rest);
            return holds;
        }
        let value = self.row[self.word()].clone();
        if self.eat(" IS NULL") {
            return value.is_null();
        }
        assert!(self.eat(" "));
        let sign = self.word().to_owned();
        assert!(self.eat(" :"), "values are parameters: {}", self.rest);
        let with = self.parameters[self.word()];
        let order = match &value {
            Value::Number(number) => {
                let decimal = |text: &str| text.parse::<Decimal>().expect("a number");
                decimal(&number.to_string()).cmp(&decimal(with))
            }
            value => {
                let with = with.strip_prefix('\'').and_then(|w| w.strip_suffix('\'')).expect("quoted text");
                value.as_str().expect("text").cmp(with)
            }
        };
        match sign.as_str() {
            "=" => order.is_eq(),
            "<>" => order.is_ne(),
            ">" => order.is_gt(),
            ">=" => order.is_ge(),
            "<" => order.is_lt(),
            "<=" => order.is_le(),
            other => panic!("{other}"),
        }
    }
}
