//! Simulations: policies on arms with known rates, and inclusion probabilities.
use armful_core::{AnyPolicy, Game, Late, Learning, Parameters, Priors, World};
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::convert::{at_least, count, floats, integers, matrix, seed};
use crate::interrupt::{interruptible, watched};

type Curves<'py> = (Bound<'py, PyArray1<i64>>, Bound<'py, PyArray2<f64>>, Bound<'py, PyArray2<i64>>);

#[doc = include_str!(concat!(env!("OUT_DIR"), "/simulate"))]
#[pyfunction]
#[pyo3(signature = (
    rates, policy, horizon, runs, *, seed=None, prior=None, epsilon=0.1, min_impressions=100,
    exploration_ratio=0.3, sharpness=1.0, known_horizon=false, priors="given", late="failure", half_life=None,
    arrivals=None, features=None, delay=0.0, window=None, drift=0.0, noise=0.0, points=100, threads=None, progress=None
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
    sharpness: f64,
    known_horizon: bool,
    priors: &str,
    late: &str,
    half_life: Option<f64>,
    arrivals: Option<&Bound<'py, PyAny>>,
    features: Option<&Bound<'py, PyAny>>,
    delay: f64,
    window: Option<&Bound<'py, PyAny>>,
    drift: f64,
    noise: f64,
    points: i64,
    threads: Option<&Bound<'py, PyAny>>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Curves<'py>> {
    let min_impressions = at_least(0, min_impressions, "min_impressions")? as i64;
    let found = AnyPolicy::by_name(policy, Parameters { epsilon, min_impressions, exploration_ratio });
    let policy = found.ok_or_else(|| unknown("policy", policy, AnyPolicy::NAMES))?;
    let priors = match priors {
        "given" => Priors::Given,
        "learnt" => Priors::Learnt,
        "features" => Priors::ByFeatures,
        _ => return Err(unknown("priors", priors, &["given", "learnt", "features"])),
    };
    let late = match late {
        "failure" => Late::Failure,
        "pending" => Late::Pending,
        "curve" => Late::Curve,
        _ => return Err(unknown("late", late, &["failure", "pending", "curve"])),
    };
    let half_life = half_life.unwrap_or(f64::INFINITY);
    let learning = Learning { sharpness, known_horizon, priors, late, half_life };
    let arrivals = arrivals.map(|arrivals| integers(arrivals, "arrivals")).transpose()?;
    let arrivals = arrivals.as_ref().map_or(&[][..], |arrivals| arrivals.as_slice());
    let arrivals: Vec<u64> = arrivals.iter().map(|&step| at_least(0, step, "arrivals")).collect::<PyResult<_>>()?;
    let (features, [_, width]) = features.map_or(Ok((vec![], [0, 0])), |features| matrix(features, "features"))?;
    // A window of ten mean delays has all but 0.005 % of the successes.
    let window = match window {
        Some(window) => count(window, "window")? as u64,
        None => ((10.0 * delay).ceil() as u64).clamp(1, armful_core::LONGEST_WINDOW),
    };
    let world = World { arrivals: &arrivals, features: &features, width, delay, window, drift, noise };
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
        world,
        learning,
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

fn unknown(argument: &str, value: &str, names: &[&str]) -> PyErr {
    let (last, others) = names.split_last().unwrap_or((&"", &[]));
    PyValueError::new_err(format!("{argument} is '{value}': it must be {} or {last}", others.join(", ")))
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
