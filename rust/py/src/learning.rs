//! Learning from counts: priors and delays.
use pyo3::prelude::*;

use crate::convert::{floats, numbers};
use crate::interrupt::interruptible;

#[doc = include_str!(concat!(env!("OUT_DIR"), "/learn_prior"))]
#[pyfunction]
pub fn learn_prior(
    py: Python<'_>,
    impressions: &Bound<'_, PyAny>,
    successes: &Bound<'_, PyAny>,
) -> PyResult<(f64, f64)> {
    let (impressions, successes) = (numbers(impressions, "impressions")?, floats(successes, "successes")?);
    let (impressions, successes) = (impressions.as_slice(), successes.as_slice());
    let prior = interruptible(py, |stop| armful_core::learn_prior(impressions, successes, stop))?;
    Ok((prior.mean, prior.strength))
}
