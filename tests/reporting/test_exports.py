"""Each export is read back by a reader of its own, and what that sums are the recording's cycles."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace, TrackEvent

from emulator.errors import UsageError
from emulator.reporting.exports.formats import FORMATS, export
from emulator.reporting.exports.pprof import inline_lines
from emulator.reporting.view import View
from tests.reporting.made import generated, real, small

RECORDINGS = {"small": small(), "no tree": replace(small(), contexts=()), "generated": generated(5)}


@pytest.fixture(params=[*RECORDINGS, "real"])
def recording(request: pytest.FixtureRequest):
    return real() if request.param == "real" else RECORDINGS[request.param]


def text(recording, name: str, question: str | None = None) -> str:
    return export(View(recording), name, question).decode()


def test_the_same_recording_gives_the_same_bytes(recording) -> None:
    for name in FORMATS:
        if recording.operators or not name.startswith("tflm"):
            assert export(View(recording), name) == export(View(recording), name), name


# -- callgrind -------------------------------------------------------------------------------
def test_callgrind_annotate_reads_it(recording, tmp_path: Path) -> None:
    file = tmp_path / "callgrind.out.1"
    file.write_bytes(export(View(recording), "callgrind"))
    program = shutil.which("callgrind_annotate")
    assert program, "valgrind's callgrind_annotate is missing: .ci/setup test"
    for options in ([], ["--inclusive=yes"], ["--tree=both"]):
        command = [program, "--threshold=100", "--auto=no", *options, str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        (totals,) = [line for line in done.stdout.splitlines() if "PROGRAM TOTALS" in line]
        figures = [int(part.replace(",", "")) for part in re.findall(r"(?<![\d.])[\d,]+(?= \()", totals)]
        assert figures[:2] == [recording.cycles, sum(i.count for i in recording.code) + _waited(recording)]


def _waited(recording) -> int:
    return recording.waiting_instructions if "waiting" in recording.outside else 0


def test_gprof2dot_reads_it(recording, tmp_path: Path) -> None:
    file = tmp_path / "callgrind.out.1"
    file.write_bytes(export(View(recording), "callgrind"))
    command = [sys.executable, "-m", "gprof2dot", "-f", "callgrind", "-n0", "-e0", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("digraph")
    heaviest = max(View(recording).functions, key=lambda f: f.self_cycles)
    assert View(recording).name(heaviest.index).split("(")[0] in done.stdout


def test_callgrind_self_costs_sum_by_event(recording) -> None:
    """A strict parser: every line is of the format, positions and files are resolved."""
    file = CallgrindFile(text(recording, "callgrind"))
    assert file.events[:2] == ["Cycles", "Ir"]
    assert file.sums[0] == recording.cycles
    assert file.sums == file.totals == file.summary
    assert sum(file.sums[2:]) == recording.cycles, "every cycle has a cause"
    assert all(cycles[0] <= recording.cycles for *_, cycles in file.calls)


def test_callgrind_inlined_lines_are_in_their_file() -> None:
    file = CallgrindFile(text(small(), "callgrind"))
    assert file.lines["tflite::Eval(int) [conv.cc]", "src/support.h", 8] == 180
    assert file.lines["tflite::Eval(int) [conv.cc]", "src/conv.cc", 12] == 100
    assert ("main", "tflite::Eval(int) [conv.cc]", 2, (582, 302)) in file.calls
    assert file.jumps == [("jcnd", 98, 100, 0x08000200)]


class CallgrindFile:
    """As the format's manual has it: https://valgrind.org/docs/manual/cl-format.html."""

    def __init__(self, content: str) -> None:
        self.names: dict[str, dict[str, str]] = {"file": {}, "function": {}}
        self.lines: dict[tuple[str, str, int], int] = defaultdict(int)
        self.calls: list[tuple[str, str, int, tuple[int, ...]]] = []
        self.jumps: list[tuple[str, int, int, int]] = []
        self.events: list[str] = []
        self.summary: list[int] = []
        self.totals: list[int] = []
        self.sums: list[int] = []
        function = file = callee = ""
        pending: tuple[str, int] | None = None
        skip = False
        lines = content.splitlines()
        assert lines[0] == "# callgrind format"
        for line in lines[1:]:
            key, _, value = line.partition("=")
            if not line:
                continue
            if header := re.fullmatch(
                r"(version|creator|cmd|desc|positions|event|events|summary|totals): (.*)", line
            ):
                self._header(header[1], header[2])
            elif key in ("fl", "fi", "fe"):
                file = self._name("file", value)
            elif key == "fn":
                function = self._name("function", value)
            elif key in ("cfi", "jfi"):
                self._name("file", value)
            elif key in ("cfn", "jfn"):
                callee = self._name("function", value)
            elif key == "calls":
                count, address, number = value.split(" ")
                int(address, 16), int(number)
                pending = (callee, int(count))
            elif key in ("jump", "jcnd"):
                counts, address, number = value.split(" ")
                followed, _, executed = counts.partition("/")
                self.jumps.append((key, int(followed), int(executed or followed), int(address, 16)))
                int(number)
                skip = True
            else:
                position = re.fullmatch(r"0x([0-9a-f]+) (\d+)((?: \d+)*)", line)
                assert position, line
                costs = [int(cost) for cost in position[3].split()]
                if skip:
                    assert not costs
                    skip = False
                elif pending is not None:
                    self.calls.append((function, pending[0], pending[1], tuple(costs)))
                    pending = None
                else:
                    assert len(costs) == len(self.events)
                    self.sums = [a + b for a, b in zip(self.sums, costs, strict=True)]
                    self.lines[function, file, int(position[2])] += costs[0]

    def _header(self, key: str, value: str) -> None:
        if key == "positions":
            assert value == "instr line"
        if key == "events":
            self.events = value.split(" ")
            self.sums = [0] * len(self.events)
        if key in ("summary", "totals"):
            setattr(self, key, [int(part) for part in value.split(" ")])

    def _name(self, kind: str, value: str) -> str:
        found = re.fullmatch(r"\((\d+)\)(?: (.+))?", value)
        assert found, value
        if found[2]:
            assert found[1] not in self.names[kind]
            self.names[kind][found[1]] = found[2]
        return self.names[kind][found[1]]


# -- flame graphs ----------------------------------------------------------------------------
def test_collapsed(recording) -> None:
    total = 0
    for line in text(recording, "collapsed").splitlines():
        stack, _, cycles = line.rpartition(" ")
        assert all(stack.split(";"))
        total += int(cycles)
    assert total == recording.cycles


def test_collapsed_names_keep_the_format() -> None:
    functions = list(small().functions)
    functions[0] = replace(functions[0], name="a;b\nc d")
    lines = text(replace(small(), functions=tuple(functions)), "collapsed").splitlines()
    assert "reset: a,b c d;tflite::Eval(int) [conv.cc] 582" in lines


def test_speedscope(recording) -> None:
    """By the published schema: https://www.speedscope.app/file-format-schema.json."""
    made = json.loads(text(recording, "speedscope"))
    assert made["$schema"] == "https://www.speedscope.app/file-format-schema.json"
    frames = made["shared"]["frames"]
    for frame in frames:
        assert set(frame) <= {"name", "file", "line", "col"}
        assert isinstance(frame["name"], str)
    for profile in made["profiles"]:
        common = {"type", "name", "unit", "startValue", "endValue"}
        assert profile["unit"] == "none"
        if profile["type"] == "sampled":
            assert set(profile) == common | {"samples", "weights"}
            assert len(profile["samples"]) == len(profile["weights"])
            assert all(0 <= n < len(frames) for stack in profile["samples"] for n in stack)
            assert sum(profile["weights"]) == profile["endValue"] == recording.cycles
        else:
            assert set(profile) == common | {"events"}
            _check_events(profile["events"], len(frames))
    assert len(made["profiles"]) == 1 + bool(recording.operators)


def _check_events(events: list[dict[str, object]], frames: int) -> None:
    """Opened and closed in order, never back in time."""
    stack, before = [], 0
    for event in events:
        assert set(event) == {"type", "at", "frame"}
        assert event["at"] >= before and 0 <= event["frame"] < frames
        before = event["at"]
        if event["type"] == "O":
            stack.append(event["frame"])
        else:
            assert event["type"] == "C" and stack.pop() == event["frame"]
    assert not stack


def test_firefox(recording) -> None:
    made = json.loads(text(recording, "firefox"))
    shared = made["shared"]
    for name, table in shared.items():
        if name != "stringArray":
            assert {len(column) for key, column in table.items() if key != "length"} <= {table["length"]}, (
                name
            )
    strings, stacks = shared["stringArray"], shared["stackTable"]
    assert all(0 <= n < len(strings) for n in shared["funcTable"]["name"])
    assert all(prefix is None or prefix < n for n, prefix in enumerate(stacks["prefix"]))
    assert all(0 <= frame < shared["frameTable"]["length"] for frame in stacks["frame"])
    first, *others = made["threads"]
    assert sum(first["samples"]["weight"]) == recording.cycles
    assert all(0 <= stack < stacks["length"] for stack in first["samples"]["stack"])
    seconds = sum(first["samples"]["timeDeltas"]) / 1e3
    assert seconds == pytest.approx(recording.cycles / recording.identity.clock_hz)
    for thread in others:
        markers = thread["markers"]
        assert {len(column) for key, column in markers.items() if key != "length"} == {markers["length"]}
    if recording.operators:
        operators = next(thread for thread in others if thread["name"] == "operators")["markers"]
        assert [data["cycles"] for data in operators["data"]] == [o.cycles for o in recording.operators]


# -- pprof -----------------------------------------------------------------------------------
def _pprof_class():
    """The message as https://github.com/google/pprof/blob/main/proto/profile.proto declares it."""
    integer, string = "int64", "string"
    declared = {
        "ValueType": [("type", 1, integer), ("unit", 2, integer)],
        "Label": [("key", 1, integer), ("str", 2, integer), ("num", 3, integer), ("num_unit", 4, integer)],
        "Sample": [("location_id", 1, "*uint64"), ("value", 2, "*int64"), ("label", 3, "*Label")],
        "Mapping": [
            ("id", 1, "uint64"), ("memory_start", 2, "uint64"), ("memory_limit", 3, "uint64"),
            ("file_offset", 4, "uint64"), ("filename", 5, integer), ("build_id", 6, integer),
            ("has_functions", 7, "bool"), ("has_filenames", 8, "bool"), ("has_line_numbers", 9, "bool"),
            ("has_inline_frames", 10, "bool"),
        ],
        "Line": [("function_id", 1, "uint64"), ("line", 2, integer), ("column", 3, integer)],
        "Location": [
            ("id", 1, "uint64"), ("mapping_id", 2, "uint64"), ("address", 3, "uint64"), ("line", 4, "*Line"),
            ("is_folded", 5, "bool"),
        ],
        "Function": [
            ("id", 1, "uint64"), ("name", 2, integer), ("system_name", 3, integer), ("filename", 4, integer),
            ("start_line", 5, integer),
        ],
        "Profile": [
            ("sample_type", 1, "*ValueType"), ("sample", 2, "*Sample"), ("mapping", 3, "*Mapping"),
            ("location", 4, "*Location"), ("function", 5, "*Function"), ("string_table", 6, f"*{string}"),
            ("drop_frames", 7, integer), ("keep_frames", 8, integer), ("time_nanos", 9, integer),
            ("duration_nanos", 10, integer), ("period_type", 11, "ValueType"), ("period", 12, integer),
            ("comment", 13, "*int64"), ("default_sample_type", 14, integer),
        ],
    }  # fmt: skip
    file = descriptor_pb2.FileDescriptorProto(name="profile.proto", package="p", syntax="proto3")
    kinds = descriptor_pb2.FieldDescriptorProto
    for name, fields in declared.items():
        message = file.message_type.add(name=name)
        for field, number, kind in fields:
            plain = kind.lstrip("*")
            made = message.field.add(name=field, number=number)
            made.label = kinds.LABEL_REPEATED if kind != plain else kinds.LABEL_OPTIONAL
            if plain in declared:
                made.type, made.type_name = kinds.TYPE_MESSAGE, f".p.{plain}"
            else:
                made.type = getattr(kinds, f"TYPE_{plain.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("p.Profile"))


Profile = _pprof_class()


def test_pprof(recording) -> None:
    made = Profile.FromString(gzip.decompress(export(View(recording), "pprof")))
    strings = list(made.string_table)
    assert strings[0] == ""
    assert [strings[kind.type] for kind in made.sample_type] == ["cycles", "instructions"]
    assert sum(sample.value[0] for sample in made.sample) == recording.cycles
    view = View(recording)
    assert sum(sample.value[1] for sample in made.sample) == sum(c.self_instructions for c in view.contexts)
    locations = {location.id: location for location in made.location}
    functions = {function.id: function for function in made.function}
    assert len(locations) == len(made.location) and 0 not in locations and 0 not in functions
    for sample in made.sample:
        assert sample.location_id and all(number in locations for number in sample.location_id)
    for location in made.location:
        assert location.line and all(line.function_id in functions for line in location.line)
    assert made.duration_nanos == recording.cycles * 10**9 // recording.identity.clock_hz


def test_pprof_inlined_calls_are_lines_of_one_location() -> None:
    assert inline_lines(small().code[3]) == [(3, 8), (1, 12)]


# -- timelines -------------------------------------------------------------------------------
def test_chrome(recording) -> None:
    made = json.loads(text(recording, "chrome"))
    summed = [event for event in made["traceEvents"] if event["ph"] == "B" and event["pid"] == 2]
    assert sum(event["args"]["self cycles"] for event in summed) == recording.cycles
    stacks = defaultdict(list)
    names = {}
    for event in made["traceEvents"]:
        track = (event["pid"], event["tid"])
        if event["ph"] == "M" and event["name"] == "thread_name":
            names[track] = event["args"]["name"]
        elif event["ph"] == "B":
            assert not stacks[track] or stacks[track][-1]["ts"] <= event["ts"]
            stacks[track].append(event)
        elif event["ph"] == "E":
            begun = stacks[track].pop()
            assert begun["name"] == event["name"]
            cycles = (event["ts"] - begun["ts"]) * recording.identity.clock_hz / 1e6
            assert cycles == pytest.approx(begun["args"]["cycles"], abs=1e-3)
        else:
            assert event["ph"] in "Ci" or event["name"] == "process_name"
    assert not any(stacks.values())
    if recording.operators:
        begun = [
            e for e in made["traceEvents"] if e["ph"] == "B" and names[e["pid"], e["tid"]] == "operators"
        ]
        assert [event["args"]["cycles"] for event in begun] == [o.cycles for o in recording.operators]
    values = {event["name"] for event in made["traceEvents"] if event["ph"] == "C"}
    assert {mark.name for mark in recording.marks if mark.kind == "counter"} <= values


def test_perfetto(recording) -> None:
    trace = Trace.FromString(export(View(recording), "perfetto"))
    names = {
        p.track_descriptor.uuid: p.track_descriptor.name
        for p in trace.packet
        if p.HasField("track_descriptor")
    }
    total, stacks, counters = 0, defaultdict(list), defaultdict(list)
    for packet in trace.packet:
        assert packet.trusted_packet_sequence_id
        if not packet.HasField("track_event"):
            continue
        event = packet.track_event
        assert event.track_uuid in names
        stack = stacks[event.track_uuid]
        if event.type == TrackEvent.TYPE_SLICE_BEGIN:
            facts = {a.name: a.int_value for a in event.debug_annotations}
            total += facts.get("self cycles", 0)
            assert not stack or packet.timestamp >= stack[-1]
            stack.append(packet.timestamp)
        elif event.type == TrackEvent.TYPE_SLICE_END:
            assert stack.pop() <= packet.timestamp
        elif event.type == TrackEvent.TYPE_COUNTER:
            counters[names[event.track_uuid]].append(event.double_counter_value)
    assert total == recording.cycles
    assert not any(stacks.values())
    if recording.operators:
        assert len(counters["cycles per instruction"]) == 2 * len(recording.operators)
    if recording.identity == small().identity:
        assert counters["stack bytes"] == [64]
    if recording == small():
        assert max(counters["MACs per cycle"]) == pytest.approx(400 / 582)


# -- tables ----------------------------------------------------------------------------------
def test_csv(recording) -> None:
    for question, key in (
        ("function", "cycles"),
        ("line", "cycles"),
        ("instruction", "cycles"),
        ("path", "cycles"),
    ):
        rows = list(csv.DictReader(io.StringIO(text(recording, "csv", question))))
        assert sum(int(row[key]) for row in rows) == recording.cycles


def test_parquet(recording) -> None:
    for question in ("function", "instruction", "interrupt", "memory"):
        table = pq.read_table(io.BytesIO(export(View(recording), "parquet", question)))
        if question != "memory":
            assert sum(table.column("cycles").to_pylist()) == recording.cycles


def test_parquet_without_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match="pyarrow") as told:
        export(View(small()), "parquet")
    assert "boardless[parquet]" in told.value.next_step


def test_json_has_a_schema_number(recording) -> None:
    made = json.loads(text(recording, "json", "cause"))
    assert made["schema"] == 1
    assert list(made["tables"]) == ["cause"]
    assert sum(row[1] for row in made["tables"]["cause"]["rows"]) == recording.cycles


def test_tflm_profilers_csv() -> None:
    assert text(small(), "tflm-csv") == '"Event","Tag","Ticks"\n0,CONV_2D,582\n1,MAX_POOL_2D,6\n'
    head = '"Unique Tag","Total ticks across all events with that tag."'
    assert (
        text(small(), "tflm-tags") == f'{head}\nCONV_2D, 582\nMAX_POOL_2D, 6\n"total number of ticks", 588\n'
    )
    with pytest.raises(UsageError, match="no operators"):
        text(generated(1), "tflm-csv")


def test_lcov(recording) -> None:
    """A strict parser of geninfo(1)'s tracefile format."""
    seen: dict[str, dict[int, int]] = {}
    file = ""
    for line in text(recording, "lcov").splitlines():
        if line.startswith("SF:"):
            file = line[3:]
            assert file not in seen
            seen[file] = {}
        elif match := re.fullmatch(r"DA:(\d+),(\d+)", line):
            seen[file][int(match[1])] = int(match[2])
        elif match := re.fullmatch(r"LF:(\d+)", line):
            assert int(match[1]) == len(seen[file])
        else:
            assert re.fullmatch(r"TN:\w+|FN:\d+,.+|FNDA:\d+,.+|FN[FH]:\d+|LH:\d+|end_of_record", line), line
    known = [item for item in recording.code if item.file and item.line]
    assert {(f, n) for f, lines in seen.items() for n in lines} == {(i.file, i.line) for i in known}
    for item in known:
        assert seen[item.file][item.line] >= item.count


def test_lcov_reads_it(recording, tmp_path: Path) -> None:
    file = tmp_path / "run.info"
    file.write_bytes(export(View(recording), "lcov"))
    program = shutil.which("lcov")
    assert program, "lcov is missing: .ci/setup test"
    done = subprocess.run([program, "--summary", str(file)], capture_output=True, text=True, check=True)
    known = {(item.file, item.line) for item in recording.code if item.file and item.line}
    assert f"({len(known)} of {len(known)} lines)" in done.stdout + done.stderr


def test_a_question_that_a_format_does_not_answer() -> None:
    with pytest.raises(UsageError, match="--by does not go with --format callgrind"):
        export(View(small()), "callgrind", "line")
