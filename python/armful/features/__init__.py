"""What a caller can ask of armful, one package a feature: its service, its store and its SQL."""
