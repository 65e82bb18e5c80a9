/* STM32G0's flash behind a Cortex-M0+'s one bus: line buffers, a prefetch, a cache.
 *
 * Twin: stm32_line_buffers.py, statement for statement.
 */
#ifndef BOARDLESS_STM32_LINE_BUFFERS_H
#define BOARDLESS_STM32_LINE_BUFFERS_H

#include "port.h"

#define ADDRESS_PHASE 1

/* The last cycle of a read that could begin at t. */
static uint64_t buffers_read(Port *p, uint64_t t, uint32_t cost) {
    uint64_t start = t > p->busy_until ? t : p->busy_until;
    if (p->ahead_valid) {
        if (p->ahead_start < start) {
            if (p->ahead_start + cost > start) start = p->ahead_start + cost;
        } else p->ahead_start = start + cost;
    }
    p->busy_until = start + cost;
    return start + cost - 1;
}

static void buffers_read_ahead(Port *p, Cache *c, uint32_t line, uint64_t since, uint32_t cost) {
    uint64_t start = since > p->busy_until ? since : p->busy_until;
    if (p->ahead_valid && p->ahead_start < start && p->ahead_start + cost > start) start = p->ahead_start + cost;
    p->ahead_line = line;
    p->ahead_start = start;
    p->ahead_valid = p->prefetch && (!c || cache_find(c, line) == ABSENT);
}

static uint64_t buffers_fetch(Port *p, Cache *c, uint32_t address, uint64_t t) {
    uint32_t line = address >> p->read_shift, cost = p->wait_states + 1, slot;
    if (p->held_instruction == line + 1) return p->line_ready > t ? p->line_ready - t : 0;
    p->held_instruction = line + 1;
    if (p->ahead_valid && p->ahead_line == line) {
        p->line_ready = p->ahead_start + cost - 1;
        if (p->busy_until < p->line_ready + 1) p->busy_until = p->line_ready + 1;
        p->ahead_valid = 0;
        if (c) cache_install(c, line, cache_victim(c, line));
    } else if (c && (slot = cache_find(c, line)) != ABSENT) {
        cache_use(c, slot);
        p->line_ready = t;
    } else {
        p->line_ready = buffers_read(p, t, cost);
        if (c) cache_install(c, line, cache_victim(c, line));
        p->busy_until = p->line_ready + 1;
        p->ahead_valid = 0;
    }
    uint64_t ready = t > p->line_ready ? t : p->line_ready;
    buffers_read_ahead(p, c, line + 1, ready > ADDRESS_PHASE ? ready - ADDRESS_PHASE : 0, cost);
    return ready - t;
}

static uint64_t buffers_data(Port *p, uint64_t t) { return buffers_read(p, t, p->wait_states + 1) - t; }

static uint64_t buffers_access(Port *p, Cache *c, uint32_t address, uint64_t t, int kind) {
    if (kind == STORE || !p->wait_states) return 0;
    return kind == FETCH ? buffers_fetch(p, c, address, t) : buffers_data(p, t);
}

#endif
