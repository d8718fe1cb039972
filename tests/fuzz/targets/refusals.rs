//! Refusals: whatever status, headers and body a system answers with, it is told from an answer, and what a client would be
//! told of it is one short line.
#![no_main]

use adapters::{
    ErrorKind, Result,
    fuzzing::{odoo, quickbooks, sap_b1},
    http::{Request, Response},
};
use fuzz::{json, object, pick, text};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{CONTENT_TYPE, DATE, LOCATION, RETRY_AFTER},
};
use libfuzzer_sys::{
    arbitrary::{self, Unstructured},
    fuzz_target,
};

const KINDS: &[&str] = &[
    "application/json",
    "application/json; charset=utf-8",
    "text/html",
    " text/html; charset=utf-8",
    "application/xml",
    "multipart/mixed;boundary=b",
    "multipart/mixed; boundary=\"b\"",
    "multipart/mixed; boundary=",
    "multipart/mixed",
    "",
];

/// What refusals are made of, in all systems.
const NAMES: &[&str] = &[
    "error",
    "Error",
    "code",
    "message",
    "Message",
    "detail",
    "Detail",
    "element",
    "type",
    "name",
    "data",
    "debug",
    "arguments",
    "context",
    "value",
    "lang",
    "details",
    "innererror",
    "Fault",
    "fault",
    "error_description",
    "QueryResponse",
    "Version",
    "SessionId",
    "jsonrpc",
    "result",
    "odata.nextLink",
    "@odata.nextLink",
    "@odata.count",
    "odata.count",
    "intuit_tid",
];

/// Words by which refusals are told apart.
const WORDS: &[&str] = &[
    "odoo.http.SessionExpiredException",
    "odoo.exceptions.AccessError",
    "odoo.exceptions.UserError",
    "psycopg2.errors.SerializationFailure",
    "builtins.KeyError",
    "werkzeug.exceptions.NotFound",
    "Database not found",
    "Object x doesn't exist",
    "database \"x\" does not exist",
    "-304",
    "-306",
    "301",
    "299",
    "407",
    "804",
    "-2028",
    "-2039",
    "-5006",
    "-10",
    "-1116",
    "100",
    "3200",
    "003001",
    "3100",
    "610",
    "5010",
    "4000",
    "500",
    "10000",
    "AuthenticationFault",
    "ValidationFault",
    "SystemFault",
    "invalid_grant",
    "invalid_client",
    "10000 - text",
    "Invoices: x: Property 'A' is invalid",
    "com.intuit.Exception",
];

fuzz_target!(|data: &[u8]| {
    // Used-up bytes end an input.
    let _ = run(&mut Unstructured::new(data));
});

fn run(u: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let which = u.int_in_range(0..=4)?;
    let (path, operation) = match which {
        0 => (*pick(u, &["/web/dataset/call_kw/a/b", "/jsonrpc", "/web/session/authenticate"])?, "list"),
        1 => ("/json/2/res.partner/search_read", "list"),
        2 => ("/b1s/v2/Orders", if u.arbitrary()? { sap_b1::LOGIN } else { "list" }),
        3 => ("/v3/company/1/query", "query"),
        _ => ("/oauth2/v1/tokens/bearer", quickbooks::TOKEN),
    };
    let status = match u.int_in_range(0..=3)? {
        0 => 200,
        1 => *pick(u, &[302, 400, 401, 403, 404, 408, 412, 429, 500, 502, 503, 504])?,
        _ => u.int_in_range(100..=999)?,
    };
    let mut headers = HeaderMap::new();
    let mut put = |name, value: &[u8]| HeaderValue::from_bytes(value).map(|value| headers.insert(name, value)).is_ok();
    put(CONTENT_TYPE, pick(u, KINDS)?.as_bytes());
    for name in [RETRY_AFTER, DATE, LOCATION, http::HeaderName::from_static("intuit_tid")] {
        if u.ratio(1, 4)? {
            let value = match u.int_in_range(0..=3)? {
                0 => "99999999999999999999".to_owned(),
                1 => "Sun, 31 Dec 9999 23:59:60 +1400".to_owned(),
                2 => "https://user:s3cret@erp.example:99999/?token=x".to_owned(),
                _ => text(u)?,
            };
            put(name, value.as_bytes());
        }
    }
    let body = match u.int_in_range(0..=7)? {
        0 => u.bytes(u.len())?.to_vec(),
        1 => parts(u)?,
        2 => format!(
            "<?xml version=\"1.0\"?><R><Fault type=\"{}\"><Error code=\"{}\"><Message>{}</Message><Detail>{}",
            text(u)?,
            pick(u, WORDS)?,
            text(u)?,
            text(u)?
        )
        .into_bytes(),
        _ => body(u)?.into_bytes(),
    };
    let url = format!("https://erp.example{path}").parse().expect("a URL");
    let request = Request::new(Method::POST, url, operation);
    let status = StatusCode::from_u16(status).expect("three digits");
    // A fuzzer that sees what is looked for puts it anywhere: what a body says may be said again.
    let times = |word: &[u8]| body.windows(word.len()).filter(|part| *part == word).count();
    let told = [("s3cret", times(b"s3cret")), ("Traceback", times(b"Traceback") - times(br#""debug":"Traceback""#))];
    let hidden: Vec<_> = told.into_iter().filter(|(_, times)| *times == 0).map(|(word, _)| word).collect();
    let response = Response { status, headers, body: body.into() };
    match which {
        0 | 1 => check(odoo::classify(&request, &response), status, &hidden),
        2 => check(sap_b1::classify(&request, &response), status, &hidden),
        _ => check(quickbooks::classify(&request, &response), status, &hidden),
    }
    Ok(())
}

/// JSON in the shape of refusals, or of nothing.
fn body(u: &mut Unstructured<'_>) -> arbitrary::Result<String> {
    let (mut inner, mut words) = (String::new(), NAMES.to_vec());
    words.extend(WORDS);
    object(u, NAMES, &words, 3, &mut inner)?;
    let word = serde_json::Value::from(match u.int_in_range(0..=3)? {
        0 => text(u)?,
        1 => "word ".repeat(u.int_in_range(0..=600)?),
        _ => (*pick(u, WORDS)?).to_owned(),
    });
    let code = *pick(u, WORDS)?;
    Ok(match u.int_in_range(0..=8)? {
        0 => format!(
            r#"{{"error":{{"code":200,"message":"x","data":{{"name":"{code}","message":{word},"debug":"Traceback"}}}}}}"#
        ),
        1 => format!(r#"{{"name":"{code}","message":{word},"debug":{inner}}}"#),
        2 => format!(r#"{{"error":{{"code":"{code}","message":{word}}}}}"#),
        3 => format!(r#"{{"error":{{"code":{},"message":{{"lang":"en-us","value":{word}}}}}}}"#, u.arbitrary::<i64>()?),
        4 => format!(
            r#"{{"Fault":{{"Error":[{{"Message":{word},"Detail":{word},"code":"{code}"}}],"type":"ValidationFault"}}}}"#
        ),
        5 => format!(
            r#"{{"fault":{{"error":[{{"message":"m","detail":{word},"code":"{code}"}},{inner}],"type":"{code}"}}}}"#
        ),
        6 => format!(r#"{{"error":"{code}","error_description":{word}}}"#),
        7 => inner,
        _ => {
            let mut any = String::new();
            json(u, &words, 3, &mut any)?;
            any
        }
    })
}

/// The answer to a batch.
fn parts(u: &mut Unstructured<'_>) -> arbitrary::Result<Vec<u8>> {
    let mut text = String::new();
    let lines = [
        "--b",
        "--b--",
        "\r\n",
        "\n",
        "\r\n\r\n",
        "Content-Type: application/http",
        "HTTP/1.1 200 OK",
        "HTTP/1.1 401 x",
        "HTTP/1.1 999999 x",
        "HTTP/1.1",
        "--bb",
        "{\"value\":[]}",
        "{\"error\":{\"code\":301,\"message\":\"x\"}}",
        ":",
        " ",
    ];
    for _ in 0..u.int_in_range(0..=24)? {
        if u.ratio(1, 6)? {
            text.push_str(&body(u)?);
        } else {
            text.push_str(pick(u, &lines)?);
        }
        if u.ratio(3, 4)? {
            text.push_str("\r\n");
        }
    }
    Ok(text.into_bytes())
}

fn check(outcome: Result<()>, status: StatusCode, hidden: &[&str]) {
    match outcome {
        Ok(()) => assert!(status.is_success() || status == StatusCode::NOT_MODIFIED, "{status} is no answer"),
        Err(error) => {
            assert!(!error.message.is_empty(), "a sentence");
            assert!(error.message.chars().count() <= 500, "{} characters: {error}", error.message.chars().count());
            assert!(!error.message.contains(char::is_control), "one line: {error:?}");
            for word in hidden {
                assert!(!error.message.contains(word), "neither credentials nor machinery: {error}");
            }
            assert!(error.kind != ErrorKind::Invalid, "not the caller's fault: {error:?}");
        }
    }
}
