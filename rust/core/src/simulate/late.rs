//! Impressions whose success may still come: what they count, by [`Late`].
use std::collections::VecDeque;

use super::learning::Late;
use crate::delay::{delay_weight, learn_delay};

/// The number of slices of a window. Impressions of a slice have one age.
const SLICES: u64 = 128;

/// The ages that bound the bins for delays are the window divided by powers of √2, and 0.
const BINS: i32 = 18;

/// The impressions of the last window.
#[derive(Debug)]
pub(super) struct LateImpressions {
    late: Late,
    window: u64,
    /// For [`Late::Pending`]: the arm of each impression of the last window, and whether its success has come.
    pending: VecDeque<(usize, bool)>,
    /// For [`Late::Curve`]: the number of impressions by arm in each slice of time, oldest first, with its first step.
    slices: VecDeque<(u64, Vec<f64>)>,
    width: u64,
    /// The number of impressions by arm, and in total, that are older than the window.
    mature: Vec<f64>,
    old: f64,
    conversions: Vec<f64>,
    edges: Vec<f64>,
}

impl LateImpressions {
    pub fn new(late: Late, window: u64, arms: usize) -> Self {
        let bin = |i: i32| if i == 0 { 0.0 } else { window as f64 * 2f64.powf(f64::from(i - BINS) / 2.0) };
        Self {
            late,
            window,
            pending: VecDeque::new(),
            slices: VecDeque::new(),
            width: window.div_ceil(SLICES),
            mature: vec![0.0; arms],
            old: 0.0,
            conversions: vec![0.0; BINS as usize],
            edges: (0..=BINS).map(bin).collect(),
        }
    }

    /// An arm was shown. Returns what it counts at once.
    pub fn show(&mut self, arm: usize, step: u64) -> f64 {
        match self.late {
            Late::Failure => 1.0,
            Late::Pending => {
                self.pending.push_back((arm, false));
                0.0
            }
            Late::Curve => {
                if self.slices.back().is_none_or(|(start, _)| step >= start + self.width) {
                    self.slices.push_back((step, vec![0.0; self.mature.len()]));
                }
                if let Some((_, counts)) = self.slices.back_mut() {
                    counts[arm] += 1.0;
                }
                0.0
            }
        }
    }

    /// A success of an impression `age` steps ago came at `step`. Returns what its impression counts in addition.
    pub fn succeed(&mut self, age: u64, step: u64) -> f64 {
        match self.late {
            Late::Failure => 0.0,
            Late::Pending => {
                let oldest = step - self.pending.len() as u64;
                if let Some(entry) = self.pending.get_mut((step - age - oldest) as usize) {
                    entry.1 = true;
                }
                1.0
            }
            Late::Curve => {
                let bin = self.edges.partition_point(|&edge| edge <= age as f64).saturating_sub(1);
                self.conversions[bin.min(BINS as usize - 1)] += 1.0;
                0.0
            }
        }
    }

    /// The impression whose window has ended at `step` without a success, if outcomes were pending.
    pub fn expired(&mut self) -> Option<usize> {
        if self.pending.len() as u64 <= self.window {
            return None;
        }
        self.pending.pop_front().filter(|(_, success)| !success).map(|(arm, _)| arm)
    }

    /// Whether [`LateImpressions::effective`] may differ from before.
    pub fn is_due(&self, step: u64) -> bool {
        self.late == Late::Curve && step.is_multiple_of(self.width)
    }

    /// Reduces all counts by a factor.
    pub fn discount(&mut self, kept: f64) {
        self.mature.iter_mut().for_each(|count| *count *= kept);
        self.slices.iter_mut().flat_map(|(_, counts)| counts).for_each(|count| *count *= kept);
    }

    /// The effective number of impressions of each arm at `step`: Σ F(age).
    pub fn effective(&mut self, step: u64) -> Vec<f64> {
        let middle = |start: u64| (step - start) as f64 - 0.5 * self.width as f64;
        while let Some((start, _)) = self.slices.front().filter(|(start, _)| middle(*start) >= self.window as f64) {
            let _ = start;
            if let Some((_, counts)) = self.slices.pop_front() {
                self.old += counts.iter().sum::<f64>();
                self.mature.iter_mut().zip(counts).for_each(|(mature, count)| *mature += count);
            }
        }
        let mut exposures = vec![self.old; BINS as usize];
        for (start, counts) in &self.slices {
            let (age, total) = (middle(*start).max(0.0), counts.iter().sum::<f64>());
            for (exposure, edges) in exposures.iter_mut().zip(self.edges.windows(2)) {
                *exposure += total * ((age - edges[0]) / (edges[1] - edges[0])).clamp(0.0, 1.0);
            }
        }
        // The arguments are valid by construction.
        let curve = learn_delay(&self.conversions, &exposures, &self.edges).unwrap_or_default();
        let mut effective = self.mature.clone();
        for (start, counts) in &self.slices {
            let share = delay_weight(middle(*start).max(0.0), &self.edges, &curve);
            effective.iter_mut().zip(counts).for_each(|(sum, count)| *sum += share * count);
        }
        effective
    }
}
