"""The profiled inference is the measured one, but for parts of the blocks at its two ends."""

from benches.measure.performance import PerformanceSession
from benches.measure.profiled_window import profile_inference
from benches.silicon.validate import synthetic_input
from benches.suite import shipped
from benches.suite.benchmarks import KEYWORD_SPOTTING
from emulator import Machine
from emulator.profiling import CountState, fold

LONGEST_BLOCK_CYCLES = 500


def booted(hook="auto"):
    machine = Machine("nucleo-l4r5zi", hook=hook)
    machine.load(shipped.image_for(KEYWORD_SPOTTING, "nucleo-l4r5zi"))
    return machine


def test_profiled_and_measured_cycles_agree():
    session = PerformanceSession(booted())
    session.host.load(synthetic_input(KEYWORD_SPOTTING).data)
    measured = session.host.infer(1, 0)
    found = profile_inference(booted(), lambda session: synthetic_input(session.benchmark))
    assert abs(found.profile.totals.cycles - measured.counts.cycles) < LONGEST_BLOCK_CYCLES
    assert found.results == measured.results.text
    assert found.profile.interrupted_cycles == 0


def test_a_profile_is_the_same_every_time():
    first, second = (
        profile_inference(booted(), lambda session: synthetic_input(session.benchmark)).profile
        for _ in range(2)
    )
    assert first.totals == second.totals
    assert first.stack.as_json() == second.stack.as_json()


def test_both_hooks_give_one_profile_of_a_run():
    profiles = []
    for machine in (booted("native"), booted("python")):
        before = CountState.of(machine.engine)
        machine.run(max_cycles=50_000)
        profiles.append(fold(machine.engine, CountState.of(machine.engine) - before))
    native, python = profiles
    assert native.totals == python.totals
    assert native.stack.as_json() == python.stack.as_json()
