//! Learning from counts: priors and delays.
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;

use crate::convert::{floats, matrix, numbers, refuse, zeros};
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

#[doc = include_str!(concat!(env!("OUT_DIR"), "/learn_prior_by_features"))]
#[pyfunction]
#[allow(clippy::type_complexity, reason = "a pair of arrays")]
pub fn learn_prior_by_features<'py>(
    py: Python<'py>,
    features: &Bound<'py, PyAny>,
    impressions: &Bound<'py, PyAny>,
    successes: &Bound<'py, PyAny>,
) -> PyResult<(Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>)> {
    let (features, [_, width]) = matrix(features, "features")?;
    let (impressions, successes) = (numbers(impressions, "impressions")?, floats(successes, "successes")?);
    let (impressions, successes) = (impressions.as_slice(), successes.as_slice());
    let priors =
        interruptible(py, |stop| armful_core::learn_prior_by_features(&features, width, impressions, successes, stop))?;
    let (means, strengths): (Vec<f64>, Vec<f64>) = priors.iter().map(|prior| (prior.mean, prior.strength)).unzip();
    Ok((means.into_pyarray(py), strengths.into_pyarray(py)))
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
