//! Policies: which arms to choose, given the observations of each. One policy per file.
//!
//! The table that serves selections and the simulation run the same code: each offers its arms as [`Candidates`]. To add a
//! policy, write its file and name it in [`AnyPolicy`].
use rand::Rng;

use crate::error::Error;

mod epsilon_greedy;
mod greedy;
mod kl_ucb;
mod random;
mod thompson;
mod thompson_exploration;
mod thompson_learning;
mod ucb1;

pub use epsilon_greedy::EpsilonGreedy;
pub use greedy::Greedy;
pub use kl_ucb::KlUcb;
pub use random::Random;
pub use thompson::Thompson;
pub use thompson_exploration::ThompsonExploration;
pub use thompson_learning::ThompsonLearning;
pub use ucb1::Ucb1;

/// The observations of an arm.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Posterior parameters.
    pub alpha: f64,
    /// Posterior parameters.
    pub beta: f64,
    /// The prior's first parameter.
    pub prior_alpha: f64,
    /// The number of times the arm was chosen.
    pub pulls: u64,
}

impl Known {
    /// The posterior mean.
    pub fn mean(&self) -> f64 {
        self.alpha / (self.alpha + self.beta)
    }

    /// The fraction of pulls that were successes; `None` before the first pull.
    pub fn observed(&self) -> Option<f64> {
        let pulls = self.pulls as f64;
        (pulls > 0.0).then(|| (self.alpha - self.prior_alpha) / pulls)
    }
}

/// The number of arms to choose from each of two groups.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Places {
    /// For arms with at least `min_impressions` impressions.
    pub experienced: usize,
    /// For the other arms.
    pub new: usize,
    /// The number of impressions from which an arm counts as experienced.
    pub min_impressions: i64,
}

/// Arms that can be chosen.
pub trait Candidates {
    /// The type of the result.
    type Chosen;

    /// Returns the arms with the largest draws from their posteriors. Places that one group cannot fill go to the other.
    fn thompson<R: Rng + ?Sized>(&mut self, places: Places, rng: &mut R) -> Result<Self::Chosen, Error>;

    /// Returns the k arms with the largest index. Ties are broken at random. Not all candidates support it.
    fn largest<R: Rng + ?Sized>(
        &mut self,
        k: usize,
        rng: &mut R,
        index: impl Fn(&Known) -> f64,
    ) -> Result<Self::Chosen, Error>;

    /// Returns k random arms. Not all candidates support it.
    fn any<R: Rng + ?Sized>(&mut self, k: usize, rng: &mut R) -> Result<Self::Chosen, Error>;

    /// The total number of choices so far.
    fn steps(&self) -> u64;
}

/// A way to choose arms.
pub trait Policy {
    /// Checks the policy's parameters.
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Chooses at most k of the candidates.
    fn choose<C: Candidates, R: Rng + ?Sized>(
        &self,
        candidates: &mut C,
        k: usize,
        rng: &mut R,
    ) -> Result<C::Chosen, Error>;
}

/// The parameters of all policies that are found by name.
#[derive(Debug, Clone, Copy)]
pub struct Parameters {
    /// Of [`EpsilonGreedy`].
    pub epsilon: f64,
    /// Of [`ThompsonExploration`].
    pub min_impressions: i64,
    /// Of [`ThompsonExploration`].
    pub exploration_ratio: f64,
}

macro_rules! policies {
    ($($name:literal $kind:ident $make:expr;)*) => {
        /// Any of the policies.
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub enum AnyPolicy {
            $(#[doc = concat!("The policy `", $name, "`.")] $kind($kind),)*
        }

        impl AnyPolicy {
            /// The names of the policies.
            pub const NAMES: &[&str] = &[$($name),*];

            /// The policy of that name.
            pub fn by_name(name: &str, parameters: Parameters) -> Option<Self> {
                match name {
                    $($name => Some(Self::$kind(($make)(parameters))),)*
                    _ => None,
                }
            }
        }

        impl Policy for AnyPolicy {
            fn check(&self) -> Result<(), Error> {
                match self {
                    $(Self::$kind(policy) => policy.check(),)*
                }
            }

            fn choose<C: Candidates, R: Rng + ?Sized>(
                &self,
                candidates: &mut C,
                k: usize,
                rng: &mut R,
            ) -> Result<C::Chosen, Error> {
                match self {
                    $(Self::$kind(policy) => policy.choose(candidates, k, rng),)*
                }
            }
        }
    };
}

policies! {
    "thompson" Thompson |_| Thompson;
    "thompson_exploration" ThompsonExploration |p: Parameters| ThompsonExploration {
        min_impressions: p.min_impressions,
        exploration_ratio: p.exploration_ratio,
    };
    "thompson_learning" ThompsonLearning |_| ThompsonLearning;
    "epsilon_greedy" EpsilonGreedy |p: Parameters| EpsilonGreedy { epsilon: p.epsilon };
    "ucb1" Ucb1 |_| Ucb1;
    "kl_ucb" KlUcb |_| KlUcb;
    "greedy" Greedy |_| Greedy;
    "random" Random |_| Random;
}

/// Checks that a parameter is in [0, 1].
fn check_share(argument: &'static str, value: f64) -> Result<(), Error> {
    if (0.0..=1.0).contains(&value) {
        Ok(())
    } else {
        Err(Error::NotAShare { argument, value })
    }
}
