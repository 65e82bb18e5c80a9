"""The callgrind format, as its manual describes it: costs by instruction and line, calls, jumps.

``events``: cycles, instructions, then the cycles of each cause. Calls carry the first two, with what
they called. Lines of inlined code stand under their own file (``fi``, back with ``fe``), in the
function that holds them. Cycles that no instruction holds are functions of their own, so that the
self costs sum to the recording's cycles.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from emulator.recording.model import NO_INDEX, Function, Instruction, Jump
from emulator.reporting.view import Arc, View, label, outside_name

UNKNOWN = "???"
"""What callgrind writes for a file that is not known."""


class _Names:
    """The format's compressed names: ``(3) name`` the first time, ``(3)`` then."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def text(self, name: str) -> str:
        flat = " ".join(name.split()) or UNKNOWN
        if flat in self._numbers:
            return f"({self._numbers[flat]})"
        self._numbers[flat] = len(self._numbers) + 1
        return f"({self._numbers[flat]}) {flat}"


def callgrind(view: View) -> str:
    """The text."""
    return "\n".join(_Writer(view).lines()) + "\n"


class _Writer:
    def __init__(self, view: View) -> None:
        self._view = view
        self._files, self._functions = _Names(), _Names()
        causes = {label(*key) for item in view.recording.code for key in item.costs}
        self._causes = sorted(causes | {f"outside {cause}" for cause in view.recording.outside})
        self._arcs: dict[int, list[Arc]] = defaultdict(list)
        for arc in view.arcs:
            if arc.callee != NO_INDEX:
                self._arcs[arc.call_site].append(arc)
        self._jumps: dict[int, list[tuple[Jump, int]]] = defaultdict(list)
        for jump in view.recording.jumps:
            source, target = view.instruction_at(jump.source), view.instruction_at(jump.target)
            if jump.kind != "jump" or source is None or target is None:
                continue
            if source.function == target.function:  # to another would be jfn, which gprof2dot can't read
                self._jumps[jump.source].append((jump, target.line))

    def lines(self) -> Iterator[str]:
        yield from self._head()
        for index in sorted(self._view.code_of):
            yield from self._function(index)
        for cause, cycles in self._view.recording.outside.items():
            yield ""
            yield f"fl={self._files.text('')}"
            yield f"fn={self._functions.text(outside_name(cause))}"
            instructions = self._view.recording.waiting_instructions if cause == "waiting" else 0
            yield f"0x0 0 {self._costs(cycles, instructions, {f'outside {cause}': cycles})}"
        yield ""
        yield f"totals: {self._totals()}"

    def _head(self) -> Iterator[str]:
        identity = self._view.recording.identity
        yield "# callgrind format"
        yield "version: 1"
        yield f"creator: boardless {identity.boardless}"
        yield f"cmd: {' '.join(identity.image.split())}"
        yield f"desc: {' '.join(identity.title.split())} on {identity.board}, simulated and unofficial"
        yield "positions: instr line"
        for key, words in self._events():
            yield f"event: {key} : {words}"
        yield f"events: {' '.join(key for key, _ in self._events())}"
        yield f"summary: {self._totals()}"

    def _events(self) -> list[tuple[str, str]]:
        causes = [(_event(cause), f"Cycles: {cause}") for cause in self._causes]
        return [("Cycles", "Cycles"), ("Ir", "Instructions"), *causes]

    def _totals(self) -> str:
        recording = self._view.recording
        sums: dict[str, int] = defaultdict(int)
        for item in recording.code:
            for key, cycles in item.costs.items():
                sums[label(*key)] += cycles
        for cause, cycles in recording.outside.items():
            sums[f"outside {cause}"] += cycles
        executed = sum(item.count for item in recording.code)
        waited = recording.waiting_instructions if "waiting" in recording.outside else 0
        return self._costs(recording.cycles, executed + waited, sums)

    def _costs(self, cycles: int, instructions: int, causes: dict[str, int]) -> str:
        return " ".join(map(str, [cycles, instructions, *(causes.get(cause, 0) for cause in self._causes)]))

    def _function(self, index: int) -> Iterator[str]:
        function = self._known(index)
        yield ""
        yield f"fl={self._files.text(function.file)}"
        yield f"fn={self._functions.text(self._view.name(index))}"
        here = function.file
        for item in self._view.code_of[index]:
            if item.file and item.file != here:
                here = item.file
                yield f"{'fe' if here == function.file else 'fi'}={self._files.text(here)}"
            yield from self._instruction(item)

    def _known(self, index: int) -> Function:
        functions = self._view.recording.functions
        if 0 <= index < len(functions):
            return functions[index]
        return Function(self._view.name(index), "", "", 0, NO_INDEX, 0)

    def _instruction(self, item: Instruction) -> Iterator[str]:
        causes = {label(*key): cycles for key, cycles in item.costs.items()}
        position = f"0x{item.address:x} {item.line}"
        yield f"{position} {self._costs(item.cycles, item.count, causes)}"
        jumps = self._jumps.get(item.address, ())
        is_always = sum(jump.count for jump, _ in jumps) >= item.count  # through a table: to one of several
        for jump, line in jumps:
            place = f"0x{jump.target:x} {line}"
            yield f"jump={jump.count} {place}" if is_always else f"jcnd={jump.count}/{item.count} {place}"
            yield position
        for arc in self._arcs.get(item.address, ()):
            callee = self._known(arc.callee)
            yield f"cfi={self._files.text(callee.file)}"
            yield f"cfn={self._functions.text(self._view.name(arc.callee))}"
            yield f"calls={arc.calls} 0x{max(callee.address, 0):x} {callee.line}"
            yield f"{position} {arc.inclusive_cycles} {arc.inclusive_instructions}"


def _event(cause: str) -> str:
    """A name of an event: no blanks in it."""
    return "".join(
        part.capitalize() for part in cause.replace("(", "").replace(")", "").replace("-", " ").split()
    )
