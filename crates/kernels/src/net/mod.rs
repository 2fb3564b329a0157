//! Runs small convolutional networks from a compact file.
//!
//! Every network here is a dense convolution of the picture followed by blocks (depthwise convolution, 1 x 1 convolution, residual, activation)
//! and a few 1 x 1 heads. A block is one pass: a strip of depthwise results stays in the first cache until the matrix product, the residual and
//! the activation have used it. Pictures between operations are stored pixel by pixel with the channels together, their number rounded up to the
//! processor's lanes.
//!
//! The loops are written once, over [`lanes::Lanes`]; the processor's instructions and the scalar twin are types. Sums run in the same order in
//! all of them and nothing is fused, so all give the same bits: what the server sees in a picture is what the page saw.

mod depthwise;
mod exec;
mod format;
mod lanes;
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod lanes_plain;
#[cfg(target_arch = "x86_64")]
mod lanes_x86;
mod pack;
mod point;
mod stem;
#[cfg(test)]
mod tests;

use core::fmt;

pub use exec::{Net, Processor, Scratch};

/// True when the bytes begin like a compact network file.
#[must_use]
pub fn is_net(bytes: &[u8]) -> bool {
    bytes.starts_with(&format::MAGIC)
}

/// Why a file is no network, or a run is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetError {
    /// The file does not begin as one.
    NotNet,
    /// A layout this build does not know.
    Version(usize),
    /// The file ends early or goes on after its end.
    Truncated,
    /// The file contradicts itself.
    Inconsistent(&'static str),
    /// The input does not have the network's length.
    Input {
        /// Numbers the network takes.
        expected: usize,
        /// Numbers given.
        got: usize,
    },
    /// This machine lacks the instructions asked for.
    Processor,
}

impl fmt::Display for NetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotNet => f.write_str("not a compact network file"),
            Self::Version(version) => write!(f, "compact network file of unknown version {version}"),
            Self::Truncated => f.write_str("compact network file of the wrong length"),
            Self::Inconsistent(what) => write!(f, "inconsistent network file: {what}"),
            Self::Processor => f.write_str("this processor lacks the instructions"),
            Self::Input { expected, got } => write!(f, "input of {got} numbers, the network takes {expected}"),
        }
    }
}

impl core::error::Error for NetError {}
