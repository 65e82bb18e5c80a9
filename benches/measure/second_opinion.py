"""What LLVM's machine code analyser says of a block, beside the model.

``llvm-mca`` knows issue and latency of a core, no memory and no branches: it is given a block's
instructions without those that go elsewhere, as if they ran again and again, and what it says stands beside
the model's cycles for the same instructions without memories and branches. Debian has it as llvm-19;
any version with JSON does. LLVM's own tables: Cortex-M3 has the M4's, M0 and M0+ have none.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from emulator.errors import UsageError
from emulator.recording.blocks import CodeBlock
from emulator.recording.model import Instruction
from emulator.reporting.table import ADDRESS, COUNT, RATIO, Column, Table
from emulator.reporting.view import View
from emulator.timing.model import Cause

VERSIONS = range(30, 12, -1)
PROGRAMS = ("llvm-mca", *(f"llvm-mca-{version}" for version in VERSIONS))
CORES = ("cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33")
TRIPLES: Mapping[str, str] = {"cortex-m33": "thumbv8m.main-none-eabihf"}
TRIPLE = "thumbv7em-none-eabihf"
TURNS = 100
LIMIT_S = 60
NOT_OF_THE_CORE = frozenset(
    cause.value
    for cause in (
        Cause.BRANCH, Cause.MISPREDICT, Cause.FETCH, Cause.STORE_BUFFER, Cause.UNALIGNED, Cause.FLASH,
        Cause.CACHE, Cause.BUS, Cause.EXCEPTION,
    )
)  # fmt: skip
"""What the model charges to memories and branches."""
CONDITIONS = "eq|ne|cs|hs|cc|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le|al"
ELSEWHERE = re.compile(
    rf"(b|bl|bx|blx)({CONDITIONS})?(\.[nw])?\s|cbn?z|tb[bh]|.*(?<!\[)\bpc\b|svc|bkpt|udf|wf[ie]"
)
"""Instructions that go, or may go, elsewhere: branches, what writes PC, what waits."""
WRONG_LINE = re.compile(r"^[^:\n]*:(\d+):\d+: error:", flags=re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What both say of a block. ``own`` and ``other``: cycles of one pass; ``latencies`` by address.

    ``judged``: how many of its instructions llvm-mca was asked about.
    """

    block: CodeBlock
    judged: int
    own: float
    other: float
    latencies: Mapping[int, int]

    @property
    def difference_cycles(self) -> float:
        """Of all passes: the model's beyond the other's."""
        return (self.own - self.other) * self.block.count


class Analyser:
    """The program that was found. Raises UsageError when there is none, or for a core without a model."""

    def __init__(self, core: str) -> None:
        found = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
        if found is None:
            raise UsageError(
                "llvm-mca is not installed",
                where="--second-opinion",
                next_step="an administrator installs it: apt-get install -y llvm-19 (or another version)",
            )
        if core not in CORES:
            raise UsageError(
                f"llvm-mca has no model of a {core}",
                where="--second-opinion",
                next_step=f"it has: {', '.join(CORES)}",
            )
        self._command = (found, f"-mtriple={TRIPLES.get(core, TRIPLE)}", f"-mcpu={core}", "-json")

    def judge(self, block: CodeBlock) -> Opinion | None:
        """Ask about a block; None when it knows none of its instructions."""
        items = [item for item in block.instructions if not ELSEWHERE.match(item.text.lower())]
        answer = self._ask([item.text for item in items])
        if isinstance(answer, set):  # lines that it does not know
            items = [item for number, item in enumerate(items, start=1) if number not in answer]
            answer = self._ask([item.text for item in items])
        if not items or isinstance(answer, set):
            return None
        return opinion(block, items, answer)

    def _ask(self, lines: Sequence[str]) -> dict[str, Any] | set[int]:
        """Its JSON, or the numbers of lines that it does not know. Raises UsageError for any other end."""
        text = ".syntax unified; " + "\n".join(lines) + "\n"
        words = [*self._command, f"-iterations={TURNS}"]
        try:
            done = subprocess.run(
                words, input=text, capture_output=True, text=True, check=False, timeout=LIMIT_S
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise UsageError(f"llvm-mca does not run: {error}", where=words[0]) from error
        wrong = {int(number) for number in WRONG_LINE.findall(done.stderr)}
        if wrong or not lines:
            return wrong
        try:
            answer: dict[str, Any] = json.loads(done.stdout)
        except ValueError as error:
            raise UsageError(
                f"llvm-mca gave no JSON: {done.stderr.strip().splitlines()[:1] or error}",
                where=words[0],
                next_step="a version from 13 on does",
            ) from error
        return answer


def opinion(block: CodeBlock, items: Sequence[Instruction], answer: Mapping[str, Any]) -> Opinion:
    """Read what llvm-mca said of these instructions. Raises UsageError for JSON of another form."""
    try:
        (region,) = answer["CodeRegions"]
        summary = region["SummaryView"]
        latencies = [int(entry["Latency"]) for entry in region["InstructionInfoView"]["InstructionList"]]
        other = summary["TotalCycles"] / summary["Iterations"]
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise UsageError(f"llvm-mca's JSON has another form: {error}", where="--second-opinion") from error
    own = sum(
        cycles
        for item in items
        for (cause, _who), cycles in item.costs.items()
        if cause not in NOT_OF_THE_CORE
    )
    by_address = dict(zip((item.address for item in items), latencies, strict=False))
    return Opinion(block, len(items), own / (block.count or 1), other, by_address)


def judged(view: View, blocks: Sequence[CodeBlock]) -> Iterator[Opinion]:
    """Opinions about blocks; those of which nothing is known are passed over."""
    analyser = Analyser(view.recording.identity.core)
    for block in blocks:
        if block.count and (found := analyser.judge(block)) is not None:
            yield found


def differences(view: View, opinions: Sequence[Opinion]) -> Table:
    """Where both differ most, by cycles of all passes."""
    columns = (
        Column("address", "block", ADDRESS),
        Column("function", "function"),
        Column("count", "times", COUNT),
        Column("instructions", "judged", COUNT, "instructions"),
        Column("own", "here", RATIO, "cycles"),
        Column("other", "llvm-mca", RATIO, "cycles"),
        Column("difference", "difference", COUNT, "cycles"),
    )
    ordered = sorted(opinions, key=lambda one: -abs(one.difference_cycles))
    rows = tuple(
        (
            one.block.begin,
            view.name(one.block.function),
            one.block.count,
            one.judged,
            one.own,
            one.other,
            round(one.difference_cycles),
        )
        for one in ordered
    )
    notes = (
        "Cycles of a pass for issue and latency alone: neither memories nor branches, whose instructions"
        " llvm-mca is not asked about; to it a block runs again and again.",
    )
    return Table("second-opinion", "Issue and latency, beside llvm-mca", columns, rows, None, notes)


def with_latencies(table: Table, one: Opinion) -> Table:
    """A block's table with what llvm-mca takes for each instruction's latency."""
    addresses = table.column("address")
    rows = tuple(
        (*row, one.latencies.get(address)) for row, address in zip(table.rows, addresses, strict=True)
    )
    total = None if table.total is None else (*table.total, None)
    column = Column("llvm_mca_latency", "mca", COUNT, "cycles")
    note = f"mca: latency by llvm-mca; {one.other:.2f} cycles a pass there, {one.own:.2f} here"
    return replace(
        table, columns=(*table.columns, column), rows=rows, total=total, notes=(*table.notes, f"{note}.")
    )
