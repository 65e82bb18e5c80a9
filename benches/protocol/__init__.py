"""The host's side of the benchmark's serial protocol."""
