//! The only place that opens an outgoing connection, and only to the hosts of one ERP.

use super::{Http, Request, Response, address, failure};
use crate::{
    adapter::Ctx,
    error::{Error, ErrorKind, Result},
};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use std::{net::IpAddr, time::Duration};
use url::{Host, Origin, Url};

/// How to reach an ERP.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// The ERP's address. Scheme, host and port count.
    pub base: Url,
    /// Other addresses that belong to it, such as the one where its tokens are issued.
    pub also: Vec<Url>,
    /// Whether any certificate is good enough: for a server inside the house that signed its own. Not together with `also`.
    /// Default: no.
    pub accept_invalid_certs: bool,
    /// Certificates to trust besides those of the machine, as PEM.
    pub root_pem: Option<String>,
    /// What the settings form has for a server that signed its own certificate, as a sentence tells a person whose server is
    /// not trusted: `enter … in the setting …`. Default: nothing.
    pub trust_advice: Option<&'static str>,
    /// Whether link-local and metadata addresses may be connected to. Default: no.
    pub allow_link_local: bool,
    /// How long connecting may take, name look-up and TLS included. Default: 5 s.
    pub connect_timeout: Duration,
    /// The largest answer, decompressed. Default: 64 MiB.
    pub max_response_bytes: usize,
}

impl ClientSettings {
    /// Only this address, with the defaults.
    pub fn new(base: Url) -> Self {
        Self {
            base,
            also: Vec::new(),
            accept_invalid_certs: false,
            root_pem: None,
            trust_advice: None,
            allow_link_local: false,
            connect_timeout: Duration::from_secs(5),
            max_response_bytes: 64 << 20,
        }
    }
}

/// Sends requests over the wire.
///
/// No redirect is followed (the answer goes up as it is), no cookie is kept, no proxy is used, and nothing is tried again
/// but what HTTP/2 says was not processed.
pub struct Client {
    reqwest: reqwest::Client,
    allowed: Vec<Origin>,
    trust_advice: Option<&'static str>,
    allow_link_local: bool,
    max_response_bytes: usize,
}

impl Client {
    /// Makes a client.
    ///
    /// # Errors
    /// `Config` when an address or a certificate cannot be used.
    pub fn new(settings: &ClientSettings) -> Result<Self> {
        Self::with_resolver(settings, address::Guarded::system())
    }

    pub(super) fn with_resolver(settings: &ClientSettings, resolver: address::Guarded) -> Result<Self> {
        let urls = || std::iter::once(&settings.base).chain(&settings.also);
        urls().try_for_each(|url| check_url(url, settings.allow_link_local))?;
        if settings.accept_invalid_certs && !settings.also.is_empty() {
            return Err(config("invalid certificates cannot be accepted where tokens come from another address"));
        }

        // An error means that a provider is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        #[expect(clippy::disallowed_methods, reason = "this is the one place that opens outgoing connections")]
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("erp-gateway/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .connect_timeout(settings.connect_timeout)
            .pool_idle_timeout(Duration::from_secs(30))
            .tcp_keepalive(Duration::from_secs(30))
            .http2_keep_alive_interval(Duration::from_secs(20))
            .http2_keep_alive_timeout(Duration::from_secs(10));
        if !settings.allow_link_local {
            builder = builder.dns_resolver(resolver);
        }
        if settings.accept_invalid_certs {
            builder = builder.tls_danger_accept_invalid_certs(true);
        } else if urls().all(|url| url.scheme() == "http") {
            // The machine's certificates are not needed, and need not be there.
            builder = builder.tls_certs_only([]);
        } else if let Some(pem) = &settings.root_pem {
            let roots = reqwest::Certificate::from_pem_bundle(pem.as_bytes())
                .ok()
                .filter(|roots| !roots.is_empty())
                .ok_or_else(|| config("the additional root certificate is no PEM certificate"))?;
            builder = builder.tls_certs_merge(roots);
        }
        let reqwest = builder.build().map_err(|e| {
            config("a root certificate cannot be used: is its PEM text complete?").with_detail(e.to_string())
        })?;
        Ok(Self {
            reqwest,
            allowed: urls().map(Url::origin).collect(),
            trust_advice: settings.trust_advice,
            allow_link_local: settings.allow_link_local,
            max_response_bytes: settings.max_response_bytes,
        })
    }

    /// Refuses whatever is not meant for this ERP.
    fn check(&self, url: &Url) -> Result<()> {
        check_url(url, self.allow_link_local)?;
        if self.allowed.contains(&url.origin()) {
            return Ok(());
        }
        let host = url.host_str().unwrap_or_default();
        Err(config(format!("the gateway does not send requests for this ERP to {host}")))
    }

    async fn read(&self, mut response: reqwest::Response, host: &str) -> Result<Bytes> {
        let too_large =
            || Error::bad_response(format!("an answer of {host} is larger than {} bytes", self.max_response_bytes));
        let announced = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        if announced > self.max_response_bytes {
            return Err(too_large());
        }
        let mut body = BytesMut::with_capacity(announced);
        while let Some(chunk) = response.chunk().await.map_err(|e| failure::of_reading(e, host))? {
            if body.len() + chunk.len() > self.max_response_bytes {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }
}

#[async_trait]
impl Http for Client {
    async fn send(&self, _: &Ctx, request: Request) -> Result<Response> {
        self.check(&request.url)?;
        let host = request.url.host_str().unwrap_or_default().to_owned();
        let mut outgoing = reqwest::Request::new(request.method, request.url);
        *outgoing.headers_mut() = request.headers;
        *outgoing.body_mut() = request.body.map(Into::into);
        let mut answer =
            self.reqwest.execute(outgoing).await.map_err(|e| failure::of_sending(e, &host, self.trust_advice))?;
        let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
        Ok(Response { status, headers, body: self.read(answer, &host).await? })
    }
}

/// An `http` or `https` URL without credentials in it, and not at a refused address.
fn check_url(url: &Url, allow_link_local: bool) -> Result<()> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(config("the address of an ERP begins with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(config("the address of an ERP holds no user and no password"));
    }
    let literal = match url.host() {
        Some(Host::Ipv4(v4)) => Some(IpAddr::V4(v4)),
        Some(Host::Ipv6(v6)) => Some(IpAddr::V6(v6)),
        Some(Host::Domain(_)) | None => None,
    };
    match literal {
        Some(ip) if !allow_link_local && address::is_refused(ip) => {
            Err(config(format!("{ip} is a link-local or metadata address, where the gateway does not go")))
        }
        _ => Ok(()),
    }
}

fn config(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, message)
}
