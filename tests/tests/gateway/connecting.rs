//! Connecting by the API what should not be trusted, or cannot be reached: certificates, and addresses where no ERP is.

use crate::{erps::settings, log::Log};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use serde_json::{Value, json};
use simulators::{Options, Running, System};
use std::sync::Arc;
use tests::{App, Setup};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

/// Certificates by `certificates/make.sh`.
const SELF_SIGNED: &str = include_str!("certificates/self-signed.pem");
const OTHER_NAME: &str = include_str!("certificates/other-name.pem");
const EXPIRED: &str = include_str!("certificates/expired.pem");
const AUTHORITY: &str = include_str!("certificates/authority.pem");
const SIGNED: &str = include_str!("certificates/signed.pem");
const KEY: &str = include_str!("certificates/key-of-tests-only.pem");

const ODOO_ADVICE: &str = "enter the certificate that signed it, or its own, in the setting root_certificate";
const SAP_B1_ADVICE: &str = "enter the certificate that signed it, or its own, in the setting root_certificate; for tests \
                             only, accept_invalid_certificates turns off the check";
const REACH: &str = "Check the address in the settings, and that it can be reached from where the gateway runs.";

/// An ERP that nobody has connected yet.
struct Stranger {
    simulator: Running,
    system: System,
    settings: Value,
}

impl Stranger {
    async fn start(system: System) -> Self {
        let options = Options { records: 30, seed: 7, ..Options::default() };
        let simulator = simulators::start(system, options).await.expect("a simulator");
        let settings = settings(&simulator);
        Self { simulator, system, settings }
    }

    /// Its settings with others over them.
    fn with(&self, changes: &[(&str, &str)]) -> Value {
        let mut settings = self.settings.clone();
        changes.iter().for_each(|(key, value)| settings[*key] = (*value).into());
        settings
    }

    /// The address of a TLS server in front of it that shows a certificate.
    async fn behind(&self, certificate: &str) -> String {
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).expect("a certificate");
        let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![certificate], key))
            .expect("a TLS configuration");
        let (acceptor, erp) = (TlsAcceptor::from(Arc::new(config)), self.simulator.addr());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // Who does not trust the certificate breaks off here.
                    let (Ok(mut client), Ok(mut erp)) = (acceptor.accept(socket).await, TcpStream::connect(erp).await)
                    else {
                        return;
                    };
                    let _ = copy_bidirectional(&mut client, &mut erp).await;
                });
            }
        });
        format!("https://localhost:{port}")
    }

    /// What connecting it answers.
    async fn connect(&self, app: &App, settings: &Value) -> Value {
        let input = json!({ "name": "Stranger", "system": self.system.key(), "settings": settings });
        let mutation = "mutation($input: ConnectErpInput!) { connectErp(input: $input) {
            erp { id status } userErrors { field code message } } }";
        app.data_with(mutation, json!({ "input": input })).await["connectErp"].take()
    }

    /// What testing it answers.
    async fn test(&self, app: &App, settings: &Value) -> Value {
        let input = json!({ "system": self.system.key(), "settings": settings });
        let mutation = "mutation($input: TestErpInput!) { testErp(input: $input) {
            ok error { code message } userErrors { field code message } } }";
        app.data_with(mutation, json!({ "input": input })).await["testErp"].take()
    }

    /// These settings are refused with this code and message, and nothing is asked of the ERP with them.
    async fn is_refused(&self, app: &App, settings: &Value, field: &[&str], code: &str, message: &str) {
        let connected = self.connect(app, settings).await;
        let error = json!({ "field": field, "code": code, "message": message });
        assert_eq!(connected, json!({ "erp": null, "userErrors": [error] }), "{message}");
        let tested = self.test(app, settings).await;
        let wanted = if code == "BAD_USER_INPUT" {
            json!({ "ok": false, "error": null, "userErrors": [error] })
        } else {
            json!({ "ok": false, "error": { "code": code, "message": message }, "userErrors": [] })
        };
        assert_eq!(tested, wanted, "{message}");
        assert_eq!(self.simulator.stats().requests, 0, "{message}");
    }

    /// These settings connect it, and its records are read.
    async fn is_connected(&self, app: &App, settings: &Value) {
        let tested = self.test(app, settings).await;
        assert_eq!((&tested["ok"], &tested["error"]), (&json!(true), &Value::Null), "{tested}");
        let connected = self.connect(app, settings).await;
        assert_eq!(
            (&connected["erp"]["status"], &connected["userErrors"]),
            (&json!("ACTIVE"), &json!([])),
            "{connected}"
        );
        let id = &connected["erp"]["id"];
        let list = format!("{{ invoices(first: 3, erps: [{id}]) {{ nodes {{ number }} sources {{ status }} }} }}");
        let list = app.data(&list).await;
        assert_eq!(
            (&list["invoices"]["sources"][0]["status"], list["invoices"]["nodes"].as_array().map(Vec::len)),
            (&json!("OK"), Some(3)),
            "{list}"
        );
    }
}

async fn a_company_s_own_certificate(system: System, advice: &str) {
    let (app, stranger) = (App::start(Setup::default()).await, Stranger::start(system).await);
    let unavailable = async |certificate: &str, root: Option<&str>, message: &str| {
        let url = stranger.behind(certificate).await;
        let settings = match root {
            Some(root) => stranger.with(&[("url", &url), ("root_certificate", root)]),
            None => stranger.with(&[("url", &url)]),
        };
        stranger.is_refused(&app, &settings, &["settings"], "SOURCE_UNAVAILABLE", message).await;
    };
    let untrusted = format!("The certificate of localhost is not trusted: {advice}.");
    unavailable(SELF_SIGNED, None, &untrusted).await;
    unavailable(SELF_SIGNED, Some(AUTHORITY), &untrusted).await;
    unavailable(SIGNED, Some(SELF_SIGNED), &untrusted).await;
    let other_name = "The certificate of localhost was issued for another name: check the address.";
    unavailable(OTHER_NAME, Some(OTHER_NAME), other_name).await;
    unavailable(EXPIRED, Some(EXPIRED), "The certificate of localhost has expired: the server needs a new one.").await;
    let authority = "The certificate of localhost is one of an authority (CA:TRUE), which may sign others but not serve: \
                     make the server one with CA:FALSE.";
    unavailable(AUTHORITY, Some(AUTHORITY), authority).await;
    let url = stranger.behind(SELF_SIGNED).await;
    let broken = stranger.with(&[("url", &url), ("root_certificate", "not a certificate")]);
    let message = "The setting root_certificate (Root certificate) is no certificate as PEM text, which begins with \
                   -----BEGIN CERTIFICATE-----.";
    stranger.is_refused(&app, &broken, &["settings", "root_certificate"], "BAD_USER_INPUT", message).await;
    assert_eq!(app.data("{ erps { id } }").await["erps"].as_array().map(Vec::len), Some(3), "nothing was stored");

    stranger.is_connected(&app, &stranger.with(&[("url", &url), ("root_certificate", SELF_SIGNED)])).await;
    let url = stranger.behind(SIGNED).await;
    stranger.is_connected(&app, &stranger.with(&[("url", &url), ("root_certificate", AUTHORITY)])).await;
}

#[tokio::test]
async fn an_odoo_with_a_company_s_own_certificate_is_connected_once_it_is_entered() {
    a_company_s_own_certificate(System::Odoo, ODOO_ADVICE).await;
}

#[tokio::test]
async fn a_business_one_with_a_company_s_own_certificate_is_connected_once_it_is_entered() {
    a_company_s_own_certificate(System::SapB1, SAP_B1_ADVICE).await;
}

/// Where its address leads is found out before anything is sent there.
#[tokio::test]
async fn an_address_where_no_erp_can_be_is_refused() {
    let (log, _logging) = Log::start();
    let app = App::start(Setup::default()).await;
    for (system, secret) in [(System::Odoo, "api_key"), (System::SapB1, "password")] {
        let stranger = Stranger::start(system).await;
        let secret = stranger.settings[secret].as_str().expect("a secret").to_owned();
        let mut answers = String::new();
        for url in
            ["ftp://erp.example/", "file:///etc/passwd", "erp.example", "http://", "http://me:s3cret@erp.example/"]
        {
            let settings = stranger.with(&[("url", url)]);
            for answer in [stranger.connect(&app, &settings).await, stranger.test(&app, &settings).await] {
                println!("{url}: {answer}");
                let error = &answer["userErrors"][0];
                assert_eq!(
                    (&error["field"], &error["code"]),
                    (&json!(["settings", "url"]), &json!("BAD_USER_INPUT")),
                    "{url}: {answer}"
                );
                answers += &answer.to_string();
            }
        }
        for (url, address) in [
            ("http://169.254.169.254/", "169.254.169.254"),
            ("http://2852039166/", "169.254.169.254"),
            ("https://[::ffff:169.254.169.254]:8443/", "::ffff:169.254.169.254"),
            ("http://[fe80::1]/", "fe80::1"),
            ("http://[fd00:ec2::254]/latest/meta-data", "fd00:ec2::254"),
        ] {
            let message = format!("{address} is a link-local or metadata address, where the gateway does not go.");
            stranger.is_refused(&app, &stranger.with(&[("url", url)]), &["settings"], "BAD_USER_INPUT", &message).await;
        }
        // A label that no name may have (RFC 1035, section 2.3.4): whether there is a network or not, it cannot be resolved.
        let host = format!("{}.example", "x".repeat(64));
        let message = format!("Cannot connect to {host}: the name cannot be resolved. {REACH}");
        let settings = stranger.with(&[("url", &format!("http://{host}/"))]);
        stranger.is_refused(&app, &settings, &["settings"], "SOURCE_UNAVAILABLE", &message).await;

        answers += &app.data("{ auditLog(first: 100) { nodes { action outcome detail } } }").await.to_string();
        for secret in ["s3cret", &secret] {
            assert!(!answers.contains(secret), "{answers}");
            assert!(!log.text().contains(secret), "{secret} in the log");
        }
    }
    assert_eq!(app.data("{ erps { id } }").await["erps"].as_array().map(Vec::len), Some(3), "nothing was stored");
}
