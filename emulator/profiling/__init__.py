"""Where cycles went: exact folds over the counts that the engine keeps anyway."""

from emulator.profiling.counting import CountDifference, CountState
from emulator.profiling.fold import BlockProfile, InstructionProfile, Profile, fold
from emulator.profiling.stack import CostKey, CycleStack

__all__ = [
    "BlockProfile",
    "CostKey",
    "CountDifference",
    "CountState",
    "CycleStack",
    "InstructionProfile",
    "Profile",
    "fold",
]
