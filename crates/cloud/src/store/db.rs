//! One statement text for both databases.
//!
//! SQLite and PostgreSQL agree on `$1` placeholders, `ON CONFLICT`, `EXISTS` and the rest of what the store needs; a statement is written once and
//! bound to whichever database is open. Rules that keep this true: integers are 64 bits wide, sums and lengths are cast to BIGINT,
//! and no statement relies on a type that only one of them has.

use super::StoreError;
use faceid_protocol::Millis;
use sqlx::{Arguments, Database, Encode, FromRow, PgPool, Postgres, Sqlite, SqlitePool, Type, postgres::PgRow, sqlite::SqliteRow};

/// An open database.
#[derive(Debug, Clone)]
pub(super) enum Db {
    /// One connection that writes, several that read.
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    /// READ COMMITTED; guarded UPDATEs lock the row they touch.
    Postgres(PgPool),
}

/// A write transaction; dropped without commit it leaves nothing.
pub(super) enum Tx {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl Db {
    /// In SQLite the write lock is taken at once, so that no reader-turned-writer can fail half-way.
    pub(super) async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Tx {
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

/// Where a statement runs: on its own, or as part of a transaction.
pub(super) enum On<'a> {
    /// Changes go through the writing connection, questions to a reading one.
    Db(&'a Db),
    Tx(&'a mut Tx),
}

impl<'a> From<&'a Db> for On<'a> {
    fn from(db: &'a Db) -> Self {
        Self::Db(db)
    }
}

impl<'a> From<&'a mut Tx> for On<'a> {
    fn from(tx: &'a mut Tx) -> Self {
        Self::Tx(tx)
    }
}

/// A row that both databases can deliver.
pub(super) trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

impl<T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin> Row for T {}

/// A value bound to a placeholder.
pub(super) enum Value {
    Bool(bool),
    Int(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

/// PostgreSQL refuses NUL in a text. What is stored was checked before; what is only looked up must simply not be found, on both databases.
fn text(value: Option<String>) -> Value {
    Value::Text(value.map(|text| if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }))
}

macro_rules! value_from {
    ($($from:ty => |$value:ident| $into:expr;)*) => {
        $(impl From<$from> for Value {
            fn from($value: $from) -> Self {
                $into
            }
        })*
    };
}

value_from! {
    bool => |value| Self::Bool(value);
    i64 => |value| Self::Int(Some(value));
    Option<i64> => |value| Self::Int(value);
    u8 => |value| Self::Int(Some(value.into()));
    u16 => |value| Self::Int(Some(value.into()));
    u32 => |value| Self::Int(Some(value.into()));
    Millis => |value| Self::Int(Some(i64::try_from(value.0).unwrap_or(i64::MAX)));
    &str => |value| text(Some(value.to_owned()));
    &String => |value| text(Some(value.clone()));
    Option<&str> => |value| text(value.map(str::to_owned));
    &Option<String> => |value| text(value.clone());
    Option<String> => |value| text(value);
    String => |value| text(Some(value));
    &[u8] => |value| Self::Bytes(Some(value.to_vec()));
    Vec<u8> => |value| Self::Bytes(Some(value));
    &Vec<u8> => |value| Self::Bytes(Some(value.clone()));
    &Option<Vec<u8>> => |value| Self::Bytes(value.clone());
    Option<Vec<u8>> => |value| Self::Bytes(value);
}

impl<const N: usize> From<&[u8; N]> for Value {
    fn from(value: &[u8; N]) -> Self {
        Self::Bytes(Some(value.to_vec()))
    }
}

/// A statement with its values.
pub(super) struct Statement {
    text: &'static str,
    values: Vec<Value>,
}

/// Starts a statement; placeholders are `$1`, `$2`, ….
pub(super) fn sql(text: &'static str) -> Statement {
    Statement { text, values: Vec::new() }
}

impl Statement {
    /// The value of the next placeholder.
    pub(super) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Runs a change and tells how many rows it touched.
    pub(super) async fn execute<'a>(self, on: impl Into<On<'a>>) -> Result<u64, StoreError> {
        let Self { text, values } = self;
        Ok(match on.into() {
            On::Db(Db::Sqlite { writer, .. }) => {
                sqlx::query_with(text, arguments::<Sqlite>(values)?).execute(writer).await?.rows_affected()
            }
            On::Tx(Tx::Sqlite(tx)) => sqlx::query_with(text, arguments::<Sqlite>(values)?).execute(&mut **tx).await?.rows_affected(),
            On::Db(Db::Postgres(pool)) => sqlx::query_with(text, arguments::<Postgres>(values)?).execute(pool).await?.rows_affected(),
            On::Tx(Tx::Postgres(tx)) => sqlx::query_with(text, arguments::<Postgres>(values)?).execute(&mut **tx).await?.rows_affected(),
        })
    }

    /// Runs a guarded change that must touch exactly one row.
    pub(super) async fn execute_once<'a>(self, on: impl Into<On<'a>>) -> Result<(), StoreError> {
        if self.execute(on).await? == 1 { Ok(()) } else { Err(StoreError::Conflict) }
    }

    /// Every row.
    pub(super) async fn all<'a, T: Row>(self, on: impl Into<On<'a>>) -> Result<Vec<T>, StoreError> {
        let Self { text, values } = self;
        Ok(match on.into() {
            On::Db(Db::Sqlite { readers, .. }) => sqlx::query_as_with(text, arguments::<Sqlite>(values)?).fetch_all(readers).await?,
            On::Tx(Tx::Sqlite(tx)) => sqlx::query_as_with(text, arguments::<Sqlite>(values)?).fetch_all(&mut **tx).await?,
            On::Db(Db::Postgres(pool)) => sqlx::query_as_with(text, arguments::<Postgres>(values)?).fetch_all(pool).await?,
            On::Tx(Tx::Postgres(tx)) => sqlx::query_as_with(text, arguments::<Postgres>(values)?).fetch_all(&mut **tx).await?,
        })
    }

    /// The row, if there is one. For questions that have at most one answer.
    pub(super) async fn optional<'a, T: Row>(self, on: impl Into<On<'a>>) -> Result<Option<T>, StoreError> {
        Ok(self.all(on).await?.into_iter().next())
    }

    /// The row of a question that always has an answer.
    pub(super) async fn one<'a, T: Row>(self, on: impl Into<On<'a>>) -> Result<T, StoreError> {
        self.optional(on).await?.ok_or(StoreError::Database(sqlx::Error::RowNotFound))
    }
}

fn arguments<DB: Database>(values: Vec<Value>) -> Result<DB::Arguments, StoreError>
where
    bool: for<'t> Encode<'t, DB> + Type<DB>,
    Option<i64>: for<'t> Encode<'t, DB> + Type<DB>,
    Option<String>: for<'t> Encode<'t, DB> + Type<DB>,
    Option<Vec<u8>>: for<'t> Encode<'t, DB> + Type<DB>,
{
    let mut arguments = DB::Arguments::default();
    for value in values {
        match value {
            Value::Bool(value) => arguments.add(value),
            Value::Int(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}
