//! Personas of a table: their cells, priors and fit.
use super::personas::{check_counts, CellRows, Personas, MOST_PERSONAS};
use super::posteriors::Arms;
use super::ArmTable;
use crate::beta::{check_length, check_parameters};
use crate::error::Error;
use crate::personas::{Cell, PersonaFit};

impl CellRows<'_> {
    /// Checks every row: equal lengths, personas below [`MOST_PERSONAS`], counts finite and not negative.
    pub fn check(&self, slots: usize) -> Result<(), Error> {
        check_length(("slots", slots), ("personas", self.personas.len()))?;
        check_length(("slots", slots), ("successes", self.successes.len()))?;
        check_length(("slots", slots), ("failures", self.failures.len()))?;
        check_length(("slots", slots), ("version", self.version.len()))?;
        if let Some(index) = self.personas.iter().position(|&persona| usize::from(persona) >= MOST_PERSONAS) {
            let value = i64::from(self.personas[index]);
            return Err(Error::BadPersona { index: Some(index), value, limit: MOST_PERSONAS });
        }
        check_counts("successes", self.successes)?;
        check_counts("failures", self.failures)
    }

    /// Some of the rows.
    pub fn slice(&self, rows: std::ops::Range<usize>) -> Self {
        Self {
            personas: &self.personas[rows.clone()],
            successes: &self.successes[rows.clone()],
            failures: &self.failures[rows.clone()],
            version: &self.version[rows],
        }
    }
}

impl ArmTable {
    /// Writes the counts of arms for personas, also of removed arms, and returns the number of rows that were new enough.
    /// `rows` must have passed [`CellRows::check`].
    pub fn update_cells(&mut self, slots: &[usize], rows: CellRows<'_>) -> Result<usize, Error> {
        self.check_slots(slots)?;
        let mut applied = 0;
        let (personas, arms) = self.personas_and_columns();
        for (row, &slot) in slots.iter().enumerate() {
            applied += usize::from(personas.write(slot, rows, row, arms));
        }
        Ok(applied)
    }

    /// Sets the prior that an arm has for all personas together; Beta(1, 1) unless set.
    pub fn set_persona_priors(&mut self, slots: &[usize], alpha: &[f64], beta: &[f64]) -> Result<(), Error> {
        self.check_slots(slots)?;
        check_length(("slots", slots.len()), ("alpha", alpha.len()))?;
        check_length(("slots", slots.len()), ("beta", beta.len()))?;
        check_parameters("alpha", alpha)?;
        check_parameters("beta", beta)?;
        let (personas, arms) = self.personas_and_columns();
        for ((&slot, &alpha), &beta) in slots.iter().zip(alpha).zip(beta) {
            personas.set_prior(slot, (alpha, beta), arms);
        }
        Ok(())
    }

    /// Sets the factor of α and β in draws for personas; 1 unless set.
    pub fn set_persona_sharpness(&mut self, sharpness: f64) -> Result<(), Error> {
        check_parameters("sharpness", &[sharpness])?;
        let (personas, arms) = self.personas_and_columns();
        personas.set_sharpness(sharpness, arms);
        Ok(())
    }

    /// The fit in force.
    pub fn persona_fit(&self) -> Option<&PersonaFit> {
        self.personas.as_ref().map(|personas| personas.fit())
    }

    /// How many times as many outcomes the cells have as at the last fit.
    pub fn persona_growth(&self) -> f64 {
        self.personas.as_ref().map_or(1.0, |personas| personas.growth())
    }

    /// The cells with data, and the prior of each slot, from which [`PersonaFit::new`] makes a fit.
    pub fn cells(&self) -> (Vec<Cell>, Vec<(f64, f64)>) {
        self.personas.as_ref().map_or((vec![], vec![]), |personas| (personas.cells(), personas.priors()))
    }

    /// Puts a fit in force. It takes time for every cell.
    pub fn apply_fit(&mut self, fit: PersonaFit) {
        let (personas, arms) = self.personas_and_columns();
        personas.apply(fit, arms);
    }

    /// α and β of a slot for a persona.
    pub fn persona_arm(&self, slot: usize, persona: usize) -> Result<(f64, f64), Error> {
        self.check_slots(&[slot])?;
        Ok(match &self.personas {
            Some(personas) => personas.posterior(slot, persona),
            None => (self.posteriors.alpha[slot], self.posteriors.beta[slot]),
        })
    }

    /// Removes all cells, priors and the fit, as if there never were personas.
    pub fn clear_personas(&mut self) {
        self.personas = None;
    }

    fn personas_and_columns(&mut self) -> (&mut Personas, Arms<'_>) {
        let arms = Arms { impressions: &self.impressions, sets: &self.sets, live: &self.live, count: self.live_count };
        (self.personas.get_or_insert_with(|| Box::new(Personas::new(arms))), arms)
    }
}
