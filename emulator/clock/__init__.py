"""The one clock and its deadlines, and the named clocks that derive from it."""
