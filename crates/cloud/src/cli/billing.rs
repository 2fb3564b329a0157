//! `faceid bill`.

use super::{Common, Failure};
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime};
use clap::{Args, ValueEnum};
use faceid_protocol::Millis;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const HOUR_MS: i64 = 3600 * 1000;

/// What a line sums up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    /// The whole time.
    Total,
    /// A month.
    Month,
    /// A day.
    Day,
}

#[derive(Debug, Args)]
pub(super) struct Options {
    /// First day, as 2026-11-01; default: the beginning.
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// Last day, included; default: today.
    #[arg(long, value_name = "DATE")]
    to: Option<NaiveDate>,
    /// Only this key.
    #[arg(long)]
    key: Option<String>,
    /// One line per key, result code and: total, month or day.
    #[arg(long, value_enum, default_value_t = By::Total)]
    by: By,
    /// Where days begin, hours from UTC.
    #[arg(long, default_value_t = 0, allow_hyphen_values = true, value_parser = clap::value_parser!(i64).range(-12..=14))]
    utc_offset: i64,
}

pub(super) async fn run(common: &Common, options: &Options) -> Result<(), Failure> {
    let offset_ms = options.utc_offset * HOUR_MS;
    let start_of =
        |day: NaiveDate| Millis(u64::try_from(day.and_time(NaiveTime::MIN).and_utc().timestamp_millis() - offset_ms).unwrap_or(0));
    let from = options.from.map_or(Millis(0), start_of);
    let until = match options.to {
        Some(day) => start_of(day.succ_opt().ok_or_else(|| Failure::usage("--to is the end of the calendar"))?),
        None => Millis(i64::MAX.unsigned_abs()),
    };
    let mut lines: BTreeMap<(String, String, u32), (u64, i64)> = BTreeMap::new();
    for bill in common.store().await?.bill_days(from, until, offset_ms).await? {
        if options.key.as_ref().is_some_and(|key| *key != bill.app_key) {
            continue;
        }
        let sum = lines.entry((bill.app_key, period(options.by, bill.day), bill.code)).or_default();
        *sum = (sum.0 + bill.count, sum.1 + bill.units);
    }
    for ((app_key, period, code), (count, units)) in lines {
        let mut line = json!({ "app_key": app_key, "code": code, "count": count, "units": units });
        if options.by != By::Total {
            line["period"] = Value::from(period.as_str());
        }
        common.print(&line, || format!("{app_key}  {period:10}  {code}  {count:8}  {units:10}"));
    }
    Ok(())
}

/// `2026-11-24`, `2026-11`, or nothing.
fn period(by: By, day: i64) -> String {
    let date = day
        .checked_mul(24)
        .and_then(|hours| hours.checked_mul(3600))
        .and_then(|s| DateTime::from_timestamp(s, 0))
        .unwrap_or_default()
        .date_naive();
    match by {
        By::Total => String::new(),
        By::Month => format!("{:04}-{:02}", date.year(), date.month()),
        By::Day => date.to_string(),
    }
}
