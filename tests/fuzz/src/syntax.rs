//! Readers of the two query languages that are text, as far as the adapters write them, by their documents and not by the
//! adapters: a statement of QuickBooks, and the value of `$filter`.

use std::iter::Peekable;

/// A text in a condition, and whether any part of a field may be compared with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// What stands between the quotes, without escapes.
    pub text: String,
    /// Whether it is searched for.
    pub searched: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Sign(String),
}

/// How a quote is written inside quotes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quotes {
    Doubled,
    Escaped,
}

type Read<T> = Result<T, String>;

fn tokens(text: &str, quotes: Quotes) -> Read<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' => {}
            '\'' => tokens.push(Token::Text(quoted(&mut letters, quotes)?)),
            letter if letter.is_ascii_alphanumeric() || "_-".contains(letter) => {
                let mut word = letter.to_string();
                while let Some(next) = letters.next_if(|c| c.is_ascii_alphanumeric() || "_-./".contains(*c)) {
                    word.push(next);
                }
                tokens.push(Token::Word(word));
            }
            '<' | '>' => {
                let equal = letters.next_if_eq(&'=').is_some();
                tokens.push(Token::Sign(format!("{letter}{}", if equal { "=" } else { "" })));
            }
            '=' | '(' | ')' | ',' | '*' => tokens.push(Token::Sign(letter.to_string())),
            other => return Err(format!("{other:?} outside of quotes")),
        }
    }
    Ok(tokens)
}

fn quoted(letters: &mut Peekable<impl Iterator<Item = char>>, quotes: Quotes) -> Read<String> {
    let mut text = String::new();
    loop {
        match letters.next().ok_or("an open quote")? {
            '\'' if quotes == Quotes::Doubled && letters.next_if_eq(&'\'').is_some() => text.push('\''),
            '\'' => return Ok(text),
            '\\' if quotes == Quotes::Escaped => match letters.next() {
                Some(escaped @ ('\'' | '\\')) => text.push(escaped),
                other => return Err(format!("{other:?} is escaped")),
            },
            letter => text.push(letter),
        }
    }
}

struct Parser {
    tokens: Peekable<std::vec::IntoIter<Token>>,
    texts: Vec<Text>,
}

impl Parser {
    fn new(text: &str, quotes: Quotes) -> Read<Self> {
        Ok(Self { tokens: tokens(text, quotes)?.into_iter().peekable(), texts: Vec::new() })
    }

    fn word(&mut self) -> Read<String> {
        match self.tokens.next() {
            Some(Token::Word(word)) => Ok(word),
            other => Err(format!("{other:?} instead of a word")),
        }
    }

    /// A name of a field.
    fn name(&mut self) -> Read<String> {
        let name = self.word()?;
        let keywords =
            ["and", "or", "not", "eq", "ne", "null", "select", "where", "orderby", "in", "like", "true", "false"];
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic()) && !keywords.contains(&name.as_str());
        if is_name { Ok(name) } else { Err(format!("{name} is no name")) }
    }

    fn accept(&mut self, word: &str) -> bool {
        self.tokens.next_if(|token| matches!(token, Token::Word(w) | Token::Sign(w) if w == word)).is_some()
    }

    fn expect(&mut self, word: &str) -> Read<()> {
        if self.accept(word) { Ok(()) } else { Err(format!("{:?} instead of {word}", self.tokens.peek())) }
    }

    fn end(mut self) -> Read<Vec<Text>> {
        match self.tokens.next() {
            None => Ok(self.texts),
            Some(more) => Err(format!("{more:?} behind the end")),
        }
    }

    /// A text, or one of some words, or a number.
    fn value(&mut self, words: &[&str], searched: bool) -> Read<()> {
        match self.tokens.next() {
            Some(Token::Text(text)) => self.texts.push(Text { text, searched }),
            Some(Token::Word(word)) if words.contains(&word.as_str()) || word.parse::<f64>().is_ok() => {}
            other => return Err(format!("{other:?} instead of a value")),
        }
        Ok(())
    }

    // ── OData ────────────────────────────────────────────────────────────────────────────────────

    fn any_of(&mut self) -> Read<()> {
        self.all_of()?;
        while self.accept("or") {
            self.all_of()?;
        }
        Ok(())
    }

    fn all_of(&mut self) -> Read<()> {
        self.condition()?;
        while self.accept("and") {
            self.condition()?;
        }
        Ok(())
    }

    fn condition(&mut self) -> Read<()> {
        if self.accept("(") {
            self.any_of()?;
            return self.expect(")");
        }
        let name = self.name()?;
        match name.as_str() {
            "startswith" | "contains" => {
                self.expect("(")?;
                self.name()?;
                self.expect(",")?;
                self.value(&[], true)?;
                self.expect(")")
            }
            "substringof" => {
                self.expect("(")?;
                self.value(&[], true)?;
                self.expect(",")?;
                self.name()?;
                self.expect(")")
            }
            _ => {
                let operator = self.word()?;
                if !["eq", "ne", "gt", "ge", "lt", "le"].contains(&operator.as_str()) {
                    return Err(format!("{operator} is no operator"));
                }
                self.value(&["null"], false)
            }
        }
    }

    // ── QuickBooks ───────────────────────────────────────────────────────────────────────────────

    fn statement(&mut self) -> Read<()> {
        self.expect("select")?;
        if self.accept("count") {
            self.expect("(")?;
            self.expect("*")?;
            self.expect(")")?;
        } else {
            self.expect("*")?;
        }
        self.expect("from")?;
        self.name()?;
        if self.accept("where") {
            self.comparison()?;
            while self.accept("and") {
                self.comparison()?;
            }
        }
        if self.accept("orderby") {
            loop {
                self.name()?;
                if !self.accept("asc") {
                    self.expect("desc")?;
                }
                if !self.accept(",") {
                    break;
                }
            }
        }
        for word in ["startposition", "maxresults"] {
            if self.accept(word) {
                self.word()?.parse::<u32>().map_err(|error| format!("{word}: {error}"))?;
            }
        }
        Ok(())
    }

    fn comparison(&mut self) -> Read<()> {
        self.name()?;
        let words = ["true", "false"];
        if self.accept("in") {
            self.expect("(")?;
            self.value(&words, false)?;
            while self.accept(",") {
                self.value(&words, false)?;
            }
            return self.expect(")");
        }
        if self.accept("like") {
            return self.value(&[], true);
        }
        match self.tokens.next() {
            Some(Token::Sign(sign)) if ["=", "<", "<=", ">", ">="].contains(&sign.as_str()) => {
                self.value(&words, false)
            }
            other => Err(format!("{other:?} is no operator")),
        }
    }
}

/// The texts in the value of `$filter`.
///
/// # Errors
/// Where it is none.
pub fn filter(text: &str) -> Read<Vec<Text>> {
    let mut parser = Parser::new(text, Quotes::Doubled)?;
    if !text.is_empty() {
        parser.any_of()?;
    }
    parser.end()
}

/// The texts in a statement of QuickBooks.
///
/// # Errors
/// Where it is none, and where it holds what its parser has refused: anything but printable ASCII.
pub fn statement(text: &str) -> Read<Vec<Text>> {
    if let Some(odd) = text.chars().find(|c| !(' '..='~').contains(c)) {
        return Err(format!("{odd:?} in a statement"));
    }
    let mut parser = Parser::new(text, Quotes::Escaped)?;
    parser.statement()?;
    parser.end()
}
