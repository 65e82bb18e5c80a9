"""The comparison with silicon: published images and latencies, errors, bands."""
