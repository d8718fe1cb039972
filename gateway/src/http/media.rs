//! Media types: which one an answer has, by `Accept`, and whether a body is JSON, by `Content-Type`.

use axum::http::{HeaderMap, HeaderValue, header};

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    /// JSON for clients that judge by the status 200 whether it is a GraphQL answer at all.
    Json,
    /// JSON for clients that know it for a GraphQL answer by its type, whatever the status.
    GraphqlResponse,
    /// The GraphiQL page.
    Html,
}

impl Media {
    /// What a query can be answered in, the preferred one first.
    pub(super) const ANSWERS: &[Self] = &[Self::Json, Self::GraphqlResponse];
    /// The same for an address that a browser may open.
    pub(super) const PAGES: &[Self] = &[Self::Json, Self::GraphqlResponse, Self::Html];

    fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::Json => ("application", "json"),
            Self::GraphqlResponse => ("application", "graphql-response+json"),
            Self::Html => ("text", "html"),
        }
    }

    /// The value of `Content-Type`.
    pub(super) fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
        })
    }
}

/// The offer that a client likes best: by weight, then the one that it names more exactly, then the one that it names
/// first, then the first offer. Without an `Accept` that is the first offer; none if it wants nothing of the kind.
pub(super) fn negotiate(headers: &HeaderMap, offers: &[Media]) -> Option<Media> {
    let mut given = false;
    let mut ranges = Vec::new();
    for value in headers.get_all(header::ACCEPT) {
        given = true;
        ranges.extend(split(value.to_str().unwrap_or_default(), ',').filter_map(Range::parse));
    }
    if !given {
        return offers.first().copied();
    }
    let weigh = |offer: &Media| {
        let matching = ranges.iter().enumerate().filter(|(_, range)| range.exactness(*offer).is_some());
        // The most exact range decides, also where it says no.
        let (at, range) = matching.max_by_key(|(at, range)| (range.exactness(*offer), std::cmp::Reverse(*at)))?;
        let exactness = range.exactness(*offer)?;
        (range.weight > 0).then_some((range.weight, exactness, std::cmp::Reverse(if exactness == 2 { at } else { 0 })))
    };
    // The last of equals is taken: so they come in reverse.
    offers
        .iter()
        .rev()
        .filter_map(|offer| Some((weigh(offer)?, *offer)))
        .max_by_key(|(weight, _)| *weight)
        .map(|(_, offer)| offer)
}

/// Whether a body is JSON in UTF-8.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (types.next(), types.next()) else { return false };
    let Ok(value) = value.to_str() else { return false };
    let mut parts = split(value, ';');
    let json = parts.next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
    json && parts.all(|parameter| parameter_is_utf8(parameter).unwrap_or(true))
}

/// Whether a parameter names UTF-8, if it names an encoding at all.
fn parameter_is_utf8(parameter: &str) -> Option<bool> {
    let (name, value) = parameter.split_once('=')?;
    let value = value.trim().trim_matches('"');
    let utf8 = value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("utf8");
    name.trim().eq_ignore_ascii_case("charset").then_some(utf8)
}

/// What a client accepts: `application/*;q=0.5`.
#[derive(Debug)]
struct Range<'h> {
    kind: &'h str,
    subkind: &'h str,
    /// In thousandths.
    weight: u32,
}

impl<'h> Range<'h> {
    /// None for what is no media range, or names another encoding than UTF-8.
    fn parse(text: &'h str) -> Option<Self> {
        let mut parts = split(text, ';');
        let (kind, subkind) = parts.next()?.trim().split_once('/')?;
        let mut weight = 1000;
        for parameter in parts {
            if parameter_is_utf8(parameter) == Some(false) {
                return None;
            }
            if let Some((name, value)) = parameter.split_once('=')
                && name.trim().eq_ignore_ascii_case("q")
            {
                weight = thousandths(value.trim())?;
            }
        }
        Some(Self { kind, subkind, weight })
    }

    /// How exactly it names a media type: from 0, by the asterisks alone, to 2.
    fn exactness(&self, media: Media) -> Option<u8> {
        let (kind, subkind) = media.name();
        if self.kind == "*" && self.subkind == "*" {
            Some(0)
        } else if !self.kind.eq_ignore_ascii_case(kind) {
            None
        } else if self.subkind == "*" {
            Some(1)
        } else {
            self.subkind.eq_ignore_ascii_case(subkind).then_some(2)
        }
    }
}

/// A weight by RFC 9110, from 0 to 1 with up to three decimals.
fn thousandths(text: &str) -> Option<u32> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if !matches!(whole, "0" | "1") || decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let weight: u32 = format!("{whole}{decimals:0<3}").parse().ok()?;
    (weight <= 1000).then_some(weight)
}

/// The parts of a header's value, not divided inside quotes.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |letter| {
        quoted ^= letter == '"';
        letter == separator && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(values: &[&'static str], offers: &[Media]) -> Option<Media> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::ACCEPT, HeaderValue::from_static(value));
        }
        negotiate(&headers, offers)
    }

    #[test]
    fn the_best_liked_type_is_chosen() {
        use Media::*;
        for (values, answer) in [
            (&[][..], Some(Json)),
            (&["*/*"], Some(Json)),
            (&["application/*"], Some(Json)),
            (&["application/json"], Some(Json)),
            (&["application/graphql-response+json"], Some(GraphqlResponse)),
            (&["APPLICATION/GraphQL-Response+JSON; charset=UTF-8"], Some(GraphqlResponse)),
            (&["application/graphql-response+json, application/json;q=0.9"], Some(GraphqlResponse)),
            (&["application/json;q=0.9, application/graphql-response+json"], Some(GraphqlResponse)),
            (&["application/json, application/graphql-response+json"], Some(Json)),
            (&["application/graphql-response+json, application/json"], Some(GraphqlResponse)),
            (
                &["application/graphql-response+json, application/graphql+json, application/json, text/event-stream"],
                Some(GraphqlResponse),
            ),
            (&["application/graphql-response+json;q=0.5, */*;q=0.1"], Some(GraphqlResponse)),
            (&["text/plain", "application/json"], Some(Json)),
            (&["*/*;q=0.8, application/json;q=0"], Some(GraphqlResponse)),
            (&["application/json;q=0, application/graphql-response+json;q=0.000"], None),
            (&["text/html"], None),
            (&["image/png, text/*"], None),
            (&[""], None),
            (&["application/json; charset=utf-16"], None),
            (&["application/json; charset=\"utf-8\"; q=1.0"], Some(Json)),
            (&["application/json; q=2, application/graphql-response+json; q=abc"], None),
            (&["text/plain; note=\"a, application/json\""], None),
            (&["nonsense, */*;q=0.1"], Some(Json)),
        ] {
            assert_eq!(accept(values, Media::ANSWERS), answer, "{values:?}");
        }
    }

    #[test]
    fn browsers_get_the_page() {
        let firefox = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        assert_eq!(accept(&[firefox], Media::PAGES), Some(Media::Html));
        assert_eq!(accept(&["*/*"], Media::PAGES), Some(Media::Json));
        assert_eq!(accept(&["text/html;q=0.5, application/json"], Media::PAGES), Some(Media::Json));
    }

    #[test]
    fn a_body_has_to_be_json_in_utf8() {
        let is = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::CONTENT_TYPE, HeaderValue::from_static(value));
            }
            is_json(&headers)
        };
        for good in ["application/json", "Application/JSON;charset=UTF-8", "application/json; charset=\"utf-8\"; x=y"] {
            assert!(is(&[good]), "{good}");
        }
        for bad in
            ["", "text/plain", "application/json; charset=utf-16", "application/jsonp", "text/plain; application/json"]
        {
            assert!(!is(&[bad]), "{bad}");
        }
        assert!(!is(&[]));
        assert!(!is(&["application/json", "text/plain"]), "one is believed by a proxy, the other by us");
    }
}
