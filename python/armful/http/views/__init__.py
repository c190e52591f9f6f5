"""How domain objects are put into the wire types of the contract."""
