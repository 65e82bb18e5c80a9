import pytest
from fake_device import FakeConsole, FakeMachine

from benches.protocol.host import (
    DeviceError,
    Line,
    ProtocolError,
    ProtocolHost,
    ProtocolTimeout,
    Stamp,
    parse_results,
)
from benches.protocol.machine_channel import MachineChannel


def host_of(machine: FakeMachine) -> ProtocolHost:
    host = ProtocolHost(MachineChannel(machine))
    host.wait_ready()
    return host


def test_conversation_of_a_whole_session():
    machine = FakeMachine(results=lambda data: f"{data[0] / 256:.3f},{data[1] / 256:.3f}")
    host = host_of(machine)
    assert host.name() == "Fake Vendor"
    assert host.profile().model == "vww01"
    before = host.timestamp()
    host.load(bytes(range(64)))
    window = host.infer(4, 2)
    assert machine.commands == [
        "name",
        "profile",
        "timestamp",
        "db load 64",
        "db " + bytes(range(31)).hex(),
        "db " + bytes(range(31, 62)).hex(),
        "db " + bytes((62, 63)).hex(),
        "infer 4 2",
    ]
    assert max(len(command) for command in machine.commands) < 80  # the reference's buffer
    assert window.results.values == (0.0, 0.004)
    assert before is not None and window.start_us > before
    assert host.results() == window.results
    assert host.loaded_input() == bytes(range(64))


def test_window_counts_what_passed_between_the_stamps():
    machine = FakeMachine(inference_cycles=1_234_000, inference_instructions=1_000_000)
    host = host_of(machine)
    host.load(b"\0" * 10)
    window = host.infer(10, 1)
    line_characters = len(f"m-lap-us-{window.start_us}\r\n")  # sent between the two first characters
    assert window.counts == Stamp(10_000_000 + 100 * line_characters, 12_340_000 + 10_000 * line_characters)
    assert window.latency_us == pytest.approx(12_340 + 100 * line_characters / 10, abs=0.2)


def test_energy_image_has_no_stamps():
    host = host_of(FakeMachine(energy=True))
    host.load(b"\0")
    window = host.infer(1, 0)
    assert (window.start_us, window.latency_us) == (None, None)
    # from the end of m-infer-start to the first character of m-infer-done
    assert window.counts == Stamp(700_000 + 100, 1_000_000 + 10_000)
    assert host.timestamp() is None


def test_microsecond_counter_may_wrap_once():
    channel = Scripted(["m-lap-us-4294967290", "m-lap-us-10", "m-results-[1.000]", "m-ready"])
    assert ProtocolHost(channel).infer(2, 0).elapsed_us == 16


class Scripted:
    def __init__(self, lines):
        self.lines = list(lines)
        self.sent = b""

    def send(self, data):
        self.sent += data

    def receive_line(self, patience_s):
        if not self.lines:
            raise ProtocolTimeout("silence")
        return Line(self.lines.pop(0))


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("bogus", "Unknown command: bogus"),
        ("db", "Command 'db' requires a subcommand"),
        ("db load", "Command 'db load' requires the # of bytes"),
        ("db 123", "Insufficent number of hex digits"),
        ("infer 0 0", "Inference iterations must be >0"),
    ],
)
def test_device_errors_carry_the_device_words(command, message):
    host = host_of(FakeMachine())
    with pytest.raises(DeviceError) as caught:
        host.command(command)
    assert caught.value.messages == (message,)
    assert caught.value.exit_code == 1
    assert host.name() == "Fake Vendor"  # the conversation goes on


def test_oversized_input_is_refused_in_the_device_words():
    with pytest.raises(ProtocolError, match="exceeds maximum of 27648"):
        host_of(FakeMachine()).load(b"\0" * 27649)


def test_silence_names_the_command_and_ends_with_the_limit_code():
    host = host_of(FakeMachine(silent_on="profile"))
    with pytest.raises(ProtocolTimeout, match=r"no m-ready after 'profile'.*waits for input") as caught:
        host.profile()
    assert caught.value.exit_code == 4


def test_firmware_that_never_becomes_ready():
    with pytest.raises(ProtocolTimeout, match="no m-ready after 'boot'"):
        host_of(FakeMachine(boots=False))


def test_modelled_time_limits_patience():
    machine = FakeMachine(inference_cycles=10**10)
    host = host_of(machine)
    with pytest.raises(ProtocolTimeout, match="5 s of modelled time"):
        host.command("infer 1 0")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["m-ready"], "no m-results"),
        (["m-results-[]", "m-ready"], "empty"),
        (["m-results-[0.1,nonsense]", "m-ready"], "not numbers"),
        (["m-lap-us-1", "m-results-[0.1]", "m-ready"], "1 m-lap-us lines"),
    ],
)
def test_malformed_inference_replies(lines, message):
    with pytest.raises(ProtocolError, match=message):
        ProtocolHost(Scripted(lines)).infer(1, 0)


def test_results_accept_the_trailing_comma():
    assert parse_results("0.023438,0.976563,").values == (0.023438, 0.976563)


def test_conversation_may_be_on_another_port_than_the_console():
    machine = FakeMachine(energy=True)

    class OtherConsole:
        def __init__(self):
            self.console = FakeConsole()  # silent, and nothing may be fed to it
            self.serial_ports = {"console": self.console, "usart3": machine.console}

        def __getattr__(self, name):
            return getattr(machine, name)

    swapped = OtherConsole()
    host = ProtocolHost(MachineChannel(swapped))
    host.wait_ready()
    assert host.name() == "Fake Vendor"
    assert not swapped.console.received
