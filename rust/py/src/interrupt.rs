//! Long work detached from the interpreter that Ctrl-C still ends.
use std::sync::Mutex;
use std::time::{Duration, Instant};

use armful_core::Error;
use pyo3::prelude::*;

use crate::convert::refuse;

/// How long Ctrl-C may have to wait.
const PATIENCE: Duration = Duration::from_millis(20);

/// Runs `work` detached. It gets a question to ask often, whether to give up; most times the answer costs nanoseconds.
pub fn interruptible<T: Send>(
    py: Python<'_>,
    work: impl FnOnce(&(dyn Fn() -> bool + Sync)) -> Result<T, Error> + Send,
) -> PyResult<T> {
    watched(py, |_| Ok(()), work)
}

/// As [`interruptible`], calling `tick` in the interpreter whenever it looks for signals.
pub fn watched<T: Send>(
    py: Python<'_>,
    tick: impl Fn(Python<'_>) -> PyResult<()> + Send + Sync,
    work: impl FnOnce(&(dyn Fn() -> bool + Sync)) -> Result<T, Error> + Send,
) -> PyResult<T> {
    let raised: Mutex<(Instant, Option<PyErr>)> = Mutex::new((Instant::now(), None));
    let outcome = py.detach(|| {
        work(&|| {
            // Another thread that looks just now will do.
            let Ok(mut state) = raised.try_lock() else { return false };
            if state.1.is_some() {
                return true;
            }
            if state.0.elapsed() < PATIENCE {
                return false;
            }
            let checked = Python::attach(|py| py.check_signals().and_then(|()| tick(py)));
            *state = (Instant::now(), checked.err());
            state.1.is_some()
        })
    });
    match raised.into_inner() {
        Ok((_, Some(error))) => Err(error),
        _ => outcome.map_err(refuse),
    }
}
