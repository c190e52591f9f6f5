"""The global holdout: a share of all participants that no experiment and no policy touches."""
