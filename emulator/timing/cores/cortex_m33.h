/* Cortex-M33, against a scoreboard. Twin: cortex_m33.py, which says why; figures come from there.
 *
 * Decoded.extra: cycles more for flags from the second stage.
 */
#ifndef BOARDLESS_CORTEX_M33_H
#define BOARDLESS_CORTEX_M33_H

#include <stdint.h>
#include <string.h>

#include "scoreboard.h"
#include "step.h"

enum { M33_LATE_BUT_SHIFTED = 1 << 0 }; /* Decoded.traits: all but the shifted operand is needed late */

typedef struct { int32_t accumulate_at; } M33Rules;

typedef struct { Pending pending; int32_t fp_busy; uint8_t open_slot, set_flags, pad[2]; } M33State;

static inline int m33_shares_cycle(const M33State *s, const Decoded *i, int runs) {
    if (!s->open_slot || i->size_bytes == 4) return 0;
    if (i->flags & SUITS_OPEN_SLOT) return 1;
    return i->flags & IS_BRANCH && (!runs || !s->set_flags);
}

static inline int32_t m33_wait(const M33Rules *rules, const Scoreboard *board, const M33State *s, const Decoded *i,
                               int32_t now) {
    uint64_t late = i->accumulator_reads | i->store_reads;
    int32_t cycle = now;
    if (i->traits & M33_LATE_BUT_SHIFTED) {
        late = i->reads & ~i->shifted_reads;
        wait_for_source(&cycle, board, late, FROM_LOAD, 0);
    }
    wait_for_operands(&cycle, board, i->reads & ~late, 0);
    wait_for_operands(&cycle, board, late, rules->accumulate_at);
    if (i->flags & IS_FLOATING) wait_until(&cycle, s->fp_busy);
    return cycle;
}

static inline void m33_publish(Scoreboard *board, const Decoded *i, int32_t issued, int32_t done) {
    const uint64_t flags = 1ull << FLAGS_BIT;
    if (i->load_writes && i->flags & IS_MEMORY) {
        uint64_t last = 1ull << (63 - __builtin_clzll(i->load_writes));
        board_publish(board, i->writes & ~i->load_writes, issued + 1, FROM_RESULT);
        board_publish(board, i->load_writes & ~last, done, FROM_RESULT);
        board_publish(board, last, done - 1 + i->latency, FROM_LOAD);
        return;
    }
    board_publish(board, i->writes & ~flags, issued + i->latency, FROM_RESULT);
    if (i->flags & SETS_FLAGS) board_publish(board, flags, issued + i->flags_latency, FROM_RESULT);
}

static inline void m33_instruction(const M33Rules *rules, Scoreboard *board, M33State *s, const Decoded *i, int runs,
                                   StepResult *step) {
    if (m33_shares_cycle(s, i, runs)) {
        issue(step, 0);
        s->open_slot = 0;
        return;
    }
    if (runs) step->cycles = m33_wait(rules, board, s, i, step->cycles);
    issue(step, 0);
    s->open_slot = i->size_bytes == 2;
    s->set_flags = (i->flags & SETS_FLAGS) != 0;
    if (!runs) {
        step->cycles++;
        return;
    }
    int32_t issued = step->cycles;
    step->cycles += i->cycles + i->extra;
    m33_publish(board, i, issued, step->cycles);
    if (i->flags & IS_FLOATING) s->fp_busy = issued + i->occupies;
}

static inline int m33_step(const M33Rules *rules, M33State *state, const Line *line, uint32_t edge, StepResult *step) {
    Scoreboard board;
    M33State s = *state;
    board_begin(&board, &state->pending);
    for (uint32_t k = 0; k < line->n; k++) {
        const Decoded *i = &line->instructions[k];
        int taken = is_taken(i, edge);
        m33_instruction(rules, &board, &s, i, is_run(i, edge), step);
        if (!taken) continue;
        step->cycles += i->refill;
        s.open_slot = 0;
    }
    s.fp_busy = at_least_zero(s.fp_busy - step->cycles);
    if (step->cycles >= LATEST_CYCLE || !board_freeze(&board, step->cycles, &s.pending)) return 0;
    *state = s;
    return 1;
}

#endif
