//! Reads conditions, columns and functions of a query.

use super::{
    error::Error,
    lexer::{Token, Word},
    parser::Parser,
    query::{Comparison, Expr, Function, Total},
};
use crate::{decimal::Dec, store::Cell};

impl Parser<'_> {
    pub(super) fn condition(&mut self) -> Result<Expr, Error> {
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

    pub(super) fn operand(&mut self) -> Result<Expr, Error> {
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
}

fn negated(not: bool, expr: Expr) -> Expr {
    if not { Expr::Not(Box::new(expr)) } else { expr }
}
