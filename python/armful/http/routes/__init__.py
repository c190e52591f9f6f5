"""The endpoints, one module a feature: decode, one call, encode."""
