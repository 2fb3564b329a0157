//! The driver's camera: chosen, opened, changed, and watched for pictures that stop, stand still, stay black or stay turned.

use super::Driver;
use crate::shell::{
    camera::{self, Camera, Playback},
    choice,
    events::{PageEvent, fault_name},
    frames::FramePump,
    glance::Glance,
    page,
};
use faceid_protocol::Millis;
use faceid_session::{CameraFault, Input, Lie, PictureWatch, StateName, Stream, TurnWatch};
use faceid_vision::GreyTest;
use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};
use wasm_bindgen_futures::spawn_local;

/// No new frame for this long, while the page is visible, is a stalled camera, ms.
const STALL: Millis = Millis(5000);
/// How often stalls are looked for, ms.
const WATCH_MS: u32 = 500;
/// The picture as a whole is judged this often.
const LOOK: Millis = Millis(250);
/// The same while a camera is being tested for colours, ms.
const TEST_LOOK_MS: u32 = 100;
/// Longest test for colours: dark pictures decide nothing.
const TEST_LOOKS: u32 = 15;
/// Most cameras tried in place of the browser's choice.
const TRIES: usize = 2;

/// What belongs to the camera in hand.
#[derive(Default)]
pub(super) struct Lens {
    pub(super) camera: RefCell<Option<Camera>>,
    pub(super) pump: RefCell<Option<FramePump>>,
    /// The next frame is the first of this camera.
    pub(super) fresh: Cell<bool>,
    /// The browser waits for a tap: no frame is due.
    pub(super) tap: Cell<bool>,
    /// Counts openings and closings: an answer to an earlier question is not wanted any more.
    turn: Cell<u32>,
    glance: Glance,
    looked: Cell<Millis>,
    pictures: RefCell<PictureWatch>,
    turns: RefCell<TurnWatch>,
    black: Cell<bool>,
}

impl Lens {
    /// Camera off, and whatever is being opened will not be used.
    pub(super) fn close(&self) {
        self.turn.set(self.turn.get().wrapping_add(1));
        self.tap.set(false);
        self.pump.replace(None);
        self.camera.replace(None);
        self.glance.forget();
    }

    /// A camera has started.
    fn renew(&self) {
        self.fresh.set(true);
        self.pictures.replace(PictureWatch::default());
        self.turns.replace(TurnWatch::default());
    }
}

/// One opening of a camera, and whether it is still wanted.
struct Opening {
    driver: Rc<Driver>,
    turn: u32,
}

impl Driver {
    /// Opens this camera, or one for a face; the one in hand is closed first.
    pub(super) fn open_camera(self: &Rc<Self>, wish: Option<String>) {
        self.stop_camera();
        let opening = Opening { driver: Rc::clone(self), turn: self.lens.turn.get() };
        spawn_local(async move {
            match opening.choose(wish).await {
                Ok(playback) if opening.wanted() => opening.run(playback).await,
                Err(fault) if opening.wanted() => opening.driver.camera_lost(fault),
                // Somebody has closed it, or opened another: what was opened here is closed already.
                Ok(_) | Err(_) => {}
            }
        });
    }

    /// The person takes another camera; false when it is too late for that.
    pub(crate) fn use_camera(self: &Rc<Self>, id: String) -> bool {
        let early = match self.state.get() {
            StateName::WaitCamera | StateName::AlignFace | StateName::Calibrate => true,
            StateName::NotStarted
            | StateName::AwaitChallenge
            | StateName::Act
            | StateName::Commit
            | StateName::Submit
            | StateName::AwaitVerdict
            | StateName::Closed => false,
        };
        if early && !self.closed.get() {
            self.open_camera(Some(id));
        }
        early
    }

    /// Looks at the picture as a whole, now and then.
    pub(super) fn inspect(self: &Rc<Self>) {
        let (lens, now) = (&self.lens, page::now());
        if now.since(lens.looked.get()) < LOOK || page::hidden() {
            return;
        }
        lens.looked.set(now);
        let Some(picture) = lens.glance.take(&self.video) else { return };
        let stream = lens.pictures.borrow_mut().feed(now, &picture);
        match stream {
            Stream::Alive => self.tell_black(false),
            Stream::Black => self.tell_black(true),
            Stream::Dead => return self.camera_lost(CameraFault::Stalled),
        }
        let lie = Lie::of(self.video.video_width(), self.video.video_height());
        let stuck = lens.turns.borrow_mut().feed(now, page::screen_lie(), lie);
        if stuck {
            self.emit(&PageEvent::Note { text: "camera: the picture stayed turned, opened anew".into() });
            let same = lens.camera.borrow().as_ref().and_then(Camera::device_id);
            self.open_camera(same);
        }
    }

    fn tell_black(self: &Rc<Self>, black: bool) {
        if self.lens.black.replace(black) != black {
            self.feed(Input::Black(black));
        }
    }

    /// Looks for a camera that has gone quiet without saying so.
    pub(super) fn watch(self: &Rc<Self>) {
        let weak = Rc::downgrade(self);
        spawn_local(async move {
            loop {
                page::sleep(WATCH_MS).await;
                let Some(driver) = weak.upgrade().filter(|d| !d.closed.get()) else { return };
                let due = !page::hidden() && driver.lens.camera.borrow().is_some() && !driver.lens.tap.get();
                let mut meter = driver.meter.borrow_mut();
                if !due {
                    meter.forgive(page::now());
                } else if meter.quiet_for(page::now()) > STALL {
                    drop(meter);
                    driver.camera_lost(CameraFault::Stalled);
                }
            }
        });
    }

    pub(super) fn camera_lost(self: &Rc<Self>, fault: CameraFault) {
        if !self.closed.get() {
            self.emit(&PageEvent::CameraFault { fault: fault_name(fault) });
            self.feed(Input::CameraLost(fault));
        }
    }
}

impl Opening {
    fn wanted(&self) -> bool {
        !self.driver.closed.get() && self.driver.lens.turn.get() == self.turn
    }

    /// Finds the camera and starts it.
    async fn choose(&self, wish: Option<String>) -> Result<Playback, CameraFault> {
        if wish.is_some() {
            match self.start(wish.as_deref()).await {
                // A camera chosen before that is gone, or does not fit any more.
                Err(CameraFault::Overconstrained | CameraFault::NotFound) => {}
                // What somebody chose is not put to the test.
                other => return other,
            }
        }
        let first = self.start(None).await?;
        if first != Playback::Running || !self.wanted() {
            return Ok(first);
        }
        let cameras = camera::list().await;
        let Some(current) = self.driver.lens.camera.borrow().as_ref().map(Camera::current) else { return Ok(first) };
        let mut better = choice::by_name(&cameras, &current);
        if better.is_empty() {
            better = choice::instead_of_grey(&cameras, &current);
            if better.is_empty() || (!current.is_infrared() && !self.is_grey().await) {
                return Ok(first);
            }
        }
        for id in better.into_iter().take(TRIES) {
            // A camera that does not start, or sees no colours either, is no better.
            let started = self.start(Some(&id)).await;
            if !self.wanted() || (started == Ok(Playback::Running) && !self.is_grey().await) {
                return started;
            }
        }
        // A grey room, or nothing else that works: the first choice it is.
        self.start(current.id.as_deref()).await
    }

    /// Opens and shows a camera in place of the one before; some devices run only one at a time.
    async fn start(&self, id: Option<&str>) -> Result<Playback, CameraFault> {
        let driver = &self.driver;
        if !self.wanted() {
            return Ok(Playback::Silent);
        }
        driver.lens.camera.replace(None);
        let camera = Camera::open(&driver.video, id, unplugged(Rc::downgrade(driver))).await?;
        if !self.wanted() {
            // The person cancelled while the permission question was open: dropping the camera stops it.
            return Ok(Playback::Silent);
        }
        driver.meter.borrow_mut().forgive(page::now());
        camera.show();
        driver.lens.camera.replace(Some(camera));
        Ok(camera::play(&driver.video).await)
    }

    /// Sees this camera no colours? Settled at the first picture with some.
    async fn is_grey(&self) -> bool {
        let mut test = GreyTest::default();
        for _ in 0..TEST_LOOKS {
            if !self.wanted() {
                return false;
            }
            // Frames are not counted yet.
            self.driver.meter.borrow_mut().forgive(page::now());
            if let Some(grey) = self.driver.lens.glance.take(&self.driver.video).and_then(|picture| test.feed(&picture)) {
                return grey;
            }
            page::sleep(TEST_LOOK_MS).await;
        }
        false
    }

    /// Frames go to the machine from here on.
    async fn run(&self, playback: Playback) {
        let driver = &self.driver;
        driver.meter.borrow_mut().forgive(page::now());
        driver.lens.renew();
        driver.tell_black(false);
        let weak = Rc::downgrade(driver);
        let pump = FramePump::start(&driver.video, move |t| {
            if let Some(driver) = weak.upgrade().filter(|d| !d.closed.get()) {
                driver.on_frame(t);
            }
        });
        driver.lens.pump.replace(Some(pump));
        let refused = playback == Playback::Refused;
        driver.lens.tap.set(refused);
        if refused {
            driver.emit(&PageEvent::NeedsTap);
        }
        let cameras = camera::list().await;
        if self.wanted() {
            let current = driver.lens.camera.borrow().as_ref().and_then(Camera::device_id);
            driver.emit(&PageEvent::Cameras { cameras: choice::offered(cameras, current.as_deref()), current });
        }
    }
}

fn unplugged(weak: Weak<Driver>) -> impl FnMut() + 'static {
    move || {
        if let Some(driver) = weak.upgrade() {
            driver.camera_lost(CameraFault::Unplugged);
        }
    }
}
