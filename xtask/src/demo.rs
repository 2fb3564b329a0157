//! `cargo xtask demo`: the whole system on this machine, from a clean clone to a page in a browser.

use crate::{
    models,
    process::{PROFILE, built, cargo, output, root, run, step, target_dir},
    services::{Services, Setup},
    sim, testing, tools, video, web,
};
use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::{Value, json};
use std::{path::PathBuf, process::Command};

/// Options of `cargo xtask demo`.
#[derive(Args, Clone)]
pub(crate) struct Options {
    /// Port of the cloud; the page is on the next one.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Headless Chromium completes the flow with the simulated person.
    #[arg(long, conflicts_with = "camera")]
    simulate: bool,
    /// The simulated person is a photograph that does not move.
    #[arg(long, requires = "simulate")]
    still: bool,
    /// Seed of the simulated person.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A video (mjpeg, y4m, mp4 …) as the camera.
    #[arg(long, requires = "actions")]
    camera: Option<PathBuf>,
    /// Actions in order, for a recorded camera that cannot answer prompts.
    #[arg(long, value_delimiter = ',', value_parser = ["nod", "shake", "blink", "mouth"])]
    actions: Vec<String>,
    /// Photograph the authority holds: a file, or `other` for another person's.
    #[arg(long)]
    id_photo: Option<String>,
    /// Tell the longest tasks of the page's main thread.
    #[arg(long)]
    tasks: bool,
    /// Save a picture of every page state here.
    #[arg(long)]
    screenshots: Option<PathBuf>,
}

impl Options {
    /// The simulated person of a seed, beside a demo that may be running.
    fn simulated(seed: u64) -> Self {
        Self {
            port: 8180,
            simulate: true,
            still: false,
            seed,
            camera: None,
            actions: Vec::new(),
            id_photo: None,
            tasks: false,
            screenshots: None,
        }
    }
}

/// What a run must end with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expect {
    /// 1000.
    Same,
    /// 2000.
    Different,
    /// Anything but 1000.
    StillRefused,
}

/// Builds every native binary once, with the feature resolution all commands share.
pub(crate) fn build_native() -> Result<()> {
    step("building the cloud, the lab and the demo backend (several minutes on the first run)");
    run(cargo().arg("build").args(PROFILE).args(["--locked", "--workspace", "--bins", "--quiet"]).args(web::FEATURES))
}

/// Runs the demo.
///
/// # Errors
/// When set-up fails, or the flow does not end with the expected result.
pub(crate) fn demo(options: &Options) -> Result<()> {
    let automatic = options.simulate || options.camera.is_some();
    if automatic {
        tools::need_browser()?
    } else {
        tools::need_node()?
    }
    tools::wasm_target()?;
    step("models: fetch, convert, verify");
    models::run(models::Args::default())?;
    build_native()?;
    web::build_web()?;
    if !automatic {
        return serve(options);
    }
    let expect = match (&options.id_photo, options.still) {
        (_, true) => Expect::StillRefused,
        (Some(text), false) if text == "other" => Expect::Different,
        (Some(_) | None, false) => Expect::Same,
    };
    let result = play(options)?;
    println!("{result}");
    judge(&result, expect)
}

/// One simulated run on an existing build; used by the tests.
pub(crate) fn simulate_expecting(seed: u64, expect: Expect) -> Result<()> {
    let options = Options {
        still: expect == Expect::StillRefused,
        id_photo: (expect == Expect::Different).then(|| "other".to_owned()),
        ..Options::simulated(seed)
    };
    let result = play(&options)?;
    println!("{result}");
    judge(&result, expect)?;
    if expect == Expect::StillRefused { Ok(()) } else { shows_injection(&result) }
}

/// The longest tasks of the page's main thread in a simulated session, on an existing page.
pub(crate) fn main_thread() -> Result<Value> {
    build_native()?;
    let mut result = play(&Options { tasks: true, ..Options::simulated(1) })?;
    Ok(result["demo"]["main_thread"].take())
}

/// The simulated person is drawn, and handed over by a replaced `getUserMedia`: signals that do not say so were not read.
fn shows_injection(result: &Value) -> Result<()> {
    for signal in ["drawn_track", "patched_get_user_media"] {
        let line = result["demo"]["injection"]["signals"].as_array().and_then(|all| all.iter().find(|line| line["name"] == signal));
        ensure!(line.is_some_and(|line| line["raised"] == true), "the browser's signals do not show {signal}: {result}");
    }
    Ok(())
}

fn judge(result: &Value, expect: Expect) -> Result<()> {
    let code = result["result_code"].as_u64().context("the answer has no result_code")?;
    let passed = result["demo"]["actions"].as_array().map_or(0, Vec::len);
    match expect {
        Expect::Same => ensure!(code == 1000, "expected result_code 1000, got {code}"),
        Expect::Different => ensure!(code == 2000, "expected result_code 2000, got {code}"),
        Expect::StillRefused => ensure!(code != 1000, "a still photograph was accepted"),
    }
    ensure!(expect == Expect::StillRefused || passed > 0, "no action was reported as passed");
    Ok(())
}

/// Starts everything for a person at this machine; the authority holds no photograph, so the demo ends 3000 unless one is given.
fn serve(options: &Options) -> Result<()> {
    let photo = options.id_photo.as_ref().map(PathBuf::from);
    let services =
        Services::start(&Setup { port: options.port, id_photo: photo.as_deref(), accept_simulated: false, actions: &options.actions })?;
    println!("{}", services.url());
    if photo.is_none() {
        step("no --id-photo given: a passed session ends 3000 NO_ID_PHOTO; give a photograph of yourself to be compared with");
    }
    step("press Ctrl-C to stop");
    services.wait()
}

/// Runs the flow in headless Chromium and returns get_result with the demo's own facts added.
fn play(options: &Options) -> Result<Value> {
    let tests = root().join("tests");
    testing::npm_ci(&tests)?;
    let scratch = target_dir().join("demo-files");
    std::fs::create_dir_all(&scratch).with_context(|| format!("cannot create {}", scratch.display()))?;
    let mut driver = Command::new("node");
    driver.current_dir(&tests).arg("harness/drive.mjs").env("FACEID_CHROMIUM", tools::chromium()?);
    let id_photo = if let Some(clip) = &options.camera {
        let camera = video::to_mjpeg(clip, &scratch)?;
        driver.arg("--camera").arg(camera);
        match &options.id_photo {
            Some(photo) => PathBuf::from(photo),
            None => best_frame(clip, &scratch.join("best.jpg"))?,
        }
    } else {
        let person = sim::prepare()?;
        driver.arg(if options.still { "--still" } else { "--simulate" });
        driver.args(["--seed", &options.seed.to_string()]).arg("--sim").arg(&person.module).arg("--portrait").arg(&person.portrait);
        match options.id_photo.as_deref() {
            None => person.id_photo,
            Some("other") => person.other_id_photo,
            Some(photo) => PathBuf::from(photo),
        }
    };
    if options.tasks {
        driver.arg("--tasks");
    }
    if let Some(folder) = &options.screenshots {
        driver.arg("--screenshots").arg(std::path::absolute(folder)?);
    }
    let services = Services::start(&Setup {
        port: options.port,
        id_photo: Some(&id_photo),
        accept_simulated: options.simulate,
        actions: &options.actions,
    })?;
    driver.args(["--url", services.url()]);
    step("running the flow in headless Chromium");
    let printed = output(&mut driver)?;
    let summary: Value = serde_json::from_str(printed.lines().last().unwrap_or_default()).context("the driver's last line is not JSON")?;
    let mut result = summary["result"].clone();
    ensure!(result.is_object(), "the page showed no result: {summary}");
    let told = services.verbose_result(result["biz_token"].as_str().context("the result has no biz_token")?)?;
    result["demo"] = json!({ "actions": summary["actions"], "seed": options.seed, "injection": told["injection"] });
    if let Some(tasks) = summary.get("mainThread") {
        result["demo"]["main_thread"] = tasks.clone();
    }
    Ok(result)
}

fn best_frame(clip: &std::path::Path, out: &std::path::Path) -> Result<PathBuf> {
    step("taking the clip's best frontal frame as the ID photo");
    run(Command::new(built().join("faceid-lab")).current_dir(root()).arg("bestframe").arg(std::path::absolute(clip)?).arg("-o").arg(out))?;
    Ok(out.to_path_buf())
}
