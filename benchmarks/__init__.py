"""Measurements: one command each, `python -m benchmarks.<name>`, a peer or a floor beside us in the run."""
