"""Instruments on the desk beside the board: what the benchmark's energy mode is measured with."""
