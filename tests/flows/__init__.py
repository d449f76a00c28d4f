"""Stories across pages and programs, against the real server."""
