//! Simulations of policies on arms with known rates, in many runs.
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::Mutex;
use std::time::Duration;

mod arms;
mod late;
mod learning;
mod world;

use rand::Rng;

use arms::SimulatedArms;
pub use learning::{Late, Learning, Priors};
use world::Course;
pub use world::{World, LONGEST_WINDOW};

use crate::beta::check_parameters;
use crate::error::Error;
use crate::policies::{AnyPolicy, Policy};
use crate::rng::{generator, Generator};

/// The number of steps after which a run checks whether to continue.
const STEPS_BETWEEN_LOOKS: u64 = 4_096;

/// The simulation to run.
#[derive(Debug, Clone, Copy)]
pub struct Game<'a> {
    /// Each arm's true success rate, in [0, 1]; at the start, if rates drift. With noise, each arm's mean reward.
    pub rates: &'a [f64],
    /// The policy that chooses the arms.
    pub policy: AnyPolicy,
    /// The number of steps per run.
    pub horizon: u64,
    /// The number of runs.
    pub runs: usize,
    /// The Beta prior of every arm.
    pub prior: (f64, f64),
    /// The number of evenly spaced steps, including the last one, at which the regret is recorded.
    pub points: usize,
    /// The number of threads; 0 for one per processor. It does not affect the results.
    pub threads: usize,
    /// What happens besides the rates.
    pub world: World<'a>,
    /// How the policy `thompson_learning` learns.
    pub learning: Learning,
}

/// The results of each run.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The steps at which the regret was recorded.
    pub steps: Vec<u64>,
    /// By run and recorded step: the sum over the steps so far of the best rate minus the chosen arm's rate.
    pub regret: Vec<f64>,
    /// By run and arm: the number of times that the arm was chosen.
    pub choices: Vec<u64>,
}

impl Game<'_> {
    /// Checks the rates, the prior and the policy, and that the numbers of steps, runs and points are at least 1.
    pub fn check(&self) -> Result<(), Error> {
        self.world.check(self.rates.len())?;
        self.learning.check()?;
        let numbers = self.world.noise > 0.0;
        let valid = |rate: &f64| if numbers { rate.is_finite() } else { (0.0..=1.0).contains(rate) };
        if let Some(index) = self.rates.iter().position(|rate| !valid(rate)) {
            return Err(Error::NotARate { index, value: self.rates[index] });
        }
        use AnyPolicy::{EpsilonGreedy, Random, Thompson, ThompsonLearning};
        let serves_numbers = matches!(self.policy, Thompson(_) | ThompsonLearning(_) | EpsilonGreedy(_) | Random(_));
        if numbers && !serves_numbers {
            let (value, range) = (self.world.noise, "0 for a policy that needs success rates");
            return Err(Error::OutOfRange { argument: "noise", index: None, value, range });
        }
        check_parameters("prior", &[self.prior.0, self.prior.1])?;
        self.policy.check()?;
        let counts = [
            ("rates", self.rates.len() as u64),
            ("horizon", self.horizon),
            ("runs", self.runs as u64),
            ("points", self.points as u64),
        ];
        counts.into_iter().try_for_each(|(argument, count)| match count {
            0 => Err(Error::Nothing { argument }),
            _ => Ok(()),
        })
    }
}

/// Plays all runs. `watch` is called about fifty times a second on the calling thread, with the number of steps played so
/// far out of horizon × runs. It ends the simulation by returning true.
pub fn simulate(game: &Game<'_>, seed: Option<u64>, watch: &dyn Fn(u64) -> bool) -> Result<Outcome, Error> {
    game.check()?;
    let points = game.points.min(usize::try_from(game.horizon).unwrap_or(usize::MAX));
    let note = |point: usize| ((point as u128 + 1) * u128::from(game.horizon)).div_ceil(points as u128) as u64;
    let steps: Vec<u64> = (0..points).map(note).collect();
    let mut seeds = generator(seed);
    let (regret_size, choices_size) = (game.runs.checked_mul(points), game.runs.checked_mul(game.rates.len()));
    let (mut regret, mut choices) = (zeros(regret_size)?, zeros(choices_size)?);
    let rows = regret.chunks_mut(points).zip(choices.chunks_mut(game.rates.len()));
    let runs = Mutex::new(rows.map(|(regret, choices)| (seeds.next_u64(), regret, choices)));

    let threads =
        if game.threads > 0 { game.threads } else { std::thread::available_parallelism().map_or(1, |n| n.get()) };
    let threads = threads.min(game.runs);
    let (played, ended, gave_up) = (AtomicU64::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    let look = |steps: u64| {
        played.fetch_add(steps, Ordering::Relaxed);
        gave_up.load(Ordering::Relaxed)
    };
    let caller = std::thread::current();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let next = runs.lock().ok().and_then(|mut runs| runs.next());
                    let Some((seed, regret, choices)) = next else { break };
                    if !play(game, &steps, &mut generator(Some(seed)), regret, choices, &look) {
                        break;
                    }
                }
                ended.fetch_add(1, Ordering::Release);
                caller.unpark();
            });
        }
        while ended.load(Ordering::Acquire) < threads {
            std::thread::park_timeout(Duration::from_millis(20));
            if watch(played.load(Ordering::Relaxed)) {
                gave_up.store(true, Ordering::Relaxed);
            }
        }
    });
    if gave_up.into_inner() {
        return Err(Error::Interrupted);
    }
    Ok(Outcome { steps, regret, choices })
}

/// Plays one run. Returns false if it was stopped.
fn play(
    game: &Game<'_>,
    steps: &[u64],
    rng: &mut Generator,
    regret: &mut [f64],
    choices: &mut [u64],
    look: &dyn Fn(u64) -> bool,
) -> bool {
    let learning =
        if matches!(game.policy, AnyPolicy::ThompsonLearning(_)) { game.learning } else { Learning::default() };
    let mut seen = SimulatedArms::new(game.rates.len(), game.prior, game.world, learning, game.horizon);
    let mut course = Course::new(game.world, game.rates);
    let (mut step, mut lost) = (0, 0.0);
    for (&noted, regret) in steps.iter().zip(regret) {
        while step < noted {
            course.begin(step, rng);
            while let Some(success) = course.due(step) {
                seen.succeed(success.arm, success.shown);
            }
            seen.begin(course.present);
            let Ok(arm) = game.policy.choose(&mut seen, 1, rng) else { return false };
            let reward = course.show(arm, step, rng);
            seen.count(arm, reward);
            lost += course.best - course.rates[arm];
            step += 1;
            if step % STEPS_BETWEEN_LOOKS == 0 && look(STEPS_BETWEEN_LOOKS) {
                return false;
            }
        }
        *regret = lost;
    }
    choices.copy_from_slice(&seen.pulls);
    !look(step % STEPS_BETWEEN_LOOKS)
}

fn zeros<T: Copy + Default>(size: Option<usize>) -> Result<Vec<T>, Error> {
    let size = size.ok_or(Error::Memory)?;
    let mut vector = Vec::new();
    vector.try_reserve_exact(size).map_err(|_| Error::Memory)?;
    vector.resize(size, T::default());
    Ok(vector)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policies::{EpsilonGreedy, Greedy, KlUcb, Random, Thompson, ThompsonExploration, Ucb1};

    const GAME: Game<'_> = Game {
        rates: &[0.1, 0.5, 0.3],
        policy: AnyPolicy::Thompson(Thompson),
        horizon: 500,
        runs: 7,
        prior: (1.0, 1.0),
        points: 10,
        threads: 0,
        world: World { arrivals: &[], features: &[], width: 0, delay: 0.0, window: 1, drift: 0.0, noise: 0.0 },
        learning: Learning {
            sharpness: 1.0,
            known_horizon: false,
            priors: Priors::Given,
            late: Late::Failure,
            half_life: f64::INFINITY,
        },
    };

    #[test]
    fn threads_change_nothing() {
        let one = simulate(&Game { threads: 1, ..GAME }, Some(3), &|_| false).unwrap();
        let many = simulate(&Game { threads: 5, ..GAME }, Some(3), &|_| false).unwrap();
        assert_eq!(one, many);
        assert_eq!(one.steps, [50, 100, 150, 200, 250, 300, 350, 400, 450, 500]);
    }

    #[test]
    fn choices_add_up_and_make_the_regret() {
        let exploration =
            AnyPolicy::ThompsonExploration(ThompsonExploration { min_impressions: 50, exploration_ratio: 0.3 });
        let policies = [
            AnyPolicy::Thompson(Thompson),
            exploration,
            AnyPolicy::EpsilonGreedy(EpsilonGreedy { epsilon: 0.1 }),
            AnyPolicy::Ucb1(Ucb1),
        ];
        for policy in
            policies.into_iter().chain([AnyPolicy::KlUcb(KlUcb), AnyPolicy::Greedy(Greedy), AnyPolicy::Random(Random)])
        {
            let outcome = simulate(&Game { policy, ..GAME }, Some(3), &|_| false).unwrap();
            for (regret, choices) in outcome.regret.chunks(10).zip(outcome.choices.chunks(3)) {
                assert_eq!(choices.iter().sum::<u64>(), 500);
                let expected = 0.4 * choices[0] as f64 + 0.2 * choices[2] as f64;
                assert!((regret[9] - expected).abs() < 1e-9, "{policy:?}");
                assert!(regret.windows(2).all(|pair| pair[0] <= pair[1]));
            }
        }
    }

    #[test]
    fn it_can_be_ended() {
        let game = Game { horizon: u64::MAX, ..GAME };
        assert_eq!(simulate(&game, Some(1), &|played| played > 0), Err(Error::Interrupted));
    }

    #[test]
    fn refusals() {
        let refused = |game: Game<'_>| simulate(&game, None, &|_| false).unwrap_err().to_string();
        assert!(refused(Game { rates: &[0.5, 1.5], ..GAME }).starts_with("rates[1] is 1.5"));
        assert!(refused(Game { rates: &[], ..GAME }).starts_with("rates "));
        assert!(refused(Game { horizon: 0, ..GAME }).starts_with("horizon "));
        assert!(refused(Game { prior: (0.0, 1.0), ..GAME }).starts_with("prior[0] is 0"));
        assert!(refused(Game { policy: AnyPolicy::EpsilonGreedy(EpsilonGreedy { epsilon: 2.0 }), ..GAME })
            .starts_with("epsilon is 2"));
    }
}
