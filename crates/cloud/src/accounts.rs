//! What a key's account may do. Pure: who asks, from where and with how much left are arguments.

use faceid_protocol::codes::{FixedRow, Reason, result as rows};
use ipnet::IpNet;
use std::{fmt, net::IpAddr, str::FromStr};

/// A public call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ApiName {
    /// get_biz_token.
    GetBizToken,
    /// get_result.
    GetResult,
}

/// How a caller proves who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// Gateway signature.
    Gateway,
    /// AppCode, header or query.
    AppCode,
    /// Native `sign` parameter.
    NativeSign,
}

/// Is the account in use?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Yes.
    Active,
    /// The operator stopped it; may be undone.
    Discontinued,
}

/// A name that no list knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text} is none of {known}")]
pub struct UnknownName {
    text: String,
    known: String,
}

macro_rules! names {
    ($type:ident { $($variant:ident = $name:literal),+ }) => {
        impl $type {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Name in the database and on the command line.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }

        impl FromStr for $type {
            type Err = UnknownName;

            fn from_str(text: &str) -> Result<Self, UnknownName> {
                let known = || Self::ALL.iter().map(|value| value.name()).collect::<Vec<_>>().join(", ");
                Self::ALL
                    .iter()
                    .copied()
                    .find(|value| value.name() == text)
                    .ok_or_else(|| UnknownName { text: text.to_owned(), known: known() })
            }
        }
    };
}

names!(ApiName { GetBizToken = "get_biz_token", GetResult = "get_result" });
names!(Way { Gateway = "gateway", AppCode = "app_code", NativeSign = "native_sign" });
names!(Standing { Active = "active", Discontinued = "discontinued" });

/// Version of the SDK: three numbers, compared one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SdkVersion(pub [u32; 3]);

impl FromStr for SdkVersion {
    type Err = UnknownName;

    /// `1.2.3`, whatever follows a `-` or `+`.
    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let parts = || {
            let core = text.split(['-', '+']).next()?;
            let parts: Vec<u32> = core.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
            parts.try_into().ok()
        };
        parts().map(Self).ok_or_else(|| UnknownName { text: text.to_owned(), known: "versions like 1.2.3".into() })
    }
}

impl fmt::Display for SdkVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

/// The account behind a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// In use or stopped.
    pub standing: Standing,
    /// The operator has checked that the customer is an enterprise.
    pub enterprise: bool,
    /// Prepaid units left; `None` = paid afterwards. May fall below zero by the sessions that were running when it ran out.
    pub balance: Option<i64>,
    /// Units that one billed session costs.
    pub price: i64,
    /// Addresses that public calls may come from; empty = all.
    pub networks: Vec<IpNet>,
    /// Public calls in progress at once; `None` = the server's setting.
    pub concurrency: Option<u32>,
    /// Calls the key may make.
    pub apis: Vec<ApiName>,
    /// Credentials the key may use.
    pub ways: Vec<Way>,
    /// Oldest SDK version its pages may use; `None` = the server's setting.
    pub min_sdk: Option<SdkVersion>,
    /// Where its pages may return to; empty = the server's setting.
    pub return_prefixes: Vec<String>,
}

impl Default for Account {
    /// Everything allowed, paid afterwards.
    fn default() -> Self {
        Self {
            standing: Standing::Active,
            enterprise: true,
            balance: None,
            price: 1,
            networks: Vec::new(),
            concurrency: None,
            apis: ApiName::ALL.to_vec(),
            ways: Way::ALL.to_vec(),
            min_sdk: None,
            return_prefixes: Vec::new(),
        }
    }
}

/// Why the account stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// Stopped by the operator.
    Discontinued,
    /// Not an enterprise.
    NotEnterprise,
    /// Not from this address.
    Address,
    /// Not this call.
    Api,
    /// Not with this credential.
    Way,
    /// The day's tokens are used up.
    Quota,
    /// Prepaid units are used up.
    Balance,
    /// Too many failures in a short time.
    Locked,
}

impl Obstacle {
    /// The reason in `AUTHORIZATION_ERROR:<reason>`.
    #[must_use]
    pub const fn reason(self) -> Reason {
        match self {
            Self::Discontinued => Reason::AccountDiscontinued,
            Self::NotEnterprise => Reason::NonEnterpriseCertification,
            Self::Address => Reason::IpNotAllowed,
            Self::Api => Reason::ApiNotPermitted,
            Self::Way => Reason::WayNotPermitted,
            Self::Quota => Reason::QuotaExceeded,
            Self::Balance => Reason::BalanceNotEnough,
            Self::Locked => Reason::TooManyFailures,
        }
    }

    /// The row of class 5000 that a session gets when this came up after its token was made; `None` where the class has none.
    #[must_use]
    pub const fn row(self) -> Option<FixedRow> {
        match self {
            Self::Discontinued => Some(rows::ACCOUNT_DISCONTINUED),
            Self::NotEnterprise => Some(rows::NON_ENTERPRISE_CERTIFICATION),
            Self::Address => Some(rows::IP_NOT_ALLOWED),
            Self::Balance => Some(rows::BALANCE_NOT_ENOUGH),
            Self::Locked => Some(rows::MORE_RETRY_TIMES),
            Self::Api | Self::Way | Self::Quota => None,
        }
    }
}

impl Account {
    /// May this public call be made at all? Money and quota are asked separately, by the call that costs.
    ///
    /// # Errors
    /// The first [`Obstacle`] in the order: standing, enterprise, address, call, credential.
    pub fn admits(&self, api: ApiName, way: Way, from: Option<IpAddr>) -> Result<(), Obstacle> {
        self.is_open()?;
        self.admits_address(from)?;
        if !self.apis.contains(&api) {
            return Err(Obstacle::Api);
        }
        if !self.ways.contains(&way) {
            return Err(Obstacle::Way);
        }
        Ok(())
    }

    /// May a session of this account start that was minted from this address, while `running` others are under way?
    ///
    /// # Errors
    /// The first [`Obstacle`] in the order: standing, enterprise, address, call, balance.
    pub fn admits_start(&self, minted_from: Option<IpAddr>, running: u64) -> Result<(), Obstacle> {
        self.is_open()?;
        self.admits_address(minted_from)?;
        if !self.apis.contains(&ApiName::GetBizToken) {
            return Err(Obstacle::Api);
        }
        if self.can_pay(running) { Ok(()) } else { Err(Obstacle::Balance) }
    }

    fn is_open(&self) -> Result<(), Obstacle> {
        match (self.standing, self.enterprise) {
            (Standing::Discontinued, _) => Err(Obstacle::Discontinued),
            (Standing::Active, false) => Err(Obstacle::NotEnterprise),
            (Standing::Active, true) => Ok(()),
        }
    }

    /// An unknown address is in no list.
    fn admits_address(&self, from: Option<IpAddr>) -> Result<(), Obstacle> {
        let listed = from.is_some_and(|from| self.networks.iter().any(|network| network.contains(&from)));
        if self.networks.is_empty() || listed { Ok(()) } else { Err(Obstacle::Address) }
    }

    /// Would the balance pay for one more session if all that are running are billed?
    #[must_use]
    pub fn can_pay(&self, running: u64) -> bool {
        let sessions = i64::try_from(running).unwrap_or(i64::MAX).saturating_add(1);
        self.balance.is_none_or(|balance| balance >= self.price.saturating_mul(sessions))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().expect("address"))
    }

    #[test]
    fn versions_compare_by_number() {
        let version = |text: &str| text.parse::<SdkVersion>();
        assert_eq!(version("1.10.2-beta.3").map(|v| v.to_string()).as_deref(), Ok("1.10.2"), "pre-release");
        assert!(version("0.10.0").expect("a version") > version("0.9.9").expect("a version"), "numbers, not text");
        for bad in ["", "1.2", "1.2.3.4", "a.b.c", "-1.0.0"] {
            assert!(version(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn obstacles_come_in_order() {
        let call = |account: &Account, from| account.admits(ApiName::GetBizToken, Way::Gateway, from);
        let mut account = Account { networks: vec!["10.0.0.0/8".parse().expect("net")], apis: vec![], ways: vec![], ..Account::default() };
        account.standing = Standing::Discontinued;
        account.enterprise = false;
        assert_eq!(call(&account, None), Err(Obstacle::Discontinued), "standing first");
        account.standing = Standing::Active;
        assert_eq!(call(&account, None), Err(Obstacle::NotEnterprise), "then the certificate");
        account.enterprise = true;
        assert_eq!(call(&account, None), Err(Obstacle::Address), "an unknown address is in no list");
        assert_eq!(call(&account, ip("11.0.0.1")), Err(Obstacle::Address), "another network");
        assert_eq!(call(&account, ip("10.255.0.1")), Err(Obstacle::Api), "then the call");
        account.apis = vec![ApiName::GetBizToken];
        assert_eq!(call(&account, ip("10.255.0.1")), Err(Obstacle::Way), "then the credential");
        account.ways = vec![Way::Gateway];
        assert_eq!(call(&account, ip("10.255.0.1")), Ok(()), "all in order");
        assert_eq!(account.admits(ApiName::GetResult, Way::Gateway, ip("10.0.0.1")), Err(Obstacle::Api), "another call");
    }

    #[test]
    fn running_sessions_are_counted_as_if_billed() {
        let account = Account { balance: Some(30), price: 10, ..Account::default() };
        assert!(account.can_pay(2) && !account.can_pay(3), "30 units pay for three");
        assert!(Account::default().can_pay(u64::MAX), "no balance, no limit");
        let broke = Account { balance: Some(-5), price: 0, ..Account::default() };
        assert!(!broke.can_pay(0), "a debt blocks even what is free");
    }
}
