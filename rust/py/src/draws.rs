//! Draws and selections over two NumPy arrays.
use armful_core::{check_arms, check_length, generator, RewardSums, Selector};
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;

use crate::convert::{count, floats, indices, numbers, refuse, seed, zeros};
use crate::interrupt::interruptible;

/// The number of draws between two checks for Ctrl-C. They take about 10 ms.
const DRAWS_BETWEEN_SIGNALS: usize = 1 << 19;

/// Up to this many draws, releasing the GIL costs more than it gains.
const FEW_DRAWS: usize = 2_000;

/// Runs `work`, and releases the GIL if there are many draws.
pub fn detached<T: Send>(py: Python<'_>, draws: usize, work: impl FnOnce() -> T + Send) -> T {
    if draws > FEW_DRAWS {
        py.detach(work)
    } else {
        work()
    }
}

#[doc = include_str!(concat!(env!("OUT_DIR"), "/sample_beta"))]
#[pyfunction]
#[pyo3(signature = (alpha, beta, *, seed=None))]
pub fn sample_beta<'py>(
    py: Python<'py>,
    alpha: &Bound<'py, PyAny>,
    beta: &Bound<'py, PyAny>,
    seed: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let (alpha, beta) = (floats(alpha, "alpha")?, floats(beta, "beta")?);
    let (alpha, beta) = (alpha.as_slice(), beta.as_slice());
    let mut rng = generator(self::seed(seed)?);
    check_arms(alpha, beta).map_err(refuse)?;
    let mut draws = zeros(Some(alpha.len()))?;
    let chunks = alpha.chunks(DRAWS_BETWEEN_SIGNALS).zip(beta.chunks(DRAWS_BETWEEN_SIGNALS));
    for (out, (alpha, beta)) in draws.chunks_mut(DRAWS_BETWEEN_SIGNALS).zip(chunks) {
        detached(py, out.len(), || armful_core::sample_beta(alpha, beta, out, &mut rng)).map_err(refuse)?;
        py.check_signals()?;
    }
    Ok(draws.into_pyarray(py))
}

#[doc = include_str!(concat!(env!("OUT_DIR"), "/select_top_k"))]
#[pyfunction]
#[pyo3(signature = (alpha, beta, k, *, seed=None))]
pub fn select_top_k<'py>(
    py: Python<'py>,
    alpha: &Bound<'py, PyAny>,
    beta: &Bound<'py, PyAny>,
    k: &Bound<'py, PyAny>,
    seed: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyArray1<isize>>> {
    let (alpha, beta) = (floats(alpha, "alpha")?, floats(beta, "beta")?);
    let (alpha, beta) = (alpha.as_slice(), beta.as_slice());
    let k = count(k, "k")?;
    let mut rng = generator(self::seed(seed)?);
    let selector = Selector::new(alpha, beta, k).map_err(refuse)?;
    let mut chosen = zeros(Some(k))?;
    if alpha.len() > FEW_DRAWS {
        interruptible(py, |stop| selector.fill(&mut chosen, &mut rng, stop))?;
    } else {
        selector.fill(&mut chosen, &mut rng, &|| false).map_err(refuse)?;
    }
    Ok(PyArray1::from_slice(py, &indices(chosen)))
}

#[doc = include_str!(concat!(env!("OUT_DIR"), "/select_top_k_many"))]
#[pyfunction]
#[pyo3(signature = (alpha, beta, k, rounds, *, seed=None))]
pub fn select_top_k_many<'py>(
    py: Python<'py>,
    alpha: &Bound<'py, PyAny>,
    beta: &Bound<'py, PyAny>,
    k: &Bound<'py, PyAny>,
    rounds: &Bound<'py, PyAny>,
    seed: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyArray2<isize>>> {
    let (alpha, beta) = (floats(alpha, "alpha")?, floats(beta, "beta")?);
    let (alpha, beta) = (alpha.as_slice(), beta.as_slice());
    let (k, rounds) = (count(k, "k")?, count(rounds, "rounds")?);
    let mut rng = generator(self::seed(seed)?);
    let selector = Selector::new(alpha, beta, k).map_err(refuse)?;
    let mut chosen = zeros(k.checked_mul(rounds))?;
    interruptible(py, |stop| selector.fill(&mut chosen, &mut rng, stop))?;
    indices(chosen).into_pyarray(py).reshape([rounds, k])
}

#[doc = include_str!(concat!(env!("OUT_DIR"), "/sample_means"))]
#[pyfunction]
#[pyo3(signature = (counts, sums, squares, *, sharpness=1.0, seed=None))]
pub fn sample_means<'py>(
    py: Python<'py>,
    counts: &Bound<'py, PyAny>,
    sums: &Bound<'py, PyAny>,
    squares: &Bound<'py, PyAny>,
    sharpness: f64,
    seed: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let (counts, sums, squares) = (numbers(counts, "counts")?, floats(sums, "sums")?, floats(squares, "squares")?);
    let (counts, sums, squares) = (counts.as_slice(), sums.as_slice(), squares.as_slice());
    check_length(("counts", counts.len()), ("sums", sums.len())).map_err(refuse)?;
    check_length(("counts", counts.len()), ("squares", squares.len())).map_err(refuse)?;
    let arms = counts.iter().zip(sums).zip(squares);
    let arms: Vec<RewardSums> = arms.map(|((&count, &sum), &squares)| RewardSums { count, sum, squares }).collect();
    let mut rng = generator(self::seed(seed)?);
    let mut draws = zeros(Some(arms.len()))?;
    py.detach(|| armful_core::sample_means(&arms, sharpness, &mut draws, &mut rng)).map_err(refuse)?;
    Ok(draws.into_pyarray(py))
}
