//! Where a request comes from: the other end of its connection, or what a trusted proxy in front says.

use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;
use std::net::IpAddr;

/// The other end of a connection, among a request's extensions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// The proxies whose word is taken for where a request comes from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Proxies(Vec<IpNet>);

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

impl Proxies {
    /// Reads addresses and networks: `10.0.0.7`, `10.0.0.0/8`.
    ///
    /// # Errors
    /// One sentence that names what is neither.
    pub(crate) fn parse(texts: &[String]) -> Result<Self, String> {
        let net = |text: &String| {
            let parsed = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            parsed.map_err(|_| {
                format!("server.trusted_proxies: {text:?} is neither an address nor a network such as 10.0.0.0/8")
            })
        };
        texts.iter().map(net).collect::<Result<_, _>>().map(Self)
    }

    fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&address))
    }

    /// The client's address: the last one in `X-Forwarded-For` that is no trusted proxy. Whatever stands before it, the client
    /// may have made up.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let values = headers.get_all(FORWARDED_FOR).iter().map(|value| value.to_str().unwrap_or_default());
        let listed: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
        for hop in listed.into_iter().rev() {
            if !self.trust(client) {
                break;
            }
            let Ok(address) = hop.parse::<IpAddr>() else { break };
            client = address.to_canonical();
        }
        client
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let proxies = Proxies::parse(&["10.0.0.0/8".into(), "2001:db8::1".into()]).expect("good");
        let client = |proxies: &Proxies, peer: &str, forwarded: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append(FORWARDED_FOR, value.parse().expect("a value"));
            }
            proxies.client(peer.parse().expect("an address"), &headers).to_string()
        };
        for (peer, forwarded, is) in [
            ("192.0.2.9", &["198.51.100.1"][..], "192.0.2.9"),
            ("10.1.2.3", &["198.51.100.1"], "198.51.100.1"),
            ("::ffff:10.1.2.3", &["198.51.100.1"], "198.51.100.1"),
            ("2001:db8::1", &["6.6.6.6, 198.51.100.1, 10.9.9.9"], "198.51.100.1"),
            ("10.1.2.3", &["6.6.6.6", "198.51.100.1,10.9.9.9"], "198.51.100.1"),
            ("10.1.2.3", &["10.4.4.4"], "10.4.4.4"),
            ("10.1.2.3", &["198.51.100.1, unknown"], "10.1.2.3"),
            ("10.1.2.3", &[], "10.1.2.3"),
        ] {
            assert_eq!(client(&proxies, peer, forwarded), is, "{peer} {forwarded:?}");
        }
        assert_eq!(client(&Proxies::default(), "10.1.2.3", &["198.51.100.1"]), "10.1.2.3");
        assert!(Proxies::parse(&["example.com".into()]).expect_err("no address").contains("trusted_proxies"));
    }
}
