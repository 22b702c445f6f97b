"""The rules of TuneDrop, pure: no cloud, network, clock, environment or logging."""
