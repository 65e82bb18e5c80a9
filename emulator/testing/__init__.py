"""A device under test, emulated or behind a port, and how pytest and Robot Framework come to it."""
