//! Bills: written with the verdict, reported by day.

use super::{Store, StoreError, accounts::debit, db::Tx, small, sql};
use faceid_protocol::{Millis, codes::FixedRow};

/// A day in milliseconds.
const DAY_MS: i64 = 24 * 3600 * 1000;

/// Bills of one key, day and result code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillDay {
    /// Whose.
    pub app_key: String,
    /// Days since 1970-01-01 at the asked offset from UTC.
    pub day: i64,
    /// 1000, 2000 or 3000.
    pub code: u32,
    /// How many.
    pub count: u64,
    /// What they cost, at the price of their moment.
    pub units: i64,
}

impl Store {
    /// Bills from a moment (included) to another (excluded), by key, day and code. Days begin at midnight of `offset_ms` from UTC.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn bill_days(&self, from: Millis, until: Millis, offset_ms: i64) -> Result<Vec<BillDay>, StoreError> {
        type Raw = (String, i64, i64, i64, i64);
        let raw: Vec<Raw> = sql("SELECT app_key, day, code, COUNT(*), CAST(SUM(units) AS BIGINT) FROM
                 (SELECT app_key, (at_ms + $1) / $2 AS day, code, units FROM bill WHERE at_ms >= $3 AND at_ms < $4) AS billed
             GROUP BY app_key, day, code ORDER BY app_key, day, code")
        .bind(offset_ms)
        .bind(DAY_MS)
        .bind(from)
        .bind(until)
        .all(&self.db)
        .await?;
        raw.into_iter()
            .map(|(app_key, day, code, count, units)| {
                Ok(BillDay { app_key, day, code: small(code, "code")?, count: count.unsigned_abs(), units })
            })
            .collect()
    }
}

/// One row for a billed verdict, and its price off a prepaid balance. Sessions of a simulating server are free.
pub(super) async fn bill(tx: &mut Tx, biz_token: &str, row: FixedRow, now: Millis) -> Result<(), StoreError> {
    if !row.billed {
        return Ok(());
    }
    let billed = sql("INSERT INTO bill (biz_token, app_key, code, at_ms, units)
         SELECT s.biz_token, s.app_key, $1, $2, COALESCE(a.price, 1) FROM session s LEFT JOIN account a ON a.app_key = s.app_key
         WHERE s.biz_token = $3 AND NOT s.simulated")
    .bind(row.code)
    .bind(now)
    .bind(biz_token)
    .execute(&mut *tx)
    .await?;
    if billed == 1 { debit(tx, biz_token).await } else { Ok(()) }
}
