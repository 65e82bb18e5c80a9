"""The command line: the outermost layer, and the only one that knows click and rich."""
