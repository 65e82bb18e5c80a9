/* The memory system and the branch predictor: what an access costs at a cycle.
 *
 * The same integer rules as emulator/timing/memory_system.py, line_buffers.py and
 * branch_predictor.py, statement for statement; l1.py is in native_l1.h.
 */
#ifndef BOARDLESS_NATIVE_MEMORY_H
#define BOARDLESS_NATIVE_MEMORY_H

#include <stdint.h>
#include <string.h>

#define FIRST_PORT 64      /* numbers of memories: a region's, or FIRST_PORT + its port's */
#define OUTSIDE 255
#define ABSENT UINT32_MAX
#define FOUND_LINES 1024

enum { EVENT_FETCH, EVENT_LOAD, EVENT_STORE, EVENT_EXTRA, EVENT_BRANCH, EVENT_QUEUE };

typedef struct {
    uint32_t address;      /* of a fetch: the line's; of data: offset to the base */
    uint16_t instruction;
    uint8_t kind, base, index, shift, size_bytes, count;
} Event;

typedef struct {           /* a set-associative cache with LRU replacement */
    uint32_t enabled, sets, ways, line_shift;
    uint32_t *tags;        /* line number + 1, 0 empty */
    uint64_t *used;
    uint8_t *dirty;        /* written, not yet in the memory behind */
    uint64_t tick, hits, misses;
    uint32_t number, pad;
    uint32_t found[FOUND_LINES]; /* where lines were seen last: a short cut, never a result */
    uint64_t changes;      /* of the lines it holds: what was found present stays so until the next */
} Cache;

typedef struct {           /* a memory behind a bus: flash with wait states and a read width */
    uint32_t wait_states, read_shift, prefetch, pad;
    uint64_t busy_until;
    uint64_t fill_start;   /* the line being filled, critical read first */
    uint32_t fill_line, fill_first, fill_reads, fill_cache;
    uint32_t ahead_line, ahead_valid; /* the line being prefetched */
    uint64_t ahead_start;
    uint32_t held_instruction, held_data; /* read buffers without a cache: read number + 1 */
    uint32_t is_l1;        /* behind a Cortex-M7's caches and AXI bus */
    uint32_t bus_cycles;   /* of a cache's miss, beside the memory's own */
    uint32_t has_buffers, more_pad; /* emulator/timing/line_buffers.py */
    uint64_t line_ready;   /* the cycle in which the line in the instruction buffer arrives */
    uint32_t line_first, entered_word; /* without an instruction cache: emulator/timing/l1.py */
    uint64_t entered;
} Port;

typedef struct {
    uint32_t base, end;
    int32_t port, instruction_cache, data_cache;
    uint32_t is_free;      /* no cost at all when aligned */
    const uint8_t *host;   /* its bytes */
    uint32_t number;       /* of the memory that accesses are routed to: regions behind one port are one */
} Region;

#define PREDICTOR_SLOTS 4096
enum { UNKNOWN, STRONGLY_NOT_TAKEN, NOT_TAKEN, TAKEN, STRONGLY_TAKEN };

typedef struct {           /* emulator/timing/branch_predictor.py */
    uint8_t counters[PREDICTOR_SLOTS];
    uint32_t targets[PREDICTOR_SLOTS];
} Predictor;

typedef struct {
    Region regions[32];
    uint32_t n_regions;
    Port ports[8];
    Cache caches[8];
    uint32_t unaligned_halfword, unaligned_word_half, unaligned_word_odd;
    uint32_t other_memory, last_memory; /* cost of changing the memory; the one that data went to last */
    uint32_t changed;      /* what the last data event paid for that */
    uint32_t near;         /* the region of the last access: a short cut */
    uint32_t store_drain, store_entries, misaligned; /* the last: what the last access's alignment cost */
    uint64_t stores_drained, unaligned_next; /* when the buffer is empty; where a load goes along */
    uint64_t unaligned_done, left_time; /* a load's second access; when a branch left the prefetch queue */
    uint32_t left_at, pad; /* the address behind that branch, 0: none */
    Predictor predictor;
} Memory;

/* ---- caches and ports ---- */

/* The slot that holds a line, or ABSENT. */
static uint32_t cache_find(Cache *c, uint32_t line) {
    uint32_t *found = &c->found[line % FOUND_LINES];
    if (c->tags[*found] == line + 1) return *found;
    uint32_t first = (line & (c->sets - 1)) * c->ways;
    for (uint32_t w = 0; w < c->ways; w++)
        if (c->tags[first + w] == line + 1) return *found = first + w;
    return ABSENT;
}

static void cache_use(Cache *c, uint32_t slot) {
    c->used[slot] = ++c->tick;
    c->hits++;
}

static size_t cache_victim(const Cache *c, uint32_t line) {
    size_t first = (size_t)(line & (c->sets - 1)) * c->ways, victim = first;
    for (uint32_t w = 0; w < c->ways; w++) {
        if (c->tags[first + w] == 0) return first + w;
        if (c->used[first + w] < c->used[victim]) victim = first + w;
    }
    return victim;
}

static void cache_install(Cache *c, uint32_t line, size_t victim) {
    c->misses++;
    c->changes++;
    c->tags[victim] = line + 1;
    c->used[victim] = ++c->tick;
}

/* When the read that holds `read` of a fill arrives: reads come critical first, wrapping. */
static uint64_t fill_ready(uint64_t start, uint32_t first, uint32_t reads, uint32_t read, uint32_t cost) {
    uint32_t order = (read - first) & (reads - 1);
    return start + (uint64_t)(order + 1) * cost;
}

/* Whether one of the lines from `line` on is being filled: a hit in it waits. */
static int fills(const Port *p, const Cache *c, uint32_t line, uint32_t n, uint64_t t) {
    return t < p->busy_until && p->fill_cache == c->number && p->fill_line - line < n;
}

/* What a hit waits for: the read of a line that is still being filled. */
static uint64_t fill_wait(const Port *p, const Cache *c, uint32_t line, uint32_t reads, uint32_t read, uint64_t t) {
    if (!fills(p, c, line, 1, t)) return 0;
    uint64_t ready = fill_ready(p->fill_start, p->fill_first, reads, read, p->wait_states + 1);
    return ready > t + 1 ? ready - t - 1 : 0;
}

/* A prefetch gives way to a demand: the read in progress ends, the rest is dropped. */
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

static void port_prefetch(Port *p, Cache *c, uint32_t line, uint64_t from, uint32_t reads) {
    p->ahead_valid = 0;
    if (!p->prefetch || cache_find(c, line) != ABSENT) return;
    p->ahead_line = line;
    p->ahead_start = from > p->busy_until ? from : p->busy_until;
    p->ahead_valid = 1;
    p->fill_reads = reads;
}

static uint64_t cached_access(Port *p, Cache *c, uint32_t address, uint64_t t, int is_fetch) {
    uint32_t line = address >> c->line_shift;
    uint32_t reads = 1u << (c->line_shift - p->read_shift);
    uint32_t read = (address >> p->read_shift) & (reads - 1);
    uint32_t cost = p->wait_states + 1;
    uint32_t slot = cache_find(c, line);
    if (slot != ABSENT) {
        cache_use(c, slot);
        return fill_wait(p, c, line, reads, read, t);
    }
    cache_install(c, line, cache_victim(c, line));
    p->fill_line = line;
    p->fill_cache = c->number;
    if (is_fetch && p->ahead_valid && p->ahead_line == line) {
        p->fill_start = p->ahead_start;
        p->fill_first = 0;
    } else {
        p->fill_start = port_available(p, t + p->bus_cycles, cost);
        p->fill_first = read;
    }
    p->fill_reads = reads;
    uint64_t done = p->fill_start + (uint64_t)reads * cost;
    if (done > p->busy_until) p->busy_until = done;
    if (is_fetch) port_prefetch(p, c, line + 1, done, reads);
    uint64_t ready = fill_ready(p->fill_start, p->fill_first, reads, read, cost);
    return ready > t + 1 ? ready - t - 1 : 0;
}

static uint64_t uncached_access(Port *p, uint32_t address, uint64_t t, int is_fetch) {
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

#include "native_l1.h"

/* STM32G0's flash behind one bus: emulator/timing/line_buffers.py, statement for statement. */
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
    buffers_read_ahead(p, c, line + 1, ready, cost);
    return ready - t;
}

static uint64_t buffers_data(Port *p, uint64_t t) { return buffers_read(p, t, p->wait_states + 1) - t; }

static int holds(const Region *r, uint32_t address) { return address - r->base < r->end - r->base; }

static Region *region_near(Memory *m, uint32_t address, uint32_t *hint) {
    if (holds(&m->regions[*hint], address)) return &m->regions[*hint];
    for (uint32_t i = 0; i < m->n_regions; i++)
        if (holds(&m->regions[i], address)) { *hint = i; return &m->regions[i]; }
    return NULL;
}

static Region *region_at(Memory *m, uint32_t address) { return region_near(m, address, &m->near); }

static int fetches_cached(const Memory *m, const Region *r) {
    return r->instruction_cache >= 0 && m->caches[r->instruction_cache].enabled;
}

static uint64_t fetch_uncached(Memory *m, Port *p, uint32_t address, uint64_t t) {
    uint32_t left_at = m->left_at;
    int jumped = left_at && left_at != address;
    uint64_t waits = 0;
    m->left_at = 0;
    if (jumped) {
        Region *r = region_at(m, left_at - 1);
        if (r) waits = l1_run_ahead(&m->ports[r->port], left_at, m->left_time, t);
    }
    return waits + l1_fetch(p, address, t + waits, jumped);
}

/* The branch that ends at `end` leaves the prefetch queue, QUEUE_LEAD before t. */
static void leave_queue(Memory *m, uint32_t end, uint64_t t) {
    Region *r = region_at(m, end - 1);
    if (!r || r->port < 0 || !m->ports[r->port].is_l1 || fetches_cached(m, r)) return;
    m->left_at = end;
    m->left_time = t > QUEUE_LEAD + m->unaligned_done ? t - QUEUE_LEAD : m->unaligned_done;
}

/* `hint`: the region that the same access met last, a short cut. */
static uint64_t memory_access(Memory *m, uint32_t address, uint64_t t, int kind, uint32_t *hint) {
    Region *r = region_near(m, address, hint);
    if (!r || r->port < 0) return 0;
    Port *p = &m->ports[r->port];
    int32_t ci = kind == EVENT_FETCH ? r->instruction_cache : r->data_cache;
    if (p->is_l1) {
        if (kind == EVENT_FETCH && !fetches_cached(m, r)) return fetch_uncached(m, p, address, t);
        if (ci >= 0 && m->caches[ci].enabled) {
            if (kind == EVENT_FETCH) m->left_at = 0;
            return l1_cached(p, &m->caches[ci], address, t, kind);
        }
        return l1_uncached(p, t, kind);
    }
    if (kind == EVENT_STORE) return 0;
    if (p->has_buffers) {
        if (!p->wait_states) return 0;
        if (kind != EVENT_FETCH) return buffers_data(p, t);
        return buffers_fetch(p, ci >= 0 && m->caches[ci].enabled ? &m->caches[ci] : NULL, address, t);
    }
    if (ci >= 0 && m->caches[ci].enabled)
        return cached_access(p, &m->caches[ci], address, t, kind == EVENT_FETCH);
    return p->wait_states ? uncached_access(p, address, t, kind == EVENT_FETCH) : 0;
}

static uint32_t unaligned_extra(const Memory *m, uint32_t address, uint32_t size) {
    if (size == 4) {
        if (address & 1) return m->unaligned_word_odd;
        return address & 2 ? m->unaligned_word_half : 0;
    }
    return size == 2 && (address & 1) ? m->unaligned_halfword : 0;
}

static uint32_t memory_number(const Region *r) { return r ? r->number : OUTSIDE; }

static uint64_t change_memory(Memory *m, uint32_t address) {
    m->changed = 0;
    if (!m->other_memory) return 0;
    uint32_t number = memory_number(region_at(m, address));
    if (number == m->last_memory) return 0;
    m->last_memory = number;
    m->changed = m->other_memory;
    return m->changed;
}

/* What the alignment of a load or store costs at cycle t. */
static uint64_t unaligned_stall(Memory *m, const Event *v, uint32_t address, uint64_t t) {
    uint64_t extra = unaligned_extra(m, address, v->size_bytes);
    if (extra && m->store_drain) {
        if (v->kind == EVENT_STORE) {
            uint64_t drained = (t > m->stores_drained ? t : m->stores_drained) + m->store_drain;
            uint64_t patience = t + (uint64_t)m->store_entries * m->store_drain;
            m->stores_drained = drained;
            extra = drained > patience ? drained - patience : 0;
        } else if (t + 1 >= m->unaligned_next && t <= m->unaligned_next) {
            m->unaligned_next = 0;
            m->unaligned_done = t;
            extra = 0;
        } else {
            m->unaligned_next = t + extra + 1;
            m->unaligned_done = t + extra;
        }
    }
    m->misaligned = (uint32_t)extra;
    return extra;
}

static uint64_t data_event(Memory *m, Event *v, uint32_t address, uint64_t t, uint32_t *hint) {
    uint64_t stall = unaligned_stall(m, v, address, t) + change_memory(m, address);
    uint32_t last = 0;
    for (uint32_t i = 0; i < v->count; i++) {
        uint32_t a = address + i * v->size_bytes;
        uint32_t unit = (a >> 2) + 1;
        if (unit == last) continue;
        last = unit;
        stall += memory_access(m, a, t + stall + i, v->kind, hint);
    }
    return stall;
}

/* The common load or store: one aligned word at most, its line in the cache and not being filled.
 * The same state changes as data_event makes; says whether it was that. */
static inline int data_hit(Memory *m, const Event *v, uint32_t address, uint64_t t, uint32_t *hint) {
    if (v->count != 1 || m->other_memory || (address & (v->size_bytes - 1u) & 3)) return 0;
    const Region *r = region_near(m, address, hint);
    if (!r || r->port < 0 || r->data_cache < 0) return 0;
    Cache *c = &m->caches[r->data_cache];
    const Port *p = &m->ports[r->port];
    uint32_t line = address >> c->line_shift, slot = c->found[line % FOUND_LINES];
    if (!c->enabled || c->tags[slot] != line + 1 || fills(p, c, line, 1, t)) return 0;
    if (v->kind == EVENT_STORE) {
        if (!p->is_l1) return 0;
        c->dirty[slot] = 1;
    }
    cache_use(c, slot);
    return 1;
}

/* Time passes in which nothing is run: what is under way stays as far ahead as it was. */
static void memory_skip(Memory *m, uint64_t cycles) {
    for (Port *p = m->ports; p < m->ports + sizeof m->ports / sizeof *m->ports; p++) {
        p->busy_until += cycles;
        p->fill_start += cycles;
        p->ahead_start += cycles;
        p->line_ready += cycles;
        p->entered += cycles;
    }
    m->unaligned_done += cycles;
    m->left_time += cycles;
    m->stores_drained += cycles;
    if (m->unaligned_next) m->unaligned_next += cycles;
}

static int load_host(Memory *m, uint32_t address, uint32_t imm, uint32_t *value) {
    Region *r = region_at(m, address);
    uint32_t size = imm & 0xFF;
    if (!r || !r->host || r->end - address < size) return 0;
    uint32_t v = 0;
    memcpy(&v, r->host + (address - r->base), size);
    if (imm & 0x100) v = size == 1 ? (uint32_t)(int8_t)v : size == 2 ? (uint32_t)(int16_t)v : v;
    *value = v;
    return 1;
}

static int direct_wrong(Predictor *p, uint32_t slot, int backward, int taken) {
    uint8_t *counter = &p->counters[slot % PREDICTOR_SLOTS];
    int predicted = *counter == UNKNOWN ? backward : *counter >= TAKEN;
    if (*counter == UNKNOWN) *counter = taken ? TAKEN : NOT_TAKEN;
    else if (taken) *counter += *counter < STRONGLY_TAKEN;
    else *counter -= *counter > STRONGLY_NOT_TAKEN;
    return predicted != taken;
}

#endif
