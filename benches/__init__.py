"""The host side of the benchmarks, the comparison with published silicon, and speed benches."""
