//! `faceid key set`: what a key's account may do.

use super::{Common, Failure};
use crate::{
    accounts::{Account, ApiName, SdkVersion, Standing, Way},
    notify::{self, Style, Target},
    store::Store,
};
use clap::Args;
use ipnet::IpNet;
use serde_json::{Value, json};
use std::{net::IpAddr, str::FromStr};

/// A value, or `none`.
#[derive(Debug, Clone)]
enum Maybe<T> {
    None,
    Some(T),
}

impl<T: FromStr> FromStr for Maybe<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        if text == "none" { Ok(Self::None) } else { text.parse().map(Self::Some) }
    }
}

impl<T> Maybe<T> {
    fn into_option(self) -> Option<T> {
        match self {
            Self::None => None,
            Self::Some(value) => Some(value),
        }
    }

    /// A list of one `none` is empty.
    fn list(values: Vec<Self>) -> Vec<T> {
        values.into_iter().filter_map(Self::into_option).collect()
    }
}

/// What is not named stays as it is. A change takes effect at the next call; sessions that have begun are finished.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// Public name of the key.
    app_key: String,
    /// active or discontinued. A discontinued account's calls and inits are refused; unlike `revoke` this can be undone.
    #[arg(long, value_name = "STATE")]
    state: Option<Standing>,
    /// Is the customer certified as an enterprise? Without it calls and inits are refused.
    #[arg(long, action = clap::ArgAction::Set, value_name = "true|false")]
    enterprise: Option<bool>,
    /// Prepaid units left; none = paid afterwards.
    #[arg(long, value_name = "UNITS|none", conflicts_with = "add_balance", allow_hyphen_values = true)]
    balance: Option<Maybe<i64>>,
    /// Add prepaid units; sessions may be using the balance meanwhile.
    #[arg(long, value_name = "UNITS", allow_hyphen_values = true)]
    add_balance: Option<i64>,
    /// Units that one billed session costs.
    #[arg(long, value_name = "UNITS", allow_hyphen_values = true, value_parser = clap::value_parser!(i64).range(0..))]
    price: Option<i64>,
    /// Network that public calls may come from, as 203.0.113.0/24 or one address; may be repeated; none = all.
    #[arg(long = "ip", value_name = "NETWORK|none")]
    networks: Vec<Maybe<Network>>,
    /// Most tokens in 24 hours; none = no limit.
    #[arg(long, value_name = "N|none")]
    daily_quota: Option<Maybe<u32>>,
    /// Most public calls in progress on one node; none = the server's setting.
    #[arg(long, value_name = "N|none")]
    concurrency: Option<Maybe<std::num::NonZeroU32>>,
    /// Call the key may make, get_biz_token or get_result; may be repeated.
    #[arg(long = "api", value_name = "NAME")]
    apis: Vec<ApiName>,
    /// Credential the key may use, gateway, app_code or native_sign; may be repeated.
    #[arg(long = "way", value_name = "NAME")]
    ways: Vec<Way>,
    /// Oldest SDK version its pages may use; none = the server's setting.
    #[arg(long, value_name = "VERSION|none")]
    min_sdk: Option<Maybe<SdkVersion>>,
    /// Address that results are announced to; none = nowhere. Makes a new secret and shows it once.
    #[arg(long, value_name = "URL|none")]
    notify_url: Option<Maybe<String>>,
    /// How announcements are signed: standard (Standard Webhooks) or sha1 (the older form of the FaceID documentation).
    #[arg(long, value_name = "STYLE", requires = "notify_url")]
    notify_style: Option<Style>,
    /// Prefix of addresses that its pages may return to; may be repeated; none = the server's setting.
    #[arg(long = "return-prefix", value_name = "URL|none")]
    return_prefixes: Vec<Maybe<String>>,
}

/// A network, or one address.
#[derive(Debug, Clone)]
struct Network(IpNet);

impl FromStr for Network {
    type Err = ipnet::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let one_address = || text.parse::<IpAddr>().map(IpNet::from);
        text.parse::<IpNet>().or_else(|error| one_address().map_err(|_| error)).map(|net| Self(net.trunc()))
    }
}

pub(super) async fn run(common: &Common, store: &Store, options: Options) -> Result<(), Failure> {
    let app_key = options.app_key.clone();
    if store.key(&app_key).await?.is_none() {
        return Err(Failure::check(format!("no key {app_key}")));
    }
    let prefixes = Maybe::list(options.return_prefixes.clone());
    if let Some(bad) = prefixes.iter().find(|prefix| !is_return_prefix(prefix)) {
        return Err(Failure::usage(format!(
            "{bad} is not a return prefix: https, a host and a path from / on, no user, query or fragment"
        )));
    }
    let target = target(common, &options)?;
    let account = changed(store.account(&app_key).await?, &options, prefixes);
    store.put_account(&app_key, &account).await?;
    if let Some(quota) = options.daily_quota {
        store.set_daily_quota(&app_key, quota.into_option()).await?;
    }
    if let Some(balance) = options.balance {
        store.set_balance(&app_key, balance.into_option()).await?;
    }
    if let Some(units) = options.add_balance
        && !store.add_balance(&app_key, units).await?
    {
        return Err(Failure::check("the account is not a prepaid one: set --balance first"));
    }
    let mut secret = None;
    if let Some(target) = target {
        store.set_notify_target(&app_key, target.as_ref()).await?;
        secret = target.map(|target| notify::shown_secret(&target.secret));
    }
    let mut line = shown(store, &app_key).await?;
    if let Some(secret) = &secret {
        line["notify_secret"] = json!(secret);
    }
    common.print(&line, || {
        let secret = secret.map(|secret| format!("\nnotify secret  {secret}\nThe secret is not shown again.")).unwrap_or_default();
        let fields = line.as_object().into_iter().flatten().filter(|(name, _)| *name != "notify_secret");
        fields.map(|(name, value)| format!("{name:16} {value}")).collect::<Vec<_>>().join("\n") + &secret
    });
    Ok(())
}

fn changed(mut account: Account, options: &Options, prefixes: Vec<String>) -> Account {
    if let Some(state) = options.state {
        account.standing = state;
    }
    if let Some(enterprise) = options.enterprise {
        account.enterprise = enterprise;
    }
    if let Some(price) = options.price {
        account.price = price;
    }
    if !options.networks.is_empty() {
        account.networks = Maybe::list(options.networks.clone()).into_iter().map(|Network(net)| net).collect();
    }
    if let Some(concurrency) = &options.concurrency {
        account.concurrency = concurrency.clone().into_option().map(std::num::NonZeroU32::get);
    }
    if !options.apis.is_empty() {
        account.apis.clone_from(&options.apis);
    }
    if !options.ways.is_empty() {
        account.ways.clone_from(&options.ways);
    }
    if let Some(version) = &options.min_sdk {
        account.min_sdk = version.clone().into_option();
    }
    if !options.return_prefixes.is_empty() {
        account.return_prefixes = prefixes;
    }
    account
}

/// The new target; the outer `None` = unchanged.
fn target(common: &Common, options: &Options) -> Result<Option<Option<Target>>, Failure> {
    Ok(match options.notify_url.clone() {
        None => None,
        Some(Maybe::None) => Some(None),
        Some(Maybe::Some(url)) => {
            let rules = common.settings()?.notify.rules();
            let url = rules.check(&url).map_err(|refusal| Failure::usage(format!("--notify-url: {refusal}")))?.to_string();
            let secret = notify::new_secret().map_err(Failure::environment)?;
            Some(Some(Target { url, style: options.notify_style.unwrap_or(Style::Standard), secret }))
        }
    })
}

/// Where a page may return to: https (or http on this machine), and at least `/` after the host, so that `https://shop.example` cannot
/// admit `https://shop.example.evil.example`.
fn is_return_prefix(text: &str) -> bool {
    let Ok(url) = text.parse::<url::Url>() else { return false };
    let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let after_scheme = text.split_once("://").map(|(_, rest)| rest).unwrap_or_default();
    (url.scheme() == "https" || url.scheme() == "http" && local)
        && after_scheme.contains('/')
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
}

/// A key's account as one object.
pub(super) async fn shown(store: &Store, app_key: &str) -> Result<Value, Failure> {
    let account = store.account(app_key).await?;
    let quota = store.key(app_key).await?.and_then(|key| key.daily_quota);
    let target = store.notify_target(app_key).await?;
    Ok(json!({
        "app_key": app_key,
        "state": account.standing.name(),
        "enterprise": account.enterprise,
        "balance": account.balance,
        "price": account.price,
        "ip": account.networks.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "daily_quota": quota,
        "concurrency": account.concurrency,
        "apis": account.apis.iter().map(|api| api.name()).collect::<Vec<_>>(),
        "ways": account.ways.iter().map(|way| way.name()).collect::<Vec<_>>(),
        "min_sdk": account.min_sdk.map(|version| version.to_string()),
        "notify_url": target.as_ref().map(|target| target.url.as_str()),
        "notify_style": target.map(|target| target.style.name()),
        "return_prefixes": account.return_prefixes,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn return_prefixes_cannot_be_extended_to_another_host() {
        for good in ["https://shop.example/", "https://shop.example/kyc/done", "http://127.0.0.1:8081/"] {
            assert!(is_return_prefix(good), "{good}");
        }
        for bad in [
            "",
            "shop.example/",
            "https://shop.example",
            "http://shop.example/",
            "https://u@shop.example/",
            "https://shop.example/?a",
            "javascript:alert(1)//",
        ] {
            assert!(!is_return_prefix(bad), "{bad}");
        }
    }

    #[test]
    fn a_network_may_be_one_address() {
        let parsed = |text: &str| text.parse::<Network>().map(|Network(net)| net.to_string());
        assert_eq!(parsed("203.0.113.7").as_deref(), Ok("203.0.113.7/32"), "one address");
        assert_eq!(parsed("203.0.113.7/24").as_deref(), Ok("203.0.113.0/24"), "the network it lies in");
        assert!(parsed("shop.example").is_err() && parsed("10.0.0.0/33").is_err(), "no names, no such length");
    }
}
