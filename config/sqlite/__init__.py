"""A database engine: Django's SQLite with writers that wait fairly."""
