/* A block with data that may cost and are not all in a cache: only the events that can cost are priced one by one.
 *
 * A short cut of the native hook alone, for blocks whose groups are at home: what changes of the memory cost there
 * is known (memory_changes.h), alignment costs nothing, and all else is the memory system's.
 */
#ifndef BOARDLESS_COSTS_H
#define BOARDLESS_COSTS_H

#include "../../timing/memory/memory_system.h"
#include "all_hits.h"
#include "block.h"
#include "homes.h"
#include "memory_changes.h"

/* The accesses of a datum at cycle t. */
static inline uint64_t access_words(MemorySystem *m, const Event *v, uint32_t address, uint64_t t, uint32_t *hint) {
    if (v->count == 1) return memory_access(m, address, t, v->kind, hint);
    return memory_words(m, address, v->size_bytes, v->count, t, v->kind, hint);
}

/* What the alignment of a datum costs. */
static inline uint64_t misaligned(MemorySystem *m, Block *b, uint32_t event, uint32_t address, uint64_t t) {
    uint64_t extra = alignment_stall(&m->alignment, address, b->events[event].size_bytes, t, b->events[event].kind);
    b->event_unaligned[event] += extra;
    return extra;
}

/* Prices the events that can cost, in program order; `with_code`: fetches, too. Returns the cycles. */
static uint64_t run_costs(MemorySystem *m, Block *b, const uint16_t *issue, uint64_t cycles, int with_code) {
    if (!b->homes_summed) sum_homes(b);
    const MemoryChange *paid = b->changes.paid, *end = paid;
    uint32_t list = with_code ? 2 : b->is_skewed;
    const uint16_t *number = b->costing + list * b->n_events, *last = number + b->n_costing[list];
    uint64_t stall = 0;
    if (b->in_order) {
        change_memories(m, b);
        end = paid + b->changes.n;
    }
    for (; number < last; number++) {
        uint32_t i = *number;
        const Event *v = &b->events[i];
        for (; paid < end && paid->event < i; paid++) stall += paid->cycles;
        uint64_t t = cycles + issue[i] + stall, cost;
        if (v->kind == EVENT_FETCH) cost = memory_access(m, v->address, t, FETCH, &b->region);
        else if (v->kind == EVENT_QUEUE) {
            leave_queue(m, v->address, t);
            continue;
        } else {
            uint32_t address = b->group_base[b->event_group[i]] + v->address;
            cost = b->is_skewed ? misaligned(m, b, i, address, t) : 0;
            uint32_t changed = paid < end && paid->event == i ? (paid++)->cycles : 0;
            stall += changed;
            cost += access_words(m, v, address, t + changed + cost, &b->event_region[i]);
        }
        b->event_stall[i] += cost;
        stall += cost;
    }
    for (; paid < end; paid++) stall += paid->cycles;
    return stall;
}

static int is_of_block(const Block *b, const DataLines *d, uint32_t slot) {
    const LateUse *code = &b->fetched.use;
    for (uint32_t i = 0; i < d->n; i++)
        if (d->slots[i] == slot) return 1;
    for (uint32_t i = 0; d->cache == b->fetched.cache && i < code->n; i++)
        if (code->slots[i] == slot) return 1;
    return 0;
}

/* Whether a line that is missed was found missing before. */
static int is_missed_twice(const DataLines *d, uint32_t k) {
    for (uint32_t i = 0; i < k; i++)
        if (d->lines[d->missed[i]] == d->lines[d->missed[k]]) return 1;
    return 0;
}

/* Whether the lines that give way to the missed ones are others than the block's own, whenever its accesses come:
 * they are those that were used last before the block. */
static int others_give_way(const Block *b, const DataLines *d) {
    Cache *c = d->cache;
    uint32_t victims[MOST_LINES], n = 0, others = 1;
    uint64_t used[MOST_LINES];
    if (c->late) cache_settle(c);
    for (uint32_t k = 0; k < d->n_missed && others; k++) {
        if (is_missed_twice(d, k)) continue;
        uint32_t victim = victims[n] = cache_oldest(c, d->lines[d->missed[k]]);
        used[n] = c->used[victim];
        others = used[n++] != UINT64_MAX && !is_of_block(b, d, victim);
        c->used[victim] = UINT64_MAX; /* not again */
    }
    if (others && n == 1) {
        c->missed = d->lines[d->missed[0]] + 1;
        c->victim = victims[0];
    }
    while (n-- > 0) c->used[victims[n]] = used[n];
    return others;
}

/* What a datum waits for where its line is in the cache; the line is marked later. */
static inline uint64_t wait_for_fill(const Cache *c, const Port *p, const Event *v, uint32_t address, uint64_t t) {
    uint32_t reads = 1u << (c->line_shift - p->read_shift);
    if (v->kind == EVENT_STORE) return 0;
    return port_fill_wait(p, c, address >> c->line_shift, reads, (address >> p->read_shift) & (reads - 1), t);
}

/* The accesses of an event that goes to a hot line. */
static inline uint64_t access_hot(MemorySystem *m, const Block *b, uint32_t event, uint32_t address, uint64_t t, DataLines *d) {
    const GroupHome *home = &b->group_home[b->event_group[event]];
    const Event *v = &b->events[event];
    uint64_t lines = home->lines->of_event[b->event_place[event]];
    if (v->count > 1) return access_words(m, v, address, t, &b->event_region[event]);
    uint32_t n = home->first_line;
    while (!(lines & 1)) lines >>= 1, n++;
    if (d->slots[n] != ABSENT) return wait_for_fill(d->cache, home->port, v, address, t);
    uint64_t cost = memory_access(m, address, t, v->kind, &b->event_region[event]);
    d->slots[n] = cache_find(d->cache, d->lines[n]);
    return cost;
}

/* Prices a block of which some lines of data are hot: events that go there one by one, all others at once. Returns
 * the cycles. */
static uint64_t run_hot(MemorySystem *m, Block *b, const uint16_t *issue, uint64_t cycles, DataLines *d) {
    Cache *c = d->cache;
    const MemoryChange *paid = b->changes.paid, *end = paid;
    const uint16_t *data = b->costing + b->n_events;
    uint64_t stall = 0, tick = c ? c->tick : 0, before = c ? c->hits + c->misses : 0;
    if (b->in_order) {
        change_memories(m, b);
        end = paid + b->changes.n;
    }
    for (uint32_t k = 0; k < b->n_costing[1]; k++) {
        uint64_t ahead = d->hot[k / 64] >> k % 64;
        if (!b->is_skewed && !(ahead & 1)) {
            k = ahead ? k + (uint32_t)__builtin_ctzll(ahead) - 1 : k | 63;
            continue;
        }
        uint32_t i = data[k], address = b->group_base[b->event_group[i]] + b->events[i].address;
        if (!(ahead & 1) && !alignment_extra(&m->alignment, address, b->events[i].size_bytes)) continue;
        for (; paid < end && paid->event < i; paid++) stall += paid->cycles;
        uint64_t cost = b->is_skewed ? misaligned(m, b, i, address, cycles + issue[i] + stall) : 0;
        if (paid < end && paid->event == i) stall += (paid++)->cycles;
        if (ahead & 1) cost += access_hot(m, b, i, address, cycles + issue[i] + stall + cost, d);
        b->event_stall[i] += cost;
        stall += cost;
    }
    for (; paid < end; paid++) stall += paid->cycles;
    if (!c) return stall;
    c->hits += d->accesses - (c->hits + c->misses - before);
    for (uint32_t k = 0; k < d->n_missed; k++) {
        uint32_t n = d->missed[k];
        if (d->slots[n] == ABSENT) d->slots[n] = cache_find(c, d->lines[n]);
    }
    mark_data(b, d, tick);
    if (c == b->fetched.cache) b->fetched.changes = c->changes; /* no line of the code has given way */
    return stall;
}

#endif
