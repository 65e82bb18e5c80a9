"""Devices of NXP's i.MX RT crossover processors."""
