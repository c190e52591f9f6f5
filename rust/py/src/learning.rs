//! Learning from counts: priors and delays.
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;

use crate::convert::{floats, numbers, refuse, zeros};
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

#[doc = include_str!(concat!(env!("OUT_DIR"), "/learn_delay"))]
#[pyfunction]
pub fn learn_delay<'py>(
    py: Python<'py>,
    conversions: &Bound<'py, PyAny>,
    impressions_old_enough: &Bound<'py, PyAny>,
    edges: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let conversions = floats(conversions, "conversions")?;
    let impressions = floats(impressions_old_enough, "impressions_old_enough")?;
    let edges = floats(edges, "edges")?;
    let curve = armful_core::learn_delay(conversions.as_slice(), impressions.as_slice(), edges.as_slice());
    Ok(curve.map_err(refuse)?.into_pyarray(py))
}

#[doc = include_str!(concat!(env!("OUT_DIR"), "/delay_weights"))]
#[pyfunction]
pub fn delay_weights<'py>(
    py: Python<'py>,
    ages: &Bound<'py, PyAny>,
    edges: &Bound<'py, PyAny>,
    curve: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let (ages, edges, curve) = (floats(ages, "ages")?, floats(edges, "edges")?, floats(curve, "curve")?);
    let mut weights = zeros(Some(ages.as_slice().len()))?;
    armful_core::delay_weights(ages.as_slice(), edges.as_slice(), curve.as_slice(), &mut weights).map_err(refuse)?;
    Ok(weights.into_pyarray(py))
}
