"""What makes a JSONL file fit to train on: each finding with line, reason, source and fix."""
