/* Leads each access to the rules of the memory behind its region: the dispatcher of this folder.
 *
 * Twin: memory_system.py, statement for statement; region hints and data_hit are short cuts here alone.
 */
#ifndef BOARDLESS_MEMORY_SYSTEM_H
#define BOARDLESS_MEMORY_SYSTEM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "alignment.h"
#include "cache.h"
#include "level_one.h"
#include "port.h"
#include "prefetch_unit.h"
#include "stm32_art.h"
#include "stm32_line_buffers.h"
#include "unified_cache.h"

#define MAX_REGIONS 32
#define MAX_PORTS 8
#define MAX_CACHES 8
#define FIRST_PORT 64      /* numbers of memories: a region's, or FIRST_PORT + its port's */
#define OUTSIDE 255        /* no region at all */
#define NO_INSTRUCTION (-2) /* no instruction comes behind it */
#define PRIVATE_BUS_PAGE 0xE00u /* 0xE0000000 to 0xE00FFFFF: on no bus that ends at the bus matrix */
#define PAGE_BITS 20

enum { RULES_STM32_ART, RULES_STM32_LINE_BUFFERS, RULES_LEVEL_ONE, RULES_UNIFIED_CACHE }; /* what a port's `rules` says */

typedef struct {
    uint32_t base, end;
    int32_t port, instruction_cache, data_cache; /* -1: none */
    uint32_t is_free;      /* no cost at all when aligned */
    const uint8_t *host;   /* its bytes */
    uint32_t number;       /* of the memory that accesses are routed to: regions behind one port are one */
    uint32_t stores;       /* what becomes of stores behind a Cortex-M7's caches */
    uint32_t first_load;   /* what a load waits that follows no load of the same memory */
} TimedRegion;

typedef struct {
    TimedRegion regions[MAX_REGIONS];
    uint32_t n_regions;
    uint32_t near;         /* the region of the last access: a short cut */
    Port ports[MAX_PORTS];
    Cache caches[MAX_CACHES];
    uint64_t misses;       /* of all caches, to see whether an access was one; part of no snapshot */
    Alignment alignment;
    uint32_t other_memory, last_memory; /* cost of changing the memory; the one that data went to last */
    uint32_t leave_flash;  /* cost of changing back from a memory behind a port */
    int32_t loaded;        /* the last instruction of the current block that loaded */
    uint32_t changed;      /* what the last datum paid for that */
    uint32_t settings;     /* counts changes of regions, of their ports and caches, and of what they cost */
    uint32_t left_at;      /* the address behind a branch that was fetched without a cache, 0: none ... */
    uint64_t left_time;    /* ... and the cycle in which the branch left the prefetch queue */
} MemorySystem;

static void memory_init(MemorySystem *m) {
    m->last_memory = OUTSIDE;
    for (uint32_t i = 0; i < MAX_CACHES; i++) {
        m->caches[i].number = i;
        m->caches[i].all_misses = &m->misses;
    }
}

static void memory_free(MemorySystem *m) {
    for (uint32_t i = 0; i < MAX_CACHES; i++) cache_free(&m->caches[i]);
}

static int holds(const TimedRegion *r, uint32_t address) { return address - r->base < r->end - r->base; }

/* `hint`: the region that the same access met last, a short cut. */
static TimedRegion *region_near(MemorySystem *m, uint32_t address, uint32_t *hint) {
    if (holds(&m->regions[*hint], address)) return &m->regions[*hint];
    for (uint32_t i = 0; i < m->n_regions; i++)
        if (holds(&m->regions[i], address)) { *hint = i; return &m->regions[i]; }
    return NULL;
}

static TimedRegion *region_at(MemorySystem *m, uint32_t address) { return region_near(m, address, &m->near); }

static uint32_t memory_number(const TimedRegion *r) { return r ? r->number : OUTSIDE; }

static uint64_t change_memory(MemorySystem *m, uint32_t address, int kind, int32_t instruction) {
    m->changed = 0;
    if (!m->other_memory || address >> PAGE_BITS == PRIVATE_BUS_PAGE) return 0;
    const TimedRegion *r = region_at(m, address);
    uint32_t number = memory_number(r), last = m->last_memory;
    m->last_memory = number;
    if (number != last) {
        int leaves_flash = last >= FIRST_PORT && last < OUTSIDE && number < FIRST_PORT;
        m->changed = leaves_flash ? m->leave_flash : m->other_memory;
    }
    if (kind == LOAD) {
        int alone = number != last || m->loaded + 1 != instruction;
        if (alone && r && r->first_load > m->changed) m->changed = r->first_load;
        m->loaded = instruction;
    }
    return m->changed;
}

/* The cache that serves an access, NULL when there is none or it is off. */
static Cache *cache_of(MemorySystem *m, const TimedRegion *r, int kind) {
    int32_t number = kind == FETCH ? r->instruction_cache : r->data_cache;
    return number >= 0 && m->caches[number].enabled ? &m->caches[number] : NULL;
}

static uint64_t fetch_uncached(MemorySystem *m, Port *p, uint32_t address, uint64_t t) {
    uint32_t left_at = m->left_at;
    int jumped = left_at && left_at != address;
    uint64_t waits = 0;
    m->left_at = 0;
    if (jumped) {
        TimedRegion *r = region_at(m, left_at - 1);
        if (r) waits = run_ahead(&m->ports[r->port], left_at, m->left_time, t);
    }
    return waits + fetch_word(p, address, t + waits, jumped);
}

/* The branch that ends at `end` leaves the prefetch queue, QUEUE_LEAD before t. */
static void leave_queue(MemorySystem *m, uint32_t end, uint64_t t) {
    TimedRegion *r = region_at(m, end - 1);
    if (!r || r->port < 0 || m->ports[r->port].rules != RULES_LEVEL_ONE) return;
    if (cache_of(m, r, FETCH)) return;
    uint64_t second_access = m->alignment.second_access;
    m->left_at = end;
    m->left_time = t > QUEUE_LEAD + second_access ? t - QUEUE_LEAD : second_access;
}

static uint64_t memory_access(MemorySystem *m, uint32_t address, uint64_t t, int kind, uint32_t *hint) {
    TimedRegion *r = region_near(m, address, hint);
    if (!r || r->port < 0) return 0;
    Port *p = &m->ports[r->port];
    Cache *c = cache_of(m, r, kind);
    if (kind == FETCH && p->rules == RULES_LEVEL_ONE) {
        if (!c) return fetch_uncached(m, p, address, t);
        m->left_at = 0;
    }
    switch (p->rules) {
    case RULES_STM32_LINE_BUFFERS: return buffers_access(p, c, address, t, kind);
    case RULES_LEVEL_ONE: return l1_access(p, c, address, t, kind, r->stores);
    case RULES_UNIFIED_CACHE: return unified_access(p, c, address, t, kind);
    default: return art_access(p, c, address, t, kind);
    }
}

/* The accesses of a datum: consecutive bytes of a word are one. */
static uint64_t memory_words(MemorySystem *m, uint32_t address, uint32_t size_bytes, uint32_t count, uint64_t t,
                             int kind, uint32_t *hint) {
    uint64_t stall = 0;
    uint32_t last = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = address + i * size_bytes;
        uint32_t unit = (at >> 2) + 1;
        if (unit == last) continue;
        last = unit;
        stall += memory_access(m, at, t + stall + i, kind, hint);
    }
    return stall;
}

static uint64_t memory_data(MemorySystem *m, uint32_t address, uint32_t size_bytes, uint32_t count, uint64_t t,
                            int kind, int32_t instruction, uint32_t *hint) {
    uint64_t stall = alignment_stall(&m->alignment, address, size_bytes, t, kind);
    stall += change_memory(m, address, kind, instruction);
    return stall + memory_words(m, address, size_bytes, count, t + stall, kind, hint);
}

/* The common load or store: one aligned word at most, its line in the cache and not being filled.
 * The same state changes as memory_data makes; says whether it was that. */
static inline int data_hit(MemorySystem *m, uint32_t address, uint32_t size_bytes, uint32_t count, uint64_t t,
                           int kind, uint32_t *hint) {
    if (count != 1 || m->other_memory || (address & (size_bytes - 1u) & 3)) return 0;
    const TimedRegion *r = region_near(m, address, hint);
    if (!r || r->port < 0 || r->data_cache < 0) return 0;
    Cache *c = &m->caches[r->data_cache];
    const Port *p = &m->ports[r->port];
    uint32_t line = address >> c->line_shift, slot = c->found[line % FOUND_LINES];
    if (!c->enabled || c->tags[slot] != line + 1 || port_fills(p, c, line, 1, t)) return 0;
    if (kind == STORE) {
        if (p->rules != RULES_LEVEL_ONE || r->stores != WRITE_BACK) return 0;
        c->dirty[slot] = 1;
    }
    cache_use(c, slot);
    return 1;
}

/* Time passes in which nothing is run: what is under way stays as far ahead as it was. */
static void memory_skip(MemorySystem *m, uint64_t cycles) {
    for (uint32_t i = 0; i < MAX_PORTS; i++) port_skip(&m->ports[i], cycles);
    alignment_skip(&m->alignment, cycles);
    m->left_time += cycles;
}

static void memory_set_region(MemorySystem *m, uint32_t number, TimedRegion region) {
    region.number = region.port >= 0 ? FIRST_PORT + (uint32_t)region.port : number;
    m->regions[number] = region;
    m->settings++;
    if (number >= m->n_regions) m->n_regions = number + 1;
}

static void memory_set_timing(MemorySystem *m, const UnalignedTiming *timing) {
    m->alignment.timing = *timing;
    m->other_memory = timing->other_memory;
    m->leave_flash = timing->leave_flash;
    m->settings++;
}

static size_t move_part(uint8_t *buffer, size_t at, void *part, size_t n, int load) {
    if (buffer && load) memcpy(part, buffer + at, n);
    else if (buffer) memcpy(buffer + at, part, n);
    return at + n;
}

/* The state to or from a snapshot's bytes; without a buffer, its size. */
static size_t move_state(MemorySystem *m, uint8_t *buffer, int load) {
    size_t n = 0;
    n = move_part(buffer, n, m->ports, sizeof m->ports, load);
    n = move_part(buffer, n, &m->alignment, sizeof m->alignment, load);
    n = move_part(buffer, n, &m->last_memory, sizeof m->last_memory, load);
    n = move_part(buffer, n, &m->left_at, sizeof m->left_at, load);
    n = move_part(buffer, n, &m->left_time, sizeof m->left_time, load);
    for (uint32_t i = 0; i < MAX_CACHES; i++) {
        Cache *c = &m->caches[i];
        if (c->late) cache_settle(c);
        Cache shape = *c;
        n = move_part(buffer, n, &shape, offsetof(Cache, found), load);
        if (load && shape.sets) cache_shape(c, shape.enabled, shape.sets, shape.ways, shape.line_shift);
        c->enabled = shape.enabled;
        if (load) c->changes++;
        c->tick = shape.tick;
        c->hits = shape.hits;
        c->misses = shape.misses;
        size_t lines = (size_t)shape.sets * shape.ways;
        n = move_part(buffer, n, c->tags, lines * sizeof *c->tags, load);
        n = move_part(buffer, n, c->used, lines * sizeof *c->used, load);
        n = move_part(buffer, n, c->dirty, lines, load);
    }
    return n;
}

static size_t memory_save(MemorySystem *m, uint8_t *to) { return move_state(m, to, 0); }

static void memory_load(MemorySystem *m, uint8_t *from) {
    move_state(m, from, 1);
    m->settings++;
}

#endif
