"""Follows what a machine does with its memories, for a recorder."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from emulator.engine.engine import Engine
from emulator.image.model import Image
from emulator.profiling.call_tree import CallTree
from emulator.profiling.counting import CountDifference
from emulator.profiling.heap_watch import HeapWatch
from emulator.profiling.memory_layout import MemoryLayout
from emulator.profiling.memory_use import memory_rows, stack_marks
from emulator.recording.model import Context, HighWater, MemoryObject


class MemoryWatch:
    """``context()``: the number of the current call context, as the hook counts them."""

    def __init__(self, engine: Engine, image: Image | None, context: Callable[[], int]) -> None:
        self._engine = engine
        self._image = image
        self._heap = HeapWatch(engine, image, context)
        self._layout = MemoryLayout(engine.board, image)

    def begin(self) -> None:
        """A window begins."""
        self._layout = MemoryLayout(self._engine.board, self._image, self._heap.end)
        self._engine.hook.footprint.start(self._layout.starts)

    def stop(self) -> None:
        """Count no more."""
        self._engine.hook.footprint.stop()

    def rows(self, passed: CountDifference) -> tuple[MemoryObject, ...]:
        """What the window did, object by object; ``passed``: from its begin to this moment."""
        return memory_rows(self._engine, self._layout, passed, self._engine.hook.footprint.rows())

    def marks(self, contexts: Sequence[Context], begin_cycles: int, tree: CallTree) -> tuple[HighWater, ...]:
        """High-water marks of stacks and heap. ``contexts``: the rows of ``tree``."""
        stacks = stack_marks(contexts, self._layout, self._image, tree.thread_stacks())
        heap = self._heap.mark(self._layout, begin_cycles, tree.number_of)
        return (*stacks, *((heap,) if heap is not None else ()))
