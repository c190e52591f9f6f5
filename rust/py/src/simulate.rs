//! Simulations: policies on arms with known rates, and inclusion probabilities.
use armful_core::{AnyPolicy, Game, Parameters};
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::convert::{at_least, count, floats, seed};
use crate::interrupt::{interruptible, watched};

type Curves<'py> = (Bound<'py, PyArray1<i64>>, Bound<'py, PyArray2<f64>>, Bound<'py, PyArray2<i64>>);

#[doc = include_str!(concat!(env!("OUT_DIR"), "/simulate"))]
#[pyfunction]
#[pyo3(signature = (
    rates, policy, horizon, runs, *, seed=None, prior=None, epsilon=0.1, min_impressions=100,
    exploration_ratio=0.3, points=100, threads=None, progress=None
))]
#[allow(clippy::too_many_arguments, reason = "they are keywords, each with a default")]
pub fn simulate<'py>(
    py: Python<'py>,
    rates: &Bound<'py, PyAny>,
    policy: &str,
    horizon: &Bound<'py, PyAny>,
    runs: &Bound<'py, PyAny>,
    seed: Option<&Bound<'py, PyAny>>,
    prior: Option<(f64, f64)>,
    epsilon: f64,
    min_impressions: i64,
    exploration_ratio: f64,
    points: i64,
    threads: Option<&Bound<'py, PyAny>>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Curves<'py>> {
    let min_impressions = at_least(0, min_impressions, "min_impressions")? as i64;
    let Some(policy) = AnyPolicy::by_name(policy, Parameters { epsilon, min_impressions, exploration_ratio }) else {
        let (last, others) = AnyPolicy::NAMES.split_last().unwrap_or((&"", &[]));
        let names = format!("{} or {last}", others.join(", "));
        return Err(PyValueError::new_err(format!("policy is '{policy}': it must be {names}")));
    };
    let rates = floats(rates, "rates")?;
    let rates = rates.as_slice();
    let (horizon, runs) = (count(horizon, "horizon")?, count(runs, "runs")?);
    let game = Game {
        rates,
        policy,
        horizon: horizon as u64,
        runs,
        prior: prior.unwrap_or((1.0, 1.0)),
        points: at_least(1, points, "points")? as usize,
        threads: threads.map_or(Ok(0), |threads| count(threads, "threads"))?,
    };
    let seed = self::seed(seed)?;
    let total = horizon as u128 * runs as u128;
    let played = std::sync::atomic::AtomicU64::new(0);
    let tell = |py: Python<'_>| match &progress {
        Some(progress) => {
            let share = played.load(std::sync::atomic::Ordering::Relaxed) as f64 / total as f64;
            progress.call1(py, (share,)).map(|_| ())
        }
        None => Ok(()),
    };
    let outcome = watched(py, tell, |stop| {
        armful_core::simulate(&game, seed, &|steps| {
            played.store(steps, std::sync::atomic::Ordering::Relaxed);
            stop()
        })
    })?;
    // The last call of `progress` may have been before the last steps.
    played.store(total as u64, std::sync::atomic::Ordering::Relaxed);
    tell(py)?;
    let (arms, points) = (rates.len(), outcome.steps.len());
    let whole = |counts: Vec<u64>| counts.into_iter().map(|count| count as i64).collect::<Vec<_>>();
    Ok((
        whole(outcome.steps).into_pyarray(py),
        outcome.regret.into_pyarray(py).reshape([runs, points])?,
        whole(outcome.choices).into_pyarray(py).reshape([runs, arms])?,
    ))
}

#[doc = include_str!(concat!(env!("OUT_DIR"), "/inclusion_probability"))]
#[pyfunction]
#[pyo3(signature = (alpha, beta, k, draws, *, seed=None))]
#[allow(clippy::type_complexity, reason = "a pair of arrays")]
pub fn inclusion_probability<'py>(
    py: Python<'py>,
    alpha: &Bound<'py, PyAny>,
    beta: &Bound<'py, PyAny>,
    k: &Bound<'py, PyAny>,
    draws: &Bound<'py, PyAny>,
    seed: Option<&Bound<'py, PyAny>>,
) -> PyResult<(Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>)> {
    let (alpha, beta) = (floats(alpha, "alpha")?, floats(beta, "beta")?);
    let (alpha, beta) = (alpha.as_slice(), beta.as_slice());
    let (k, draws, seed) = (count(k, "k")?, count(draws, "draws")? as u64, self::seed(seed)?);
    let (shares, errors) =
        interruptible(py, |stop| armful_core::inclusion_probability(alpha, beta, k, draws, seed, stop))?;
    Ok((shares.into_pyarray(py), errors.into_pyarray(py)))
}
