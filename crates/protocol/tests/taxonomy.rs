//! The taxonomy against the specification's rows (`spec_rows.tsv`: the 113 rows as stated there).

use faceid_protocol::codes::{self, Class, ImageParam, Placeholder, Reason, Row, Table, http_get_biz_token, http_get_result, result, sdk};
use std::collections::BTreeSet;

const SPEC: &str = include_str!("spec_rows.tsv");

#[test]
fn every_row_of_the_specification_is_in_the_table_in_order() {
    let mut lines = SPEC.lines();
    assert_eq!(lines.next(), Some("table\tcode\tmessage\tmeaning_zh\tmeaning_en\tbilled"), "columns");
    let spec: Vec<Vec<&str>> = lines.map(|line| line.split('\t').collect()).collect();
    let table: Vec<&Row> = codes::all().collect();
    assert_eq!(spec.len(), 113, "rows of the specification");
    assert_eq!(table.len(), 113, "rows of the table");
    for (spec, row) in spec.iter().zip(&table) {
        let billed = if row.billed { "yes" } else { "no" };
        let code = row.code.to_string();
        let meaning = codes::meaning(row);
        assert_eq!(
            spec.as_slice(),
            [row.table.name(), code.as_str(), row.message, meaning.zh, meaning.en, billed],
            "{} {}",
            row.table.name(),
            row.message
        );
    }
}

#[test]
fn counts_per_table_and_billing() {
    let counts = Table::ALL.map(|table| codes::rows(table).len());
    assert_eq!(counts, [11, 53, 41, 8], "get_biz_token, sdk, result, get_result");
    assert_eq!(codes::all().filter(|row| row.billed).count(), 16, "8 result and 8 SDK rows are billed");
    for row in codes::all() {
        let billed_class = matches!(row.class, Class::SamePerson | Class::DifferentPerson | Class::AuthorityData);
        assert_eq!(row.billed, billed_class, "{row:?}");
    }
}

#[test]
fn table_code_and_message_are_a_key_and_lookups_find_their_own_row() {
    let mut keys = BTreeSet::new();
    for row in codes::all() {
        assert!(keys.insert((row.table, row.message)), "{} {} twice", row.table.name(), row.message);
        let rendered = match row.placeholder {
            Placeholder::None => row.message.to_owned(),
            Placeholder::Key => format!("{}idcard_name", row.stem()),
            Placeholder::Param => format!("{}image_ref2", row.stem()),
            Placeholder::Reason => format!("{}{}", row.stem(), Reason::QuotaExceeded.name()),
        };
        assert_eq!(codes::find(row.table, row.code, &rendered), Some(row), "{rendered}");
    }
}

#[test]
fn same_words_different_rows() {
    assert_eq!(codes::find(Table::Sdk, 53_000, "NO_FACE_FOUND"), Some(sdk::NO_FACE_FOUND.row()), "authority photo");
    assert_eq!(codes::find(Table::Sdk, 50_400, "NO_FACE_FOUND:image_ref1").map(|row| row.class), Some(Class::Http), "reference photo");
    assert_eq!(codes::find(Table::Sdk, 50_400, "NO_FACE_FOUND"), None, "the reference-photo row needs its parameter");
    assert_eq!(codes::find(Table::Result, 4200, "USER_CANCEL"), None, "USER_CANCEL is 6000 only");
    assert_eq!(codes::find(Table::Result, 6000, "USER_CANCELLATION"), None, "USER_CANCELLATION is 4200 only");
    assert_eq!(codes::find(Table::Result, 6000, "NO_WRITE_EXTERNAL_STORAGE_PERMISSION"), None, "SDK table only");
}

#[test]
fn arithmetic_of_the_sdk_codes() {
    for row in codes::rows(Table::Result) {
        let twin = codes::sdk_twin(row).expect("every result has an SDK code");
        assert_eq!((twin.code, twin.message, twin.class), (50_000 + row.code, row.message, row.class), "{row:?}");
        assert_eq!(codes::result_twin(twin), Some(row), "{row:?}");
    }
    let without_result: Vec<&str> = codes::rows(Table::Sdk)
        .iter()
        .filter(|row| row.class != Class::Http && codes::result_twin(row).is_none())
        .map(|row| row.message)
        .collect();
    assert_eq!(without_result, ["NO_WRITE_EXTERNAL_STORAGE_PERMISSION", "UNKOWN_ERROR"], "SDK rows with no result row");
    for row in codes::rows(Table::HttpGetBizToken).iter().chain(codes::rows(Table::HttpGetResult)) {
        let twin = codes::sdk_twin(row).map(|twin| twin.code);
        let expected = match row.message {
            "AUTHENTICATION_ERROR" | "INVALID_SIGN" => None,
            "CONCURRENCY_LIMIT_EXCEEDED" => Some(50_429),
            _ => Some(50_000 + row.code),
        };
        assert_eq!(twin, expected, "{} {}", row.table.name(), row.message);
        assert_eq!(row.http_status().map(u32::from), Some(row.code), "status");
    }
    assert_eq!(sdk::CONCURRENCY_LIMIT_EXCEEDED.http_status(), Some(429), "twin keeps the status");
    assert_eq!(result::SUCCESS.http_status(), None, "a result is not an HTTP error");
    for row in codes::rows(Table::Sdk) {
        assert_eq!(Class::of_sdk(row.code), row.class, "{row:?}");
    }
    assert_eq!(Class::of_sdk(57_777), Class::Unknown, "numbers of a newer server");
}

#[test]
fn placeholders_render_as_documented() {
    assert_eq!(http_get_biz_token::MISSING_ARGUMENTS.about("idcard_name").message, "MISSING_ARGUMENTS:idcard_name");
    assert_eq!(http_get_result::BAD_ARGUMENTS.about("biz_token").to_string(), "400 BAD_ARGUMENTS:biz_token");
    assert_eq!(http_get_biz_token::INVALID_IMAGE_SIZE.about(ImageParam::Ref1).message, "INVALID_IMAGE_SIZEimage_ref1", "no colon");
    assert_eq!(http_get_biz_token::NO_FACE_FOUND.about(ImageParam::Ref2).message, "NO_FACE_FOUND:image_ref2");
    assert_eq!(sdk::AUTHORIZATION_ERROR.because(Reason::WayNotPermitted).message, "AUTHORIZATION_ERROR:WAY_NOT_PERMITTED");
    assert_eq!(http_get_biz_token::REQUEST_ENTITY_TOO_LARGE.coded().message, "Request Entity Too Large", "plain text");
    for row in codes::all() {
        assert_eq!(row.message.contains('<'), row.placeholder != Placeholder::None, "{}", row.message);
    }
}

#[test]
fn unknown_pairs_survive() {
    let received: codes::Coded = serde_json::from_str(r#"{"code":54299,"message":"SOMETHING_NEW"}"#).expect("a newer row parses");
    assert_eq!(received, codes::Coded::new(54_299, "SOMETHING_NEW"), "kept as sent");
    assert_eq!(codes::find(Table::Sdk, received.code, &received.message), None, "and known to be unknown");
}

#[test]
fn only_success_and_waiting_rows_blame_nobody() {
    for row in codes::all() {
        let nobody = matches!(row.message, "SUCCESS" | "LIVING_NOT_START" | "LIVING_IN_PROGRESS");
        assert_eq!(row.blame == codes::Blame::Nobody, nobody, "{row:?}");
    }
}
