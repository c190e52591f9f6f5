//! Draws from Gamma(shape, 1), from which the Beta draws are made.
//!
//! G. Marsaglia & W. W. Tsang (2000). A simple method for generating gamma variables. ACM Transactions on
//! Mathematical Software 26, 363–372.
use rand::{Rng, RngExt};
use rand_distr::{Exp1, Open01, StandardNormal};

/// One draw for `shape` ≥ 1. Always terminates: NaN results in NaN.
#[inline]
pub(crate) fn gamma<R: Rng + ?Sized>(shape: f64, rng: &mut R) -> f64 {
    if shape == 1.0 {
        return rng.sample(Exp1); // the shape of new arms, and the fastest one
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x: f64 = rng.sample(StandardNormal);
        let y = c * x;
        let root = 1.0 + y;
        if root <= 0.0 {
            continue;
        }
        let v = root * root * root;
        let u: f64 = rng.sample(Open01);
        let square = x * x;
        // The squeeze decides 98 % of the draws. In the others, NaN must count as accepted.
        if u < 1.0 - 0.0331 * square * square || !refuses(u, d, y) {
            return d * v;
        }
    }
}

/// The exact test: the draw is rejected if ln u ≥ x²/2 + d(1 − v + ln v).
///
/// With v = (1 + y)³ and x² = 9dy², the right side is 3d(ln(1+y) − y + y²/2 − y³/3). For a large shape, all terms below y⁴
/// cancel, so only the terms from y⁴ on are computed.
#[cold]
fn refuses(u: f64, d: f64, y: f64) -> bool {
    let remainder = if y.abs() < 0.01 {
        -(y * y)
            * (y * y)
            * (1.0 / 4.0 - y * (1.0 / 5.0 - y * (1.0 / 6.0 - y * (1.0 / 7.0 - y * (1.0 / 8.0 - y / 9.0)))))
    } else {
        y.ln_1p() - y * (1.0 - y * (1.0 / 2.0 - y / 3.0))
    };
    u.ln() >= 3.0 * d * remainder
}

/// One draw for any `shape` > 0, as (g, e), which represents g · exp(e). With a shape below 1, it may be too small for a
/// double.
///
/// Gamma(a) has the distribution of Gamma(a + 1) · U^(1/a), and −ln U is exponential. Far below 1, another method is faster.
#[inline]
pub(crate) fn scaled_gamma<R: Rng + ?Sized>(shape: f64, rng: &mut R) -> (f64, f64) {
    if shape >= 1.0 {
        return (gamma(shape, rng), 0.0);
    }
    if shape < SMALL {
        return (1.0, -small(shape, rng) / shape);
    }
    let exponent: f64 = rng.sample(Exp1);
    (gamma(shape + 1.0, rng), -exponent / shape)
}

/// Below this shape, −a ln X is drawn, whose distribution is nearly exponential.
const SMALL: f64 = 0.1;

/// One draw of y = −a ln X, X ~ Gamma(a), whose density is proportional to exp(−y − e^(−y/a)).
///
/// C. Liu, R. Martin & N. Syring (2017). Efficient simulation from a gamma distribution with small shape parameter.
/// Computational Statistics 32, 1767–1775. The envelope is e^(−y) for y ≥ 0 and, with s = −y/a, e^(as−s−1) below.
#[inline]
fn small<R: Rng + ?Sized>(shape: f64, rng: &mut R) -> f64 {
    let below = shape / (std::f64::consts::E * (1.0 - shape));
    loop {
        let side: f64 = rng.random();
        let step: f64 = rng.sample(Exp1);
        if side * (1.0 + below) < 1.0 {
            // Rejected with probability 1 − exp(−e^(−y/a)), which is ignored below 1e-19.
            let far = step / shape;
            if far > 44.0 || rng.sample::<f64, _>(Exp1) > (-far).exp() {
                return step;
            }
        } else {
            // The exponential of rate 1/a − 1 in −y, or of rate 1 − a in s.
            let s = step / (1.0 - shape);
            if rng.sample::<f64, _>(Exp1) > s.exp() - s - 1.0 {
                return -s * shape;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::generator;

    #[test]
    fn mean_and_variance_are_the_shape() {
        let mut rng = generator(Some(5));
        for shape in [1.0, 1.5, 20.0, 1e4, 1e12] {
            let n = 200_000;
            let draws: Vec<f64> = (0..n).map(|_| gamma(shape, &mut rng) / shape).collect();
            let mean = draws.iter().sum::<f64>() / f64::from(n);
            let variance = draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / f64::from(n);
            // Five standard errors: of the mean 1/√(shape n), of the variance √((2 + 6/shape)/n) of itself.
            assert!((mean - 1.0).abs() < 5.0 / (shape * f64::from(n)).sqrt(), "shape {shape}: mean {mean}");
            let spread = 5.0 * ((2.0 + 6.0 / shape) / f64::from(n)).sqrt();
            assert!((variance * shape - 1.0).abs() < spread, "shape {shape}: variance {variance}");
        }
    }

    #[test]
    fn small_shapes_have_the_moments_of_their_logarithm() {
        // E[−a ln X] = −a ψ(a) = 1 − a ψ(1 + a), and the variance is a² ψ′(a) = 1 + a² ψ′(1 + a).
        let mut rng = generator(Some(6));
        for (shape, digamma, trigamma) in [
            (1e-300, -0.577_215_664_901_532_9, 1.644_934_07),
            (1e-3, -0.575_571_931_810_300_6, 1.642_533_2),
            (0.09, -0.438_181_763_495_334_66, 1.452_142),
        ] {
            let n = 400_000;
            let draws: Vec<f64> = (0..n).map(|_| small(shape, &mut rng)).collect();
            let mean = draws.iter().sum::<f64>() / f64::from(n);
            let variance = draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / f64::from(n);
            let exact = 1.0 + shape * shape * trigamma;
            // Five standard errors; the fourth moment is nearly the exponential's, nine times the variance's square.
            assert!((mean - (1.0 - shape * digamma)).abs() < 5.0 * (exact / f64::from(n)).sqrt(), "{shape}: {mean}");
            assert!((variance - exact).abs() < 5.0 * exact * (8.0 / f64::from(n)).sqrt(), "{shape}: {variance}");
        }
    }

    #[test]
    fn the_cancelled_and_the_plain_form_of_the_test_agree() {
        let y: f64 = 0.0099;
        let plain = y.ln_1p() - y * (1.0 - y * (1.0 / 2.0 - y / 3.0));
        for u in [0.1, 0.5, 0.9] {
            let d = f64::ln(u) / (3.0 * plain);
            assert!(refuses(u, d * 1.0001, y) != refuses(u, d * 0.9999, y));
        }
    }

    #[test]
    fn what_is_no_shape_ends_all_the_same() {
        let mut rng = generator(Some(5));
        for shape in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 0.0, f64::MAX] {
            gamma(shape, &mut rng);
            scaled_gamma(shape, &mut rng);
        }
    }
}
