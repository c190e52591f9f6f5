//! Tests many arms at a time, with the widest registers of the processor.
use pulp::{Arch, Simd, WithSimd};

use crate::bound::Quiet;

/// Arms in a block.
pub(crate) const BLOCK: usize = 64;

/// The number of whole blocks, from the first one on, that have only quiet arms.
#[inline]
pub(crate) fn quiet_blocks(arch: Arch, quiet: impl Quiet, alpha: &[f64], beta: &[f64]) -> usize {
    arch.dispatch(Scan { quiet, alpha, beta })
}

/// Marks the arms of a block that are not quiet with 1 in `loud`, and returns how many there are.
#[inline]
pub(crate) fn mark(arch: Arch, quiet: impl Quiet, alpha: &[f64], beta: &[f64], loud: &mut [f64; BLOCK]) -> usize {
    if let (Ok(alpha), Ok(beta)) = (alpha.try_into(), beta.try_into()) {
        return arch.dispatch(Mark { quiet, alpha, beta, loud });
    }
    // The last block may be short. Only its own marks count.
    let (mut alphas, mut betas) = ([1.0; BLOCK], [1.0; BLOCK]);
    alphas[..alpha.len()].copy_from_slice(alpha);
    betas[..beta.len()].copy_from_slice(beta);
    arch.dispatch(Mark { quiet, alpha: &alphas, beta: &betas, loud });
    loud[..alpha.len()].iter().filter(|&&mark| mark > 0.0).count()
}

// The work is compiled once for each kind of processor. The operations and their order are the same, and so are the results.

struct Scan<'a, Q> {
    quiet: Q,
    alpha: &'a [f64],
    beta: &'a [f64],
}

impl<Q: Quiet> WithSimd for Scan<'_, Q> {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> usize {
        let blocks = self.alpha.as_chunks::<BLOCK>().0.iter().zip(self.beta.as_chunks::<BLOCK>().0);
        let mut passed = 0;
        for (alpha, beta) in blocks {
            let (alpha, beta) = (S::as_simd_f64s(alpha).0, S::as_simd_f64s(beta).0);
            let mut quiet = self.quiet.holds(simd, alpha[0], beta[0]);
            for (&alpha, &beta) in alpha.iter().zip(beta).skip(1) {
                quiet = simd.and_m64s(quiet, self.quiet.holds(simd, alpha, beta));
            }
            if simd.first_true_m64s(simd.not_m64s(quiet)) < S::F64_LANES {
                break;
            }
            passed += 1;
        }
        passed
    }
}

struct Mark<'a, Q> {
    quiet: Q,
    alpha: &'a [f64; BLOCK],
    beta: &'a [f64; BLOCK],
    loud: &'a mut [f64; BLOCK],
}

impl<Q: Quiet> WithSimd for Mark<'_, Q> {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> usize {
        let (alpha, beta) = (S::as_simd_f64s(self.alpha).0, S::as_simd_f64s(self.beta).0);
        let (zero, one) = (simd.splat_f64s(0.0), simd.splat_f64s(1.0));
        let mut count = zero;
        for ((&alpha, &beta), loud) in alpha.iter().zip(beta).zip(S::as_mut_simd_f64s(self.loud).0) {
            *loud = simd.select_f64s(self.quiet.holds(simd, alpha, beta), zero, one);
            count = simd.add_f64s(count, *loud);
        }
        simd.reduce_sum_f64s(count) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bound::Poisson;

    #[test]
    fn stops_at_a_block_with_an_arm_in_reach_or_out_of_order() {
        let arch = Arch::new();
        let quiet = Poisson::new(9.0, 0.5);
        let (alpha, beta) = (vec![10.0; 5 * BLOCK + 3], vec![1e4; 5 * BLOCK + 3]);
        assert_eq!(quiet_blocks(arch, quiet, &alpha, &beta), 5);
        for place in [0, 63, 64, 130, 4 * BLOCK + 1] {
            for (odd_alpha, odd_beta) in [
                (2e4, 1e4),
                (f64::NAN, 1e4),
                (10.0, f64::NAN),
                (0.0, 1e4),
                (-10.0, 1e4),
                (10.0, -1e4),
                (f64::INFINITY, 1e4),
            ] {
                let (mut alpha, mut beta) = (alpha.clone(), beta.clone());
                (alpha[place], beta[place]) = (odd_alpha, odd_beta);
                assert_eq!(quiet_blocks(arch, quiet, &alpha, &beta), place / BLOCK, "Beta({odd_alpha}, {odd_beta})");
                for end in [place + 1, 6 * BLOCK] {
                    let block = place / BLOCK * BLOCK..end.min((place / BLOCK + 1) * BLOCK);
                    let mut loud = [2.0; BLOCK];
                    assert_eq!(mark(arch, quiet, &alpha[block.clone()], &beta[block.clone()], &mut loud), 1);
                    assert!(block.clone().zip(loud).all(|(slot, loud)| (loud == 1.0) == (slot == place)));
                }
            }
        }
    }
}
