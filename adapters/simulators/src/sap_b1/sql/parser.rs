//! Reads a query, finds its tables and columns, and writes it as the Service Layer shows it: on SAP HANA every table,
//! column and alias in double quotes, in the case of the database ("SQL Normalization").

use super::{
    error::Error,
    lexer::{Token, Word, words},
    query::{Comparison, Expr, Function, Item, Join, Order, Query, Total},
    tables::Table,
};
use crate::{decimal::Dec, store::Cell};

/// A query with its text as it is shown, and the names of its parameters.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) query: Query,
    pub(super) text: String,
    pub(super) params: Vec<String>,
}

const KEYWORDS: &[&str] = &[
    "select", "distinct", "top", "from", "where", "group", "by", "having", "order", "asc", "desc", "and", "or", "not",
    "between", "like", "in", "is", "null", "as", "on", "inner", "left", "right", "full", "outer", "join", "union",
    "all", "exists",
];

/// Reads a query.
///
/// # Errors
/// If it is not of the subset that is served here, or names a table or column that it may not read.
pub(super) fn parse(sql: &str) -> Result<Parsed, Error> {
    let words = words(sql).map_err(|at| Error::syntax(sql, at, "Incorrect syntax"))?;
    if let Some(Word { token: Token::Name(name, false), .. }) = words.first()
        && !name.eq_ignore_ascii_case("select")
    {
        let mismatch = format!("mismatched input '{name}' expecting {{SELECT, '('}}");
        return Err(Error::syntax("", 0, &mismatch));
    }
    let mut parser = Parser { sql, words: &words, at: 0, tables: Vec::new(), shown: Vec::new(), params: Vec::new() };
    parser.find_tables()?;
    let query = parser.query()?;
    if parser.at < words.len() {
        return Err(parser.unexpected());
    }
    let text = parser.text();
    Ok(Parsed { query, text, params: parser.params })
}

struct Parser<'a> {
    sql: &'a str,
    words: &'a [Word],
    at: usize,
    /// The tables with their names in the query.
    tables: Vec<(String, Table)>,
    /// What stands for the words in the text that is shown, by position.
    shown: Vec<(usize, String)>,
    params: Vec<String>,
}

impl Parser<'_> {
    fn syntax(&self, at: usize, why: &str) -> Error {
        let position = self.words.get(at).map_or(self.sql.len(), |word| word.start);
        Error::syntax(self.sql, position, why)
    }

    fn unexpected(&self) -> Error {
        match self.words.get(self.at) {
            Some(word) => {
                self.syntax(self.at, &format!("Incorrect syntax near '{}'.", &self.sql[word.start..word.end]))
            }
            None => self.syntax(self.at, "Incorrect syntax near '<EOF>'."),
        }
    }

    fn is_word(&self, at: usize, wanted: &str) -> bool {
        matches!(self.words.get(at), Some(Word { token: Token::Name(name, false), .. })
            if name.eq_ignore_ascii_case(wanted))
    }

    fn accept(&mut self, wanted: &str) -> bool {
        let found = self.is_word(self.at, wanted);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, wanted: &str) -> Result<(), Error> {
        if self.accept(wanted) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn symbol(&mut self, wanted: &str) -> bool {
        let found = matches!(self.words.get(self.at), Some(Word { token: Token::Symbol(symbol), .. })
            if *symbol == wanted);
        self.at += usize::from(found);
        found
    }

    fn expect_symbol(&mut self, wanted: &str) -> Result<(), Error> {
        if self.symbol(wanted) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// An identifier that is no keyword.
    fn name(&mut self) -> Option<String> {
        let Some(Word { token: Token::Name(name, quoted), .. }) = self.words.get(self.at) else { return None };
        if !quoted && KEYWORDS.iter().any(|keyword| name.eq_ignore_ascii_case(keyword)) {
            return None;
        }
        self.at += 1;
        Some(name.clone())
    }

    fn show(&mut self, at: usize, text: &str) {
        self.shown.push((at, format!("\"{text}\"")));
    }

    /// The columns come before the tables that they are of, so these are found first.
    fn find_tables(&mut self) -> Result<(), Error> {
        let starts = |parser: &Self, at: usize| parser.is_word(at, "from") || parser.is_word(at, "join");
        for at in 0..self.words.len() {
            if !starts(self, at) {
                continue;
            }
            self.at = at + 1;
            let name = self.name().ok_or_else(|| self.unexpected())?;
            let table = Table::of(&name).ok_or_else(|| Error::table(&name))?;
            self.show(at + 1, table.name);
            self.accept("as");
            let alias = self.name().unwrap_or(name);
            self.tables.push((alias, table));
        }
        self.at = 0;
        if self.tables.is_empty() { Err(self.unexpected()) } else { Ok(()) }
    }

    fn query(&mut self) -> Result<Query, Error> {
        self.expect("select")?;
        let distinct = self.accept("distinct");
        let top = if self.accept("top") { Some(self.number()?) } else { None };
        let mut items = vec![self.item()?];
        while self.symbol(",") {
            items.push(self.item()?);
        }
        self.aliases_differ(&items)?;
        self.expect("from")?;
        self.skip_table()?;
        let mut joins = Vec::new();
        while let Some(outer) = self.join_kind()? {
            self.skip_table()?;
            self.expect("on")?;
            joins.push(Join { outer, on: self.condition()? });
        }
        let filter = if self.accept("where") { Some(self.condition()?) } else { None };
        let mut group = Vec::new();
        if self.accept("group") {
            self.expect("by")?;
            group.push(self.operand()?);
            while self.symbol(",") {
                group.push(self.operand()?);
            }
        }
        let having = if self.accept("having") { Some(self.condition()?) } else { None };
        let order = self.order(&items)?;
        let tables = self.tables.iter().map(|(_, table)| *table).collect();
        Ok(Query { distinct, top, items, tables, joins, filter, group, having, order })
    }

    fn number(&mut self) -> Result<usize, Error> {
        let Some(Word { token: Token::Number(Dec { units, scale: 0 }), .. }) = self.words.get(self.at) else {
            return Err(self.unexpected());
        };
        self.at += 1;
        usize::try_from(*units).map_err(|_| self.unexpected())
    }

    fn skip_table(&mut self) -> Result<(), Error> {
        self.name().ok_or_else(|| self.unexpected())?;
        self.accept("as");
        self.name();
        Ok(())
    }

    /// Whether the next join keeps rows without a partner; nothing if there is none.
    fn join_kind(&mut self) -> Result<Option<bool>, Error> {
        if self.accept("join") {
            return Ok(Some(false));
        }
        if self.accept("inner") {
            self.expect("join")?;
            return Ok(Some(false));
        }
        if self.accept("left") {
            self.accept("outer");
            self.expect("join")?;
            return Ok(Some(true));
        }
        if self.is_word(self.at, "right") || self.is_word(self.at, "full") {
            return Err(self.syntax(self.at, "the simulator has inner and left joins only"));
        }
        Ok(None)
    }

    fn item(&mut self) -> Result<Item, Error> {
        let start = self.at;
        if self.symbol("*") {
            return Err(self.syntax(start, "Cannot support asterisk(*) in select list."));
        }
        let expr = self.operand()?;
        let named = self.accept("as");
        let at = self.at;
        let alias = match self.name() {
            Some(alias) => {
                self.show(at, &alias);
                alias
            }
            None if named => return Err(self.unexpected()),
            None => match &expr {
                Expr::Column(_, name, _) => (*name).to_owned(),
                _ => return Err(self.syntax(start, "Please specify an alias for the computed column.")),
            },
        };
        Ok(Item { expr, alias, at: start })
    }

    fn aliases_differ(&self, items: &[Item]) -> Result<(), Error> {
        for (position, item) in items.iter().enumerate() {
            if items[..position].iter().any(|other| other.alias.eq_ignore_ascii_case(&item.alias)) {
                let why = format!(
                    "Multiple name for column or column alias '{}', please specify it with a different alias.",
                    item.alias
                );
                return Err(self.syntax(item.at, &why));
            }
        }
        Ok(())
    }

    fn order(&mut self, items: &[Item]) -> Result<Vec<Order>, Error> {
        let mut order = Vec::new();
        if !self.accept("order") {
            return Ok(order);
        }
        self.expect("by")?;
        loop {
            let at = self.at;
            let aliased = self.name().and_then(|name| items.iter().position(|item| item.alias == name));
            let next_is_dot = matches!(self.words.get(self.at), Some(Word { token: Token::Symbol("."), .. }));
            let by = match aliased.filter(|_| !next_is_dot) {
                Some(position) => {
                    self.show(at, &items[position].alias);
                    items[position].expr.clone()
                }
                None => {
                    self.at = at;
                    self.operand()?
                }
            };
            let descending = self.accept("desc");
            if !descending {
                self.accept("asc");
            }
            order.push(Order { by, descending });
            if !self.symbol(",") {
                return Ok(order);
            }
        }
    }

    fn condition(&mut self) -> Result<Expr, Error> {
        let mut left = self.conjunction()?;
        while self.accept("or") {
            left = Expr::Or(Box::new(left), Box::new(self.conjunction()?));
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Result<Expr, Error> {
        let mut left = self.negation()?;
        while self.accept("and") {
            left = Expr::And(Box::new(left), Box::new(self.negation()?));
        }
        Ok(left)
    }

    fn negation(&mut self) -> Result<Expr, Error> {
        if self.accept("not") {
            return Ok(Expr::Not(Box::new(self.negation()?)));
        }
        if self.is_word(self.at, "exists") {
            return Err(self.syntax(self.at, "the simulator has no subqueries"));
        }
        let start = self.at;
        if self.symbol("(") {
            // Either a condition or an operand; an operand in parentheses has a comparison after it.
            let inner = self.condition()?;
            self.expect_symbol(")")?;
            return Ok(inner);
        }
        self.at = start;
        self.predicate()
    }

    fn predicate(&mut self) -> Result<Expr, Error> {
        let left = Box::new(self.operand()?);
        if self.accept("is") {
            let not = self.accept("not");
            self.expect("null")?;
            return Ok(negated(not, Expr::IsNull(left)));
        }
        let not = self.accept("not");
        if self.accept("between") {
            let low = self.operand()?;
            self.expect("and")?;
            let high = self.operand()?;
            let from = Expr::Compare(left.clone(), Comparison::AtLeast, Box::new(low));
            let to = Expr::Compare(left, Comparison::AtMost, Box::new(high));
            return Ok(negated(not, Expr::And(Box::new(from), Box::new(to))));
        }
        if self.accept("like") {
            return Ok(negated(not, Expr::Like(left, Box::new(self.operand()?))));
        }
        if self.accept("in") {
            self.expect_symbol("(")?;
            if self.is_word(self.at, "select") {
                return Err(self.syntax(self.at, "the simulator has no subqueries"));
            }
            let mut values = vec![self.operand()?];
            while self.symbol(",") {
                values.push(self.operand()?);
            }
            self.expect_symbol(")")?;
            return Ok(negated(not, Expr::In(left, values)));
        }
        let comparison = [
            ("=", Comparison::Equal),
            ("<>", Comparison::Unequal),
            ("!=", Comparison::Unequal),
            ("<=", Comparison::AtMost),
            (">=", Comparison::AtLeast),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        for (symbol, comparison) in comparison {
            if !not && self.symbol(symbol) {
                return Ok(Expr::Compare(left, comparison, Box::new(self.operand()?)));
            }
        }
        Err(self.unexpected())
    }

    fn operand(&mut self) -> Result<Expr, Error> {
        let at = self.at;
        let negative = self.symbol("-");
        let word = self.words.get(self.at).ok_or_else(|| self.unexpected())?;
        let expr = match &word.token {
            Token::Number(number) => {
                let sign = if negative { -1 } else { 1 };
                Expr::Value(Dec::new(sign * number.units, number.scale).into())
            }
            _ if negative => return Err(self.unexpected()),
            Token::Text(text) => Expr::Value(text.as_str().into()),
            Token::Param(name) => {
                if !self.params.contains(name) {
                    self.params.push(name.clone());
                }
                Expr::Param(name.clone())
            }
            Token::Name(name, false) if name.eq_ignore_ascii_case("null") => Expr::Value(Cell::Null),
            Token::Name(name, false)
                if matches!(self.words.get(at + 1), Some(Word { token: Token::Symbol("("), .. })) =>
            {
                return self.function(name);
            }
            Token::Name(..) => return self.column(),
            Token::Symbol(_) => return Err(self.unexpected()),
        };
        self.at += 1;
        if matches!(self.words.get(self.at), Some(Word { token: Token::Symbol("+" | "-" | "*"), .. })) {
            return Err(self.arithmetic());
        }
        Ok(expr)
    }

    /// The guide's lists of keywords and functions have no arithmetic.
    fn arithmetic(&self) -> Error {
        let symbol = self.words.get(self.at).map_or("", |word| &self.sql[word.start..word.end]);
        self.syntax(self.at, &format!("Cannot support this function or expression: '{symbol}'"))
    }

    fn column(&mut self) -> Result<Expr, Error> {
        let at = self.at;
        let first = self.name().ok_or_else(|| self.unexpected())?;
        let (sources, name, at) = if self.symbol(".") {
            let source = self.tables.iter().position(|(alias, _)| alias.eq_ignore_ascii_case(&first));
            let source = source.ok_or_else(|| self.syntax(at, &format!("Incorrect syntax near '{first}'.")))?;
            let at = self.at;
            (source..source + 1, self.name().ok_or_else(|| self.unexpected())?, at)
        } else {
            (0..self.tables.len(), first, at)
        };
        let of = |source: usize| self.tables[source].1.column(&name).map(|(column, from)| (source, column, from));
        let mut found = sources.clone().filter_map(of);
        let Some((source, column, from)) = found.next() else {
            let table = self.tables[sources.start].1.name;
            return Err(Error::column(&name, table));
        };
        if found.next().is_some() {
            return Err(self.syntax(at, &format!("Ambiguous column name '{name}'.")));
        }
        drop(found);
        self.show(at, column);
        if matches!(self.words.get(self.at), Some(Word { token: Token::Symbol("+" | "-" | "*"), .. })) {
            return Err(self.arithmetic());
        }
        Ok(Expr::Column(source, column, from))
    }

    fn function(&mut self, name: &str) -> Result<Expr, Error> {
        let at = self.at;
        self.at += 2;
        let lower = name.to_lowercase();
        let total = match lower.as_str() {
            "sum" => Some(Total::Sum),
            "avg" => Some(Total::Average),
            "min" => Some(Total::Low),
            "max" => Some(Total::High),
            "count" => Some(Total::Count),
            _ => None,
        };
        if let Some(total) = total {
            if total == Total::Count && self.symbol("*") {
                self.expect_symbol(")")?;
                return Ok(Expr::Total(Total::Rows, None));
            }
            let distinct = self.accept("distinct");
            let inner = self.operand()?;
            self.expect_symbol(")")?;
            let total = if distinct && total == Total::Count { Total::Distinct } else { total };
            return Ok(Expr::Total(total, Some(Box::new(inner))));
        }
        let function = match lower.as_str() {
            "ifnull" | "isnull" => Function::IfNull,
            "lower" => Function::Lower,
            "upper" => Function::Upper,
            "left" => Function::Left,
            "right" => Function::Right,
            _ => return Err(self.syntax(at, &format!("Cannot support this function or expression: '{name}'"))),
        };
        if function == Function::IfNull {
            self.shown.push((at, "IFNULL".to_owned()));
        }
        let mut arguments = vec![self.operand()?];
        while self.symbol(",") {
            arguments.push(self.operand()?);
        }
        self.expect_symbol(")")?;
        let wanted = if matches!(function, Function::Lower | Function::Upper) { 1 } else { 2 };
        if arguments.len() != wanted {
            return Err(self.syntax(at, &format!("Incorrect syntax near '{name}'.")));
        }
        Ok(Expr::Call(function, arguments))
    }

    fn text(&mut self) -> String {
        self.shown.sort_by_key(|(at, _)| *at);
        let mut text = String::new();
        let mut end = 0;
        for (at, shown) in &self.shown {
            let word = &self.words[*at];
            // A word may have been looked at twice.
            if word.start < end {
                continue;
            }
            text.push_str(&self.sql[end..word.start]);
            text.push_str(shown);
            end = word.end;
        }
        text.push_str(&self.sql[end..]);
        text
    }
}

fn negated(not: bool, expr: Expr) -> Expr {
    if not { Expr::Not(Box::new(expr)) } else { expr }
}
