"""How many runs at once TuneDrop carries, and what each of them costs."""
