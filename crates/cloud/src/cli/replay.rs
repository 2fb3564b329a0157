//! `faceid replay`.

use super::{Common, Failure, serve};
use crate::{
    App, DemoMode,
    clock::{SharedClock, SystemClock},
    face_judge::FaceJudge,
    models,
    replay::{ReplayError, Stored},
};
use clap::Args;
use std::{path::PathBuf, sync::Arc};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The token of a session that was judged and is still kept.
    biz_token: String,
    /// Also compare, which asks the authority again. Without it only the judge is run.
    #[arg(long)]
    compare: bool,
    /// Folder of the model files.
    #[arg(long)]
    models: Option<PathBuf>,
}

/// Exit codes: 0 both verdicts agree, 1 they differ, 3 there is nothing to judge or the judge cannot run.
pub(super) async fn run(common: &Common, options: Options) -> Result<(), Failure> {
    let mut config = common.settings()?;
    if let Some(folder) = options.models {
        config.models.dir = folder;
    }
    let store = common.open(&config).await?;
    let stored = Stored::read(&store, &options.biz_token).await.map_err(failure)?;
    let judge = models::load(&config.models.dir).map_err(Failure::environment)?;
    let clock: SharedClock = Arc::new(SystemClock);
    let authority = serve::authority(&config, &store, &clock)?;
    let judging = Arc::new(FaceJudge::new(judge, stored.is_simulated(), config.judge.cues.0.clone()));
    let app = App::new(store, clock, config, judging, authority, DemoMode::default());
    let replayed = stored.replay(&app, options.compare).await.map_err(failure)?;
    let json = serde_json::to_value(&replayed).map_err(Failure::environment)?;
    common.print(&json, || {
        let line =
            |of: &crate::replay::Judgement| format!("{} {}", of.code.map_or_else(|| "-".into(), |code| code.to_string()), of.message);
        let word = |yes, one: &'static str, other: &'static str| if yes { one } else { other };
        format!(
            "stored  {}\nagain   {}\n{}, {}, {}",
            line(&replayed.stored),
            line(&replayed.again),
            word(replayed.agree, "the verdicts agree", "THE VERDICTS DIFFER"),
            word(replayed.figures_agree, "figures are the same", "figures differ"),
            word(replayed.same_rules, "same build, policy and networks", "another build, policy or other networks"),
        )
    });
    if replayed.agree { Ok(()) } else { Err(Failure::check("the verdicts differ")) }
}

fn failure(error: ReplayError) -> Failure {
    Failure::environment(error)
}
