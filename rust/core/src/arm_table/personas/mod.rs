//! Posteriors for personas (`crate::personas`): each persona has cells for the arms with data, and shares the posteriors of all
//! other arms with every other persona.
//!
//! A cell's posterior depends on its own counts and on the totals A and B of its arm, which change with every outcome. So it
//! is computed when it is needed, and only its code is kept. The code is that of a stochastically larger posterior, with A
//! rounded up to a grid and B rounded down. It stays valid until A or B leaves its interval.
mod column;
mod source;

use column::Column;
pub(super) use source::ForPersona;

use super::index::{code_of_arm, digits};
use super::posteriors::{Arms, Posteriors};
use crate::error::Error;
use crate::personas::{prior_of_cell, weight, Cell, PersonaFit, Total};

/// The number of personas that a table can have.
pub const MOST_PERSONAS: usize = 10_000;

/// Rows of cells, in columns of equal length.
#[derive(Debug, Clone, Copy)]
pub struct CellRows<'a> {
    /// The number of the persona of each cell.
    pub personas: &'a [u16],
    /// The successes of each cell, in total.
    pub successes: &'a [f64],
    /// The failures of each cell, in total.
    pub failures: &'a [f64],
    /// The version of each row. It grows with every change of the cell.
    pub version: &'a [i64],
}

/// What all cells of an arm say together.
#[derive(Debug, Default)]
struct Pooled {
    /// The weighted standard counts of all cells, in units of 2⁻⁶⁴: a sum of integers does not depend on its order.
    sums: (i128, i128),
    /// The personas with a cell, also with an empty one.
    personas: Vec<u16>,
}

impl Pooled {
    /// A and B.
    fn total(&self, prior: (f64, f64)) -> Total {
        Total { a: prior.0 + self.sums.0 as f64 / UNIT, b: prior.1 + self.sums.1 as f64 / UNIT, prior }
    }

    fn add(&mut self, (a, b): (f64, f64), sign: i128) {
        self.sums.0 += sign * (a * UNIT) as i128;
        self.sums.1 += sign * (b * UNIT) as i128;
    }
}

const UNIT: f64 = 18_446_744_073_709_551_616.0;

#[derive(Debug)]
pub(super) struct Personas {
    fit: PersonaFit,
    /// The factor of α and β in draws.
    sharpness: f64,
    arms: Vec<Pooled>,
    totals: Vec<Total>,
    columns: Vec<Column>,
    /// The posteriors of arms without a cell.
    others: Posteriors,
    /// The number of outcomes in all cells, and at the last fit.
    outcomes: f64,
    fitted: f64,
}

impl Personas {
    /// No cells yet, for these arms.
    pub fn new(arms: Arms<'_>) -> Self {
        let mut personas = Self {
            fit: PersonaFit::default(),
            sharpness: 1.0,
            arms: vec![],
            totals: vec![],
            columns: vec![],
            others: Posteriors::new(),
            outcomes: 0.0,
            fitted: 0.0,
        };
        for _ in arms.live {
            personas.push();
        }
        for slot in 0..arms.live.len() {
            personas.place_others(slot, arms, arms.impressions[slot]);
        }
        personas
    }

    /// Adds a slot that cannot be selected.
    pub fn push(&mut self) {
        let total = Total { a: 1.0, b: 1.0, prior: (1.0, 1.0) };
        self.arms.push(Pooled::default());
        self.totals.push(total);
        self.others.push();
        let slot = self.totals.len() - 1;
        (self.others.alpha[slot], self.others.beta[slot]) = self.draws_of_others(total);
    }

    pub fn fit(&self) -> &PersonaFit {
        &self.fit
    }

    /// How many times as many outcomes there are as at the last fit.
    pub fn growth(&self) -> f64 {
        if self.outcomes > self.fitted {
            self.outcomes / self.fitted
        } else {
            1.0
        }
    }

    /// Writes one row of cells. Returns whether it was new enough.
    pub fn write(&mut self, slot: usize, rows: CellRows<'_>, row: usize, arms: Arms<'_>) -> bool {
        let (persona, version) = (usize::from(rows.personas[row]), rows.version[row]);
        if persona >= self.columns.len() {
            self.columns.resize_with(persona + 1, Column::new);
        }
        let column = &mut self.columns[persona];
        let known = column.place(slot);
        if known.is_some_and(|place| version <= column.version(place)) {
            return false;
        }
        let place = known.unwrap_or_else(|| {
            self.arms[slot].personas.push(rows.personas[row]);
            column.push(slot)
        });
        let was_empty = column.is_empty_cell(place);
        let (old, new) = (column.counts(place), (rows.successes[row], rows.failures[row]));
        // The lowest version marks empty cells.
        column.write(place, new, version.max(i64::MIN + 1));
        column.filled += usize::from(was_empty && arms.live[slot]);
        self.outcomes += new.0 + new.1 - old.0 - old.1;
        let parts = [old, new].map(|(s, f)| self.part(self.fit.standard(persona, s, f)));
        self.arms[slot].add(parts[0], -1);
        self.arms[slot].add(parts[1], 1);
        if !self.total(slot, arms) {
            self.place_cell(persona, place, arms, arms.impressions[slot]);
        }
        if was_empty {
            self.fill(persona, arms);
        }
        true
    }

    /// Sets the prior of an arm.
    pub fn set_prior(&mut self, slot: usize, prior: (f64, f64), arms: Arms<'_>) {
        if self.totals[slot].prior == prior {
            return;
        }
        // A total that differs from every other, because each cell's prior changes.
        self.totals[slot] = Total { a: f64::NAN, b: f64::NAN, prior };
        self.total(slot, arms);
    }

    /// Updates the order after a change of an arm's impressions, which were `before`, or of whether it is live.
    pub fn follow(&mut self, slot: usize, arms: Arms<'_>, before: i64, was_live: bool) {
        let live = arms.live[slot];
        self.place_others(slot, arms, before);
        if live == was_live && digits(before) == digits(arms.impressions[slot]) {
            return; // the keys of its cells are the same
        }
        for at in 0..self.arms[slot].personas.len() {
            let persona = usize::from(self.arms[slot].personas[at]);
            let column = &mut self.columns[persona];
            if let Some(place) = column.place(slot) {
                if live != was_live && !column.is_empty_cell(place) {
                    column.filled = column.filled + usize::from(live) - usize::from(was_live);
                }
                self.place_cell(persona, place, arms, before);
            }
        }
        if live && !was_live {
            for persona in (0..self.columns.len()).filter(|&persona| self.columns[persona].full).collect::<Vec<_>>() {
                if 2 * self.columns[persona].filled < arms.count {
                    self.drop_empty(persona, arms);
                } else if self.columns[persona].place(slot).is_none() {
                    self.push_empty(persona, slot, arms);
                }
            }
        }
    }

    /// All cells that are not empty.
    pub fn cells(&self) -> Vec<Cell> {
        let of_column = |(persona, column): (usize, &Column)| {
            let filled = (0..column.len()).filter(|&place| !column.is_empty_cell(place));
            let cell = |place| {
                let (successes, failures) = column.counts(place);
                Cell { arm: column.slot(place) as u32, persona: persona as u16, successes, failures }
            };
            filled.map(cell).collect::<Vec<_>>()
        };
        self.columns.iter().enumerate().flat_map(of_column).collect()
    }

    /// a and b of each arm's prior.
    pub fn priors(&self) -> Vec<(f64, f64)> {
        self.totals.iter().map(|total| total.prior).collect()
    }

    /// Applies a fit.
    pub fn apply(&mut self, fit: PersonaFit, arms: Arms<'_>) {
        self.fit = fit;
        self.outcomes = 0.0;
        for arm in &mut self.arms {
            arm.sums = (0, 0);
        }
        for (persona, column) in self.columns.iter().enumerate() {
            for place in 0..column.len() {
                let (s, f) = column.counts(place);
                self.outcomes += s + f;
                let part = self.part(self.fit.standard(persona, s, f));
                self.arms[column.slot(place)].add(part, 1);
            }
        }
        self.fitted = self.outcomes;
        self.place_all(arms);
    }

    /// Sets the factor of α and β in draws.
    pub fn set_sharpness(&mut self, sharpness: f64, arms: Arms<'_>) {
        if sharpness != self.sharpness {
            self.sharpness = sharpness;
            self.place_all(arms);
        }
    }

    fn place_all(&mut self, arms: Arms<'_>) {
        for slot in 0..self.arms.len() {
            self.totals[slot] = self.arms[slot].total(self.totals[slot].prior);
            self.place_others(slot, arms, arms.impressions[slot]);
        }
        let mut columns = std::mem::take(&mut self.columns);
        for (persona, column) in columns.iter_mut().enumerate() {
            column.set_all_codes(arms.impressions, |slot, counts| self.cell_code(slot, persona, counts, arms));
        }
        self.columns = columns;
    }

    /// Beta(kA + s', kB + f') of a cell, or Beta(kA, kB) without one.
    pub fn posterior(&self, slot: usize, persona: usize) -> (f64, f64) {
        let column = self.columns.get(persona);
        let counts = column.and_then(|column| column.place(slot).map(|place| column.counts(place)));
        self.posterior_at(self.totals[slot], persona, counts.unwrap_or_default())
    }

    #[inline]
    fn posterior_at(&self, total: Total, persona: usize, (s, f): (f64, f64)) -> (f64, f64) {
        let (s, f) = self.fit.standard(persona, s, f);
        let (a, b) = prior_of_cell(self.fit.strength(), total, (s, f));
        (a + s, b + f)
    }

    /// The parameters of a cell's draw: its posterior's, times the sharpness.
    #[inline]
    fn cell_draws(&self, slot: usize, persona: usize, counts: (f64, f64)) -> (f64, f64) {
        self.sharpened(self.posterior_at(self.totals[slot], persona, counts))
    }

    /// The parameters of a draw for a persona without a cell.
    fn draws_of_others(&self, total: Total) -> (f64, f64) {
        self.sharpened(prior_of_cell(self.fit.strength(), total, (0.0, 0.0)))
    }

    #[inline]
    fn sharpened(&self, (alpha, beta): (f64, f64)) -> (f64, f64) {
        (self.sharpness * alpha, self.sharpness * beta)
    }

    /// The part of standard counts that a cell adds to A and B.
    #[inline]
    fn part(&self, (s, f): (f64, f64)) -> (f64, f64) {
        let w = weight(self.fit.strength(), (s, f));
        (w * s, w * f)
    }

    fn cell_code(&self, slot: usize, persona: usize, counts: (f64, f64), arms: Arms<'_>) -> u16 {
        if !arms.live[slot] {
            return 0;
        }
        // Both kA + s' and −(kB + f') grow with A and fall with B.
        let (alpha, beta) = self.sharpened(self.posterior_at(corner(self.totals[slot]), persona, counts));
        code_of_arm(alpha, beta)
    }

    /// Computes an arm's totals. Returns whether its cells have new codes.
    fn total(&mut self, slot: usize, arms: Arms<'_>) -> bool {
        let before = corner(self.totals[slot]);
        self.totals[slot] = self.arms[slot].total(self.totals[slot].prior);
        self.place_others(slot, arms, arms.impressions[slot]);
        // NaN differs from everything.
        let moved = corner(self.totals[slot]) != before;
        if moved {
            for at in 0..self.arms[slot].personas.len() {
                let persona = usize::from(self.arms[slot].personas[at]);
                if let Some(place) = self.columns[persona].place(slot) {
                    self.place_cell(persona, place, arms, arms.impressions[slot]);
                }
            }
        }
        moved
    }

    /// Updates the posterior that personas without a cell have for an arm.
    fn place_others(&mut self, slot: usize, arms: Arms<'_>, before: i64) {
        (self.others.alpha[slot], self.others.beta[slot]) = self.draws_of_others(self.totals[slot]);
        // The same as for an empty cell, so that a column may have empty cells or not.
        let bound = self.draws_of_others(corner(self.totals[slot]));
        self.others.reindex(slot, bound, arms, before);
    }

    fn place_cell(&mut self, persona: usize, place: usize, arms: Arms<'_>, before: i64) {
        let column = &self.columns[persona];
        let code = self.cell_code(column.slot(place), persona, column.counts(place), arms);
        self.columns[persona].set_code(place, code, arms.impressions, before);
    }

    /// Gives each live arm a cell if most have one. Then only the persona's own order is walked.
    fn fill(&mut self, persona: usize, arms: Arms<'_>) {
        let column = &mut self.columns[persona];
        if column.full || 4 * column.filled < 3 * arms.count {
            return;
        }
        column.full = true;
        for slot in (0..arms.live.len()).filter(|&slot| arms.live[slot]) {
            if self.columns[persona].place(slot).is_none() {
                self.push_empty(persona, slot, arms);
            }
        }
    }

    fn push_empty(&mut self, persona: usize, slot: usize, arms: Arms<'_>) {
        let place = self.columns[persona].push(slot);
        self.arms[slot].personas.push(persona as u16);
        self.place_cell(persona, place, arms, arms.impressions[slot]);
    }

    fn drop_empty(&mut self, persona: usize, arms: Arms<'_>) {
        let column = &self.columns[persona];
        for place in (0..column.len()).filter(|&place| column.is_empty_cell(place)) {
            self.arms[column.slot(place)].personas.retain(|&other| usize::from(other) != persona);
        }
        self.columns[persona].drop_empty(arms.impressions);
    }

    pub fn nbytes(&self) -> usize {
        self.arms.capacity() * size_of::<Pooled>()
            + self.arms.iter().map(|arm| 2 * arm.personas.capacity()).sum::<usize>()
            + self.totals.capacity() * size_of::<Total>()
            + self.columns.capacity() * size_of::<Column>()
            + self.columns.iter().map(Column::nbytes).sum::<usize>()
            + self.others.nbytes()
            + self.fit.nbytes()
    }
}

/// A rounded up and B rounded down to a grid with 32 steps in each doubling.
fn corner(total: Total) -> Total {
    const STEP: u64 = 1 << (52 - 5);
    let down = |value: f64| value.to_bits() & !(STEP - 1);
    Total { a: f64::from_bits(down(total.a) + STEP), b: f64::from_bits(down(total.b)), ..total }
}

/// Checks counts: finite, not negative, and small enough to be added exactly.
pub(super) fn check_counts(argument: &'static str, counts: &[f64]) -> Result<(), Error> {
    const MOST: f64 = 1e15;
    match counts.iter().position(|count| !(0.0..=MOST).contains(count)) {
        Some(index) => Err(Error::NotACount { argument, index, value: counts[index], most: MOST }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
