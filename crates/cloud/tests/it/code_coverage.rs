//! Every row of the error taxonomy has a test that provokes it over HTTP, or a reason why only a page can report it.
//!
//! `code_coverage.tsv`, one row per row of the taxonomy and in its order. `how`: `http` = evidence is a test of this suite; `browser` = evidence is the
//! reason; `twin` = the private calls carry no reference photo, so the row is sent only as its HTTP twin by get_biz_token, and evidence is that row's test.

use faceid_protocol::codes::{self, Row, Table};
use std::{collections::BTreeMap, path::Path};

const TABLE: &str = include_str!("code_coverage.tsv");

struct Line<'a> {
    table: &'a str,
    code: u32,
    message: &'a str,
    how: &'a str,
    evidence: &'a str,
}

fn lines() -> Vec<Line<'static>> {
    let mut lines = TABLE.lines();
    assert_eq!(lines.next(), Some("table\tcode\tmessage\thow\tevidence"), "header");
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [table, code, message, how, evidence] = fields[..] else { panic!("five fields: {line}") };
            Line { table, code: code.parse().expect("number"), message, how, evidence }
        })
        .collect()
}

const fn name(table: Table) -> &'static str {
    match table {
        Table::HttpGetBizToken => "http_get_biz_token",
        Table::Sdk => "sdk",
        Table::Result => "result",
        Table::HttpGetResult => "http_get_result",
    }
}

#[test]
fn every_row_is_in_the_table_once() {
    let expected: Vec<(&str, u32, &str)> = codes::all().map(|row| (name(row.table), row.code, row.message)).collect();
    let listed: Vec<(&str, u32, &str)> = lines().iter().map(|line| (line.table, line.code, line.message)).collect();
    assert_eq!(expected.len(), 113, "all rows of the document");
    assert_eq!(listed, expected, "in order, none missing, none twice");
}

/// The source of one test, from its name to the end of its body.
fn body<'a>(source: &'a str, test: &str) -> Option<&'a str> {
    let start = source.find(&format!("fn {test}()"))?;
    let before = source[..start].rsplit("\n}\n").next()?;
    let is_test = before.contains("#[test]") || before.contains("#[tokio::test]");
    let rest = &source[start..];
    is_test.then(|| &rest[..rest.find("\n}\n").map_or(rest.len(), |end| end + 2)])
}

#[test]
fn every_named_test_exists_and_speaks_of_its_row() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    let mut faults = Vec::new();
    for line in lines() {
        *counts.entry(line.how).or_default() += 1;
        let row: &Row =
            codes::all().find(|row| (name(row.table), row.code, row.message) == (line.table, line.code, line.message)).expect("listed");
        match line.how {
            "http" | "twin" => {
                let (file, test) = line.evidence.split_once("::").expect("file::test");
                let source = std::fs::read_to_string(folder.join(format!("{file}.rs"))).unwrap_or_default();
                let stem = row.message.split('<').next().unwrap_or_default().trim_end_matches(':');
                match body(&source, test) {
                    None => faults.push(format!("{} {}: no test {}", line.code, line.message, line.evidence)),
                    // Constants of the file count: a test may name its row through one.
                    Some(_) if !source.contains(stem) => {
                        faults.push(format!("{} {}: {} does not speak of it", line.code, line.message, line.evidence))
                    }
                    Some(_) => {}
                }
                if line.how == "twin" && !(line.table == "sdk" && line.code == 50_400 && line.message.ends_with("<param>")) {
                    faults.push(format!("{} {}: not a row about reference photos", line.code, line.message));
                }
            }
            "browser" => {
                let reported_by_pages = row.code % 50_000 / 1000 == 6 || row.code == 50_000 || line.message == "MOBILE_PHONE_NO_AUTHORITY";
                if !reported_by_pages || line.evidence.len() < 20 {
                    faults.push(format!("{} {}: the server can send this row, so a test must provoke it", line.code, line.message));
                }
            }
            other => faults.push(format!("{other}: http, browser or twin")),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    println!("rows of the taxonomy: {counts:?}");
}
