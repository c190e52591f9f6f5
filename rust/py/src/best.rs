//! Chance to be best and expected loss.
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;

use crate::convert::floats;
use crate::interrupt::interruptible;

#[doc = include_str!(concat!(env!("OUT_DIR"), "/probability_best"))]
#[pyfunction]
pub fn probability_best<'py>(
    py: Python<'py>,
    alpha: &Bound<'py, PyAny>,
    beta: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let (alpha, beta) = (floats(alpha, "alpha")?, floats(beta, "beta")?);
    let (alpha, beta) = (alpha.as_slice(), beta.as_slice());
    Ok(interruptible(py, |stop| armful_core::probability_best(alpha, beta, stop))?.into_pyarray(py))
}

#[doc = include_str!(concat!(env!("OUT_DIR"), "/expected_loss"))]
#[pyfunction]
pub fn expected_loss<'py>(
    py: Python<'py>,
    alpha: &Bound<'py, PyAny>,
    beta: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let (alpha, beta) = (floats(alpha, "alpha")?, floats(beta, "beta")?);
    let (alpha, beta) = (alpha.as_slice(), beta.as_slice());
    Ok(interruptible(py, |stop| armful_core::expected_loss(alpha, beta, stop))?.into_pyarray(py))
}
