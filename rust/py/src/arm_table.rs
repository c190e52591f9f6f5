//! `ArmTable`: the core's table with a lock.
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};

use armful_core::{check_length, generator, Error, PersonaFit, Policy, Selection, Sharpness, ThompsonExploration};
use numpy::{IntoPyArray, PyArray1};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::convert::{
    count, describe, floats, indices, integer, integers, pairs, refuse, seed, slots, strings, texts, Column,
};
use crate::interrupt::interruptible;
use crate::personas::{check_priors, persona, CellColumns};
use crate::rows::{all_pairs, split_pairs, Columns};

/// The number of rows written at a time. A selection never waits for more.
const BATCH: usize = 1_000;

/// In a table with this many slots or fewer, releasing the GIL costs more than it gains.
const FEW: usize = 2_000;

type Indices<'py> = Bound<'py, PyArray1<isize>>;
type Floats<'py> = Bound<'py, PyArray1<f64>>;
type Integers<'py> = Bound<'py, PyArray1<i64>>;

#[doc = include_str!(concat!(env!("OUT_DIR"), "/ArmTable"))]
#[pyclass(frozen, module = "armful.core")]
#[derive(Default)]
pub struct ArmTable {
    table: RwLock<armful_core::ArmTable>,
    /// The number of readers that wait because the table is being written. Long writes let them run between batches.
    waiting: AtomicUsize,
}

impl ArmTable {
    /// Reads without releasing the GIL if the lock is free and the work is short. Otherwise it releases the GIL, so that
    /// other threads can run. A thread that holds the lock never waits for the GIL, so there is no deadlock.
    fn reading<T: Send>(&self, py: Python<'_>, work: impl FnOnce(&armful_core::ArmTable) -> T + Send) -> T {
        if let Ok(table) = self.table.try_read() {
            if table.slot_count() <= FEW {
                return work(&table);
            }
        }
        py.detach(|| {
            self.waiting.fetch_add(1, Ordering::SeqCst);
            let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            work(&table)
        })
    }

    /// Writes rows under the same rule, [`BATCH`] at a time. Readers may run in between.
    fn writing(
        &self,
        py: Python<'_>,
        rows: usize,
        mut work: impl FnMut(&mut armful_core::ArmTable, Range<usize>) -> Result<(), Error> + Send,
    ) -> PyResult<()> {
        if rows <= BATCH {
            if let Ok(mut table) = self.table.try_write() {
                return work(&mut table, 0..rows).map_err(refuse);
            }
        }
        let mut batch = |start: usize| {
            let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
            work(&mut table, start..rows.min(start + BATCH))?;
            drop(table);
            // A waiting reader needs only the lock, so this takes microseconds.
            while self.waiting.load(Ordering::SeqCst) > 0 {
                std::thread::yield_now();
            }
            Ok(())
        };
        py.detach(|| (0..rows).step_by(BATCH).try_for_each(&mut batch)).map_err(refuse)
    }
}

#[pymethods]
impl ArmTable {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    #[doc = include_str!(concat!(env!("OUT_DIR"), "/ArmTable.upsert"))]
    #[pyo3(signature = (ids, alpha, beta, impressions, version, dimensions=None))]
    #[allow(clippy::too_many_arguments, reason = "they are the columns")]
    fn upsert<'py>(
        &self,
        py: Python<'py>,
        ids: &Bound<'py, PyAny>,
        alpha: &Bound<'py, PyAny>,
        beta: &Bound<'py, PyAny>,
        impressions: &Bound<'py, PyAny>,
        version: &Bound<'py, PyAny>,
        dimensions: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Indices<'py>> {
        let ids = strings(ids, "ids")?;
        let ids = texts(&ids)?;
        let columns = Columns::new(alpha, beta, impressions, version)?;
        let rows = columns.rows();
        rows.check(("ids", ids.len())).map_err(refuse)?;
        let mut owners = vec![];
        let ends = dimensions.map(|dimensions| all_pairs(dimensions, &mut owners)).transpose()?;
        if let Some(ends) = &ends {
            check_length(("ids", ids.len()), ("dimensions", ends.len())).map_err(refuse)?;
        }
        let flat = texts(&owners)?;
        let dimensions = ends.map(|ends| split_pairs(&flat, &ends));
        let bytes = ids.iter().map(|id| id.len()).sum();
        self.reading(py, |table| table.check_room(ids.len(), bytes)).map_err(refuse)?;

        let mut slots = Vec::with_capacity(ids.len());
        self.writing(py, ids.len(), |table, batch| {
            let dimensions = dimensions.as_ref().map(|dimensions| &dimensions[batch.clone()]);
            table.upsert(&ids[batch.clone()], rows.slice(batch), dimensions, &mut slots)
        })?;
        Ok(PyArray1::from_vec(py, indices(slots)))
    }

    #[doc = include_str!(concat!(env!("OUT_DIR"), "/ArmTable.update"))]
    fn update<'py>(
        &self,
        py: Python<'py>,
        slots: &Bound<'py, PyAny>,
        alpha: &Bound<'py, PyAny>,
        beta: &Bound<'py, PyAny>,
        impressions: &Bound<'py, PyAny>,
        version: &Bound<'py, PyAny>,
    ) -> PyResult<usize> {
        let slots = self::slots(slots)?;
        let columns = Columns::new(alpha, beta, impressions, version)?;
        let rows = columns.rows();
        rows.check(("slots", slots.len())).map_err(refuse)?;
        self.reading(py, |table| table.check_slots(&slots)).map_err(refuse)?;
        let mut applied = 0;
        self.writing(py, slots.len(), |table, batch| {
            applied += table.update(&slots[batch.clone()], rows.slice(batch))?;
            Ok(())
        })?;
        Ok(applied)
    }

    #[doc = include_str!(concat!(env!("OUT_DIR"), "/ArmTable.remove"))]
    #[pyo3(signature = (ids, version=None))]
    fn remove<'py>(
        &self,
        py: Python<'py>,
        ids: &Bound<'py, PyAny>,
        version: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<usize> {
        let ids = strings(ids, "ids")?;
        let ids = texts(&ids)?;
        let mut removed = 0;
        let Some(version) = version else {
            // No id is ever forgotten, so those that are known now still are when their batch comes.
            self.reading(py, |table| table.check_ids(&ids)).map_err(refuse)?;
            self.writing(py, ids.len(), |table, batch| {
                removed += table.remove(&ids[batch])?;
                Ok(())
            })?;
            return Ok(removed);
        };
        let versions = match version.extract::<i64>() {
            Ok(version) => Column::Owned(vec![version; ids.len()]),
            Err(_) => integers(version, "version")?,
        };
        let versions = versions.as_slice();
        check_length(("ids", ids.len()), ("version", versions.len())).map_err(refuse)?;
        let bytes = ids.iter().map(|id| id.len()).sum();
        self.reading(py, |table| table.check_room(ids.len(), bytes)).map_err(refuse)?;
        self.writing(py, ids.len(), |table, batch| {
            removed += table.remove_at(&ids[batch.clone()], &versions[batch])?;
            Ok(())
        })?;
        Ok(removed)
    }

    #[doc = include_str!(concat!(env!("OUT_DIR"), "/ArmTable.select"))]
    #[pyo3(signature = (
        k, *, min_impressions=None, exploration_ratio=0.0, r#where=None, exclude=None, sharpness=1.0, seed=None, persona=None
    ))]
    #[allow(clippy::too_many_arguments, reason = "they are keywords, each with a default")]
    fn select<'py>(
        &self,
        py: Python<'py>,
        k: &Bound<'py, PyAny>,
        min_impressions: Option<&Bound<'py, PyAny>>,
        exploration_ratio: f64,
        r#where: Option<&Bound<'py, PyAny>>,
        exclude: Option<&Bound<'py, PyAny>>,
        sharpness: f64,
        seed: Option<&Bound<'py, PyAny>>,
        persona: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Indices<'py>, Floats<'py>)> {
        let k = count(k, "k")?;
        let min_impressions: Option<i64> =
            min_impressions.map(|count| integer(count, "min_impressions", "an integer or None")).transpose()?;
        let split = ThompsonExploration { min_impressions: min_impressions.unwrap_or(0), exploration_ratio };
        split.check().map_err(refuse)?;
        let mut rng = generator(self::seed(seed)?);
        let mut owners = vec![];
        r#where.map_or(Ok(()), |wanted| pairs(wanted, "where", &mut owners))?;
        let wanted = texts(&owners)?;
        let wanted: Vec<(&str, &str)> = wanted.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
        let excluded = exclude.map_or(Ok(vec![]), |ids| strings(ids, "exclude"))?;
        let excluded = texts(&excluded)?;

        let split = min_impressions.map(|_| split);
        let sharpness = Sharpness::new(sharpness).map_err(refuse)?;
        let persona = persona.map(self::persona).transpose()?;
        let selection = Selection { k, split, wanted: &wanted, excluded: &excluded, persona, sharpness };
        let mut chosen = vec![];
        self.reading(py, |table| table.select(&selection, &mut rng, &mut chosen)).map_err(refuse)?;
        let (slots, draws): (Vec<isize>, Vec<f64>) =
            chosen.into_iter().map(|(slot, draw)| (slot as isize, draw)).unzip();
        Ok((PyArray1::from_slice(py, &slots), PyArray1::from_slice(py, &draws)))
    }

    #[doc = include_str!(concat!(env!("OUT_DIR"), "/ArmTable.update_cells"))]
    fn update_cells<'py>(
        &self,
        py: Python<'py>,
        slots: &Bound<'py, PyAny>,
        personas: &Bound<'py, PyAny>,
        successes: &Bound<'py, PyAny>,
        failures: &Bound<'py, PyAny>,
        version: &Bound<'py, PyAny>,
    ) -> PyResult<usize> {
        let slots = self::slots(slots)?;
        let columns = CellColumns::new(personas, successes, failures, version)?;
        let rows = columns.rows();
        rows.check(slots.len()).map_err(refuse)?;
        self.reading(py, |table| table.check_slots(&slots)).map_err(refuse)?;
        let mut applied = 0;
        self.writing(py, slots.len(), |table, batch| {
            applied += table.update_cells(&slots[batch.clone()], rows.slice(batch))?;
            Ok(())
        })?;
        Ok(applied)
    }

    #[doc = include_str!(concat!(env!("OUT_DIR"), "/ArmTable.set_persona_priors"))]
    fn set_persona_priors<'py>(
        &self,
        py: Python<'py>,
        slots: &Bound<'py, PyAny>,
        alpha: &Bound<'py, PyAny>,
        beta: &Bound<'py, PyAny>,
    ) -> PyResult<()> {
        let slots = self::slots(slots)?;
        let (alpha, beta) = (floats(alpha, "alpha")?, floats(beta, "beta")?);
        let (alpha, beta) = (alpha.as_slice(), beta.as_slice());
        check_priors(slots.len(), alpha, beta)?;
        self.reading(py, |table| table.check_slots(&slots)).map_err(refuse)?;
        self.writing(py, slots.len(), |table, batch| {
            table.set_persona_priors(&slots[batch.clone()], &alpha[batch.clone()], &beta[batch])
        })
    }

    #[doc = include_str!(concat!(env!("OUT_DIR"), "/ArmTable.set_persona_sharpness"))]
    fn set_persona_sharpness(&self, py: Python<'_>, sharpness: f64) -> PyResult<()> {
        self.writing(py, 1, |table, _| table.set_persona_sharpness(sharpness))
    }

    #[doc = include_str!(concat!(env!("OUT_DIR"), "/ArmTable.fit_personas"))]
    #[pyo3(signature = (growth=1.0))]
    fn fit_personas<'py>(&self, py: Python<'py>, growth: f64) -> PyResult<Option<(f64, f64, Floats<'py>)>> {
        if self.reading(py, |table| table.persona_growth()) < growth {
            return Ok(None);
        }
        let (cells, priors) = self.reading(py, |table| table.cells());
        let fit = interruptible(py, |stop| PersonaFit::new(&cells, &priors, stop).ok_or(Error::Interrupted))?;
        let answer = (fit.strength(), fit.gain(), fit.odds().to_vec().into_pyarray(py));
        py.detach(|| self.table.write().unwrap_or_else(PoisonError::into_inner).apply_fit(fit));
        Ok(Some(answer))
    }

    #[doc = include_str!(concat!(env!("OUT_DIR"), "/ArmTable.clear_personas"))]
    fn clear_personas(&self, py: Python<'_>) {
        py.detach(|| self.table.write().unwrap_or_else(PoisonError::into_inner).clear_personas());
    }

    #[doc = include_str!(concat!(env!("OUT_DIR"), "/ArmTable.persona_arms"))]
    #[pyo3(signature = (persona, slots=None))]
    fn persona_arms<'py>(
        &self,
        py: Python<'py>,
        persona: &Bound<'py, PyAny>,
        slots: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Floats<'py>, Floats<'py>)> {
        let persona = self::persona(persona)?;
        let slots = slots.map(self::slots).transpose()?;
        let arms: Result<Vec<(f64, f64)>, Error> = self.reading(py, |table| match slots {
            Some(slots) => slots.iter().map(|&slot| table.persona_arm(slot, persona)).collect(),
            None => table.live_slots().map(|slot| table.persona_arm(slot, persona)).collect(),
        });
        let (alpha, beta): (Vec<f64>, Vec<f64>) = arms.map_err(refuse)?.into_iter().unzip();
        Ok((alpha.into_pyarray(py), beta.into_pyarray(py)))
    }

    #[doc = include_str!(concat!(env!("OUT_DIR"), "/ArmTable.slot"))]
    fn slot(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
        let Ok(id) = id.cast::<PyString>() else {
            return Err(PyTypeError::new_err(format!("id must be a string, not {}", describe(id))));
        };
        let id = id.to_str()?;
        Ok(self.reading(py, |table| table.slot(id)))
    }

    #[doc = include_str!(concat!(env!("OUT_DIR"), "/ArmTable.ids"))]
    fn ids(&self, py: Python<'_>, slots: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
        let slots = self::slots(slots)?;
        let find =
            |table: &armful_core::ArmTable| slots.iter().map(|&slot| table.id(slot).map(str::to_owned)).collect();
        let ids: Result<Vec<String>, _> = self.reading(py, find);
        ids.map_err(refuse)
    }

    #[doc = include_str!(concat!(env!("OUT_DIR"), "/ArmTable.slots"))]
    fn slots<'py>(&self, py: Python<'py>) -> Indices<'py> {
        let slots: Vec<usize> = self.reading(py, |table| table.live_slots().collect());
        indices(slots).into_pyarray(py)
    }

    #[doc = include_str!(concat!(env!("OUT_DIR"), "/ArmTable.arms"))]
    #[pyo3(signature = (slots=None))]
    #[allow(clippy::type_complexity, reason = "a tuple of arrays")]
    fn arms<'py>(
        &self,
        py: Python<'py>,
        slots: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Floats<'py>, Floats<'py>, Integers<'py>, Integers<'py>)> {
        let slots = slots.map(self::slots).transpose()?;
        let arms = self.reading(py, |table| match slots {
            Some(slots) => slots.iter().map(|&slot| table.arm(slot)).collect::<Result<Vec<_>, _>>(),
            None => table.live_slots().map(|slot| table.arm(slot)).collect(),
        });
        let arms = arms.map_err(refuse)?;
        Ok((
            arms.iter().map(|arm| arm.alpha).collect::<Vec<_>>().into_pyarray(py),
            arms.iter().map(|arm| arm.beta).collect::<Vec<_>>().into_pyarray(py),
            arms.iter().map(|arm| arm.impressions).collect::<Vec<_>>().into_pyarray(py),
            arms.iter().map(|arm| arm.version).collect::<Vec<_>>().into_pyarray(py),
        ))
    }

    #[doc = include_str!(concat!(env!("OUT_DIR"), "/ArmTable.nbytes"))]
    #[getter]
    fn nbytes(&self, py: Python<'_>) -> usize {
        self.reading(py, |table| table.nbytes())
    }

    fn __len__(&self, py: Python<'_>) -> usize {
        self.reading(py, |table| table.len())
    }

    fn __contains__(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(self.slot(py, id)?.is_some())
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        format!("<ArmTable of {} arms>", self.__len__(py))
    }
}
