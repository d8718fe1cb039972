use super::*;
use secrecy::SecretString;

fn secret(text: &str) -> SecretString {
    text.to_owned().into()
}

#[test]
fn no_secret_in_debug_or_error() {
    let url = Url::parse("https://user:hunter2@erp.example.com:8443/path?token=hunter2#hunter2").expect("a URL");
    let mut request = Request::post_form(url, "login", &[("password", "hunter2")]);
    request.set_bearer(&secret("hunter2")).expect("a header value");
    assert_eq!(format!("{request:?}"), "POST https://erp.example.com:8443/path (login)");
    assert!(!format!("{:?}", request.headers).contains("hunter2"));

    let answer = response(200, &[("set-cookie", "sid=hunter2; Path=/")], r#"{"token":"hunter2"}"#);
    assert_eq!(format!("{answer:?}"), "200 OK with 19 bytes");
    let mut cookies = Cookies::default();
    cookies.take(&answer);
    assert_eq!(format!("{cookies:?}"), r#"{"sid"}"#);

    let error = request.set_bearer(&secret("hunter2\n")).expect_err("a line feed");
    assert!(!format!("{error:?}").contains("hunter2"));
    let error = response(302, &[("location", "https://login.example.com/x?code=hunter2")], "");
    let error = by_status(&error).expect_err("a redirect");
    assert_eq!(error.message, "the ERP redirects to https://login.example.com: correct its address");
    assert!(!format!("{error:?}").contains("hunter2"));
}

#[test]
fn methods_and_bodies() {
    assert!(get().idempotent && !post().idempotent && post().idempotent().idempotent);
    assert!(!Request::new(http::Method::DELETE, url("/"), "delete").idempotent, "the second answers 404");
    let form = Request::post_form(url("/"), "login", &[("user", "a&b"), ("password", "ü=1")]);
    assert_eq!(form.body.as_deref(), Some(b"user=a%26b&password=%C3%BC%3D1".as_slice()));
    let mut basic = get();
    basic.set_basic("Aladdin", &secret("open sesame")).expect("a header value");
    assert_eq!(basic.headers["authorization"], "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

#[test]
fn cookies_roll_and_end() {
    let mut cookies = Cookies::default();
    let set = |text| response(200, &[("set-cookie", text)], "");
    cookies.take(&set("B1SESSION=one; HttpOnly; SameSite=None"));
    cookies.take(&set("ROUTEID=.node2; path=/b1s"));
    cookies.take(&set("B1SESSION=two=; HttpOnly"));
    let mut request = get();
    cookies.put(&mut request).expect("a header value");
    assert_eq!(request.headers["cookie"], "B1SESSION=two=; ROUTEID=.node2");
    cookies.take(&set("ROUTEID=; Max-Age=0"));
    assert_eq!((cookies.get("ROUTEID"), cookies.get("B1SESSION")), (None, Some("two=")));
}

#[test]
fn status_tells_the_kind() {
    use ErrorKind::*;
    let cases = [
        (301, Config),
        (400, Rejected),
        (401, Unauthorized),
        (403, Forbidden),
        (404, NotFound),
        (405, Unsupported),
        (408, Timeout),
        (409, Conflict),
        (412, Conflict),
        (413, Rejected),
        (422, Rejected),
        (429, RateLimited),
        (500, Unavailable),
        (501, Unsupported),
        (502, Unavailable),
        (503, Unavailable),
        (504, Timeout),
    ];
    for (status, kind) in cases {
        let error = by_status(&response(status, &[], "why\nnot")).expect_err("a refusal");
        assert_eq!(error.kind, kind, "{status}");
        assert_eq!(error.detail, Some(format!("{status}: why not")));
    }
    for status in [200, 201, 204, 206, 304] {
        assert!(by_status(&response(status, &[], "")).is_ok(), "{status}");
    }
}

#[test]
fn retry_after_in_both_forms() {
    let wait = |headers: &[(&'static str, &str)]| retry_after(&response(429, headers, "").headers);
    let date = ("date", "Wed, 21 Oct 2026 07:28:00 GMT");
    assert_eq!(wait(&[("retry-after", " 120 ")]), Some(secs(120)));
    assert_eq!(wait(&[date, ("retry-after", "Wed, 21 Oct 2026 07:29:30 GMT")]), Some(secs(90)));
    assert_eq!(wait(&[date, ("retry-after", "Wed, 21 Oct 2026 07:00:00 GMT")]), Some(Duration::ZERO));
    assert_eq!(wait(&[("retry-after", "Wed, 21 Oct 2026 07:29:30 GMT")]), None, "there is nothing to compare it with");
    assert_eq!(wait(&[date, ("retry-after", "soon")]), None);
    assert_eq!(wait(&[]), None);
    let error = by_status(&response(503, &[("retry-after", "7")], "")).expect_err("a refusal");
    assert_eq!(error.retry_after, Some(secs(7)));
}

#[test]
fn json_or_a_plain_reason_why_not() {
    let good = ["{}", " [1, 2]\n", "\"x\"", "12", "true", "null", ""];
    for body in good {
        assert!(expect_json(&response(200, &[], body)).is_ok(), "{body}");
    }
    assert!(expect_json(&response(200, &[("content-type", "text/html; charset=utf-8")], "{}")).is_ok());
    let reason = |body| {
        let error = response(200, &[], body).json::<serde_json::Value>().expect_err("no JSON");
        assert_eq!(error.kind, ErrorKind::BadResponse);
        error.message
    };
    assert_eq!(reason("<!DOCTYPE html><p>Down"), "the ERP's answer is a page for a browser instead of data");
    assert_eq!(reason(r#"{"value": [{"DocEntry": 1}"#), "the ERP's answer is truncated JSON");
    assert_eq!(reason(r#"{"value": [{"DocEntry": 1"#), "the ERP's answer is truncated JSON");
    assert_eq!(reason(""), "the ERP's answer is truncated JSON");
    assert_eq!(reason("Bad Gateway"), "the ERP's answer is not JSON");
    let page = response(200, &[("content-type", "text/html")], "");
    assert_eq!(kind(&expect_json(&page).map(|()| page)), Some(ErrorKind::BadResponse));
}

#[test]
fn json_may_borrow() {
    #[derive(serde::Deserialize)]
    struct Row<'a> {
        #[serde(borrow)]
        total: &'a serde_json::value::RawValue,
    }
    let answer = response(200, &[], r#"{"total": 12.50}"#);
    assert_eq!(answer.json::<Row<'_>>().expect("JSON").total.get(), "12.50");
}
