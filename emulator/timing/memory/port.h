/* A memory behind a bus: one read after another, a line being filled, one being prefetched.
 *
 * Twin: port.py. What an access does with a port is a rule set's business.
 */
#ifndef BOARDLESS_PORT_H
#define BOARDLESS_PORT_H

#include "cache.h"

enum { FETCH, LOAD, STORE }; /* kinds of accesses */

typedef struct {
    uint32_t wait_states, read_shift, prefetch;
    uint32_t bus_cycles;   /* of a cache's miss, beside the memory's own */
    uint32_t rules;        /* memory_system.h */
    uint64_t busy_until;
    uint64_t fill_start;   /* the line being filled, critical read first */
    uint32_t fill_line, fill_first, fill_reads, fill_cache;
    uint32_t ahead_line, ahead_valid; /* the line being prefetched */
    uint64_t ahead_start;
    uint32_t held_instruction, held_data; /* read buffers without a cache: read number + 1 */
    uint64_t line_ready;   /* the cycle in which the line in the instruction buffer arrives */
    uint32_t line_first, entered_word; /* prefetch_unit.h: the word that a line was asked from, ... */
    uint64_t entered;      /* ... where and when execution came into it */
} Port;

static void port_configure(Port *p, uint32_t wait_states, uint32_t read_shift, uint32_t prefetch) {
    p->wait_states = wait_states;
    p->read_shift = read_shift;
    p->prefetch = prefetch;
    if (!prefetch) p->ahead_valid = 0;
}

/* When the read of the fill arrives: reads come critical first, wrapping. */
static uint64_t port_fill_ready(const Port *p, uint32_t reads, uint32_t read) {
    uint32_t order = (read - p->fill_first) & (reads - 1);
    return p->fill_start + (uint64_t)(order + 1) * (p->wait_states + 1);
}

/* Whether one of the `n` lines from `line` on is being filled: a hit in it waits. */
static int port_fills(const Port *p, const Cache *c, uint32_t line, uint32_t n, uint64_t t) {
    return t < p->busy_until && p->fill_cache == c->number && p->fill_line - line < n;
}

/* What a hit waits for: the read of a line that is still being filled. */
static uint64_t port_fill_wait(const Port *p, const Cache *c, uint32_t line, uint32_t reads, uint32_t read, uint64_t t) {
    if (!port_fills(p, c, line, 1, t)) return 0;
    uint64_t ready = port_fill_ready(p, reads, read);
    return ready > t + 1 ? ready - t - 1 : 0;
}

/* When a demand may start: a prefetch ends its read in progress and is dropped. */
static uint64_t port_available(Port *p, uint64_t t, uint32_t cost) {
    uint64_t start = t > p->busy_until ? t : p->busy_until;
    if (p->ahead_valid) {
        uint64_t end = p->ahead_start + (uint64_t)p->fill_reads * cost;
        if (start > p->ahead_start && start < end) {
            uint64_t into = (start - p->ahead_start) % cost;
            if (into) start += cost - into;
        }
        if (start < end) p->ahead_valid = 0;
    }
    return start;
}

static void port_prefetch_line(Port *p, Cache *c, uint32_t line, uint64_t since, uint32_t reads) {
    p->ahead_valid = 0;
    if (!p->prefetch || cache_find(c, line) != ABSENT) return;
    p->ahead_line = line;
    p->ahead_start = since > p->busy_until ? since : p->busy_until;
    p->ahead_valid = 1;
    p->fill_reads = reads;
}

static void port_skip(Port *p, uint64_t cycles) {
    p->busy_until += cycles;
    p->fill_start += cycles;
    p->ahead_start += cycles;
    p->line_ready += cycles;
    p->entered += cycles;
}

#endif
