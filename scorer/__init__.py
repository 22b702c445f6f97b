"""What serves a tuned model on a managed online endpoint; it imports nothing else of this repository."""
