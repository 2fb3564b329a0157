//! What the operator's page shows, and who may see it. No personal data is read here.

use super::{State, Store, StoreError, from_db, small, sql};
use faceid_protocol::Millis;
use sha2::{Digest, Sha256};

/// Which sessions to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionFilter {
    /// Of this key only.
    pub app_key: Option<String>,
    /// With this result code only.
    pub code: Option<u32>,
    /// Listed after the session with this creation and token only; `None` = from the newest on.
    pub after: Option<(Millis, String)>,
}

/// A session as listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionLine {
    /// Token.
    pub biz_token: String,
    /// Whose.
    pub app_key: String,
    /// Where it stands.
    pub state: State,
    /// When its token was made.
    pub created: Millis,
    /// Of a server that accepts the simulated person.
    pub simulated: bool,
    /// Its end: code, message, moment.
    pub end: Option<(u32, String, Millis)>,
}

/// How many sessions ended with one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeCount {
    /// Result code.
    pub code: u32,
    /// Message.
    pub message: String,
    /// How many.
    pub count: u64,
}

fn digest(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

impl Store {
    /// Gives an operator a token; an older one of the same name ends.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_operator(&self, name: &str, token: &str, now: Millis) -> Result<(), StoreError> {
        sql("INSERT INTO operator (name, token_sha, created_ms) VALUES ($1, $2, $3)
             ON CONFLICT (name) DO UPDATE SET token_sha = excluded.token_sha, created_ms = excluded.created_ms")
        .bind(name)
        .bind(digest(token))
        .bind(now)
        .execute(&self.db)
        .await?;
        Ok(())
    }

    /// Is this token that operator's? Looked up by digest, so timing tells nothing about the token.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_operator(&self, name: &str, token: &str) -> Result<bool, StoreError> {
        let (found,): (bool,) = sql("SELECT EXISTS (SELECT 1 FROM operator WHERE name = $1 AND token_sha = $2)")
            .bind(name)
            .bind(digest(token))
            .one(&self.db)
            .await?;
        Ok(found)
    }

    /// Every operator and when its token was made, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn operators(&self) -> Result<Vec<(String, Millis)>, StoreError> {
        let raw: Vec<(String, i64)> = sql("SELECT name, created_ms FROM operator ORDER BY name").all(&self.db).await?;
        raw.into_iter().map(|(name, at)| Ok((name, from_db(at, "created_ms")?))).collect()
    }

    /// Takes an operator's token away; false when there is no such operator.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_operator(&self, name: &str) -> Result<bool, StoreError> {
        Ok(sql("DELETE FROM operator WHERE name = $1").bind(name).execute(&self.db).await? == 1)
    }

    /// Newest sessions first, as many as asked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn session_lines(&self, filter: &SessionFilter, limit: u32) -> Result<Vec<SessionLine>, StoreError> {
        type Raw = (String, String, String, i64, bool, Option<i64>, Option<String>, Option<i64>);
        let (created, token) = filter.after.clone().unwrap_or((Millis(i64::MAX.unsigned_abs()), String::new()));
        let raw: Vec<Raw> = sql("SELECT s.biz_token, s.app_key, s.state, s.created_ms, s.simulated, v.code, v.message, v.at_ms
             FROM session s LEFT JOIN verdict v ON v.biz_token = s.biz_token
             WHERE (s.created_ms < $1 OR (s.created_ms = $1 AND s.biz_token > $2))
                 AND (CAST($3 AS TEXT) IS NULL OR s.app_key = $3) AND (CAST($4 AS BIGINT) IS NULL OR v.code = $4)
             ORDER BY s.created_ms DESC, s.biz_token LIMIT $5")
        .bind(created)
        .bind(token)
        .bind(filter.app_key.as_deref())
        .bind(filter.code.map(i64::from))
        .bind(limit)
        .all(&self.db)
        .await?;
        raw.into_iter()
            .map(|(biz_token, app_key, state, created, simulated, code, message, at)| {
                let end = match (code, message, at) {
                    (Some(code), Some(message), Some(at)) => Some((small(code, "code")?, message, from_db(at, "at_ms")?)),
                    _ => None,
                };
                let (state, created) = (State::parse(&state)?, from_db(created, "created_ms")?);
                Ok(SessionLine { biz_token, app_key, state, created, simulated, end })
            })
            .collect()
    }

    /// Ends since a moment, of one key or of all, by row, the most frequent first. Ends leave with their sessions, so this looks back at most as long as results are kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn outcome_counts(&self, since: Millis, app_key: Option<&str>) -> Result<Vec<OutcomeCount>, StoreError> {
        let raw: Vec<(i64, String, i64)> =
            sql("SELECT v.code, v.message, COUNT(*) AS ends FROM verdict v JOIN session s ON s.biz_token = v.biz_token
             WHERE v.at_ms >= $1 AND (CAST($2 AS TEXT) IS NULL OR s.app_key = $2)
             GROUP BY v.code, v.message ORDER BY ends DESC, v.code, v.message")
            .bind(since)
            .bind(app_key)
            .all(&self.db)
            .await?;
        raw.into_iter()
            .map(|(code, message, count)| Ok(OutcomeCount { code: small(code, "code")?, message, count: count.unsigned_abs() }))
            .collect()
    }

    /// Sessions that have not ended, of one key or of all, by state.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_counts(&self, now: Millis, app_key: Option<&str>) -> Result<Vec<(State, u64)>, StoreError> {
        let raw: Vec<(String, i64)> = sql(
            "SELECT state, COUNT(*) FROM session WHERE state IN ('CREATED', 'INITED', 'CAPTURING', 'VERIFYING') AND (state <> 'CREATED' OR expires_ms > $1)
                 AND (CAST($2 AS TEXT) IS NULL OR app_key = $2)
             GROUP BY state ORDER BY state",
        )
        .bind(now)
        .bind(app_key)
        .all(&self.db)
        .await?;
        raw.into_iter().map(|(state, count)| Ok((State::parse(&state)?, count.unsigned_abs()))).collect()
    }
}
