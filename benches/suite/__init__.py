"""The benchmarks as data: names, shapes, models, inputs, golden outputs."""
