/* Flash behind one cache for fetches and data: ICACHE of STM32U5 and U3, the cache of PSoC 6.
 *
 * Twin: unified_cache.py, statement for statement.
 */
#ifndef BOARDLESS_UNIFIED_CACHE_H
#define BOARDLESS_UNIFIED_CACHE_H

#include "port.h"
#include "stm32_art.h"

static uint64_t unified_cached(Port *p, Cache *c, uint32_t address, uint64_t t) {
    uint32_t line = address >> c->line_shift;
    uint32_t reads = 1u << (c->line_shift - p->read_shift);
    uint32_t read = (address >> p->read_shift) & (reads - 1);
    uint32_t cost = p->wait_states + 1;
    uint32_t slot = cache_find(c, line);
    if (slot != ABSENT) {
        cache_use(c, slot);
        return port_fill_wait(p, c, line, reads, read, t);
    }
    cache_install(c, line, cache_victim(c, line));
    p->fill_line = line;
    p->fill_cache = c->number;
    if (p->ahead_valid && p->ahead_line == line) {
        uint64_t crossed = t + p->bus_cycles + 1, start = crossed > cost ? crossed - cost : 0;
        p->fill_start = start > p->ahead_start ? start : p->ahead_start;
        p->fill_first = 0;
    } else {
        p->fill_start = port_available(p, t, cost) + p->bus_cycles;
        p->fill_first = read;
    }
    p->fill_reads = reads;
    uint64_t done = p->fill_start + (uint64_t)reads * cost;
    if (done > p->busy_until) p->busy_until = done;
    port_prefetch_line(p, c, line + 1, done, reads);
    uint64_t ready = port_fill_ready(p, reads, read);
    return ready > t + 1 ? ready - t - 1 : 0;
}

static uint64_t unified_access(Port *p, Cache *c, uint32_t address, uint64_t t, int kind) {
    if (kind == STORE) return 0;
    if (c) return unified_cached(p, c, address, t);
    return p->wait_states ? art_uncached(p, address, t, kind == FETCH) : 0;
}

#endif
