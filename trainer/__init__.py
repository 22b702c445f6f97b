"""Fine-tunes a Phi-3 model on chat examples: `python -m trainer --help`."""
