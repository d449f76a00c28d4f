"""Benchmarks, each run as `python -m bench.NAME [--small] --json`. They are no part of the tests, and no app imports them."""
