//! Top-k Thompson sampling over two arrays.
use pulp::Arch;
use rand::Rng;

use crate::beta::{check_arms, check_length};
use crate::bound::{Bernstein, Poisson};
use crate::error::Error;
use crate::scan::{mark, quiet_blocks, BLOCK};
use crate::threshold_top_k::{Gaps, ThresholdTopK, HIGHEST};
use crate::top_k::{Scored, TopK};

/// The number of arms that are tested at a time.
const PART: usize = 8;

/// The tails of quiet arms are bounded by e^−level. The higher level gives fewer quiet arms, but also fewer proposals.
const LEVELS: [f64; 2] = [3.0, 9.0];

/// The number of arms that are examined to find the most promising ones, and how many of these are drawn first.
const LOOKED_AT: usize = 1_000;
const PILOTS_BESIDE_K: usize = 16;

/// The number of arms that are drawn between two calls of `stop`. It takes at most a millisecond.
const ARMS_BETWEEN_LOOKS: usize = 8_192;

/// Draws θᵢ ~ Beta(αᵢ, βᵢ) once per arm, and returns the indices of the k largest draws, largest first.
///
/// There can be at most 2³² − 2 arms.
pub fn select_top_k<R: Rng + ?Sized>(alpha: &[f64], beta: &[f64], k: usize, rng: &mut R) -> Result<Vec<usize>, Error> {
    let selector = Selector::new(alpha, beta, k)?;
    let mut out = vec![0; k];
    selector.fill(&mut out, rng, &|| false)?;
    Ok(out)
}

/// The arguments of [`select_top_k`], for any number of rounds.
#[derive(Debug, Clone)]
pub struct Selector<'a> {
    alpha: &'a [f64],
    beta: &'a [f64],
    k: usize,
    /// The arms to draw first, in ascending order.
    pilots: Vec<u32>,
    arch: Arch,
}

impl<'a> Selector<'a> {
    /// Checks that `k` is from 1 to the number of arms. The parameters are checked while selecting.
    pub fn new(alpha: &'a [f64], beta: &'a [f64], k: usize) -> Result<Self, Error> {
        check_length(("alpha", alpha.len()), ("beta", beta.len()))?;
        if k == 0 || k > alpha.len() {
            check_arms(alpha, beta)?;
            return Err(Error::BadK { k, arms: Some(alpha.len()) });
        }
        if alpha.len() >= u32::MAX as usize {
            return Err(Error::Full);
        }
        Ok(Self { alpha, beta, k, pilots: pilots(alpha, beta, k), arch: Arch::new() })
    }

    /// Fills each row of k places in `out` with an independent selection.
    ///
    /// `stop` is called from time to time, and ends the work if it returns true.
    pub fn fill<R: Rng + ?Sized>(&self, out: &mut [usize], rng: &mut R, stop: &dyn Fn() -> bool) -> Result<(), Error> {
        // If all arms are wanted, there is one place too many, so that no threshold is maintained.
        let places = self.k + usize::from(self.k == self.alpha.len());
        let mut kept = ThresholdTopK::new(places, self.alpha.len());
        for row in out.chunks_exact_mut(self.k) {
            kept.clear();
            if !self.run(&mut kept, rng, stop)? {
                check_arms(self.alpha, self.beta)?;
            }
            let mut places = row.iter_mut();
            kept.best.ranked(|scored| {
                if let Some(place) = places.next() {
                    *place = scored.slot as usize;
                }
            });
        }
        Ok(())
    }

    /// Draws all arms. Returns whether every parameter is valid.
    fn run<R: Rng + ?Sized>(
        &self,
        kept: &mut ThresholdTopK,
        rng: &mut R,
        stop: &dyn Fn() -> bool,
    ) -> Result<bool, Error> {
        let mut sound = true;
        for &slot in &self.pilots {
            let (alpha, beta) = (self.alpha[slot as usize], self.beta[slot as usize]);
            sound &= contend(kept, slot, alpha, beta, rng);
        }
        let mut gaps = LEVELS.map(|level| Gaps::new(level, rng));
        let mut pilots = self.pilots.as_slice();
        let mut loud = [0.0; BLOCK];
        let (mut first, mut look) = (0, 0);
        while first < self.alpha.len() {
            if first >= look {
                if stop() {
                    return Err(Error::Interrupted);
                }
                look = first + ARMS_BETWEEN_LOOKS;
            }
            if let Some(t) = kept.threshold.filter(|&t| t < HIGHEST) {
                let far = &mut gaps[1];
                let end = self.alpha.len().min(first + usize::try_from(far.left()).unwrap_or(usize::MAX - first));
                let quiet = Poisson::new(far.level, t);
                let passed = BLOCK * quiet_blocks(self.arch, quiet, &self.alpha[first..end], &self.beta[first..end]);
                far.pass(passed);
                first += passed;
            }
            let end = self.alpha.len().min(first + BLOCK);
            pilots = &pilots[pilots.iter().take_while(|&&slot| (slot as usize) < first).count()..];
            let here = pilots.iter().take_while(|&&slot| (slot as usize) < end).count();
            let (alpha, beta) = (&self.alpha[first..end], &self.beta[first..end]);
            let block = Block { first: first as u32, alpha, beta, drawn: &pilots[..here] };
            sound &= block.run(self.arch, kept, &mut gaps, &mut loud, rng);
            first = end;
        }
        Ok(sound)
    }
}

/// Of up to a thousand arms, the most promising ones, by an optimistic estimate. They are somewhat more than `k`; none if
/// these would be nearly all arms.
fn pilots(alpha: &[f64], beta: &[f64], k: usize) -> Vec<u32> {
    let n = alpha.len();
    let wanted = k + (n / 32).min(PILOTS_BESIDE_K);
    if wanted >= n {
        return vec![];
    }
    let mut highest = TopK::new(wanted, n);
    for slot in (0..n).step_by(n.div_ceil(LOOKED_AT)) {
        // Add three successes: the estimate is well above the mean for new arms, and hardly above it for experienced ones.
        let score = (alpha[slot] + 3.0) / (alpha[slot] + beta[slot] + 3.0);
        highest.push(Scored { score, fine: 0.0, slot: slot as u32 });
    }
    let mut pilots: Vec<u32> = highest.kept().iter().map(|scored| scored.slot).collect();
    pilots.sort_unstable();
    pilots
}

/// Considers an arm. Returns whether its parameters are valid; if they are not, the arm is ignored.
fn contend<R: Rng + ?Sized>(kept: &mut ThresholdTopK, slot: u32, alpha: f64, beta: f64, rng: &mut R) -> bool {
    let sound = alpha > 0.0 && beta > 0.0 && alpha < f64::INFINITY && beta < f64::INFINITY;
    if sound {
        kept.contend(slot, alpha, beta, rng);
    }
    sound
}

/// Neighbouring arms. Most of them can be skipped together.
struct Block<'a> {
    first: u32,
    alpha: &'a [f64],
    beta: &'a [f64],
    /// The slots of the arms that have been drawn already.
    drawn: &'a [u32],
}

impl Block<'_> {
    /// Considers the arms of a block. Returns whether every parameter is valid. `loud` is a buffer.
    fn run<R: Rng + ?Sized>(
        &self,
        arch: Arch,
        kept: &mut ThresholdTopK,
        [near, far]: &mut [Gaps; 2],
        loud: &mut [f64; BLOCK],
        rng: &mut R,
    ) -> bool {
        let Some(t) = kept.threshold.filter(|&t| t < HIGHEST) else { return self.all_contend(kept, rng) };
        // The fastest test comes first. If it leaves too many arms, the next test may leave fewer.
        let many = self.alpha.len() / 8;
        if mark(arch, Poisson::new(far.level, t), self.alpha, self.beta, loud) > many
            && mark(arch, Bernstein::new(far.level, t), self.alpha, self.beta, loud) > many
        {
            mark(arch, Bernstein::new(near.level, t), self.alpha, self.beta, loud);
            return self.settle(loud, near, kept, rng);
        }
        self.settle(loud, far, kept, rng)
    }

    /// Considers the arms that are not quiet, and proposes the quiet ones with the probability of their level.
    #[inline]
    fn settle<R: Rng + ?Sized>(
        &self,
        loud: &[f64; BLOCK],
        gaps: &mut Gaps,
        kept: &mut ThresholdTopK,
        rng: &mut R,
    ) -> bool {
        let mut sound = true;
        for (part, flags) in loud[..self.alpha.len()].chunks(PART).enumerate() {
            if flags.iter().fold(0.0, |any, flag| any + flag) == 0.0 {
                continue;
            }
            for (i, _) in flags.iter().enumerate().filter(|(_, &flag)| flag > 0.0) {
                self.each(part * PART + i..part * PART + i + 1, |slot, alpha, beta| {
                    sound &= contend(kept, slot, alpha, beta, rng);
                });
            }
        }
        let mut next = 0;
        while let Some(passed) = gaps.next(self.alpha.len() - next, rng) {
            let i = next + passed;
            next = i + 1;
            let level = gaps.level;
            if loud[i] == 0.0 {
                self.each(i..next, |slot, alpha, beta| kept.propose(level, slot, alpha, beta, rng));
            }
        }
        sound
    }

    fn all_contend<R: Rng + ?Sized>(&self, kept: &mut ThresholdTopK, rng: &mut R) -> bool {
        let mut sound = true;
        self.each(0..self.alpha.len(), |slot, alpha, beta| {
            sound &= contend(kept, slot, alpha, beta, rng);
        });
        sound
    }

    /// Calls `visit` for the arms in `range` that have not been drawn yet.
    #[inline]
    fn each(&self, range: std::ops::Range<usize>, mut visit: impl FnMut(u32, f64, f64)) {
        for i in range {
            let slot = self.first + i as u32;
            if self.drawn.is_empty() || !self.drawn.contains(&slot) {
                visit(slot, self.alpha[i], self.beta[i]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::generator;

    #[test]
    fn a_sure_winner_comes_first() {
        let (alpha, beta) = ([1.0, 1e6, 1e3], [1e6, 1.0, 1e3]);
        assert_eq!(select_top_k(&alpha, &beta, 3, &mut generator(Some(1))), Ok(vec![1, 2, 0]));
    }

    #[test]
    fn k_must_be_possible() {
        for k in [0, 3] {
            let error = select_top_k(&[1.0, 1.0], &[1.0, 1.0], k, &mut generator(Some(1))).unwrap_err();
            assert_eq!(error, Error::BadK { k, arms: Some(2) });
        }
    }
}
