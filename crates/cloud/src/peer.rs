//! Where a request came from: the connection's other end, or what a listed proxy says about it.

use http::{Extensions, HeaderMap};
use ipnet::IpNet;
use std::net::IpAddr;

/// The other end of the connection, put into every request by the listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(
    /// Address.
    pub IpAddr,
);

/// The client's address. `X-Forwarded-For` is read only when the connection comes from a listed proxy, from the right, past further
/// listed proxies: whatever stands left of the first stranger was written by that stranger. `None` when there is no connection or the
/// proxy's word is no address.
pub(crate) fn client_address(trusted: &[IpNet], headers: &HeaderMap, extensions: &Extensions) -> Option<IpAddr> {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut address = extensions.get::<Peer>()?.0.to_canonical();
    let lines: Vec<&[u8]> = headers.get_all("x-forwarded-for").iter().map(|value| value.as_bytes()).collect();
    let mut hops = lines.iter().rev().flat_map(|line| line.rsplit(|&b| b == b','));
    while is_trusted(&address) {
        let Some(hop) = hops.next() else { break };
        address = core::str::from_utf8(hop).ok()?.trim().parse::<IpAddr>().ok()?.to_canonical();
    }
    Some(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn seen(peer: &str, forwarded: &[&str]) -> Option<String> {
        let trusted: Vec<IpNet> = ["10.0.0.0/8", "fd00::/8"].map(|net| net.parse().expect("net")).to_vec();
        let mut extensions = Extensions::new();
        extensions.insert(Peer(peer.parse().expect("address")));
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_str(line).expect("value"));
        }
        client_address(&trusted, &headers, &extensions).map(|address| address.to_string())
    }

    #[test]
    fn only_listed_proxies_are_believed() {
        let is = |peer, forwarded: &[&str], expected: Option<&str>, what: &str| {
            assert_eq!(seen(peer, forwarded).as_deref(), expected, "{what}");
        };
        is("203.0.113.7", &["1.2.3.4"], Some("203.0.113.7"), "a stranger's header is not read");
        is("10.0.0.1", &["1.2.3.4"], Some("1.2.3.4"), "a listed proxy");
        is("::ffff:10.0.0.1", &["::ffff:1.2.3.4"], Some("1.2.3.4"), "mapped addresses are the plain ones");
        is("10.0.0.1", &["9.9.9.9, 1.2.3.4, 10.0.0.2"], Some("1.2.3.4"), "past a second listed proxy, no further");
        is("10.0.0.1", &["9.9.9.9", "1.2.3.4"], Some("1.2.3.4"), "several lines, the last first");
        is("10.0.0.1", &[], Some("10.0.0.1"), "a proxy that says nothing");
        is("10.0.0.1", &["10.0.0.3"], Some("10.0.0.3"), "a client inside");
        is("10.0.0.1", &["unknown"], None, "no address");
        is("fd00::1", &["2001:db8::5"], Some("2001:db8::5"), "IPv6");
        assert_eq!(client_address(&[], &HeaderMap::new(), &Extensions::new()), None, "no connection");
    }
}
