//! Runs the session machine in the page: inputs in, events out, effects done. All decisions are the machine's.

mod lens;

use super::{
    camera::{self, Camera, Playback},
    capture,
    client::{CallError, Client, Jpeg},
    config::Config,
    error,
    events::{PageEvent, state_name},
    frames::{Drawing, Grabber, Pixels},
    page,
    port::{EnginePort, Report},
    telemetry::Meter,
    ticker::Ticker,
};
use faceid_protocol::{
    Millis,
    codes::{Coded, sdk},
    wire::{Capture, Environment, Refusal, SessionConfig, Telemetry},
};
use faceid_session::{Challenge, Effect, Event, FrameId, Input, NetworkFault, Output, Params, Plan, Session, StateName};
use lens::Lens;
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{future_to_promise, spawn_local};
use web_sys::{HtmlVideoElement, Worker};

/// Longest side judged and kept while the server has not said otherwise, px.
const DEFAULT_SIDE: u32 = 480;
/// Longest wait until the server knows of an ending before the page does, ms.
const FAREWELL_MS: u32 = 1000;

/// One attempt, from init to Closed.
pub(crate) struct Driver {
    config: Config,
    on_event: js_sys::Function,
    video: HtmlVideoElement,
    session: RefCell<Session>,
    inputs: RefCell<VecDeque<Input>>,
    stepping: Cell<bool>,
    state: Cell<StateName>,
    closed: Cell<bool>,
    /// The attempt is closed.
    over: page::Once,
    client: Client,
    engine: RefCell<Option<EnginePort>>,
    worker: Worker,
    engine_state: Cell<EngineState>,
    lens: Lens,
    grabber: Grabber,
    meter: RefCell<Meter>,
    capture: RefCell<Option<Capture>>,
    frame_count: Cell<u64>,
    /// A frame is being taken; one is at the worker; the newest taken meanwhile waits, so that the worker never waits for the camera.
    grabbing: Cell<bool>,
    in_flight: Cell<bool>,
    waiting: RefCell<Option<(Millis, Pixels)>>,
    camera_ready: Cell<bool>,
    best: RefCell<Option<String>>,
    /// Frames that the machine has spared; the worker hears of them with the next frame.
    spared: RefCell<Vec<FrameId>>,
    ticker: Ticker,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EngineState {
    Idle,
    Loading,
    Ready { drawing: Drawing },
    Failed,
}

impl Driver {
    pub(crate) fn new(config: Config, video: HtmlVideoElement, worker: Worker, on_event: js_sys::Function) -> Rc<Self> {
        let client = Client::new(config.server.clone());
        Rc::new(Self {
            config,
            on_event,
            video,
            session: RefCell::new(Session::new(Params::default())),
            inputs: RefCell::default(),
            stepping: Cell::new(false),
            state: Cell::new(StateName::NotStarted),
            closed: Cell::new(false),
            over: page::Once::default(),
            client,
            engine: RefCell::new(None),
            worker,
            engine_state: Cell::new(EngineState::Idle),
            lens: Lens::default(),
            grabber: Grabber::default(),
            meter: RefCell::default(),
            capture: RefCell::default(),
            frame_count: Cell::new(0),
            grabbing: Cell::new(false),
            in_flight: Cell::new(false),
            waiting: RefCell::new(None),
            camera_ready: Cell::new(false),
            best: RefCell::new(None),
            spared: RefCell::default(),
            ticker: Ticker::default(),
        })
    }

    pub(crate) fn state(&self) -> &'static str {
        state_name(self.state.get())
    }

    pub(crate) fn return_prefixes(&self) -> Vec<String> {
        self.client.settings().map(|settings| settings.return_prefixes).unwrap_or_default()
    }

    /// Loads the engine, early: it takes longer than anything else.
    pub(crate) fn load_engine(self: &Rc<Self>) {
        if self.engine_state.get() != EngineState::Idle {
            return;
        }
        self.engine_state.set(EngineState::Loading);
        let weak = Rc::downgrade(self);
        let port = EnginePort::new(self.worker.clone(), move |report| {
            if let Some(driver) = weak.upgrade() {
                driver.on_report(report);
            }
        });
        port.load(&self.config.assets);
        self.engine.replace(Some(port));
        let weak = Rc::downgrade(self);
        let late_or_over = self.over.at_most(self.config.engine_timeout_ms);
        spawn_local(async move {
            late_or_over.await;
            if let Some(driver) = weak.upgrade().filter(|driver| !driver.closed.get())
                && driver.engine_state.get() == EngineState::Loading
            {
                driver.engine_failed("the worker did not answer in time");
            }
        });
    }

    /// Redeems the token.
    ///
    /// # Errors
    /// `LivenessError`; the attempt is closed then.
    pub(crate) async fn init(self: Rc<Self>) -> Result<(), JsValue> {
        let environment = Environment {
            user_agent: web_sys::window().and_then(|w| w.navigator().user_agent().ok()).unwrap_or_default(),
            camera_label: String::new(),
            language: self.config.language.clone(),
        };
        match self.client.init(&self.config, environment).await {
            Ok(_) if self.closed.get() => Err(error::row(&sdk::USER_CANCEL)),
            Ok(_) => Ok(()),
            Err(CallError::Refused(coded)) => {
                self.feed(Input::Refused { code: coded.code, message: coded.message.clone().into_owned() });
                Err(error::coded(&coded))
            }
            Err(CallError::Network(fault)) => {
                self.feed(Input::NetworkFailed(fault));
                Err(error::row(&sdk::NETWORK_ERROR))
            }
        }
    }

    /// Starts the machine; only after init.
    ///
    /// # Errors
    /// `LivenessError` 56000 ILLEGAL_PARAMETER before a successful init, or when started twice.
    pub(crate) fn start(self: &Rc<Self>) -> Result<(), JsValue> {
        let settings = self.client.settings().filter(|_| self.state.get() == StateName::NotStarted && !self.closed.get());
        let Some(settings) = settings else { return Err(error::row(&sdk::ILLEGAL_PARAMETER)) };
        self.load_engine();
        self.feed(Input::Start(plan(&settings)));
        self.watch();
        Ok(())
    }

    /// Continues after [`PageEvent::NeedsTap`].
    pub(crate) async fn resume(self: Rc<Self>) {
        let refused = camera::play(&self.video).await == Playback::Refused;
        self.lens.tap.set(refused);
        if refused {
            self.emit(&PageEvent::NeedsTap);
        }
    }

    /// One input, then everything that follows from it. Inputs that arrive meanwhile wait their turn.
    pub(crate) fn feed(self: &Rc<Self>, input: Input) {
        self.inputs.borrow_mut().push_back(input);
        if self.stepping.replace(true) {
            return;
        }
        loop {
            let next = self.inputs.borrow_mut().pop_front();
            let Some(input) = next else { break };
            let output = self.session.borrow_mut().step(page::now(), input);
            self.obey(output);
        }
        self.stepping.set(false);
    }

    fn obey(self: &Rc<Self>, output: Output) {
        // Effects first: when the page hears of the end, the camera is already off.
        let mut told = None;
        for effect in output.effects {
            told = self.perform(effect).or(told);
        }
        for event in output.events {
            match &event {
                Event::State(state) => self.state.set(*state),
                Event::Closed(_) => {
                    self.close();
                    if let Some(told) = told.take() {
                        // Whoever asks get_result once the page has its answer must read the same there.
                        spawn_local(emit_after(Rc::clone(self), told, event.into()));
                        continue;
                    }
                }
                Event::Prompt { .. }
                | Event::Progress { .. }
                | Event::Upload { .. }
                | Event::Guidance(_)
                | Event::ActionSeen { .. }
                | Event::WrongAction { .. }
                | Event::Blink { .. } => {}
            }
            self.emit(&event.into());
        }
        let weak = Rc::downgrade(self);
        self.ticker.set(output.next_deadline.filter(|_| !self.closed.get()), page::now(), move || {
            if let Some(driver) = weak.upgrade() {
                driver.feed(Input::Tick);
            }
        });
    }

    /// The promise settles when the server has been told of an ending.
    fn perform(self: &Rc<Self>, effect: Effect) -> Option<js_sys::Promise> {
        match effect {
            Effect::OpenCamera => self.open_camera(self.config.camera_id.clone()),
            Effect::StopCamera => self.stop_camera(),
            Effect::Retain(ids) => self.with_engine(|engine| engine.retain(&ids)),
            Effect::Release(ids) => self.spared.borrow_mut().extend(ids),
            Effect::KeepBest(id) => self.with_engine(|engine| engine.keep_best(id)),
            Effect::Commit { step, frames, best } => spawn_local(commit(Rc::clone(self), step, frames, best)),
            Effect::Submit => spawn_local(submit(Rc::clone(self))),
            Effect::TellServer(outcome) => {
                let driver = Rc::clone(self);
                return Some(future_to_promise(async move {
                    driver.client.farewell(Refusal { code: outcome.code, message: outcome.message }).await;
                    Ok(JsValue::UNDEFINED)
                }));
            }
        }
        None
    }

    /// Nothing runs after this, whatever path led here.
    fn close(&self) {
        self.closed.set(true);
        self.over.happened();
        self.stop_camera();
        self.client.stop();
        self.engine.replace(None);
    }

    fn stop_camera(&self) {
        self.waiting.replace(None);
        self.lens.close();
    }

    fn with_engine(&self, act: impl FnOnce(&EnginePort)) {
        if let Some(engine) = self.engine.borrow().as_ref() {
            act(engine);
        }
    }

    fn emit(&self, event: &PageEvent) {
        match serde_wasm_bindgen::to_value(event) {
            // A page's handler that throws must not take the session down; the page sees its own error in the console.
            Ok(value) => {
                if let Err(thrown) = self.on_event.call1(&JsValue::UNDEFINED, &value) {
                    web_sys::console::error_1(&thrown);
                }
            }
            Err(problem) => web_sys::console::error_1(&problem.into()),
        }
    }

    fn on_report(self: &Rc<Self>, report: Report) {
        if self.closed.get() {
            return;
        }
        match report {
            Report::Ready { drawing } => {
                self.engine_state.set(EngineState::Ready { drawing });
                self.emit(&PageEvent::EngineReady);
                self.ready_when_both();
            }
            Report::Failed(reason) => self.engine_failed(&reason),
            Report::Observed { id, t, observation } => {
                self.meter.borrow_mut().judged();
                // The engine does not run the action network: models/action/README.md says why.
                self.feed(Input::Observed { id, t, observation, scores: None });
                self.next_frame();
            }
            Report::Skipped => self.next_frame(),
        }
    }

    fn engine_failed(self: &Rc<Self>, reason: &str) {
        if self.engine_state.replace(EngineState::Failed) != EngineState::Failed {
            self.emit(&PageEvent::Note { text: format!("engine: {reason}") });
            self.feed(Input::EngineFailed);
        }
    }

    /// The machine hears of the camera once frames flow and somebody can judge them.
    fn ready_when_both(self: &Rc<Self>) {
        if matches!(self.engine_state.get(), EngineState::Ready { .. })
            && self.meter.borrow().seen() > 0
            && !self.camera_ready.replace(true)
        {
            self.feed(Input::CameraReady);
        }
    }

    /// A new camera frame: count it, and hand it to the worker, or keep it until the worker is free.
    fn on_frame(self: &Rc<Self>, t: Millis) {
        self.meter.borrow_mut().frame(t, page::now(), [self.video.video_width(), self.video.video_height()]);
        if self.lens.fresh.take() {
            let label = self.lens.camera.borrow().as_ref().map(Camera::label).unwrap_or_default();
            self.emit(&PageEvent::Camera { label, width: self.video.video_width(), height: self.video.video_height() });
            let (driver, track) = (Rc::clone(self), self.lens.camera.borrow().as_ref().and_then(Camera::track));
            spawn_local(async move {
                let capture = capture::read(track).await;
                driver.capture.replace(Some(capture));
            });
            self.ready_when_both();
        }
        self.inspect();
        let EngineState::Ready { drawing } = self.engine_state.get() else { return };
        if self.grabbing.replace(true) {
            return;
        }
        let driver = Rc::clone(self);
        spawn_local(async move {
            let pixels = driver.grabber.grab(&driver.video, drawing).await;
            driver.grabbing.set(false);
            let Some(pixels) = pixels.filter(|_| driver.lens.camera.borrow().is_some()) else { return };
            if driver.in_flight.get() {
                driver.waiting.replace(Some((t, pixels)));
            } else {
                driver.judge(t, &pixels);
            }
        });
    }

    /// The worker is free. What the machine wanted kept of the last frame has been said by now.
    fn next_frame(&self) {
        self.in_flight.set(false);
        if let Some((t, pixels)) = self.waiting.take() {
            self.judge(t, &pixels);
        }
    }

    fn judge(&self, t: Millis, pixels: &Pixels) {
        self.in_flight.set(true);
        let id = FrameId(self.frame_count.replace(self.frame_count.get() + 1));
        let side = self.client.settings().map_or(DEFAULT_SIDE, |s| s.evidence_max_side);
        let spared = self.spared.take();
        self.with_engine(|engine| engine.observe(id, t, side, pixels, &spared));
    }

    /// The machine hears how much of the evidence has arrived.
    fn count_uploads(self: &Rc<Self>) {
        let (acknowledged, committed) = self.client.uploaded();
        self.feed(Input::Uploaded { acknowledged, committed });
    }

    fn network(self: &Rc<Self>, problem: CallError) {
        if self.closed.get() {
            return;
        }
        match problem {
            CallError::Refused(Coded { code, message }) => self.feed(Input::Refused { code, message: message.into_owned() }),
            CallError::Network(fault) => self.feed(Input::NetworkFailed(fault)),
        }
    }
}

fn plan(settings: &SessionConfig) -> Plan {
    Plan {
        action_count: settings.action_count,
        timeout: settings.timeout_ms,
        action_timeout: settings.action_timeout_ms,
        wrong_action: settings.wrong_action,
    }
}

/// Encodes, commits, asks for the next challenge, starts the uploads.
async fn commit(driver: Rc<Driver>, step: u32, frames: Vec<(FrameId, Millis)>, best: Option<(FrameId, Millis)>) {
    let Some(settings) = driver.client.settings() else { return };
    let ids: Vec<FrameId> = frames.iter().map(|(id, _)| *id).collect();
    let mut encoding = None;
    driver.with_engine(|engine| {
        encoding = Some(engine.encode(&ids, best.map(|(id, _)| id), settings.evidence_quality, settings.frame_max_bytes))
    });
    let Some(encoding) = encoding else { return };
    let Some(bytes) = encoding.done().await else { return driver.engine_failed("frames could not be encoded") };
    let mut jpegs = Vec::with_capacity(bytes.len());
    for bytes in bytes {
        match Jpeg::new(bytes).await {
            Ok(jpeg) => jpegs.push(jpeg),
            Err(problem) => return driver.network(problem),
        }
    }
    if best.is_some() {
        driver.best.replace(jpegs.last().map(|j| j.digest.clone()));
    }
    let t = frames.into_iter().chain(best).map(|(_, t)| t).collect();
    match driver.client.challenge(step, jpegs, t).await {
        Ok(reply) => {
            if !driver.closed.get() {
                driver.count_uploads();
                driver.feed(Input::ChallengeArrived(reply.next.map(|c| Challenge {
                    step: c.step,
                    action: c.action,
                    min: c.min_ms,
                    max: c.max_ms,
                })));
                if let Err(problem) = driver.client.upload(&|| driver.count_uploads()).await {
                    driver.network(problem);
                }
            }
        }
        Err(problem) => driver.network(problem),
    }
}

async fn submit(driver: Rc<Driver>) {
    let Some(best) = driver.best.borrow().clone() else {
        return driver.network(CallError::Network(NetworkFault::BadReply));
    };
    if let Err(problem) = driver.client.settle(&|| driver.count_uploads()).await {
        return driver.network(problem);
    }
    driver.feed(Input::Submitted);
    let telemetry = Telemetry { capture: driver.capture.take(), ..driver.meter.borrow().telemetry() };
    match driver.client.finalise(best, telemetry).await {
        Ok(Coded { code, message }) if !driver.closed.get() => driver.feed(Input::VerdictArrived { code, message: message.into_owned() }),
        Ok(_) => {}
        Err(problem) => driver.network(problem),
    }
}

/// The closing event, once `told` has settled or [`FAREWELL_MS`] have passed.
async fn emit_after(driver: Rc<Driver>, told: js_sys::Promise, closed: PageEvent) {
    drop(page::at_most(FAREWELL_MS, told).await);
    driver.emit(&closed);
}
