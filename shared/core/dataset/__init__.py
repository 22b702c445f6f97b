"""What makes a JSONL file fit to train on: every finding with its line, its reason, its rule's source and its fix."""
