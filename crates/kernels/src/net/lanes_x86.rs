//! Lanes of x86-64: SSE2, which every such processor has, and AVX2.

use core::arch::x86_64::{
    __m128, __m256, _mm_add_ps, _mm_loadu_ps, _mm_max_ps, _mm_min_ps, _mm_mul_ps, _mm_set1_ps, _mm_storeu_ps, _mm256_add_ps,
    _mm256_broadcast_ss, _mm256_loadu_ps, _mm256_max_ps, _mm256_min_ps, _mm256_mul_ps, _mm256_set1_ps, _mm256_storeu_ps,
};

use super::lanes::{Lanes, Task, perform};

/// Four lanes of SSE2; rounds product and sum each, as simd128 and the scalar twin do.
#[derive(Clone, Copy)]
pub(crate) struct Sse(__m128);

// Every block below: SSE2 belongs to the x86-64 baseline, and pointers are valid by the trait's contract.
impl Lanes for Sse {
    const N: usize = 4;
    const ROWS: usize = 4;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: valid for four numbers.
        Self(unsafe { _mm_loadu_ps(from) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: valid for four numbers.
        unsafe { _mm_storeu_ps(to, self.0) }
    }

    #[inline(always)]
    unsafe fn spread(from: *const f32) -> Self {
        // SAFETY: valid for one number.
        Self(unsafe { _mm_set1_ps(*from) })
    }

    #[inline(always)]
    unsafe fn all(value: f32) -> Self {
        // SAFETY: SSE2.
        Self(unsafe { _mm_set1_ps(value) })
    }

    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        // SAFETY: SSE2.
        Self(unsafe { _mm_add_ps(self.0, _mm_mul_ps(a.0, b.0)) })
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: SSE2.
        Self(unsafe { _mm_add_ps(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: SSE2. The instruction gives its second operand unless the first is greater.
        Self(unsafe { _mm_max_ps(other.0, self.0) })
    }

    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // SAFETY: SSE2. The instruction gives its second operand unless the first is less.
        Self(unsafe { _mm_min_ps(other.0, self.0) })
    }

    #[inline(always)]
    unsafe fn perform<T: Task>(task: T) {
        // SAFETY: the caller's.
        unsafe { perform::<Self, T>(task) }
    }
}

/// Eight lanes. Only for processors with AVX2.
#[derive(Clone, Copy)]
pub(crate) struct Avx2(__m256);

// Every block below: the caller has seen AVX2, and pointers are valid by the trait's contract.
impl Lanes for Avx2 {
    const N: usize = 8;
    const ROWS: usize = 6;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: valid for eight numbers.
        Self(unsafe { _mm256_loadu_ps(from) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: valid for eight numbers.
        unsafe { _mm256_storeu_ps(to, self.0) }
    }

    #[inline(always)]
    unsafe fn spread(from: *const f32) -> Self {
        // SAFETY: valid for one number.
        Self(unsafe { _mm256_broadcast_ss(&*from) })
    }

    #[inline(always)]
    unsafe fn all(value: f32) -> Self {
        // SAFETY: AVX2.
        Self(unsafe { _mm256_set1_ps(value) })
    }

    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        // Fused multiply-add would be faster and round once, so that the server would see other numbers than the page.
        // SAFETY: AVX2.
        Self(unsafe { _mm256_add_ps(self.0, _mm256_mul_ps(a.0, b.0)) })
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: AVX2.
        Self(unsafe { _mm256_add_ps(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: AVX2; operands as for SSE2.
        Self(unsafe { _mm256_max_ps(other.0, self.0) })
    }

    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // SAFETY: AVX2; operands as for SSE2.
        Self(unsafe { _mm256_min_ps(other.0, self.0) })
    }

    #[inline(always)]
    unsafe fn perform<T: Task>(task: T) {
        // SAFETY: the caller has seen AVX2.
        unsafe { perform_avx2(task) }
    }
}

/// A loop compiled for AVX2.
///
/// # Safety
/// The processor has it, and the task's arguments are valid.
#[target_feature(enable = "avx2")]
unsafe fn perform_avx2<T: Task>(task: T) {
    // SAFETY: the caller's.
    unsafe { task.run::<Avx2>() }
}
