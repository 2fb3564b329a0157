//! A few numbers at once: the only thing the loops of this module need from a processor.

/// `N` numbers that one instruction works on.
///
/// # Safety
/// Every method needs a processor that has the instructions of the type; the entry points of [`super::exec`] check that once. Pointers must be
/// valid for `N` numbers (one for `spread`), and a task for its own arguments; no alignment is asked for.
pub(crate) trait Lanes: Copy {
    /// Numbers per value.
    const N: usize;
    /// Pixels per tile of the matrix product: what the processor's registers hold beside two columns of weights.
    const ROWS: usize;
    /// Reads `N` numbers.
    unsafe fn load(from: *const f32) -> Self;
    /// Writes `N` numbers.
    unsafe fn store(self, to: *mut f32);
    /// Reads one number into every place.
    unsafe fn spread(from: *const f32) -> Self;
    /// The same number in every place.
    unsafe fn all(value: f32) -> Self;
    /// `self + a * b`; rounded once or twice as the type says.
    unsafe fn add_product(self, a: Self, b: Self) -> Self;
    /// `self + other`.
    unsafe fn add(self, other: Self) -> Self;
    /// `other` where `self < other`, else `self`.
    unsafe fn max(self, other: Self) -> Self;
    /// `other` where `other < self`, else `self`.
    unsafe fn min(self, other: Self) -> Self;
    /// Runs a loop compiled for this type's instructions.
    unsafe fn perform<T: Task>(task: T);
}

/// A loop over lanes with its arguments. A function of its own per loop: browsers compile by function, and a hot one is soon replaced by its
/// optimised form.
pub(crate) trait Task {
    /// The loop. Implementations are `#[inline(always)]`, so that they take on the instructions of the function that calls them.
    unsafe fn run<V: Lanes>(self);
}

/// [`Lanes::perform`] for instructions that the whole build may use.
#[inline(never)]
pub(crate) unsafe fn perform<V: Lanes, T: Task>(task: T) {
    // SAFETY: the caller's.
    unsafe { task.run::<V>() }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm {
    use core::arch::wasm32::{f32x4_add, f32x4_mul, f32x4_pmax, f32x4_pmin, f32x4_splat, v128, v128_load, v128_load32_splat, v128_store};

    use super::{Lanes, Task, perform};

    /// Four lanes of WebAssembly's simd128. `pmax` and `pmin` are one instruction on x64, `max` and `min` are several.
    #[derive(Clone, Copy)]
    pub(crate) struct Simd128(v128);

    impl Lanes for Simd128 {
        const N: usize = 4;
        const ROWS: usize = 4;

        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            // SAFETY: the caller's pointer is valid for four numbers; wasm loads need no alignment.
            Self(unsafe { v128_load(from.cast()) })
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            // SAFETY: as for `load`.
            unsafe { v128_store(to.cast(), self.0) }
        }

        #[inline(always)]
        unsafe fn spread(from: *const f32) -> Self {
            // SAFETY: the caller's pointer is valid for one number.
            Self(unsafe { v128_load32_splat(from.cast()) })
        }

        #[inline(always)]
        unsafe fn all(value: f32) -> Self {
            Self(f32x4_splat(value))
        }

        #[inline(always)]
        unsafe fn add_product(self, a: Self, b: Self) -> Self {
            Self(f32x4_add(self.0, f32x4_mul(a.0, b.0)))
        }

        #[inline(always)]
        unsafe fn add(self, other: Self) -> Self {
            Self(f32x4_add(self.0, other.0))
        }

        #[inline(always)]
        unsafe fn max(self, other: Self) -> Self {
            Self(f32x4_pmax(self.0, other.0))
        }

        #[inline(always)]
        unsafe fn min(self, other: Self) -> Self {
            Self(f32x4_pmin(self.0, other.0))
        }

        #[inline(always)]
        unsafe fn perform<T: Task>(task: T) {
            // SAFETY: the caller's.
            unsafe { perform::<Self, T>(task) }
        }
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(crate) use wasm::Simd128;
