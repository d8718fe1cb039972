//! The limits of a document's text, before it is parsed: the parser takes far more memory than the text, and it recurses.

use super::{Limits, refuse};
use async_graphql::ServerError;

/// The most brackets of any kind, one inside the other; the parser gives up at 64 without saying so clearly.
const MAX_BRACKETS: usize = 60;
/// The longest name: a wrong one is compared with those of the schema, and repeated in the error.
const MAX_NAME: usize = 128;

/// Refuses a text with too many tokens or directives, too many brackets inside each other, or names that are no names.
pub(crate) fn check_text(query: &str, limits: &Limits) -> Result<(), ServerError> {
    let counts = Counts::of(query.as_bytes());
    for (what, count, setting, limit) in [
        ("tokens", counts.tokens, "tokens", limits.tokens),
        ("directives", counts.directives, "directives", limits.directives),
        ("brackets inside each other", counts.nesting, "fixed", MAX_BRACKETS),
    ] {
        if count > limit {
            return Err(refuse(format_args!("The query has {count} {what}"), setting, limit, None));
        }
    }
    if counts.name > MAX_NAME {
        return Err(refuse(
            format_args!("A name in the query has {} characters", counts.name),
            "fixed",
            MAX_NAME,
            None,
        ));
    }
    Ok(())
}

/// What a text holds, by GraphQL's lexical grammar. What is no GraphQL is counted too: the parser will say so.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    tokens: usize,
    directives: usize,
    nesting: usize,
    /// The length of the longest name.
    name: usize,
}

impl Counts {
    fn of(text: &[u8]) -> Self {
        let mut counts = Self::default();
        let (mut at, mut open) = (0, 0_usize);
        while let Some(&byte) = text.get(at) {
            let rest = &text[at..];
            let while_in = |within: fn(&u8) -> bool| rest.iter().take_while(|byte| within(byte)).count();
            let length = match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b',' => {
                    at += 1;
                    continue;
                }
                b'#' => {
                    at += while_in(|byte| !matches!(byte, b'\n' | b'\r'));
                    continue;
                }
                b'"' if rest.starts_with(b"\"\"\"") => block(rest),
                b'"' => quoted(rest),
                b'_' | b'a'..=b'z' | b'A'..=b'Z' => {
                    let length = while_in(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
                    counts.name = counts.name.max(length);
                    length
                }
                b'-' | b'0'..=b'9' => while_in(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte)),
                b'.' => while_in(|byte| *byte == b'.').min(3),
                b'{' | b'[' | b'(' => {
                    open += 1;
                    counts.nesting = counts.nesting.max(open);
                    1
                }
                b'}' | b']' | b')' => {
                    open = open.saturating_sub(1);
                    1
                }
                b'@' => {
                    counts.directives += 1;
                    1
                }
                _ => 1,
            };
            counts.tokens += 1;
            at += length;
        }
        counts
    }
}

/// The length of a text in quotes, to its end or to where it breaks off.
fn quoted(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            b'\n' | b'\r' => return at,
            _ => at += 1,
        }
    }
    at
}

/// The same in three quotes.
fn block(text: &[u8]) -> usize {
    let mut at = 3;
    while at < text.len() {
        if text[at..].starts_with(b"\\\"\"\"") {
            at += 4;
        } else if text[at..].starts_with(b"\"\"\"") {
            return at + 3;
        } else {
            at += 1;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(text: &str) -> (usize, usize, usize, usize) {
        let counts = Counts::of(text.as_bytes());
        (counts.tokens, counts.directives, counts.nesting, counts.name)
    }

    #[test]
    fn tokens_are_those_of_the_grammar() {
        assert_eq!(counts("{ a }"), (3, 0, 1, 1));
        assert_eq!(
            counts("query($n: Int! = -1.5e+3) { list(first: $n) @skip(if: true) { ...F } } # { { @"),
            (30, 1, 2, 5)
        );
        assert_eq!(counts(r#"{ a(text: "}\"}{{{{", b: """ { "" \""" @ """) }"#), (11, 0, 2, 4));
        assert_eq!(counts("[[[]]]((("), (9, 0, 3, 0));
        // What breaks off is left to the parser.
        for odd in ["\"", "\"\\", "\"\"\"", "\"\"\"\\\"\"\"", "\u{feff}{ü}", "\0", "....", "\"a\nb\""] {
            counts(odd);
        }
    }

    #[test]
    fn refusals_name_value_and_limit() {
        let limits = Limits { tokens: 10, directives: 2, ..Limits::default() };
        let refusal = |text: &str| check_text(text, &limits).expect_err("refused").message;
        assert_eq!(check_text("{ a b c d e f g h }", &limits).map_err(|error| error.message), Ok(()));
        assert_eq!(refusal("{ a b c d e f g h i }"), "The query has 11 tokens; the limit (tokens) is 10.");
        assert_eq!(refusal("{ a @b @b @b }"), "The query has 3 directives; the limit (directives) is 2.");
        let limits = Limits::default();
        let refusal = |text: &str| check_text(text, &limits).expect_err("refused").message;
        assert!(refusal(&"{a".repeat(500)).contains("500 brackets"));
        assert!(refusal(&format!("{{ {} }}", "x".repeat(1_000_000))).contains("1000000 characters"));
    }
}
