//! Opening: a file for one node, a server for many.

use super::{Store, StoreError, db::Db};
use crate::vault::Vault;
use sqlx::{
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{path::Path, time::Duration};

static SQLITE: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: sqlx::migrate::Migrator = sqlx::migrate!("migrations/postgres");

/// How long a call waits for a connection before it fails.
const ACQUIRE: Duration = Duration::from_secs(20);

impl Store {
    /// Opens (and makes, if need be) `faceid.db` in a folder and migrates it: WAL, `synchronous = FULL` (an acknowledged commit survives
    /// a power cut), one writing connection, several readers. Pictures and key files lie in the same folder.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open(folder: &Path) -> Result<Self, StoreError> {
        Self::open_with(folder, Vault::open(&folder.join("pictures").display().to_string(), &folder.join("keys"))?).await
    }

    /// The same with the pictures elsewhere.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_with(folder: &Path, vault: Vault) -> Result<Self, StoreError> {
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
        let writer = SqlitePoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE).connect_with(options.clone()).await?;
        SQLITE.run(&writer).await?;
        let readers =
            SqlitePoolOptions::new().max_connections(4).acquire_timeout(ACQUIRE).connect_with(options.pragma("query_only", "ON")).await?;
        Ok(Self { db: Db::Sqlite { writer, readers }, vault })
    }

    /// Connects to a PostgreSQL database (`postgres://user@host/name`) and migrates it; nodes that start together wait for each other.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn connect(url: &str, connections: u32, vault: Vault) -> Result<Self, StoreError> {
        let options = url.parse::<PgConnectOptions>()?.application_name("faceid").options([
            // whatever the server's default: an acknowledged commit is on disk
            ("synchronous_commit", "on"),
            // a node that hangs inside a transaction must not hold its rows for ever
            ("idle_in_transaction_session_timeout", "60000"),
        ]);
        let pool = PgPoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE).connect_with(options).await?;
        POSTGRES.run(&pool).await?;
        Ok(Self { db: Db::Postgres(pool), vault })
    }
}

#[cfg(unix)]
pub(super) fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
pub(super) fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}
