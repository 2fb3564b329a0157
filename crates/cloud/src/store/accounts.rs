//! What a key's account may do, and what it pays.

use super::{State, Store, StoreError, db::Tx, sql};
use crate::{
    accounts::{Account, ApiName, SdkVersion, Way},
    notify::{Style, Target},
};
use std::str::FromStr;

#[derive(sqlx::FromRow)]
struct Raw {
    standing: String,
    enterprise: bool,
    balance: Option<i64>,
    price: i64,
    networks: String,
    concurrency: Option<i64>,
    apis: String,
    ways: String,
    min_sdk: Option<String>,
    return_prefixes: String,
}

/// Lists are kept as lines: none of their entries has one.
fn list<T: FromStr>(text: &str, column: &'static str) -> Result<Vec<T>, StoreError> {
    text.lines().map(str::parse).collect::<Result<_, _>>().map_err(|_| StoreError::Damaged(column))
}

fn lines<T: ToString>(values: impl IntoIterator<Item = T>) -> String {
    values.into_iter().map(|value| value.to_string()).collect::<Vec<_>>().join("\n")
}

impl TryFrom<Raw> for Account {
    type Error = StoreError;

    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        Ok(Self {
            standing: raw.standing.parse().map_err(|_| StoreError::Damaged("standing"))?,
            enterprise: raw.enterprise,
            balance: raw.balance,
            price: raw.price,
            networks: list(&raw.networks, "networks")?,
            concurrency: raw.concurrency.map(u32::try_from).transpose().map_err(|_| StoreError::Damaged("concurrency"))?,
            apis: list(&raw.apis, "apis")?,
            ways: list(&raw.ways, "ways")?,
            min_sdk: raw.min_sdk.as_deref().map(str::parse).transpose().map_err(|_| StoreError::Damaged("min_sdk"))?,
            return_prefixes: list(&raw.return_prefixes, "return_prefixes")?,
        })
    }
}

impl Store {
    /// The account of a key; a key that nothing was set for has the default one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn account(&self, app_key: &str) -> Result<Account, StoreError> {
        let raw: Option<Raw> = sql(
            "SELECT standing, enterprise, balance, price, networks, concurrency, apis, ways, min_sdk, return_prefixes FROM account WHERE app_key = $1",
        )
        .bind(app_key)
        .optional(&self.db)
        .await?;
        raw.map_or_else(|| Ok(Account::default()), Account::try_from)
    }

    /// Replaces everything about an account except its balance, which the service itself changes.
    ///
    /// # Errors
    /// [`StoreError`]; an unknown key is a database error.
    pub async fn put_account(&self, app_key: &str, account: &Account) -> Result<(), StoreError> {
        sql("INSERT INTO account (app_key, standing, enterprise, price, networks, concurrency, apis, ways, min_sdk, return_prefixes)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             ON CONFLICT (app_key) DO UPDATE SET standing = excluded.standing, enterprise = excluded.enterprise, price = excluded.price,
                 networks = excluded.networks, concurrency = excluded.concurrency, apis = excluded.apis, ways = excluded.ways,
                 min_sdk = excluded.min_sdk, return_prefixes = excluded.return_prefixes")
        .bind(app_key)
        .bind(account.standing.name())
        .bind(account.enterprise)
        .bind(account.price)
        .bind(lines(&account.networks))
        .bind(account.concurrency.map(i64::from))
        .bind(lines(account.apis.iter().map(|api: &ApiName| api.name())))
        .bind(lines(account.ways.iter().map(|way: &Way| way.name())))
        .bind(account.min_sdk.as_ref().map(SdkVersion::to_string))
        .bind(lines(&account.return_prefixes))
        .execute(&self.db)
        .await?;
        Ok(())
    }

    /// Sets the balance; `None` = paid afterwards.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Conflict`] when the key has no account row yet.
    pub async fn set_balance(&self, app_key: &str, balance: Option<i64>) -> Result<(), StoreError> {
        sql("UPDATE account SET balance = $1 WHERE app_key = $2").bind(balance).bind(app_key).execute_once(&self.db).await
    }

    /// Adds units to a prepaid balance, which a session may be lowering at the same moment; false when the account is not a prepaid one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_balance(&self, app_key: &str, units: i64) -> Result<bool, StoreError> {
        let done = sql("UPDATE account SET balance = balance + $1 WHERE app_key = $2 AND balance IS NOT NULL")
            .bind(units)
            .bind(app_key)
            .execute(&self.db)
            .await?;
        Ok(done == 1)
    }

    /// Sets the tokens per 24 hours; `None` = no limit.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Conflict`] when there is no such key.
    pub async fn set_daily_quota(&self, app_key: &str, quota: Option<u32>) -> Result<(), StoreError> {
        sql("UPDATE api_key SET daily_quota = $1 WHERE app_key = $2").bind(quota.map(i64::from)).bind(app_key).execute_once(&self.db).await
    }

    /// Replaces a key's secret: from now on the old one signs nothing. False when there is no such active key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_secret(&self, app_key: &str, secret: &str) -> Result<bool, StoreError> {
        let done = sql("UPDATE api_key SET app_secret = $1 WHERE app_key = $2 AND revoked_ms IS NULL")
            .bind(secret)
            .bind(app_key)
            .execute(&self.db)
            .await?;
        Ok(done == 1)
    }

    /// Sessions of a key that have begun and may still be billed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn running(&self, app_key: &str) -> Result<u64, StoreError> {
        let [first, second, third] = [State::Inited, State::Capturing, State::Verifying].map(State::name);
        let (count,): (i64,) = sql("SELECT COUNT(*) FROM session WHERE app_key = $1 AND state IN ($2, $3, $4)")
            .bind(app_key)
            .bind(first)
            .bind(second)
            .bind(third)
            .one(&self.db)
            .await?;
        Ok(count.unsigned_abs())
    }

    /// Where a key's results are posted to; `None` = nowhere.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn notify_target(&self, app_key: &str) -> Result<Option<Target>, StoreError> {
        type Raw = (Option<String>, String, Option<Vec<u8>>);
        let raw: Option<Raw> =
            sql("SELECT notify_url, notify_style, notify_secret FROM account WHERE app_key = $1").bind(app_key).optional(&self.db).await?;
        let Some((Some(url), style, secret)) = raw else { return Ok(None) };
        Ok(Some(Target {
            url,
            style: style.parse::<Style>().map_err(|_| StoreError::Damaged("notify_style"))?,
            secret: secret.ok_or(StoreError::Damaged("notify_secret"))?,
        }))
    }

    /// Sets or clears where a key's results are posted to.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Conflict`] when the key has no account row yet.
    pub async fn set_notify_target(&self, app_key: &str, target: Option<&Target>) -> Result<(), StoreError> {
        sql("UPDATE account SET notify_url = $1, notify_style = $2, notify_secret = $3 WHERE app_key = $4")
            .bind(target.map(|target| target.url.as_str()))
            .bind(target.map_or(Style::Standard, |target| target.style).name())
            .bind(target.map(|target| target.secret.clone()))
            .bind(app_key)
            .execute_once(&self.db)
            .await
    }
}

/// Lowers a prepaid balance by the price of the session that is being billed in this transaction.
pub(super) async fn debit(tx: &mut Tx, biz_token: &str) -> Result<(), StoreError> {
    sql("UPDATE account SET balance = balance - price WHERE balance IS NOT NULL AND app_key = (SELECT app_key FROM bill WHERE biz_token = $1)")
        .bind(biz_token)
        .execute(tx)
        .await?;
    Ok(())
}
