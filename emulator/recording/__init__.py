"""A recording: everything that is known of a window of a run, as plain data, and its file."""
