//! The Python module `armful._core`: conversion and registration only.
use pyo3::prelude::*;

/// The compiled part of armful.
#[pymodule]
fn _core(_module: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}
