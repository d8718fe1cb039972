use super::*;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use std::{
    io::{Read, Write},
    net::TcpListener,
};

/// A certificate for `localhost` that signed itself, valid for a hundred years, and its key: both only for these tests.
const CERTIFICATE: &str = include_str!("localhost.crt.pem");
const KEY: &str = include_str!("localhost.key.pem");

/// A TLS server on loopback that answers each connection with an empty 200.
fn serve() -> u16 {
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).expect("a key");
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![certificate], key))
        .expect("a TLS configuration");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for mut socket in listener.incoming().flatten() {
            let mut tls = rustls::ServerConnection::new(Arc::clone(&config)).expect("a connection");
            let mut stream = rustls::Stream::new(&mut tls, &mut socket);
            // The head of the request comes in one record.
            let _ = stream
                .read(&mut [0; 4096])
                .and_then(|_| stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
        }
    });
    port
}

fn settings(host: &str, port: u16) -> ClientSettings {
    ClientSettings::new(Url::parse(&format!("https://{host}:{port}/")).expect("a URL"))
}

async fn get_from(settings: &ClientSettings) -> Result<Response> {
    Client::new(settings)?.send(&sync(), Request::get(settings.base.clone(), "list")).await
}

#[tokio::test]
async fn an_unknown_certificate_is_refused_in_plain_words() {
    let error = get_from(&settings("localhost", serve())).await.expect_err("nobody vouches for it");
    assert_eq!(
        (error.kind, error.message.as_str()),
        (ErrorKind::Unavailable, "the certificate of localhost is not trusted"),
        "{error:?}"
    );
}

#[tokio::test]
async fn any_certificate_is_accepted_on_demand() {
    let mut settings = settings("127.0.0.1", serve());
    settings.accept_invalid_certs = true;
    assert_eq!(get_from(&settings).await.expect("an answer").status, 200);
}

#[tokio::test]
async fn an_additional_root_is_trusted_for_its_name_only() {
    let port = serve();
    let mut trusting = settings("localhost", port);
    trusting.root_pem = Some(CERTIFICATE.to_owned());
    assert_eq!(get_from(&trusting).await.expect("an answer").status, 200);

    trusting.base = settings("127.0.0.1", port).base;
    let error = get_from(&trusting).await.expect_err("it is for localhost");
    assert_eq!(
        error.message, "the certificate of 127.0.0.1 was issued for another name: check the address",
        "{error:?}"
    );
}

#[test]
fn a_root_that_is_no_certificate_is_refused() {
    for pem in ["", "not PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let mut settings = settings("localhost", 1);
        settings.root_pem = Some(pem.to_owned());
        assert_eq!(Client::new(&settings).err().map(|e| e.kind), Some(ErrorKind::Config), "{pem}");
    }
}
