"""Thumb instructions: what they are, decoded from bytes."""
