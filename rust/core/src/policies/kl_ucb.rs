//! Kullback–Leibler upper confidence bounds.
use rand::Rng;

use super::{Candidates, Known, Policy};
use crate::error::Error;

/// The arm with the largest q that satisfies n kl(mean, q) ≤ ln t. Each arm is chosen once first. A. Garivier & O. Cappé
/// (2011). The KL-UCB algorithm for bounded stochastic bandits and beyond. COLT.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KlUcb;

impl Policy for KlUcb {
    fn choose<C: Candidates, R: Rng + ?Sized>(
        &self,
        candidates: &mut C,
        k: usize,
        rng: &mut R,
    ) -> Result<C::Chosen, Error> {
        let ln_t = (candidates.steps().max(1) as f64).ln();
        candidates.largest(k, rng, |arm: &Known| {
            arm.observed().map_or(f64::INFINITY, |mean| kl_upper(mean, ln_t / arm.pulls as f64))
        })
    }
}

/// The largest q ≥ p with kl(p, q) ≤ bound, by Newton's method from above, which cannot overshoot.
fn kl_upper(p: f64, bound: f64) -> f64 {
    if p <= 0.0 {
        return -(-bound).exp_m1();
    }
    let entropy = p * p.ln() + if p < 1.0 { (1.0 - p) * (-p).ln_1p() } else { return 1.0 };
    // By Pinsker's inequality, its distance from p is at most √(bound/2).
    let mut q = (p + (0.5 * bound).sqrt()).min(1.0 - 1e-12);
    for _ in 0..50 {
        let excess = entropy - p * q.ln() - (1.0 - p) * (-q).ln_1p() - bound;
        if excess < 1e-12 {
            break;
        }
        q = (q - excess * q * (1.0 - q) / (q - p)).max(p);
    }
    q
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kl_bound_has_that_divergence() {
        for (p, bound) in [(0.0, 0.3), (0.2, 0.01), (0.5, 0.5), (0.999, 1e-6)] {
            let q = kl_upper(p, bound);
            let part = |p: f64, q: f64| if p > 0.0 { p * (p / q).ln() } else { 0.0 };
            assert!((part(p, q) + part(1.0 - p, 1.0 - q) - bound).abs() < 1e-6, "{p} {bound}: {q}");
        }
        assert_eq!(kl_upper(1.0, 1.0), 1.0);
    }
}
