"""The system side of a Cortex-M: interrupts, exceptions, timers and system registers."""
