//! The estimates that all cells share: the personas' odds and the strength.
use super::grid::{self, Standard};
use super::Cell;

/// Added to the successes and to the failures that a persona's odds are estimated from.
const ADDED: f64 = 5.0;

/// The odds of each persona, and how alike personas are.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonaFit {
    /// ω of each persona.
    odds: Vec<f64>,
    /// c of each persona.
    scale: Vec<f64>,
    strength: f64,
    gain: f64,
}

impl Default for PersonaFit {
    fn default() -> Self {
        Self { odds: vec![], scale: vec![], strength: grid::middle(), gain: 0.0 }
    }
}

impl PersonaFit {
    /// Estimates odds and strength. `priors` has a and b of each arm's Beta prior; the cells' arms are positions in it.
    ///
    /// The result depends on the order of the cells by rounding only, and is rounded to 40 bits so that it does not show.
    pub fn new(cells: &[Cell], priors: &[(f64, f64)], stop: &dyn Fn() -> bool) -> Option<Self> {
        let mut totals = vec![(0.0, 0.0); priors.len()];
        for cell in cells {
            let total = &mut totals[cell.arm as usize];
            *total = (total.0 + cell.successes, total.1 + cell.failures);
        }
        let mean = |arm: u32| {
            let ((s, f), (a, b)) = (totals[arm as usize], priors[arm as usize]);
            (a + s) / (a + b + s + f)
        };
        let personas = cells.iter().map(|cell| usize::from(cell.persona) + 1).max().unwrap_or(0);
        let mut sums = vec![[0.0; 4]; personas];
        for cell in cells {
            let [above, below, successes, failures] = &mut sums[usize::from(cell.persona)];
            let mean = mean(cell.arm);
            *above += cell.successes * (1.0 - mean);
            *below += cell.failures * mean;
            *successes += cell.successes;
            *failures += cell.failures;
        }
        let mut fit = Self::default();
        for [above, below, successes, failures] in sums {
            let odds = rounded((above + ADDED) / (below + ADDED));
            let rate = (successes + 1.0) / (successes + failures + 2.0);
            fit.odds.push(odds);
            fit.scale.push(rounded((1.0 - rate) + rate / odds));
        }
        let standard = |cell: &Cell| {
            let (successes, failures) = fit.standard(cell.persona.into(), cell.successes, cell.failures);
            Standard { arm: cell.arm, successes, failures }
        };
        let standard: Vec<Standard> = cells.iter().map(standard).collect();
        let (strength, gain) = grid::strength(&standard, priors, stop)?;
        (fit.strength, fit.gain) = (rounded(strength), gain);
        Some(fit)
    }

    /// ω of each persona, up to the last one with a cell.
    pub fn odds(&self) -> &[f64] {
        &self.odds
    }

    /// κ: personas differ as if each had this many outcomes of its own per arm. It is between 2, very different, and 20,000,
    /// alike.
    pub fn strength(&self) -> f64 {
        self.strength
    }

    /// How much better personas predict than no personas: the logarithm of the mean, over the grid of κ, of the leave-one-out
    /// predictive likelihood, minus that with κ = ∞.
    pub fn gain(&self) -> f64 {
        self.gain
    }

    /// Standard counts of a cell.
    #[inline]
    pub(crate) fn standard(&self, persona: usize, successes: f64, failures: f64) -> (f64, f64) {
        match (self.scale.get(persona), self.odds.get(persona)) {
            (Some(scale), Some(odds)) => (scale * successes, scale * odds * failures),
            _ => (successes, failures),
        }
    }

    pub(crate) fn nbytes(&self) -> usize {
        8 * (self.odds.capacity() + self.scale.capacity())
    }
}

/// The nearest number with a mantissa of 40 bits.
fn rounded(value: f64) -> f64 {
    const DROPPED: u32 = 12;
    f64::from_bits((value.to_bits() + (1 << (DROPPED - 1))) >> DROPPED << DROPPED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(cells: &[(u32, u16, f64, f64)], arms: usize) -> PersonaFit {
        let cell = |&(arm, persona, successes, failures): &_| Cell { arm, persona, successes, failures };
        let cells: Vec<Cell> = cells.iter().map(cell).collect();
        PersonaFit::new(&cells, &vec![(1.0, 1.0); arms], &|| false).unwrap()
    }

    #[test]
    fn without_cells_nothing_is_known() {
        let nothing = fit(&[], 3);
        assert_eq!(nothing, PersonaFit::default());
        assert!((nothing.strength() / 200.0 - 1.0).abs() < 1e-9);
    }

    #[test]
    fn order_does_not_show() {
        let mut cells = vec![];
        for arm in 0..30u32 {
            for persona in 0..7u16 {
                let n = f64::from(1 + (arm * 7 + u32::from(persona) * 13) % 40);
                cells.push((arm, persona, 0.1 * n, 0.9 * n));
            }
        }
        let forwards = fit(&cells, 30);
        cells.reverse();
        let backwards = fit(&cells, 30);
        assert_eq!(forwards.odds(), backwards.odds());
        assert_eq!(forwards.strength(), backwards.strength());
        cells.clear();
        assert!(PersonaFit::new(&[Cell { arm: 0, persona: 0, successes: 1.0, failures: 1.0 }], &[(1.0, 1.0)], &|| {
            true
        })
        .is_none());
    }

    #[test]
    fn a_persona_that_converts_more_has_higher_odds_and_no_own_taste() {
        let mut cells = vec![];
        for arm in 0..20 {
            let p = 0.05 + 0.01 * f64::from(arm);
            cells.push((arm, 0, 1_000.0 * p, 1_000.0 * (1.0 - p)));
            let odds = 3.0 * p / (1.0 - p);
            cells.push((arm, 1, 1_000.0 * odds / (1.0 + odds), 1_000.0 / (1.0 + odds)));
        }
        let fit = fit(&cells, 20);
        assert!((fit.odds()[1] / fit.odds()[0] - 3.0).abs() < 0.5, "{:?}", fit.odds());
        assert!(fit.strength() > 5_000.0 && fit.gain() < 1.0, "{} {}", fit.strength(), fit.gain());
    }
}
