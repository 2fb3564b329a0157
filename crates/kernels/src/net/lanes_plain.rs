//! Lanes without special instructions: the scalar twin of the others, and what runs where there is nothing else.

use super::lanes::{Lanes, Task, perform};

/// Numbers of one value.
const COUNT: usize = 4;

/// Scalar twin: the numbers one after another.
#[derive(Clone, Copy)]
pub(crate) struct Plain([f32; COUNT]);

impl Plain {
    #[inline(always)]
    fn zip(self, other: Self, with: impl Fn(f32, f32) -> f32) -> Self {
        Self(core::array::from_fn(|i| with(self.0[i], other.0[i])))
    }
}

impl Lanes for Plain {
    const N: usize = COUNT;
    const ROWS: usize = 4;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's pointer is valid for COUNT numbers; the array has the alignment of one number.
        Self(unsafe { from.cast::<[f32; COUNT]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: as for `load`.
        unsafe { to.cast::<[f32; COUNT]>().write_unaligned(self.0) }
    }

    #[inline(always)]
    unsafe fn spread(from: *const f32) -> Self {
        // SAFETY: the caller's pointer is valid for one number.
        Self([unsafe { *from }; COUNT])
    }

    #[inline(always)]
    unsafe fn all(value: f32) -> Self {
        Self([value; COUNT])
    }

    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        Self(core::array::from_fn(|i| self.0[i] + a.0[i] * b.0[i]))
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { b } else { a })
    }

    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| if b < a { b } else { a })
    }

    #[inline(always)]
    unsafe fn perform<T: Task>(task: T) {
        // SAFETY: the caller's.
        unsafe { perform::<Self, T>(task) }
    }
}
