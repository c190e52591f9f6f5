//! Draws from Beta(α, β) as X / (X + Y) with X ~ Gamma(α), Y ~ Gamma(β).
//!
//! Exact at every scale from 1e-300 to 1e300: parameters below 1 are drawn in logarithms.
use rand::Rng;

use crate::error::Error;
use crate::gamma::{gamma, scaled_gamma};

/// One draw from Beta(`alpha`, `beta`), in [0, 1].
///
/// Both must be finite and greater than 0 ([`check_arms`]); other values result in a meaningless number, never in a panic
/// and never an endless loop.
#[inline]
pub fn draw_beta<R: Rng + ?Sized>(alpha: f64, beta: f64, rng: &mut R) -> f64 {
    draw(alpha, beta, rng).theta
}

/// A draw. If it is 0 or 1 in double precision, `fine` has its log-odds, which are still distinct; otherwise `fine` is 0.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drawn {
    pub theta: f64,
    pub fine: f64,
}

#[inline]
pub(crate) fn draw<R: Rng + ?Sized>(alpha: f64, beta: f64, rng: &mut R) -> Drawn {
    if alpha < 1.0 || beta < 1.0 {
        return draw_small(alpha, beta, rng);
    }
    let x = gamma(alpha, rng);
    let y = gamma(beta, rng);
    let sum = x + y;
    let theta = x / sum;
    if theta > 0.0 && theta < 1.0 && sum < f64::INFINITY {
        return Drawn { theta, fine: 0.0 };
    }
    by_log_odds(x.ln() - y.ln())
}

#[inline(never)]
fn draw_small<R: Rng + ?Sized>(alpha: f64, beta: f64, rng: &mut R) -> Drawn {
    let (x, of_x) = scaled_gamma(alpha, rng);
    let (y, of_y) = scaled_gamma(beta, rng);
    if of_x == of_y {
        return Drawn { theta: 0.5, fine: 0.0 }; // both are −∞, and their difference is NaN
    }
    by_log_odds((x / y).ln() + (of_x - of_y))
}

#[inline]
fn by_log_odds(log_odds: f64) -> Drawn {
    // The processor takes far longer if the result underflows.
    let odds = if log_odds.abs() < 745.0 { (-log_odds.abs()).exp() } else { 0.0 };
    let theta = if log_odds < 0.0 { odds } else { 1.0 } / (1.0 + odds);
    Drawn { theta, fine: if theta > 0.0 && theta < 1.0 { 0.0 } else { log_odds } }
}

/// Checks that every value is finite and greater than 0.
pub fn check_parameters(argument: &'static str, values: &[f64]) -> Result<(), Error> {
    // Without an early exit, the first pass vectorises. The second pass finds the invalid value.
    let bad = |&value: &f64| u64::from(!((value > 0.0) & (value < f64::INFINITY)));
    if values.iter().map(bad).sum::<u64>() == 0 {
        return Ok(());
    }
    let culprit = values.iter().enumerate().find(|(_, &value)| !(value > 0.0 && value < f64::INFINITY));
    culprit.map_or(Ok(()), |(index, &value)| Err(Error::NotPositive { argument, index, value }))
}

/// Checks that `argument` has the same length as `reference`. Both are a name and a length.
pub fn check_length(reference: (&'static str, usize), argument: (&'static str, usize)) -> Result<(), Error> {
    if reference.1 == argument.1 {
        return Ok(());
    }
    Err(Error::LengthMismatch {
        reference: reference.0,
        expected: reference.1,
        argument: argument.0,
        actual: argument.1,
    })
}

/// Checks that `alpha` and `beta` describe the same arms, each finite and greater than 0.
pub fn check_arms(alpha: &[f64], beta: &[f64]) -> Result<(), Error> {
    check_length(("alpha", alpha.len()), ("beta", beta.len()))?;
    check_parameters("alpha", alpha)?;
    check_parameters("beta", beta)
}

/// Draws θᵢ ~ Beta(αᵢ, βᵢ) into `out`, which must be as long as the parameters.
pub fn sample_beta<R: Rng + ?Sized>(alpha: &[f64], beta: &[f64], out: &mut [f64], rng: &mut R) -> Result<(), Error> {
    check_arms(alpha, beta)?;
    check_length(("alpha", alpha.len()), ("out", out.len()))?;
    for ((draw, &alpha), &beta) in out.iter_mut().zip(alpha).zip(beta) {
        *draw = draw_beta(alpha, beta, rng);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::generator;

    #[test]
    fn refuses_what_is_no_parameter() {
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0] {
            let error = check_arms(&[1.0, 1.0], &[1.0, bad]).unwrap_err().to_string();
            assert!(error.starts_with("beta[1] is "), "{error}");
            let error = check_arms(&[bad], &[1.0]).unwrap_err().to_string();
            assert!(error.starts_with("alpha[0] is "), "{error}");
        }
        assert!(check_arms(&[1.0], &[]).is_err());
    }

    #[test]
    fn draws_lie_within_the_unit_interval_at_every_scale() {
        let scales = [5e-324, f64::MIN_POSITIVE, 1e-3, 0.5, 1.0, 1.0 + f64::EPSILON, 7.0, 1e9, 1e18, 1e300, f64::MAX];
        let mut rng = generator(Some(11));
        for alpha in scales {
            for beta in scales {
                for _ in 0..20 {
                    let draw = draw_beta(alpha, beta, &mut rng);
                    assert!((0.0..=1.0).contains(&draw), "Beta({alpha:e}, {beta:e}) drew {draw}");
                }
            }
        }
    }
}
