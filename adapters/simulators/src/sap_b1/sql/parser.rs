//! Reads a query, finds its tables and columns, and writes it as the Service Layer shows it: on SAP HANA every table,
//! column and alias in double quotes, in the case of the database ("SQL Normalization").

use super::{
    error::Error,
    lexer::{Token, Word, words},
    query::{Expr, Item, Join, Order, Query},
    tables::Table,
};
use crate::decimal::Dec;

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

pub(super) struct Parser<'a> {
    pub(super) sql: &'a str,
    pub(super) words: &'a [Word],
    pub(super) at: usize,
    /// The tables with their names in the query.
    pub(super) tables: Vec<(String, Table)>,
    /// What stands for the words in the text that is shown, by position.
    pub(super) shown: Vec<(usize, String)>,
    pub(super) params: Vec<String>,
}

impl Parser<'_> {
    pub(super) fn syntax(&self, at: usize, why: &str) -> Error {
        let position = self.words.get(at).map_or(self.sql.len(), |word| word.start);
        Error::syntax(self.sql, position, why)
    }

    pub(super) fn unexpected(&self) -> Error {
        match self.words.get(self.at) {
            Some(word) => {
                self.syntax(self.at, &format!("Incorrect syntax near '{}'.", &self.sql[word.start..word.end]))
            }
            None => self.syntax(self.at, "Incorrect syntax near '<EOF>'."),
        }
    }

    pub(super) fn is_word(&self, at: usize, wanted: &str) -> bool {
        matches!(self.words.get(at), Some(Word { token: Token::Name(name, false), .. })
            if name.eq_ignore_ascii_case(wanted))
    }

    pub(super) fn accept(&mut self, wanted: &str) -> bool {
        let found = self.is_word(self.at, wanted);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, wanted: &str) -> Result<(), Error> {
        if self.accept(wanted) { Ok(()) } else { Err(self.unexpected()) }
    }

    pub(super) fn symbol(&mut self, wanted: &str) -> bool {
        let found = matches!(self.words.get(self.at), Some(Word { token: Token::Symbol(symbol), .. })
            if *symbol == wanted);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect_symbol(&mut self, wanted: &str) -> Result<(), Error> {
        if self.symbol(wanted) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// An identifier that is no keyword.
    pub(super) fn name(&mut self) -> Option<String> {
        let Some(Word { token: Token::Name(name, quoted), .. }) = self.words.get(self.at) else { return None };
        if !quoted && KEYWORDS.iter().any(|keyword| name.eq_ignore_ascii_case(keyword)) {
            return None;
        }
        self.at += 1;
        Some(name.clone())
    }

    pub(super) fn show(&mut self, at: usize, text: &str) {
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
