"""Makes a case of a number: a command line and the files that it names, some of them damaged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from random import Random

import click

from emulator.reporting.exports.formats import FORMATS
from emulator.reporting.questions import QUESTIONS
from tests.cli.commands import Walked, parameters

from .corpus import BOARDS, Seed, seeds, streaming_elf
from .values import value_for

FOLDER = "@"
"""Stands for the case's folder in a command line."""
TALK = (b"name%", b"crash%", b"j%", b"s%", b"x0%", b"x3%", b"u%", b"t%", b"w%", b"", b"i%", b"l%", b"\xff\0%")


@dataclass
class Case:
    """``program``: module of the command that is started, "" for ``boardless``. ``files``: by name."""

    number: int
    program: str
    words: list[str]
    files: dict[str, bytes] = field(default_factory=dict)
    console: bytes = b""
    whole: dict[str, Seed] = field(default_factory=dict)  # files as they were, and how they are damaged

    def add(self, kind: str, name: str, random: Random) -> str:
        """Put a right file of this kind there; its path on the command line."""
        seed = random.choice(seeds()[kind])
        file = name if "." in name else name + seed.suffix
        self.whole[file] = seed
        self.files[file] = seed.data
        return f"{FOLDER}/{file}"


Template = Callable[[Case, Random], None]


def _limits(random: Random) -> list[str]:
    return ["--max-cycles", random.choice(("20000", "300000", "2000000")), "--wall-limit", "2"]


def _run(case: Case, random: Random) -> None:
    image = case.add("image", "image", random)
    base = ["--base", "0x08000000"] if image.endswith(".bin") else []
    case.words = ["run", image, *base, *_limits(random)]
    case.console = random.choice(TALK)
    if random.random() < 0.3:
        case.words += ["--json", f"{FOLDER}/run.json"]
    if random.random() < 0.2:
        case.words += ["--until", "m-ready"]
    if random.random() < 0.1:
        case.words += ["--hook", "python"]
    if random.random() < 0.1:
        case.words += ["--symbols", case.add("image", "symbols.elf", random)]
    if random.random() < 0.1:
        case.words += ["--load", case.add("image", "more", random) + random.choice(("", "@0x08100000"))]
    if random.random() < 0.1:
        case.words += ["--console", random.choice(("rtt", "rtt:2", "itm", "semihosting", "none"))]


def _run_on_a_board(case: Case, random: Random) -> None:
    case.words = ["run", case.add("image", "image.elf", random), *_limits(random)]
    case.files["image.elf"] = seeds()["image"][0].data
    del case.whole["image.elf"]  # the board is what is damaged
    case.words += ["--board", case.add("board", "board.toml", random)]
    case.console = random.choice(TALK)


def _learn(case: Case, random: Random) -> None:
    _run(case, random)
    case.words += ["--learn-board", "--learn-output", f"{FOLDER}/learned.toml"]


def _serve(case: Case, random: Random) -> None:
    image = case.add("image", "image.elf", random)
    case.files["image.elf"] = seeds()["image"][0].data
    case.whole["image.elf"] = seeds()["image"][0]
    case.words = ["serve", image, "--wall-limit", "0.1", "--ports", f"{FOLDER}/ports.json"]
    if random.random() < 0.3:
        case.words += ["--link", f"{FOLDER}/link"]
    if random.random() < 0.2:
        case.words += ["--energy"]
    if random.random() < 0.2:
        case.words += ["--gdb", "0"]


def _boards(case: Case, random: Random) -> None:
    case.words = ["boards", case.add("board", "board.toml", random)]


def _new_board(case: Case, random: Random) -> None:
    case.words = ["new-board", f"{FOLDER}/new.toml"]
    if random.random() < 0.8:
        case.words += ["--svd", case.add("svd", "chip.svd", random)]
    if len(case.words) == 2 or random.random() < 0.4:
        case.words += ["--image", case.add("image", "image.elf", random)]
    if random.random() < 0.3:
        case.words += ["--flash", random.choice(("0x0:256K", "0x08000000:1M", "0x20000000:0x1000"))]


def _shipped_boards(case: Case, random: Random) -> None:
    case.words = random.choice((["boards"], ["boards", random.choice(BOARDS)], ["doctor"]))


def _bench_image(case: Case, random: Random) -> None:
    case.words = ["bench", "--image", case.add("benchmark image", "image.elf", random), "--count", "1"]
    case.words += ["--timing", "count"]


def _bench_files(case: Case, random: Random) -> None:
    case.words = ["bench", "kws", "--count", "1", "--timing", random.choice(("count", "core", "memory"))]
    choice = random.randrange(4)
    if choice == 0:
        case.words += ["--inputs", case.add("input", "input.bin", random)]
    elif choice == 1:
        case.add("labels", "y_labels.csv", random)
        for name, seed in zip(_named_inputs(), seeds()["input"], strict=True):
            case.files[name] = seed.data
        case.words += ["--inputs", FOLDER, "--mode", random.choice(("performance", "accuracy"))]
    elif choice == 2:
        case.words += ["--bands", case.add("bands", "bands.json", random)]
    else:
        case.files["image.elf"] = seeds()["benchmark image"][0].data
        case.words += ["--image", f"{FOLDER}/image.elf", "--model", case.add("model", "model.tflite", random)]
    if random.random() < 0.3:
        case.words += ["--json", f"{FOLDER}/bench.json"]


def _named_inputs() -> list[str]:
    return [line.split(",")[0] for line in seeds()["labels"][0].data.decode().splitlines()]


def _bench_streaming(case: Case, random: Random) -> None:
    case.files["image.elf"] = streaming_elf()
    case.words = ["bench", "sww", "--image", f"{FOLDER}/image.elf"]
    choice = random.randrange(3)
    if choice != 0:
        case.words += ["--audio", case.add("sound", "sound.wav", random)]
    if choice != 1:
        case.words += ["--truth", case.add("truth", "truth.json", random)]
    if random.random() < 0.3:
        case.words += ["--mode", "energy", "--audio-error", random.choice(("-500", "1e5", "nan"))]


def _bench_board(case: Case, random: Random) -> None:
    case.files["image.elf"] = seeds()["benchmark image"][0].data
    case.words = ["bench", "--image", f"{FOLDER}/image.elf", "--count", "1"]
    case.words += ["--board", case.add("board", "board.toml", random)]
    if random.random() < 0.5:
        case.words += ["--what-if", "flash.wait_states=2"]


def _explain(case: Case, random: Random) -> None:
    image = case.add("image", "image", random)
    base = ["--base", "0x08000000"] if image.endswith(".bin") else []
    case.words = ["explain", image, *base, "--max-cycles", random.choice(("1000", "30000"))]
    if random.random() < 0.3:
        case.words += ["--json", f"{FOLDER}/explain.json"]
    if random.random() < 0.2:
        case.words += ["--until", "m-ready"]


def _explain_inference(case: Case, random: Random) -> None:
    case.words = ["explain", "kws", "--input", case.add("input", "input.bin", random)]


def _report(case: Case, random: Random) -> None:
    case.words = ["report", case.add("recording", "run.blr", random)]
    choice = random.randrange(5)
    if choice == 0:
        case.words += ["--by", random.choice(tuple(QUESTIONS)), "--json", f"{FOLDER}/report.json"]
    elif choice == 1:
        case.words += ["--format", random.choice(tuple(FORMATS)), "-o", f"{FOLDER}/export"]
    elif choice == 2:
        case.words += ["--tree", "--annotate", random.choice(("Eval", "main", "0x08000200"))]


def _compare(case: Case, random: Random) -> None:
    case.words = ["compare", case.add("recording", "a.blr", random), case.add("recording", "b.blr", random)]
    if random.random() < 0.3:
        case.words += ["--json", f"{FOLDER}/compare.json"]


def _profile(case: Case, random: Random) -> None:
    image = case.add("image", "image", random)
    base = ["--base", "0x08000000"] if image.endswith(".bin") else []
    case.words = ["profile", image, *base, "--max-cycles", random.choice(("1000", "30000"))]
    if random.random() < 0.4:
        case.words += ["-o", f"{FOLDER}/run.blr"]
    if random.random() < 0.3:
        case.words += ["--function", random.choice(("main", "0x08000100", "_ZN3fooEv"))]


def _check(case: Case, random: Random) -> None:
    case.files["image.elf"] = seeds()["image"][0].data
    case.add("baseline", "boardless.baseline", random)
    case.words = ["check", case.add("specification", "boardless.toml", random), "--jobs", "1"]
    if random.random() < 0.3:
        case.words += ["--update"]
    if random.random() < 0.3:
        case.words += ["--junit", f"{FOLDER}/check.xml", "--json", f"{FOLDER}/check.json"]


def _sweep(case: Case, random: Random) -> None:
    case.files["image.elf"] = seeds()["image"][0].data
    case.words = ["sweep", case.add("sweep", "sweep.toml", random), "--jobs", "1"]
    if random.random() < 0.3:
        case.words += ["--csv", f"{FOLDER}/sweep.csv", "--json", f"{FOLDER}/sweep.json"]
    if random.random() < 0.3:
        case.words += ["--best", random.choice(("cycles", "flash", "none")), "--under", "ram=64K"]


def _validate(case: Case, random: Random) -> None:
    case.words = ["validate", "--images", FOLDER, "--catalog", case.add("catalogue", "catalogue", random)]
    case.add("image" if random.random() < 0.8 else "benchmark image", "image.elf", random)
    if random.random() < 0.3:
        case.words += ["--update-bands", f"{FOLDER}/bands.json"]
    if random.random() < 0.3:
        case.words += ["--json", f"{FOLDER}/report.json"]


def _validate_assembly(case: Case, random: Random) -> None:
    catalogue = case.add("assembly catalogue", "catalogue", random)
    case.words = ["validate", "--assembly", "--images", FOLDER, "--catalog", catalogue]
    case.add("kernels", "micro_kernels.elf", random)


def _build(case: Case, random: Random) -> None:
    case.words = ["build", "kws", "--model", case.add("model", "model.tflite", random)]
    case.words += ["--out", f"{FOLDER}/built.elf"]


def _build_options(case: Case, random: Random) -> None:
    case.words = ["build", "kws", "--out", f"{FOLDER}/built.elf", "--board", random.choice(BOARDS)]


def _build_board(case: Case, random: Random) -> None:
    board = case.add("board", "board.toml", random)
    case.words = ["build", "kws", "--out", f"{FOLDER}/built.elf", "--board", board]


def _calibrate(case: Case, random: Random) -> None:
    """Damaged boards and counts; the firmware is never built, as a compiler takes long."""
    board = case.add("board", "board.toml", random) if random.random() < 0.5 else random.choice(BOARDS)
    case.words = ["calibrate", board, "--elf", case.add("image", "image.elf", random)]
    case.words += ["--counts", case.add("counts", "counts.txt", random)]
    if random.random() < 0.3:
        case.words += ["--keep", random.choice(("flash.wait_states", "core.other_memory", "flash."))]


def _host(case: Case, random: Random) -> None:
    case.words = ["host", "--ports", case.add("ports", "ports.json", random), "true"]


def _synthetic(case: Case, _random: Random) -> None:
    case.program = "benches.synthetic.__main__"
    case.words = [f"{FOLDER}/made", "--benchmark", "kws", "--count", "2"]


def _assembly_build(case: Case, _random: Random) -> None:
    case.program = "benches.assembly.build"
    case.words = [FOLDER, f"{FOLDER}/made"]


def _picture(case: Case, random: Random) -> None:
    case.program = "benches.silicon.picture"
    case.words = [case.add("bands", "report.json", random), "-o", f"{FOLDER}/picture.svg"]


NO_SPEED = ("--repeat", "none")
"""A usage error, whatever else was given: what the speed bench measures takes long."""


def _speed(case: Case, _random: Random) -> None:
    case.program = "benches.speed.__main__"
    case.words = [*NO_SPEED]


TEMPLATES: tuple[tuple[Template, int], ...] = (
    (_run, 340), (_run_on_a_board, 150), (_learn, 10), (_serve, 25), (_boards, 130), (_new_board, 60),
    (_shipped_boards, 8),
    (_bench_image, 8), (_bench_files, 35), (_bench_board, 20), (_bench_streaming, 20), (_explain, 50),
    (_explain_inference, 6), (_profile, 30),
    (_report, 60), (_compare, 20), (_check, 40), (_validate, 60), (_validate_assembly, 60), (_build, 40),
    (_calibrate, 20), (_sweep, 20),
    (_build_options, 8), (_build_board, 6), (_host, 25),
    (_synthetic, 5), (_assembly_build, 5), (_speed, 10), (_picture, 5),
)  # fmt: skip


@cache
def _walked() -> list[Walked]:
    return parameters()


def make_case(number: int) -> Case:
    """The case of this number, always the same."""
    random = Random(number)
    template = random.choices([t for t, _ in TEMPLATES], [weight for _, weight in TEMPLATES])[0]
    case = Case(number, "", [])
    template(case, random)
    if case.whole and random.random() < 0.75:
        for file in random.sample(sorted(case.whole), k=random.choice((1, 1, 1, len(case.whole)))):
            case.files[file] = case.whole[file].mutate(case.files[file], random)
        if random.random() < 0.8:
            return case
    _change_words(case, random)
    if case.program == "benches.speed.__main__":
        case.words += NO_SPEED
    return case


def parameters_of(case: Case) -> list[Walked]:
    """What the case's command takes."""
    if case.program:
        module = case.program.removesuffix(".__main__") + "."
        return [
            item
            for item in _walked()
            if not item.words and f"{item.command.callback.__module__}.".startswith(module)
        ]
    return [item for item in _walked() if item.words == (case.words[0],)]


def _change_words(case: Case, random: Random) -> None:
    items = parameters_of(case)
    for _ in range(random.choice((1, 1, 2, 3))):
        way = random.random()
        if way < 0.08 and len(case.words) > 1:
            del case.words[random.randrange(1, len(case.words))]
        elif way < 0.12:
            case.words.insert(
                random.randrange(len(case.words) + 1), random.choice(("-h", "--no-such", "--", "x", ""))
            )
        elif items:
            _give(case, random.choice(items), random)


def _give(case: Case, item: Walked, random: Random) -> None:
    """Give a parameter a value: instead of the one that it has, or once more."""
    value = value_for(item, random, FOLDER)
    if isinstance(item.parameter, click.Argument):
        at = 1 if len(case.words) > 1 and not case.program else 0
        case.words[at : at + random.choice((0, 1))] = [value]
        return
    if item.parameter.is_flag:
        case.words.insert(random.randrange(0 if case.program else 1, len(case.words) + 1), item.option)
        return
    known = [at for at, word in enumerate(case.words[:-1]) if word == item.option]
    if known and random.random() < 0.9:
        case.words[known[0] + 1] = value
        return
    start = 0 if case.program else 1
    case.words[start:start] = [item.option, value]
