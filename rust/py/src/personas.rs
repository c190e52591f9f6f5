//! Cells of personas, converted from Python's columns.
use armful_core::{check_length, check_parameters, CellRows, Error, MOST_PERSONAS};
use pyo3::prelude::*;

use crate::convert::{floats, integer, integers, refuse, Column};

/// The columns of an update of cells, converted from Python arguments.
pub struct CellColumns<'py> {
    personas: Vec<u16>,
    successes: Column<'py, f64>,
    failures: Column<'py, f64>,
    version: Column<'py, i64>,
}

impl<'py> CellColumns<'py> {
    pub fn new(
        personas: &Bound<'py, PyAny>,
        successes: &Bound<'py, PyAny>,
        failures: &Bound<'py, PyAny>,
        version: &Bound<'py, PyAny>,
    ) -> PyResult<Self> {
        let numbers = integers(personas, "personas")?;
        let number = |(index, &value): (usize, &i64)| number(value, Some(index));
        let personas: Result<Vec<u16>, Error> = numbers.as_slice().iter().enumerate().map(number).collect();
        Ok(Self {
            personas: personas.map_err(refuse)?,
            successes: floats(successes, "successes")?,
            failures: floats(failures, "failures")?,
            version: integers(version, "version")?,
        })
    }

    pub fn rows(&self) -> CellRows<'_> {
        CellRows {
            personas: &self.personas,
            successes: self.successes.as_slice(),
            failures: self.failures.as_slice(),
            version: self.version.as_slice(),
        }
    }
}

/// The number of a persona.
pub fn persona(argument: &Bound<'_, PyAny>) -> PyResult<usize> {
    let value: i64 = integer(argument, "persona", "an integer or None")?;
    number(value, None).map(usize::from).map_err(refuse)
}

/// Checks priors before any is set.
pub fn check_priors(slots: usize, alpha: &[f64], beta: &[f64]) -> PyResult<()> {
    check_length(("slots", slots), ("alpha", alpha.len())).map_err(refuse)?;
    check_length(("slots", slots), ("beta", beta.len())).map_err(refuse)?;
    check_parameters("alpha", alpha).map_err(refuse)?;
    check_parameters("beta", beta).map_err(refuse)
}

fn number(value: i64, index: Option<usize>) -> Result<u16, Error> {
    match u16::try_from(value) {
        Ok(number) if usize::from(number) < MOST_PERSONAS => Ok(number),
        _ => Err(Error::BadPersona { index, value, limit: MOST_PERSONAS }),
    }
}
