//! The input and output of the table: columns of arms, and single arms.
use std::ops::Range;

use crate::beta::{check_length, check_parameters};
use crate::error::Error;

/// Rows of arms, in columns of equal length.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// α of each arm's posterior.
    pub alpha: &'a [f64],
    /// β of each arm's posterior.
    pub beta: &'a [f64],
    /// The number of times each arm was shown.
    pub impressions: &'a [i64],
    /// The version of each row. It grows with every change of the arm, so the state with the higher version is newer.
    pub version: &'a [i64],
}

impl<'a> Rows<'a> {
    /// Checks every row: equal lengths, parameters finite and greater than 0, counts not negative.
    pub fn check(&self, reference: (&'static str, usize)) -> Result<(), Error> {
        check_length(reference, ("alpha", self.alpha.len()))?;
        check_length(reference, ("beta", self.beta.len()))?;
        check_length(reference, ("impressions", self.impressions.len()))?;
        check_length(reference, ("version", self.version.len()))?;
        check_parameters("alpha", self.alpha)?;
        check_parameters("beta", self.beta)?;
        match self.impressions.iter().position(|&count| count < 0) {
            Some(index) => {
                Err(Error::Negative { argument: "impressions", index: Some(index), value: self.impressions[index] })
            }
            None => Ok(()),
        }
    }

    /// Some of the rows.
    pub fn slice(&self, rows: Range<usize>) -> Self {
        Self {
            alpha: &self.alpha[rows.clone()],
            beta: &self.beta[rows.clone()],
            impressions: &self.impressions[rows.clone()],
            version: &self.version[rows],
        }
    }
}

/// The state of one arm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arm {
    /// α of the posterior.
    pub alpha: f64,
    /// β of the posterior.
    pub beta: f64,
    /// The number of times the arm was shown.
    pub impressions: i64,
    /// The version of this state.
    pub version: i64,
}
