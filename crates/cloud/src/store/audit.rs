//! The audit trail: 16 hash chains, sealed together. No personal data: a token appears as its SHA-256 only.
//!
//! A row's hash covers its fields and the hash of the row before it, so that an altered, inserted or removed row breaks its chain; a seal signs all
//! heads at one moment with the receipt key, so that a chain cannot be recomputed or cut short behind the last seal.

use super::{Store, StoreError, db::Tx, small, sql};
use crate::failpoints::point;
use faceid_protocol::Millis;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Rows read at once while verifying.
const PAGE: i64 = 1000;

/// What `verify_audit` saw.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditReport {
    /// Rows checked.
    pub rows: u64,
    /// Seals checked.
    pub seals: u64,
    /// The first thing that does not hold; `None` = everything holds.
    pub fault: Option<String>,
}

/// All heads at one moment, signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// 1, 2, 3, …
    pub number: u64,
    /// When, Unix milliseconds.
    pub at_ms: u64,
    /// `chain number hash`, one line per chain that has rows.
    pub heads: String,
    /// SHA-256 over the seal before and this one's fields.
    pub hash: String,
    /// Ed25519 public key, hex.
    pub public_key: String,
    /// Ed25519 signature of the hash, hex.
    pub signature: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    number: i64,
    at_ms: i64,
    subject: String,
    event: String,
    code: Option<i64>,
    message: Option<String>,
    hash: String,
}

#[derive(sqlx::FromRow)]
struct SealRaw {
    number: i64,
    at_ms: i64,
    heads: String,
    hash: String,
    public_key: String,
    signature: String,
}

impl TryFrom<SealRaw> for Seal {
    type Error = StoreError;

    fn try_from(raw: SealRaw) -> Result<Self, StoreError> {
        let SealRaw { number, at_ms, heads, hash, public_key, signature } = raw;
        Ok(Self { number: small(number, "number")?, at_ms: small(at_ms, "at_ms")?, heads, hash, public_key, signature })
    }
}

/// Fields are joined with a separator that none of them can hold.
fn digest(fields: &[&str]) -> String {
    hex::encode(Sha256::digest(fields.join("\n")))
}

impl Row {
    fn digest(&self, chain: i64, before: &str) -> String {
        let code = self.code.map(|code| code.to_string()).unwrap_or_default();
        digest(&[
            "faceid audit row 1",
            before,
            &chain.to_string(),
            &self.number.to_string(),
            &self.at_ms.to_string(),
            &self.subject,
            &self.event,
            &code,
            self.message.as_deref().unwrap_or_default(),
        ])
    }
}

impl Seal {
    fn digest(&self, before: &str) -> String {
        digest(&["faceid audit seal 1", before, &self.number.to_string(), &self.at_ms.to_string(), &self.heads, &self.public_key])
    }
}

/// Appends a row. Locks its chain until the transaction ends: call it last.
pub(super) async fn append(
    tx: &mut Tx,
    biz_token: &str,
    event: &str,
    code: Option<u32>,
    message: Option<&str>,
    now: Millis,
) -> Result<(), StoreError> {
    let subject = hex::encode(Sha256::digest(biz_token));
    let chain = i64::from_str_radix(&subject[..1], 16).map_err(|_| StoreError::Damaged("subject"))?;
    let (number, before): (i64, String) =
        sql("UPDATE audit_head SET number = number + 1 WHERE chain = $1 RETURNING number, hash").bind(chain).one(&mut *tx).await?;
    let at_ms = i64::try_from(now.0).unwrap_or(i64::MAX);
    let mut row = Row {
        number,
        at_ms,
        subject,
        event: event.to_owned(),
        code: code.map(i64::from),
        message: message.map(str::to_owned),
        hash: String::new(),
    };
    row.hash = row.digest(chain, &before);
    sql("INSERT INTO audit (chain, number, at_ms, subject, event, code, message, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(chain)
        .bind(row.number)
        .bind(row.at_ms)
        .bind(row.subject)
        .bind(row.event)
        .bind(row.code)
        .bind(row.message)
        .bind(&row.hash)
        .execute(&mut *tx)
        .await?;
    sql("UPDATE audit_head SET hash = $1 WHERE chain = $2").bind(row.hash).bind(chain).execute_once(tx).await
}

impl Store {
    /// Seals the heads if they moved since the last seal; false when there was nothing to seal or another node was faster.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn seal(&self, now: Millis) -> Result<bool, StoreError> {
        let heads = self.heads().await?;
        let last = self.last_seal().await?;
        if heads.is_empty() || last.as_ref().is_some_and(|last| last.heads == heads) {
            return Ok(false);
        }
        point("seal.read");
        let number = last.as_ref().map_or(1, |last| last.number + 1);
        let signer = self.vault.signer();
        let mut seal = Seal { number, at_ms: now.0, heads, hash: String::new(), public_key: signer.public_key(), signature: String::new() };
        seal.hash = seal.digest(last.as_ref().map_or("", |last| &last.hash));
        seal.signature = signer.sign(&seal.hash);
        point("seal.before-commit");
        let new = sql(
            "INSERT INTO audit_seal (number, at_ms, heads, hash, public_key, signature) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        )
        .bind(i64::try_from(seal.number).unwrap_or(i64::MAX))
        .bind(now)
        .bind(seal.heads)
        .bind(seal.hash)
        .bind(seal.public_key)
        .bind(seal.signature)
        .execute(&self.db)
        .await?;
        point("seal.committed");
        Ok(new == 1)
    }

    /// The newest seal. A copy kept elsewhere proves later that nothing behind it changed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last_seal(&self) -> Result<Option<Seal>, StoreError> {
        let raw: Option<SealRaw> =
            sql("SELECT number, at_ms, heads, hash, public_key, signature FROM audit_seal ORDER BY number DESC LIMIT 1")
                .optional(&self.db)
                .await?;
        raw.map(Seal::try_from).transpose()
    }

    async fn heads(&self) -> Result<String, StoreError> {
        let raw: Vec<(i64, i64, String)> =
            sql("SELECT chain, number, hash FROM audit_head WHERE number > 0 ORDER BY chain").all(&self.db).await?;
        let lines: Vec<String> = raw.into_iter().map(|(chain, number, hash)| format!("{chain} {number} {hash}")).collect();
        Ok(lines.join("; "))
    }

    /// Recomputes every chain and every seal. `kept`: a seal copied away earlier, which must still be there.
    ///
    /// # Errors
    /// [`StoreError`] when the trail cannot be read.
    pub async fn verify_audit(&self, kept: Option<&Seal>) -> Result<AuditReport, StoreError> {
        let mut report = AuditReport::default();
        // The seals first: rows that arrive while we read only make the chains longer.
        let seals: Vec<SealRaw> =
            sql("SELECT number, at_ms, heads, hash, public_key, signature FROM audit_seal ORDER BY number").all(&self.db).await?;
        let seals = seals.into_iter().map(Seal::try_from).collect::<Result<Vec<_>, _>>()?;
        let mut sealed: BTreeMap<(i64, i64), String> = BTreeMap::new();
        let mut before = "";
        for (seal, number) in seals.iter().zip(1..) {
            report.seals += 1;
            let signed = crate::vault::signature_holds(&seal.public_key, &seal.hash, &seal.signature);
            if seal.number != number || seal.digest(before) != seal.hash || !signed {
                report.fault = Some(format!("seal {number} is missing or altered"));
                return Ok(report);
            }
            before = &seal.hash;
            for head in seal.heads.split("; ") {
                let mut parts = head.split(' ');
                let mut number = || parts.next().and_then(|part| part.parse::<i64>().ok()).ok_or(StoreError::Damaged("heads"));
                sealed.insert((number()?, number()?), parts.next().unwrap_or_default().to_owned());
            }
        }
        if let Some(kept) = kept
            && !seals.contains(kept)
        {
            report.fault = Some(format!("the seal that was kept, number {}, is not in the trail", kept.number));
            return Ok(report);
        }
        for chain in 0..16 {
            if let Some(fault) = self.verify_chain(chain, &mut sealed, &mut report.rows).await? {
                report.fault = Some(fault);
                return Ok(report);
            }
        }
        if let Some(((chain, number), _)) = sealed.first_key_value() {
            report.fault = Some(format!("chain {chain} was sealed at row {number} and is shorter now"));
        }
        Ok(report)
    }

    async fn verify_chain(
        &self,
        chain: i64,
        sealed: &mut BTreeMap<(i64, i64), String>,
        count: &mut u64,
    ) -> Result<Option<String>, StoreError> {
        let head: Option<(i64, String)> =
            sql("SELECT number, hash FROM audit_head WHERE chain = $1").bind(chain).optional(&self.db).await?;
        let Some((head, head_hash)) = head else { return Ok(Some(format!("the head of chain {chain} is missing"))) };
        let (mut at, mut before) = (0, String::new());
        while at < head {
            let rows: Vec<Row> = sql(
                "SELECT number, at_ms, subject, event, code, message, hash FROM audit WHERE chain = $1 AND number > $2 AND number <= $3 ORDER BY number LIMIT $4",
            )
            .bind(chain)
            .bind(at)
            .bind(head)
            .bind(PAGE)
            .all(&self.db)
            .await?;
            if rows.is_empty() {
                return Ok(Some(format!("row {} of chain {chain} is missing", at + 1)));
            }
            for row in rows {
                at += 1;
                if row.number != at || row.digest(chain, &before) != row.hash {
                    return Ok(Some(format!("row {at} of chain {chain} is missing or altered")));
                }
                if sealed.remove(&(chain, at)).is_some_and(|hash| hash != row.hash) {
                    return Ok(Some(format!("row {at} of chain {chain} is not the one that was sealed")));
                }
                before = row.hash;
                *count += 1;
            }
        }
        Ok((before != head_hash).then(|| format!("the head of chain {chain} is not its last row")))
    }
}
