//! The whole suite once more, on a real PostgreSQL that the tests start: see `it/database.rs`.

#[path = "it/main.rs"]
mod it;

use it::{common, database, node, page};
