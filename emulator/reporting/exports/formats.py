"""The formats by name, and what writes each.

``csv``, ``json``, ``markdown`` and ``parquet`` hold the table that ``--by`` names; all others have
their own shape.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from emulator.errors import UsageError
from emulator.reporting.exports.callgrind import callgrind
from emulator.reporting.exports.chrome_trace import chrome_trace
from emulator.reporting.exports.collapsed_stacks import collapsed
from emulator.reporting.exports.firefox import firefox
from emulator.reporting.exports.lcov import lcov
from emulator.reporting.exports.perfetto import perfetto
from emulator.reporting.exports.pprof import pprof
from emulator.reporting.exports.speedscope import speedscope
from emulator.reporting.exports.tables import csv_text, parquet, tflm_events, tflm_tags
from emulator.reporting.questions import QUESTIONS, document
from emulator.reporting.table import Table
from emulator.reporting.view import View

DEFAULT_QUESTION = "function"


@dataclass(frozen=True, slots=True)
class Format:
    """``write`` makes the file's bytes; ``is_table``: of the table that the user chose."""

    words: str
    write: Callable[[View, str], bytes]
    is_table: bool = False


def _of_view(make: Callable[[View], str | bytes]) -> Callable[[View, str], bytes]:
    def write(view: View, _question: str) -> bytes:
        made = make(view)
        return made if isinstance(made, bytes) else made.encode("utf-8", "surrogateescape")

    return write


def _of_table(make: Callable[[View, Table], str | bytes]) -> Callable[[View, str], bytes]:
    def write(view: View, question: str) -> bytes:
        made = make(view, QUESTIONS[question](view))
        return made if isinstance(made, bytes) else made.encode("utf-8", "surrogateescape")

    return write


def _json(view: View, table: Table) -> str:
    return json.dumps(document(view, [table]), indent=1) + "\n"


FORMATS: Mapping[str, Format] = {
    "callgrind": Format("KCachegrind, callgrind_annotate, gprof2dot", _of_view(callgrind)),
    "speedscope": Format("speedscope", _of_view(speedscope)),
    "collapsed": Format("flamegraph.pl, speedscope, flameshow", _of_view(collapsed)),
    "pprof": Format("go tool pprof, speedscope", _of_view(pprof)),
    "chrome": Format("chrome://tracing, Perfetto's page", _of_view(chrome_trace)),
    "perfetto": Format("Perfetto's page", _of_view(perfetto)),
    "firefox": Format("Firefox's profiler", _of_view(firefox)),
    "lcov": Format("genhtml, editors that show coverage", _of_view(lcov)),
    "csv": Format("spreadsheets", _of_table(lambda _view, table: csv_text(table)), is_table=True),
    "json": Format("scripts", _of_table(_json), is_table=True),
    "markdown": Format("pages", _of_table(lambda _view, table: table.as_markdown()), is_table=True),
    "parquet": Format("pandas, DuckDB", _of_table(lambda _view, table: parquet(table)), is_table=True),
    "tflm-csv": Format("as TFLM's LogCsv prints", _of_view(tflm_events)),
    "tflm-tags": Format("as TFLM's LogTicksPerTagCsv prints", _of_view(tflm_tags)),
}


def export(view: View, name: str, question: str | None = None) -> bytes:
    """The file's content. Raises :class:`UsageError` for a question that the format does not answer."""
    chosen = FORMATS[name]
    if question is not None and not chosen.is_table:
        tables = ", ".join(name for name, item in FORMATS.items() if item.is_table)
        raise UsageError(f"--by does not go with --format {name}", next_step=f"It goes with: {tables}.")
    return chosen.write(view, question or DEFAULT_QUESTION)
