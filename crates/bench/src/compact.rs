//! The compact executor.

use faceid_kernels::{Net, Scratch};
use wasm_bindgen::prelude::wasm_bindgen;

/// A compact network, its memory and its input.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Compact {
    net: Net,
    scratch: Scratch,
    input: Vec<f32>,
}

#[wasm_bindgen]
impl Compact {
    /// Loads a file.
    ///
    /// # Errors
    /// What is wrong with it.
    #[wasm_bindgen(constructor)]
    pub fn new(bytes: &[u8]) -> Result<Self, String> {
        let net = Net::read(bytes).map_err(|error| error.to_string())?;
        let scratch = net.scratch();
        Ok(Self { net, scratch, input: Vec::new() })
    }

    /// Takes the picture of the runs that follow: channel by channel.
    pub fn set(&mut self, input: Vec<f32>) {
        self.input = input;
    }

    /// Runs once.
    ///
    /// # Errors
    /// When the picture has the wrong length.
    pub fn run(&mut self) -> Result<(), String> {
        self.net.run(&self.input, &mut self.scratch).map(|_| ()).map_err(|error| error.to_string())
    }

    /// Outputs of the last run's picture, one after another.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn outputs(&mut self) -> Result<Vec<f32>, String> {
        self.net.run(&self.input, &mut self.scratch).map(<[_]>::concat).map_err(|error| error.to_string())
    }
}
