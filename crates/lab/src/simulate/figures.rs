//! Sessions drawn from traces, and what comes of them.

use std::collections::BTreeMap;

use faceid_protocol::{Action, Millis};
use faceid_session::cues::{Parallax, ParallaxParams, Unmeasured, parallax};
use faceid_simulate::{Doing, Passage};
use faceid_vision::Geometry;
use serde::Serialize;

use super::plan::{Counts, Kind};
use super::play::{Answer, Played, Reel, Stretch, gesture, play};
use super::rng::Rng;
use super::trace::Trace;
use crate::metrics::wilson95;

/// Hits of tries with the 95 % Wilson interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    /// Hits.
    pub hits: usize,
    /// Tries.
    pub of: usize,
    /// `hits / of`; `null` without tries.
    pub rate: Option<f64>,
    /// 95 % Wilson interval.
    pub interval95: Option<[f64; 2]>,
}

impl Share {
    /// Counts `hits` of `of`.
    #[must_use]
    pub fn new(hits: usize, of: usize) -> Self {
        Self { hits, of, rate: (of > 0).then(|| hits as f64 / of as f64), interval95: wilson95(hits, of) }
    }
}

/// One action's commands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CommandRow {
    /// Kind of person, or `all`.
    pub kind: &'static str,
    /// nod, shake, blink or mouth.
    pub action: &'static str,
    /// Passed at the first performance.
    pub recall: Share,
    /// Passed in the end, with repeats.
    pub passed: Share,
    /// Nod taken for shake or shake for nod.
    pub confused: Share,
    /// Any other action seen.
    pub wrong: Share,
}

/// Prompts while the person does something else.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WindowRow {
    /// What the person does; `rest` for windows of 8 s.
    pub doing: &'static str,
    /// What was asked.
    pub action: &'static str,
    /// Taken for the action.
    pub triggered: Share,
}

/// Three-action sessions of one kind or attack species.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SessionRow {
    /// Kind.
    pub kind: &'static str,
    /// Clips that they were drawn from.
    pub clips: usize,
    /// All three actions passed.
    pub passed: Share,
    /// Got as far as the first prompt.
    pub calibrated: Share,
    /// Actions passed, over all prompts.
    pub actions: BTreeMap<&'static str, Share>,
    /// How the others ended: code and count.
    pub ended: BTreeMap<u32, usize>,
}

/// Planar parallax over the nods and shakes of one kind's sessions (see `faceid_session::cues`): positive = moves like a plane.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ParallaxRow {
    /// Kind.
    pub kind: &'static str,
    /// nod or shake.
    pub action: &'static str,
    /// Recordings.
    pub recordings: usize,
    /// Of these, measured.
    pub measured: usize,
    /// Score at the 1st, 5th, 50th, 95th and 99th hundredth; `null` without any.
    pub quantiles: Option<[f32; 5]>,
}

/// A recording that was missed when shown first, for looking at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MissedRow {
    /// Kind.
    pub kind: &'static str,
    /// Seed of the clip.
    pub seed: u64,
    /// Identity's index.
    pub identity: usize,
    /// What was asked and done.
    pub action: &'static str,
    /// Frames per second.
    pub fps: f64,
    /// Width of the picture, px.
    pub width: u32,
    /// How it was done.
    pub passage: Option<Passage>,
    /// Missed, of the times it was shown first.
    pub missed: Share,
}

/// Everything measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// Genuine commands, per kind and in all.
    pub commands: Vec<CommandRow>,
    /// False triggers.
    pub windows: Vec<WindowRow>,
    /// Sessions per kind and species.
    pub sessions: Vec<SessionRow>,
    /// Planar parallax.
    pub parallax: Vec<ParallaxRow>,
    /// Recordings of people missed at least once, most often missed first.
    pub missed: Vec<MissedRow>,
}

/// Actions per session.
pub(crate) const ASKED: usize = 3;
/// Length of a window of rest.
pub(super) const WINDOW: Millis = Millis(8000);

/// Draws and plays everything.
#[must_use]
pub fn figures(traces: &[Trace], geometry: &Geometry, counts: Counts) -> Figures {
    let reels: Vec<Reel<'_>> = traces.iter().map(Reel::new).collect();
    let of = |kind: Kind| reels.iter().filter(|r| r.trace().plan.kind == kind).collect::<Vec<_>>();
    let genuine: Vec<Kind> = Kind::ALL.into_iter().filter(|k| k.genuine() && !of(*k).is_empty()).collect();
    let mut commands = Vec::new();
    let mut sessions = Vec::new();
    let mut everyone = Vec::new();
    let mut missed = Vec::new();
    for kind in Kind::ALL {
        let clips = of(kind);
        if clips.is_empty() {
            continue;
        }
        let wanted = if kind.genuine() { counts.sessions.div_ceil(genuine.len()) } else { counts.attacks };
        let played: Vec<Played> = (0..wanted).filter_map(|i| Some(session(clips.get(i % clips.len())?, i as u64))).collect();
        if kind.genuine() {
            missed.extend(missed_rows(&clips, &played));
        }
        sessions.push(session_row(kind.name(), clips.len(), &played));
        if kind.genuine() {
            commands.extend(Action::ALL.map(|action| command_row(kind.name(), action, &played)));
            everyone.extend(played);
        }
    }
    if genuine.len() > 1 {
        commands.extend(Action::ALL.map(|action| command_row("all", action, &everyone)));
    }
    let windows = windows(&reels.iter().filter(|r| r.trace().plan.kind.genuine()).collect::<Vec<_>>(), counts.windows);
    let parallax = Kind::ALL.into_iter().flat_map(|kind| parallax_rows(kind, &of(kind), geometry)).collect();
    missed.sort_by(|a: &MissedRow, b| b.missed.rate.unwrap_or(0.0).total_cmp(&a.missed.rate.unwrap_or(0.0)).then(a.seed.cmp(&b.seed)));
    Figures { commands, windows, sessions, parallax, missed }
}

/// Sessions were dealt to the clips in turn.
fn missed_rows(clips: &[&Reel<'_>], played: &[Played]) -> Vec<MissedRow> {
    let mut counts: BTreeMap<(usize, usize, Action), (usize, usize)> = BTreeMap::new();
    for (index, session) in played.iter().enumerate() {
        for command in &session.commands {
            let Some(take) = command.take else { continue };
            let count = counts.entry((index % clips.len(), take, command.asked)).or_default();
            count.0 += usize::from(!command.first);
            count.1 += 1;
        }
    }
    let row = |((clip, take, action), (missed, shown)): (&(usize, usize, Action), &(usize, usize))| {
        let reel = clips[*clip];
        let plan = &reel.trace().plan;
        MissedRow {
            kind: plan.kind.name(),
            seed: plan.seed,
            identity: plan.identity,
            action: action.name(),
            fps: plan.fps,
            width: plan.width,
            passage: reel.passage(*take),
            missed: Share::new(*missed, *shown),
        }
    };
    counts.iter().filter(|(_, (missed, _))| *missed > 0).map(row).collect()
}

/// Every recorded nod and shake of a kind, once: the rest before it is the neutral.
fn parallax_rows(kind: Kind, reels: &[&Reel<'_>], geometry: &Geometry) -> Vec<ParallaxRow> {
    let row = |action: Action| {
        let mut scores = Vec::new();
        let mut recordings = 0;
        for reel in reels {
            for stretch in reel.all(Doing::Gesture(gesture(action))) {
                recordings += 1;
                let (neutral, moving) = reel.landmarks(stretch);
                match parallax(&neutral, &moving, geometry, &ParallaxParams::default()) {
                    Parallax::Measured(score) => scores.push(score),
                    Parallax::NotMeasured(Unmeasured::Neutral | Unmeasured::Motion) => {}
                }
            }
        }
        scores.sort_by(f32::total_cmp);
        let at = |q: f64| scores[((scores.len() - 1) as f64 * q).round() as usize];
        let quantiles = (!scores.is_empty()).then(|| [0.01, 0.05, 0.5, 0.95, 0.99].map(at));
        ParallaxRow { kind: kind.name(), action: action.name(), recordings, measured: scores.len(), quantiles }
    };
    if reels.is_empty() { Vec::new() } else { [Action::Nod, Action::Shake].map(row).to_vec() }
}

/// One session: three actions drawn as the server draws them.
pub(crate) fn session(reel: &Reel<'_>, index: u64) -> Played {
    let mut rng = Rng::new(index.wrapping_mul(0x1_0001) ^ reel.trace().plan.seed);
    let mut actions: Vec<Action> = Vec::with_capacity(ASKED);
    while actions.len() < ASKED {
        actions.extend(rng.pick(&Action::choices(&actions, actions.len() + 1 == ASKED, &[])));
    }
    play(reel, &actions, Answer::Obedient, &mut rng)
}

fn command_row(kind: &'static str, action: Action, played: &[Played]) -> CommandRow {
    let all: Vec<_> = played.iter().flat_map(|p| &p.commands).filter(|c| c.asked == action).collect();
    let count = |test: &dyn Fn(&super::play::Command) -> bool| Share::new(all.iter().filter(|c| test(c)).count(), all.len());
    let other = match action {
        Action::Nod => Some(Action::Shake),
        Action::Shake => Some(Action::Nod),
        Action::Blink | Action::Mouth => None,
    };
    CommandRow {
        kind,
        action: action.name(),
        recall: count(&|c| c.first),
        passed: count(&|c| c.passed),
        confused: count(&|c| other.is_some() && c.wrong == other),
        wrong: count(&|c| c.wrong.is_some()),
    }
}

fn session_row(kind: &'static str, clips: usize, played: &[Played]) -> SessionRow {
    let count = |test: &dyn Fn(&Played) -> bool| Share::new(played.iter().filter(|p| test(p)).count(), played.len());
    let mut ended = BTreeMap::new();
    for code in played.iter().filter(|p| !p.passed).filter_map(|p| p.code) {
        *ended.entry(code).or_insert(0) += 1;
    }
    let per_action = |action: Action| {
        let asked: Vec<_> = played.iter().flat_map(|p| &p.commands).filter(|c| c.asked == action).collect();
        (action.name(), Share::new(asked.iter().filter(|c| c.passed).count(), asked.len()))
    };
    SessionRow {
        kind,
        clips,
        passed: count(&|p| p.passed),
        calibrated: count(&|p| p.calibrated),
        actions: Action::ALL.map(per_action).into_iter().collect(),
        ended,
    }
}

/// Every action asked while the person does something else: windows of 8 s at rest, and each other doing once per recording.
fn windows(reels: &[&Reel<'_>], per_clip: usize) -> Vec<WindowRow> {
    let mut counts: BTreeMap<(&'static str, Action), (usize, usize)> = BTreeMap::new();
    for reel in reels {
        let mut rng = Rng::new(reel.trace().plan.seed ^ 0x8000);
        let rest = (0..per_clip).filter_map(|_| reel.rest()?.part(reel.trace(), rng.unit(), WINDOW));
        let mut stretches: Vec<(Stretch, Millis)> = rest.map(|s| (s, WINDOW)).collect();
        stretches.extend(Doing::OTHER.iter().flat_map(|doing| reel.all(*doing)).map(|s| (s, s.lasting(reel.trace()))));
        for (stretch, lasting) in stretches {
            for action in Action::ALL {
                let played = play(reel, &[action], Answer::Show(stretch, lasting), &mut rng);
                let Some(command) = played.commands.first() else { continue };
                let count = counts.entry((stretch.doing.name(), action)).or_default();
                count.0 += usize::from(command.passed);
                count.1 += 1;
            }
        }
    }
    let row = |((doing, action), (hits, of)): (&(&'static str, Action), &(usize, usize))| WindowRow {
        doing,
        action: action.name(),
        triggered: Share::new(*hits, *of),
    };
    counts.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::plan::ClipPlan;
    use crate::simulate::trace::Measured;
    use faceid_simulate::{Presentation, Truth};
    use faceid_testkit::SyntheticFace;

    /// A clip measured without networks or error.
    fn trace(kind: Kind, index: usize, seen: impl Fn(&Truth) -> Truth) -> Trace {
        let plan = ClipPlan { width: 640, height: 480, ..ClipPlan::draw(kind, index, 1) };
        let routine = plan.routine();
        let frame = |t: u64| {
            let truth = seen(&routine.truth(t as f64));
            let open = 1.0 - truth.eye_closure as f32;
            let face = SyntheticFace {
                yaw: truth.yaw as f32,
                pitch: truth.pitch as f32,
                left: open,
                right: open,
                mouth: 0.02 + 0.32 * truth.mouth_opening as f32,
                lips: 0.13,
                ..SyntheticFace::default()
            };
            Measured::new(Millis(t), face.observation())
        };
        let frames = plan.times(routine.duration_ms()).into_iter().map(frame).collect();
        Trace { plan, frames }
    }

    fn geometry() -> Geometry {
        let vertices = (0..468)
            .map(|i| match i {
                33 => [-4.4, 2.7, 3.2],
                263 => [4.4, 2.7, 3.2],
                4 => [0.0, -0.5, 7.6],
                10 => [0.0, 8.3, 4.5],
                152 => [0.0, -9.4, 4.3],
                _ => [(i as f32 * 2.4).cos() * 6.0, (i as f32 * 2.4).sin() * 8.0, 3.0],
            })
            .collect();
        Geometry::from_vertices(vertices).expect("a face")
    }

    const FEW: Counts = Counts { clips: 4, attack_clips: 2, sessions: 24, attacks: 6, windows: 1 };

    #[test]
    fn people_pass_and_pictures_do_not() {
        let mut traces: Vec<Trace> = (0..4).map(|i| trace(Kind::Puppet, i, |t| *t)).collect();
        let still = Kind::Photo(Presentation::Still);
        traces.extend((0..2).map(|i| trace(still, i, |t| Truth { yaw: 2.0, ..Truth::rest(t.t_ms) })));
        let figures = figures(&traces, &geometry(), FEW);
        let row = |kind: &str| figures.sessions.iter().find(|r| r.kind == kind).expect("a row");
        // Sessions with a shake longer than an evidence window can show at this frame rate do not pass.
        assert!(row("puppet").passed.hits >= 12 && row("puppet").passed.of == 24, "{:?}", row("puppet"));
        assert_eq!((row("photo_still").passed.hits, row("photo_still").calibrated.hits), (0, 6), "{:?}", row("photo_still"));
        for action in Action::ALL {
            let commands = figures.commands.iter().find(|r| r.kind == "puppet" && r.action == action.name()).expect("a row");
            let least = if action == Action::Shake { 4 } else { 8 };
            assert!(commands.recall.of >= 6 && commands.recall.hits * 10 >= commands.recall.of * least, "{commands:?}");
            assert!(commands.passed.hits >= commands.recall.hits, "{commands:?}");
            let rest = figures.windows.iter().find(|r| r.doing == "rest" && r.action == action.name()).expect("a row");
            assert_eq!(rest.triggered.of, 4, "one window per clip: {rest:?}");
        }
        assert_eq!(figures, self::figures(&traces, &geometry(), FEW), "repeats");
    }

    #[test]
    fn a_swapped_gesture_counts_as_confusion() {
        // Whoever nods when asked to shake: commanded pitch shown as yaw is not enough for a shake, so the nods are swapped whole.
        let swapped = |t: &Truth| Truth { pitch: t.yaw * 0.8, yaw: 0.0, ..*t };
        let traces: Vec<Trace> = (0..3).map(|i| trace(Kind::Puppet, i, swapped)).collect();
        let figures = figures(&traces, &geometry(), FEW);
        let shakes = figures.commands.iter().find(|r| r.action == "shake").expect("a row");
        assert!(shakes.recall.hits == 0 && shakes.confused.hits > 0, "{shakes:?}");
    }
}
