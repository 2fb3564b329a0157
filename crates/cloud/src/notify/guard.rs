//! Which addresses a customer's notify URL may lead to. A server that posts wherever it is told is a way into its own network.
//!
//! The URL is checked when it is set and before every call; the name is resolved once per connection and the connection goes to an
//! address that passed. Redirects are not followed.

use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};
use std::{
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    sync::Arc,
};
use thiserror::Error;
use url::Host;

/// Why a URL is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Not a URL.
    #[error("not a URL")]
    Url,
    /// Not https.
    #[error("only https is called")]
    Scheme,
    /// A user name or password in it.
    #[error("a user name or password in a URL ends up in logs")]
    Credentials,
    /// The part after `#` never reaches a server.
    #[error("a URL with # is not called")]
    Fragment,
    /// A port that is not listed.
    #[error("this port is not listed in notify.ports")]
    Port,
    /// Loopback, private, link-local, CGNAT, multicast, mapped, reserved …
    #[error("this is not a public address")]
    Address,
}

/// What may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Ports.
    pub ports: Vec<u16>,
    /// Loopback addresses may be called, with plain http and on every port: for tests and development on one machine.
    pub allow_loopback: bool,
}

impl Rules {
    /// Reads and checks a URL as far as that goes without asking a name server.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn check(&self, text: &str) -> Result<Url, Refusal> {
        let url: Url = text.parse().map_err(|_| Refusal::Url)?;
        let address = match url.host().ok_or(Refusal::Url)? {
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
            Host::Domain(_) => None,
        };
        let loopback = self.allow_loopback && (address.is_some_and(|a| a.is_loopback()) || url.host_str() == Some("localhost"));
        if !(url.scheme() == "https" || url.scheme() == "http" && loopback) {
            return Err(Refusal::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::Credentials);
        }
        if url.fragment().is_some() {
            return Err(Refusal::Fragment);
        }
        if !loopback && !url.port_or_known_default().is_some_and(|port| self.ports.contains(&port)) {
            return Err(Refusal::Port);
        }
        if address.is_some_and(|address| !self.admits(address)) {
            return Err(Refusal::Address);
        }
        Ok(url)
    }

    /// May a connection go to this address?
    #[must_use]
    pub fn admits(&self, address: IpAddr) -> bool {
        is_public(address) || self.allow_loopback && address.is_loopback()
    }
}

/// True for addresses of the public Internet. The tables are IANA's special-purpose registries (RFC 6890 and its updates); IPv6 is
/// public only inside the global unicast block 2000::/3, so mapped, compatible, NAT64, unique-local and link-local ones fall out.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // this network, private, loopback
        (0 | 10 | 127, _, _) => true,
        // shared address space of carriers
        (100, 64..=127, _) => true,
        // link-local, with the clouds' metadata services
        (169, 254, _) => true,
        (172, 16..=31, _) => true,
        // protocol assignments, documentation, 6to4 relays, AS112, AMT
        (192, 0, 0 | 2) | (192, 88, 99) | (192, 31, 196) | (192, 52, 193) | (192, 175, 48) => true,
        (192, 168, _) => true,
        // benchmarking, documentation
        (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => true,
        // multicast, reserved, broadcast
        (224.., _, _) => true,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let special = match (a, b) {
        // protocol assignments, with Teredo and ORCHID
        (0x2001, 0..=0x01ff) => true,
        // documentation
        (0x2001, 0x0db8) | (0x3fff, 0..=0x0fff) => true,
        // 6to4: an IPv4 address in disguise
        (0x2002, _) => true,
        _ => false,
    };
    a & 0xe000 == 0x2000 && !special
}

/// Looks a name up.
pub type Looking = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// A name service; tests bring their own.
pub trait Lookup: Send + Sync + 'static {
    /// Addresses of a name.
    fn lookup(&self, name: &str) -> Looking;
}

/// The machine's resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, name: &str) -> Looking {
        let name = name.to_owned();
        Box::pin(async move { Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.map(|address| address.ip()).collect()) })
    }
}

/// Resolves names for the HTTP client and hands out addresses that passed, so what was checked is what is connected to.
pub(super) struct GuardedResolver {
    pub(super) lookup: Arc<dyn Lookup>,
    pub(super) rules: Rules,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (looking, rules) = (self.lookup.lookup(name.as_str()), self.rules.clone());
        Box::pin(async move {
            let found = looking.await?;
            // One bad address spoils the name: an honest one has none, and picking the good ones would let an attacker alternate.
            if found.is_empty() || !found.iter().all(|address| rules.admits(*address)) {
                return Err(Refusal::Address.into());
            }
            let addresses: Addrs = Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        Rules { ports: vec![443, 8443], allow_loopback: false }
    }

    #[test]
    fn special_addresses_are_not_public() {
        for bad in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:8.8.8.8",
            "::ffff:127.0.0.1",
            "::8.8.8.8",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(bad.parse().expect("address")), "{bad}");
        }
        for good in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2400:3200::1",
        ] {
            assert!(is_public(good.parse().expect("address")), "{good}");
        }
    }

    #[test]
    fn urls_that_lead_inside_are_refused_in_every_spelling() {
        let check = |text: &str| rules().check(text).map(|url| url.to_string());
        assert_eq!(check("https://shop.example/hook?a=1").as_deref(), Ok("https://shop.example/hook?a=1"), "a plain one");
        assert_eq!(check("https://shop.example:8443/").as_deref(), Ok("https://shop.example:8443/"), "a listed port");
        for (text, why) in [
            ("", Refusal::Url),
            ("shop.example/hook", Refusal::Url),
            ("https://", Refusal::Url),
            ("http://shop.example/", Refusal::Scheme),
            ("ftp://shop.example/", Refusal::Scheme),
            ("file:///etc/passwd", Refusal::Url),
            ("gopher://shop.example/", Refusal::Scheme),
            ("https://user@shop.example/", Refusal::Credentials),
            ("https://:secret@shop.example/", Refusal::Credentials),
            ("https://shop.example/#x", Refusal::Fragment),
            ("https://shop.example:22/", Refusal::Port),
            ("https://shop.example:6379/", Refusal::Port),
            ("https://127.0.0.1/", Refusal::Address),
            ("https://127.1/", Refusal::Address),
            ("https://2130706433/", Refusal::Address),
            ("https://0x7f.0.0.1/", Refusal::Address),
            ("https://0177.0.0.1/", Refusal::Address),
            ("https://0/", Refusal::Address),
            ("https://\u{ff11}27.0.0.1/", Refusal::Address),
            ("https://169.254.169.254/latest/meta-data", Refusal::Address),
            ("https://[::1]/", Refusal::Address),
            ("https://[::ffff:127.0.0.1]/", Refusal::Address),
            ("https://[::ffff:8.8.8.8]/", Refusal::Address),
            ("https://[fe80::1]/", Refusal::Address),
            ("https://[64:ff9b::7f00:1]/", Refusal::Address),
        ] {
            assert_eq!(check(text), Err(why), "{text}");
        }
        assert_eq!(
            rules().check("https://localhost/").map(|u| u.to_string()).as_deref(),
            Ok("https://localhost/"),
            "a name is judged when it is resolved"
        );
    }

    #[test]
    fn loopback_is_allowed_only_by_setting_and_nothing_else_with_it() {
        let open = Rules { allow_loopback: true, ..rules() };
        for good in ["http://127.0.0.1:8081/hook", "http://[::1]:9/", "http://localhost:3000/"] {
            assert!(open.check(good).is_ok(), "{good}");
        }
        for bad in ["http://10.0.0.1/", "http://shop.example/", "https://192.168.0.1/", "https://shop.example:22/"] {
            assert!(open.check(bad).is_err(), "{bad}");
        }
    }

    struct Fixed(Vec<IpAddr>);

    impl Lookup for Fixed {
        fn lookup(&self, _: &str) -> Looking {
            let found = self.0.clone();
            Box::pin(async move { Ok(found) })
        }
    }

    #[tokio::test]
    async fn names_are_judged_by_every_address_they_have() {
        let resolve = async |addresses: &[&str]| {
            let found = addresses.iter().map(|a| a.parse().expect("address")).collect();
            let resolver = GuardedResolver { lookup: Arc::new(Fixed(found)), rules: rules() };
            let name: Name = "shop.example".parse().expect("name");
            resolver
                .resolve(name)
                .await
                .map(|addresses| addresses.map(|a| a.ip().to_string()).collect::<Vec<_>>())
                .map_err(|e| e.to_string())
        };
        assert_eq!(resolve(&["1.1.1.1", "2606:4700::1111"]).await, Ok(vec!["1.1.1.1".into(), "2606:4700::1111".into()]), "public ones");
        let refused = Err(Refusal::Address.to_string());
        assert_eq!(resolve(&["127.0.0.1"]).await, refused, "loopback");
        assert_eq!(resolve(&["1.1.1.1", "10.0.0.1"]).await, refused, "one of two");
        assert_eq!(resolve(&["::ffff:1.1.1.1"]).await, refused, "mapped");
        assert_eq!(resolve(&[]).await, refused, "none");
    }
}
