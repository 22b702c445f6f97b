"""The cloud in a box: what TuneDrop talks to on a laptop instead of Azure. Never deployed."""
