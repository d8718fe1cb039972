//! The query options of a request.

use super::{
    condition::{Condition, Field},
    edm::{Source, Type},
    filter::{self, Scope},
    refusal::Refusal,
    url::decode,
};
use crate::store::{Sort, Table};

/// One type, whose properties are named as they are.
pub(super) struct OneType<'a> {
    pub(super) kind: &'static Type,
    /// The set whose name may stand before a property's, which only `$apply` allows.
    pub(super) set: Option<&'static str>,
    /// The properties that this patch level lacks.
    pub(super) missing: &'a [&'static str],
}

impl Scope for OneType<'_> {
    fn field(&self, name: &str) -> Option<Field> {
        let own = |set: &str| name.strip_prefix(set)?.strip_prefix('/');
        let name = self.set.and_then(own).unwrap_or(name);
        Some(Field { source: 0, property: self.kind.property(name, self.missing)? })
    }

    fn source(&self, path: &str) -> Option<usize> {
        (path.is_empty() || self.set == Some(path)).then_some(0)
    }

    fn type_name(&self) -> &'static str {
        self.kind.name
    }

    fn joins(&self) -> bool {
        false
    }
}

/// An order by one property.
#[derive(Clone, Copy, Debug)]
pub(super) struct OrderBy {
    pub(super) field: Field,
    pub(super) descending: bool,
}

impl OrderBy {
    /// The same for a table; `None` for a property that is the same in every row.
    pub(super) fn sort(self, table: &Table) -> Option<Sort> {
        let Source::Column(column) = self.field.property.source else { return None };
        // HANA puts nulls first when ascending and last when descending.
        Some(Sort { column: table.column(column)?, descending: self.descending, nulls_first: !self.descending })
    }
}

/// `$expand` of one navigation property, or of one source of a `$crossjoin`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expand<'a> {
    pub(super) name: &'a str,
    pub(super) select: Option<Vec<&'a str>>,
}

/// The options, decoded, and as they were sent.
#[derive(Debug, Default)]
pub(super) struct QueryOptions {
    /// As sent, without `$skip`.
    raw: Vec<(String, String)>,
    select: Option<String>,
    filter: Option<String>,
    order: Option<String>,
    expand: Option<String>,
    /// How rows are to be grouped and summed up.
    pub(super) apply: Option<String>,
    pub(super) top: Option<usize>,
    pub(super) skip: usize,
    pub(super) count: bool,
}

impl QueryOptions {
    /// Reads a query string as it stands in a URL.
    ///
    /// # Errors
    /// If an option has no valid value, or is not simulated. Options without `$` are nobody's business.
    pub(super) fn parse(query: &str) -> Result<Self, Refusal> {
        Self::read(query.split('&'))
    }

    /// Reads the `QueryOption` of a query service, which is no URL: an ampersand inside quotes belongs to the literal.
    ///
    /// # Errors
    /// As [`QueryOptions::parse`].
    pub(super) fn parse_unquoted(query: &str) -> Result<Self, Refusal> {
        Self::read(split_outside(query, '&').into_iter())
    }

    fn read<'q>(pairs: impl Iterator<Item = &'q str>) -> Result<Self, Refusal> {
        let mut options = Self::default();
        for pair in pairs {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (decoded_name, decoded) = (decode(name), decode(value));
            let text = || Some(decoded.trim().to_owned());
            match decoded_name.trim() {
                "$select" => options.select = text(),
                "$filter" => options.filter = text(),
                "$orderby" => options.order = text(),
                "$expand" => options.expand = text(),
                "$apply" => options.apply = text(),
                "$top" => options.top = Some(number(&decoded, "$top")?),
                "$skip" => {
                    options.skip = number(&decoded, "$skip")?;
                    continue;
                }
                "$count" => options.count = decoded.trim() == "true",
                "$inlinecount" => match decoded.trim() {
                    "allpages" => options.count = true,
                    "none" => {}
                    _ => return Err(Refusal::query("Invalid $inlinecount value")),
                },
                other if other.starts_with('$') => {
                    return Err(Refusal::query(&format!("Invalid query option '{other}'")));
                }
                _ => {}
            }
            if !pair.is_empty() {
                options.raw.push((name.to_owned(), value.to_owned()));
            }
        }
        Ok(options)
    }

    /// The properties selected; `None` for all of them.
    pub(super) fn select(&self) -> Option<Vec<&str>> {
        let names: Vec<&str> = self.select.as_deref()?.split(',').map(str::trim).collect();
        (!names.contains(&"*")).then_some(names)
    }

    /// Whether a navigation property is among what is selected, by itself or by one of its own properties.
    pub(super) fn selects(&self, navigation: &str) -> bool {
        self.select
            .as_deref()
            .is_none_or(|names| names.split(',').any(|name| name.trim().split('/').next() == Some(navigation)))
    }

    /// The condition, if there is one.
    ///
    /// # Errors
    /// If it does not parse.
    pub(super) fn condition(&self, scope: &dyn Scope) -> Result<Option<Condition>, Refusal> {
        self.filter.as_deref().map(|filter| filter::parse(filter, scope)).transpose()
    }

    /// The order asked for.
    ///
    /// # Errors
    /// If it names an unknown property, or a direction that is none.
    pub(super) fn order(&self, scope: &dyn Scope) -> Result<Vec<OrderBy>, Refusal> {
        let parts = self.order_names()?.into_iter().map(|(name, descending)| {
            let field = scope.field(name).ok_or_else(|| Refusal::property(name))?;
            if field.property.kind.is_simple() {
                Ok(OrderBy { field, descending })
            } else {
                Err(Refusal::property(name))
            }
        });
        parts.collect()
    }

    /// What to order by, and whether the greatest comes first.
    ///
    /// # Errors
    /// If a direction is none.
    pub(super) fn order_names(&self) -> Result<Vec<(&str, bool)>, Refusal> {
        let Some(order) = &self.order else { return Ok(Vec::new()) };
        let parts = order.split(',').map(|part| {
            let mut words = part.split_whitespace();
            let name = words.next().ok_or_else(|| Refusal::query("Invalid $orderby"))?;
            match (words.next(), words.next()) {
                (None | Some("asc"), None) => Ok((name, false)),
                (Some("desc"), None) => Ok((name, true)),
                _ => Err(Refusal::query("Invalid $orderby")),
            }
        });
        parts.collect()
    }

    /// What is expanded.
    ///
    /// # Errors
    /// If the parentheses do not match, or hold anything but a `$select`.
    pub(super) fn expand(&self) -> Result<Vec<Expand<'_>>, Refusal> {
        let Some(expand) = self.expand.as_deref() else { return Ok(Vec::new()) };
        let invalid = || Refusal::query("Invalid $expand");
        let parts = split_outside(expand, ',').into_iter().map(|part| {
            let part = part.trim();
            let Some((name, inner)) = part.split_once('(') else { return Ok(Expand { name: part, select: None }) };
            let inner = inner.strip_suffix(')').ok_or_else(invalid)?.trim();
            let names = inner.strip_prefix("$select=").ok_or_else(invalid)?;
            Ok(Expand { name: name.trim(), select: Some(names.split(',').map(str::trim).collect()) })
        });
        parts.collect()
    }

    /// The query string of the next page: the options as sent, what is left of `$top`, and how far it has come.
    pub(super) fn next(&self, page: usize) -> String {
        let mut next = String::new();
        for (name, value) in &self.raw {
            match self.top {
                Some(top) if name == "$top" || name == "%24top" => next.push_str(&format!("$top={}&", top - page)),
                _ => next.push_str(&format!("{name}={value}&")),
            }
        }
        format!("{next}$skip={}", self.skip + page)
    }
}

fn number(text: &str, option: &str) -> Result<usize, Refusal> {
    text.trim().parse().map_err(|_| Refusal::query(&format!("Invalid {option} value")))
}

/// Splits at a separator that stands neither in quotes nor in parentheses.
pub(super) fn split_outside(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut depth, mut quoted) = (0, 0_usize, false);
    for (at, letter) in text.char_indices() {
        match letter {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            _ if letter == separator && !quoted && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + letter.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_repeats_the_options_as_they_were_sent() {
        let query = "$select=DocEntry,%20DocNum&$filter=DocEntry%20ge%201&$top=500&$skip=100&x=1";
        let options = QueryOptions::parse(query).unwrap();
        assert_eq!(options.select(), Some(vec!["DocEntry", "DocNum"]));
        assert_eq!((options.top, options.skip), (Some(500), 100));
        assert_eq!(options.next(100), "$select=DocEntry,%20DocNum&$filter=DocEntry%20ge%201&$top=400&x=1&$skip=200");
        assert_eq!(QueryOptions::parse("").unwrap().next(20), "$skip=20");
    }

    #[test]
    fn options_that_make_no_sense_are_refused() {
        for query in ["$top=-1", "$top=x", "$skip=1.5", "$inlinecount=yes", "$search=x"] {
            assert!(QueryOptions::parse(query).is_err(), "{query}");
        }
        assert!(QueryOptions::parse("$inlinecount=allpages").unwrap().count);
        assert!(QueryOptions::parse("$count=true").unwrap().count);
    }

    #[test]
    fn literals_keep_their_ampersands_commas_and_parentheses() {
        let query =
            "$expand=Orders($select=DocEntry, DocNum),Orders/DocumentLines&$filter=Orders/CardName eq 'A&B, (c'";
        let options = QueryOptions::parse_unquoted(query).unwrap();
        assert_eq!(
            options.expand().unwrap(),
            [
                Expand { name: "Orders", select: Some(vec!["DocEntry", "DocNum"]) },
                Expand { name: "Orders/DocumentLines", select: None }
            ]
        );
        assert_eq!(options.filter.as_deref(), Some("Orders/CardName eq 'A&B, (c'"));
    }
}
