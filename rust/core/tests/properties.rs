//! Properties that hold for any arguments: no panic, no endless loop, an error for invalid arguments, else a valid result.
use armful_core::{
    expected_loss, generator, probability_best, sample_beta, select_top_k, ArmTable, Rows, Selection,
    ThompsonExploration,
};
use proptest::prelude::*;

/// A finite, positive number of any magnitude.
fn parameter() -> impl Strategy<Value = f64> {
    prop_oneof![
        (-300.0..300.0f64).prop_map(|exponent| 10f64.powf(exponent)),
        0.5..2000.0f64,
        prop::sample::select(vec![1.0, 1e-3, 1e9, 5e-324, f64::MAX, 1.0 + f64::EPSILON]),
    ]
}

fn any_parameter() -> impl Strategy<Value = f64> {
    prop_oneof![40 => parameter(), 1 => prop::num::f64::ANY]
}

fn any_arms(most: usize) -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
    prop::collection::vec((any_parameter(), any_parameter()), 0..most).prop_map(|arms| arms.into_iter().unzip())
}

fn arms(most: usize) -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
    prop::collection::vec((parameter(), parameter()), 0..most).prop_map(|arms| arms.into_iter().unzip())
}

fn is_sound(values: &[f64]) -> bool {
    values.iter().all(|&value| value > 0.0 && value < f64::INFINITY)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn draws((alpha, beta) in any_arms(20), seed: u64) {
        let mut out = vec![f64::NAN; alpha.len()];
        let outcome = sample_beta(&alpha, &beta, &mut out, &mut generator(Some(seed)));
        prop_assert_eq!(outcome.is_ok(), is_sound(&alpha) && is_sound(&beta));
        if outcome.is_ok() {
            prop_assert!(out.iter().all(|draw| (0.0..=1.0).contains(draw)), "{:?}", out);
        }
    }

    #[test]
    fn selections((alpha, beta) in any_arms(300), k in 0usize..320, seed: u64) {
        let outcome = select_top_k(&alpha, &beta, k, &mut generator(Some(seed)));
        let sound = is_sound(&alpha) && is_sound(&beta);
        prop_assert_eq!(outcome.is_ok(), sound && (1..=alpha.len()).contains(&k));
        if let Ok(mut chosen) = outcome {
            prop_assert_eq!(chosen.len(), k);
            chosen.sort_unstable();
            chosen.dedup();
            prop_assert_eq!(chosen.len(), k);
            prop_assert!(chosen.iter().all(|&arm| arm < alpha.len()));
        }
    }

    #[test]
    fn tables((alpha, beta) in arms(300), k in 1usize..50, ratio in 0.0..=1.0f64, least in 0i64..200, seed: u64) {
        let n = alpha.len();
        let impressions: Vec<i64> = (0..n as i64).collect();
        let rows = Rows { alpha: &alpha, beta: &beta, impressions: &impressions, version: &vec![1; n] };
        rows.check(("ids", n)).unwrap();
        let ids: Vec<String> = (0..n).map(|i| i.to_string()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let mut table = ArmTable::new();
        table.upsert(&ids, rows, None, &mut vec![]).unwrap();
        for split in [None, Some(ThompsonExploration { min_impressions: least, exploration_ratio: ratio })] {
            let mut chosen = vec![];
            let selection = Selection { k, split, ..Selection::default() };
            table.select(&selection, &mut generator(Some(seed)), &mut chosen).unwrap();
            prop_assert_eq!(chosen.len(), k.min(n));
            prop_assert!(chosen.windows(2).all(|pair| pair[0].1 >= pair[1].1));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn quadratures((alpha, beta) in any_arms(6)) {
        let (best, losses) = (probability_best(&alpha, &beta, &|| false), expected_loss(&alpha, &beta, &|| false));
        prop_assert_eq!(best.is_ok(), is_sound(&alpha) && is_sound(&beta));
        if let (Ok(best), Ok(losses)) = (best, losses) {
            // By rounding, a probability that is summed over panels may exceed 1.
            prop_assert!(best.iter().all(|chance| (0.0..=1.0 + 1e-12).contains(chance)), "{:?}", best);
            prop_assert!(alpha.is_empty() || (best.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{:?}", best);
            prop_assert!(losses.iter().all(|loss| (-1e-9..=1.0).contains(loss)), "{:?}", losses);
        }
    }
}
