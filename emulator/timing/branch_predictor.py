"""A dynamic branch predictor: a two-bit counter for each branch, the last target of indirect ones.

Twin: branch_predictor.h. What a wrong prediction costs is the core model's business
(:attr:`emulator.timing.model.Step.mispredict`).

Source: Arm DDI 0489, Cortex-M7 prefetch unit: the branch target address cache holds the
predictor's state and the target address. Approximated: its size is not public and taken to
be big enough; a branch not met before is predicted by its direction.
"""

from __future__ import annotations

import copy
from typing import Any

SLOTS = 4096
"""Branches beyond that many share their state."""

UNKNOWN, STRONGLY_NOT_TAKEN, NOT_TAKEN, TAKEN, STRONGLY_TAKEN = range(5)


class BranchPredictor:
    """State by a branch's slot, a number that the engine gives it."""

    def __init__(self) -> None:
        self._counters = [UNKNOWN] * SLOTS
        self._targets = [0] * SLOTS

    def direct(self, slot: int, *, backward: bool, taken: bool) -> bool:
        """Note what a conditional branch did; True when that was predicted wrong."""
        slot &= SLOTS - 1
        counter = self._counters[slot]
        predicted = backward if counter == UNKNOWN else counter >= TAKEN
        if counter == UNKNOWN:
            self._counters[slot] = TAKEN if taken else NOT_TAKEN
        elif taken:
            self._counters[slot] = min(counter + 1, STRONGLY_TAKEN)
        else:
            self._counters[slot] = max(counter - 1, STRONGLY_NOT_TAKEN)
        return predicted != taken

    def indirect(self, slot: int, target: int) -> bool:
        """Note where a branch to a register or a loaded address went; True when that is new."""
        slot &= SLOTS - 1
        last, self._targets[slot] = self._targets[slot], target
        return last != target

    def save(self) -> Any:
        """State for a snapshot."""
        return copy.copy(self._counters), copy.copy(self._targets)

    def load(self, saved: Any) -> None:
        """Put a saved state back."""
        counters, targets = saved
        self._counters, self._targets = list(counters), list(targets)
