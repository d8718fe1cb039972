//! Cuts a statement into words, each with the place where it stands.

use crate::decimal::Dec;

/// What a word is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// An identifier or a keyword; true for one in brackets or double quotes, which is never a keyword.
    Name(String, bool),
    Text(String),
    Number(Dec),
    /// `:name`.
    Param(String),
    Symbol(&'static str),
}

/// A word and where it stands: the bytes from `start` to `end`.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) token: Token,
    pub(super) start: usize,
    pub(super) end: usize,
}

const SYMBOLS: [&str; 14] = ["<>", "!=", "<=", ">=", "=", "<", ">", "(", ")", ",", ".", "*", "-", "+"];

/// Reads a statement.
///
/// # Errors
/// The position of what belongs to no word.
pub(super) fn words(sql: &str) -> Result<Vec<Word>, usize> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(first) = sql[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (token, length) = word(&sql[at..]).ok_or(at)?;
        words.push(Word { token, start: at, end: at + length });
        at += length;
    }
    Ok(words)
}

fn word(rest: &str) -> Option<(Token, usize)> {
    let first = rest.chars().next()?;
    let while_name = |text: &str| {
        text.find(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != '@').unwrap_or(text.len())
    };
    match first {
        '\'' => {
            let mut text = String::new();
            let mut letters = rest.char_indices().skip(1).peekable();
            while let Some((at, letter)) = letters.next() {
                match (letter, letters.peek()) {
                    ('\'', Some((_, '\''))) => {
                        text.push('\'');
                        letters.next();
                    }
                    ('\'', _) => return Some((Token::Text(text), at + 1)),
                    _ => text.push(letter),
                }
            }
            None
        }
        '"' | '[' => {
            let close = if first == '"' { '"' } else { ']' };
            let end = rest[1..].find(close)?;
            Some((Token::Name(rest[1..=end].to_owned(), true), end + 2))
        }
        ':' => {
            let length = while_name(&rest[1..]);
            (length > 0).then(|| (Token::Param(rest[1..=length].to_owned()), length + 1))
        }
        '0'..='9' => {
            let length = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(rest.len());
            Some((Token::Number(Dec::parse(&rest[..length])?), length))
        }
        letter if letter.is_alphabetic() || letter == '_' || letter == '@' => {
            let length = while_name(rest);
            Some((Token::Name(rest[..length].to_owned(), false), length))
        }
        _ => {
            let symbol = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol))?;
            Some((Token::Symbol(symbol), symbol.len()))
        }
    }
}
