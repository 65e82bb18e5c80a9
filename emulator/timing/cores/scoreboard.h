/* Which results are still under way. Twin: scoreboard.py. */
#ifndef BOARDLESS_SCOREBOARD_H
#define BOARDLESS_SCOREBOARD_H

#include <stdint.h>
#include <string.h>

#define BOARD_REGISTERS 64
#define MOST_PENDING_CYCLES 255

enum { FROM_RESULT, FROM_LOAD, FROM_MAC, FROM_ANY }; /* Source; the last one: asked of any */

typedef struct { uint8_t cycles[BOARD_REGISTERS], sources[BOARD_REGISTERS]; } Pending; /* cycles: 0: none */

typedef struct {
    uint64_t present;
    int32_t cycles[BOARD_REGISTERS];
    uint8_t sources[BOARD_REGISTERS];
} Scoreboard;

static inline void board_begin(Scoreboard *b, const Pending *pending) {
    b->present = 0;
    for (uint32_t r = 0; r < BOARD_REGISTERS; r++) {
        if (!pending->cycles[r]) continue;
        b->present |= 1ull << r;
        b->cycles[r] = pending->cycles[r];
        b->sources[r] = pending->sources[r];
    }
}

static inline void board_publish(Scoreboard *b, uint64_t mask, int32_t cycle, uint8_t source) {
    for (b->present |= mask; mask; mask &= mask - 1) {
        int r = __builtin_ctzll(mask);
        b->cycles[r] = cycle;
        b->sources[r] = source;
    }
}

#define NO_CYCLE INT32_MIN

/* The cycle of the register of a mask, from a source, that comes last; NO_CYCLE: none is under way. */
static inline int32_t board_latest(const Scoreboard *b, uint64_t mask, uint8_t source) {
    int32_t latest = NO_CYCLE;
    for (mask &= b->present; mask; mask &= mask - 1) {
        int r = __builtin_ctzll(mask);
        if ((source == FROM_ANY || b->sources[r] == source) && b->cycles[r] > latest) latest = b->cycles[r];
    }
    return latest;
}

/* What matters after a cycle, counted from there; 0: it is too far away. */
static inline int board_freeze(const Scoreboard *b, int32_t now, Pending *pending) {
    memset(pending, 0, sizeof *pending);
    for (uint64_t mask = b->present; mask; mask &= mask - 1) {
        int r = __builtin_ctzll(mask);
        if (b->cycles[r] <= now) continue;
        if (b->cycles[r] - now > MOST_PENDING_CYCLES) return 0;
        pending->cycles[r] = (uint8_t)(b->cycles[r] - now);
        pending->sources[r] = b->sources[r];
    }
    return 1;
}

static inline void wait_until(int32_t *cycle, int32_t until) {
    if (until > *cycle) *cycle = until;
}

/* Wait for the registers in a mask that come from a source, needed some cycles after issue. */
static inline void wait_for_source(int32_t *cycle, const Scoreboard *b, uint64_t mask, uint8_t source, int32_t needed_at) {
    int32_t latest = board_latest(b, mask, source);
    if (latest != NO_CYCLE) wait_until(cycle, latest - needed_at);
}

static inline void wait_for_operands(int32_t *cycle, const Scoreboard *b, uint64_t mask, int32_t needed_at) {
    wait_for_source(cycle, b, mask, FROM_ANY, needed_at);
}

#endif
