//! Gauss–Legendre quadrature on [−1, 1], with running integrals up to each node.
use std::sync::OnceLock;

use pulp::{Arch, Simd, WithSimd};

/// Nodes in a panel.
pub(crate) const NODES: usize = 32;

/// A function's values at a panel's nodes.
pub(crate) type Panel = [f64; NODES];

/// The rule and its integration matrix. It is exact for polynomials up to degree 63, and running integrals up to degree 31.
pub(crate) struct Rule {
    pub nodes: Panel,
    pub weights: Panel,
    /// `running[m][i]` is the weight of the value at node m in the integral from −1 to node i.
    running: [Panel; NODES],
    arch: Arch,
}

impl Rule {
    pub fn get() -> &'static Self {
        static RULE: OnceLock<Rule> = OnceLock::new();
        RULE.get_or_init(Self::new)
    }

    fn new() -> Self {
        let mut nodes = [0.0; NODES];
        let mut weights = [0.0; NODES];
        for i in 0..NODES {
            let mut x = -((i as f64 + 0.75) / (NODES as f64 + 0.5) * std::f64::consts::PI).cos();
            for _ in 0..10 {
                let p = legendre(x);
                x -= p[NODES] / slope(x, &p);
            }
            let p = legendre(x);
            nodes[i] = x;
            weights[i] = 2.0 / ((1.0 - x * x) * slope(x, &p).powi(2));
        }
        // The interpolant's coefficients are (2k+1)/2 Σ w f P_k, and ∫ P_k = (P_{k+1} − P_{k−1})/(2k+1).
        let mut running = [[0.0; NODES]; NODES];
        for (m, row) in running.iter_mut().enumerate() {
            let at_m = legendre(nodes[m]);
            for (i, entry) in row.iter_mut().enumerate() {
                let at_i = legendre(nodes[i]);
                let first = nodes[i] + 1.0;
                let rest: f64 = (1..NODES).map(|k| at_m[k] * (at_i[k + 1] - at_i[k - 1])).sum();
                *entry = 0.5 * weights[m] * (first + rest);
            }
        }
        Self { nodes, weights, running, arch: Arch::new() }
    }

    /// ∫ over the whole of [−1, 1].
    pub fn integral(&self, values: &Panel) -> f64 {
        values.iter().zip(&self.weights).map(|(value, weight)| value * weight).sum()
    }

    /// ∫ from −1 to each node.
    pub fn running(&self, values: &Panel) -> Panel {
        self.arch.dispatch(Running { values, weights: &self.running })
    }
}

/// Sums of rows, compiled once for each kind of processor.
struct Running<'a> {
    values: &'a Panel,
    weights: &'a [Panel; NODES],
}

impl WithSimd for Running<'_> {
    type Output = Panel;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Panel {
        let mut sums = [0.0; NODES];
        let lanes = S::as_mut_simd_f64s(&mut sums).0;
        for (&value, row) in self.values.iter().zip(self.weights) {
            let value = simd.splat_f64s(value);
            for (sum, &weight) in lanes.iter_mut().zip(S::as_simd_f64s(row).0) {
                *sum = simd.add_f64s(*sum, simd.mul_f64s(value, weight));
            }
        }
        sums
    }
}

/// P_0(x) … P_32(x).
fn legendre(x: f64) -> [f64; NODES + 1] {
    let mut p = [1.0; NODES + 1];
    p[1] = x;
    for k in 1..NODES {
        let n = k as f64;
        p[k + 1] = ((2.0 * n + 1.0) * x * p[k] - n * p[k - 1]) / (n + 1.0);
    }
    p
}

/// P_32′(x).
fn slope(x: f64, p: &[f64; NODES + 1]) -> f64 {
    NODES as f64 * (x * p[NODES] - p[NODES - 1]) / (x * x - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integrates_what_it_should_exactly() {
        let rule = Rule::get();
        for power in [0, 1, 2, 31, 62] {
            let values = rule.nodes.map(|x| x.powi(power));
            let exact = if power % 2 == 0 { 2.0 / f64::from(power + 1) } else { 0.0 };
            assert!((rule.integral(&values) - exact).abs() < 1e-14, "x^{power}");
        }
        let running = rule.running(&rule.nodes.map(f64::exp));
        for (sum, x) in running.iter().zip(rule.nodes) {
            assert!((sum - (x.exp() - (-1f64).exp())).abs() < 1e-14);
        }
    }
}
