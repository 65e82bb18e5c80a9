/* The Cortex-M7's way to a memory behind its AXI bus: L1 caches, line fills, write buffer.
 *
 * Twin: level_one.py, statement for statement.
 */
#ifndef BOARDLESS_LEVEL_ONE_H
#define BOARDLESS_LEVEL_ONE_H

#include "port.h"

#define BEAT_SHIFT 3
#define BUFFERED_STORES 4

/* What becomes of a region's stores; the cache's own way first. */
enum { WRITE_BACK, NO_WRITE_ALLOCATE, WRITE_THROUGH, UNBUFFERED };

static uint64_t l1_uncached(Port *p, uint64_t t, int kind, uint32_t stores) {
    uint32_t cost = p->wait_states + 1;
    uint64_t start = t + p->bus_cycles > p->busy_until ? t + p->bus_cycles : p->busy_until;
    p->busy_until = start + cost;
    if (kind == STORE && stores != UNBUFFERED) {
        uint64_t patience = t + p->bus_cycles + BUFFERED_STORES * (uint64_t)cost;
        return start > patience ? start - patience : 0;
    }
    return start + cost - t - 1;
}

static uint64_t l1_cached(Port *p, Cache *c, uint32_t address, uint64_t t, int kind, uint32_t stores) {
    uint32_t line = address >> c->line_shift;
    uint32_t reads = 1u << (c->line_shift - p->read_shift);
    uint32_t read = (address >> p->read_shift) & (reads - 1);
    uint32_t cost = p->wait_states + 1;
    uint32_t slot = cache_find(c, line);
    if (slot != ABSENT) {
        cache_use(c, slot);
        if (kind != STORE) return port_fill_wait(p, c, line, reads, read, t);
        if (stores == WRITE_THROUGH) return l1_uncached(p, t, kind, stores);
        c->dirty[slot] = 1;
        return 0;
    }
    if (kind == STORE && stores != WRITE_BACK) return l1_uncached(p, t, kind, stores);
    slot = cache_victim(c, line);
    int evicts = c->dirty[slot];
    c->dirty[slot] = kind == STORE;
    cache_install(c, line, slot);
    p->fill_line = line;
    p->fill_cache = c->number;
    uint64_t start = t + p->bus_cycles > p->busy_until ? t + p->bus_cycles : p->busy_until;
    p->fill_start = start;
    p->fill_first = read;
    p->fill_reads = reads;
    p->busy_until = start + (uint64_t)reads * cost;
    if (evicts) p->busy_until += 1u << (c->line_shift - BEAT_SHIFT);
    if (kind == STORE) return start - t - p->bus_cycles;
    return start + cost > t + 1 ? start + cost - t - 1 : 0;
}

static uint64_t l1_access(Port *p, Cache *c, uint32_t address, uint64_t t, int kind, uint32_t stores) {
    return c ? l1_cached(p, c, address, t, kind, stores) : l1_uncached(p, t, kind, stores);
}

#endif
