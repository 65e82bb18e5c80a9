"""Operators of a network, in order: TensorFlow Lite Micro's loop, layer markers, generated code, events."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from benches.measure.layer_costs import measure_layers
from benches.measure.network_description import read_layers
from benches.measure.operator_works import layer_works, model_works
from benches.measure.performance import PerformanceSession
from benches.suite import shipped
from benches.suite.benchmarks import KEYWORD_SPOTTING
from benches.suite.input_files import load_inputs
from emulator import Machine
from emulator.errors import UsageError
from emulator.profiling.operator_work import NOT_KNOWN, TensorShape, Work, macs_of, work_of
from emulator.profiling.operators import OperatorWatch, watch_operators
from emulator.profiling.places import Places
from emulator.recording.model import Operator
from tests.machine.firmware import build
from tests.profiling.operator_firmware import GENERATED, OLDER_GRAPH, interpreter


def run(
    elf: Path, hook: str, *, watched: bool = True, calls_of: str | None = None
) -> tuple[Machine, OperatorWatch | None, int]:
    """One inference of a firmware; the machine, what was watched, and the cycle at which it began."""
    machine = Machine("virtual-m4", hook=hook)
    machine.load(elf)
    machine.run(until="ready\r\n")
    began = machine.counts.cycles
    watch = watch_operators(machine.engine, machine.image, calls_of) if watched else None
    machine.console.feed(b"x")
    machine.run(until="done\r\n")
    if watch is not None:
        watch.stop()
    return machine, watch, began


def places_of(machine: Machine) -> Places:
    plans = machine.engine.automaton.plans
    return Places(machine.image, {i.address for plan in plans for i in plan.block.instructions})


def rows_of(elf: Path, hook: str = "native", calls_of: str | None = None) -> tuple[list[Operator], Places]:
    machine, watch, began = run(elf, hook, calls_of=calls_of)
    assert watch is not None
    places = places_of(machine)
    return list(watch.rows(places, began)), places


def check_sums(rows: list[Operator]) -> None:
    end = 0
    for row in rows:
        assert sum(row.costs.values()) + sum(row.facts["outside"].values()) == row.cycles
        assert row.begin_cycles >= end
        end = row.begin_cycles + row.cycles


@pytest.mark.parametrize("name", [None, OLDER_GRAPH])
def test_operators_of_the_interpreter(tmp_path, name):
    rows, places = rows_of(build(tmp_path, interpreter(**({"name": name} if name else {}))))
    check_sums(rows)
    assert [(r.index, r.name) for r in rows] == [
        (0, "CONV_2D"),
        (1, "FULLY_CONNECTED"),
        (2, "twist"),
        (3, "IF"),
    ]
    conv, dense, twist, branch = rows
    assert (conv.inputs, conv.outputs) == (("1x4x4x2", "3x2x2x2"), ("1x3x3x3",))
    assert (conv.macs, conv.weight_bytes, conv.activation_bytes) == (27 * 8, 24, 32 + 27)
    assert (dense.macs, dense.weight_bytes, dense.activation_bytes) == (5 * 27, 5 * 27 + 20, 27 + 5)
    assert (twist.inputs, twist.macs) == (("1x5",), NOT_KNOWN)
    assert [places.functions[r.function].name for r in rows] == [
        "conv_eval",
        "dense_eval",
        "twist_eval",
        "if_eval",
    ]
    assert conv.cycles > dense.cycles > twist.cycles
    by_function = {places.functions[f].name for f, _, _ in branch.costs}
    assert {
        "if_eval",
        "twist_eval",
        "tflite::MicroAllocator::ResetTempAllocations()",
    } <= by_function  # its own subgraph is part of it
    assert "conv_eval" not in by_function


def test_watching_changes_no_figure_and_both_hooks_agree(tmp_path):
    elf = build(tmp_path, interpreter())
    plain = run(elf, "native", watched=False)[0]
    watched = {hook: run(elf, hook) for hook in ("native", "python")}
    for machine, _, _ in watched.values():
        assert machine.counts == plain.counts
        assert machine.hook.path_counts() == plain.hook.path_counts()
        assert machine.hook.counters() == plain.hook.counters()
    native, python = (watch.rows(places_of(m), began) for m, watch, began in watched.values())
    assert native == python


def test_operators_are_the_firmwares_own_profilers_to_the_cycle(tmp_path):
    machine, watch, began = run(build(tmp_path, interpreter(profiled=True)), "native")
    assert watch is not None
    rows = watch.rows(places_of(machine), began)
    read = {
        name: struct.unpack("<8I", machine.read_memory(machine.symbol(name).address, 32))
        for name in ("begin_ticks", "end_ticks")
    }
    ticks = [end - begin for begin, end in zip(read["begin_ticks"], read["end_ticks"], strict=True)]
    assert len(rows) == 4
    # the fourth event is that of the operator whose subgraph has the fifth
    assert [r.cycles for r in rows] == pytest.approx(ticks[:4], abs=3)
    assert [r.name for r in rows] == ["CONV_2D", "FULLY_CONNECTED", "twist", "IF"]


def test_several_windows(tmp_path):
    machine, watch, _ = run(build(tmp_path, interpreter()), "native")
    assert watch is not None
    assert watch.count == 4
    again = Machine("virtual-m4")
    again.load(machine.image)
    again.run(until="ready\r\n")
    watch = watch_operators(again.engine, again.image)
    assert watch is not None
    for _ in range(2):
        began = again.counts.cycles
        again.console.feed(b"x")
        again.run(until="done\r\n")
    assert watch.count == 8
    rows = watch.rows(places_of(again), began)
    assert [r.name for r in rows] == ["CONV_2D", "FULLY_CONNECTED", "twist", "IF"]
    assert 0 <= rows[0].begin_cycles < 5000


def test_calls_of_generated_code(tmp_path):
    elf = build(tmp_path, GENERATED)
    rows, places = rows_of(elf, calls_of="network")
    check_sums(rows)
    assert [r.name for r in rows] == ["layer_conv", "layer_pool", "layer_conv", "layer_dense"]  # a tail call
    assert [places.functions[r.function].name for r in rows] == [r.name for r in rows]
    dense = {places.functions[f].name for f, _, _ in rows[3].costs}
    assert dense == {"network", "layer_dense"}  # the block that holds the call, too
    python, _ = rows_of(elf, "python", calls_of="network")
    assert python == rows


def test_generated_code_must_be_named_right(tmp_path):
    elf = build(tmp_path, GENERATED)
    with pytest.raises(UsageError, match="the image has no function 'nobody'"):
        run(elf, "native", calls_of="nobody")
    machine = Machine("virtual-m4")
    machine.load(elf)
    assert watch_operators(machine.engine, machine.image) is None
    with pytest.raises(UsageError, match="layer_pool calls no function"):
        watch_operators(machine.engine, machine.image, "layer_pool")


def test_layers_of_our_own_firmware():
    found = shipped.image_for(KEYWORD_SPOTTING, "nucleo-l4r5zi")
    data = load_inputs([shipped.inputs_for(KEYWORD_SPOTTING)], KEYWORD_SPOTTING, limit=1)[0]
    machine = Machine("nucleo-l4r5zi")
    machine.load(found)
    watch = watch_operators(machine.engine, machine.image)
    assert watch is not None
    session = PerformanceSession(machine)
    session.host.load(data.data)
    began = machine.counts.cycles
    session.host.infer(1, 0)
    watch.stop()
    rows = watch.rows(places_of(machine), began, layer_works(found))
    other = Machine("nucleo-l4r5zi")
    other.load(found)
    layers = measure_layers(other, read_layers(found), data)
    assert [(r.cycles, r.instructions) for r in rows] == [(x.cycles, x.instructions) for x in layers]
    assert [(r.name, r.macs) for r in rows] == [(x.layer.operator, x.layer.macs) for x in layers]
    assert rows[0].outputs == ("x".join(map(str, layers[0].layer.output_shape)),)


def test_a_models_file_tells_what_the_firmware_does_not(reference_data):
    works = model_works(reference_data / "models" / "kws_ref_model.tflite")
    assert len(works) == 13
    assert (works[0].name, works[0].macs) == ("CONV_2D", 25 * 5 * 64 * 40)
    assert works[0].weight_bytes == 64 * 40 + 4 * 64
    assert sum(work.macs for work in works) == 2_656_768
    assert [str(t) for t in works[-1].outputs] == ["1x12"]


def test_works_that_do_not_fit_are_left_aside(tmp_path):
    machine, watch, began = run(build(tmp_path, interpreter()), "native")
    assert watch is not None
    small = TensorShape((1, 2), "int8")
    fitting = [
        Work(name, (small,), (small,), 7, 8, 9) for name in ("CONV_2D", "FULLY_CONNECTED", "twist", "IF")
    ]
    rows = watch.rows(places_of(machine), began, fitting)
    assert (rows[0].name, rows[0].macs, rows[0].inputs) == ("CONV_2D", 7, ("1x2",))
    for works in (fitting[:3], fitting[::-1]):
        assert watch.rows(places_of(machine), began, works)[0].macs == 216


def shape(*dimensions: int, constant: bool = False) -> TensorShape:
    return TensorShape(dimensions, "int8", is_constant=constant)


@pytest.mark.parametrize(
    ("name", "inputs", "output", "macs"),
    [
        ("CONV_2D", [shape(1, 8, 8, 3), shape(4, 3, 3, 3)], shape(1, 6, 6, 4), 6 * 6 * 4 * 27),
        ("DEPTHWISE_CONV_2D", [shape(1, 8, 8, 6), shape(1, 3, 3, 6)], shape(1, 6, 6, 6), 6 * 6 * 6 * 9),
        ("FULLY_CONNECTED", [shape(1, 10), shape(4, 10)], shape(1, 4), 40),
        (
            "TRANSPOSE_CONV",
            [shape(4), shape(5, 2, 2, 3), shape(1, 4, 4, 3)],
            shape(1, 8, 8, 5),
            4 * 4 * 3 * 20,
        ),
        ("BATCH_MATMUL", [shape(2, 3, 4), shape(2, 4, 5)], shape(2, 3, 5), 2 * 3 * 5 * 4),
        ("SOFTMAX", [shape(1, 4)], shape(1, 4), 0),
        ("ADD", [shape(1, 4), shape(1, 4)], shape(1, 4), 0),
        ("SVDF", [shape(1, 4), shape(8, 4)], shape(1, 8), NOT_KNOWN),
    ],
)
def test_multiplications_by_shape(name, inputs, output, macs):
    assert macs_of(name, inputs, [output]) == macs


def test_bytes_by_type():
    sizes = [
        TensorShape((3,), kind).size_bytes for kind in ("int8", "int16", "int32", "float32", "int64", "int4")
    ]
    assert sizes == [3, 6, 12, 12, 24, 2]
    work = work_of("CONV_2D", [shape(1, 2, 2, 1), shape(1, 1, 1, 1, constant=True)], [shape(1, 2, 2, 1)])
    assert (work.weight_bytes, work.activation_bytes, work.macs) == (1, 8, 4)
