//! `faceid replay`: stored evidence judged once more by the real judge. Its agreement on a session that passes is part of `cargo xtask test --only system`.

use crate::{
    common::{Script, World},
    database,
    page::Page,
};
use faceid_cloud::judging::Liveness;
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn models() -> Option<PathBuf> {
    let folder =
        std::env::var_os("FACEID_MODELS").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models"), PathBuf::from);
    if folder.join("face_embedding.onnx").exists() {
        return Some(folder);
    }
    assert!(std::env::var_os("FACEID_REQUIRE_MODELS").is_none(), "models are missing");
    eprintln!("skipped: replay (no models in {})", folder.display());
    None
}

fn replay(data: &Path, models: &Path, token: &str, more: &[&str]) -> (Option<i32>, Value, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_faceid"));
    match database::url_of(data) {
        Some(url) => command.env("FACEID_DATABASE_URL", url),
        None => command.env_remove("FACEID_DATABASE_URL"),
    };
    command.arg("--data").arg(data).args(["--json", "replay", token, "--models"]).arg(models).args(more).env("FACEID_LOG", "warn");
    let Output { status, stdout, stderr } = command.output().expect("faceid runs");
    (status.code(), serde_json::from_slice(&stdout).unwrap_or_default(), String::from_utf8_lossy(&stderr).into_owned())
}

/// A session that the scripted judge saw in this way.
async fn judged(world: &World, liveness: Liveness) -> String {
    world.script(|script| *script = Script { liveness, ..Script::default() });
    let token = world.token().await;
    let mut page = Page::ready(world, &token).await;
    assert_eq!(page.finalise().await.status.as_u16(), 200, "verdict");
    token
}

#[tokio::test]
async fn a_second_judgement_agrees_or_says_that_it_does_not() {
    let Some(models) = models() else { return };
    let world = World::new().await;
    // These frames are no pictures: whatever the script said, the real judge cannot read them.
    let (unreadable, believed) = (judged(&world, Liveness::NotJudged).await, judged(&world, Liveness::Live).await);
    let running = world.token().await;
    drop(Page::open(&world, &running).await);
    let data = world.folder.path();

    let (code, report, errors) = replay(data, &models, &unreadable, &[]);
    assert_eq!(code, Some(0), "{errors}");
    assert_eq!((&report["agree"], &report["frames"], &report["same_rules"]), (&true.into(), &41.into(), &false.into()), "{report}");
    assert_eq!((&report["stored"]["code"], &report["again"]["code"]), (&4200.into(), &4200.into()), "{report}");
    assert_eq!(report["stored"]["judged_by"], "scripted", "kept with the verdict");
    assert!(report["again"]["judged_by"].as_str().is_some_and(|by| by.starts_with("faceid ")), "{report}");

    for more in [&[][..], &["--compare"]] {
        let (code, report, errors) = replay(data, &models, &believed, more);
        assert_eq!((code, errors.trim()), (Some(1), "error: the verdicts differ"), "{report}");
        assert_eq!(
            (&report["stored"]["message"], &report["again"]["message"]),
            (&"SUCCESS".into(), &"VERIFICATION_FAILURE".into()),
            "{report}"
        );
    }
    for (token, why) in [("unknown", "no such session"), (running.as_str(), "no verdict that was made from evidence")] {
        let (code, _, errors) = replay(data, &models, token, &[]);
        assert!(code == Some(3) && errors.contains(why), "{token}: {code:?} {errors}");
    }
    assert_eq!(world.outcome(&believed).await.0, 1000, "a replay changes nothing");

    world.app.store.erase(&unreadable, world.clock_now()).await.expect("erased");
    let (code, _, errors) = replay(data, &models, &unreadable, &[]);
    assert!(code == Some(3) && errors.contains("erased"), "{code:?} {errors}");
}
