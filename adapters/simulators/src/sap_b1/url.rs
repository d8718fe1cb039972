//! Request targets: percent signs, resource paths and query strings.

/// Undoes percent-encoding. A `+` stays a plus, as OData has it; a percent sign that begins no code stays as it is.
pub(super) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = tail.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let code = code.and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What a path names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Resource<'a> {
    /// The list of the entity sets.
    Root,
    /// What the sets look like.
    Metadata,
    /// Several requests in one.
    Batch,
    /// A join of sets, by what stands in its parentheses.
    Crossjoin(&'a str),
    /// An entity set, or a function.
    Named(&'a str),
    /// How many records a set has.
    Count(&'a str),
    /// One record: the set, and the key without its parentheses.
    Record(&'a str, &'a str),
    /// A saved query that is run, by its key without the parentheses.
    List(&'a str, &'a str),
}

impl<'a> Resource<'a> {
    /// Reads a decoded path relative to the service root; `None` when it is of no known shape.
    pub(super) fn parse(path: &'a str) -> Option<Self> {
        match path {
            "" => return Some(Self::Root),
            "$metadata" => return Some(Self::Metadata),
            "$batch" => return Some(Self::Batch),
            _ => {}
        }
        if let Some(sets) = path.strip_prefix("$crossjoin(") {
            return sets.strip_suffix(')').map(Self::Crossjoin);
        }
        let name_ends =
            path.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(path.len());
        let (name, rest) = path.split_at(name_ends);
        match rest {
            _ if name.is_empty() => None,
            "" => Some(Self::Named(name)),
            "/$count" => Some(Self::Count(name)),
            rest => {
                let rest = rest.strip_prefix('(')?;
                match rest.strip_suffix(")/List") {
                    Some(key) => Some(Self::List(name, key)),
                    None => rest.strip_suffix(')').map(|key| Self::Record(name, key)),
                }
            }
        }
    }
}

/// A key: `12`, `'C1'`, or either with the name of the key property before it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Key {
    Int(i64),
    Text(String),
}

impl Key {
    /// Reads a key; `None` when it is none, or names another property.
    pub(super) fn parse(text: &str, property: &str) -> Option<Self> {
        let text = text.trim();
        let text =
            text.strip_prefix(property).and_then(|rest| rest.trim_start().strip_prefix('=')).unwrap_or(text).trim();
        let Some(quoted) = text.strip_prefix('\'') else { return text.parse().ok().map(Self::Int) };
        let inner = quoted.strip_suffix('\'')?;
        let unescaped = inner.replace("''", "\u{0}");
        (!unescaped.contains('\'')).then(|| Self::Text(unescaped.replace('\u{0}', "'")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_codes_are_decoded() {
        assert_eq!(decode("a%20b+c%2Bd"), "a b+c+d");
        assert_eq!(decode("100%"), "100%");
        assert_eq!(decode("5%zz%C3%A4"), "5%zzä");
        assert_eq!(decode("%ä"), "%ä");
    }

    #[test]
    fn paths_are_told_apart() {
        for (path, expected) in [
            ("", Some(Resource::Root)),
            ("$batch", Some(Resource::Batch)),
            ("Invoices", Some(Resource::Named("Invoices"))),
            ("Invoices/$count", Some(Resource::Count("Invoices"))),
            ("Invoices(12)", Some(Resource::Record("Invoices", "12"))),
            ("BusinessPartners('a)/b')", Some(Resource::Record("BusinessPartners", "'a)/b'"))),
            ("$crossjoin(Orders,BusinessPartners)", Some(Resource::Crossjoin("Orders,BusinessPartners"))),
            ("SQLQueries('q')/List", Some(Resource::List("SQLQueries", "'q'"))),
            ("Invoices(12)/DocTotal", None),
            ("/", None),
        ] {
            assert_eq!(Resource::parse(path), expected, "{path}");
        }
    }

    #[test]
    fn keys_are_numbers_or_quoted() {
        for (text, expected) in [
            ("12", Some(Key::Int(12))),
            ("DocEntry=12", Some(Key::Int(12))),
            ("'O''Brien'", Some(Key::Text("O'Brien".to_owned()))),
            ("DocEntry = 'x'", Some(Key::Text("x".to_owned()))),
            ("'a'b'", None),
            ("C1", None),
            ("Other=12", None),
            ("'", None),
        ] {
            assert_eq!(Key::parse(text, "DocEntry"), expected, "{text}");
        }
    }
}
