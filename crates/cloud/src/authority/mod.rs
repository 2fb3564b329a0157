//! Where the authority's data comes from: a trait, the local registry, and an HTTP source (contract: docs/authority.md).

mod breaker;
mod http;

pub use breaker::{Breaker, BreakerParams};
pub use http::{AuthorityConfig, HttpSource, SetupError};

use crate::store::Store;
use std::{fmt, future::Future, pin::Pin};
use thiserror::Error;

/// The source failed; not the person's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the authority source failed")]
pub struct SourceError;

/// What the authority says about a number and a name.
#[derive(Clone, PartialEq, Eq)]
pub enum Answer {
    /// No such number.
    UnknownNumber,
    /// The number belongs to another name.
    OtherName,
    /// Number and name agree, but there is no photo.
    NoPhoto,
    /// Number and name agree; there is a photo, but its bytes do not arrive whole or exceed the limit for photos.
    DamagedPhoto,
    /// Number and name agree; the photo file as the authority keeps it.
    Photo(Vec<u8>),
}

impl fmt::Debug for Answer {
    /// Without the photo.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownNumber => "UnknownNumber",
            Self::OtherName => "OtherName",
            Self::NoPhoto => "NoPhoto",
            Self::DamagedPhoto => "DamagedPhoto",
            Self::Photo(_) => "Photo",
        })
    }
}

/// An answer on its way.
pub type Asking<'a> = Pin<Box<dyn Future<Output = Result<Answer, SourceError>> + Send + 'a>>;

/// A source of authority data.
pub trait AuthoritySource: fmt::Debug + Send + Sync + 'static {
    /// Asks about one person.
    fn ask<'a>(&'a self, number: &'a str, name: &'a str) -> Asking<'a>;
}

/// People imported into this server's own database.
#[derive(Debug, Clone)]
pub struct LocalRegistry(
    /// The database.
    pub Store,
);

impl AuthoritySource for LocalRegistry {
    fn ask<'a>(&'a self, number: &'a str, name: &'a str) -> Asking<'a> {
        Box::pin(async move {
            let person = self.0.person(number).await.map_err(|error| {
                tracing::error!(%error, "authority registry");
                SourceError
            })?;
            Ok(match person {
                None => Answer::UnknownNumber,
                Some(person) if person.name != name => Answer::OtherName,
                Some(person) => person.photo.map_or(Answer::NoPhoto, Answer::Photo),
            })
        })
    }
}
