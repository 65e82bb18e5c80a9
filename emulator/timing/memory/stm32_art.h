/* Flash with wait states behind ST's ART accelerator: line caches and a prefetch, or neither.
 *
 * Twin: stm32_art.py, statement for statement.
 */
#ifndef BOARDLESS_STM32_ART_H
#define BOARDLESS_STM32_ART_H

#include "port.h"

static uint64_t art_cached(Port *p, Cache *c, uint32_t address, uint64_t t, int is_fetch) {
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
    if (is_fetch && p->ahead_valid && p->ahead_line == line) {
        p->fill_start = p->ahead_start;
        p->fill_first = 0;
    } else {
        p->fill_start = port_available(p, t, cost) + p->bus_cycles;
        p->fill_first = read;
    }
    p->fill_reads = reads;
    uint64_t done = p->fill_start + (uint64_t)reads * cost;
    if (done > p->busy_until) p->busy_until = done;
    if (is_fetch) port_prefetch_line(p, c, line + 1, done, reads);
    uint64_t ready = port_fill_ready(p, reads, read);
    return ready > t + 1 ? ready - t - 1 : 0;
}

static uint64_t art_uncached(Port *p, uint32_t address, uint64_t t, int is_fetch) {
    uint32_t read = (address >> p->read_shift) + 1;
    uint32_t *held = is_fetch ? &p->held_instruction : &p->held_data;
    uint32_t cost = p->wait_states + 1;
    if (*held == read) return 0;
    uint64_t start = t > p->busy_until ? t : p->busy_until;
    if (is_fetch && p->prefetch && p->ahead_valid && p->ahead_line == read) start = p->ahead_start;
    *held = read;
    uint64_t ready = start + cost;
    if (ready > p->busy_until) p->busy_until = ready;
    if (is_fetch && p->prefetch) {
        p->ahead_line = read + 1;
        p->ahead_start = p->busy_until;
        p->ahead_valid = 1;
    }
    return ready > t + 1 ? ready - t - 1 : 0;
}

static uint64_t art_access(Port *p, Cache *c, uint32_t address, uint64_t t, int kind) {
    if (kind == STORE) return 0;
    if (c) return art_cached(p, c, address, t, kind == FETCH);
    return p->wait_states ? art_uncached(p, address, t, kind == FETCH) : 0;
}

#endif
