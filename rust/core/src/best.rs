//! Chance to be best and expected loss, by quadrature.
//!
//! P_k = ∫ f_k ∏_{j≠k} F_j and E[max θ − θ_i] = ∫ F_i (1 − ∏_{j≠i} F_j), over log-odds (see [`crate::log_odds`]), in
//! Gauss–Legendre panels that are fine enough for the narrowest density in them. The distribution functions are running
//! integrals of the densities over the same panels, so no incomplete Beta function is needed. Both F and 1 − F are computed,
//! so that no digits cancel.
use crate::beta::check_arms;
use crate::error::Error;
use crate::grid::Grid;
use crate::quadrature::{Panel, NODES};

/// Each arm's probability to have the largest rate. Errors stay below 1e-9, and the sum is 1 to rounding.
///
/// Arms whose probability is below about 1e-19 get exactly 0. `stop` is called from time to time, and ends the work if it
/// returns true.
pub fn probability_best(alpha: &[f64], beta: &[f64], stop: &dyn Fn() -> bool) -> Result<Vec<f64>, Error> {
    check_arms(alpha, beta)?;
    let mut answer = vec![0.0; alpha.len()];
    let Some(grid) = Grid::new(alpha, beta, stop)? else { return Ok(answer) };
    let mut best = vec![0.0; grid.arms.len()];
    grid.walk(stop, |node| {
        if node.end <= grid.floor {
            return; // some arm certainly has a higher rate
        }
        let others = leave_one_out(node.below, node.above);
        for ((best, density), others) in best.iter_mut().zip(node.density).zip(&others) {
            let values = std::array::from_fn(|i| density[i] * others.all_below[i]);
            *best += node.half_width * grid.rule.integral(&values);
        }
    })?;
    let total: f64 = best.iter().sum();
    for (&index, best) in grid.indices.iter().zip(best) {
        answer[index] = (best / total).min(1.0);
    }
    Ok(answer)
}

/// The expected loss of choosing each arm: E[maxⱼ θⱼ] − E[θᵢ]. Errors stay below 1e-9.
pub fn expected_loss(alpha: &[f64], beta: &[f64], stop: &dyn Fn() -> bool) -> Result<Vec<f64>, Error> {
    check_arms(alpha, beta)?;
    let Some(grid) = Grid::new(alpha, beta, stop)? else { return Ok(vec![]) };
    let mut losses = vec![0.0; grid.arms.len()];
    grid.walk(stop, |node| {
        let others = leave_one_out(node.below, node.above);
        for ((loss, below), others) in losses.iter_mut().zip(node.below).zip(&others) {
            let values = std::array::from_fn(|i| below[i] * others.some_above[i] * node.rate_slope[i]);
            *loss += node.half_width * grid.rule.integral(&values);
        }
    })?;
    // E[max] comes from the arm with the smallest loss. Arms that cannot be best are far enough below it to subtract.
    let mean = |i: usize| 1.0 / (1.0 + beta[i] / alpha[i]);
    let least = (0..losses.len()).min_by(|&i, &j| losses[i].total_cmp(&losses[j]));
    let expected_max = least.map_or(0.0, |i| losses[i] + mean(grid.indices[i]));
    let mut answer: Vec<f64> = (0..alpha.len()).map(|i| (expected_max - mean(i)).clamp(0.0, 1.0)).collect();
    for (&index, loss) in grid.indices.iter().zip(losses) {
        answer[index] = loss.clamp(0.0, 1.0);
    }
    Ok(answer)
}

/// For all arms but one: the probability that all have a lower rate, and the probability that at least one has a higher
/// rate.
#[derive(Clone)]
struct Others {
    all_below: Panel,
    some_above: Panel,
}

impl Others {
    const NONE: Self = Self { all_below: [1.0; NODES], some_above: [0.0; NODES] };

    fn and(&self, below: &Panel, above: &Panel) -> Self {
        Self {
            all_below: std::array::from_fn(|i| self.all_below[i] * below[i]),
            some_above: std::array::from_fn(|i| self.some_above[i] + self.all_below[i] * above[i]),
        }
    }
}

/// For each arm, the products over all other arms, computed from products over those before and those after it.
fn leave_one_out(below: &[Panel], above: &[Panel]) -> Vec<Others> {
    let mut before = Others::NONE;
    let mut answer = Vec::with_capacity(below.len());
    for (below, above) in below.iter().zip(above) {
        let with = before.and(below, above);
        answer.push(std::mem::replace(&mut before, with));
    }
    let mut after = Others::NONE;
    for ((below, above), entry) in below.iter().zip(above).zip(&mut answer).rev() {
        *entry = entry.and(&after.all_below, &after.some_above);
        after = after.and(below, above);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEVER: &dyn Fn() -> bool = &|| false;

    #[test]
    fn arms_that_are_alike_share_alike() {
        for parameter in [1e-3, 0.5, 1.0, 100.0, 1e9, 1e15, 1e300] {
            for n in [1usize, 2, 3, 10] {
                let arms = vec![parameter; n];
                let best = probability_best(&arms, &arms, NEVER).unwrap();
                assert!(best.iter().all(|p| (p - 1.0 / n as f64).abs() < 1e-12), "{parameter:e}: {best:?}");
            }
        }
    }

    #[test]
    fn two_arms_have_a_closed_form() {
        // P(θ₂ > θ₁) for Beta(α, 1) and Beta(β, 1) is β/(α + β); the same seen from the other side.
        for (first, second) in [(1.0, 1.0), (0.01, 3.0), (7.0, 1e-3), (1e6, 2e6), (1e-9, 1e9)] {
            let best = probability_best(&[first, second], &[1.0, 1.0], NEVER).unwrap();
            assert!((best[1] - second / (first + second)).abs() < 1e-11, "({first:e}, {second:e}): {best:?}");
            let best = probability_best(&[1.0, 1.0], &[first, second], NEVER).unwrap();
            assert!((best[0] - second / (first + second)).abs() < 1e-11, "({first:e}, {second:e}): {best:?}");
        }
    }

    #[test]
    fn the_expected_maximum_of_uniform_rates() {
        for n in [1usize, 2, 5, 50] {
            let ones = vec![1.0; n];
            let expected = n as f64 / (n as f64 + 1.0) - 0.5;
            for loss in expected_loss(&ones, &ones, NEVER).unwrap() {
                assert!((loss - expected).abs() < 1e-12, "{n} arms: {loss}");
            }
        }
    }

    #[test]
    fn an_arm_beaten_for_sure_loses_the_difference() {
        let (alpha, beta) = ([9e6, 1e6], [1e6, 9e6]);
        assert_eq!(probability_best(&alpha, &beta, NEVER).unwrap(), [1.0, 0.0]);
        let losses = expected_loss(&alpha, &beta, NEVER).unwrap();
        assert!(losses[0].abs() < 1e-15 && (losses[1] - 0.8).abs() < 1e-15, "{losses:?}");
    }

    #[test]
    fn nothing_of_nothing_and_giving_up() {
        assert_eq!(probability_best(&[], &[], NEVER), Ok(vec![]));
        assert_eq!(expected_loss(&[], &[], NEVER), Ok(vec![]));
        assert_eq!(probability_best(&[1.0], &[1.0], &|| true), Err(Error::Interrupted));
    }

    #[test]
    fn every_scale_beside_every_other() {
        let scales = [5e-324, 1e-300, 1e-10, 1e-3, 1.0, 1e3, 1e9, 1e20, 1e300];
        for a in scales {
            for b in scales {
                let (alpha, beta) = ([a, 1.0, 1e6], [b, 1.0, 2e6]);
                let best = probability_best(&alpha, &beta, NEVER).unwrap();
                let losses = expected_loss(&alpha, &beta, NEVER).unwrap();
                assert!(best.iter().all(|p| (0.0..=1.0).contains(p)), "({a:e}, {b:e}): {best:?}");
                assert!(losses.iter().all(|loss| (-1e-12..=1.0).contains(loss)), "({a:e}, {b:e}): {losses:?}");
            }
        }
    }
}
