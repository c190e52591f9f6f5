//! Any doubles as parameters: the result is an error or in range, and never a panic or an endless loop.
#![no_main]
use arbitrary::Arbitrary;
use armful_core::{
    check_arms, expected_loss, generator, inclusion_probability, probability_best, sample_beta, select_top_k,
};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
struct Input {
    arms: Vec<(f64, f64)>,
    /// The number of repetitions of the arms, so that there are whole blocks of them.
    repeats: u8,
    k: u16,
    seed: u64,
    /// The quadrature takes a thousand times as long as everything else.
    integrates: bool,
}

const MOST_INTEGRATED: usize = 4;

fuzz_target!(|input: Input| {
    let n = (input.arms.len() * (1 + input.repeats as usize)).min(500);
    let (alpha, beta): (Vec<f64>, Vec<f64>) = input.arms.iter().copied().cycle().take(n).unzip();
    let (k, seed) = (usize::from(input.k), Some(input.seed));
    let mut draws = vec![0.0; n];
    let sampled = sample_beta(&alpha, &beta, &mut draws, &mut generator(seed));
    let chosen = select_top_k(&alpha, &beta, k, &mut generator(seed));
    let few = if input.integrates { n.min(MOST_INTEGRATED) } else { 0 };
    let best = probability_best(&alpha[..few], &beta[..few], &|| false);
    let loss = expected_loss(&alpha[..few], &beta[..few], &|| false);
    let included = inclusion_probability(&alpha[..few], &beta[..few], k, 3, seed, &|| false);
    if check_arms(&alpha, &beta).is_err() {
        assert!(sampled.is_err() && chosen.is_err());
        return;
    }
    sampled.unwrap();
    assert!(draws.iter().all(|draw| (0.0..=1.0).contains(draw)));
    assert_eq!(chosen.is_ok(), (1..=n).contains(&k));
    if let Ok(mut chosen) = chosen {
        assert_eq!(chosen.len(), k);
        chosen.sort_unstable();
        chosen.dedup();
        assert!(chosen.len() == k && chosen.iter().all(|&arm| arm < n));
    }
    let best = best.unwrap();
    assert!(best.iter().all(|chance| (0.0..=1.0).contains(chance)), "{best:?}");
    assert!(best.is_empty() || (best.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{best:?}");
    let loss = loss.unwrap();
    assert!(loss.iter().all(|loss| (0.0..=1.0).contains(loss)), "{loss:?}");
    assert_eq!(included.is_ok(), (1..=few).contains(&k));
});
