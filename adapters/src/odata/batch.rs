//! `$batch`: several reads as one multipart request, and its multipart answer.

use crate::error::{Error, Result};
use bytes::Bytes;

/// What separates the parts of a request. A part is a request line whose every unusual byte is escaped, so that this can
/// occur in none.
const BOUNDARY: &str = "batch_of_reads";

/// The `Content-Type` of a request.
pub(crate) const CONTENT_TYPE: &str = "multipart/mixed;boundary=batch_of_reads";

/// The body of a request that reads these targets (path and query, escaped), each with these headers.
///
/// After a `GET` two empty lines are needed: the end of its headers, and its empty body (SAP, "Working with SAP Business One
/// Service Layer", 3.10.3). Other services do not mind.
pub(crate) fn write(targets: &[String], headers: &[(&str, String)]) -> String {
    let mut body = String::new();
    for target in targets {
        body += "--";
        body += BOUNDARY;
        body += "\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nGET ";
        body += target;
        body += " HTTP/1.1\r\n";
        for (name, value) in headers {
            body += name;
            body += ": ";
            body += value;
            body += "\r\n";
        }
        body += "\r\n\r\n";
    }
    body += "--";
    body += BOUNDARY;
    body += "--\r\n";
    body
}

/// The answer to one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// Its HTTP status.
    pub(crate) status: u16,
    /// Its body.
    pub(crate) body: Bytes,
}

/// Reads the answer to a batch of reads. There may be fewer parts than were asked for: a service may stop at the first
/// failure. Lines may end with CR LF or LF alone.
///
/// # Errors
/// [`BadResponse`](crate::ErrorKind::BadResponse) where the answer is no multipart message or breaks off.
pub(crate) fn read(content_type: &str, body: &Bytes) -> Result<Vec<Part>> {
    let boundary = boundary(content_type).ok_or_else(|| bad("the ERP's answer to a batch is not in parts"))?;
    let delimiter = format!("--{boundary}");
    let mut parts = Vec::new();
    let mut begun = None;
    let mut at = 0;
    while at < body.len() {
        let (line, next) = line(body, at);
        match line.strip_prefix(delimiter.as_bytes()).map(<[u8]>::trim_ascii_end) {
            Some(b"" | b"--") if line.len() >= delimiter.len() => {
                if let Some(start) = begun {
                    parts.push(part(&body.slice(start..before_line_end(body, start, at)))?);
                }
                if line[delimiter.len()..].starts_with(b"--") {
                    return Ok(parts);
                }
                begun = Some(next);
            }
            _ => {}
        }
        at = next;
    }
    Err(bad("the ERP's answer to a batch breaks off"))
}

fn bad(message: &str) -> Error {
    Error::bad_response(message)
}

/// The boundary that a `Content-Type` names, with or without quotes.
fn boundary(content_type: &str) -> Option<&str> {
    let mut parameters = content_type.split(';').map(str::trim);
    if !parameters.next()?.to_ascii_lowercase().starts_with("multipart/") {
        return None;
    }
    let value = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then_some(value.trim())
    })?;
    let value = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value);
    Some(value).filter(|value| !value.is_empty() && value.len() <= 200)
}

/// The line that begins at a place, without its end, and where the next one begins.
fn line(text: &[u8], at: usize) -> (&[u8], usize) {
    let rest = text.get(at..).unwrap_or_default();
    match rest.iter().position(|byte| *byte == b'\n') {
        Some(end) => (rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]), at + end + 1),
        None => (rest, at + rest.len()),
    }
}

/// The end of what stands before a delimiter: the line end there belongs to the delimiter.
fn before_line_end(text: &[u8], start: usize, at: usize) -> usize {
    let part = &text[start..at];
    let part = part.strip_suffix(b"\n").unwrap_or(part);
    start + part.strip_suffix(b"\r").unwrap_or(part).len()
}

/// The HTTP answer inside a part: part headers, status line, headers, body, with an empty line after each block of headers.
fn part(text: &Bytes) -> Result<Part> {
    let broken = || bad("a part of the ERP's answer to a batch cannot be read");
    let mut at = after_headers(text, 0).ok_or_else(broken)?;
    // Some services leave a further empty line before the status line.
    let status = loop {
        let (status, next) = line(text, at);
        at = next;
        if !status.is_empty() {
            break status;
        }
        if at >= text.len() {
            return Err(broken());
        }
    };
    let status = std::str::from_utf8(status).ok().filter(|line| line.starts_with("HTTP/")).ok_or_else(broken)?;
    let status = status.split_ascii_whitespace().nth(1).and_then(|code| code.parse().ok()).ok_or_else(broken)?;
    // An answer without a body may end with its status line or with its headers.
    let body = after_headers(text, at).map_or(Bytes::new(), |body| text.slice(body..));
    let kept = body.trim_ascii();
    Ok(Part { status, body: body.slice_ref(kept) })
}

/// Where the block of headers that begins at a place is over, behind its empty line.
fn after_headers(text: &[u8], mut at: usize) -> Option<usize> {
    while at < text.len() {
        let (header, next) = line(text, at);
        at = next;
        if header.is_empty() {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1: &str = include_str!("../../../tests/golden/sap-b1/batch_response_v1.txt");
    const V2: &str = include_str!("../../../tests/golden/sap-b1/batch_response_v2.txt");
    const V2_STOPPED: &str = include_str!("../../../tests/golden/sap-b1/batch_response_v2_stopped.txt");
    const TYPE: &str = "multipart/mixed;boundary=batchresponse_Q7pItIuj-K7Hk-c8Qb-KGSv-l2ccmwZiHBpo";

    fn parts(text: &str) -> Result<Vec<Part>> {
        read(TYPE, &Bytes::copy_from_slice(text.as_bytes()))
    }

    fn statuses(text: &str) -> Vec<u16> {
        parts(text).expect("parts").iter().map(|part| part.status).collect()
    }

    #[test]
    fn a_request_is_written_as_the_guide_shows_it() {
        let golden = include_str!("../../../tests/golden/sap-b1/batch_request_v2.txt");
        let golden = golden.replace("batch_36522ad7-fc75-4b56-8c71-56071383e77b", BOUNDARY);
        let targets =
            golden.lines().filter_map(|l| l.strip_prefix("GET ")?.strip_suffix(" HTTP/1.1").map(str::to_owned));
        assert_eq!(write(&targets.collect::<Vec<_>>(), &[("Accept", "application/json".to_owned())]), golden);
    }

    #[test]
    fn answers_of_both_versions_are_read_with_either_line_end() {
        for text in [V1, V2] {
            for text in [text.to_owned(), text.replace("\r\n", "\n")] {
                let parts = parts(&text).expect("parts");
                assert_eq!(parts.iter().map(|p| p.status).collect::<Vec<_>>(), [200, 200, 200]);
                assert!(parts[1].body.starts_with(b"{") && parts[1].body.ends_with(b"}"));
                assert!(String::from_utf8_lossy(&parts[1].body).contains("Söhne"));
                assert!(serde_json::from_slice::<serde_json::Value>(&parts[0].body).is_ok());
            }
        }
        assert_eq!(statuses(V2_STOPPED), [200, 404], "the third part was not executed");
    }

    #[test]
    fn a_preamble_an_epilogue_and_quotes_do_no_harm() {
        let text = "preamble\r\n--b\r\nContent-Type:application/http\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n\r\n\
                    --b\r\nContent-Type: application/http\r\n\r\n\r\nHTTP/1.1 200 OK\r\nA:b\r\n\r\n 17 \r\n--b-- \r\nepilogue --b\r\n";
        let read =
            read("Multipart/Mixed; charset=x; Boundary=\"b\"", &Bytes::from_static(text.as_bytes())).expect("parts");
        assert_eq!(
            read,
            [Part { status: 204, body: Bytes::new() }, Part { status: 200, body: Bytes::from_static(b"17") },]
        );
    }

    #[test]
    fn a_wrong_or_missing_boundary_is_an_error() {
        let body = Bytes::from_static(V2.as_bytes());
        for content_type in
            ["multipart/mixed", "multipart/mixed;boundary=", "application/json", "", "multipart/mixed;boundary=other"]
        {
            assert!(read(content_type, &body).is_err(), "{content_type}");
        }
        // A delimiter that only begins like the boundary is none.
        let longer = format!("{TYPE}-and-more");
        assert!(read(&longer, &body).is_err());
        let shorter = &TYPE[..TYPE.len() - 1];
        assert!(read(shorter, &body).is_err());
    }

    #[test]
    fn an_answer_that_breaks_off_anywhere_is_an_error() {
        let end = V2.trim_end().len();
        for cut in (0..end - 2).filter(|cut| V2.is_char_boundary(*cut)) {
            assert!(parts(&V2[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn damage_never_panics() {
        let mut state = 0x9e37_79b9_u32;
        let mut random = |below: usize| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as usize % below
        };
        for _ in 0..3000 {
            let mut text = V2_STOPPED.as_bytes().to_vec();
            for _ in 0..1 + random(6) {
                if text.is_empty() {
                    break;
                }
                let at = random(text.len());
                match random(4) {
                    0 => text[at] = b"\r\n-: \x00\xff"[random(7)],
                    1 => {
                        text.remove(at);
                    }
                    2 => text.insert(at, b"\n-\r"[random(3)]),
                    _ => text.truncate(at.max(1)),
                }
            }
            let _ = read(TYPE, &Bytes::from(text));
        }
    }

    #[test]
    fn a_boundary_inside_a_string_is_data() {
        let text = V2.replace("Söhne", "--batchresponse_Q7pItIuj-K7Hk-c8Qb-KGSv-l2ccmwZiHBpo--");
        let parts = parts(&text).expect("parts");
        assert_eq!(parts.len(), 3);
    }
}
