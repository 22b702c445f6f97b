"""The demo: starts the local cloud and shows the whole way of a dataset; knows the app from outside only."""
