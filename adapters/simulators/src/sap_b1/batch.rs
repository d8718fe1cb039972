//! `$batch`: several requests in one multipart body, run one after the other until one fails.

use axum::http::{Method, StatusCode};

use super::{call::Answer, refusal::Refusal, version::Version};

/// A request in a batch.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    Request(Inner<'a>),
    /// A set of writes that succeed or fail together.
    ChangeSet,
}

/// The HTTP request inside a part.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Inner<'a> {
    pub(super) method: Method,
    /// As written: a path under the root, a path under the service root, or a whole URL.
    pub(super) target: &'a str,
    pub(super) body: &'a [u8],
}

/// Reads a batch.
///
/// # Errors
/// If anything is missing: the boundary, the carriage returns, the headers of a part, or one of the two empty lines
/// after the request line of a GET.
pub(super) fn parse<'a>(content_type: &str, body: &'a [u8], most: usize) -> Result<Vec<Part<'a>>, Refusal> {
    let boundary = boundary(content_type).ok_or_else(Refusal::batch)?;
    let body = std::str::from_utf8(body).map_err(|_| Refusal::batch())?;
    let parts = parts(body, &boundary).ok_or_else(Refusal::batch)?;
    if parts.is_empty() || parts.len() > most {
        return Err(Refusal::batch());
    }
    parts.into_iter().map(|text| part(text).ok_or_else(Refusal::batch)).collect()
}

fn boundary(content_type: &str) -> Option<String> {
    let (media, parameters) = content_type.split_once(';')?;
    if !media.trim().eq_ignore_ascii_case("multipart/mixed") {
        return None;
    }
    let boundary = parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("boundary="))?;
    let boundary = boundary.trim_matches('"');
    (!boundary.is_empty()).then(|| boundary.to_owned())
}

/// What stands between the boundaries, without the line ends that belong to them.
fn parts<'a>(body: &'a str, boundary: &str) -> Option<Vec<&'a str>> {
    let mut rest = body.strip_prefix(&format!("--{boundary}"))?;
    let delimiter = format!("\r\n--{boundary}");
    let mut parts = Vec::new();
    loop {
        if let Some(after) = rest.strip_prefix("--") {
            return after.trim().is_empty().then_some(parts);
        }
        let (part, after) = rest.strip_prefix("\r\n")?.split_once(&delimiter)?;
        parts.push(part);
        rest = after;
    }
}

fn part(text: &str) -> Option<Part<'_>> {
    let (headers, inner) = text.split_once("\r\n\r\n")?;
    let header = |wanted: &str| {
        let mut headers = headers.split("\r\n").filter_map(|line| line.split_once(':'));
        headers.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
    };
    let media = header("Content-Type")?;
    if media.to_ascii_lowercase().starts_with("multipart/mixed") {
        return Some(Part::ChangeSet);
    }
    let binary = header("Content-Transfer-Encoding").is_some_and(|encoding| encoding.eq_ignore_ascii_case("binary"));
    if !media.eq_ignore_ascii_case("application/http") || !binary {
        return None;
    }
    request(inner).map(Part::Request)
}

fn request(text: &str) -> Option<Inner<'_>> {
    // The empty line that ends the headers has to be there, and what is left after it is the body.
    let (head, body) = text.split_once("\r\n\r\n")?;
    let line = head.split("\r\n").next()?;
    if line.contains('\n') {
        return None;
    }
    let (method, target) = line.split_once(' ')?;
    // SAP's guide leaves the version of HTTP out, its clients write it.
    let target = target.rsplit_once(" HTTP/").map_or(target, |(target, _)| target).trim();
    let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).ok()?;
    (!target.is_empty()).then_some(Inner { method, target, body: body.as_bytes() })
}

/// Puts the answers together, in the order of the requests.
pub(super) fn answer(version: Version, token: &str, answers: &[Answer]) -> Answer {
    let boundary = format!("batchresponse_{token}");
    let colon = match version {
        // v1 was printed without a blank after the colon.
        Version::V1 => ":",
        Version::V2 => ": ",
    };
    let mut body = Vec::new();
    for answer in answers {
        let inner = inner(answer, colon);
        let head = format!(
            "--{boundary}\r\nContent-Type{colon}application/http\r\nContent-Length{colon}{}\r\n\
             Content-Transfer-Encoding{colon}binary\r\n\r\n",
            inner.len()
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(&inner);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    let status = match version {
        Version::V1 => StatusCode::ACCEPTED,
        Version::V2 => StatusCode::OK,
    };
    let media = format!("multipart/mixed;boundary={boundary}");
    let (name, value) = version.header();
    Answer { status, media, body, headers: vec![(name, value.to_owned())] }
}

fn inner(answer: &Answer, colon: &str) -> Vec<u8> {
    let reason = answer.status.canonical_reason().unwrap_or_default();
    let mut head = format!(
        "HTTP/1.1 {} {reason}\r\nContent-Type{colon}{}\r\nContent-Length{colon}{}\r\n",
        answer.status.as_u16(),
        answer.media,
        answer.body.len()
    );
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}{colon}{value}\r\n"));
    }
    head.push_str("\r\n");
    [head.as_bytes(), &answer.body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEDIA: &str = "multipart/mixed;boundary=b";

    fn read(body: &str) -> Option<Vec<Part<'_>>> {
        parse(MEDIA, body.as_bytes(), 100).ok()
    }

    fn get(target: &str) -> Part<'_> {
        Part::Request(Inner { method: Method::GET, target, body: b"" })
    }

    const HEAD: &str = "--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding:binary\r\n\r\n";

    #[test]
    fn requests_are_read_as_the_guide_writes_them() {
        let body = format!(
            "{HEAD}GET /b1s/v2/Orders?$filter=CardName eq 'x HTTP/1' HTTP/1.1\r\nAccept: application/json\r\n\r\n\r\n\
             {HEAD}GET Orders(1)\r\n\r\n\r\n--b--\r\n"
        );
        let parts = read(&body).unwrap();
        assert_eq!(parts, [get("/b1s/v2/Orders?$filter=CardName eq 'x HTTP/1'"), get("Orders(1)")]);
    }

    #[test]
    fn anything_missing_makes_it_incomplete() {
        let whole = format!("{HEAD}GET Orders HTTP/1.1\r\n\r\n\r\n--b--");
        assert!(read(&whole).is_some());
        for broken in [
            String::new(),
            whole.replace("\r\n", "\n"),
            whole.replace("\r\n\r\n\r\n", "\r\n\r\n"),
            whole.replace("\r\n\r\n\r\n", "\r\n"),
            whole.replace("--b--", "--b"),
            whole.replace("--b--", ""),
            whole.replace("--b", "--c"),
            whole.replace("Content-Type: application/http\r\n", ""),
            whole.replace("application/http", "application/json"),
            whole.replace("Content-Transfer-Encoding:binary\r\n", ""),
            whole.replace("GET Orders HTTP/1.1", "GET"),
            "--b--".to_owned(),
        ] {
            assert_eq!(read(&broken), None, "{broken:?}");
        }
        assert!(parse("multipart/mixed", whole.as_bytes(), 100).is_err());
        assert!(parse("application/json", whole.as_bytes(), 100).is_err());
        assert!(parse(MEDIA, whole.as_bytes(), 0).is_err());
    }

    #[test]
    fn the_answer_has_the_lengths_and_blanks_of_its_version() {
        let body = b"{}".to_vec();
        let part = Answer { body, ..Answer::json(Version::V1, &()) };
        let answer = answer(Version::V1, "t", std::slice::from_ref(&part));
        assert_eq!((answer.status, &*answer.media), (StatusCode::ACCEPTED, "multipart/mixed;boundary=batchresponse_t"));
        assert_eq!(
            String::from_utf8(answer.body).unwrap(),
            "--batchresponse_t\r\nContent-Type:application/http\r\nContent-Length:130\r\n\
             Content-Transfer-Encoding:binary\r\n\r\nHTTP/1.1 200 OK\r\n\
             Content-Type:application/json;odata=minimalmetadata;charset=utf-8\r\nContent-Length:2\r\n\
             DataServiceVersion:3.0\r\n\r\n{}\r\n--batchresponse_t--\r\n"
        );
    }
}
