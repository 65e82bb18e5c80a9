/* What decides which exception is taken and how, as both sides of the engine see it.
 * Twin: exception_state.py, which says what each field is.
 */
#ifndef BOARDLESS_EXCEPTION_STATE_H
#define BOARDLESS_EXCEPTION_STATE_H

#include <stdint.h>

#define MOST_EXCEPTIONS 512
#define MASK_WORDS (MOST_EXCEPTIONS / 64)
#define FIRST_EXTERNAL 16
#define SVCALL 11
#define NMI 2
#define THREAD_PRIORITY 256

typedef struct {           /* shared with Python: keep in step with exception_state.py */
    uint64_t pending[MASK_WORDS], active[MASK_WORDS], enabled[MASK_WORDS], levels[MASK_WORDS];
    uint64_t exception_cycles;
    int16_t priorities[MOST_EXCEPTIONS];
    uint32_t count, group_size, priority_mask, generation, left_to_python, is_mainline, is_v8, has_fpu;
    uint32_t vector_table, configuration, sleep_control, event, fp_context, fp_frame_address;
    uint32_t owed_cycles, entry_cycles, exit_cycles, tail_chain_cycles, fp_frame_cycles;
} ExceptionState;

static int in_mask(const uint64_t *mask, uint32_t number) { return mask[number / 64] >> number % 64 & 1; }

static void put_in_mask(uint64_t *mask, uint32_t number, int on) {
    uint64_t bit = 1ull << number % 64;
    if (on) mask[number / 64] |= bit;
    else mask[number / 64] &= ~bit;
}

static uint32_t count_mask(const uint64_t *mask) {
    uint32_t n = 0;
    for (uint32_t w = 0; w < MASK_WORDS; w++) n += (uint32_t)__builtin_popcountll(mask[w]);
    return n;
}

/* ---- priorities: exception_table.py ---- */

static int32_t group_priority(const ExceptionState *s, int32_t priority) {
    return priority < 0 ? priority : priority - priority % (int32_t)s->group_size;
}

static int32_t preemption_priority(const ExceptionState *s, uint32_t number) {
    return group_priority(s, s->priorities[number]);
}

/* The pending and enabled exception that would be taken first; 0: none. */
static uint32_t best_pending(const ExceptionState *s) {
    uint32_t best = 0;
    for (uint32_t w = 0; w < MASK_WORDS; w++)
        for (uint64_t ready = s->pending[w] & s->enabled[w]; ready; ready &= ready - 1) {
            uint32_t number = 64 * w + (uint32_t)__builtin_ctzll(ready);
            if (!best || s->priorities[number] < s->priorities[best]) best = number;
        }
    return best;
}

static int32_t active_priority(const ExceptionState *s) {
    int32_t highest = THREAD_PRIORITY;
    for (uint32_t w = 0; w < MASK_WORDS; w++)
        for (uint64_t running = s->active[w]; running; running &= running - 1) {
            int32_t priority = preemption_priority(s, 64 * w + (uint32_t)__builtin_ctzll(running));
            if (priority < highest) highest = priority;
        }
    return highest;
}

/* The pending exception that no running handler holds back; 0: none. The mask registers are left aside. */
static uint32_t find_candidate(const ExceptionState *s) {
    uint32_t best = best_pending(s);
    return best && preemption_priority(s, best) < active_priority(s) ? best : 0;
}

/* ---- what becomes pending: nvic.py ---- */

#define SCR_SEVONPEND (1u << 4)

static void pend(ExceptionState *s, uint32_t number) {
    if (in_mask(s->pending, number)) return;
    put_in_mask(s->pending, number, 1);
    if (s->sleep_control & SCR_SEVONPEND) s->event = 1;
}

#endif
