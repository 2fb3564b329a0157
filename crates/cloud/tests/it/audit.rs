//! The audit trail notices every change, and names nobody.

use crate::{
    common::{NAME, NUMBER, World},
    database,
    page::Page,
};
use faceid_protocol::Millis;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};

/// An intruder with write access to the database.
async fn tamper(world: &World, statement: &str) {
    let statement = AssertSqlSafe(statement.to_owned());
    match database::url_of(world.folder.path()) {
        Some(url) => {
            let mut connection = PgConnection::connect(&url).await.expect("connection");
            connection.execute(statement).await.expect("change");
        }
        None => {
            let url = format!("sqlite://{}", world.folder.path().join("faceid.db").display());
            let mut connection = SqliteConnection::connect(&url).await.expect("connection");
            connection.execute(statement).await.expect("change");
        }
    }
}

async fn fault(world: &World) -> Option<String> {
    world.app.store.verify_audit(None).await.expect("trail").fault
}

async fn world_with_trail() -> World {
    let world = World::new().await;
    for _ in 0..40 {
        let token = world.token().await;
        let mut page = Page::open(&world, &token).await;
        assert_eq!(page.call("POST", "cancel", b"{}").await.status.as_u16(), 200, "an end without much ado");
    }
    assert!(world.app.store.seal(Millis(1)).await.expect("seal"), "sealed");
    assert!(!world.app.store.seal(Millis(2)).await.expect("seal"), "nothing new to seal");
    world
}

#[tokio::test]
async fn a_clean_trail_holds() {
    let world = world_with_trail().await;
    let report = world.app.store.verify_audit(None).await.expect("trail");
    assert_eq!((report.rows, report.seals, report.fault), (40, 1, None));
    let seal = world.app.store.last_seal().await.expect("seal").expect("one");
    let report = world.app.store.verify_audit(Some(&seal)).await.expect("trail");
    assert_eq!(report.fault, None, "the kept seal is there");
    let forged = faceid_cloud::store::Seal { heads: "0 1 00".into(), ..seal };
    let report = world.app.store.verify_audit(Some(&forged)).await.expect("trail");
    assert!(report.fault.is_some(), "a seal that was never made");
}

#[tokio::test]
async fn every_kind_of_change_is_found() {
    let newest = "(SELECT MAX(number) FROM audit_head)";
    let one = format!("chain = (SELECT MIN(chain) FROM audit_head WHERE number = {newest})");
    for (what, change) in [
        ("an altered code", format!("UPDATE audit SET code = 1000 WHERE {one} AND number = 1")),
        ("an altered message", format!("UPDATE audit SET message = 'SUCCESS' WHERE {one} AND number = 1")),
        ("an altered time", format!("UPDATE audit SET at_ms = at_ms + 1 WHERE {one} AND number = 1")),
        ("a removed row", format!("DELETE FROM audit WHERE {one} AND number = 1")),
        ("a removed last row", format!("DELETE FROM audit WHERE {one} AND number = {newest}")),
        ("a forged hash", format!("UPDATE audit SET hash = 'x' WHERE {one} AND number = 1")),
        ("a head set back", format!("UPDATE audit_head SET number = number - 1 WHERE {one}")),
        ("a removed head", format!("DELETE FROM audit_head WHERE {one}")),
        ("an altered seal", "UPDATE audit_seal SET at_ms = 5".into()),
        ("a forged signature", "UPDATE audit_seal SET signature = '00'".into()),
    ] {
        let world = world_with_trail().await;
        assert_eq!(fault(&world).await, None, "clean before");
        tamper(&world, &change).await;
        assert!(fault(&world).await.is_some(), "{what} was not found");
    }
}

#[tokio::test]
async fn a_chain_cut_short_together_with_its_head_is_behind_the_seal() {
    let world = world_with_trail().await;
    tamper(&world, "DELETE FROM audit WHERE chain = (SELECT MIN(chain) FROM audit_head WHERE number > 0)").await;
    tamper(&world, "UPDATE audit_head SET number = 0, hash = '' WHERE chain = (SELECT MIN(chain) FROM audit_head WHERE number > 0)").await;
    let found = fault(&world).await.expect("found");
    assert!(found.contains("shorter"), "{found}");
}

#[tokio::test]
async fn the_trail_names_nobody() {
    let world = World::new().await;
    let token = world.token_with(&[("biz_no", "serial-4711")]).await;
    let mut page = Page::ready(&world, &token).await;
    drop(page.finalise().await);
    world.app.store.seal(Millis(1)).await.expect("seal");
    let seal = serde_json::to_string(&world.app.store.last_seal().await.expect("seal")).expect("JSON");
    let rows = match database::url_of(world.folder.path()) {
        Some(url) => {
            let mut connection = PgConnection::connect(&url).await.expect("connection");
            sqlx::query_scalar::<_, String>("SELECT subject || event || message FROM audit").fetch_all(&mut connection).await
        }
        None => {
            let url = format!("sqlite://{}", world.folder.path().join("faceid.db").display());
            let mut connection = SqliteConnection::connect(&url).await.expect("connection");
            sqlx::query_scalar::<_, String>("SELECT subject || event || message FROM audit").fetch_all(&mut connection).await
        }
    }
    .expect("rows");
    assert_eq!(rows.len(), 1, "one row");
    for secret in [NAME, NUMBER, "serial-4711", token.as_str()] {
        assert!(!rows[0].contains(secret) && !seal.contains(secret), "{secret} stands in the trail");
    }
}
