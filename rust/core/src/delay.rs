//! Late successes: the share of them that have come by an age, and what an impression of that age counts.
//!
//! An impression of age a counts as F(a) of an impression. It then neither counts as a failure before its success could come,
//! nor waits until none can come any more. F is learnt from hazards, so that impressions that are still young do not bias it
//! (O. Chapelle (2014). Modeling delayed feedback in display advertising. KDD).
use crate::beta::check_length;
use crate::error::Error;

/// With fewer successes than this, ages count in proportion: F(a) = a / window.
const FEW: f64 = 10.0;

/// Learns F at each of `edges`, which bound the bins of ages: from 0 at the first edge, which is 0, to 1 at the last edge,
/// the window.
///
/// `conversions` has the number of successes whose delay was in each bin, and `impressions` the number of impressions that
/// are older than the bin; an impression within the bin counts as a fraction. Their ratios are added up and scaled to 1. A bin
/// that no impression has reached has the hazard per time of the bin before. With fewer than ten successes F(a) = a / window.
pub fn learn_delay(conversions: &[f64], impressions: &[f64], edges: &[f64]) -> Result<Vec<f64>, Error> {
    check_edges(edges)?;
    let bins = edges.len() - 1;
    for (argument, values) in [("conversions", conversions), ("impressions_old_enough", impressions)] {
        if values.len() != bins {
            let (expected, actual) = (bins, values.len());
            return Err(Error::LengthMismatch { reference: "the intervals of edges", expected, argument, actual });
        }
        if let Some(index) = values.iter().position(|value| !(0.0..f64::INFINITY).contains(value)) {
            let range = "finite and not negative";
            return Err(Error::OutOfRange { argument, index: Some(index), value: values[index], range });
        }
    }
    let mut curve = vec![0.0; edges.len()];
    let mut density = None;
    for bin in 0..bins {
        let width = edges[bin + 1] - edges[bin];
        if impressions[bin] > 0.0 {
            density = Some(conversions[bin] / impressions[bin] / width);
        }
        curve[bin + 1] = curve[bin] + density.unwrap_or(0.0) * width;
    }
    let (window, sum) = (edges[bins], curve[bins]);
    let proportional = conversions.iter().sum::<f64>() < FEW || !(sum > 0.0 && sum < f64::INFINITY);
    for (share, &edge) in curve.iter_mut().zip(edges) {
        *share = if proportional { edge / window } else { *share / sum };
    }
    Ok(curve)
}

/// F(age) between 0 and 1, by linear interpolation between the edges; 0 before the first edge, and 1 after the last one.
#[inline]
pub fn delay_weight(age: f64, edges: &[f64], curve: &[f64]) -> f64 {
    let bin = edges.partition_point(|&edge| edge <= age);
    if bin == 0 {
        return 0.0;
    }
    if bin >= edges.len() {
        return 1.0;
    }
    let (start, end) = (edges[bin - 1], edges[bin]);
    curve[bin - 1] + (curve[bin] - curve[bin - 1]) * (age - start) / (end - start)
}

/// Writes [`delay_weight`] of each age to `out`.
pub fn delay_weights(ages: &[f64], edges: &[f64], curve: &[f64], out: &mut [f64]) -> Result<(), Error> {
    check_edges(edges)?;
    check_length(("edges", edges.len()), ("curve", curve.len()))?;
    check_length(("ages", ages.len()), ("out", out.len()))?;
    if let Some(index) = curve.iter().position(|share| !(0.0..=1.0).contains(share)) {
        let range = "between 0 and 1";
        return Err(Error::OutOfRange { argument: "curve", index: Some(index), value: curve[index], range });
    }
    for (index, (&age, weight)) in ages.iter().zip(out).enumerate() {
        if age.is_nan() || age < 0.0 {
            return Err(Error::OutOfRange { argument: "ages", index: Some(index), value: age, range: "at least 0" });
        }
        *weight = delay_weight(age, edges, curve);
    }
    Ok(())
}

fn check_edges(edges: &[f64]) -> Result<(), Error> {
    if edges.len() < 2 {
        return Err(Error::Nothing { argument: "the intervals of edges" });
    }
    let refused = |index: usize, range| {
        Err(Error::OutOfRange { argument: "edges", index: Some(index), value: edges[index], range })
    };
    if edges[0] != 0.0 {
        return refused(0, "0");
    }
    match (1..edges.len()).find(|&i| !(edges[i] > edges[i - 1] && edges[i] < f64::INFINITY)) {
        Some(index) => refused(index, "finite and greater than the one before"),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EDGES: [f64; 5] = [0.0, 1.0, 2.0, 4.0, 8.0];

    #[test]
    fn hazards_add_up() {
        // Of a hundred impressions each, 8, 4, 4 and 4 convert in the bins.
        let curve = learn_delay(&[8.0, 4.0, 3.0, 1.0], &[100.0, 100.0, 75.0, 25.0], &EDGES).unwrap();
        for (share, expected) in curve.iter().zip([0.0, 0.4, 0.6, 0.8, 1.0]) {
            assert!((share - expected).abs() < 1e-12, "{curve:?}");
        }
        assert!((delay_weight(3.0, &EDGES, &curve) - 0.7).abs() < 1e-12);
        assert_eq!([0.0, 8.0, 1e9].map(|age| delay_weight(age, &EDGES, &curve)), [0.0, 1.0, 1.0]);
    }

    #[test]
    fn with_few_successes_ages_count_in_proportion() {
        let curve = learn_delay(&[9.0, 0.0, 0.0, 0.0], &[100.0; 4], &EDGES).unwrap();
        assert_eq!(curve, [0.0, 0.125, 0.25, 0.5, 1.0]);
        assert_eq!(learn_delay(&[20.0, 0.0, 0.0, 0.0], &[0.0; 4], &EDGES).unwrap(), curve);
    }

    #[test]
    fn a_bin_that_no_impression_has_reached_is_like_the_one_before() {
        let curve = learn_delay(&[20.0, 10.0, 0.0, 0.0], &[100.0, 100.0, 0.0, 0.0], &EDGES).unwrap();
        // 0.2 + 0.1 + 2 × 0.1 + 4 × 0.1
        assert!((curve[1] - 0.2 / 0.9).abs() < 1e-12 && (curve[3] - 0.5 / 0.9).abs() < 1e-12, "{curve:?}");
    }

    #[test]
    fn refusals() {
        let message = |c: &[f64], n: &[f64], edges: &[f64]| learn_delay(c, n, edges).unwrap_err().to_string();
        assert!(message(&[1.0], &[1.0], &[1.0, 2.0]).starts_with("edges[0] is 1"));
        assert!(message(&[1.0], &[1.0], &[0.0, 0.0]).starts_with("edges[1] is 0"));
        assert!(message(&[], &[], &[0.0]).starts_with("the intervals of edges"));
        assert!(message(&[1.0], &[-1.0], &[0.0, 2.0]).starts_with("impressions_old_enough[0] is -1"));
        assert!(message(&[1.0, 2.0], &[1.0], &[0.0, 2.0]).starts_with("conversions has length 2"));
        let mut out = [0.0];
        assert!(delay_weights(&[-1.0], &EDGES, &[0.0, 0.1, 0.2, 0.3, 1.0], &mut out).is_err());
        assert!(delay_weights(&[1.0], &EDGES, &[0.0, 0.1, 0.2, 0.3, 1.1], &mut out).is_err());
        assert!(delay_weights(&[1.0], &EDGES, &[0.0, 0.1], &mut out).is_err());
    }
}
