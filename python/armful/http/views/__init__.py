"""Conversions from domain objects to the contract's wire types, one module for each feature."""
