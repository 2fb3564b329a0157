//! SQLite or PostgreSQL, one text per statement (`db`).
//!
//! Every transition of a session is one UPDATE guarded by token, state and sequence number that must touch exactly one row.

mod accounts;
mod audit;
mod backup;
mod billing;
mod db;
mod evidence;
mod keys;
mod maintenance;
mod minting;
mod motion;
mod nonces;
mod open;
mod operators;
mod outbox;
mod people;
mod pictures;
mod results;
mod sessions;
mod tokens;

pub use audit::{AuditReport, Seal};
pub use billing::BillDay;
pub use evidence::{ChallengeRow, CommittedFrame, Evidence, NewChallenge, NewCommit, ReferenceRow};
pub use keys::{KeyRow, NewKey};
pub use maintenance::Bill;
pub use minting::{Minting, Subject};
pub use nonces::Seen;
pub use operators::{OutcomeCount, SessionFilter, SessionLine};
pub use outbox::{Delivery, Notice, NoticeLine};
pub use people::PersonRow;
pub use pictures::Purged;
pub use results::{Outcome, VerdictRow};
pub use sessions::{Advance, InitFields, Lease, Reply, SessionRow, State};
pub use tokens::{NewReference, NewToken, TokenRow};

use crate::vault::{Vault, VaultError};
use db::{Db, sql};
use faceid_protocol::Millis;
use thiserror::Error;

/// The database refused or is damaged.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The driver's error. Never holds bound values.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("migration: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The guarded row was not as expected: somebody else was faster.
    #[error("the session changed meanwhile")]
    Conflict,
    /// A stored value is not what this build writes.
    #[error("stored value of {0} is damaged")]
    Damaged(&'static str),
    /// The data folder cannot be made or read.
    #[error("data folder: {0}")]
    Folder(#[from] std::io::Error),
    /// Not on this database, or not in this state; the text says what to do.
    #[error("{0}")]
    Unsupported(&'static str),
    /// The pictures or their keys.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// A JSON column; `None` where nothing was stored.
///
/// # Errors
/// [`StoreError::Damaged`], naming the column.
pub(crate) fn stored_json(text: Option<&str>, column: &'static str) -> Result<Option<serde_json::Value>, StoreError> {
    text.map(|text| serde_json::from_str(text).map_err(|_| StoreError::Damaged(column))).transpose()
}

/// One database and its pictures.
#[derive(Debug, Clone)]
pub struct Store {
    db: Db,
    vault: Vault,
}

impl Store {
    /// SQLite: `PRAGMA integrity_check`. PostgreSQL checks its pages by itself; here: it answers and accepts writes.
    ///
    /// # Errors
    /// [`StoreError`] when the check cannot run; `Ok(false)` when it finds damage.
    pub async fn is_sound(&self) -> Result<bool, StoreError> {
        Ok(match &self.db {
            Db::Sqlite { .. } => sql("PRAGMA integrity_check").one::<(String,)>(&self.db).await?.0 == "ok",
            Db::Postgres(_) => sql("SELECT NOT pg_is_in_recovery()").one::<(bool,)>(&self.db).await?.0,
        })
    }

    /// The pictures.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Waits for open work and closes the connections.
    pub async fn close(&self) {
        self.db.close().await;
    }
}

/// From a column; times before 1970 cannot have been written by us.
fn from_db(value: i64, column: &'static str) -> Result<Millis, StoreError> {
    u64::try_from(value).map(Millis).map_err(|_| StoreError::Damaged(column))
}

/// A column that holds a small count.
fn small<T: TryFrom<i64>>(value: i64, column: &'static str) -> Result<T, StoreError> {
    T::try_from(value).map_err(|_| StoreError::Damaged(column))
}
