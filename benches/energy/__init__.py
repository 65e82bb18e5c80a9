"""Energy mode without the official host."""
