"""``boardless bench``: play the benchmark's host against emulated boards and report."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benches.cli.firmware_options import images_board_option
from benches.cli.jobs_option import jobs_option
from benches.cli.many_values import ManyValuesCommand
from benches.cli.streaming_choice import ALL_NAMES, is_streaming
from benches.suite.benchmarks import find
from emulator.cli.options import base_option, cache_option, hook_option, json_option, launch_options
from emulator.cli.parameter_types import (
    Count,
    InputFile,
    InputFileOrFolder,
    OutputPlace,
    OutputTarget,
    PartsPerMillion,
)
from emulator.files import OutputFile
from peripherals.instruments.audio_master import LARGEST_ERROR_PPM

if TYPE_CHECKING:
    from emulator.image.launch import Launch


@click.command(cls=ManyValuesCommand, many_values=("--inputs",), not_values=ALL_NAMES)
@click.argument("benchmarks", nargs=-1, metavar="[BENCHMARK]...", type=click.Choice(ALL_NAMES))
@images_board_option
@click.option(
    "--image", type=InputFile(), metavar="FILE", help="Your firmware instead of the shipped images."
)
@base_option
@launch_options
@click.option(
    "--inputs",
    type=InputFileOrFolder(),
    multiple=True,
    metavar="FILE...",
    help="Input files, or a labelled folder.",
)
@click.option(
    "--model",
    type=InputFile(),
    metavar="FILE",
    help="The .tflite that --image was built from, for the golden check; without --image, the one to build.",
)
@click.option("--count", type=Count(), help="Inferences per window; in accuracy mode: inputs at most.")
@click.option(
    "--mode",
    type=click.Choice(["performance", "accuracy", "energy"]),
    default="performance",
    show_default=True,
)
@click.option(
    "--profile",
    "profile_file",
    type=OutputTarget("the recording"),
    metavar="FILE",
    help="Also record the window that is shown, for `boardless report FILE`; of several benchmarks each"
    " in a file of its own, FILE's name with the benchmark's behind it. sww: a frame of the median length.",
)
@click.option("--layers", is_flag=True, help="Also what each layer costs (images of `boardless build`).")
@click.option(
    "--what-if",
    "what_if",
    multiple=True,
    metavar="NAME.PARAMETER=VALUE",
    help="Also the same window with this changed, such as flash.wait_states=2 or icache.size=8K; a"
    " parameter given several times makes a row for each value.",
)
@click.option(
    "--clock",
    "clocks",
    multiple=True,
    metavar="FREQUENCY",
    help="Also the same window at this core clock, such as 80MHz; several make a row each.",
)
@click.option(
    "--audio",
    type=InputFile(),
    metavar="FILE.wav",
    help="sww: the sound that is played (16 bits, stereo, 16 kHz, as the interface board reads it).",
)
@click.option(
    "--truth",
    type=InputFile(),
    metavar="FILE.json",
    help="sww: what is to be heard, and the WAV file beside it, as in the benchmark's sww_short_test.json.",
)
@click.option("--processing-pin", metavar="PIN", help="sww: the pin that is high while a frame is worked on.")
@click.option(
    "--detection-pin", metavar="PIN", help="sww: the pin that goes low for a moment at a wake word."
)
@click.option(
    "--timestamp-pin", metavar="PIN", help="sww, energy mode: the pin whose rising edges begin and end it."
)
@click.option(
    "--audio-error",
    type=PartsPerMillion(LARGEST_ERROR_PPM),
    metavar="PPM",
    help="sww: by how much the clock of the audio's master is too fast (below 0: too slow).",
)
@click.option(
    "--official-results",
    "official_results",
    type=OutputPlace(),
    metavar="DIR",
    help="Hold the official runner's conversation instead (five windows of ten seconds, --count inferences"
    " each if given; sww: the sounds of --truth), and write its results.txt, results.json and log.txt below"
    " DIR, marked as simulated.",
)
@click.option(
    "--bands",
    type=InputFile(),
    metavar="FILE",
    help="Error bands from your own `boardless validate --update-bands FILE`.",
)
@jobs_option("Inputs of accuracy mode")
@click.option("--timing", type=click.Choice(["memory", "core", "count"]), help="Depth of the timing model.")
@hook_option
@cache_option
@json_option
def bench(
    *,
    benchmarks: tuple[str, ...],
    board: str | None,
    image: Path | None,
    base: int | None,
    launch: Launch,
    inputs: tuple[Path, ...],
    model: Path | None,
    count: int | None,
    mode: str,
    profile_file: OutputFile | None,
    layers: bool,
    what_if: tuple[str, ...],
    clocks: tuple[str, ...],
    audio: Path | None,
    truth: Path | None,
    processing_pin: str | None,
    detection_pin: str | None,
    timestamp_pin: str | None,
    audio_error: float | None,
    official_results: Path | None,
    bands: Path | None,
    jobs: int,
    timing: str | None,
    hook: str,
    prices_folder: Path | None,
    json_file: OutputFile | None,
) -> None:
    """Run benchmarks (kws, vww, ic, ad; default: all of these) and report instructions, cycles, latency.

    ic02, image classification with the larger network, takes your --model: none is shipped. sww, streaming
    wake word, runs alone: a sound is played into the device, and its duty cycle and detections are reported.
    The host's part of the benchmark's serial protocol is played against the emulated board.
    Every figure is simulated and unofficial.
    """
    streaming = {
        "--audio": audio,
        "--truth": truth,
        "--processing-pin": processing_pin,
        "--detection-pin": detection_pin,
        "--timestamp-pin": timestamp_pin,
        "--audio-error": audio_error,
    }
    of_windows = {
        "--inputs": inputs,
        "--count": count,
        "--mode accuracy": mode == "accuracy",
        "--layers": layers,
        "--what-if": what_if,
        "--clock": clocks,
        "--bands": bands,
    }
    if is_streaming(benchmarks, image, streaming, of_windows):
        from benches.cli.bench_streaming import StreamingOptions, run_streaming_bench  # noqa: PLC0415

        pins = {"processing": processing_pin, "detection": detection_pin, "timestamp": timestamp_pin}
        run_streaming_bench(
            StreamingOptions(
                image=image,
                board=board,
                base=base,
                launch=launch,
                audio=audio,
                truth=truth,
                model=model,
                energy=mode == "energy",
                pins={role: pin for role, pin in pins.items() if pin},
                error_ppm=audio_error or 0.0,
                timing=timing or "memory",
                hook=hook,
                json_file=json_file,
                official_results=official_results,
                profile_file=profile_file,
                prices_folder=prices_folder,
            )
        )
        return
    from benches.cli.bench_run import BenchOptions, run_bench  # noqa: PLC0415 - keeps --help fast
    from benches.measure.changes import parse_hertz  # noqa: PLC0415

    run_mode: Callable[[BenchOptions], None]
    if official_results is not None:
        from benches.cli.bench_official import run_official_bench  # noqa: PLC0415

        run_mode = partial(run_official_bench, mode=mode, root=official_results)
    elif mode == "energy":
        from benches.cli.bench_energy import run_energy_bench as run_mode  # noqa: PLC0415
    else:
        run_mode = run_bench
    run_mode(
        BenchOptions(
            benchmarks=tuple(find(name) for name in benchmarks),
            board=board,
            image=image,
            base=base,
            launch=launch,
            inputs=inputs,
            model=model,
            count=count,
            accuracy=mode == "accuracy",
            profile_file=profile_file,
            layers=layers,
            what_if=what_if,
            clocks_hz=tuple(dict.fromkeys(parse_hertz(clock) for clock in clocks)),
            bands=bands,
            jobs=jobs,
            timing=timing or ("count" if mode == "accuracy" else "memory"),
            hook=hook,
            prices_folder=prices_folder,
            json_file=json_file,
        )
    )
