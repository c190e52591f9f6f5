//! How a policy learns: what it may use beside the plain counts and the given prior.
use crate::error::Error;
use crate::sharpness::check_sharpness;

/// Where priors come from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Priors {
    /// The given prior.
    Given,
    /// Learnt from all arms ([`crate::learn_prior`]).
    Learnt,
    /// Learnt from the arms' features ([`crate::learn_prior_by_features`]).
    ByFeatures,
}

/// What an impression counts while its success may still come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Late {
    /// A failure at once; a success replaces it when it comes.
    Failure,
    /// Nothing until its success comes or its window ends.
    Pending,
    /// The share F(age) of an impression ([`crate::learn_delay`]).
    Curve,
}

/// How the policy `thompson_learning` learns. The default is plain: Thompson sampling from the given prior.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Learning {
    /// Draws are from Beta(gα, gβ) with this g.
    pub sharpness: f64,
    /// Whether the spread of draws shrinks by √(1 − t/T), because the run's length is known.
    pub known_horizon: bool,
    /// Where priors come from. They are learnt again when the number of steps has grown by a tenth.
    pub priors: Priors,
    /// How late successes are treated.
    pub late: Late,
    /// The number of steps after which evidence counts half; infinite without discounting.
    pub half_life: f64,
}

impl Default for Learning {
    fn default() -> Self {
        Self {
            sharpness: 1.0,
            known_horizon: false,
            priors: Priors::Given,
            late: Late::Failure,
            half_life: f64::INFINITY,
        }
    }
}

impl Learning {
    /// Checks the sharpness and the half-life.
    pub fn check(&self) -> Result<(), Error> {
        if self.half_life.is_nan() || self.half_life < 1.0 {
            let (value, range) = (self.half_life, "at least 1");
            return Err(Error::OutOfRange { argument: "half_life", index: None, value, range });
        }
        check_sharpness(self.sharpness)
    }
}
