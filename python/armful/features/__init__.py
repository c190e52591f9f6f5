"""The features of the service. Each package has a service, a store and SQL files."""
