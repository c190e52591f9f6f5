"""An experiment's results: rates, comparisons with control, significance and a recommendation."""
