//! The strength κ by its leave-one-out predictive likelihood on a grid.
use super::{prior_of_cell, weight, Total};

/// The grid: `POINTS` values from `LEAST` to `MOST`, with equal ratios.
const POINTS: usize = 25;
const LEAST: f64 = 2.0;
const MOST: f64 = 20_000.0;

/// With more cells than this, the likelihood is that of a part of the arms, with about as many cells.
const MOST_CELLS: usize = 200_000;

/// Standard counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standard {
    pub arm: u32,
    pub successes: f64,
    pub failures: f64,
}

fn point(i: usize) -> f64 {
    LEAST * (MOST / LEAST).powf(i as f64 / (POINTS - 1) as f64)
}

/// The strength without any cell.
pub(super) fn middle() -> f64 {
    (LEAST * MOST).sqrt()
}

/// The posterior mean of ln κ, as κ, and how much the mean likelihood over the grid exceeds that of κ = ∞, as a logarithm.
/// `None` if `stop` returned true.
pub(super) fn strength(cells: &[Standard], priors: &[(f64, f64)], stop: &dyn Fn() -> bool) -> Option<(f64, f64)> {
    let one_in = cells.len().div_ceil(MOST_CELLS).max(1) as u32;
    let part: Vec<Standard>;
    let cells = if one_in > 1 {
        part = cells.iter().copied().filter(|cell| scattered(cell.arm).is_multiple_of(one_in)).collect();
        &part[..]
    } else {
        cells
    };
    let mut totals = vec![];
    let mut likelihood = [0.0; POINTS];
    for (i, value) in likelihood.iter_mut().enumerate() {
        if stop() {
            return None;
        }
        *value = predictive(point(i), cells, priors, &mut totals);
    }
    let pooled = predictive(f64::INFINITY, cells, priors, &mut totals);
    let highest = likelihood.iter().fold(f64::NEG_INFINITY, |highest: f64, &one| highest.max(one));
    let shares = likelihood.map(|one| (one - highest).exp());
    let sum: f64 = shares.iter().sum();
    let mean = shares.iter().enumerate().map(|(i, share)| share / sum * point(i).ln()).sum::<f64>();
    Some((mean.exp(), highest + (sum / POINTS as f64).ln() - pooled))
}

/// The sum over cells of ln P(s', f' | other cells): the beta-binomial probability, without the factor that does not depend
/// on κ.
fn predictive(strength: f64, cells: &[Standard], priors: &[(f64, f64)], totals: &mut Vec<(f64, f64)>) -> f64 {
    let finite = strength.is_finite();
    // κ = ∞ is every outcome with its whole weight, and no shrinking.
    let weight = |counts| if finite { weight(strength, counts) } else { 1.0 };
    totals.clear();
    totals.extend_from_slice(priors);
    for cell in cells {
        let (counts, total) = ((cell.successes, cell.failures), &mut totals[cell.arm as usize]);
        let w = weight(counts);
        *total = (total.0 + w * counts.0, total.1 + w * counts.1);
    }
    let of_cell = |cell: &Standard| {
        let (counts, arm) = ((cell.successes, cell.failures), cell.arm as usize);
        let (a, b) = if finite {
            prior_of_cell(strength, Total { a: totals[arm].0, b: totals[arm].1, prior: priors[arm] }, counts)
        } else {
            let (total, prior) = (totals[arm], priors[arm]);
            (f64::max(total.0 - counts.0, prior.0), f64::max(total.1 - counts.1, prior.1))
        };
        ln_rising(a, counts.0) + ln_rising(b, counts.1) - ln_rising(a + b, counts.0 + counts.1)
    };
    cells.iter().map(of_cell).sum()
}

/// ln Γ(x + n) − ln Γ(x), for x > 0 and n ≥ 0.
fn ln_rising(x: f64, n: f64) -> f64 {
    if n == 0.0 {
        return 0.0;
    }
    if n == 1.0 {
        return x.ln();
    }
    // Γ(x) = Γ(x + m) / (x (x+1) … (x+m−1)), so that Stirling's series is exact except for rounding.
    let (low, product_low) = raised(x);
    let (high, product_high) = raised(x + n);
    // ln Γ(high) − ln Γ(low), with few digits cancelled where n is far smaller than x.
    let distance = high - low;
    let main = (low - 0.5) * (distance / low).ln_1p() + distance * (high.ln() - 1.0);
    main + correction(high) - correction(low) + (product_low / product_high).ln()
}

/// A number of at least 8, from which Stirling's series converges, and the product of the numbers on the way there.
fn raised(mut x: f64) -> (f64, f64) {
    let mut product = 1.0;
    while x < 8.0 {
        product *= x;
        x += 1.0;
    }
    (x, product)
}

/// ln Γ(x) − ((x − ½) ln x − x + ½ ln 2π), for x ≥ 8.
fn correction(x: f64) -> f64 {
    let y = 1.0 / (x * x);
    let series = 1.0 / 1680.0 - y * (1.0 / 1188.0 - y * (691.0 / 360_360.0 - y / 156.0));
    (1.0 / 12.0 - y * (1.0 / 360.0 - y * (1.0 / 1260.0 - y * series))) / x
}

/// The position of an arm in an order that has nothing to do with its number.
fn scattered(arm: u32) -> u32 {
    (arm.wrapping_mul(0x9E37_79B1)) >> 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rising_factorials_of_known_products() {
        for (x, n) in [(0.1, 3), (1.0, 10), (2.5, 1), (7.9, 2), (30.0, 17), (1e6, 4)] {
            let exact: f64 = (0..n).map(|i| f64::ln(x + f64::from(i))).sum();
            let ours = ln_rising(x, f64::from(n));
            assert!((ours - exact).abs() < 1e-12 * exact.abs().max(1.0), "{x} {n}: {ours} and {exact}");
        }
        assert_eq!(ln_rising(3.0, 0.0), 0.0);
    }

    #[test]
    fn a_part_of_many_cells_gives_about_the_same_strength() {
        let mut cells = vec![];
        for arm in 0..30_000u32 {
            for persona in 0..8 {
                let p = if (arm + persona) % 2 == 0 { 0.2 } else { 0.1 };
                cells.push(Standard { arm, successes: 20.0 * p, failures: 20.0 * (1.0 - p) });
            }
        }
        let priors = vec![(1.0, 1.0); 30_000];
        let some: Vec<Standard> = cells[..80_000].to_vec();
        let (all, _) = strength(&cells, &priors, &|| false).unwrap();
        let (part, _) = strength(&some, &priors, &|| false).unwrap();
        assert!((all / part - 1.0).abs() < 0.02, "{all} {part}");
    }
}
