"""HTTP: the contract's endpoints over the use cases of `armful.engine`. Only this package knows HTTP."""
