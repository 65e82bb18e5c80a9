import os
import signal

import pytest

from benches.measure.workers import each_shared
from benches.protocol.host import DeviceError
from emulator.errors import BoardlessError, CheckFailed, GuestFault
from emulator.machine.machine import Machine


def plain(work):
    return lambda: work


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_each_item_is_done_once(jobs):
    items = [3, 1, 4, 1, 5, 9, 2, 6]
    done = dict(each_shared(items, plain(lambda item: item * item), jobs))
    assert [done[index] for index in range(len(items))] == [item * item for item in items]


def test_what_was_made_before_is_there_and_belongs_to_each_process():
    machine = Machine("virtual-m4", timing="count")
    machine.core.write_memory(0x20000000, b"\1")

    def count(_item):
        before = machine.core.read_memory(0x20000000, 1)[0]
        machine.core.write_memory(0x20000000, bytes([before + 1]))
        return os.getpid(), before

    done = [result for _, result in each_shared(range(8), plain(count), 2)]
    assert machine.core.read_memory(0x20000000, 1) == b"\1"
    for process in {process for process, _ in done}:
        counted = sorted(before for whose, before in done if whose == process)
        assert counted == list(range(1, 1 + len(counted)))


def test_a_process_that_dies_is_told():
    def work(item):
        if item == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return item

    with pytest.raises(CheckFailed, match="number 3 of 4 ended with code -9"):
        list(each_shared(range(4), plain(work), 2))


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(
    "error",
    [CheckFailed("wrong", where="here", next_step="look", exit_code=7), DeviceError("db", ("e-[no]",))],
)
def test_an_error_of_the_work_arrives_as_it_was(jobs, error):
    def work(_item):
        raise error

    with pytest.raises(BoardlessError) as told:
        list(each_shared(range(3), plain(work), jobs))
    assert str(told.value) == str(error)
    assert told.value.exit_code == error.exit_code


def test_a_crash_of_the_firmware_keeps_its_report():
    def work(_item):
        raise GuestFault("crashed", where="main", report="r0 1")

    with pytest.raises(GuestFault) as told:
        list(each_shared(range(3), plain(work), 2))
    assert told.value.report == "r0 1"


def test_ctrl_c_in_a_process_is_ctrl_c_here():
    def work(item):
        if item == 1:
            raise KeyboardInterrupt
        return item

    with pytest.raises(KeyboardInterrupt):
        list(each_shared(range(4), plain(work), 2))
