//! A copy of the database while the service runs, and of the pictures it names.

use super::{Store, StoreError, db::Db, sql};
use std::path::Path;

impl Store {
    /// Copies the SQLite database (`VACUUM INTO`: one consistent moment, no pause for writers) to `faceid.db` in a new folder, and the encrypted
    /// pictures it names to `pictures` beside it; returns how many. The key files are not copied: a backup with its keys would protect nothing.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] on PostgreSQL, which brings its own tools; otherwise [`StoreError`].
    pub async fn backup(&self, folder: &Path) -> Result<u64, StoreError> {
        let Db::Sqlite { .. } = &self.db else {
            return Err(StoreError::Unsupported("use pg_dump, and copy the pictures' directory or bucket after it"));
        };
        super::open::make_private_folder(folder)?;
        let file = folder.join("faceid.db");
        let name = file.to_str().ok_or(StoreError::Unsupported("the folder's name is not UTF-8"))?;
        sql("VACUUM INTO $1").bind(name).execute(&self.db).await?;
        std::fs::File::open(&file)?.sync_all()?;
        let ids: Vec<(String,)> = sql("SELECT id FROM blob ORDER BY id").all(&self.db).await?;
        let ids: Vec<String> = ids.into_iter().map(|(id,)| id).collect();
        Ok(self.vault.copy(&ids, &folder.join("pictures")).await?)
    }

    /// The database answers and is not a read-only copy.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn answers(&self) -> Result<(), StoreError> {
        let writable = match &self.db {
            Db::Sqlite { .. } => sql("SELECT COUNT(*) >= 0 FROM api_key").one::<(bool,)>(&self.db).await?.0,
            Db::Postgres(_) => sql("SELECT NOT pg_is_in_recovery()").one::<(bool,)>(&self.db).await?.0,
        };
        if writable { Ok(()) } else { Err(StoreError::Unsupported("the database is a read-only copy")) }
    }
}
