"""Learning what a firmware needs of registers that nobody has modelled."""

from emulator.learning.learner import Learned, Lesson, learn

__all__ = ["Learned", "Lesson", "learn"]
