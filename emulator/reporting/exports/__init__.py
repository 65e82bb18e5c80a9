"""A recording in the formats of other tools; in each, what is summed are the recording's cycles."""
