//! A body that follows prompts: the seeded character, what it was asked to do, and how it looks while doing it.

use crate::{
    gesture::{Gesture, Script},
    persona::{Performance, Persona, Truth},
};
use faceid_vision::{Frame, FrameError};

/// Something the camera can see. Draws any [`Truth`], in any order.
pub trait Body: core::fmt::Debug {
    /// Draws `truth` with light and noise of its time. RGBA, alpha 255; valid until the next call.
    fn draw(&mut self, truth: &Truth) -> &[[u8; 4]];

    /// Width and height of the picture, px.
    fn size(&self) -> [u32; 2];

    /// The picture as a frame.
    ///
    /// # Errors
    /// Never for a body that was made: the size was checked then.
    fn frame(&mut self, truth: &Truth) -> Result<Frame, FrameError> {
        let [width, height] = self.size();
        let rgb = self.draw(truth).iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect();
        Frame::from_rgb(width, height, rgb)
    }
}

impl Body for Box<dyn Body> {
    fn draw(&mut self, truth: &Truth) -> &[[u8; 4]] {
        (**self).draw(truth)
    }

    fn size(&self) -> [u32; 2] {
        (**self).size()
    }
}

impl<B: Body + 'static> Person<B> {
    /// The same person with a body of any kind, for callers that choose at run time.
    #[must_use]
    pub fn boxed(self) -> Person<Box<dyn Body>> {
        let Self { body, persona, planned, prompts, pace, still } = self;
        Person { body: Box::new(body), persona, planned, prompts, pace, still }
    }
}

/// A body brought to life. Prompt it, then draw it at any time.
#[derive(Debug)]
pub struct Person<B> {
    body: B,
    persona: Persona,
    planned: Vec<Performance>,
    prompts: u64,
    pace: f64,
    /// A photograph does not move.
    still: bool,
}

impl<B: Body> Person<B> {
    pub(crate) const fn alive(body: B, persona: Persona) -> Self {
        Self { body, persona, planned: Vec::new(), prompts: 0, pace: 1.0, still: false }
    }

    pub(crate) const fn frozen(body: B, persona: Persona) -> Self {
        Self { body, persona, planned: Vec::new(), prompts: 0, pace: 1.0, still: true }
    }

    /// Asks for a gesture at `t_ms`. The person reacts after 300 to 800 ms, and not before the gesture under way is over.
    pub fn prompt(&mut self, gesture: Gesture, t_ms: f64) {
        if self.still {
            return;
        }
        let free = self.planned.last().map_or(f64::NEG_INFINITY, |p| p.onset + p.duration);
        self.planned.push(self.persona.perform(gesture, t_ms, free, self.prompts, self.pace));
        self.prompts += 1;
    }

    /// Makes every later gesture slower (below 1) or faster, between 0.5 and 1.5 of the person's own tempo.
    pub const fn pace(&mut self, factor: f64) {
        self.pace = factor.clamp(0.5, 1.5);
    }

    /// Forgets gestures that have not begun by `t_ms`, such as repeats of a prompt that was already satisfied.
    pub fn relax(&mut self, t_ms: f64) {
        self.planned.retain(|p| p.onset <= t_ms);
    }

    /// Gives all prompts of a script.
    pub fn follow(&mut self, script: &Script) {
        for cue in &script.0 {
            self.prompt(cue.gesture, cue.at_ms);
        }
    }

    /// The character.
    #[must_use]
    pub const fn persona(&self) -> &Persona {
        &self.persona
    }

    /// What the frame at `t_ms` shows.
    #[must_use]
    pub fn truth(&self, t_ms: f64) -> Truth {
        if self.still { Truth::rest(t_ms) } else { self.persona.truth(&self.planned, t_ms) }
    }

    /// Draws `truth` with the noise of its time. RGBA, alpha 255; valid until the next call.
    pub fn draw(&mut self, truth: &Truth) -> &[[u8; 4]] {
        self.body.draw(truth)
    }

    /// The frame at `t_ms` with its truth.
    ///
    /// # Errors
    /// As [`Body::frame`].
    pub fn render(&mut self, t_ms: f64) -> Result<(Frame, Truth), FrameError> {
        let truth = self.truth(t_ms);
        Ok((self.body.frame(&truth)?, truth))
    }
}
