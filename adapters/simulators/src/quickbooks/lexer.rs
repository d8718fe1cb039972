//! The words of a query. Errors are worded as JavaCC words them, which the service's parser is made with.

use super::fault::Fault;

/// What a word is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword or a name; which of them, the parser decides.
    Word,
    /// A text in quotes; this is what it says without escapes.
    Text(String),
    /// A whole number.
    Integer,
    /// A number with a decimal point.
    Decimal,
    /// An operator or a bracket.
    Symbol,
    /// The end.
    End,
    /// What is no word. The service reads on only as far as it understands, so this counts when it is come to.
    Broken(Box<Fault>),
}

/// A word and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// As it is written.
    pub(super) image: String,
    line: usize,
    column: usize,
}

impl Token {
    /// Whether nothing stands behind it.
    pub(super) fn is_last(&self) -> bool {
        matches!(self.kind, Kind::End | Kind::Broken(_))
    }

    /// Whether it is this keyword or symbol.
    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self.kind, Kind::Word | Kind::Symbol) && self.image.eq_ignore_ascii_case(word)
    }

    /// The refusal of this word where one of `expected` should stand.
    pub(super) fn unexpected(&self, expected: &[&str]) -> Fault {
        let kind = match &self.kind {
            Kind::Broken(fault) => return fault.as_ref().clone(),
            Kind::End => None,
            Kind::Word if self.is("and") => Some("<AND>".to_owned()),
            Kind::Word if KEYWORDS.iter().any(|keyword| self.is(keyword)) => {
                Some(format!("\"{}\"", self.image.to_lowercase()))
            }
            Kind::Word => Some("<IDENTIFIER>".to_owned()),
            Kind::Text(_) => Some("<STRING>".to_owned()),
            Kind::Integer => Some("<INTEGER>".to_owned()),
            Kind::Decimal => Some("<DECIMAL>".to_owned()),
            Kind::Symbol => Some(format!("\"{}\"", self.image)),
        };
        let found = match kind {
            Some(kind) => format!("\" {kind} \"{} \"\"", escaped(&self.image)),
            None => "\"<EOF>\"".to_owned(),
        };
        let mut detail = format!("Encountered {found} at line {}, column {}.\n", self.line, self.column);
        detail.push_str(if expected.len() == 1 { "Was expecting:\n    " } else { "Was expecting one of:\n    " });
        for token in expected {
            let dots = if *token == "<EOF>" { "" } else { "..." };
            detail.push_str(&format!("{token} {dots}\n    "));
        }
        Fault::parser(&detail)
    }
}

const KEYWORDS: &[&str] = &[
    "select",
    "count",
    "from",
    "where",
    "and",
    "order",
    "by",
    "orderby",
    "asc",
    "desc",
    "startposition",
    "maxresults",
    "in",
    "like",
];

/// Reads a statement.
struct Lexer<'a> {
    rest: std::str::Chars<'a>,
    /// Where the next character stands.
    line: usize,
    column: usize,
    /// Where the last word ends, which is what the parser says of an end that comes too early.
    end: (usize, usize),
    latin_only: bool,
}

/// The words of a statement, up to the end or what is no word. With `latin_only`, characters beyond Latin-1 are refused
/// everywhere, as the service did until 2021 at least (ruckus/quickbooks-ruby#309, intuit/QuickBooks-V3-PHP-SDK#397).
pub(super) fn tokens(statement: &str, latin_only: bool) -> Vec<Token> {
    let mut lexer = Lexer { rest: statement.chars(), line: 1, column: 1, end: (0, 0), latin_only };
    let mut tokens = Vec::new();
    while tokens.last().is_none_or(|last: &Token| !last.is_last()) {
        tokens.push(lexer.token());
    }
    tokens
}

impl Lexer<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.clone().next()
    }

    fn advance(&mut self) -> Option<char> {
        let letter = self.rest.next()?;
        self.end = (self.line, self.column);
        (self.line, self.column) = if letter == '\n' { (self.line + 1, 1) } else { (self.line, self.column + 1) };
        Some(letter)
    }

    fn take_while(&mut self, image: &mut String, accept: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&accept) {
            image.extend(self.advance());
        }
    }

    fn token(&mut self) -> Token {
        let end = self.end;
        while self.peek().is_some_and(|letter| matches!(letter, ' ' | '\t' | '\r' | '\n')) {
            self.advance();
        }
        let (line, column) = (self.line, self.column);
        let Some(first) = self.advance() else {
            return Token { kind: Kind::End, image: String::new(), line: end.0, column: end.1 };
        };
        let mut image = String::from(first);
        let kind = match first {
            'a'..='z' | 'A'..='Z' | '_' => {
                self.take_while(&mut image, |letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.'));
                Kind::Word
            }
            '0'..='9' => self.number(&mut image),
            '-' if self.peek().is_some_and(|letter| letter.is_ascii_digit()) => self.number(&mut image),
            '\'' => match self.text(&mut image) {
                Ok(text) => Kind::Text(text),
                Err(fault) => Kind::Broken(Box::new(fault)),
            },
            '<' | '>' => {
                if self.peek() == Some('=') {
                    image.extend(self.advance());
                }
                Kind::Symbol
            }
            '=' | '(' | ')' | ',' | '*' => Kind::Symbol,
            other => Kind::Broken(Box::new(lexical(line, column, Some(other), ""))),
        };
        Token { kind, image, line, column }
    }

    fn number(&mut self, image: &mut String) -> Kind {
        self.take_while(image, |letter| letter.is_ascii_digit());
        if self.peek() != Some('.') {
            return Kind::Integer;
        }
        image.extend(self.advance());
        self.take_while(image, |letter| letter.is_ascii_digit());
        Kind::Decimal
    }

    /// What stands between quotes; a backslash stands before a character that means itself.
    fn text(&mut self, image: &mut String) -> Result<String, Fault> {
        let mut text = String::new();
        loop {
            let (line, column) = (self.line, self.column);
            let mut letter = self.advance();
            image.extend(letter);
            match letter {
                Some('\'') => return Ok(text),
                Some('\\') => {
                    letter = self.advance();
                    image.extend(letter);
                }
                _ => {}
            }
            match letter {
                Some(letter) if self.latin_only && letter > '\u{ff}' => {
                    return Err(lexical(line, column, Some(letter), image));
                }
                Some(letter) => text.push(letter),
                None => return Err(lexical(line, column, None, image)),
            }
        }
    }
}

fn lexical(line: usize, column: usize, found: Option<char>, after: &str) -> Fault {
    let found = match found {
        Some(letter) => format!("\"{}\" ({}),", escaped(&letter.to_string()), u32::from(letter)),
        None => "<EOF>".to_owned(),
    };
    Fault::parser(&format!(
        "Invalid content. Lexical error at line {line}, column {column}.  Encountered: {found} after : \"{}\"",
        escaped(after)
    ))
}

fn escaped(image: &str) -> String {
    let mut escaped = String::with_capacity(image.len());
    for letter in image.chars() {
        match letter {
            '"' | '\'' | '\\' => escaped.extend(['\\', letter]),
            ' '..='~' => escaped.push(letter),
            other => escaped.push_str(&format!("\\u{:04x}", u32::from(other))),
        }
    }
    escaped
}
