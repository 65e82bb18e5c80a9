"""Tables as files: CSV, Parquet, and the operators as TensorFlow Lite Micro's profiler prints them."""

from __future__ import annotations

import csv
import io

from emulator.errors import UsageError
from emulator.reporting.table import Table
from emulator.reporting.view import View


def csv_text(table: Table) -> str:
    """RFC 4180: a header of the columns' keys, empty cells for what is not known, no total."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([column.key for column in table.columns])
    writer.writerows(["" if value is None else _plain(value) for value in row] for row in table.rows)
    return out.getvalue()


def _plain(value: object) -> object:
    return repr(value) if isinstance(value, float) else value


def parquet(table: Table) -> bytes:
    """Apache Parquet. Raises :class:`UsageError` when pyarrow is not installed."""
    try:
        import pyarrow as pa  # noqa: PLC0415 -- optional
        import pyarrow.parquet as pq  # noqa: PLC0415
    except ImportError as error:
        raise UsageError(
            "Parquet needs pyarrow, which is not installed", next_step="pip install 'boardless[parquet]'"
        ) from error
    arrays = {column.key: [row[n] for row in table.rows] for n, column in enumerate(table.columns)}
    out = io.BytesIO()
    pq.write_table(pa.table(arrays), out)
    return out.getvalue()


def tflm_events(view: View) -> str:
    """``MicroProfiler::LogCsv``: a line an operator call; ticks are cycles."""
    lines = [f"{operator.index},{operator.name},{operator.cycles}" for operator in _operators(view)]
    return "\n".join(['"Event","Tag","Ticks"', *lines]) + "\n"


def tflm_tags(view: View) -> str:
    """``MicroProfiler::LogTicksPerTagCsv``: a line a kind of operator, in order of their first call."""
    ticks: dict[str, int] = {}
    for operator in _operators(view):
        ticks[operator.name] = ticks.get(operator.name, 0) + operator.cycles
    lines = [f"{name}, {cycles}" for name, cycles in ticks.items()]
    head = '"Unique Tag","Total ticks across all events with that tag."'
    return "\n".join([head, *lines, f'"total number of ticks", {sum(ticks.values())}']) + "\n"


def _operators(view: View):  # type: ignore[no-untyped-def]
    if not view.recording.operators:
        raise UsageError("the recording has no operators", next_step="Record an image that runs a network.")
    return view.recording.operators
