//! SQLite: WAL, `synchronous = FULL` (an acknowledged commit survives a power cut), one writing connection, several readers.
//!
//! Every transition of a session is one UPDATE guarded by token, state and sequence number that must touch exactly one row.

mod evidence;
mod keys;
mod maintenance;
mod nonces;
mod people;
mod results;
mod sessions;
mod tokens;

pub use evidence::{ChallengeRow, CommittedFrame, Evidence, NewChallenge, NewCommit, ReferenceRow};
pub use keys::{KeyRow, NewKey};
pub use maintenance::{Bill, Purged};
pub use nonces::Seen;
pub use people::PersonRow;
pub use results::{Outcome, VerdictRow};
pub use sessions::{Advance, InitFields, Lease, Reply, SessionRow, State};
pub use tokens::{NewReference, NewToken, TokenRow};

use faceid_protocol::Millis;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use std::{path::Path, time::Duration};
use thiserror::Error;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

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
}

/// One database.
#[derive(Debug, Clone)]
pub struct Store {
    writer: SqlitePool,
    readers: SqlitePool,
}

type Tx = sqlx::Transaction<'static, sqlx::Sqlite>;

impl Store {
    /// Opens (and makes, if need be) `faceid.db` in a folder and migrates it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open(folder: &Path) -> Result<Self, StoreError> {
        make_private_folder(folder)?;
        let options = SqliteConnectOptions::new()
            .filename(folder.join("faceid.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10))
            // erased personal data is overwritten, not just unlinked
            .pragma("secure_delete", "ON");
        let writer =
            SqlitePoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(20)).connect_with(options.clone()).await?;
        MIGRATIONS.run(&writer).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(Duration::from_secs(20))
            .connect_with(options.pragma("query_only", "ON"))
            .await?;
        Ok(Self { writer, readers })
    }

    /// Write transaction; the lock is taken at once, so that no reader-turned-writer can fail half-way.
    async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// `PRAGMA integrity_check`.
    ///
    /// # Errors
    /// [`StoreError`] when the check cannot run; `Ok(false)` when it finds damage.
    pub async fn is_sound(&self) -> Result<bool, StoreError> {
        let answer: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&self.readers).await?;
        Ok(answer == "ok")
    }

    /// Waits for open work and closes the files.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

#[cfg(unix)]
fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}

/// For binding.
fn to_db(time: Millis) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX)
}

/// From a column; times before 1970 cannot have been written by us.
fn from_db(value: i64, column: &'static str) -> Result<Millis, StoreError> {
    u64::try_from(value).map(Millis).map_err(|_| StoreError::Damaged(column))
}

fn exactly_one(done: &sqlx::sqlite::SqliteQueryResult) -> Result<(), StoreError> {
    if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}
