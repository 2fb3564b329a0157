//! The two pages as HTML. Whatever comes from the database is escaped by the template.

use super::{Detail, Overview, chart};
use crate::{
    signals::Signals,
    store::{SessionLine, State},
};
use chrono::DateTime;
use faceid_protocol::{
    Millis,
    codes::{self, Table},
};
use maud::{DOCTYPE, Markup, html};
use serde::Deserialize;
use url::form_urlencoded;

/// Letters of a token that are shown in lists; the whole one is in the link.
const TOKEN_SHOWN: usize = 20;

/// An attack cue as the verdict keeps it.
#[derive(Deserialize)]
struct CueRow {
    name: String,
    score: Option<f64>,
    reason: Option<String>,
}

fn frame(title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                link rel="stylesheet" href="/operator/style.css";
                link rel="icon" href="data:,";
            }
            body { (body) }
        }
    }
}

/// `/operator`.
pub(super) fn overview(o: &Overview) -> Markup {
    let days = chart::days(&o.bills, o.today, o.days);
    let body = html! {
        header { h1 { "faceid" } p { (clock(o.now, o.utc_offset)) " " (zone(o.utc_offset)) } }
        main {
            (filter(o))
            (tiles(o))
            section {
                h2 { "Billed per day" }
                (chart::draw(&days, date))
                (legend())
                details { summary { "As a table" } (bill_table(&days)) }
            }
            section { h2 { "Why sessions ended, last 24 hours" } (outcomes(o)) }
            section { h2 { "Sessions" } (sessions(o)) }
        }
    };
    frame("faceid operator", &body)
}

fn tiles(o: &Overview) -> Markup {
    let ends: u64 = o.outcomes.iter().map(|row| row.count).sum();
    let passed: u64 = o.outcomes.iter().filter(|row| row.code == 1000).map(|row| row.count).sum();
    let open = |wanted: &[State]| o.open.iter().filter(|(state, _)| wanted.contains(state)).map(|(_, count)| count).sum::<u64>();
    let share = if ends == 0 { "no ends yet".to_owned() } else { format!("{:.0} % of {ends} ends", passed as f64 * 100.0 / ends as f64) };
    html! {
        div .tiles {
            div .tile { b { (passed) } span { "passed in 24 hours" } small { (share) } }
            div .tile { b { (open(&[State::Inited, State::Capturing])) } span { "people in front of a camera" } }
            div .tile { b { (open(&[State::Verifying])) } span { "waiting for a verdict" } }
            div .tile { b { (open(&[State::Created])) } span { "tokens not used yet" } }
        }
    }
}

fn filter(o: &Overview) -> Markup {
    html! {
        form method="get" action="/operator" {
            label { "Key " select name="key" {
                option value="" { "all" }
                @for key in &o.keys {
                    option value=(key.app_key) selected[o.filter.app_key.as_ref() == Some(&key.app_key)] {
                        (key.app_key) @if !key.label.is_empty() { " · " (key.label) } @if key.revoked.is_some() { " (revoked)" }
                    }
                }
            } }
            label { "Days in the chart " select name="days" {
                @for days in [7_u32, 30, 90] { option value=(days) selected[days == o.days] { (days) } }
            } }
            label { "Results in the list " select name="code" {
                option value="" { "all" }
                @for code in [1000_u32, 2000, 3000, 4100, 4200, 5000, 6000] { option value=(code) selected[o.filter.code == Some(code)] { (code) } }
            } }
            button { "Show" }
        }
    }
}

fn legend() -> Markup {
    html! { ul .legend { @for (code, name) in chart::CODES { li { i class=(format!("c{code}")) {} (code) " " (name) } } } }
}

fn bill_table(days: &[(i64, chart::Day)]) -> Markup {
    html! {
        table {
            thead { tr { th { "Day" } @for (code, _) in chart::CODES { th .number { (code) } } th .number { "Sessions" } th .number { "Units" } } }
            tbody {
                @for (number, day) in days.iter().rev().filter(|(_, day)| day.total() > 0) {
                    tr { td { (date(*number)) } @for count in day.counts { td .number { (count) } } td .number { (day.total()) } td .number { (day.units) } }
                }
            }
            tfoot {
                tr {
                    td { "All" }
                    @for place in 0..chart::CODES.len() { td .number { (days.iter().map(|(_, day)| day.counts[place]).sum::<u64>()) } }
                    td .number { (days.iter().map(|(_, day)| day.total()).sum::<u64>()) }
                    td .number { (days.iter().map(|(_, day)| day.units).sum::<i64>()) }
                }
            }
        }
    }
}

fn outcomes(o: &Overview) -> Markup {
    let all: u64 = o.outcomes.iter().map(|row| row.count).sum();
    html! {
        @if o.outcomes.is_empty() { p .none { "No session has ended." } }
        @else {
            table {
                thead { tr { th { "Code" } th { "Message" } th .wide { "What it means" } th .number { "Sessions" } th .number { "Share" } } }
                tbody {
                    @for row in &o.outcomes {
                        tr {
                            td { (badge(row.code)) } td { code { (row.message) } } td .wide { (reason(row.code, &row.message)) }
                            td .number { (row.count) } td .number { (format!("{:.1} %", row.count as f64 * 100.0 / all as f64)) }
                        }
                    }
                }
            }
        }
    }
}

fn sessions(o: &Overview) -> Markup {
    html! {
        @if o.lines.is_empty() { p .none { "None." } }
        @else {
            table {
                thead { tr { th { "Made" } th { "Token" } th { "Key" } th { "Result" } th { "Message" } } }
                tbody { @for line in &o.lines { (session_row(line, o.utc_offset)) } }
            }
            @if let Some(last) = o.lines.last().filter(|_| o.lines.len() == super::LINES as usize) {
                p { a href=(older(o, last)) { "older" } }
            }
        }
    }
}

fn session_row(line: &SessionLine, utc_offset: i64) -> Markup {
    html! {
        tr {
            td { (clock(line.created, utc_offset)) }
            td { a href=(format!("/operator/session/{}", form_urlencoded::byte_serialize(line.biz_token.as_bytes()).collect::<String>())) {
                code { (line.biz_token.get(..TOKEN_SHOWN).unwrap_or(&line.biz_token)) "…" }
            } }
            td { code { (line.app_key) } }
            @match &line.end {
                Some((code, message, _)) => {
                    td { (badge(*code)) @if line.simulated { " simulated" } }
                    td { code { (message) } }
                }
                None => { td { (state_name(line.state)) } td {} }
            }
        }
    }
}

fn older(o: &Overview, last: &SessionLine) -> String {
    let code = o.filter.code.map(|code| code.to_string()).unwrap_or_default();
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("key", o.filter.app_key.as_deref().unwrap_or_default())
        .append_pair("days", &o.days.to_string())
        .append_pair("code", &code)
        .append_pair("before", &last.created.0.to_string())
        .append_pair("after", &last.biz_token)
        .finish();
    format!("/operator?{query}")
}

/// `/operator/session/…`.
pub(super) fn detail(d: &Detail) -> Markup {
    let body = html! {
        header { h1 { a href="/operator" { "faceid" } } p { "one session" } }
        main {
            section {
                h2 { code { (d.biz_token) } }
                dl {
                    dt { "Key" } dd { code { (d.app_key) } }
                    dt { "State" } dd { (state_name(d.state)) }
                    @if let Some(verdict) = &d.verdict {
                        dt { "Result" } dd { (badge(verdict.code)) " " code { (verdict.message) } }
                        dt { "Meaning" } dd { (reason(verdict.code, &verdict.message)) }
                        dt { "Ended" } dd { (clock(verdict.at, d.utc_offset)) " " (zone(d.utc_offset)) }
                    }
                    @if let Some((state, attempts, last)) = &d.notice {
                        dt { "Webhook" } dd { (state) ", " (attempts) " attempts" @if let Some(last) = last { ", last: " (last) } }
                    }
                }
            }
            section { h2 { "What was handed in" } (steps(d)) }
            @if let Some(text) = d.verdict.as_ref().and_then(|verdict| verdict.cues.as_deref()) {
                section { h2 { "Attack cues" } (cues(text)) }
            }
            @if let Some(told) = &d.signals {
                section { h2 { "What the browser told of its camera" } (signals(told)) }
            }
        }
    };
    frame("faceid session", &body)
}

fn steps(d: &Detail) -> Markup {
    html! {
        @if d.steps.is_empty() { p .none { "Nothing." } }
        @else {
            table {
                thead { tr { th { "Step" } th { "Asked" } th .number { "Frames" } th .number { "KiB" } } }
                tbody {
                    @for (step, action, frames, bytes) in &d.steps {
                        tr { td { (step) } td { (action.as_deref().unwrap_or("neutral face")) } td .number { (frames) } td .number { ((bytes + 1023) / 1024) } }
                    }
                }
            }
        }
    }
}

fn cues(text: &str) -> Markup {
    let rows: Vec<CueRow> = serde_json::from_str(text).unwrap_or_default();
    html! {
        table {
            thead { tr { th { "Cue" } th .number { "Score" } th .wide { "Not measured because" } } }
            tbody {
                @for row in &rows {
                    tr {
                        td { (row.name.replace('_', " ")) }
                        td .number { @if let Some(score) = row.score { (format!("{score:.2}")) } }
                        td .wide { (row.reason.as_deref().unwrap_or_default()) }
                    }
                }
            }
        }
    }
}

/// Whoever owns the browser can fake all of it, so the page says what it is worth.
fn signals(told: &Signals) -> Markup {
    html! {
        p {
            @match told.risk {
                Some(risk) => { "Risk of injection " b { (format!("{risk:.2}")) } ". " }
                None => { "Nothing was told. " }
            }
            "Decides nothing: a visitor can change every line."
        }
        table {
            thead { tr { th { "Signal" } th { "Raised" } } }
            tbody {
                @for line in &told.signals {
                    tr { td { (line.name.replace('_', " ")) } td { (match line.raised { Some(true) => "yes", Some(false) => "no", None => "not told" }) } }
                }
            }
        }
    }
}

fn badge(code: u32) -> Markup {
    html! { span class=(format!("badge c{code}")) { (code) } }
}

fn reason(code: u32, message: &str) -> &'static str {
    codes::find(Table::Result, code, message).map_or("a row that this build does not know", |row| codes::meaning(row).en)
}

fn state_name(state: State) -> &'static str {
    match state {
        State::Created => "token not used yet",
        State::Inited => "at the camera",
        State::Capturing => "doing the actions",
        State::Verifying => "waiting for the verdict",
        State::Final => "ended with a verdict",
        State::Expired => "ended, time ran out",
        State::Aborted => "ended early",
    }
}

fn date(day: i64) -> String {
    DateTime::from_timestamp(day.saturating_mul(24 * 3600), 0).unwrap_or_default().date_naive().to_string()
}

fn clock(at: Millis, utc_offset: i64) -> String {
    let seconds = i64::try_from(at.0 / 1000).unwrap_or(i64::MAX).saturating_add(utc_offset * 3600);
    DateTime::from_timestamp(seconds, 0).unwrap_or_default().naive_utc().to_string()
}

fn zone(utc_offset: i64) -> String {
    if utc_offset == 0 { "UTC".into() } else { format!("UTC{utc_offset:+}") }
}
