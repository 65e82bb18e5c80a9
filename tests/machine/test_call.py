"""machine.call: arguments and results as the compiler has them, and a machine that is left as it was."""

from __future__ import annotations

import array
import ctypes
import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from boardless import GuestFault, LimitReached, Machine, StopReason, UsageError
from tests.machine.called import CORES, build

Loaded = Callable[..., Machine]


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """``load({"a.c": source}, core)``: a machine with those files compiled and loaded."""

    def load(files: dict[str, str] | str, core: str = "cortex-m4", hook: str = "auto") -> Machine:
        sources = {"code.c": files} if isinstance(files, str) else files
        board, elf = build(tmp_path_factory.mktemp("called"), sources, core)
        machine = Machine(board, hook=hook)
        machine.load(elf)
        return machine

    return load


# -- arguments and results -----------------------------------------------------------------------
TYPES: dict[str, tuple[str, str, Callable[[random.Random], Any]]] = {
    # C type: (member of the union, struct code, value)
    "int": ("i", "i", lambda r: r.randint(-(2**31), 2**31 - 1)),
    "unsigned": ("u", "I", lambda r: r.randint(0, 2**32 - 1)),
    "long long": ("l", "q", lambda r: ctypes.c_int64(r.randint(-(2**63), 2**63 - 1))),
    "unsigned long long": ("m", "Q", lambda r: np.uint64(r.randint(0, 2**64 - 1))),
    "short": ("h", "h", lambda r: np.int16(r.randint(-(2**15), 2**15 - 1))),
    "unsigned char": ("c", "B", lambda r: ctypes.c_uint8(r.randint(0, 255))),
    "_Bool": ("b", "?", lambda r: r.random() < 0.5),
    "float": ("f", "f", lambda r: r.randint(-(2**20), 2**20) / 64),
    "double": ("d", "d", lambda r: ctypes.c_double(r.uniform(-1e9, 1e9))),
}
UNION = (
    "volatile union { int i; unsigned u; long long l; unsigned long long m; short h; unsigned char c;"
    " _Bool b; float f; double d; } seen[20];\n"
)
PROTOTYPES = 40


def prototypes(seed: int) -> list[list[str]]:
    chance = random.Random(seed)
    return [chance.choices(list(TYPES), k=chance.randint(0, 20)) for _ in range(PROTOTYPES)]


def takers(seed: int) -> str:
    """Functions that store each of their arguments, by random prototypes."""
    functions = []
    for number, types in enumerate(prototypes(seed)):
        parameters = ", ".join(f"{kind} a{n}" for n, kind in enumerate(types)) or "void"
        body = " ".join(f"seen[{n}].{TYPES[kind][0]} = a{n};" for n, kind in enumerate(types))
        functions.append(f"int take{number}({parameters}) {{ {body} return {number}; }}")
    return UNION + "\n".join(functions)


@pytest.mark.parametrize("core", CORES)
def test_the_compiler_finds_every_argument(load: Loaded, core: str) -> None:
    seed = sum(core.encode())
    machine = load(takers(seed), core)
    chance = random.Random(seed)
    for number, types in enumerate(prototypes(seed)):
        values = [TYPES[kind][2](chance) for kind in types]
        assert machine.call(f"take{number}", *values).value == number
        for n, (kind, value) in enumerate(zip(types, values, strict=True)):
            plain = getattr(value, "value", value)
            (seen,) = struct.unpack_from(
                f"<{TYPES[kind][1]}", machine.read_memory(machine.symbol("seen").address + 8 * n, 8)
            )
            assert seen == plain, (number, types, n)


RESULTS = """
signed char r_int8(int x) { return (signed char)x; }
unsigned char r_uint8(int x) { return (unsigned char)x; }
short r_int16(int x) { return (short)x; }
unsigned short r_uint16(int x) { return (unsigned short)x; }
int r_int32(int x) { return x; }
unsigned r_uint32(unsigned x) { return x; }
long long r_int64(long long x) { return x; }
unsigned long long r_uint64(unsigned long long x) { return x; }
_Bool r_bool(int x) { return x; }
float r_float(float x) { return x; }
double r_double(double x) { return x; }
int count; void r_void(void) { count++; }
"""


@pytest.mark.parametrize("core", CORES)
def test_results(load: Loaded, core: str) -> None:
    machine = load(RESULTS, core)
    assert machine.call("r_int8", -3, returns="int8").value == -3
    assert machine.call("r_uint8", -3, returns="uint8").value == 253
    assert machine.call("r_int16", -3, returns="int16").value == -3
    assert machine.call("r_uint16", -3, returns="uint16").value == 0xFFFD
    assert machine.call("r_int32", -3).value == -3
    assert machine.call("r_uint32", 0xFFFFFFFD, returns="uint32").value == 0xFFFFFFFD
    assert machine.call("r_int64", ctypes.c_int64(-5 << 40), returns="int64").value == -5 << 40
    assert machine.call("r_uint64", np.uint64(2**64 - 1), returns="uint64").value == 2**64 - 1
    assert machine.call("r_bool", 7, returns="bool").value is True
    assert machine.call("r_bool", 0, returns="bool").value is False
    assert machine.call("r_float", 0.375, returns="float").value == 0.375
    assert machine.call("r_double", ctypes.c_double(0.1), returns="double").value == 0.1
    nothing = machine.call("r_void", returns=None)
    assert nothing.value is None
    assert nothing.counts.instructions > 0
    with pytest.raises(UsageError, match=r"unknown result type 'int'[\s\S]*int32"):
        machine.call("r_int32", 1, returns="int")  # type: ignore[call-overload]


def test_the_option_overrules_the_image(load: Loaded) -> None:
    """A variadic function takes floating point in core registers, whatever the image's variant."""
    source = "int first(float x, ...) { union { float f; int i; } u = {x}; return u.i; }"
    machine = load(source)
    assert machine.call("first", 1.5, float_abi="soft").value == 0x3FC00000
    with pytest.raises(UsageError, match='use "hard" or "soft"'):
        machine.call("first", 1.5, float_abi="softfp")  # type: ignore[call-overload]


def test_an_image_without_attributes_does_not_say(load: Loaded, tmp_path: Path) -> None:
    machine = load(RESULTS)
    address = machine.symbol("r_float").address
    end = max(s.end for s in machine.image.segments)  # type: ignore[union-attr]
    (tmp_path / "raw.bin").write_bytes(machine.read_memory(0, end))
    machine.load(tmp_path / "raw.bin", base=0)
    with pytest.raises(UsageError, match='give float_abi="hard"'):
        machine.call(address, 1.5, returns="float")
    assert machine.call(address, 1.5, returns="float", float_abi="hard").value == 1.5
    with pytest.raises(UsageError, match="no symbols to find 'r_float'"):
        machine.call("r_float", 1.5)


def test_soft_cores_have_no_s_registers(load: Loaded) -> None:
    with pytest.raises(UsageError, match="no s0 to s15"):
        load(RESULTS, "cortex-m3").call("r_float", 1.5, float_abi="hard")


# -- bytes --------------------------------------------------------------------------------------
BUFFERS = """
unsigned sum(const unsigned char *p, unsigned n) { unsigned s = 0; while (n--) s += *p++; return s; }
void negate(int *p, unsigned n) { while (n--) { *p = -*p; p++; } }
void scale(double *p, unsigned n) { for (; n--; p++) *(long long *)p += 1LL << 52; }  // to the double
int same(const void *a, const void *b) { return a == b; }
unsigned address(const void *a) { return (unsigned)a; }
unsigned both(const void *a, const void *b) { return (unsigned)b - (unsigned)a; }
int own[4] = {1, 2, 3, 4};
int twice(int x) { return 2 * x; } int apply(int (*f)(int), int x) { return f(x); }
"""


def test_bytes_go_in_and_come_back(load: Loaded) -> None:
    machine = load(BUFFERS)
    data = bytes(range(200))
    assert machine.call("sum", data, len(data)).value == sum(data)
    assert data == bytes(range(200))
    numbers = np.arange(-5, 5, dtype=np.int32)
    machine.call("negate", numbers, 10, returns=None)
    assert numbers.tolist() == list(range(5, -5, -1))
    table = np.ones((2, 3))
    machine.call("scale", table, 6, returns=None)
    assert table.tolist() == [[2.0] * 3] * 2
    words = array.array("i", [1, -2])
    machine.call("negate", words, 2, returns=None)
    assert words.tolist() == [-1, 2]
    own = (ctypes.c_int32 * 3)(4, 5, 6)
    machine.call("negate", own, 3, returns=None)
    assert list(own) == [-4, -5, -6]
    raw = bytearray(struct.pack("<2i", 7, 8))
    machine.call("negate", memoryview(raw)[4:], 1, returns=None)
    assert struct.unpack("<2i", raw) == (7, -8)
    numbers.flags.writeable = False
    machine.call("negate", numbers, 10, returns=None)
    assert numbers[0] == 5


def test_one_object_is_one_copy_and_copies_are_aligned(load: Loaded) -> None:
    machine = load(BUFFERS)
    buffer, equal = bytearray(5), bytearray(5)
    assert machine.call("same", buffer, buffer).value == 1
    assert machine.call("same", buffer, equal).value == 0
    assert machine.call("both", buffer, equal).value == 8
    assert machine.call("address", buffer).value % 8 == 0
    assert machine.call("same", None, 0).value == 1
    assert machine.call("same", machine.symbol("own"), machine.symbol("own").address).value == 1
    assert machine.call("apply", machine.symbol("twice"), 21).value == 42
    assert machine.call(machine.symbol("twice"), 21).value == 42
    assert machine.call(machine.symbol("twice").address | 1, 21).value == 42


def test_copies_lie_below_the_stack_pointer_or_where_one_says(load: Loaded) -> None:
    machine = load(BUFFERS)
    assert machine.core.get("sp") == 0x20008000
    assert machine.call("address", bytes(12), returns="uint32").value == 0x20008000 - 16
    assert machine.call("address", bytes(12), scratch=0x20010001, returns="uint32").value == 0x20010008
    with pytest.raises(
        UsageError, match=r"40,000 bytes below the stack pointer 0x20008000, where 32,[\s\S]*scratch="
    ):
        machine.call("sum", bytes(40_000), 40_000)
    assert machine.call("sum", b"\1" * 40_000, 40_000, scratch=0x20010000).value == 40_000
    with pytest.raises(UsageError, match="is not in one RAM"):
        machine.call("sum", b"\1", 1, scratch=0x100)
    machine.core.set("sp", 0)
    with pytest.raises(UsageError, match="stack pointer 0x00000000 is not in RAM"):
        machine.call("sum", b"\1", 1)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        (2**32, r"argument 1: 4294967296 does not fit into 32 bits[\s\S]*ctypes.c_int64"),
        (-(2**31) - 1, "does not fit into 32 bits"),
        ("text", r"can't be passed[\s\S]*b\"text\\0\""),
        ([1, 2], r"list \[1, 2\] can't be passed[\s\S]*NumPy array"),
        (1e39, r"too large for a float[\s\S]*c_double"),
        (np.arange(4)[::2], r"ascontiguousarray"),
        (np.array([object()]), "objects or pointers of this Python"),
        (np.float16(1), "can't be passed"),
        (1j, "can't be passed"),
        (np.array(1, dtype=">i4"), "can't be passed"),
    ],
)  # fmt: skip
def test_what_can_not_be_passed(load: Loaded, argument: Any, message: str) -> None:
    machine = load(BUFFERS)
    with pytest.raises(UsageError, match=message):
        machine.call("sum", argument, 0)


# -- names --------------------------------------------------------------------------------------
CPLUSPLUS = """
namespace ml { struct Model { int run(int x); };
int Model::run(int x) { return x + 1; }
int twice(int x) { return 2 * x; } float twice(float x) { return x + x; }
template <class T> T half(T x) { return x / 2; } template int half<int>(int); }
"""


def test_cplusplus_names(load: Loaded) -> None:
    machine = load({"model.cpp": CPLUSPLUS})
    for name in ("_ZN2ml5Model3runEi", "ml::Model::run", "ml::Model::run(int)", "model.cpp:ml::Model::run"):
        assert machine.call(name, 0, 41).value == 42, name
    assert machine.call("ml::twice(int)", 21).value == 42
    assert machine.call("ml::twice( float )", 0.5, returns="float").value == 1.0
    assert machine.call("ml::half<int>", 84).value == 42
    with pytest.raises(
        UsageError, match=r"2 functions are named 'ml::twice'[\s\S]*twice\(int\)[\s\S]*twice\(float\)"
    ):
        machine.call("ml::twice", 1)
    with pytest.raises(
        UsageError, match=r"no function 'ml::Model::ran'[\s\S]*did you mean ml::Model::run\(int\)"
    ):
        machine.call("ml::Model::ran", 1)
    with pytest.raises(UsageError, match=r"did you mean ml::half<int>|int ml::half<int>\(int\)"):
        machine.call("half<int>", 1)


def test_one_name_in_several_files(load: Loaded) -> None:
    one = "static int which(void) { return 1; } int call_one(void) { return which(); }"
    two = "static int which(void) { return 2; } int call_two(void) { return which(); } int datum = 5;"
    machine = load({"one.c": one, "two.c": two})
    with pytest.raises(
        UsageError, match=r"2 functions are named 'which'[\s\S]*\(one.c\)[\s\S]*\(two.c\)[\s\S]*file.c:name"
    ):
        machine.call("which")
    assert machine.call("one.c:which").value == 1
    assert machine.call("two.c:which").value == 2
    with pytest.raises(UsageError, match="datum is data"):
        machine.call("datum")
    with pytest.raises(UsageError, match=r"no function 'call_on'[\s\S]*did you mean call_one"):
        machine.call("call_on")
    with pytest.raises(UsageError, match="no memory at 0x70000000"):
        machine.call(0x70000000)
    with pytest.raises(UsageError, match="no image is loaded"):
        Machine("virtual-m4").call("main")


# -- functions that do not return ------------------------------------------------------------------
ENDLESS = r"""
#define REG(a) (*(volatile unsigned *)(a))
void spin(void) { for (volatile int n = 0;; n++) { } }
void wait(void) { for (;;) { __asm__ volatile("wfi"); } }
int crash(int *p) { return *p; }
void reset(void) { REG(0xE000ED0C) = 0x05FA0004; for (;;) { } }
void leave(void) { register int a __asm__("r0") = 0x18; register int b __asm__("r1") = 0x20026;
                   __asm__ volatile("bkpt 0xAB" : : "r"(a), "r"(b)); for (;;) { } }
int fine(void) { return 5; }
"""


def test_a_function_that_does_not_return(load: Loaded) -> None:
    machine = load(ENDLESS)
    start = machine.snapshot()
    with pytest.raises(
        LimitReached, match=r"spin did not return within 1,000 cycles[\s\S]*max_cycles"
    ) as limit:
        machine.call("spin", max_cycles=1000)
    assert limit.value.where.startswith("0x") and "code.c" in limit.value.where
    assert "spin" in machine.where()
    machine.restore(start)
    with pytest.raises(LimitReached, match="wait did not return: it waits for what does not come"):
        machine.call("wait")
    machine.restore(start)
    with pytest.raises(GuestFault) as fault:
        machine.call("crash", 0x70000000)
    assert "0x70000000" in fault.value.report
    assert "crash+" in fault.value.where
    machine.restore(start)
    with pytest.raises(LimitReached, match="the board was reset meanwhile"):
        machine.call("reset")
    machine.restore(start)
    with pytest.raises(LimitReached, match="it ended the program"):
        machine.call("leave")
    assert machine.exit_code == 0
    assert machine.call("fine").value == 5
    assert machine.exit_code == 0


# -- what is left behind ---------------------------------------------------------------------------
CLOBBER = """
int clobber(int n) {
  __asm__ volatile("mov r2, r1\\n mov r3, r1\\n mov r12, r1\\n cmp r1, r1" : : : "r2", "r3", "r12", "cc");
  %s
  return n;
}
void mask(void) { __asm__ volatile("cpsid i"); }
unsigned stack(void) { unsigned sp; __asm__ volatile("mov %%0, sp" : "=r"(sp)); return sp; }
int read_psp_use(void) { int c; __asm__ volatile("mrs %%0, control" : "=r"(c)); return c; }
"""
FLOATING = 'float x = n; __asm__ volatile("vmov s15, %0\\n vmov s4, %0" : : "t"(x) : "s15", "s4");'
NAMES = (*(f"r{n}" for n in range(13)), "sp", "lr", "pc", "xpsr", "primask", "control", "msp", "psp")
NPRIV, SPSEL = 1, 2


def everything(machine: Machine) -> dict[str, int]:
    values = {name: machine.core.get(name) for name in NAMES}
    if machine.core.has_fpu:
        values |= {name: machine.core.get(name) for name in (*(f"s{n}" for n in range(32)), "fpscr")}
    return values


def scramble(machine: Machine, control: int, exception: int) -> None:
    """Registers as a firmware in the midst of its work has them."""
    core = machine.core
    for n in range(13):
        core.set(f"r{n}", 0x1000 + n)
    if core.has_fpu:
        for n in range(32):
            core.set(f"s{n}", 0x3F800000 + n)
    core.set("xpsr", 0xA1000000)
    core.set("lr", 0x123)
    core.set("psp", core.get("sp") - 0x3FFC)
    core.set("sp", core.get("sp") - 0x104)
    core.set("primask", 1)
    if exception:
        core.set("ipsr", exception)
        core.set("control", control & NPRIV)
    else:
        core.set("control", control)


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize(
    ("control", "exception"), [(0, 0), (SPSEL, 0), (SPSEL | NPRIV, 0), (0, 15), (NPRIV, 15)],
    ids=["thread", "process stack", "unprivileged", "handler", "handler of an unprivileged thread"],
)  # fmt: skip
def test_every_register_is_put_back(load: Loaded, core: str, control: int, exception: int) -> None:
    if core == "cortex-m0":
        control &= ~NPRIV  # Unicorn's M0 is always privileged
    floating = FLOATING if core in ("cortex-m4", "cortex-m7", "cortex-m33") else ""
    machine = load(CLOBBER % floating, core)
    scramble(machine, control, exception)
    before = everything(machine)
    assert machine.call("clobber", 5).value == 5
    assert everything(machine) == before
    assert machine.call("read_psp_use").value & SPSEL == (control & SPSEL if not exception else 0)
    machine.call("mask", returns=None, interrupts=False)
    assert everything(machine) == before
    assert before["sp"] % 8 == 4, "as between two calls of a function that has pushed one register"
    assert machine.call("stack").value == before["sp"] - 4


# -- the same whenever it is called ------------------------------------------------------------------
WORK = r"""
volatile unsigned result, flag, ticks;
#define REG(a) (*(volatile unsigned *)(a))
float mix(float x, int n) { while (n--) x = x * 0.75f + (n & 3 ? 1.5f : -0.25f); return x; }
unsigned hash(const unsigned char *p, unsigned n) {
  unsigned h = 5;
  while (n--) h = h * 33 ^ *p++;
  return h % 1009;
}
void at_page_end(void); // stops come between its two halves, with conditions that do not hold left
__asm__(".section .text.page, \"ax\"\n .balign 4096\n .skip 4088\n .global at_page_end\n .thumb_func\n"
        "at_page_end: cmp r0, r0\n ittee eq\n addeq r1, r1, #1\n addeq r2, r2, #1\n"
        "addne r3, r3, #1\n addne r3, r3, #2\n bx lr\n .text");
void divide(void); // stops come while the division is under way
__asm__(".global divide\n .thumb_func\n divide: vdiv.f32 s0, s0, s1\n cbz r0, 1f\n vadd.f32 s0, s0, s1\n"
        "cbz r0, 1f\n 1: bx lr");
void on_tick(void) { ticks++; }
void main(void) {
  float x = 1;
  for (unsigned n = 0; n < 300; n++) {
    x = mix(x, n & 7);
    at_page_end();
    divide();
    result = result * 31 + (unsigned)(int)(x * 64);
  }
  flag = 1;
  for (;;) __asm__ volatile("wfi");
}
void start_ticking(void) { REG(0xE000E014) = 99; REG(0xE000E010) = 7; }
unsigned slow(unsigned n) { unsigned sum = 0; while (n--) sum += n ^ 5; return sum; }
"""
TEXT = bytes(range(100))
IT_BITS = 0x0600FC00  # of xPSR


def measured(machine: Machine) -> list[Any]:
    mixed = machine.call("mix", 0.5, 20, returns="float")
    hashed = machine.call("hash", TEXT, len(TEXT), returns="uint32")
    return [hashed.value, hashed.counts, mixed.value, mixed.counts]


def variable(machine: Machine, name: str) -> int:
    return int.from_bytes(machine.read_memory(machine.symbol(name).address, 4), "little")


def finish(machine: Machine) -> tuple[int, int]:
    """Run to the end of the work; the result, and the cycles that it took."""
    before = machine.counts.cycles
    assert machine.run() is StopReason.IDLE
    assert variable(machine, "flag") == 1
    return variable(machine, "result"), machine.counts.cycles - before


@pytest.mark.parametrize("hook", ["native", "python"])
def test_the_same_at_once_and_after_anything(load: Loaded, hook: str) -> None:
    """On a board without caches the cycles too, to the last one; and the firmware does not notice."""
    machine = load(WORK, hook=hook)
    start = machine.snapshot()
    wanted = finish(machine)
    machine.restore(start)
    expected = measured(machine)
    assert expected[0] == hash_of(TEXT)
    assert measured(machine) == expected
    spent, inside_it, busy = 0, 0, 0
    for cycles in (*[1] * 120, 7, 50, 333, 1000, 5000):
        called = machine.counts
        machine.run(max_cycles=cycles)
        spent += (machine.counts - called).cycles
        inside_it += bool(machine.core.get("xpsr") & IT_BITS)
        busy += machine.hook.state != machine.engine.automaton.initial
        assert measured(machine) == expected, machine
    assert inside_it, "no stop was between two blocks of one IT block"
    assert busy > inside_it, "no stop was while a division was under way"
    result, rest = finish(machine)
    assert (result, spent + rest) == wanted
    assert measured(machine) == expected, "asleep"


def hash_of(data: bytes) -> int:
    value = 5
    for byte in data:
        value = (value * 33 & 0xFFFFFFFF) ^ byte
    return value % 1009


def test_caches_are_as_they_were_left() -> None:
    """As on the board: a second call finds what the first has fetched. A snapshot holds that, too."""
    image = Path(__file__).parents[2] / "benches/images/kws-nucleo-l4r5zi.elf"
    machine = Machine("nucleo-l4r5zi")
    machine.load(image)
    machine.run(until="m-ready")
    ready = machine.snapshot()
    first, second, third = (
        machine.call("crc32", TEXT, 100, returns="uint32").counts.cycles for _ in range(3)
    )
    assert first > second == third
    machine.restore(ready)
    assert machine.call("crc32", TEXT, 100, returns="uint32").counts.cycles == first


def test_interrupts_are_counted_unless_masked(load: Loaded) -> None:
    machine = load(WORK)
    alone = machine.call("slow", 500).counts
    machine.call("start_ticking", returns=None)
    with_ticks = machine.call("slow", 500)
    assert variable(machine, "ticks") > 10
    assert with_ticks.counts.instructions > alone.instructions
    masked = machine.call("slow", 500, interrupts=False)
    assert masked.counts == alone
    assert masked.value == with_ticks.value
    assert machine.core.get("primask") == 0
