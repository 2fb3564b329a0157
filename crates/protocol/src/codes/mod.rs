//! The error taxonomy: one table with every documented code.
//!
//! The key of a row is ([`Table`], message) and, with the number, ([`Table`], code, message). The message alone is ambiguous: `NO_FACE_FOUND` is a fault of
//! the authority's photo (3000) and, with a parameter's name, of a reference photo (HTTP 400 and 50400); `USER_CANCELLATION`
//! (4200, recorded by the server) is not `USER_CANCEL` (6000, reported by the client).
//!
//! An SDK code is 50000 + result code, or 50000 + HTTP status; `50000 UNKOWN_ERROR` (documented spelling) stands alone.

pub mod http_get_biz_token;
pub mod http_get_result;
mod recorded;
pub mod result;
mod row;
pub mod sdk;

pub use recorded::recorded;
pub use row::{Blame, Class, Coded, FixedRow, ImageParam, KeyRow, Meaning, ParamRow, Placeholder, Reason, ReasonRow, Row, Table};

/// What an SDK code adds to the result code or HTTP status it reports.
pub const SDK_OFFSET: u32 = 50_000;

/// All rows of one table, in the order of the documentation.
#[must_use]
pub fn rows(table: Table) -> &'static [Row] {
    match table {
        Table::HttpGetBizToken => http_get_biz_token::ROWS,
        Table::Sdk => sdk::ROWS,
        Table::Result => result::ROWS,
        Table::HttpGetResult => http_get_result::ROWS,
    }
}

/// What a row means.
#[must_use]
pub fn meaning(row: &Row) -> Meaning {
    let meanings = match row.table {
        Table::HttpGetBizToken => http_get_biz_token::MEANINGS,
        Table::Sdk => sdk::MEANINGS,
        Table::Result => result::MEANINGS,
        Table::HttpGetResult => http_get_result::MEANINGS,
    };
    let index = rows(row.table).iter().position(|known| known == row);
    // invariant: rows cannot be made outside this module, so every row is in its table
    index.and_then(|index| meanings.get(index)).copied().unwrap_or(Meaning { zh: "", en: "" })
}

/// Every row of every table.
pub fn all() -> impl Iterator<Item = &'static Row> {
    Table::ALL.into_iter().flat_map(rows)
}

/// The row of a code and message as received; filled placeholders are recognised. `None` for pairs this build does not know.
#[must_use]
pub fn find(table: Table, code: u32, message: &str) -> Option<&'static Row> {
    rows(table).iter().find(|row| row.code == code && row.matches(message))
}

/// The SDK's row for a row of another table: 50000 + number, same message.
/// get_biz_token's 403 `CONCURRENCY_LIMIT_EXCEEDED` is reported as 50429 (the SDK table knows no other).
/// `None` where the SDK can never see the fault: both bad-signature rows of the public calls.
#[must_use]
pub fn sdk_twin(row: &Row) -> Option<&'static Row> {
    match row.table {
        Table::Sdk => find_template(Table::Sdk, row.code, row.message),
        Table::Result | Table::HttpGetResult => find_template(Table::Sdk, SDK_OFFSET + row.code, row.message),
        Table::HttpGetBizToken => find_template(Table::Sdk, SDK_OFFSET + row.code, row.message)
            .or_else(|| rows(Table::Sdk).iter().find(|twin| twin.class == Class::Http && twin.message == row.message)),
    }
}

/// The result row of an SDK row: number − 50000, same message. `None` for the unknown error, the HTTP twins and the one row
/// that only the SDK table has (`NO_WRITE_EXTERNAL_STORAGE_PERMISSION`).
#[must_use]
pub fn result_twin(sdk: &Row) -> Option<&'static Row> {
    find_template(Table::Result, sdk.code.checked_sub(SDK_OFFSET)?, sdk.message)
}

fn find_template(table: Table, code: u32, message: &str) -> Option<&'static Row> {
    rows(table).iter().find(|row| row.code == code && row.message == message)
}
