"""The process that holds models in memory and writes answers, and the client that asks it."""
