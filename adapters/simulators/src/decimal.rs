//! Exact decimals, as amounts, quantities and rates have them.

use std::{cmp::Ordering, fmt};

use serde::{Serialize, Serializer};

/// An amount of money in hundredths of its currency.
pub type Cents = i64;

/// A decimal number: `units` divided by 10 to the power of `scale`.
///
/// Numbers of equal value are equal, whatever their scale: `12.5 == 12.50`.
#[derive(Clone, Copy, Debug)]
pub struct Dec {
    /// The number without its decimal point.
    pub units: i64,
    /// The digits after the decimal point, at most 18.
    pub scale: u8,
}

impl Dec {
    /// `units` divided by 10 to the power of `scale`.
    pub const fn new(units: i64, scale: u8) -> Self {
        Self { units, scale }
    }

    /// An amount of money.
    pub const fn cents(cents: Cents) -> Self {
        Self::new(cents, 2)
    }

    /// Reads a plain decimal such as `-12.50`; `None` for anything else, exponents included.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits_only = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let unsigned = whole.strip_prefix('-').unwrap_or(whole);
        if unsigned.is_empty() || !digits_only(unsigned) || !digits_only(fraction) || fraction.len() > 18 {
            return None;
        }
        let units = format!("{whole}{fraction}").parse().ok()?;
        Some(Self::new(units, fraction.len() as u8))
    }

    /// The nearest binary float; up to 2⁵³ units it prints as the same decimal without trailing zeros.
    pub fn to_f64(self) -> f64 {
        self.units as f64 / 10_f64.powi(i32::from(self.scale))
    }

    /// The value in hundredths, halves rounded away from zero.
    pub fn to_cents(self) -> Cents {
        match self.scale {
            0 => self.units * 100,
            1 => self.units * 10,
            2 => self.units,
            scale => div_round(i128::from(self.units), 10_i128.pow(u32::from(scale) - 2)),
        }
    }

    fn widened(self, scale: u8) -> i128 {
        i128::from(self.units) * 10_i128.pow(u32::from(scale - self.scale))
    }
}

/// Divides and rounds halves away from zero, as all three ERPs do with money.
pub(crate) fn div_round(numerator: i128, denominator: i128) -> i64 {
    let half = denominator / 2;
    let rounded = if numerator < 0 { (numerator - half) / denominator } else { (numerator + half) / denominator };
    rounded as i64
}

/// Prints every digit that the scale asks for: `Dec::cents(1250)` is `12.50`.
impl fmt::Display for Dec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scale == 0 {
            return write!(f, "{}", self.units);
        }
        let power = 10_u64.pow(u32::from(self.scale));
        let sign = if self.units < 0 { "-" } else { "" };
        let magnitude = self.units.unsigned_abs();
        write!(f, "{sign}{}.{:0width$}", magnitude / power, magnitude % power, width = usize::from(self.scale))
    }
}

/// As a JSON number the way ERPs print doubles: `12.5`, `100.0`.
impl Serialize for Dec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.to_f64())
    }
}

impl PartialEq for Dec {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Dec {}

impl PartialOrd for Dec {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Dec {
    fn cmp(&self, other: &Self) -> Ordering {
        let scale = self.scale.max(other.scale);
        self.widened(scale).cmp(&other.widened(scale))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_keeps_every_digit_and_json_prints_the_shortest() {
        assert_eq!(Dec::cents(1250).to_string(), "12.50");
        assert_eq!(Dec::cents(-5).to_string(), "-0.05");
        assert_eq!(Dec::new(7, 0).to_string(), "7");
        for (cents, json) in [(1250, "12.5"), (10_000, "100.0"), (608_061, "6080.61"), (0, "0.0"), (-5, "-0.05")] {
            assert_eq!(serde_json::to_string(&Dec::cents(cents)).unwrap(), json);
        }
    }

    #[test]
    fn values_compare_across_scales() {
        assert_eq!(Dec::new(125, 1), Dec::new(1250, 2));
        assert!(Dec::new(125, 1) < Dec::new(1251, 2));
        assert_eq!(Dec::parse("-12.50"), Some(Dec::new(-1250, 2)));
        assert_eq!(Dec::parse("1e3"), None);
        assert_eq!(Dec::parse("."), None);
        assert_eq!(Dec::new(12_345, 3).to_cents(), 1235);
    }
}
