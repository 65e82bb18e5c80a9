"""What the timing models need to know of one Thumb instruction.

Register sets are bit masks: bit n is Rn for n in 0..15, :data:`FLAGS` is APSR,
:data:`FP_FLAGS` the flags of FPSCR, :data:`VECTOR_PREDICATION` VPR, and bit ``S_BASE + n`` is Sn (a
double register sets both of its singles, a vector its four).
"""

from __future__ import annotations

from enum import Enum, auto

import msgspec

SP, LR, PC = 13, 14, 15
FLAGS = 1 << 16
FP_FLAGS = 1 << 17
VECTOR_PREDICATION = 1 << 18
S_BASE = 32


class Kind(Enum):
    """Instruction classes that any core's timing tells apart."""

    ALU = auto()  # data processing, moves, extends, bit fields, adr
    ALU_SHIFT = auto()  # data processing with a shifted register operand (not a plain shift)
    MULTIPLY = auto()  # MUL
    MULTIPLY_ACCUMULATE = auto()  # MLA, MLS
    MULTIPLY_LONG = auto()  # SMULL, UMULL
    MULTIPLY_ACCUMULATE_LONG = auto()  # SMLAL, UMLAL, UMAAL
    DSP_MULTIPLY = auto()  # SMUAD, SMULxy, SMLAxy, SMLAD, SMMUL, SMLALD ...
    DSP = auto()  # SADD16, SEL, PKHBT, SSAT16, QADD, USAD8, SXTB16, SXTAB ...
    DIVIDE = auto()  # SDIV, UDIV
    LOAD = auto()  # LDR, LDRB, LDRH, LDRSB, LDRSH, LDRT, LDREX; also a literal (base PC)
    STORE = auto()
    LOAD_DOUBLE = auto()  # LDRD
    STORE_DOUBLE = auto()  # STRD
    LOAD_MULTIPLE = auto()  # LDM, POP
    STORE_MULTIPLE = auto()  # STM, PUSH
    BRANCH = auto()  # B, Bcc, CBZ, CBNZ
    CALL = auto()  # BL
    BRANCH_REGISTER = auto()  # BX, BLX Rm, MOV PC, ADD PC
    TABLE_BRANCH = auto()  # TBB, TBH
    IT = auto()
    NOP = auto()  # NOP, YIELD, SEV, hints
    WAIT = auto()  # WFI, WFE
    SYSTEM = auto()  # MRS, MSR, CPS, SVC, BKPT
    BARRIER = auto()  # DMB, DSB, ISB, CLREX
    PRELOAD = auto()  # PLD, PLI
    FP_ALU = auto()  # VADD, VSUB, VABS, VNEG, VCMP, VCVT, VMOV imm/reg
    FP_MULTIPLY = auto()  # VMUL, VNMUL
    FP_MAC = auto()  # VMLA, VMLS, VFMA, VFMS, VFNM*
    FP_DIVIDE = auto()  # VDIV, VSQRT
    FP_MOVE = auto()  # VMOV core<->S, VMRS, VMSR
    FP_LOAD = auto()  # VLDR
    FP_STORE = auto()  # VSTR
    FP_LOAD_MULTIPLE = auto()  # VLDM, VPOP
    FP_STORE_MULTIPLE = auto()  # VSTM, VPUSH
    LOOP = auto()  # DLS, WLS, LE and their tail-predicated forms, LCTP
    LONG_SHIFT = auto()  # ASRL, LSLL, LSRL, SQSHL, URSHRL ...
    VECTOR_ALU = auto()  # MVE: VADD, VAND, VSHR, VMOVN, VCADD ...
    VECTOR_MULTIPLY = auto()  # VMUL, VMLA, VQDMULH, VMULL ..., VFMA, VCVT, VRINT
    VECTOR_FLOAT = auto()  # VADD, VABS, VMAXNM, VCADD ... of floating point
    VECTOR_ACROSS = auto()  # VMLADAV, VADDV, VMAXV ...: a sum in core registers
    VECTOR_MOVE = auto()  # VDUP, VIDUP, VMOV of lanes and constants, VMSR and VMRS of VPR
    VECTOR_PREDICATE = auto()  # VPST, VPT, VCMP, VCTP, VPNOT
    VECTOR_LOAD = auto()  # VLDRB, VLD40 ...; without a memory: a gather, or interleaved
    VECTOR_STORE = auto()
    UNKNOWN = auto()  # undefined or not decoded

    __hash__ = object.__hash__  # each is one object; Enum's own goes through its name, in Python


ARMV81M = (
    Kind.LOOP, Kind.LONG_SHIFT, Kind.VECTOR_ALU, Kind.VECTOR_MULTIPLY, Kind.VECTOR_ACROSS, Kind.VECTOR_MOVE,
    Kind.VECTOR_FLOAT, Kind.VECTOR_PREDICATE, Kind.VECTOR_LOAD, Kind.VECTOR_STORE,
)  # fmt: skip
"""What no earlier architecture has."""


class MemoryAccess(msgspec.Struct, frozen=True, gc=False):
    """Where a load or store goes.

    ``R[base] + (R[index] << shift) + offset`` is the first (lowest) address; ``base`` 15
    means the word-aligned PC (address + 4).
    ``count`` transfers of ``size_bytes`` each, ascending. ``writeback`` is what is added
    to the base register afterwards, or None. ``add_index`` is always 1 in Thumb.
    """

    base: int
    offset: int
    size_bytes: int
    count: int
    is_store: bool
    index: int | None = None
    shift: int = 0
    writeback: int | None = None
    exclusive: bool = False


class Instruction(msgspec.Struct, frozen=True, gc=False):
    """One decoded instruction."""

    address: int
    size_bytes: int  # 2 or 4
    opcode: int  # 16 bit, or first half-word << 16 | second
    kind: Kind
    reads: int  # all registers read, address registers included
    writes: int  # all registers written, base write-back included
    condition: int | None = None  # of Bcc, or given by IT; None: always
    in_it_block: bool = False
    memory: MemoryAccess | None = None
    address_reads: int = 0  # the part of reads that forms an address
    accumulator_reads: int = 0  # the part of reads that is a MAC addend
    shifted_reads: int = 0  # the part of reads that goes through the shifter first
    store_reads: int = 0  # the part of reads that is store data
    load_writes: int = 0  # the part of writes that comes from memory
    target: int | None = None  # of a direct branch
    writes_pc: bool = False  # any way of leaving the straight line
    sets_flags: bool = False
    it_mask: int = 0  # of IT: firstcond << 4 | mask
    link: bool = False
    name: str = ""  # mnemonic without condition, lower case: "smlad", "ldrb"
    double_precision: bool = False
    immediate_shift: int = 0  # LSL amount of a plain shift-by-constant operand, else 0
    stores_register_offset: bool = False
    shifted_constant: bool = False  # a modified immediate that is a rotated byte
    element_bits: int = 0  # of a vector's elements

    @property
    def end(self) -> int:
        """Address of the next instruction in line."""
        return self.address + self.size_bytes

    @property
    def is_wide(self) -> bool:
        """A 32-bit encoding."""
        return self.size_bytes == 4


class Block(msgspec.Struct, frozen=True, gc=False):
    """A straight line of instructions as the engine met it: entered at ``address``, in ITSTATE ``it``."""

    address: int
    size_bytes: int
    instructions: tuple[Instruction, ...]
    it: int = 0

    @property
    def end(self) -> int:
        """Address after the last instruction: the fall-through."""
        return self.address + self.size_bytes
