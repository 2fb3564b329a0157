//! The two schemas are one: same tables, same columns, same obligations.

use crate::{common::open, database};
use sqlx::{Connection, PgConnection, Row, SqliteConnection};
use std::collections::BTreeSet;

/// Table, column, may be absent.
type Column = (String, String, bool);

async fn sqlite() -> BTreeSet<Column> {
    let folder = tempfile::tempdir().expect("folder");
    faceid_cloud::store::Store::open(folder.path()).await.expect("database").close().await;
    let url = format!("sqlite://{}", folder.path().join("faceid.db").display());
    let mut connection = SqliteConnection::connect(&url).await.expect("connection");
    // A primary key may not be absent in STRICT tables, though the table's description does not say so.
    let rows = sqlx::query(
        "SELECT m.name, c.name, c.\"notnull\" = 0 AND c.pk = 0 FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '\\_%' ESCAPE '\\'",
    )
    .fetch_all(&mut connection)
    .await
    .expect("columns");
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
}

async fn postgres(url: &str) -> BTreeSet<Column> {
    let mut connection = PgConnection::connect(url).await.expect("connection");
    let rows = sqlx::query(
        "SELECT table_name::text, column_name::text, is_nullable = 'YES' FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_%'",
    )
    .fetch_all(&mut connection)
    .await
    .expect("columns");
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
}

#[tokio::test]
async fn both_databases_have_the_same_columns() {
    if !database::on_postgres() {
        return;
    }
    let folder = tempfile::tempdir().expect("folder");
    open(folder.path()).await.close().await;
    let url = database::url_of(folder.path()).expect("on PostgreSQL");
    let (here, there) = (postgres(&url).await, sqlite().await);
    assert!(here.len() > 70, "{} columns", here.len());
    let differences: Vec<_> = here.symmetric_difference(&there).collect();
    assert!(differences.is_empty(), "{differences:?}");
}
