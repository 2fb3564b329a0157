//! The independent protocol client (tests/protocol, written from docs/protocol.md alone) against the real cloud.

use crate::{
    process::{built, output, root, run, step, target_dir},
    services::{NAME, NUMBER, Services, Setup},
    sim,
};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::{path::Path, process::Command};

/// A session that passes, judged again afterwards from what was stored; one whose evidence is incomplete. More of the first with `long`.
///
/// # Errors
/// When a session does not end as it must.
pub(crate) fn run_client(long: bool) -> Result<()> {
    let photos = sim::photos()?;
    let takes = target_dir().join("demo-files/takes");
    step("filming the simulated person for the independent client");
    run(Command::new(built().join("faceid-lab")).current_dir(root()).arg("film").arg(&photos.of_person).arg("-o").arg(&takes))?;
    let services = Services::start(&Setup { port: 8190, id_photo: Some(&photos.id_photo), accept_simulated: true, actions: &[] })?;
    for _ in 0..if long { 10 } else { 1 } {
        let passed = session(&services, &takes, &[])?;
        expect(&passed, 51_000, 1000, "SUCCESS")?;
        let verbose = &passed["result"];
        ensure!(verbose["images"]["image_best"].as_u64() > Some(0), "the backend gets the picture: {passed}");
        ensure!(verbose["cues"].as_array().is_some_and(|cues| !cues.is_empty()), "the backend gets the cues by name: {passed}");
        replay(&services, passed["biz_token"].as_str().context("a token")?)?;
    }
    let incomplete = session(&services, &takes, &["--forget-frame"])?;
    expect(&incomplete, 54_200, 4200, "VERIFICATION_FAILURE")
}

fn session(services: &Services, takes: &Path, more: &[&str]) -> Result<Value> {
    step("a session by the independent client");
    let printed = output(
        Command::new("node")
            .arg(root().join("tests/protocol/client.mjs"))
            .args(["--cloud", services.cloud(), "--origin", services.url(), "--name", NAME, "--number", NUMBER])
            .arg("--key-file")
            .arg(services.key_file())
            .arg("--takes")
            .arg(takes)
            .args(more),
    )?;
    println!("{}", printed.trim_end());
    serde_json::from_str(&printed).context("the client prints one JSON line")
}

/// What the client was told, and what the backend learned.
fn expect(outcome: &Value, told: u64, code: u64, message: &str) -> Result<()> {
    let found = (outcome["told"]["code"].as_u64(), outcome["result"]["result_code"].as_u64(), outcome["result"]["result_message"].as_str());
    ensure!(found == (Some(told), Some(code), Some(message)), "expected {told}, {code} {message}: {outcome}");
    Ok(())
}

/// The stored evidence, judged once more by the command line, gives the same verdict.
fn replay(services: &Services, token: &str) -> Result<()> {
    let mut command = Command::new(built().join("faceid"));
    command.arg("--data").arg(services.data()).args(["--json", "replay", token, "--compare", "--models"]).arg(root().join("models"));
    let printed = output(&mut command)?;
    println!("{}", printed.trim_end());
    let report: Value = serde_json::from_str(&printed).context("replay prints one JSON line")?;
    if report["agree"] != true {
        bail!("the second judgement differs: {report}");
    }
    Ok(())
}
