"""What the tests stand on: databases, a broker with a worker, a browser. Loaded by tests/conftest.py."""
