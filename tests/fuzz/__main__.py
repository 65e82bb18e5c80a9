"""``python -m tests.fuzz``: run many cases, or one again; exit code 1 when there was a fault."""

from __future__ import annotations

import os
import selectors
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click

from tests.cli.commands import programs

from .cases import make_case
from .child import case_folder, run_case, words_in
from .corpus import seeds
from .verdict import fault

ROOT = Path(__file__).parents[2]


@click.command()
@click.option("--count", type=int, default=10_000, show_default=True, help="Cases.")
@click.option("--seconds", type=float, help="Begin no case after so many seconds, however many are left.")
@click.option("--first", type=int, default=0, show_default=True, help="Number of the first case.")
@click.option("--jobs", type=int, default=2, show_default=True, help="Cases at once.")
@click.option("--case", "only", type=int, multiple=True, help="Run this case only, and show what it says.")
@click.option(
    "--keep", type=click.Path(path_type=Path), help="Put the files of faulty cases into this folder."
)
def main(
    *, count: int, seconds: float | None, first: int, jobs: int, only: tuple[int, ...], keep: Path | None
) -> None:
    """Damage files and options of every command, and fail on a traceback, a signal or a hang."""
    programs()  # everything is imported before the first fork
    seeds()
    if only:
        sys.exit(max(_show(number, keep) for number in only))
    end_s = time.monotonic() + seconds if seconds is not None else float("inf")
    begin = time.monotonic()
    children = [_worker(range(first + job, first + count, jobs), end_s, keep) for job in range(jobs)]
    faults, done, times = 0, 0, Counter()
    for line in _lines([pipe for _pid, pipe in children]):
        kind, _, text = line.partition(" ")
        if kind == "fault":
            faults += 1
            print(text, flush=True)
        elif kind == "done":
            done += int(text)
        elif kind == "took":
            name, seconds_taken = text.split()
            times[name] += float(seconds_taken)
    for pid, _pipe in children:
        os.waitpid(pid, 0)
    print(f"{done} cases in {time.monotonic() - begin:.0f} s, {faults} faults")
    print("seconds by command:", ", ".join(f"{name} {took:.0f}" for name, took in times.most_common(8)))
    sys.exit(bool(faults))


def _lines(pipes: list[int]) -> Iterator[str]:
    """Lines as they come from any of the pipes, until all have ended."""
    waiting = selectors.DefaultSelector()
    for pipe in pipes:
        waiting.register(pipe, selectors.EVENT_READ, bytearray())
    while waiting.get_map():
        for key, _events in waiting.select():
            piece = os.read(key.fd, 1 << 16)
            key.data.extend(piece)
            *lines, rest = bytes(key.data).split(b"\n")
            key.data[:] = rest
            yield from (line.decode("utf-8", "replace") for line in lines)
            if not piece:
                waiting.unregister(key.fd)
                os.close(key.fd)


def _worker(numbers: range, end_s: float, keep: Path | None) -> tuple[int, int]:
    """Start a process that runs these cases; its pid, and a pipe with a line for each fault."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        return pid, reader
    os.close(reader)
    done, times = 0, Counter()
    with os.fdopen(writer, "w", buffering=1) as results:
        for number in numbers:
            if time.monotonic() > end_s:
                break
            words, problem, took = _judge(number, keep)
            times[words[0] if words else "-"] += took
            done += 1
            if problem:
                results.write(
                    f"fault case {number}: {problem}: {' '.join(words)}\n".replace("\n", " ") + "\n"
                )
        for name, took in times.items():
            results.write(f"took {name.split()[0] if name.split() else '-'} {took:.1f}\n")
        results.write(f"done {done}\n")
    os._exit(0)


def _judge(number: int, keep: Path | None) -> tuple[list[str], str, float]:
    case = make_case(number)
    with case_folder() as folder:
        ended = run_case(case, folder)
        problem = fault(case, ended, folder)
        if problem and keep is not None:
            place = keep / str(number)
            place.mkdir(parents=True, exist_ok=True)
            for name, data in case.files.items():
                (place / name).write_bytes(data)
            (place / "words.txt").write_text("\n".join(case.words), errors="backslashreplace")
            (place / "said.txt").write_text(ended.output + ended.errors, errors="backslashreplace")
    words = [word.encode("utf-8", "backslashreplace").decode() for word in case.words]
    return words, problem, ended.seconds


def _show(number: int, keep: Path | None) -> int:
    case = make_case(number)
    with case_folder() as folder:
        print(" ".join(words_in(case, folder)).encode("utf-8", "backslashreplace").decode())
        ended = run_case(case, folder)
        print(ended.output, ended.errors, sep="\n")
        problem = fault(case, ended, folder)
        print(f"exit code {ended.status}, {ended.seconds:.2f} s: {problem or 'fine'}")
    if keep is not None:
        _judge(number, keep)
    return int(bool(problem))


if __name__ == "__main__":
    main()
