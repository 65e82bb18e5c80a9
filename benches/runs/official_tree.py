"""Where the files lie: the tree of a submission, as the round's checker walks it, in its open division."""

from __future__ import annotations

from pathlib import Path

from benches.runs.official_conversation import Mode, OfficialRun
from benches.runs.official_files import MARK, log_text, results_json, results_text
from emulator.files import OutputFile, make_folder

SUBMITTER = Path("open") / "boardless-simulated-unofficial"
FOLDERS = {Mode.PERFORMANCE: "performance", Mode.ACCURACY: "accuracy", Mode.ENERGY: "energy"}
CHECKER_NAMES = {"ic02": "ic2"}
"""Benchmarks whose folder is not called by their own name (submission_checker.py, v1.4)."""


def folder_of(root: Path, board: str, benchmark: str, mode: Mode) -> Path:
    """The folder of a run's three files."""
    return root / SUBMITTER / "results" / board / CHECKER_NAMES.get(benchmark, benchmark) / FOLDERS[mode]


def write_run(root: Path, run: OfficialRun) -> Path:
    """Write a run's three files, and what the tree says of its board; gives the files' folder."""
    folder = folder_of(root, run.board, run.benchmark.name, run.mode)
    systems = root / SUBMITTER / "systems"
    make_folder(folder)
    make_folder(systems)
    for name, content in (
        ("log.txt", log_text(run)),
        ("results.txt", results_text(run)),
        ("results.json", results_json(run)),
    ):
        OutputFile(folder / name, name).write_bytes(content.encode())
    OutputFile(systems / f"{run.board}.json", "the system").write_json(_system(run))
    return folder


def _system(run: OfficialRun) -> dict[str, str]:
    """What the checker reads of a system; research, development or internal, and marked."""
    return {
        "Note": MARK,
        "Status": "RDI",
        "Board Name": f"{run.title} (emulated)",
        "Processor(s) Name": f"{run.core} (emulated)",
        "Processor(s) Frequencies": f"{run.clock_hz / 1e6:g} MHz",
        "Hardware Notes": MARK,
        "Software Notes": f"{run.image}, SHA-256 {run.image_sha256}",
    }
