//! Exact Thompson sampling over many Beta-distributed arms.
//!
//! The crate works on arrays, and does not know Python, HTTP or SQL. An *arm* has a success rate θ whose posterior is
//! Beta(α, β). Thompson sampling draws one θ per arm, and shows the arms with the largest draws.
//!
//! ```
//! use armful_core::{generator, select_top_k};
//!
//! let (alpha, beta) = ([121.0, 65.0, 1.0], [881.0, 737.0, 1.0]);
//! let best = select_top_k(&alpha, &beta, 2, &mut generator(Some(7)))?;
//! assert_eq!(best.len(), 2);
//! # Ok::<(), armful_core::Error>(())
//! ```
#![forbid(unsafe_code)]

mod arm_table;
mod best;
mod beta;
mod bound;
mod delay;
mod error;
mod gamma;
mod grid;
mod inclusion;
mod ln_gamma;
mod log_odds;
mod normal;
mod personas;
mod policies;
mod prior;
mod prior_by_features;
mod quadrature;
mod rng;
mod scan;
mod select;
mod sharpness;
mod simulate;
mod tail;
mod threshold_top_k;
mod top_k;

pub use arm_table::{Arm, ArmTable, CellRows, Rows, Selection, MOST_PERSONAS};
pub use best::{expected_loss, probability_best};
pub use beta::{check_arms, check_length, check_parameters, draw_beta, sample_beta};
pub use delay::{delay_weight, delay_weights, learn_delay};
pub use error::Error;
pub use inclusion::inclusion_probability;
pub use normal::{sample_means, NormalPrior, RewardSums};
pub use personas::{Cell, PersonaFit};
pub use policies::{
    AnyPolicy, Candidates, EpsilonGreedy, Greedy, KlUcb, Known, Parameters, Places, Policy, Random, Thompson,
    ThompsonExploration, ThompsonLearning, Ucb1,
};
pub use prior::{learn_prior, LearntPrior};
pub use prior_by_features::learn_prior_by_features;
pub use rng::{fresh_seed, generator, reseed_after_fork, Generator};
pub use select::{select_top_k, Selector};
pub use sharpness::{check_sharpness, Sharpness, SHARPEST};
pub use simulate::{simulate, Game, Late, Learning, Outcome, Priors, World, LONGEST_WINDOW};
