"""TuneDrop's own code: the pure core, the use cases, the gateways, and the wiring between them."""
