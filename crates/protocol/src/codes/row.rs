//! What a row of the taxonomy is, and the macro that writes a table of them.

use core::{fmt, ops::Deref};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Which list of codes a row belongs to. Together with the message it is the key: a message alone is ambiguous.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    /// HTTP errors of get_biz_token.
    HttpGetBizToken,
    /// Codes the SDK reports to the page.
    Sdk,
    /// `result_code` of get_result.
    Result,
    /// HTTP errors of get_result.
    HttpGetResult,
}

impl Table {
    /// Every table, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::HttpGetBizToken, Self::Sdk, Self::Result, Self::HttpGetResult];

    /// The table's name in generated files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HttpGetBizToken => "http_get_biz_token",
            Self::Sdk => "sdk",
            Self::Result => "result",
            Self::HttpGetResult => "http_get_result",
        }
    }
}

/// Group of codes with one meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// 1000: live and the same person.
    SamePerson,
    /// 2000: live, but not the person of the authority's photo.
    DifferentPerson,
    /// 3000: the authority's data could not be used.
    AuthorityData,
    /// 4100: an attack.
    Attack,
    /// 4200: the attempt failed: token, device or user.
    Attempt,
    /// 5000: the customer's account or signature.
    Account,
    /// 6000: found by the client itself.
    Local,
    /// 9000: no result yet, or none any more.
    NotFinished,
    /// An HTTP error, or its SDK twin 50000 + status.
    Http,
    /// 50000, and every number that no class claims.
    Unknown,
}

impl Class {
    /// Class of an SDK code by its number alone, so that rows of a newer server still fall into a known class.
    #[must_use]
    pub const fn of_sdk(code: u32) -> Self {
        match code {
            51_000 => Self::SamePerson,
            52_000 => Self::DifferentPerson,
            53_000 => Self::AuthorityData,
            54_100 => Self::Attack,
            54_200 => Self::Attempt,
            55_000 => Self::Account,
            56_000 => Self::Local,
            59_000 => Self::NotFinished,
            50_100..=50_599 => Self::Http,
            _ => Self::Unknown,
        }
    }

    /// The class's name in generated files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SamePerson => "same_person",
            Self::DifferentPerson => "different_person",
            Self::AuthorityData => "authority_data",
            Self::Attack => "attack",
            Self::Attempt => "attempt",
            Self::Account => "account",
            Self::Local => "local",
            Self::NotFinished => "not_finished",
            Self::Http => "http",
            Self::Unknown => "unknown",
        }
    }
}

/// Who can put it right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blame {
    /// Nothing is wrong.
    Nobody,
    /// The person in front of the camera.
    User,
    /// The device or its browser.
    Device,
    /// The customer who integrated the module: parameters, keys, account.
    Integrator,
    /// The way between page and cloud.
    Network,
    /// The cloud, or the authority behind it.
    Server,
    /// This module.
    Us,
}

impl Blame {
    /// The name in generated files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::User => "user",
            Self::Device => "device",
            Self::Integrator => "integrator",
            Self::Network => "network",
            Self::Server => "server",
            Self::Us => "us",
        }
    }
}

/// What fills the placeholder at the end of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Placeholder {
    /// None: the message is sent as it stands.
    None,
    /// `<key>`: the name of a request parameter.
    Key,
    /// `<param>`: `image_ref1` or `image_ref2`.
    Param,
    /// `<reason>`: a [`super::Reason`].
    Reason,
}

impl Placeholder {
    /// The placeholder as the documentation writes it; empty for none.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Key => "<key>",
            Self::Param => "<param>",
            Self::Reason => "<reason>",
        }
    }
}

/// One row of the taxonomy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Row {
    /// The list it belongs to.
    pub table: Table,
    /// The number: SDK code, result code or HTTP status, by table.
    pub code: u32,
    /// The message as documented, placeholder included.
    pub message: &'static str,
    /// What ends the message.
    pub placeholder: Placeholder,
    /// Group of meaning.
    pub class: Class,
    /// Who can put it right.
    pub blame: Blame,
    /// True when the same caller may try again, without a change of code, account or data, and hope for another outcome.
    /// A new liveness attempt always needs a new biz_token.
    pub retryable: bool,
    /// True when this row costs the customer one use.
    pub billed: bool,
}

/// What a row means, in the words of the specification. Kept apart from [`Row`], so that a page which only looks rows up does not
/// carry these texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// Chinese.
    pub zh: &'static str,
    /// English.
    pub en: &'static str,
}

impl Row {
    /// HTTP status of this row: the number itself in the HTTP tables, number − 50000 in their SDK twins, otherwise `None`.
    #[must_use]
    pub const fn http_status(&self) -> Option<u16> {
        let status = match (self.table, self.class) {
            (Table::HttpGetBizToken | Table::HttpGetResult, _) => self.code,
            (Table::Sdk, Class::Http) => self.code - 50_000,
            (Table::Sdk | Table::Result, _) => return None,
        };
        // invariant: every status of the table is between 400 and 500
        Some(status as u16)
    }

    /// The message without its placeholder: what a rendered message starts with.
    #[must_use]
    pub fn stem(&self) -> &'static str {
        self.message.strip_suffix(self.placeholder.text()).unwrap_or(self.message)
    }

    /// True when `message` is this row's message, with any legal text in place of the placeholder.
    #[must_use]
    pub fn matches(&self, message: &str) -> bool {
        match self.placeholder {
            Placeholder::None => message == self.message,
            Placeholder::Key | Placeholder::Reason => message.strip_prefix(self.stem()).is_some_and(|rest| !rest.is_empty()),
            Placeholder::Param => message.strip_prefix(self.stem()).is_some_and(|rest| ImageParam::ALL.iter().any(|p| p.name() == rest)),
        }
    }

    fn with(&self, argument: &str) -> Coded {
        Coded { code: self.code, message: Cow::Owned(format!("{}{argument}", self.stem())) }
    }
}

/// A code and a message as they travel. Pairs that this build does not know survive unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Coded {
    /// The number.
    pub code: u32,
    /// The message, placeholder filled.
    pub message: Cow<'static, str>,
}

impl Coded {
    /// A pair as received, known or not.
    #[must_use]
    pub fn new(code: u32, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into() }
    }
}

impl fmt::Display for Coded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.message)
    }
}

impl From<&'static Row> for Coded {
    fn from(row: &'static Row) -> Self {
        Self { code: row.code, message: Cow::Borrowed(row.message) }
    }
}

/// The reference photo a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ImageParam {
    /// `image_ref1`
    Ref1,
    /// `image_ref2`
    Ref2,
}

impl ImageParam {
    /// Both, in the order in which they are checked.
    pub const ALL: [Self; 2] = [Self::Ref1, Self::Ref2];

    /// The parameter's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ref1 => "image_ref1",
            Self::Ref2 => "image_ref2",
        }
    }
}

macro_rules! row_kinds {
    ($($(#[$doc:meta])* $kind:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $kind(pub(crate) Row);

        impl $kind {
            /// The row itself.
            #[must_use]
            pub const fn row(&self) -> &Row {
                &self.0
            }
        }

        impl Deref for $kind {
            type Target = Row;

            fn deref(&self) -> &Row {
                &self.0
            }
        }
    )*};
}

row_kinds! {
    /// A row whose message is sent as it stands.
    FixedRow
    /// A row whose message ends with the name of a request parameter.
    KeyRow
    /// A row whose message ends with the name of a reference photo.
    ParamRow
    /// A row whose message ends with the reason of a refusal.
    ReasonRow
}

impl FixedRow {
    /// The pair to send.
    #[must_use]
    pub const fn coded(&self) -> Coded {
        Coded { code: self.0.code, message: Cow::Borrowed(self.0.message) }
    }
}

impl KeyRow {
    /// The pair to send about the request parameter `key`.
    #[must_use]
    pub fn about(&self, key: &str) -> Coded {
        self.0.with(key)
    }
}

impl ParamRow {
    /// The pair to send about this reference photo.
    #[must_use]
    pub fn about(&self, param: ImageParam) -> Coded {
        self.0.with(param.name())
    }
}

impl ReasonRow {
    /// The pair to send for this reason.
    #[must_use]
    pub fn because(&self, reason: Reason) -> Coded {
        self.0.with(reason.name())
    }
}

/// Why a caller is not authorised. The access document leaves these texts open; this is our closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// More calls than the key may make.
    QuotaExceeded,
    /// The key has no right to this API.
    ApiNotPermitted,
    /// The key may call this API, but not in this way (method, transport, kind of credential).
    WayNotPermitted,
    /// The operator stopped the account.
    AccountDiscontinued,
    /// The customer is not certified as an enterprise.
    NonEnterpriseCertification,
    /// Not from this address.
    IpNotAllowed,
    /// Prepaid units are used up.
    BalanceNotEnough,
    /// Too many failures in a short time, of this person or this key.
    TooManyFailures,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 8] = [
        Self::QuotaExceeded,
        Self::ApiNotPermitted,
        Self::WayNotPermitted,
        Self::AccountDiscontinued,
        Self::NonEnterpriseCertification,
        Self::IpNotAllowed,
        Self::BalanceNotEnough,
        Self::TooManyFailures,
    ];

    /// The text on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::QuotaExceeded => "QUOTA_EXCEEDED",
            Self::ApiNotPermitted => "API_NOT_PERMITTED",
            Self::WayNotPermitted => "WAY_NOT_PERMITTED",
            Self::AccountDiscontinued => "ACCOUNT_DISCONTINUED",
            Self::NonEnterpriseCertification => "NON_ENTERPRISE_CERTIFICATION",
            Self::IpNotAllowed => "IP_NOT_ALLOWED",
            Self::BalanceNotEnough => "BALANCE_NOT_ENOUGH",
            Self::TooManyFailures => "TOO_MANY_FAILURES",
        }
    }
}

macro_rules! rows {
    ($table:ident $($name:ident: $kind:ident = $code:literal $message:literal $class:ident $blame:ident $retry:ident $bill:ident { zh $zh:literal en $en:literal })+) => {
        $(
            #[doc = concat!("`", stringify!($code), " ", $message, "` – ", $en)]
            pub const $name: rows!(@type $kind) = rows!(@type $kind)(Row {
                table: Table::$table,
                code: $code,
                message: $message,
                placeholder: rows!(@placeholder $kind),
                class: Class::$class,
                blame: Blame::$blame,
                retryable: rows!(@retry $retry),
                billed: rows!(@bill $bill),
            });
        )+
        /// The whole table, in the order of the documentation.
        pub static ROWS: &[Row] = &[$(*$name.row()),+];
        /// What the rows mean, in the same order.
        pub(super) static MEANINGS: &[Meaning] = &[$(Meaning { zh: $zh, en: $en }),+];
    };
    (@type plain) => { FixedRow };
    (@type key) => { KeyRow };
    (@type param) => { ParamRow };
    (@type reason) => { ReasonRow };
    (@placeholder plain) => { Placeholder::None };
    (@placeholder key) => { Placeholder::Key };
    (@placeholder param) => { Placeholder::Param };
    (@placeholder reason) => { Placeholder::Reason };
    (@retry retry) => { true };
    (@retry final) => { false };
    (@bill billed) => { true };
    (@bill free) => { false };
}
pub(super) use rows;
