//! Reads values straight from the text of JSON: no tree, no binary float.

use crate::model::Value;
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use serde_json::value::RawValue;
use std::{borrow::Cow, str::FromStr};

/// The elements of an array; none where the text is something else.
pub(super) fn elements(raw: &str) -> Option<Vec<&RawValue>> {
    if raw.starts_with('[') { serde_json::from_str(raw).ok() } else { None }
}

/// The text of a string, number or yes/no; of a pair `[id, "name"]` the name.
pub(super) fn text(raw: &str) -> Option<Cow<'_, str>> {
    match raw.as_bytes().first()? {
        b'"' => {
            let inner = &raw[1..raw.len() - 1];
            if inner.contains('\\') {
                serde_json::from_str::<String>(raw).ok().map(Cow::Owned)
            } else {
                Some(Cow::Borrowed(inner))
            }
        }
        b'[' => match elements(raw)?.as_slice() {
            // Not a pair in a pair in a pair: what nests without end would take the stack without end.
            [_, name] if !name.get().starts_with('[') => text(name.get()),
            _ => None,
        },
        b'{' | b'n' => None,
        _ => Some(Cow::Borrowed(raw)),
    }
}

/// An id: a number or text; of a pair `[id, "name"]` the id.
pub(super) fn id(raw: &str) -> Option<Cow<'_, str>> {
    match elements(raw).as_deref() {
        Some([first, ..]) => text(first.get()),
        Some([]) => None,
        None => text(raw),
    }
}

/// More decimal places than this do not come from a person or a price list but from a binary float on the ERP's side.
const FLOAT_NOISE: u32 = 9;
/// So many digits that a binary float keeps no more of.
const FLOAT_DIGITS: u32 = 16;
/// What is left of a number with noise: at least so many decimal places, and at least so many digits, which rates of tiny
/// currencies need.
const KEPT: (u32, u32) = (6, 12);

/// An exact decimal, with the scale of its text. Noise of binary floats (`3399.9900000000002`) is rounded away.
pub(crate) fn decimal(raw: &str) -> Option<Decimal> {
    let text = text(raw)?;
    let value = match Decimal::from_str_exact(&text) {
        Ok(value) => value,
        Err(_) if text.contains(['e', 'E']) => scientific(&text)?,
        Err(_) => Decimal::from_str(&text).ok()?,
    };
    let digits = value.mantissa().unsigned_abs().checked_ilog10().map_or(0, |log| log + 1);
    let noisy = value.scale() > FLOAT_NOISE || (value.scale() > KEPT.0 && digits >= FLOAT_DIGITS);
    if !noisy {
        return Some(value);
    }
    // The decimal places that leave so many digits: of 0.00123 two more than of 0.123.
    let places = (value.scale() + KEPT.1).saturating_sub(digits);
    Some(value.round_dp(places.max(KEPT.0)).normalize())
}

/// A number with an exponent; zero where it is too small for a decimal, as the noise of a difference is (`5.55e-17`).
fn scientific(text: &str) -> Option<Decimal> {
    let (number, exponent) = text.split_once(['e', 'E'])?;
    let number = Decimal::from_str(number).ok()?;
    match Decimal::from_scientific(text) {
        Ok(value) => Some(value),
        Err(_) if exponent.parse::<i64>().ok()? < 0 && number.abs() < Decimal::TEN => Some(Decimal::ZERO),
        Err(_) => None,
    }
}

/// A day or moment that the API can write: its years have four digits. What is beyond them nobody meant, and arithmetic with
/// the last of all days has no result.
pub(super) fn in_calendar<T: Datelike>(day: T) -> Option<T> {
    (0..=9999).contains(&day.year()).then_some(day)
}

/// A date, also the date of a date with time.
pub(super) fn date(raw: &str) -> Option<NaiveDate> {
    let text = text(raw)?;
    NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d")
        .ok()
        .filter(|_| text.len() == 10 || matches!(text.as_bytes()[10], b'T' | b' '))
        .and_then(in_calendar)
}

/// A moment: RFC 3339, or without a zone in the given one.
pub(super) fn datetime(raw: &str, zone: Tz) -> Option<DateTime<Utc>> {
    let text = text(raw)?;
    if let Ok(moment) = DateTime::parse_from_rfc3339(&text) {
        return in_calendar(moment.with_timezone(&Utc));
    }
    let local = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(&text, format).ok())?;
    in_zone(local, zone)
}

/// A moment from a date and a time of day: `14:05:22`, `14:05`, or the number `1405`.
pub(super) fn moment(date_raw: &str, time_raw: Option<&str>, zone: Tz) -> Option<DateTime<Utc>> {
    let day = date(date_raw)?;
    let time = match time_raw.and_then(text) {
        None => NaiveTime::MIN,
        Some(text) if text.contains(':') => {
            ["%H:%M:%S", "%H:%M"].iter().find_map(|f| NaiveTime::parse_from_str(&text, f).ok())?
        }
        Some(text) => {
            let number: u32 = text.parse().ok()?;
            let (hhmm, seconds) = if number > 2359 { (number / 100, number % 100) } else { (number, 0) };
            NaiveTime::from_hms_opt(hhmm / 100, hhmm % 100, seconds)?
        }
    };
    in_zone(day.and_time(time), zone)
}

/// In the hour that occurs twice the first one is meant; in the hour that does not occur, the moment the clock jumped.
fn in_zone(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    let local = in_calendar(local)?;
    zone.from_local_datetime(&local)
        .earliest()
        .or_else(|| zone.from_local_datetime(&(local + chrono::TimeDelta::hours(1))).earliest())
        .and_then(|moment| in_calendar(moment.with_timezone(&Utc)))
}

/// A yes/no.
pub(super) fn boolean(raw: &str) -> Option<bool> {
    match raw {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// The text of HTML: tags are dropped, those that end a line in a browser end one here.
pub(super) fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    // Looked for once: a text of many `<` alone is not read to its end for each.
    let mut closes = true;
    while let Some(at) = rest.find(['<', '&']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = if rest.starts_with('<') {
            let end = if closes { rest.find('>') } else { None };
            closes = end.is_some();
            end
        } else {
            rest.bytes().take(9).position(|b| b == b';')
        };
        let Some(end) = end else {
            text.push_str(&rest[..1]);
            rest = &rest[1..];
            continue;
        };
        let inner = &rest[1..end];
        match rest.as_bytes()[0] {
            b'<' => {
                let tag =
                    inner.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default().to_ascii_lowercase();
                let ends_line =
                    matches!(tag.as_str(), "br" | "p" | "div" | "li" | "tr" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6");
                if ends_line && !text.is_empty() && !text.ends_with('\n') {
                    text.push('\n');
                }
            }
            _ => match entity(inner) {
                Some(c) => text.push(c),
                None => text.push_str(&rest[..=end]),
            },
        }
        rest = &rest[end + 1..];
    }
    text.push_str(rest);
    text.trim().to_owned()
}

/// The character that a name or number stands for between `&` and `;`.
fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        _ => {
            let number = name.strip_prefix('#')?;
            let hex = number.strip_prefix(['x', 'X']);
            return char::from_u32(hex.map_or_else(|| number.parse(), |hex| u32::from_str_radix(hex, 16)).ok()?);
        }
    })
}

/// A web address; one without a scheme is taken as https.
pub(super) fn url(raw: &str) -> Option<Value> {
    let text = text(raw)?;
    let parsed = match url::Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => url,
        _ => url::Url::parse(&format!("https://{text}"))
            .ok()
            .filter(|u| u.host_str().is_some_and(|h| h.contains('.')))?,
    };
    Some(Value::Text(parsed.as_str().into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Europe::Berlin;

    #[test]
    fn decimals_are_exact_and_keep_their_scale() {
        for (raw, expected) in [
            ("12.50", "12.50"),
            ("\"12.50\"", "12.50"),
            ("12345678901234567.89", "12345678901234567.89"),
            ("-0.1", "-0.1"),
            ("3399.9900000000002", "3399.99"),
            ("0.30000000000000004", "0.3"),
            ("0.7999999999999999", "0.8"),
            ("123456789.12000002", "123456789.12"),
            ("1234.560000000012", "1234.56"),
            ("1e-05", "0.00001"),
            ("5.551115123125783e-17", "0"),
            ("-1.1102230246251565e-16", "0"),
            ("1.5e3", "1500"),
            // Units of a company's currency for one rupiah, and the other way round.
            ("0.0000612345678", "0.0000612345678"),
            ("6.1234567890123456e-05", "0.0000612345678901"),
            ("0.3333333333333333", "0.333333333333"),
            ("16330.665923456", "16330.665923456"),
            ("0", "0"),
        ] {
            assert_eq!(decimal(raw).map(|d| d.to_string()).as_deref(), Some(expected), "{raw}");
        }
        assert_eq!(decimal("\"twelve\""), None);
    }

    #[test]
    fn moments_are_utc() {
        let utc = |s: &str| s.parse::<DateTime<Utc>>().ok();
        assert_eq!(datetime("\"2026-11-21 01:11:21\"", Tz::UTC), utc("2026-11-21T01:11:21Z"));
        assert_eq!(datetime("\"2026-01-01T00:00:00-08:00\"", Tz::UTC), utc("2026-01-01T08:00:00Z"));
        assert_eq!(moment("\"2026-07-01T00:00:00Z\"", Some("\"14:05:22\""), Berlin), utc("2026-07-01T12:05:22Z"));
        assert_eq!(moment("\"2026-01-15\"", Some("1405"), Berlin), utc("2026-01-15T13:05:00Z"));
        assert_eq!(moment("\"2026-03-29\"", Some("\"02:30:00\""), Berlin), utc("2026-03-29T01:30:00Z"));
        assert_eq!(date("\"2026-13-01\""), None);
    }

    #[test]
    fn years_have_four_digits() {
        let (west, east) = (chrono_tz::America::Los_Angeles, Berlin);
        for zone in [Tz::UTC, east, west] {
            for text in [
                "+262142-12-31T23:59:59",
                "+262142-12-31 23:59:59",
                "-262143-01-01T00:00:00",
                "9999-12-31T23:59:59-23:59",
                "0000-01-01T00:00:00+23:59",
            ] {
                assert_eq!(datetime(&format!("\"{text}\""), zone), None, "{text}");
            }
        }
        assert_eq!(datetime("\"9999-12-31 23:59:59\"", west), None);
        assert!(datetime("\"9999-12-31 23:59:59\"", east).is_some());
        assert_eq!(moment("\"9999-12-31\"", Some("\"23:00\""), west), None);
        assert_eq!((date("\"+99999-1-1\""), date("\"-001-01-01\"")), (None, None));
    }

    #[test]
    fn nothing_nests_without_end() {
        let deep = format!("{}7{}", "[1,".repeat(50_000), "]".repeat(50_000));
        assert_eq!((text(&deep), id(&deep).as_deref()), (None, Some("1")));
        assert_eq!(plain(&"<".repeat(1_000_000)).len(), 1_000_000);
    }

    #[test]
    fn html_gives_its_text() {
        assert_eq!(
            plain("<p>Zahlbar <b>sofort</b><br/>ohne Abzug</p><p>Müller &amp; S&#246;hne</p>"),
            "Zahlbar sofort\nohne Abzug\nMüller & Söhne"
        );
        assert_eq!(plain("5 < 6 & 7 &unknown; <"), "5 < 6 & 7 &unknown; <");
        assert_eq!(plain("<p><br></p>"), "");
    }

    #[test]
    fn texts_are_unescaped_and_pairs_give_names() {
        assert_eq!(text(r#""O\u0027Brien \"x\"""#).as_deref(), Some("O'Brien \"x\""));
        assert_eq!(text(r#"[7, "EUR"]"#).as_deref(), Some("EUR"));
        assert_eq!(id(r#"[7, "EUR"]"#).as_deref(), Some("7"));
        assert_eq!(id("7").as_deref(), Some("7"));
        assert_eq!(text("null"), None);
    }
}
