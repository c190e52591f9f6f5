//! Sharpened draws: θ ~ Beta(gα, gβ) instead of Beta(α, β).
//!
//! The mean is the same. For g > 1 the variance is smaller, by a factor of about g, so that fewer places go to arms that are
//! probably worse. O. Chapelle & L. Li (2011). An empirical evaluation of Thompson sampling. NIPS, section 3 ("posterior
//! reshaping").
use crate::error::Error;

/// The largest sharpness.
pub const SHARPEST: f64 = 1e4;

/// Checks that g is above 0 and at most [`SHARPEST`].
pub fn check_sharpness(sharpness: f64) -> Result<(), Error> {
    if sharpness > 0.0 && sharpness <= SHARPEST {
        return Ok(());
    }
    Err(Error::OutOfRange { argument: "sharpness", index: None, value: sharpness, range: "above 0 and at most 10,000" })
}

/// A factor that was checked; 1 by default.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sharpness(f64);

impl Sharpness {
    /// Checks a factor.
    pub fn new(factor: f64) -> Result<Self, Error> {
        check_sharpness(factor).map(|()| Self(factor))
    }

    /// The factor.
    pub fn factor(self) -> f64 {
        self.0
    }
}

impl Default for Sharpness {
    fn default() -> Self {
        Self(1.0)
    }
}

/// The parameters (gα, gβ). They remain positive and finite.
#[inline]
pub(crate) fn sharpened(alpha: f64, beta: f64, sharpness: f64) -> (f64, f64) {
    if sharpness == 1.0 {
        return (alpha, beta);
    }
    let scaled = |parameter: f64| (sharpness * parameter).clamp(f64::MIN_POSITIVE, f64::MAX / 4.0);
    (scaled(alpha), scaled(beta))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_remain_valid() {
        for value in [5e-324, 1.0, 1e300, f64::MAX] {
            for sharpness in [5e-324, 0.5, 1.0, 2.0, SHARPEST] {
                let (alpha, beta) = sharpened(value, 1.0, sharpness);
                assert!(alpha > 0.0 && alpha < f64::INFINITY && beta > 0.0);
            }
        }
        assert_eq!(sharpened(5e-324, 3.0, 1.0), (5e-324, 3.0));
    }

    #[test]
    fn refusals_name_the_value() {
        for bad in [0.0, -1.0, 10_000.1, f64::NAN, f64::INFINITY] {
            let message = check_sharpness(bad).unwrap_err().to_string();
            assert_eq!(message, format!("sharpness is {bad}: it must be above 0 and at most 10,000"));
        }
    }
}
