"""Figures by commit, as airspeed velocity keeps them: ``asv publish`` draws them.

Its results directory (asv 0.6, ``asv/results.py``, ``asv/benchmarks.py``, ``asv/machine.py``):
``benchmarks.json`` with what each figure is, ``MACHINE/machine.json``, and the values in
``MACHINE/COMMIT-ENVIRONMENT.json``. A figure of other timing models is another version of its
benchmark, so that asv does not compare the two.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benches.gate.git import Commit
from benches.gate.verdict import Verdict
from emulator.errors import UsageError
from emulator.files import OutputFile, make_folder, read_text
from emulator.reporting.figures import depends_on_models, is_part, unit_of

BENCHMARKS_VERSION, RESULTS_VERSION, MACHINE_VERSION = 2, 2, 1
MACHINE = "boardless"
COMMIT_DIGITS, VERSION_DIGITS = 8, 12
COLUMNS = ("result", "params", "version")
MACHINE_FACTS = {
    "machine": MACHINE,
    "arch": "Arm, simulated and unofficial",
    "cpu": "modelled",
    "num_cpu": "1",
    "os": "",
    "ram": "",
}


def write_asv(folder: Path, verdict: Verdict, commit: Commit) -> None:
    """Add a verdict's figures to a results directory; what else is there stays. Raises UsageError."""
    benchmarks, results = {}, {}
    for measurement in verdict.measurements:
        if measurement.figures is None:
            continue
        for figure, value in measurement.figures.values.items():
            if is_part(figure):
                continue
            name = f"{measurement.name}.{figure}"
            made_by = measurement.figures.made_by if depends_on_models(figure) else ""
            version = hashlib.sha256(made_by.encode()).hexdigest()[:VERSION_DIGITS]
            benchmarks[name] = _benchmark(name, unit_of(figure), measurement.figures.title, version)
            results[name] = [[value], [], version]
    machine = folder / MACHINE
    make_folder(machine)
    _add(folder / "benchmarks.json", {**benchmarks, "version": BENCHMARKS_VERSION})
    _add(machine / "machine.json", {**MACHINE_FACTS, "version": MACHINE_VERSION})
    file = machine / f"{commit.name[:COMMIT_DIGITS]}-{MACHINE}.json"
    earlier = _read(file).get("results", {})
    _add(file, _results(commit, {**(earlier if isinstance(earlier, Mapping) else {}), **results}))


def _benchmark(name: str, unit: str, title: str, version: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": "track",
        "unit": unit,
        "pretty_name": name,
        "code": f"{title}; simulated and unofficial",
        "param_names": [],
        "params": [],
        "timeout": 60.0,
        "version": version,
    }


def _results(commit: Commit, results: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "commit_hash": commit.name,
        "env_name": MACHINE,
        "date": commit.date_ms,
        "params": dict(MACHINE_FACTS),
        "python": "",
        "requirements": {},
        "env_vars": {},
        "result_columns": list(COLUMNS),
        "results": results,
        "durations": {},
        "version": RESULTS_VERSION,
    }


def _read(file: Path) -> dict[str, Any]:
    if not file.exists():
        return {}
    try:
        document = json.loads(read_text(file, what="results"))
    except (json.JSONDecodeError, RecursionError) as error:
        raise UsageError(f"is not JSON: {error}", where=str(file), next_step="take it away") from error
    if not isinstance(document, dict):
        raise UsageError("is no file of asv's", where=str(file), next_step="take it away")
    return document


def _add(file: Path, content: Mapping[str, Any]) -> None:
    output = OutputFile(file, "the results")
    output.write_json({**_read(file), **content})
