//! Runs long work without the GIL, so that Ctrl-C can still end it.
use std::sync::Mutex;
use std::time::{Duration, Instant};

use armful_core::Error;
use pyo3::prelude::*;

use crate::convert::refuse;

/// The maximum time that Ctrl-C waits.
const PATIENCE: Duration = Duration::from_millis(20);

/// Runs `work` without the GIL. `work` gets a function that returns whether to stop, and should call it often: it usually
/// takes nanoseconds.
pub fn interruptible<T: Send>(
    py: Python<'_>,
    work: impl FnOnce(&(dyn Fn() -> bool + Sync)) -> Result<T, Error> + Send,
) -> PyResult<T> {
    watched(py, |_| Ok(()), work)
}

/// As [`interruptible`], but also calls `tick` with the GIL whenever it checks for signals.
pub fn watched<T: Send>(
    py: Python<'_>,
    tick: impl Fn(Python<'_>) -> PyResult<()> + Send + Sync,
    work: impl FnOnce(&(dyn Fn() -> bool + Sync)) -> Result<T, Error> + Send,
) -> PyResult<T> {
    let raised: Mutex<(Instant, Option<PyErr>)> = Mutex::new((Instant::now(), None));
    let outcome = py.detach(|| {
        work(&|| {
            // If another thread is checking just now, that is enough.
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
