"""What is learnt from outcomes, and how it is used: posteriors and policies, over the Rust core."""
