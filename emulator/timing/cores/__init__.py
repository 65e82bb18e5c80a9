"""Pipeline models, one module per core."""

from emulator.timing.cores.registry import core_model

__all__ = ["core_model"]
