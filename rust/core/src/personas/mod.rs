//! Personas: what an arm's outcomes for one group of people say about the others.
//!
//! s and f are the successes and failures of an arm for a persona (a *cell*). Everything is in closed form, from these counts:
//!
//! 1. Personas have base rates of their own. The *odds* ω of a persona are those of its outcomes compared with other
//!    personas', for the same arms. *Standard counts* s' = cs and f' = cωf have the odds of an average persona. With the
//!    persona's rate b, c = (1 − b) + b/ω keeps the precision that the counts have.
//! 2. An arm's rate differs between personas like Beta(κp, κ(1 − p)), κ being the *strength*. So n outcomes in one cell tell
//!    as much about the other cells as w = (κ+1)/(n+κ) of them would without these differences. With the arm's prior,
//!    A = a + Σws' and B = b + Σwf'.
//! 3. A cell's prior is what the other cells say: without its own part, A and B have n = A + B and k = κ/(n+κ+1), and the
//!    cell's posterior is Beta(kA + s', kB + f'). A persona without outcomes has Beta(kA, kB).
//!
//! [`PersonaFit`] estimates ω and κ.
mod fit;
mod grid;

pub use fit::PersonaFit;

/// The counts of an arm for a persona.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// The arm's position among the priors.
    pub arm: u32,
    /// The persona's number.
    pub persona: u16,
    /// At least 0. Delayed outcomes may make it fractional.
    pub successes: f64,
    /// At least 0. Delayed outcomes may make it fractional.
    pub failures: f64,
}

/// w: the part of its outcomes that a cell tells about the arm.
#[inline]
pub(crate) fn weight(strength: f64, standard: (f64, f64)) -> f64 {
    (strength + 1.0) / (standard.0 + standard.1 + strength)
}

/// What all cells of an arm say, and the part that its prior says, which is the least.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Total {
    pub a: f64,
    pub b: f64,
    pub prior: (f64, f64),
}

/// The prior Beta(kA, kB) of a cell, from what the other cells say: A = `total.a` − ws', and B likewise. Numerator and
/// denominator of k are multiplied by n + κ, so that there is only one division.
#[inline]
pub(crate) fn prior_of_cell(strength: f64, total: Total, standard: (f64, f64)) -> (f64, f64) {
    let n = standard.0 + standard.1 + strength;
    let part = strength + 1.0;
    // Rounding must not take away from the prior.
    let a = f64::max(total.a * n - part * standard.0, total.prior.0 * n);
    let b = f64::max(total.b * n - part * standard.1, total.prior.1 * n);
    let k = strength / (a + b + part * n);
    (k * a, k * b)
}
