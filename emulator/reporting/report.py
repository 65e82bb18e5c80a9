"""A recording's answers from Python: tables with ``to_pandas()`` and a notebook's look, files, the page."""

from __future__ import annotations

from pathlib import Path

from emulator.errors import UsageError
from emulator.files import OutputFile
from emulator.recording.model import Recording
from emulator.recording.store import read_recording
from emulator.reporting.annotation import annotated
from emulator.reporting.causes import by_cause
from emulator.reporting.comparison import compare, summary
from emulator.reporting.costs import by_function, by_instruction, by_line, by_path, neighbours, tree
from emulator.reporting.exports.formats import FORMATS, export
from emulator.reporting.loops import hottest_loops
from emulator.reporting.page.page import page
from emulator.reporting.questions import QUESTIONS, UNOFFICIAL, recording_tables
from emulator.reporting.table import Table
from emulator.reporting.view import View

OF_FUNCTIONS = {"line": by_line, "instruction": by_instruction, "path": by_path, "cause": by_cause}
"""Questions that can be asked of some functions alone."""
SHOWN_ROWS = 10


class Report:
    """Questions to one recording. Every table's rows sum to the recording's cycles to the last one.

    ``Report("run.blr")`` reads a file; a :class:`Recording` will do, too. A ``function`` is named by
    name, linker's name, address, pattern with ``*``, or a part of its name.
    """

    def __init__(self, recording: Recording | str | Path) -> None:
        self.recording = recording if isinstance(recording, Recording) else read_recording(Path(recording))
        self._view = View(self.recording)

    @property
    def cycles(self) -> int:
        """Of the window."""
        return self.recording.cycles

    @property
    def instructions(self) -> int:
        """Of the window."""
        return self.recording.instructions

    @property
    def tables(self) -> dict[str, Table]:
        """All tables by name."""
        return recording_tables(self.recording)

    def by(self, question: str, function: str | None = None, *, inlined: bool = False) -> Table:
        """One table: ``"function"``, ``"line"``, ``"instruction"``, ``"operator"``, ``"path"``, ...

        ``function``: only of these functions. ``inlined``: inlined functions as rows of their own.
        Raises :class:`UsageError` for another question, or a function that did not run.
        """
        if question not in QUESTIONS:
            raise UsageError(f"no table by {question!r}", next_step=f"There are: {', '.join(QUESTIONS)}.")
        if function is not None:
            if question not in OF_FUNCTIONS:
                raise UsageError(
                    f"a table by {question} is of all functions",
                    next_step=f"Of one there are: {', '.join(OF_FUNCTIONS)}.",
                )
            return OF_FUNCTIONS[question](self._view, self._view.find(function))
        if question == "function":
            return by_function(self._view, inlined=inlined)
        return QUESTIONS[question](self._view)

    def annotate(self, function: str) -> Table:
        """Source and disassembly of the function with most cycles among those meant."""
        found = self._view.find(function)
        cycles = {figures.index: figures.self_cycles for figures in self._view.functions}
        return annotated(self._view, max(found, key=lambda index: cycles.get(index, 0)))

    def loops(self, function: str | None = None) -> Table:
        """Loops, hottest first."""
        return hottest_loops(self._view, None if function is None else self._view.find(function))

    def callers(self, function: str) -> Table:
        """Who calls it, from where."""
        return neighbours(self._view, self._view.find(function), callers=True)

    def callees(self, function: str) -> Table:
        """Whom it calls, from where."""
        return neighbours(self._view, self._view.find(function), callers=False)

    def tree(self, least_share: float = 0.0) -> Table:
        """The call tree, without branches below a share of the window."""
        return tree(self._view, least_share)

    def compare(self, other: Report) -> dict[str, Table]:
        """What is different in ``other``, largest difference first, by cause, operator, function, line."""
        return compare(self.recording, other.recording)

    def difference(self, other: Report) -> str:
        """The comparison in one sentence; this recording is A."""
        return summary(self.recording, other.recording, self.compare(other))

    # -- files -----------------------------------------------------------------------------
    def export(self, name: str, path: str | Path | None = None, by: str | None = None) -> bytes:
        """The recording in the format ``name``; written to ``path``, if there is one.

        Raises :class:`UsageError` for another format, and when the file can't be written.
        """
        if name not in FORMATS:
            raise UsageError(f"no format {name!r}", next_step=f"There are: {', '.join(FORMATS)}.")
        data = export(self._view, name, by)
        if path is not None:
            output = OutputFile(path, "the export")
            output.write_bytes(data)
        return data

    def html(self, path: str | Path | None = None, before: Report | None = None) -> str:
        """The page, with a comparison if there is a recording ``before``; written to ``path``, too."""
        text = page(self._view, None if before is None else View(before.recording))
        if path is not None:
            html_file = OutputFile(path, "the page")
            html_file.write_text(text)
        return text

    def __repr__(self) -> str:
        identity = self.recording.identity
        figures = f"{self.cycles:,} cycles, {self.instructions:,} instructions"
        return f"<Report {identity.title}: {identity.image} on {identity.board}, {figures}, simulated>"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        tables = (self.by("function"), self.by("cause"), self.loops())
        return f"<p>{UNOFFICIAL}</p>" + "".join(table.brief().top(SHOWN_ROWS).as_html() for table in tables)
