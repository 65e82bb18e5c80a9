/* The prefetch unit of Cortex-M3 and Cortex-M4. Twin: fetch_queue.py, with its figures from there. */
#ifndef BOARDLESS_FETCH_QUEUE_H
#define BOARDLESS_FETCH_QUEUE_H

#include <stdint.h>
#include <string.h>

#include "step.h"

#define MOST_ARRIVALS 8
#define AHEAD 64           /* cycles of a queue's future that it knows of */
#define MOST_WAITS 128

typedef struct { int32_t capacity_words, fetch_cycles, uncertain_cycles, held_cycles; } QueueRules;

typedef struct { uint64_t uncertain, held; uint8_t n_arrivals, arrivals[MOST_ARRIVALS], pad[7]; } Queue; /* bit n: cycle n */

typedef struct {
    const QueueRules *rules;
    int64_t head;
    int32_t clock, n_arrivals, arrivals[MOST_ARRIVALS], overflows;
    uint8_t uncertain[LATEST_CYCLE + 2 * AHEAD], held[LATEST_CYCLE + 2 * AHEAD]; /* of cycle - 1 */
} FetchQueue;

static inline void queue_begin(FetchQueue *q, const QueueRules *rules, uint32_t address, const Queue *state) {
    q->rules = rules;
    q->head = address >> 2;
    q->clock = -1;
    q->overflows = 0;
    q->n_arrivals = state->n_arrivals;
    for (int32_t k = 0; k < q->n_arrivals; k++) q->arrivals[k] = state->arrivals[k] - 1;
    memset(q->uncertain, 0, sizeof q->uncertain);
    memset(q->held, 0, sizeof q->held);
    for (int32_t k = 0; k < AHEAD; k++) {
        q->uncertain[k] = state->uncertain >> k & 1;
        q->held[k] = state->held >> k & 1;
    }
}

/* Start a fetch in this cycle if there is room, and go on to the next. */
static inline void queue_cycle(FetchQueue *q, int32_t given_back, int across) {
    int32_t held = q->n_arrivals - (q->uncertain[q->clock + 1] ? 0 : given_back);
    if (held < q->rules->capacity_words && !(across && q->held[q->clock + 1])) {
        if (q->n_arrivals == MOST_ARRIVALS) q->overflows = 1;
        else q->arrivals[q->n_arrivals++] = q->clock + q->rules->fetch_cycles;
    }
    q->clock++;
}

static inline void queue_drop(FetchQueue *q, int32_t words) {
    if (words > q->n_arrivals) words = q->n_arrivals;
    if (words <= 0) return;
    q->n_arrivals -= words;
    memmove(q->arrivals, q->arrivals + words, (size_t)q->n_arrivals * sizeof *q->arrivals);
}

static inline int32_t queue_take(FetchQueue *q, uint32_t address, uint32_t size_bytes, int32_t earliest) {
    uint32_t end = address + size_bytes;
    int32_t needed = (int32_t)(((end - 1) >> 2) - q->head), given_back = (int32_t)((end >> 2) - q->head);
    for (uint32_t waits = 0; needed >= 0 && waits < MOST_WAITS && !q->overflows; waits++) {
        int has_start = q->n_arrivals > needed;
        int32_t start = has_start && q->arrivals[needed] + 1 > earliest ? q->arrivals[needed] + 1 : earliest;
        int decoded = has_start && start - 1 <= q->clock;
        int across = decoded && size_bytes == 4 && address & 2;
        int in_time = start <= earliest + q->rules->held_cycles;
        queue_cycle(q, decoded && in_time ? given_back : 0, across);
        if (!decoded) continue;
        queue_drop(q, given_back);
        q->head += given_back;
        return start;
    }
    q->overflows = 1;
    return earliest;
}

static inline void queue_access(FetchQueue *q, const Decoded *i, int32_t issued) {
    if (!(i->flags & IS_MEMORY)) return;
    int is_multiple = (i->flags & IS_MULTIPLE) != 0, is_store = (i->flags & IS_STORE) != 0;
    int32_t uncertain = is_store && !is_multiple ? issued : issued + i->count;
    int32_t held = uncertain + q->rules->uncertain_cycles;
    for (int32_t t = uncertain; t < held; t++) q->uncertain[t + 1] = 1;
    for (int32_t t = held; (is_multiple || is_store) && t < held + q->rules->held_cycles; t++) q->held[t + 1] = 1;
}

/* The unit when the block ends at a time, before the one at an address is decoded. */
static inline int queue_state(FetchQueue *q, int32_t time, uint32_t address, Queue *state) {
    while (q->clock < time - 1) queue_cycle(q, 0, 0);
    queue_drop(q, (int32_t)((address >> 2) - q->head));
    memset(state, 0, sizeof *state);
    state->n_arrivals = (uint8_t)q->n_arrivals;
    for (int32_t k = 0; k < q->n_arrivals; k++) state->arrivals[k] = (uint8_t)at_least_zero(q->arrivals[k] - (time - 1));
    for (int32_t k = 0; k < AHEAD; k++) {
        state->uncertain |= (uint64_t)q->uncertain[time + k] << k;
        state->held |= (uint64_t)q->held[time + k] << k;
    }
    return !q->overflows;
}

/* Leave the line: the target's first word can be decoded in the cycle before a time. */
static inline int queue_refill(FetchQueue *q, int32_t time, Queue *state) {
    q->n_arrivals = 1;
    q->arrivals[0] = time - 1;
    q->clock = time - q->rules->fetch_cycles;
    return queue_state(q, time, 0, state);
}

#endif
