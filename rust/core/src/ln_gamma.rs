//! The logarithm of the gamma function.

const HALF_LN_TAU: f64 = 0.918_938_533_204_672_8;

/// ln Γ(x) for x > 0, with an absolute error of about 1e-14 × max(1, |ln Γ(x)|).
pub(crate) fn ln_gamma(mut x: f64) -> f64 {
    // Γ(x) = Γ(x + m) / (x (x+1) … (x+m−1)), until Stirling's series is exact except for rounding.
    let mut product = 1.0;
    while x < 10.0 {
        product *= x;
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    let series = 1.0 / 1680.0 - y * (1.0 / 1188.0 - y * (691.0 / 360_360.0));
    let series = (1.0 / 12.0 - y * (1.0 / 360.0 - y * (1.0 / 1260.0 - y * series))) / x;
    let below = if product == 1.0 { 0.0 } else { product.ln() };
    (x - 0.5) * x.ln() - x + HALF_LN_TAU + series - below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        let mut ln_factorial = 0.0;
        for x in 1..60 {
            let x = f64::from(x);
            assert!((ln_gamma(x) - ln_factorial).abs() < 2e-14 * ln_factorial.max(1.0), "{x}: {}", ln_gamma(x));
            ln_factorial += x.ln();
        }
        assert!((ln_gamma(0.5) - 0.5 * std::f64::consts::PI.ln()).abs() < 1e-14);
        assert!((ln_gamma(1e-9) - 20.723_265_836_369_188).abs() < 1e-13);
        assert!((ln_gamma(1e6) - 12_815_504.569_147_611).abs() < 1e-8);
    }
}
