"""Sweeps: one measurement over images, boards, their parameters, compilers and inputs, as a tidy table."""
