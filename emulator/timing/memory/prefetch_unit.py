"""The Cortex-M7's prefetch unit without an instruction cache: what waits for a word over AXI.

Twin: prefetch_unit.h.

Without the instruction cache the prefetch unit keeps one line. It asks for the rest of a line,
``bus_cycles`` and one for each 64-bit word if the memory is fast enough, and finds the words of
the line that it keeps without a wait. Its queue holds four words, so it asks for the next line as
soon as the last one is in and the first word of this line has left the queue. A branch that is not
predicted by the branch target cache finds it there: a line that was asked for comes in to its end
before the target's can be asked for; asking in the very cycle of the redirection costs 1.
Source: the twelve placements of a two-instruction loop in dwelch67/stm32_samples
NUCLEO-F767ZI/perf01. Approximated: with the branch target cache on, nothing is asked for behind a
taken branch; a wrong prediction asks for nothing.
"""

from __future__ import annotations

from emulator.timing.memory.level_one import BEAT_SHIFT
from emulator.timing.memory.port import Port

LINE_SHIFT = 5
LAST_WORD = (1 << (LINE_SHIFT - BEAT_SHIFT)) - 1
FETCH_TO_ISSUE = 4
"""Cycles from a word's fetch to the issue of what is in it: a turn of a two-instruction loop from
DTCM without branch prediction (dwelch67/stm32_samples NUCLEO-F767ZI/perf01: 4.0)."""
QUEUE_LEAD = 8
"""What a block's account of the prefetch queue is ahead of the cycle it tells of: all are positive."""


def word_fetched(port: Port, word: int) -> int:
    """The cycle in which a word of the line that was asked for last comes in, one in each cycle at best."""
    shift = max(port.read_shift, BEAT_SHIFT) - BEAT_SHIFT
    read = word >> shift
    reads = read - (port.line_first >> shift) + 1
    begun = max(port.line_first, read << shift)
    return port.line_ready + reads * (port.wait_states + 1) - 1 + word - begun


def ask_line(port: Port, line: int, word: int, asked: int) -> None:
    """Ask for a line from ``word`` to its end, when the memory is free."""
    port.held_instruction, port.line_first = line + 1, word
    port.line_ready = max(asked, port.busy_until) + port.bus_cycles
    port.busy_until = word_fetched(port, LAST_WORD) + 1


def fetch_word(port: Port, address: int, t: int, *, jumped: bool) -> int:
    """Stall cycles of what issues at ``t`` and is fetched without an instruction cache."""
    line, word = address >> LINE_SHIFT, address >> BEAT_SHIFT & LAST_WORD
    enters = jumped or word <= port.entered_word
    if port.held_instruction != line + 1 or word < port.line_first:
        straight = not jumped and word == 0 and port.held_instruction == line
        ask_line(port, line, word, port.entered - port.entered_word if straight else t - FETCH_TO_ISSUE)
        enters = True
    issue = max(t, word_fetched(port, word) + FETCH_TO_ISSUE)
    if enters:
        port.entered, port.entered_word = issue, word
    return issue - t


def run_ahead(port: Port, end: int, left: int, t: int) -> int:
    """Cycles that a taken branch pays for what was fetched behind it.

    ``end``: the address behind the branch, which left the queue in cycle ``left``; ``t``: when the
    target would issue. The next line is asked for when the first word of the branch's own has
    left the queue of four.
    """
    line, word = (end - 1) >> LINE_SHIFT, (end - 1) >> BEAT_SHIFT & LAST_WORD
    if port.held_instruction != line + 1:
        return 0
    decided = t - FETCH_TO_ISSUE - 1
    asked = max(port.busy_until, port.entered - port.entered_word, 0 if word else left)
    if asked < decided:
        ask_line(port, line + 1, 0, asked)
    return int(asked == decided)
