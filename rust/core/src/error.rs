//! Invalid arguments, one variant per kind. The message names the argument and the invalid value.
use std::fmt;

/// An argument the core refuses. `Display` is a sentence a caller can act on.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// A Beta parameter that is NaN, infinite, zero or negative.
    NotPositive {
        /// The argument's name.
        argument: &'static str,
        /// The position in the argument.
        index: usize,
        /// The value at that position.
        value: f64,
    },
    /// A count below zero.
    Negative {
        /// The argument's name.
        argument: &'static str,
        /// The position in the argument, if it has several.
        index: Option<usize>,
        /// The value at that position.
        value: i64,
    },
    /// A count that is NaN, negative or too large.
    NotACount {
        /// The argument's name.
        argument: &'static str,
        /// The position in the argument.
        index: usize,
        /// The value at that position.
        value: f64,
        /// The largest count.
        most: f64,
    },
    /// A persona's number that is too large.
    BadPersona {
        /// The position in `personas`, if there are several.
        index: Option<usize>,
        /// The value at that position.
        value: i64,
        /// The number of personas that a table can have.
        limit: usize,
    },
    /// Two arguments that describe the same arms differ in length.
    LengthMismatch {
        /// The argument that the other must match.
        reference: &'static str,
        /// Its length.
        expected: usize,
        /// The argument that differs.
        argument: &'static str,
        /// Its length.
        actual: usize,
    },
    /// `k` is zero, or more than there are arms to choose from.
    BadK {
        /// The requested value.
        k: usize,
        /// The number of arms, if it limits `k`.
        arms: Option<usize>,
    },
    /// A share that is not within [0, 1].
    NotAShare {
        /// The argument's name.
        argument: &'static str,
        /// The given value.
        value: f64,
    },
    /// A number outside the range of its argument.
    OutOfRange {
        /// The argument's name.
        argument: &'static str,
        /// The position in the argument, if it has several.
        index: Option<usize>,
        /// The given value.
        value: f64,
        /// What it must be, such as "above 0 and at most 100".
        range: &'static str,
    },
    /// A success rate that is not within [0, 1].
    NotARate {
        /// The position in `rates`.
        index: usize,
        /// The value at that position.
        value: f64,
    },
    /// An argument that is empty or 0 although at least one is needed.
    Nothing {
        /// The argument's name.
        argument: &'static str,
    },
    /// An id that is not in the table.
    UnknownId(String),
    /// A slot that the table does not have.
    UnknownSlot {
        /// The given value.
        slot: usize,
        /// The number of slots in the table.
        slots: usize,
    },
    /// The table can hold no more: its slots, or its ids' bytes, are numbered with 32 bits.
    Full,
    /// The candidates do not support the operation that the policy needs.
    NotServed,
    /// The result does not fit into memory.
    Memory,
    /// The caller stopped the work.
    Interrupted,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotPositive { argument, index, value } => {
                write!(f, "{argument}[{index}] is {value}: a Beta parameter must be finite and greater than 0")
            }
            Error::Negative { argument, index: Some(index), value } => {
                write!(f, "{argument}[{index}] is {value}: a count can't be negative")
            }
            Error::Negative { argument, index: None, value } => {
                write!(f, "{argument} is {value}: it can't be negative")
            }
            Error::NotACount { argument, index, value, most } => {
                write!(f, "{argument}[{index}] is {value}: a count must be from 0 to {most:e}")
            }
            Error::BadPersona { index: Some(index), value, limit } => {
                write!(f, "personas[{index}] is {value}: personas are numbered from 0 to {}", limit - 1)
            }
            Error::BadPersona { index: None, value, limit } => {
                write!(f, "persona is {value}: personas are numbered from 0 to {}", limit - 1)
            }
            Error::LengthMismatch { reference, expected, argument, actual } => {
                write!(f, "{argument} has length {actual}, but {reference} has length {expected}: they must have the same length")
            }
            Error::BadK { k, arms: None } => write!(f, "k is {k}: it must be at least 1"),
            Error::BadK { k, arms: Some(arms) } => {
                write!(f, "k is {k}: it must be between 1 and the number of arms, {arms}")
            }
            Error::NotAShare { argument, value } => write!(f, "{argument} is {value}: it must be between 0 and 1"),
            Error::OutOfRange { argument, index: Some(index), value, range } => {
                write!(f, "{argument}[{index}] is {value}: it must be {range}")
            }
            Error::OutOfRange { argument, index: None, value, range } => {
                write!(f, "{argument} is {value}: it must be {range}")
            }
            Error::NotARate { index, value } => write!(f, "rates[{index}] is {value}: it must be between 0 and 1"),
            Error::Nothing { argument } => write!(f, "{argument} must be at least 1 and not empty"),
            Error::NotServed => write!(f, "a table of arms serves no policy by index: use it in a simulation"),
            Error::Memory => write!(f, "the answer doesn't fit into memory"),
            Error::UnknownId(id) => write!(f, "no arm has the id '{id}'"),
            Error::UnknownSlot { slot, slots } => write!(f, "slots: {slot} is not one of the table's {slots} slots"),
            Error::Interrupted => write!(f, "interrupted"),
            Error::Full => write!(f, "the table is full: it numbers its slots and its ids' bytes with 32 bits"),
        }
    }
}

impl std::error::Error for Error {}
