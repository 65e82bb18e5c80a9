"""A recording looked at: sums by function and by call path, names that tell functions apart.

Everything here is a fold over the recording, made when it is first asked for. The sums are those of
the recording: self cycles of all functions and what is outside of instructions are the window's
cycles, and so are the self cycles of all contexts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

from emulator.errors import UsageError
from emulator.recording.model import NO_INDEX, Context, Instruction, Operator, Recording
from emulator.recording.search import find_functions

Stack = Mapping[str, int]
"""Cycles by cause; a cause of the memory system says who waited: ``"flash (fetch)"``."""
ISSUE = "issue"
SUGGESTIONS, NAMES = 5, 3
OUTSIDE_NAMES = {
    "exception": "(exception entry and return)",
    "waiting": "(waiting: turns of a waiting loop)",
    "asleep": "(asleep)",
    "interrupted": "(blocks left in the middle)",
}


def label(cause: str, who: str) -> str:
    """The words for a cause and who waited."""
    return f"{cause} ({who})" if who else cause


def outside_name(cause: str) -> str:
    """The words for cycles that no instruction holds."""
    return OUTSIDE_NAMES.get(cause, f"({cause})")


def stack_of(items: Iterable[Instruction]) -> dict[str, int]:
    """Sum the cycles of instructions by cause."""
    stack: dict[str, int] = {}
    for item in items:
        for (cause, who), cycles in item.costs.items():
            key = label(cause, who)
            stack[key] = stack.get(key, 0) + cycles
    return stack


def operator_stack(operator: Operator) -> dict[str, int]:
    """An operator's cycles by cause."""
    stack: dict[str, int] = {}
    for (_function, cause, who), cycles in operator.costs.items():
        key = label(cause, who)
        stack[key] = stack.get(key, 0) + cycles
    return stack


def stalls_in_words(stack: Stack, total: int, most: int = 3) -> str:
    """``"load-use 10.6 %, branch 2.6 %"``: what is not issue, largest first, of ``total`` cycles."""
    stalls = sorted(((c, n) for c, n in stack.items() if c != ISSUE and n), key=lambda item: -item[1])
    return ", ".join(f"{cause} {100 * cycles / (total or 1):.1f} %" for cause, cycles in stalls[:most])


@dataclass(slots=True)
class FunctionFigures:
    """A function's sums. ``self_cycles``: of its instructions; ``inclusive_cycles``: with what it calls."""

    index: int
    self_cycles: int = 0
    inclusive_cycles: int = 0
    calls: int = 0
    instructions: int = 0
    stack: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Arc:
    """Calls of one function by another from one place. Functions by index, -1: a root."""

    caller: int
    call_site: int
    callee: int
    calls: int = 0
    inclusive_cycles: int = 0
    inclusive_instructions: int = 0


class View:
    """Questions to one recording."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording

    # -- names -----------------------------------------------------------------------------
    @cached_property
    def names(self) -> tuple[str, ...]:
        """Each function's name; where several have one, with what tells them apart."""
        functions = self.recording.functions
        count = Counter(function.name for function in functions)
        with_file = Counter((f.name, PurePosixPath(f.file).name) for f in functions)
        found = []
        for function in functions:
            file = PurePosixPath(function.file).name
            if count[function.name] == 1:
                found.append(function.name)
            elif file and with_file[function.name, file] == 1:
                found.append(f"{function.name} [{file}]")
            else:
                where = f"0x{function.address:08x}" if function.address >= 0 else f"line {function.line}"
                found.append(f"{function.name} [{file + ' ' if file else ''}{where}]")
        return tuple(found)

    def name(self, function: int) -> str:
        """A function's name by index."""
        return self.names[function] if 0 <= function < len(self.names) else "(no function)"

    def names_of(self, functions: Sequence[int]) -> str:
        """Functions' names in a title: the first ones."""
        more = " ..." if len(functions) > NAMES else ""
        return ", ".join(self.name(index) for index in functions[:NAMES]) + more

    def context_name(self, index: int) -> str:
        """A function's name; a root's own before it ("SysTick: SysTick_Handler")."""
        context = self.contexts[index]
        if context.function == NO_INDEX:
            return context.name or "(no function)"
        name = self.name(context.function)
        is_named_root = context.parent == NO_INDEX and context.name not in ("", name)
        return f"{context.name}: {name}" if is_named_root else name

    def find(self, pattern: str) -> list[int]:
        """The functions meant: by a name of :attr:`names`, as :func:`find_functions` does, or by a part.

        Raises :class:`UsageError` naming near ones when there is none.
        """
        functions = self.recording.functions
        found = [index for index, name in enumerate(self.names) if pattern == name]
        found = found or find_functions(functions, pattern)
        small = pattern.lower()
        found = found or [i for i, name in enumerate(self.names) if small and small in name.lower()]
        if not found:
            hot = [self.name(f.index) for f in self.functions if f.index != NO_INDEX]
            raise UsageError(
                f"no function {pattern!r} ran in the window",
                next_step=f"Some that ran: {', '.join(hot[:SUGGESTIONS])}.",
            )
        return found

    # -- functions -------------------------------------------------------------------------
    @cached_property
    def code_of(self) -> Mapping[int, list[Instruction]]:
        """The instructions of each function, by address."""
        found: dict[int, list[Instruction]] = defaultdict(list)
        for item in sorted(self.recording.code, key=lambda item: item.address):
            found[item.function].append(item)
        return found

    def code_in(self, functions: Collection[int]) -> list[Instruction]:
        """The instructions of some functions, by address."""
        return [item for function in sorted(functions) for item in self.code_of.get(function, ())]

    @cached_property
    def functions(self) -> tuple[FunctionFigures, ...]:
        """Every function that ran or called one that did, most self cycles first."""
        found: dict[int, FunctionFigures] = {}
        for index, items in self.code_of.items():
            stack = stack_of(items)
            figures = found.setdefault(index, FunctionFigures(index))
            figures.stack, figures.self_cycles = stack, sum(stack.values())
            figures.instructions = sum(item.count for item in items)
        for number, context in enumerate(self.contexts):
            if context.function == NO_INDEX:
                continue
            figures = found.setdefault(context.function, FunctionFigures(context.function))
            figures.calls += context.calls
            if not self._is_below(number, context.function):
                figures.inclusive_cycles += self.inclusive[number].cycles
        return tuple(sorted(found.values(), key=lambda f: (-f.self_cycles, -f.inclusive_cycles, f.index)))

    def _is_below(self, number: int, function: int) -> bool:
        """Whether a caller of this context is the same function: its inclusive cycles are in the caller's."""
        parent = self.contexts[number].parent
        while parent != NO_INDEX:
            if self.contexts[parent].function == function:
                return True
            parent = self.contexts[parent].parent
        return False

    # -- places ----------------------------------------------------------------------------
    @cached_property
    def _by_address(self) -> Mapping[int, Instruction]:
        return {item.address: item for item in self.recording.code}

    def instruction_at(self, address: int) -> Instruction | None:
        """The instruction that ran there."""
        return self._by_address.get(address)

    @cached_property
    def _lines(self) -> dict[str, list[str]]:
        return {}

    def source_lines(self, file: str) -> list[str]:
        """A file's lines, none when the recording does not have it."""
        if file not in self._lines:
            self._lines[file] = self.recording.sources.get(file, "").splitlines()
        return self._lines[file]

    # -- contexts --------------------------------------------------------------------------
    @cached_property
    def contexts(self) -> tuple[Context, ...]:
        """The call tree; of a recording without one, each function as a root, and what is outside."""
        recording = self.recording
        if recording.contexts:
            return recording.contexts
        flat = [
            Context(
                NO_INDEX, "main", "", index, NO_INDEX, 0, sum(item.cycles for item in items),
                sum(item.count for item in items),
            )
            for index, items in self.code_of.items()
        ]  # fmt: skip
        outside = [
            Context(
                NO_INDEX, "main", outside_name(cause), NO_INDEX, NO_INDEX, 0, cycles,
                recording.waiting_instructions if cause == "waiting" else 0,
            )
            for cause, cycles in recording.outside.items()
        ]  # fmt: skip
        return (*flat, *outside)

    @cached_property
    def children(self) -> Mapping[int, list[int]]:
        """The contexts called from each; -1: the roots."""
        found: dict[int, list[int]] = defaultdict(list)
        for number, context in enumerate(self.contexts):
            found[context.parent].append(number)
        return found

    def top_down(self) -> Iterator[int]:
        """Contexts, each after its caller. Raises UsageError when callers go in a circle."""
        waiting, seen = list(reversed(self.children[NO_INDEX])), 0
        while waiting:
            number = waiting.pop()
            seen += 1
            yield number
            waiting.extend(reversed(self.children.get(number, ())))
        if seen != len(self.contexts):
            raise UsageError("the recording is damaged: some contexts have no root")

    @cached_property
    def inclusive(self) -> tuple[Inclusive, ...]:
        """Each context's figures with all that it called."""
        sums = [Inclusive(c.self_cycles, c.self_instructions) for c in self.contexts]
        for number in reversed(list(self.top_down())):
            parent = self.contexts[number].parent
            if parent != NO_INDEX:
                sums[parent].cycles += sums[number].cycles
                sums[parent].instructions += sums[number].instructions
        return tuple(sums)

    def path(self, number: int) -> list[str]:
        """Names from the root to a context."""
        names = []
        while number != NO_INDEX:
            names.append(self.context_name(number))
            number = self.contexts[number].parent
        return names[::-1]

    @cached_property
    def arcs(self) -> tuple[Arc, ...]:
        """Calls by (caller, place, callee); one nested in its own kind is counted, its cycles once."""
        found: dict[tuple[int, int, int], Arc] = {}
        for number, context in enumerate(self.contexts):
            key = self._arc_key(number)
            arc = found.setdefault(key, Arc(*key))
            arc.calls += context.calls
            if not self._is_arc_below(number, key):
                arc.inclusive_cycles += self.inclusive[number].cycles
                arc.inclusive_instructions += self.inclusive[number].instructions
        return tuple(found.values())

    def _arc_key(self, number: int) -> tuple[int, int, int]:
        context = self.contexts[number]
        caller = NO_INDEX if context.parent == NO_INDEX else self.contexts[context.parent].function
        return caller, context.call_site, context.function

    def _is_arc_below(self, number: int, key: tuple[int, int, int]) -> bool:
        parent = self.contexts[number].parent
        while parent != NO_INDEX:
            if self._arc_key(parent) == key:
                return True
            parent = self.contexts[parent].parent
        return False


@dataclass(slots=True)
class Inclusive:
    """A context's figures with all that it called."""

    cycles: int
    instructions: int
