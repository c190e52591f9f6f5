//! Beta distributions on the scale of log-odds t = ln(θ/(1−θ)). On it, every Beta density is smooth and log-concave, even if
//! its density over θ has poles at 0 and 1.

/// A density counts as 0 this many e-folds below its peak: e⁻⁴⁵ = 3e-20.
const REACH: f64 = 45.0;

/// An arm with larger parameters than this is a single point in double precision. Its parameters are scaled down to this.
const SHARPEST: f64 = 1e20;

/// Parameters outside this range are replaced by its ends, so that nothing overflows.
const SMALLEST: f64 = 1e-290;
const LARGEST: f64 = 8e307;

/// The density of t for θ ~ Beta(a, b), up to a factor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogOdds {
    a: f64,
    b: f64,
    /// Mean of θ and of 1 − θ.
    p: f64,
    q: f64,
    ln_p: f64,
    ln_q: f64,
    /// The mode of t relative to the origin: ln a − ln b − origin.
    pub mode: f64,
    /// The width at the peak: near it, the density falls like a normal density with this standard deviation.
    pub width: f64,
    /// The points where ln density is replaced by straight lines: [left, right], relative to the origin.
    bends: [f64; 2],
    /// Outside these points, the density counts as 0.
    pub start: f64,
    pub end: f64,
}

impl LogOdds {
    /// Creates the density relative to `origin`, the (α, β) of the arm whose mode is t = 0.
    pub fn new(alpha: f64, beta: f64, origin: (f64, f64)) -> Self {
        let (alpha, beta) = (alpha.clamp(SMALLEST, LARGEST), beta.clamp(SMALLEST, LARGEST));
        let sharpness = 1.0 / (1.0 / alpha + 1.0 / beta);
        let scale = if sharpness > SHARPEST { SHARPEST / sharpness } else { 1.0 };
        let (a, b) = (alpha * scale, beta * scale);
        let (p, q) = (1.0 / (1.0 + b / a), 1.0 / (1.0 + a / b));
        let (ln_p, ln_q) = (a.ln() - (a + b).ln(), b.ln() - (a + b).ln());
        let shift = origin.0.ln() - origin.1.ln();
        // A ratio of ratios is exact, except for rounding, if the modes are close together. Only then does it matter.
        let ratio = (alpha / origin.0) / (beta / origin.1);
        let mode = if ratio > 0.5 && ratio < 2.0 { ratio.ln() } else { alpha.ln() - beta.ln() - shift };
        let width = (1.0 / a + 1.0 / b).sqrt();
        let bends = [a.max(1.0).ln() - shift, -b.max(1.0).ln() - shift];
        let mut arm = Self { a, b, p, q, ln_p, ln_q, mode, width, bends, start: mode, end: mode };
        arm.start = mode + arm.reach(-1.0);
        arm.end = mode + arm.reach(1.0);
        arm
    }

    /// The logarithm of the density at `t` minus its logarithm at the mode.
    #[inline]
    pub fn ln_density(&self, t: f64) -> f64 {
        self.ln_ratio(t - self.mode)
    }

    #[inline]
    fn ln_ratio(&self, d: f64) -> f64 {
        // a ln(x/p) + b ln((1−x)/q). The smaller of p and q is in the logarithm, so that few digits cancel.
        let (a, p, ln_p, d) =
            if self.p <= 0.5 { (self.a, self.p, self.ln_p, d) } else { (self.b, self.q, self.ln_q, -d) };
        let n = self.a + self.b;
        if ln_p + d.max(0.0) < -40.0 {
            a * (d - d.exp_m1()) // n ln(1 + pε) = npε except for rounding, even if p is too small for a double
        } else if d < 30.0 {
            a * d - n * (p * d.exp_m1()).ln_1p()
        } else if ln_p + d < 36.0 {
            a * d - n * (1.0 - p + (ln_p + d).exp()).ln()
        } else {
            a * d - n * (ln_p + d)
        }
    }

    /// The maximum width of a panel of 32 nodes that begins at `t` and resolves this density.
    pub fn resolution(&self, t: f64) -> f64 {
        if t > self.end {
            return f64::INFINITY;
        }
        let core = 3.0 * self.width.min(1.0);
        let around = |core: f64, special: f64| core + 0.4 * (t - special).abs();
        let bend = |special: f64| {
            if special > self.start && special < self.end {
                around(3.0, special)
            } else {
                f64::INFINITY
            }
        };
        around(core, self.mode).min(bend(self.bends[0])).min(bend(self.bends[1]))
    }

    /// The distance from the mode, in the direction of `sign`, at which the density has fallen by e⁻⁴⁵. The result is
    /// never too small, and at most 1.1 times the exact distance.
    fn reach(&self, sign: f64) -> f64 {
        let falls = |distance: f64| self.ln_ratio(sign * distance) < -REACH;
        let (mut near, mut far) = (0.0, 9.0 * self.width);
        while !falls(far) && far < f64::MAX / 4.0 {
            (near, far) = (far, 2.0 * far);
        }
        while far - near > 0.1 * far {
            let middle = near + 0.5 * (far - near);
            if falls(middle) {
                far = middle;
            } else {
                near = middle;
            }
        }
        sign * far
    }
}
