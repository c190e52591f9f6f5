//! The Python module `armful._core`: conversion and registration only. Its docstrings come from the stubs (`build.rs`).
#![allow(clippy::doc_lazy_continuation, reason = "the docstrings are Python's")]
mod arm_table;
mod best;
mod convert;
mod draws;
mod interrupt;
mod learning;
mod personas;
mod rows;
mod simulate;

use pyo3::prelude::*;
use pyo3::types::IntoPyDict;

/// The compiled part of armful.
#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<arm_table::ArmTable>()?;
    module.add_function(wrap_pyfunction!(draws::sample_beta, module)?)?;
    module.add_function(wrap_pyfunction!(draws::sample_means, module)?)?;
    module.add_function(wrap_pyfunction!(draws::select_top_k, module)?)?;
    module.add_function(wrap_pyfunction!(draws::select_top_k_many, module)?)?;
    module.add_function(wrap_pyfunction!(best::probability_best, module)?)?;
    module.add_function(wrap_pyfunction!(best::expected_loss, module)?)?;
    module.add_function(wrap_pyfunction!(learning::learn_prior, module)?)?;
    module.add_function(wrap_pyfunction!(learning::learn_prior_by_features, module)?)?;
    module.add_function(wrap_pyfunction!(learning::learn_delay, module)?)?;
    module.add_function(wrap_pyfunction!(learning::delay_weights, module)?)?;
    module.add_function(wrap_pyfunction!(simulate::inclusion_probability, module)?)?;
    module.add_function(wrap_pyfunction!(simulate::simulate, module)?)?;
    reseed_in_children(module)?;
    #[cfg(debug_assertions)]
    PyErr::warn(
        module.py(),
        &module.py().get_type::<pyo3::exceptions::PyRuntimeWarning>(),
        c"armful._core is a debug build and slow: build it with --release",
        1,
    )?;
    Ok(())
}

/// Reseeds the generator in forked children, which would otherwise repeat their parent's draws.
fn reseed_in_children(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let os = py.import("os")?;
    if os.hasattr("register_at_fork")? {
        let reseed = wrap_pyfunction!(reseed_after_fork, module)?;
        os.call_method("register_at_fork", (), Some(&[("after_in_child", reseed)].into_py_dict(py)?))?;
    }
    Ok(())
}

#[pyfunction]
fn reseed_after_fork() {
    armful_core::reseed_after_fork();
}
