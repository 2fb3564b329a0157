//! The local registry: people the built-in authority source knows.

use super::{Store, StoreError, sql};
use faceid_protocol::Millis;

/// One person of the registry.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct PersonRow {
    /// ID number.
    pub idcard_number: String,
    /// Name as registered.
    pub name: String,
    /// Photo file; `None` = the authority has none.
    pub photo: Option<Vec<u8>>,
}

impl core::fmt::Debug for PersonRow {
    /// Without personal data.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PersonRow").field("photo_bytes", &self.photo.as_ref().map(Vec::len)).finish_non_exhaustive()
    }
}

impl Store {
    /// Adds people or replaces those with the same number, all or nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_people(&self, people: &[PersonRow], now: Millis) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        for person in people {
            sql("INSERT INTO person (idcard_number, name, photo, added_ms) VALUES ($1, $2, $3, $4) ON CONFLICT (idcard_number) DO UPDATE SET name = excluded.name, photo = excluded.photo, added_ms = excluded.added_ms")
                .bind(&person.idcard_number)
                .bind(&person.name)
                .bind(&person.photo)
                .bind(now)
                .execute(&mut tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// A person by number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn person(&self, idcard_number: &str) -> Result<Option<PersonRow>, StoreError> {
        sql("SELECT idcard_number, name, photo FROM person WHERE idcard_number = $1").bind(idcard_number).optional(&self.db).await
    }

    /// Number and size of photo of every person, by number; no names.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn people(&self) -> Result<Vec<(String, Option<i64>)>, StoreError> {
        sql("SELECT idcard_number, CAST(length(photo) AS BIGINT) FROM person ORDER BY idcard_number").all(&self.db).await
    }
}
