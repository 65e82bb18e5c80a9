"""Runs Armv8.1-M's instructions, which Unicorn 2.1.4 does not have, beside it."""
