"""What ``boardless bench sww`` does once its options are parsed."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from benches.build.firmware import shipped_model
from benches.build.support import all_support, fitted, support_for
from benches.cli.bench_recordings import sound_files, write_frame
from benches.cli.bench_run import report_console, require_image, write_report
from benches.measure.streaming import StreamingSession
from benches.measure.window_energy import metered
from benches.runs.energy_pictures import write_energy_pictures
from benches.runs.job import DEFAULT_BOARD, sha256_of
from benches.runs.official_conversation import Mode, System, trace_of
from benches.runs.official_files import MARK
from benches.runs.official_streaming import OfficialSound, streaming_files, streaming_headline
from benches.runs.official_tree import folder_of, write_files, write_system
from benches.runs.streaming_job import Sound, StreamingJob, read_sound, run_sound
from benches.runs.streaming_report import missed_lines, streaming_table
from benches.runs.streaming_rows import StreamingRun
from benches.silicon.streaming_catalog import streaming_row
from benches.suite.shipped import built_image, prebuilt_image
from benches.suite.wake_word import NAME, Truth, read_truth
from benches.synthetic import TEST_SEED
from benches.synthetic.wake_words import make_recording
from emulator.board.reader import load_board
from emulator.cli.untold import tell_modes, tell_notes, unmodelled_json
from emulator.errors import CheckFailed, UsageError
from emulator.files import OutputFile
from emulator.image import require_base
from emulator.image.launch import Launch
from emulator.machine.machine import Machine
from peripherals.instruments.wave_file import WaveFile

MADE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class StreamingOptions:
    """The command's options, parsed."""

    image: Path | None
    board: str | None = None
    base: int | None = None
    launch: Launch = field(default_factory=Launch)
    audio: Path | None = None
    truth: Path | None = None
    model: Path | None = None
    energy: bool = False
    pins: Mapping[str, str] = field(default_factory=dict)
    error_ppm: float = 0.0
    timing: str = "memory"
    hook: str = "auto"
    json_file: OutputFile | None = None
    official_results: Path | None = None
    profile_file: OutputFile | None = None
    prices_folder: Path | None = None


def run_streaming_bench(options: StreamingOptions) -> None:
    """Play each sound, print a table for each, write the JSON.

    Raises CheckFailed when the golden interpreter hears something else.
    """
    sounds = sounds_of(options)
    if options.official_results is not None and any(sound.truth is None for sound in sounds):
        raise UsageError(
            "the official runner's files tell what was heard of what was to be",
            where="--official-results",
            next_step="give --truth FILE.json",
        )
    image = image_of(options)
    console = report_console(options.json_file)
    model = options.model or (shipped_model(NAME) if options.image is None else None)
    job = StreamingJob(image, options.pins, model, options.error_ppm)
    runs: list[StreamingRun] = []
    official: list[OfficialSound] = []
    for sound, recording in zip(sounds, sound_files(options.profile_file, sounds), strict=True):
        run = _run(job, options, sound, console, official)
        runs.append(run)
        console.print(streaming_table(run))
        for line in [*missed_lines(run), *reasons(run)]:
            console.print(line, markup=False, highlight=False, soft_wrap=True)
        if recording is not None:
            frame = write_frame(recording, run, sound, job, _machine(job, options))
            console.print(f"{recording.path}: {frame}", markup=False, highlight=False, soft_wrap=True)
    if options.official_results is not None and official:
        _write_official(options.official_results, official, console)
    if options.json_file is not None:
        write_report(options.json_file, {"hook": runs[0].hook, "runs": [run.as_json() for run in runs]})
    if any(run.golden.match is False for run in runs):
        raise CheckFailed(
            "detections differ from the golden interpreter's",
            next_step="Is --model the very model of the image?",
        )


def image_of(options: StreamingOptions) -> Path:
    """The firmware: the user's, or ours, built around the user's model or ours.

    Raises UsageError for a board of which our firmware drives no audio input.
    """
    if options.image is not None:
        return options.image
    require_image(options.launch)
    board = load_board(options.board or DEFAULT_BOARD)
    support = fitted(support_for(board), board)
    if not support.audio_sources:
        raise UsageError(
            f"our firmware drives no audio input of {board.name}",
            where="--board",
            next_step=f"choose one of {', '.join(audio_boards())}, or give your own firmware with --image",
        )
    if options.model is None and not options.energy:
        prebuilt = prebuilt_image(NAME, board)
        if prebuilt is not None:
            return prebuilt
    mode = "energy" if options.energy else "performance"
    return built_image(NAME, support, board.name, options.model or shipped_model(NAME), mode)


def audio_boards() -> list[str]:
    """Boards whose audio input our firmware drives."""
    return [board for package in all_support() if package.audio_sources for board in package.boards]


def sounds_of(options: StreamingOptions) -> list[Sound]:
    """What is to be played. Raises UsageError for options that contradict, and for files that are none."""
    if options.truth is None:
        if options.audio is None and options.image is None and options.model is None:
            return [made_sound()]
        if options.audio is None:
            raise UsageError(
                "which sound is to be played?",
                next_step="give --truth FILE.json, which names its WAV file, or --audio FILE.wav",
            )
        return [read_sound(options.audio)]
    truths = read_truth(options.truth)
    if options.audio is not None:
        return [read_sound(options.audio, _of(truths, options.audio, options.truth))]
    return [read_sound(options.truth.parent / truth.wav_file, truth) for truth in truths]


def made_sound() -> Sound:
    """Ten seconds with the wake word of our own model, the first of the synthetic test set."""
    recording = make_recording(MADE_SECONDS, TEST_SEED)
    words = recording.samples.view("<u2").repeat(2)
    name = Path(f"synthetic words, set {TEST_SEED}")
    truth = Truth(name.name, recording.windows, float(MADE_SECONDS))
    return Sound(name, WaveFile(array("H", words.tolist())), truth)


def _of(truths: tuple[Truth, ...], audio: Path, where: Path) -> Truth:
    """The entry of a file that lies elsewhere: the one of its name, or the only one."""
    if len(truths) == 1:
        return truths[0]
    found = next((truth for truth in truths if Path(truth.wav_file).name == audio.name), None)
    if found is None:
        raise UsageError(
            f"names no {audio.name}",
            where=str(where),
            next_step=f"it has {', '.join(truth.wav_file for truth in truths)}",
        )
    return found


def reasons(run: StreamingRun) -> list[str]:
    """What a reader should know of the table's figures."""
    pins = ", ".join(
        f"{role} {pin} ({run.pins.origins[role]})"
        for role, pin in (("processing", run.pins.processing), ("detection", run.pins.detection))
    )
    lines = [f"pins: {pins}"]
    if run.golden.reason:
        lines.append(f"golden check: {run.golden.reason}")
    if run.energy is not None:
        lines.append(f"energy of {run.energy.window}; run current from {run.energy.source}")
    return lines


def _write_official(root: Path, sounds: Sequence[OfficialSound], console: Console) -> None:
    first = sounds[0]
    mode = Mode.PERFORMANCE if first.run.energy is None else Mode.ENERGY
    folder = folder_of(root, first.system.board, NAME, mode)
    write_files(folder, streaming_files(sounds))
    write_system(root, first.system)
    missing = write_energy_pictures(folder, [sound.power for sound in sounds if sound.power is not None])
    for line in (streaming_headline(sounds), f"  {folder}", *([f"  {missing}"] if missing else []), MARK):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _run(
    job: StreamingJob,
    options: StreamingOptions,
    sound: Sound,
    console: Console,
    official: list[OfficialSound],
) -> StreamingRun:
    machine = _machine(job, options)
    tell_notes(machine)
    meter = metered(machine) if options.energy else None
    with _progress(console, f"{NAME} on {machine.board.name}", sound.wave.seconds) as progress:
        session = StreamingSession(machine, error_ppm=options.error_ppm)
        run = run_sound(job, session, sound, progress, meter)
    if sound.truth is not None and run.score is not None:
        energy, power = run.energy, None
        if meter is not None and energy is not None and options.official_results is not None:
            power = trace_of(meter, energy.start, energy.stop)
        system = System(
            run.board, machine.board.title, run.core, run.clock_hz, job.image.name, run.image_sha256
        )
        official.append(OfficialSound(run, sound.truth, run.score, session.host.profile(), system, power))
    tell_modes(machine)
    return replace(run, unmodelled=tuple(unmodelled_json(machine)))


def _machine(job: StreamingJob, options: StreamingOptions) -> Machine:
    """A board with the image loaded: the option's, or the one that a published image is of."""
    row = streaming_row(sha256_of(job.image))
    board = options.board or (row.board if row else DEFAULT_BOARD)
    machine = Machine(
        options.launch.board(board),
        timing=options.timing,
        hook=options.hook,
        prices_folder=options.prices_folder,
    )
    if row is None:
        require_base(job.image, options.base, machine.board)
    machine.load(job.image, base=options.base, load=options.launch.files, start=options.launch.start)
    return machine


@contextmanager
def _progress(console: Console, title: str, seconds: float) -> Iterator[Callable[[float], None]]:
    """A bar over the seconds of a sound, on a terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.1f} of {task.total:.1f} s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=seconds)
        yield lambda done: bar.update(task, completed=done)
