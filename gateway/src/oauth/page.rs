//! The page that somebody sees after a consent: from the binary itself, without scripts, and nothing of an address unescaped.

use super::callback::Ended;
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:15vh auto;padding:0 1rem;color:#222}\
                     h1{font-size:1.4rem}@media(prefers-color-scheme:dark){body{background:#161616;color:#ddd}}";

/// Nothing but the page's own style.
static CSP: LazyLock<String> = LazyLock::new(|| {
    let style = BASE64.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

/// Tells how a consent ended.
pub(super) fn of(ended: &Ended) -> Response {
    let (status, title, text) = match ended {
        Ended::Connected { erp, company } => {
            let company = company.as_ref().map(|company| format!(" It reads the company {company}."));
            let text = format!("{erp} is connected.{} You can close this window.", company.unwrap_or_default());
            (StatusCode::OK, "Connected", text)
        }
        Ended::NotYet { erp, message } => (
            StatusCode::OK,
            "Consent given",
            format!("The gateway was let into {erp}, but it does not work yet. {message}"),
        ),
        Ended::Failed(failure) => (failure.status, "Not connected", failure.message.clone()),
    };
    let body = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style></head>\
         <body><h1>{title}</h1><p>{}</p></body></html>",
        escaped(&text)
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, CSP.as_str()),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, body).into_response()
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;

    #[tokio::test]
    async fn whatever_a_company_is_called_the_page_is_text() {
        let ended =
            Ended::Connected { erp: "<script>alert(1)</script>".into(), company: Some("A & \"B\" 'C'\n<img>".into()) };
        let response = of(&ended);
        let csp = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().expect("text").to_owned();
        assert!(csp.starts_with("default-src 'none'") && !csp.contains("unsafe"), "{csp}");
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        let body = String::from_utf8_lossy(&body).into_owned();
        assert!(!body.contains("<script") && !body.contains("<img"), "{body}");
        assert!(body.contains("A &amp; &quot;B&quot; &#39;C&#39; &lt;img&gt;"), "{body}");
    }
}
