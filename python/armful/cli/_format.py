"""Formats numbers for the terminal."""


def percent(fraction: float, decimals: int = 1, *, sign: bool = False) -> str:
    """Format a fraction as a percentage, with a no-break space before the sign as in the dashboard: `12.3 %`."""
    return f"{fraction * 100:{'+' if sign else ''},.{decimals}f}\N{NO-BREAK SPACE}%"
