//! Rows of arms, converted from Python's columns.
use armful_core::Rows;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::convert::{floats, integers, pairs, sequence, Column};

/// The columns of an upsert, converted from Python arguments.
pub struct Columns<'py> {
    alpha: Column<'py, f64>,
    beta: Column<'py, f64>,
    impressions: Column<'py, i64>,
    version: Column<'py, i64>,
}

impl<'py> Columns<'py> {
    pub fn new(
        alpha: &Bound<'py, PyAny>,
        beta: &Bound<'py, PyAny>,
        impressions: &Bound<'py, PyAny>,
        version: &Bound<'py, PyAny>,
    ) -> PyResult<Self> {
        Ok(Self {
            alpha: floats(alpha, "alpha")?,
            beta: floats(beta, "beta")?,
            impressions: integers(impressions, "impressions")?,
            version: integers(version, "version")?,
        })
    }

    pub fn rows(&self) -> Rows<'_> {
        Rows {
            alpha: self.alpha.as_slice(),
            beta: self.beta.as_slice(),
            impressions: self.impressions.as_slice(),
            version: self.version.as_slice(),
        }
    }
}

/// Pushes the names and values of every arm's dimensions to `owners`. Returns the position after each arm's last one.
pub fn all_pairs<'py>(dimensions: &Bound<'py, PyAny>, owners: &mut Vec<Bound<'py, PyString>>) -> PyResult<Vec<usize>> {
    let mut ends = vec![];
    for (index, mapping) in sequence(dimensions, "dimensions", "mappings")?.try_iter()?.enumerate() {
        pairs(&mapping?, &format!("dimensions[{index}]"), owners)?;
        ends.push(owners.len());
    }
    Ok(ends)
}

pub fn split_pairs<'a>(flat: &[&'a str], ends: &[usize]) -> Vec<Vec<(&'a str, &'a str)>> {
    let mut start = 0;
    let pairs_to = |&end: &usize| {
        let pairs = flat[start..end].chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
        start = end;
        pairs
    };
    ends.iter().map(pairs_to).collect()
}
