"""Random programs of IT blocks with loads and stores, as bytes: what traps U1 and U2 are counted on.

A small encoder of 16-bit instructions, independent of any assembler. r7 points into RAM,
r6 to the device, r0-r5 hold data; every program ends at its last byte.
"""

from __future__ import annotations

from random import Random

from bare_unicorn import CODE, DEVICE, RAM, RAM_BYTES, run, set_r
from unicorn import Uc
from unicorn import arm_const as arm

STATEMENTS = 30


def random_program(random: Random) -> bytes:
    """About 100 instructions: IT blocks and straight code, flags changing, forward branches."""
    half_words: list[int] = []
    for _ in range(STATEMENTS):
        half_words.append(random.choice((_compare, _add_immediate))(random))
        if random.random() < 0.7:
            half_words += _it_block(random)
        if random.random() < 0.5:
            half_words.append(_memory(random))
        if random.random() < 0.3:
            half_words.append(0xD000 | random.randrange(14) << 8)  # bCC over one instruction
            half_words += [_add_immediate(random), _add_immediate(random)]
    half_words.append(0xBF00)
    return b"".join(h.to_bytes(2, "little") for h in half_words)


def _it_block(random: Random) -> list[int]:
    condition = random.randrange(14)
    length = random.randint(1, 4)
    mask = 1 << (4 - length)
    for position in range(1, length):
        mask |= random.randrange(2) << (4 - position)
    body = [random.choice((_memory, _memory, _compare, _add_immediate))(random) for _ in range(length)]
    return [0xBF00 | condition << 4 | mask, *body]


def _compare(random: Random) -> int:
    return 0x2800 | random.randrange(6) << 8 | random.randrange(256)  # cmp rN, #imm8


def _add_immediate(random: Random) -> int:
    return 0x3000 | random.randrange(6) << 8 | random.randrange(256)  # adds rN, #imm8 (add in IT)


def _memory(random: Random) -> int:
    """str, ldr, strb, ldrb, strh or ldrh rN, [r7 or r6, #offset]."""
    opcode = random.choice((0x6000, 0x6800, 0x7000, 0x7800, 0x8000, 0x8800))
    base = random.choice((7, 7, 6))
    return opcode | random.randrange(32) << 6 | base << 3 | random.randrange(6)


def outcome(uc: Uc, program: bytes, seed: int) -> tuple[object, ...]:
    """Run from a state drawn from ``seed``: registers, flags, memory, and what went wrong."""
    random = Random(seed)
    uc.mem_write(CODE, program)
    uc.ctl_remove_cache(CODE, CODE + len(program))
    uc.mem_write(RAM, random.randbytes(256))
    set_r(uc, **{f"r{n}": random.randrange(256) for n in range(6)}, r6=DEVICE, r7=RAM)
    uc.reg_write(arm.UC_ARM_REG_CPSR, 0x20 | random.randrange(16) << 28)
    error = run(uc, until=CODE + len(program))
    registers = tuple(uc.reg_read_batch([arm.UC_ARM_REG_R0 + n for n in range(8)]))
    return registers, uc.reg_read(arm.UC_ARM_REG_CPSR), bytes(uc.mem_read(RAM, RAM_BYTES)), str(error)
