"""A whole board at work: construction, run loop, traps, waiting, snapshots, crash reports."""
