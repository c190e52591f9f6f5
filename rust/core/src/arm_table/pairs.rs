//! Sets of dimensions.

/// (name, value) pairs sorted by name, each name once.
pub(crate) type Pairs = Box<[(Box<str>, Box<str>)]>;

/// Which set an arm has. Number 0 is the empty set.
pub(crate) type SetNumber = u32;
