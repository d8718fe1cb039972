//! What the targets share: JSON and values made of the fuzzer's bytes.
//!
//! A fuzzer that only flips bytes of JSON text rarely gets past the parser. Here its bytes are choices instead: of names that
//! mean something to the code under test, and of values at the edges.

pub mod syntax;

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use std::fmt::Write as _;

/// Texts with something in them that some syntax takes for more than a letter.
pub const TEXTS: &[&str] = &[
    "",
    " ",
    "a",
    "O'Brien",
    "''",
    "'",
    "\\",
    "\\'",
    "'\\",
    "\"",
    "%",
    "_",
    "*",
    "?",
    "[a]",
    "a%b_c\\",
    "' or 1 eq 1 or '",
    "' OR Id > '0",
    "x' startposition 1 maxresults 1000 --",
    "\u{0}",
    "\n",
    "\r\n",
    "\t",
    "ß",
    "İ",
    "ﬀ",
    "é",
    "e\u{301}",
    "’",
    "–",
    "🧾",
    "\u{202e}",
    "\u{feff}",
    "]]",
    "&$top=1",
    "#",
    "%27",
    "+",
    "false",
    "true",
    "null",
    "0",
    "1",
    "01",
    "-1",
    "1e3",
    "EUR",
    "USD",
    "eur",
    "$",
    "tYES",
    "tNO",
    "NaN",
    "9223372036854775807",
    "9223372036854775808",
];

/// Numbers as JSON writes them, at the edges of what types hold.
pub const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "1",
    "-1",
    "1.0",
    "12.50",
    "0.1",
    "1e2",
    "1E-5",
    "1e400",
    "-1e-400",
    "3399.9900000000002",
    "0.0000000001",
    "2147483648",
    "9223372036854775807",
    "9223372036854775808",
    "79228162514264337593543950335",
    "79228162514264337593543950336",
    "7922816251426433759354395033.5",
    "0.0000000000000000000000000001",
    "-79228162514264337593543950335",
    "99999999999999999999999999999999999999",
    "2359",
    "2400",
    "235959",
    "240000",
];

/// Days and moments, some of which there are not.
pub const TIMES: &[&str] = &[
    "2026-01-31",
    "2026-02-29",
    "2024-02-29",
    "0000-00-00",
    "0001-01-01",
    "9999-12-31",
    "+99999-1-1",
    "-0001-01-01",
    "2026-1-1",
    " 026-01-01",
    "2026-01-31T09:30:00Z",
    "2026-01-31T09:30:00+14:00",
    "2026-03-29T02:30:00",
    "2026-03-29 02:30:00",
    "2026-10-25 02:30:00",
    "2011-12-30 12:00:00",
    "0001-01-01T00:00:00Z",
    "0000-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59.999999999Z",
    "9999-12-31T23:59:59-23:59",
    "+262142-12-31T23:59:59",
    "-262143-01-01 00:00:00",
    "+262142-12-31 23:59:59",
    "2016-12-31T23:59:60Z",
    "2026-01-31 10:00:00.123456",
    "23:59:60",
    "24:00:00",
    "12:30",
    "00:00",
];

/// One of some things.
///
/// # Errors
/// When the fuzzer's bytes are used up.
pub fn pick<'t, T>(u: &mut Unstructured<'_>, of: &'t [T]) -> Result<&'t T> {
    u.choose(of)
}

/// A text: a known one, one after the other, or the fuzzer's own.
///
/// # Errors
/// As [`pick`].
pub fn text(u: &mut Unstructured<'_>) -> Result<String> {
    Ok(match u.int_in_range(0..=7)? {
        0..=2 => (*pick(u, TEXTS)?).to_owned(),
        3 => (*pick(u, TIMES)?).to_owned(),
        4 => (*pick(u, NUMBERS)?).to_owned(),
        5 => format!("{}{}", pick(u, TEXTS)?, pick(u, TEXTS)?),
        _ => {
            let length = u.int_in_range(0..=24)?;
            String::from_utf8_lossy(u.bytes(length.min(u.len()))?).into_owned()
        }
    })
}

/// JSON whose objects have some of these names. It is written as text: numbers keep their digits, names may come twice.
///
/// # Errors
/// As [`pick`].
pub fn json(u: &mut Unstructured<'_>, names: &[&str], depth: usize, into: &mut String) -> Result<()> {
    let kinds = if depth == 0 { 7 } else { 11 };
    match u.int_in_range(0..=kinds)? {
        0 => into.push_str("null"),
        1 => into.push_str(if u.arbitrary()? { "true" } else { "false" }),
        2 => into.push_str(pick(u, NUMBERS)?),
        3 => {
            let number: i32 = u.arbitrary()?;
            let _ = write!(into, "{number}");
        }
        4 => string(pick(u, TIMES)?, into),
        5 => string(&text(u)?, into),
        6 => string(pick(u, names)?, into),
        7 => {
            // As Odoo writes references.
            let id: u16 = u.arbitrary()?;
            let _ = write!(into, "[{id},\"EUR\"]");
        }
        8 | 9 => {
            into.push('[');
            for at in 0..u.int_in_range(0..=3)? {
                if at > 0 {
                    into.push(',');
                }
                json(u, names, depth - 1, into)?;
            }
            into.push(']');
        }
        _ => object(u, names, names, depth - 1, into)?,
    }
    Ok(())
}

/// A JSON object of these names, in which further names occur.
///
/// # Errors
/// As [`pick`].
pub fn object(u: &mut Unstructured<'_>, own: &[&str], names: &[&str], depth: usize, into: &mut String) -> Result<()> {
    into.push('{');
    for at in 0..u.int_in_range(0..=8)? {
        if at > 0 {
            into.push(',');
        }
        string(pick(u, own)?, into);
        into.push(':');
        json(u, names, depth, into)?;
    }
    into.push('}');
    Ok(())
}

/// JSON of a text.
pub fn string(text: &str, into: &mut String) {
    let _ = write!(into, "{}", serde_json::Value::from(text));
}
