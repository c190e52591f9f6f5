//! Top-k Thompson sampling over two arrays.
use rand::Rng;

use crate::beta::{check_arms, draw_beta};
use crate::error::Error;
use crate::top_k::{Scored, TopK};

/// The indices of the k largest of one draw θᵢ ~ Beta(αᵢ, βᵢ) per arm, by descending draw.
///
/// At most 2³² − 2 arms.
pub fn select_top_k<R: Rng + ?Sized>(alpha: &[f64], beta: &[f64], k: usize, rng: &mut R) -> Result<Vec<usize>, Error> {
    let selector = Selector::new(alpha, beta, k)?;
    let mut out = vec![0; k];
    selector.fill(&mut out, rng);
    Ok(out)
}

/// Checked arguments of [`select_top_k`], for as many rounds as wanted.
#[derive(Debug, Clone, Copy)]
pub struct Selector<'a> {
    alpha: &'a [f64],
    beta: &'a [f64],
    k: usize,
}

impl<'a> Selector<'a> {
    /// Checks the arms and `k`, which must be from 1 to the number of arms.
    pub fn new(alpha: &'a [f64], beta: &'a [f64], k: usize) -> Result<Self, Error> {
        check_arms(alpha, beta)?;
        if k == 0 || k > alpha.len() {
            return Err(Error::BadK { k, arms: Some(alpha.len()) });
        }
        if alpha.len() >= u32::MAX as usize {
            return Err(Error::Full);
        }
        Ok(Self { alpha, beta, k })
    }

    /// Fills each row of k places in `out` with an independent selection.
    pub fn fill<R: Rng + ?Sized>(&self, out: &mut [usize], rng: &mut R) {
        let mut best = TopK::new(self.k, self.alpha.len());
        for row in out.chunks_exact_mut(self.k) {
            best.clear();
            for (slot, (&alpha, &beta)) in self.alpha.iter().zip(self.beta).enumerate() {
                best.push(Scored { score: draw_beta(alpha, beta, rng), slot: slot as u32 });
            }
            for (place, scored) in row.iter_mut().zip(best.ranked()) {
                *place = scored.slot as usize;
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
