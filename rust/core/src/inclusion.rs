//! Each arm's chance to be among the k chosen, by simulation.
use crate::error::Error;
use crate::rng::generator;
use crate::select::Selector;

/// For each arm, the share of `draws` selections of `k` arms that chose it, and the standard error √(p(1−p)/draws).
///
/// `stop` is called from time to time, and ends the work if it returns true.
pub fn inclusion_probability(
    alpha: &[f64],
    beta: &[f64],
    k: usize,
    draws: u64,
    seed: Option<u64>,
    stop: &dyn Fn() -> bool,
) -> Result<(Vec<f64>, Vec<f64>), Error> {
    if draws == 0 {
        return Err(Error::Nothing { argument: "draws" });
    }
    let selector = Selector::new(alpha, beta, k)?;
    let mut rng = generator(seed);
    let mut counts = vec![0u64; alpha.len()];
    let mut chosen = vec![0; k];
    for _ in 0..draws {
        selector.fill(&mut chosen, &mut rng, stop)?;
        chosen.iter().for_each(|&arm| counts[arm] += 1);
    }
    let shares: Vec<f64> = counts.iter().map(|&count| count as f64 / draws as f64).collect();
    let errors = shares.iter().map(|share| (share * (1.0 - share) / draws as f64).sqrt()).collect();
    Ok((shares, errors))
}
