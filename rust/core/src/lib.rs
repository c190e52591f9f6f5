//! Exact Thompson sampling over many Beta-distributed arms.
#![forbid(unsafe_code)]
