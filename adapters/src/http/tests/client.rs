use super::*;
use crate::http::address;
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// A server that gives each connection this answer and closes it. Keeps what it was asked.
async fn serve(reply: impl Into<Vec<u8>>) -> (Url, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = Url::parse(&format!("http://{}/", listener.local_addr().expect("an address"))).expect("a URL");
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (reply, keep) = (reply.into(), Arc::clone(&asked));
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                match socket.read_u8().await {
                    Ok(byte) => head.push(byte),
                    Err(_) => break,
                }
            }
            lock(&keep).push(String::from_utf8_lossy(&head).into_owned());
            let _ = socket.write_all(&reply).await;
        }
    });
    (url, asked)
}

fn client(base: &Url) -> Client {
    Client::new(&ClientSettings::new(base.clone())).expect("good settings")
}

async fn send(client: &Client, url: Url) -> Result<Response> {
    client.send(&sync(), Request::get(url, "list")).await
}

fn config_error<T>(outcome: Result<T>) -> String {
    let error = outcome.err().expect("an error");
    assert_eq!(error.kind, ErrorKind::Config, "{error:?}");
    error.message
}

#[tokio::test]
async fn brings_the_answer() {
    let (base, asked) = serve("HTTP/1.1 201 Created\r\ncontent-length: 2\r\nx-a: b\r\n\r\nhi").await;
    let answer = send(&client(&base), base.join("items?q=1").expect("a URL")).await.expect("an answer");
    assert_eq!((answer.status.as_u16(), answer.header("x-a"), &answer.body[..]), (201, Some("b"), &b"hi"[..]));
    let asked = lock(&asked)[0].to_lowercase();
    assert!(asked.starts_with("get /items?q=1 http/1.1"), "{asked}");
    assert!(asked.contains("accept-encoding: gzip") && asked.contains("user-agent: erp-gateway/"), "{asked}");
}

#[tokio::test]
async fn redirect_not_followed() {
    let (other, asked) = serve("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let (base, _) = serve(format!("HTTP/1.1 307 X\r\nlocation: {other}\r\ncontent-length: 0\r\n\r\n")).await;
    let answer = send(&client(&base), base.clone()).await.expect("an answer");
    assert_eq!(answer.status, 307);
    assert!(lock(&asked).is_empty());
    assert_eq!(by_status(&answer).map_err(|e| e.kind), Err(ErrorKind::Config));
}

#[tokio::test]
async fn other_host_refused() {
    let (base, asked) = serve("").await;
    let client = client(&base);
    let port = base.port().expect("a port");
    let others = [
        "http://evil.example.com/".to_owned(),
        format!("http://localhost:{port}/"),
        format!("https://127.0.0.1:{port}/"),
        format!("http://127.0.0.1:{}/", port.wrapping_add(1)),
    ];
    for url in others {
        let message = config_error(send(&client, Url::parse(&url).expect("a URL")).await);
        assert!(message.starts_with("the gateway does not send requests for this ERP to "), "{message}");
    }
    assert!(lock(&asked).is_empty());
    let mut settings = ClientSettings::new(base.clone());
    settings.also = vec![Url::parse("https://tokens.example.com/oauth2").expect("a URL")];
    assert!(Client::new(&settings).is_ok());
    settings.accept_invalid_certs = true;
    config_error(Client::new(&settings));
}

#[tokio::test]
async fn schemes_and_userinfo_refused() {
    for url in ["ftp://erp.example.com/", "file:///etc/passwd", "http://u:p4ss@erp.example.com/"] {
        let message = config_error(Client::new(&ClientSettings::new(Url::parse(url).expect("a URL"))));
        assert!(!message.contains("p4ss"));
    }
    let base = Url::parse("http://127.0.0.1:1/").expect("a URL");
    let with_user = Url::parse("http://u:p4ss@127.0.0.1:1/").expect("a URL");
    assert!(!config_error(send(&client(&base), with_user).await).contains("p4ss"));
}

#[tokio::test]
async fn link_local_refused() {
    let literals = [
        "http://169.254.169.254/",
        "http://0xa9fea9fe/",
        "http://2852039166/",
        "http://[fe80::1]/",
        "http://[febf::1]/",
        "http://[fd00:ec2::254]/",
        "http://[::ffff:169.254.169.254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[2002:a9fe:a9fe::1]/",
        "http://100.100.100.200/",
    ];
    for url in literals {
        let mut settings = ClientSettings::new(Url::parse(url).expect("a URL"));
        config_error(Client::new(&settings));
        settings.allow_link_local = true;
        assert!(Client::new(&settings).is_ok(), "{url}");
    }
    for url in
        ["http://127.0.0.1/", "http://10.1.2.3/", "http://[::1]/", "http://[fd00::1]/", "https://erp.example.com/"]
    {
        assert!(Client::new(&ClientSettings::new(Url::parse(url).expect("a URL"))).is_ok(), "{url}");
    }
}

fn resolving(addresses: &'static [&'static str]) -> address::Guarded {
    address::Guarded::with(move |_| {
        let found = addresses.iter().map(|ip| SocketAddr::new(ip.parse().expect("an address"), 0)).collect();
        Box::pin(std::future::ready(Ok(found)))
    })
}

#[tokio::test]
async fn a_name_that_resolves_to_a_refused_address_is_refused() {
    let (served, _) = serve("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let base = Url::parse(&format!("http://rebind.test:{}/", served.port().expect("a port"))).expect("a URL");
    let settings = ClientSettings::new(base.clone());
    let client = Client::with_resolver(&settings, resolving(&["169.254.169.254", "fe80::1"])).expect("good settings");
    let message = config_error(send(&client, base.clone()).await);
    assert_eq!(message, "rebind.test is at a link-local or metadata address, where the gateway does not go");

    let client = Client::with_resolver(&settings, resolving(&["169.254.169.254", "127.0.0.1"])).expect("good settings");
    assert!(send(&client, base).await.is_ok(), "the good address of a mixture is used");
}

#[tokio::test]
async fn too_large_body() {
    let announced = "HTTP/1.1 200 OK\r\ncontent-length: 101\r\n\r\n".to_owned() + &"x".repeat(101);
    let streamed = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_owned() + &"x".repeat(101);
    for reply in [announced, streamed] {
        let (base, _) = serve(reply).await;
        let mut settings = ClientSettings::new(base.clone());
        settings.max_response_bytes = 100;
        let error = send(&Client::new(&settings).expect("good settings"), base.clone()).await.expect_err("too large");
        assert_eq!(
            (error.kind, error.message.as_str()),
            (ErrorKind::BadResponse, "an answer of 127.0.0.1 is larger than 100 bytes")
        );
        settings.max_response_bytes = 101;
        assert!(send(&Client::new(&settings).expect("good settings"), base).await.is_ok());
    }
}

#[tokio::test]
async fn a_small_answer_may_not_unpack_to_a_large_one() {
    // 100 000 zeros, by `gzip -9`.
    let packed: &[u8] = include_bytes!("zeros.gz");
    let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", packed.len());
    let (base, _) = serve([head.as_bytes(), packed].concat()).await;
    let mut settings = ClientSettings::new(base.clone());
    assert_eq!(send(&client(&base), base.clone()).await.expect("an answer").body.len(), 100_000);
    settings.max_response_bytes = 99_999;
    let outcome = send(&Client::new(&settings).expect("good settings"), base).await;
    assert_eq!(kind(&outcome), Some(ErrorKind::BadResponse));
}

#[tokio::test]
async fn failures_are_told_in_plain_words_and_without_the_url() {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a free port").local_addr().expect("an address");
    let base = Url::parse(&format!("http://{free}/")).expect("a URL");
    let secret = base.join("path?token=hunter2").expect("a URL");
    let error = send(&client(&base), secret.clone()).await.expect_err("nobody listens");
    assert_eq!(
        (error.kind, error.message.as_str()),
        (ErrorKind::Unavailable, "cannot connect to 127.0.0.1: connection refused")
    );
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");

    let cases = [
        ("", ErrorKind::Unavailable, "127.0.0.1 broke off the exchange"),
        ("garbage\r\n\r\n", ErrorKind::Unavailable, "127.0.0.1 broke off the exchange"),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{\"a\"",
            ErrorKind::BadResponse,
            "the answer of 127.0.0.1 is damaged",
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-encoding: gzip\r\n\r\n{}",
            ErrorKind::BadResponse,
            "the answer of 127.0.0.1 is damaged",
        ),
    ];
    for (reply, kind, message) in cases {
        let (base, _) = serve(reply).await;
        let error = send(&client(&base), base.join("path?token=hunter2").expect("a URL")).await.expect_err("broken");
        assert_eq!(error.kind, kind, "{reply}: {error:?}");
        assert!(error.message.starts_with(message) && !format!("{error:?}").contains("hunter2"), "{error:?}");
    }

    let nowhere = Url::parse("http://no-such-host.invalid/").expect("a URL");
    let failing = address::Guarded::with(|_| Box::pin(std::future::ready(Err(std::io::Error::other("no such name")))));
    let client = Client::with_resolver(&ClientSettings::new(nowhere.clone()), failing).expect("good settings");
    let error = send(&client, nowhere).await.expect_err("no such name");
    assert_eq!(
        (error.kind, error.message.as_str()),
        (ErrorKind::Unavailable, "cannot connect to no-such-host.invalid: the name cannot be resolved")
    );
}
