"""The command line `tunedrop`: what people do that no file drop or HTTP call does."""
