/* The native block hook: follows the timing automaton, prices memory, counts.
 *
 * Unicorn calls on_block at the entry of every translated block and on_code at the few
 * instructions whose operands decide a cost (a division, a conditional load, an address
 * that is not an entry register plus a constant). Everything here is integer arithmetic
 * over tables that Python fills; emulator/engine/python_hook.py is the same algorithm in
 * Python, and tests/engine holds the two equal to the last cycle.
 *
 * No Unicorn header is needed: its two entry points come in as pointers.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EDGES 9          /* fall-through, and 1 + entry class of the target */
#define NO_REGISTER 255
#define FIRST_PORT 64      /* numbers of memories: a region's, or FIRST_PORT + its port's */
#define OUTSIDE 255
#define ABSENT UINT32_MAX
#define FOUND_LINES 1024
#define MOST_LINES 64      /* of one block's code, or of its data */
#define EXPORT __attribute__((visibility("default")))

enum { STOP_NONE, STOP_DEADLINE, STOP_REQUEST, STOP_BREAK, STOP_MASKS,
       NEED_BLOCK, NEED_PATH, NEED_EDGE };
enum { GROUP_UNKNOWN, GROUP_FREE, GROUP_COSTS }; /* of one execution of a block */
enum { EVENT_FETCH, EVENT_LOAD, EVENT_STORE, EVENT_EXTRA, EVENT_BRANCH };
enum { BRANCH_DIRECT = 1, BRANCH_INDIRECT };
enum { HOOK_ADDRESS, HOOK_DIVIDE_SIGNED, HOOK_DIVIDE_UNSIGNED, HOOK_OBSERVED };

typedef int (*emu_stop_fn)(void *uc);
typedef int (*reg_read_fn)(void *uc, int id, void *value);

typedef struct {
    uint32_t address;      /* of a fetch: the line's; of data: offset to the base */
    uint16_t instruction;
    uint8_t kind, base, index, shift, size_bytes, count;
} Event;

enum { OP_REGISTER, OP_CONSTANT, OP_ADD, OP_SUB, OP_AND, OP_ORR, OP_EOR, OP_BIC, OP_MUL, OP_LSL_IMMEDIATE,
       OP_LSR_IMMEDIATE, OP_ASR_IMMEDIATE, OP_ROR_IMMEDIATE, OP_LSL, OP_LSR, OP_ASR, OP_UBFX, OP_SBFX, OP_LOAD,
       OP_FORWARD, OP_NOT, OP_ADD_CONSTANT };
#define FIRST_SLOT 32
#define MAX_SLOTS 192

typedef struct { uint8_t op, a, b, pad; uint32_t imm; } Node; /* emulator/engine/expressions.py */

typedef struct {           /* affine data events that share their registers */
    int32_t min_offset, max_offset;
    uint32_t align_mask;
    uint8_t base, index, shift, aligned; /* aligned: offsets are multiples of the sizes */
    uint16_t first, n;     /* into Block.group_events */
    uint32_t region;       /* the region met last: a short cut, never a result */
} Group;

typedef struct {           /* a cache line that a group's accesses use */
    int32_t delta;         /* in lines, from the base's */
    uint16_t order;        /* of the last access to it, among all accesses of the block */
    uint16_t written;
} Touch;

#define LONGEST_LINE 32
typedef struct {           /* of one group, by the base's place in its line; made when first needed */
    Touch *touches[LONGEST_LINE];
    uint8_t n[LONGEST_LINE];
    uint16_t accesses[LONGEST_LINE];
    uint8_t line_shift, stores, wide; /* wide: more lines than a list holds */
} Touches;

typedef struct {
    uint32_t address;
    uint16_t event;        /* or the bit of an observed instruction */
    uint8_t kind, dividend, divisor, base, index, shift;
    int32_t offset;
} Hooked;

typedef struct { uint64_t count, stall; uint32_t cycles, next_state; uint32_t valid, pad; } Edge;

typedef struct { uint16_t older, younger, offsets_differ, event; } LoadPair; /* emulator/engine/events.py */

typedef struct {
    uint32_t state, block, skipped, n_pairs;
    uint16_t *issue;       /* per event, cycles from the block's start */
    LoadPair *pairs;
    Edge edges[EDGES];
} Path;

typedef struct Block {
    uint32_t address, size_bytes, fall_through, instructions;
    uint32_t entry_class, n_events, n_groups, n_hooked, observed_all, n_data;
    uint8_t *host, *code;
    uint32_t dropped; /* its memory was written by the host: asked for anew */
    Event *events;
    uint64_t *event_stall, *event_unaligned, *event_bus; /* the others: parts of the first */
    uint32_t *data_address; /* of this execution */
    uint8_t *data_valid;
    Group *groups;
    uint32_t *group_base;  /* of this execution, like group_state */
    uint8_t *group_state;
    uint16_t *group_events;
    Touches *group_touches;
    uint16_t *event_order; /* of each event's first access among the block's, and after them their number */
    Hooked *hooked;
    Node *program;         /* values computed at the entry, one a slot */
    uint32_t cached_state, cached_skipped;
    Path *cached_path;
    struct Block *cached_next;
    uint32_t index, n_program;
    uint32_t n_fetches;    /* they are priced at every pass */
    Event *branch;         /* a predicted branch at the end, or NULL */
    uint8_t pending;       /* some data of this execution may cost */
    uint8_t expanded;      /* data_address and data_valid are those of this execution's groups */
    uint8_t in_order;      /* every access counts, free ones too: the memory changes */
    uint8_t hooks_data;    /* some address or extra is not known at the entry */
    uint8_t hooks_addresses;
    uint32_t region;       /* where it was last fetched from: a short cut */
} Block;

typedef struct {           /* a set-associative cache with LRU replacement */
    uint32_t enabled, sets, ways, line_shift;
    uint32_t *tags;        /* line number + 1, 0 empty */
    uint64_t *used;
    uint8_t *dirty;        /* written, not yet in the memory behind */
    uint64_t tick, hits, misses;
    uint32_t number, pad;
    uint32_t found[FOUND_LINES]; /* where lines were seen last: a short cut, never a result */
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
    /* -- shared with Python: keep in step with emulator/engine/native_hook.py -- */
    uint64_t cycles, instructions, deadline, break_address, stall;
    uint32_t stop_request, stop_code, state, executed;
    int32_t current;
    uint32_t events_done, need_address, need_size, need_skipped, need_edge, need_block, next_hooked;
    uint32_t mask_watch, mask_priority, trace_enabled, trace_length;
    uint64_t block_serial, turn_address;
    /* -- private -- */
    emu_stop_fn emu_stop;
    reg_read_fn reg_read;
    uint32_t *registers;   /* CPU state's r0..r15, or NULL: use reg_read */
    int register_ids[16];
    int primask_id, basepri_id, faultmask_id;
    Block *cur;
    Block **blocks;
    uint32_t n_blocks, cap_blocks;
    int32_t *block_hash;
    uint32_t block_hash_size;
    Path **paths;
    uint32_t n_paths, cap_paths;
    int32_t *path_hash;
    uint32_t path_hash_size;
    Region regions[32];
    uint32_t n_regions;
    Port ports[8];
    Cache caches[8];
    uint32_t unaligned_halfword, unaligned_word_half, unaligned_word_odd;
    uint32_t other_memory, last_memory; /* cost of changing the memory; the one that data went to last */
    uint32_t changed;      /* what the last data event paid for that */
    uint32_t divide_zero, divide_smaller, divide_width[33];
    uint32_t trace[1024];
    uint32_t slots[MAX_SLOTS];
    uint8_t slot_valid[MAX_SLOTS];
    uint32_t next_address; /* of the block that is being entered, 0 when none is */
    uint32_t near;         /* the region of the last access: a short cut */
    uint32_t store_drain, store_entries, misaligned; /* the last: what the last access's alignment cost */
    uint64_t stores_drained, unaligned_next; /* when the buffer is empty; where a load goes along */
    Predictor predictor;
} Engine;

/* ---- memory system ---------------------------------------------------------------- */

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
    c->tags[victim] = line + 1;
    c->used[victim] = ++c->tick;
}

/* When the read that holds `read` of a fill arrives: reads come critical first, wrapping. */
static uint64_t fill_ready(uint64_t start, uint32_t first, uint32_t reads, uint32_t read, uint32_t cost) {
    uint32_t order = (read - first) & (reads - 1);
    return start + (uint64_t)(order + 1) * cost;
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
        if (t < p->busy_until && p->fill_line == line && p->fill_cache == c->number) {
            uint64_t ready = fill_ready(p->fill_start, p->fill_first, reads, read, cost);
            return ready > t + 1 ? ready - t - 1 : 0;
        }
        return 0;
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

/* The Cortex-M7's caches and AXI bus: emulator/timing/l1.py, statement for statement. */
#define BEAT_SHIFT 3
#define BUFFERED_STORES 4

static uint64_t l1_cached(Port *p, Cache *c, uint32_t address, uint64_t t, int kind) {
    uint32_t line = address >> c->line_shift;
    uint32_t reads = 1u << (c->line_shift - p->read_shift);
    uint32_t read = (address >> p->read_shift) & (reads - 1);
    uint32_t cost = p->wait_states + 1;
    uint32_t slot = cache_find(c, line);
    if (slot != ABSENT) {
        cache_use(c, slot);
        if (kind == EVENT_STORE) c->dirty[slot] = 1;
        else if (t < p->busy_until && p->fill_line == line && p->fill_cache == c->number) {
            uint64_t ready = fill_ready(p->fill_start, p->fill_first, reads, read, cost);
            return ready > t + 1 ? ready - t - 1 : 0;
        }
        return 0;
    }
    size_t victim = cache_victim(c, line);
    int evicts = c->dirty[victim];
    c->dirty[victim] = kind == EVENT_STORE;
    cache_install(c, line, victim);
    p->fill_line = line;
    p->fill_cache = c->number;
    uint64_t start = t + p->bus_cycles > p->busy_until ? t + p->bus_cycles : p->busy_until;
    p->fill_start = start;
    p->fill_first = read;
    p->fill_reads = reads;
    p->busy_until = start + (uint64_t)reads * cost;
    if (evicts) p->busy_until += 1u << (c->line_shift - BEAT_SHIFT);
    if (kind == EVENT_STORE) return start - t - p->bus_cycles;
    return start + cost > t + 1 ? start + cost - t - 1 : 0;
}

static uint64_t l1_uncached(Port *p, uint64_t t, int kind) {
    uint32_t cost = p->wait_states + 1;
    uint64_t start = t + p->bus_cycles > p->busy_until ? t + p->bus_cycles : p->busy_until;
    p->busy_until = start + cost;
    if (kind == EVENT_STORE) {
        uint64_t patience = t + p->bus_cycles + BUFFERED_STORES * (uint64_t)cost;
        return start > patience ? start - patience : 0;
    }
    return start + cost - t - 1;
}

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

static Region *region_near(Engine *e, uint32_t address, uint32_t *hint) {
    if (holds(&e->regions[*hint], address)) return &e->regions[*hint];
    for (uint32_t i = 0; i < e->n_regions; i++)
        if (holds(&e->regions[i], address)) { *hint = i; return &e->regions[i]; }
    return NULL;
}

static Region *region_at(Engine *e, uint32_t address) {
    for (uint32_t i = 0; i < e->n_regions; i++)
        if (holds(&e->regions[i], address)) return &e->regions[i];
    return NULL;
}

static uint64_t memory_access(Engine *e, uint32_t address, uint64_t t, int kind) {
    Region *r = region_near(e, address, &e->near);
    if (!r || r->port < 0) return 0;
    Port *p = &e->ports[r->port];
    int32_t ci = kind == EVENT_FETCH ? r->instruction_cache : r->data_cache;
    if (p->is_l1) {
        if (ci >= 0 && e->caches[ci].enabled) return l1_cached(p, &e->caches[ci], address, t, kind);
        if (kind != EVENT_FETCH) return l1_uncached(p, t, kind);
    }
    if (kind == EVENT_STORE) return 0;
    if (p->has_buffers) {
        if (!p->wait_states) return 0;
        if (kind != EVENT_FETCH) return buffers_data(p, t);
        return buffers_fetch(p, ci >= 0 && e->caches[ci].enabled ? &e->caches[ci] : NULL, address, t);
    }
    if (ci >= 0 && e->caches[ci].enabled)
        return cached_access(p, &e->caches[ci], address, t, kind == EVENT_FETCH);
    return p->wait_states ? uncached_access(p, address, t, kind == EVENT_FETCH) : 0;
}

static uint32_t unaligned_extra(const Engine *e, uint32_t address, uint32_t size) {
    if (size == 4) {
        if (address & 1) return e->unaligned_word_odd;
        return address & 2 ? e->unaligned_word_half : 0;
    }
    return size == 2 && (address & 1) ? e->unaligned_halfword : 0;
}

static uint32_t memory_number(const Region *r) { return r ? r->number : OUTSIDE; }

static uint64_t change_memory(Engine *e, uint32_t address) {
    e->changed = 0;
    if (!e->other_memory) return 0;
    uint32_t number = memory_number(region_near(e, address, &e->near));
    if (number == e->last_memory) return 0;
    e->last_memory = number;
    e->changed = e->other_memory;
    return e->changed;
}

/* What the alignment of a load or store costs at cycle t. */
static uint64_t unaligned_stall(Engine *e, const Event *v, uint32_t address, uint64_t t) {
    uint64_t extra = unaligned_extra(e, address, v->size_bytes);
    if (extra && e->store_drain) {
        if (v->kind == EVENT_STORE) {
            uint64_t drained = (t > e->stores_drained ? t : e->stores_drained) + e->store_drain;
            uint64_t patience = t + (uint64_t)e->store_entries * e->store_drain;
            e->stores_drained = drained;
            extra = drained > patience ? drained - patience : 0;
        } else if (t + 1 >= e->unaligned_next && t <= e->unaligned_next) {
            e->unaligned_next = 0;
            extra = 0;
        } else e->unaligned_next = t + extra + 1;
    }
    e->misaligned = (uint32_t)extra;
    return extra;
}

static uint64_t data_event(Engine *e, Event *v, uint32_t address, uint64_t t) {
    uint64_t stall = unaligned_stall(e, v, address, t) + change_memory(e, address);
    uint32_t last = 0;
    for (uint32_t i = 0; i < v->count; i++) {
        uint32_t a = address + i * v->size_bytes;
        uint32_t unit = (a >> 2) + 1;
        if (unit == last) continue;
        last = unit;
        stall += memory_access(e, a, t + stall + i, v->kind);
    }
    return stall;
}

/* The common load or store: one aligned word at most, its line in the cache and not being filled.
 * The same state changes as data_event makes; says whether it was that. */
static inline int data_hit(Engine *e, const Event *v, uint32_t address, uint64_t t) {
    const Region *r = &e->regions[e->near];
    if (v->count != 1 || e->other_memory || (address & (v->size_bytes - 1u) & 3)) return 0;
    if (!holds(r, address) || r->port < 0 || r->data_cache < 0) return 0;
    Cache *c = &e->caches[r->data_cache];
    const Port *p = &e->ports[r->port];
    uint32_t line = address >> c->line_shift, slot = c->found[line % FOUND_LINES];
    if (!c->enabled || c->tags[slot] != line + 1 || (t < p->busy_until && p->fill_line == line)) return 0;
    if (v->kind == EVENT_STORE) {
        if (!p->is_l1) return 0;
        c->dirty[slot] = 1;
    }
    cache_use(c, slot);
    return 1;
}

/* All of a block's fetches at once, when every line of it is in the cache and no fill is under
 * way: then none stalls, and the lines are used in their order. Says whether that was so. */
static int fetch_hits(Engine *e, Block *b) {
    Region *r = region_near(e, b->address, &b->region);
    if (!r || r->port < 0 || r->instruction_cache < 0) return 0;
    Cache *c = &e->caches[r->instruction_cache];
    if (!c->enabled || e->cycles < e->ports[r->port].busy_until || r->data_cache == r->instruction_cache) return 0;
    if (e->ports[r->port].has_buffers) return 0; /* a hit reads ahead */
    uint32_t first = b->address >> c->line_shift, n = ((b->fall_through - 1) >> c->line_shift) - first + 1;
    uint32_t slots[MOST_LINES];
    if (n > MOST_LINES) return 0;
    for (uint32_t i = 0; i < n; i++)
        if ((slots[i] = cache_find(c, first + i)) == ABSENT) return 0;
    for (uint32_t i = 0; i < n; i++) c->used[slots[i]] = ++c->tick;
    c->hits += b->n_fetches;
    return 1;
}

static void add_touch(Touches *s, uint32_t at, int32_t delta, uint32_t order, int written) {
    Touch *touch = s->touches[at];
    uint32_t i = 0;
    while (i < s->n[at] && touch[i].delta != delta) i++;
    if (i == UINT8_MAX) { s->wide = 1; return; }
    if (i == s->n[at]) {
        s->touches[at] = touch = realloc(touch, (i + 1u) * sizeof *touch);
        touch[i] = (Touch){delta, 0, 0};
        s->n[at]++;
    }
    touch[i].order = (uint16_t)order; /* orders come ascending */
    if (written) touch[i].written = 1;
}

/* The lines that a group uses when its base is `at` bytes into one: accesses as data_event makes them. */
static void find_touches(const Block *b, const Group *group, Touches *s, uint32_t at, uint32_t line_shift) {
    s->line_shift = (uint8_t)line_shift;
    for (uint32_t i = 0; i < group->n; i++) {
        uint32_t number = b->group_events[group->first + i];
        const Event *v = &b->events[number];
        int32_t offset = (int32_t)v->address + (int32_t)at;
        if (v->kind == EVENT_STORE) s->stores = 1;
        for (uint32_t k = 0, last = INT32_MAX, order = b->event_order[number]; k < v->count; k++) {
            int32_t a = offset + (int32_t)(k * v->size_bytes);
            if ((uint32_t)(a >> 2) == last) continue;
            last = (uint32_t)(a >> 2);
            add_touch(s, at, a >> line_shift, order++, v->kind == EVENT_STORE);
            s->accesses[at]++;
        }
    }
}

static Touches *touches_at(const Block *b, uint32_t g, const Cache *c, uint32_t at) {
    Touches *s = &b->group_touches[g];
    if (s->touches[at] && s->line_shift == c->line_shift) return s;
    if (1u << c->line_shift > LONGEST_LINE || (s->line_shift && s->line_shift != c->line_shift)) return NULL;
    find_touches(b, &b->groups[g], s, at, c->line_shift);
    return s;
}

/* The cache of a group whose accesses are aligned, with no fill under way; else NULL. */
static Cache *cache_of_group(Engine *e, const Block *b, uint32_t g, const Touches **touches) {
    const Group *group = &b->groups[g];
    uint32_t base = b->group_base[g];
    const Region *r = &e->regions[group->region];
    if (!group->aligned || (base & group->align_mask) || r->port < 0 || r->data_cache < 0) return NULL;
    if (!holds(r, base + group->min_offset) || base + group->max_offset >= r->end) return NULL;
    Cache *c = &e->caches[r->data_cache];
    const Port *p = &e->ports[r->port];
    if (!c->enabled || e->cycles < p->busy_until || r->data_cache == r->instruction_cache) return NULL;
    const Touches *s = *touches = touches_at(b, g, c, base & ((1u << c->line_shift) - 1));
    return s && !s->wide && (!s->stores || p->is_l1) ? c : NULL;
}

/* All of a block's data at once, when all that can cost is in one cache: no stall, and each line
 * is marked with the time of its last use, as the accesses one by one would. */
static int data_hits(Engine *e, Block *b) {
    Cache *c = NULL;
    uint32_t slots[MOST_LINES], n = 0, hits = 0;
    const Touch *used[MOST_LINES];
    if (b->in_order || b->hooks_data || b->expanded) return 0;
    for (uint32_t g = 0; g < b->n_groups; g++) {
        if (b->group_state[g] != GROUP_COSTS) continue;
        const Touches *s;
        Cache *of_group = cache_of_group(e, b, g, &s);
        if (!of_group || (c && of_group != c)) return 0;
        c = of_group;
        uint32_t at = b->group_base[g] & ((1u << c->line_shift) - 1), line = b->group_base[g] >> c->line_shift;
        if (n + s->n[at] > MOST_LINES) return 0;
        for (uint32_t i = 0; i < s->n[at]; i++, n++) {
            used[n] = &s->touches[at][i];
            if ((slots[n] = cache_find(c, line + (uint32_t)used[n]->delta)) == ABSENT) return 0;
        }
        hits += s->accesses[at];
    }
    if (!c) return 0;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t tick = c->tick + used[i]->order + 1;
        if (c->used[slots[i]] < tick) c->used[slots[i]] = tick;
        c->dirty[slots[i]] |= (uint8_t)used[i]->written;
    }
    c->tick += b->event_order[b->n_events];
    c->hits += hits;
    return 1;
}

/* Gives each data event of this execution its address, where it can cost anything. */
static void expand_addresses(Block *b) {
    b->expanded = 1;
    for (uint32_t g = 0; g < b->n_groups; g++) {
        if (b->group_state[g] == GROUP_UNKNOWN || (b->group_state[g] == GROUP_FREE && !b->in_order)) continue;
        const Group *group = &b->groups[g];
        for (uint32_t i = 0; i < group->n; i++) {
            uint32_t v = b->group_events[group->first + i];
            b->data_address[v] = b->group_base[g] + b->events[v].address;
            b->data_valid[v] = 1;
        }
    }
}

/* Run the events of the current block up to and with instruction `upto`. */
static void run_events(Engine *e, Block *b, const uint16_t *issue, uint32_t upto) {
    uint32_t i = e->events_done;
    uint64_t stall = e->stall;
    int whole = i == 0 && upto == UINT32_MAX;
    int skip_fetches = whole && b->n_fetches && fetch_hits(e, b);
    if (whole && (skip_fetches || !b->n_fetches) && (!b->pending || data_hits(e, b))) {
        e->events_done = b->n_events;
        return;
    }
    if (b->pending && !b->expanded) expand_addresses(b);
    for (; i < b->n_events; i++) {
        Event *v = &b->events[i];
        if (v->instruction > upto) break;
        if (skip_fetches && v->kind == EVENT_FETCH) continue;
        if (v->kind != EVENT_FETCH && !b->data_valid[i]) continue;
        uint64_t t = e->cycles + issue[i] + stall, cost = 0;
        if (v->kind == EVENT_FETCH) cost = memory_access(e, v->address, t, EVENT_FETCH);
        else if (v->kind == EVENT_EXTRA) cost = b->data_address[i];
        else if (!data_hit(e, v, b->data_address[i], t)) cost = data_event(e, v, b->data_address[i], t);
        if (cost) {
            b->event_stall[i] += cost;
            stall += cost;
            if (v->kind == EVENT_LOAD || v->kind == EVENT_STORE) {
                b->event_unaligned[i] += e->misaligned;
                b->event_bus[i] += e->changed;
            }
        }
    }
    e->events_done = i;
    e->stall = stall;
}

/* ---- tables ------------------------------------------------------------------------ */

static uint32_t hash2(uint32_t a, uint32_t b) {
    uint64_t h = ((uint64_t)a * 0x9E3779B97F4A7C15ull) ^ ((uint64_t)b * 0xC2B2AE3D27D4EB4Full);
    return (uint32_t)(h >> 29);
}

static Block *find_block(Engine *e, uint32_t address, uint32_t size) {
    uint32_t mask = e->block_hash_size - 1;
    for (uint32_t h = hash2(address, size) & mask;; h = (h + 1) & mask) {
        int32_t i = e->block_hash[h];
        if (i < 0) return NULL;
        Block *b = e->blocks[i];
        if (b->address == address && b->size_bytes == size) return b;
    }
}

EXPORT int32_t bl_find_path(Engine *e, uint32_t state, uint32_t block, uint32_t skipped) {
    uint32_t mask = e->path_hash_size - 1;
    for (uint32_t h = hash2(state ^ (skipped << 16), block) & mask;; h = (h + 1) & mask) {
        int32_t i = e->path_hash[h];
        if (i < 0) return -1;
        Path *p = e->paths[i];
        if (p->state == state && p->block == block && p->skipped == skipped) return i;
    }
}

static void put_path(Engine *e, uint32_t index) {
    Path *p = e->paths[index];
    uint32_t mask = e->path_hash_size - 1, h = hash2(p->state ^ (p->skipped << 16), p->block) & mask;
    while (e->path_hash[h] >= 0) h = (h + 1) & mask;
    e->path_hash[h] = (int32_t)index;
}

/* Says whether the block took the place of an earlier one: its code was replaced. */
static int put_block(Engine *e, uint32_t index) {
    Block *b = e->blocks[index];
    uint32_t mask = e->block_hash_size - 1, h = hash2(b->address, b->size_bytes) & mask;
    while (e->block_hash[h] >= 0) {
        Block *o = e->blocks[e->block_hash[h]];
        if (o->address == b->address && o->size_bytes == b->size_bytes) break;
        h = (h + 1) & mask;
    }
    int replaces = e->block_hash[h] >= 0;
    e->block_hash[h] = (int32_t)index;
    return replaces;
}

/* ---- the hooks ---------------------------------------------------------------------- */

static int direct_wrong(Predictor *p, uint32_t slot, int backward, int taken) {
    uint8_t *counter = &p->counters[slot % PREDICTOR_SLOTS];
    int predicted = *counter == UNKNOWN ? backward : *counter >= TAKEN;
    if (*counter == UNKNOWN) *counter = taken ? TAKEN : NOT_TAKEN;
    else if (taken) *counter += *counter < STRONGLY_TAKEN;
    else *counter -= *counter > STRONGLY_NOT_TAKEN;
    return predicted != taken;
}

static void predict(Engine *e, Block *b, int taken, uint32_t penalty) {
    uint32_t slot = b->branch->address;
    int wrong;
    if (b->branch->count == BRANCH_DIRECT) wrong = direct_wrong(&e->predictor, slot, b->branch->shift, taken);
    else if (!e->next_address) return;
    else {
        uint32_t *target = &e->predictor.targets[slot % PREDICTOR_SLOTS];
        wrong = *target != e->next_address;
        *target = e->next_address;
    }
    if (wrong) {
        b->event_stall[b->n_events - 1] += penalty;
        e->stall += penalty;
    }
}

/* The bank of a word is bit 2 of its address: known when the group's base is, and is a word's. */
static int bank_known(const Block *b, uint32_t group) {
    return b->group_state[group] != GROUP_UNKNOWN && !(b->group_base[group] & 3);
}

static void meet_banks(Engine *e, Block *b, const Path *path) {
    for (uint32_t i = 0; i < path->n_pairs; i++) {
        const LoadPair *p = &path->pairs[i];
        if (!bank_known(b, p->older) || !bank_known(b, p->younger)) continue;
        uint32_t differ = (b->group_base[p->older] ^ b->group_base[p->younger]) >> 2 & 1;
        if (differ == p->offsets_differ) {
            b->event_stall[p->event]++;
            b->event_bus[p->event]++;
            e->stall++;
        }
    }
}

/* Close the current block towards `edge`. Returns STOP_NONE, NEED_PATH or NEED_EDGE. */
static uint32_t finish(Engine *e, uint32_t edge_number) {
    Block *b = e->cur;
    uint32_t skipped = b->observed_all & ~e->executed;
    Path *path = b->cached_path;
    if (!path || b->cached_state != e->state || b->cached_skipped != skipped) {
        int32_t i = bl_find_path(e, e->state, b->index, skipped);
        path = i < 0 ? NULL : e->paths[i];
        if (path) { b->cached_path = path; b->cached_state = e->state; b->cached_skipped = skipped; }
    }
    Edge *edge = path ? &path->edges[edge_number] : NULL;
    if (!edge || !edge->valid) {
        e->need_block = b->index;
        e->need_skipped = skipped;
        e->need_edge = edge_number;
        return path ? NEED_EDGE : NEED_PATH;
    }
    if (b->n_fetches || b->pending) run_events(e, b, path->issue, UINT32_MAX);
    if (path->n_pairs) meet_banks(e, b, path);
    if (b->branch) predict(e, b, edge_number != 0, path->issue[b->n_events - 1]);
    e->cycles += edge->cycles + e->stall;
    e->instructions += b->instructions;
    e->state = edge->next_state;
    edge->count++;
    edge->stall += e->stall;
    e->cur = NULL;
    e->current = -1;
    return STOP_NONE;
}

static uint32_t read_register(Engine *e, void *uc, uint32_t n) {
    if (e->registers) return e->registers[n];
    uint32_t v = 0;
    e->reg_read(uc, e->register_ids[n], &v);
    return v;
}

static int load_host(Engine *e, uint32_t address, uint32_t imm, uint32_t *value) {
    Region *r = region_at(e, address);
    uint32_t size = imm & 0xFF;
    if (!r || !r->host || r->end - address < size) return 0;
    uint32_t v = 0;
    memcpy(&v, r->host + (address - r->base), size);
    if (imm & 0x100) v = size == 1 ? (uint32_t)(int8_t)v : size == 2 ? (uint32_t)(int16_t)v : v;
    *value = v;
    return 1;
}

static uint32_t shift_by(int op, uint32_t v, uint32_t amount) {
    if (op == OP_ASR) return (uint32_t)((int32_t)v >> (amount > 31 ? 31 : amount));
    if (amount > 31) return 0;
    return op == OP_LSL ? v << amount : v >> amount;
}

static uint32_t bit_field(uint32_t v, uint32_t lsb, uint32_t width, int is_signed) {
    uint32_t up = 32 - lsb - width;
    v <<= up;
    return is_signed ? (uint32_t)((int32_t)v >> (up + lsb)) : v >> (up + lsb);
}

static void run_program(Engine *e, void *uc, Block *b) {
    uint32_t *s = e->slots;
    uint8_t *ok = e->slot_valid;
    for (uint32_t i = 0; i < b->n_program; i++) {
        const Node *n = &b->program[i];
        uint32_t x = s[n->a], y = s[n->b], k = n->imm, v = 0;
        int valid = n->op < OP_ADD || (ok[n->a] && ok[n->b]);
        switch (n->op) {
        case OP_REGISTER: v = read_register(e, uc, k); break;
        case OP_CONSTANT: v = k; break;
        case OP_ADD: v = x + y; break;
        case OP_SUB: v = x - y; break;
        case OP_AND: v = x & y; break;
        case OP_ORR: v = x | y; break;
        case OP_EOR: v = x ^ y; break;
        case OP_BIC: v = x & ~y; break;
        case OP_MUL: v = x * y; break;
        case OP_LSL_IMMEDIATE: v = x << k; break;
        case OP_LSR_IMMEDIATE: v = x >> k; break;
        case OP_ASR_IMMEDIATE: v = (uint32_t)((int32_t)x >> k); break;
        case OP_ROR_IMMEDIATE: v = x >> k | x << (32 - k); break;
        case OP_LSL: case OP_LSR: case OP_ASR: v = shift_by(n->op, x, y & 0xFF); break;
        case OP_UBFX: v = bit_field(x, k & 0xFF, k >> 8, 0); break;
        case OP_SBFX: v = bit_field(x, k & 0xFF, k >> 8, 1); break;
        case OP_LOAD: valid = valid && load_host(e, x, k, &v); break;
        case OP_FORWARD: {
            uint32_t load = k & 0xFF, store = k >> 8 & 0xFF, kept = k >> 16;
            v = x;
            if (valid && y + store - 1 < load + store - 1) {
                if (y == 0 && kept) { v = s[kept - 1]; valid = ok[kept - 1]; }
                else valid = 0;
            }
            break;
        }
        case OP_NOT: v = ~x; break;
        case OP_ADD_CONSTANT: v = x + k; break;
        default: valid = 0;
        }
        s[i] = v;
        ok[i] = (uint8_t)valid;
    }
}

static inline int group_base(Engine *e, void *uc, const Group *group, uint32_t *base) {
    uint32_t at = 0;
    if (group->base < FIRST_SLOT) at = read_register(e, uc, group->base);
    else if (group->base != NO_REGISTER) {
        if (!e->slot_valid[group->base - FIRST_SLOT]) return 0;
        at = e->slots[group->base - FIRST_SLOT];
    }
    if (group->index != NO_REGISTER) at += read_register(e, uc, group->index) << group->shift;
    *base = at;
    return 1;
}

/* Finds the addresses of the block's data, and which of them can cost anything. `stays`: every
 * access goes to the memory that was accessed last; else all are kept, in their order. */
static void capture_addresses(Engine *e, void *uc, Block *b) {
    if (b->expanded || b->hooks_data) memset(b->data_valid, 0, b->n_events);
    b->pending = b->expanded = 0;
    if (b->n_program) run_program(e, uc, b);
    int stays = !b->hooks_addresses, all_free = 1;
    for (uint32_t g = 0; g < b->n_groups; g++) {
        Group *group = &b->groups[g];
        uint32_t base;
        b->group_state[g] = GROUP_UNKNOWN;
        if (!group_base(e, uc, group, &base)) continue;
        Region *r = region_near(e, base + group->min_offset, &group->region);
        int inside = r && base + group->max_offset < r->end;
        if (!inside || (e->other_memory && memory_number(r) != e->last_memory)) stays = 0;
        b->group_base[g] = base;
        if (group->aligned && !(base & group->align_mask) && (!r || (r->is_free && inside)))
            b->group_state[g] = GROUP_FREE;
        else {
            b->group_state[g] = GROUP_COSTS;
            all_free = 0;
        }
    }
    b->in_order = e->other_memory && !stays;
    b->pending = !all_free || (b->in_order && b->n_groups);
}

static int masks_open(Engine *e, void *uc) {
    uint32_t v = 0;
    e->reg_read(uc, e->primask_id, &v);
    if (v & 1) return 0;
    v = 0;
    if (e->faultmask_id >= 0) e->reg_read(uc, e->faultmask_id, &v);
    if (v & 1) return 0;
    v = 0;
    if (e->basepri_id >= 0) e->reg_read(uc, e->basepri_id, &v);
    v &= 0xFF;
    return v == 0 || e->mask_priority < v;
}

static void stop(Engine *e, void *uc, uint32_t code) {
    e->stop_code = code;
    e->emu_stop(uc);
}

EXPORT void bl_on_block(void *uc, uint64_t address64, uint32_t size, void *user) {
    Engine *e = user;
    uint32_t address = (uint32_t)address64;
    Block *previous = e->cur, *b = previous ? previous->cached_next : NULL;
    if (e->stop_code) { e->emu_stop(uc); return; }
    if (!b || b->address != address || b->size_bytes != size) {
        b = find_block(e, address, size);
        if (b && previous) previous->cached_next = b;
    }
    if (!b || (b->host && (b->dropped || memcmp(b->host, b->code, size)))) {
        e->need_address = address;
        e->need_size = size;
        stop(e, uc, NEED_BLOCK);
        return;
    }
    if (previous) {
        uint32_t edge = address == previous->fall_through ? 0 : 1 + b->entry_class;
        e->next_address = address;
        uint32_t code = finish(e, edge);
        e->next_address = 0;
        if (code) { stop(e, uc, code); return; }
    }
    if (e->stop_request) { stop(e, uc, STOP_REQUEST); return; }
    if (e->cycles >= e->deadline) { stop(e, uc, STOP_DEADLINE); return; }
    if (address == e->break_address || address == e->turn_address) { stop(e, uc, STOP_BREAK); return; }
    if (e->mask_watch && masks_open(e, uc)) { stop(e, uc, STOP_MASKS); return; }
    e->cur = b;
    e->current = (int32_t)b->index;
    e->executed = 0;
    e->stall = 0;
    e->events_done = 0;
    e->next_hooked = 0;
    e->block_serial++;
    if (b->n_data) capture_addresses(e, uc, b);
    if (e->trace_enabled) e->trace[e->trace_length++ & 1023] = b->index;
}

static uint32_t width_of(uint32_t v) { return v ? 32u - (uint32_t)__builtin_clz(v) : 0; }

static uint32_t divide_extra(Engine *e, uint32_t n, uint32_t m, int is_signed) {
    if (is_signed) {
        if (n & 0x80000000u) n = 0u - n;
        if (m & 0x80000000u) m = 0u - m;
    }
    if (!n || !m) return e->divide_zero;
    uint32_t wn = width_of(n), wm = width_of(m);
    return wn < wm ? e->divide_smaller : e->divide_width[wn - wm];
}

EXPORT void bl_on_code(void *uc, uint64_t address64, uint32_t size, void *user) {
    Engine *e = user;
    Block *b = e->cur;
    (void)size;
    if (!b) return;
    for (uint32_t i = e->next_hooked; i < b->n_hooked; i++) {
        Hooked *h = &b->hooked[i];
        if (h->address > (uint32_t)address64) return;
        e->next_hooked = i + 1;
        if (h->address != (uint32_t)address64) continue;
        if (h->kind == HOOK_OBSERVED) { e->executed |= 1u << h->event; continue; }
        if (h->kind == HOOK_ADDRESS) {
            uint32_t base = h->base == NO_REGISTER ? 0 : read_register(e, uc, h->base);
            if (h->index != NO_REGISTER) base += read_register(e, uc, h->index) << h->shift;
            b->data_address[h->event] = base + (uint32_t)h->offset;
        } else {
            b->data_address[h->event] = divide_extra(e, read_register(e, uc, h->dividend),
                read_register(e, uc, h->divisor), h->kind == HOOK_DIVIDE_SIGNED);
        }
        b->data_valid[h->event] = 1;
        b->pending = 1;
    }
}

/* ---- called from Python ----------------------------------------------------------------- */

EXPORT Engine *bl_new(emu_stop_fn emu_stop, reg_read_fn reg_read, const int *ids) {
    Engine *e = calloc(1, sizeof *e);
    if (!e) return NULL;
    e->emu_stop = emu_stop;
    e->reg_read = reg_read;
    memcpy(e->register_ids, ids, sizeof e->register_ids);
    e->primask_id = ids[16];
    e->basepri_id = ids[17];
    e->faultmask_id = ids[18];
    e->current = -1;
    e->deadline = e->break_address = e->turn_address = UINT64_MAX;
    e->last_memory = OUTSIDE;
    for (uint32_t i = 0; i < 8; i++) e->caches[i].number = i;
    e->block_hash_size = e->path_hash_size = 1 << 12;
    e->block_hash = malloc(sizeof(int32_t) << 12);
    e->path_hash = malloc(sizeof(int32_t) << 12);
    memset(e->block_hash, 0xFF, sizeof(int32_t) << 12);
    memset(e->path_hash, 0xFF, sizeof(int32_t) << 12);
    return e;
}

static void free_block(Block *b) {
    free(b->code); free(b->events); free(b->event_stall); free(b->event_unaligned); free(b->event_bus); free(b->data_address);
    free(b->data_valid); free(b->groups); free(b->group_base); free(b->group_state);
    for (uint32_t g = 0; g < b->n_groups; g++)
        for (uint32_t at = 0; at < LONGEST_LINE; at++) free(b->group_touches[g].touches[at]);
    free(b->group_touches); free(b->event_order);
    free(b->group_events); free(b->hooked); free(b->program); free(b);
}

EXPORT void bl_free(Engine *e) {
    for (uint32_t i = 0; i < e->n_blocks; i++) free_block(e->blocks[i]);
    for (uint32_t i = 0; i < e->n_paths; i++) { free(e->paths[i]->issue); free(e->paths[i]->pairs); free(e->paths[i]); }
    for (int i = 0; i < 8; i++) { free(e->caches[i].tags); free(e->caches[i].used); free(e->caches[i].dirty); }
    free(e->blocks); free(e->paths); free(e->block_hash); free(e->path_hash); free(e);
}

EXPORT void bl_set_registers(Engine *e, uint32_t *registers) { e->registers = registers; }

/* Numbers the accesses of the block's data: consecutive bytes of a word are one. */
static void order_accesses(Block *b) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < b->n_events; i++) {
        const Event *v = &b->events[i];
        b->event_order[i] = (uint16_t)n;
        if (v->kind == EVENT_LOAD || v->kind == EVENT_STORE) n += v->count;
    }
    b->event_order[b->n_events] = (uint16_t)n;
}

static void *copy_of(const void *from, size_t n) {
    void *to = malloc(n ? n : 1);
    memcpy(to, from, n);
    return to;
}

EXPORT void bl_drop_block(Engine *e, uint32_t block) {
    Block *b = e->blocks[block];
    b->dropped = 1;
    if (!b->host) b->host = (uint8_t *)b; /* so that the entry looks at it; its bytes are not read */
}

EXPORT uint32_t bl_add_block(Engine *e, uint32_t address, uint32_t size, uint32_t instructions, uint32_t entry_class,
                             uint8_t *host, const uint8_t *code, uint32_t n_events, const Event *events,
                             uint32_t n_groups, const Group *groups, uint32_t n_group_events,
                             const uint16_t *group_events, uint32_t n_hooked, const Hooked *hooked,
                             uint32_t observed_all, uint32_t n_program, const Node *program) {
    Block *b = calloc(1, sizeof *b);
    b->address = address;
    b->size_bytes = size;
    b->fall_through = address + size;
    b->instructions = instructions;
    b->entry_class = entry_class;
    b->host = host;
    b->code = host ? copy_of(code, size) : NULL;
    b->n_events = n_events;
    b->events = copy_of(events, n_events * sizeof *events);
    b->event_stall = calloc(n_events + 1, sizeof(uint64_t));
    b->event_unaligned = calloc(n_events + 1, sizeof(uint64_t));
    b->event_bus = calloc(n_events + 1, sizeof(uint64_t));
    b->data_address = calloc(n_events + 1, sizeof(uint32_t));
    b->data_valid = calloc(n_events + 1, 1);
    b->n_groups = n_groups;
    b->groups = copy_of(groups, n_groups * sizeof *groups);
    b->group_base = calloc(n_groups + 1, sizeof(uint32_t));
    b->group_state = calloc(n_groups + 1, 1);
    b->group_events = copy_of(group_events, n_group_events * sizeof *group_events);
    b->group_touches = calloc(n_groups + 1, sizeof *b->group_touches);
    b->event_order = calloc(n_events + 1, sizeof *b->event_order);
    order_accesses(b);
    b->n_hooked = n_hooked;
    b->hooked = copy_of(hooked, n_hooked * sizeof *hooked);
    b->observed_all = observed_all;
    b->n_program = n_program;
    b->program = copy_of(program, n_program * sizeof *program);
    b->n_data = n_groups + n_hooked;
    for (uint32_t i = 0; i < n_events; i++)
        if (events[i].kind == EVENT_FETCH) b->n_fetches++;
    if (n_events && events[n_events - 1].kind == EVENT_BRANCH) b->branch = &b->events[n_events - 1];
    for (uint32_t i = 0; i < n_hooked; i++)
        if (hooked[i].kind != HOOK_OBSERVED) {
            b->hooks_data = 1;
            b->hooks_addresses |= hooked[i].kind == HOOK_ADDRESS;
        }
    if (e->n_blocks == e->cap_blocks) {
        e->cap_blocks = e->cap_blocks ? e->cap_blocks * 2 : 1024;
        e->blocks = realloc(e->blocks, e->cap_blocks * sizeof *e->blocks);
    }
    b->index = e->n_blocks;
    e->blocks[e->n_blocks++] = b;
    if (e->n_blocks * 2 > e->block_hash_size) {
        e->block_hash_size *= 2;
        e->block_hash = realloc(e->block_hash, e->block_hash_size * sizeof(int32_t));
        memset(e->block_hash, 0xFF, e->block_hash_size * sizeof(int32_t));
        for (uint32_t i = 0; i + 1 < e->n_blocks; i++) put_block(e, i);
    }
    if (put_block(e, b->index)) /* no short cut may lead to the old one */
        for (uint32_t i = 0; i < e->n_blocks; i++) e->blocks[i]->cached_next = NULL;
    return b->index;
}

EXPORT uint32_t bl_add_path(Engine *e, uint32_t state, uint32_t block, uint32_t skipped, const uint16_t *issue,
                            uint32_t n_pairs, const LoadPair *pairs) {
    Path *p = calloc(1, sizeof *p);
    p->state = state;
    p->block = block;
    p->skipped = skipped;
    p->issue = copy_of(issue, e->blocks[block]->n_events * sizeof *issue);
    p->n_pairs = n_pairs;
    p->pairs = copy_of(pairs, n_pairs * sizeof *pairs);
    if (e->n_paths == e->cap_paths) {
        e->cap_paths = e->cap_paths ? e->cap_paths * 2 : 1024;
        e->paths = realloc(e->paths, e->cap_paths * sizeof *e->paths);
    }
    e->paths[e->n_paths++] = p;
    if (e->n_paths * 2 > e->path_hash_size) {
        e->path_hash_size *= 2;
        e->path_hash = realloc(e->path_hash, e->path_hash_size * sizeof(int32_t));
        memset(e->path_hash, 0xFF, e->path_hash_size * sizeof(int32_t));
        for (uint32_t i = 0; i + 1 < e->n_paths; i++) put_path(e, i);
    }
    put_path(e, e->n_paths - 1);
    return e->n_paths - 1;
}

EXPORT void bl_set_edge(Engine *e, uint32_t path, uint32_t edge, uint32_t cycles, uint32_t next_state) {
    Edge *g = &e->paths[path]->edges[edge];
    g->cycles = cycles;
    g->next_state = next_state;
    g->valid = 1;
}

EXPORT uint32_t bl_finish(Engine *e, uint32_t edge) { return e->cur ? finish(e, edge) : STOP_NONE; }

/* A block that its instruction `upto` left in the middle (a fault): part of it is counted. */
EXPORT void bl_abandon(Engine *e, uint32_t instructions, uint32_t cycles) {
    if (!e->cur) return;
    e->cycles += cycles + e->stall;
    e->instructions += instructions;
    e->cur = NULL;
    e->current = -1;
}

EXPORT uint64_t bl_advance(Engine *e, const uint16_t *issue, uint32_t upto) {
    if (e->cur && e->cur->n_events) run_events(e, e->cur, issue, upto);
    return e->stall;
}

EXPORT uint32_t bl_trace(Engine *e, uint32_t i) { return e->trace[i & 1023]; }

EXPORT void bl_set_region(Engine *e, uint32_t i, uint32_t base, uint32_t end, int32_t port, int32_t icache,
                          int32_t dcache, uint32_t is_free, const uint8_t *host) {
    uint32_t number = port >= 0 ? FIRST_PORT + (uint32_t)port : i;
    e->regions[i] = (Region){base, end, port, icache, dcache, is_free, host, number};
    if (i >= e->n_regions) e->n_regions = i + 1;
}

EXPORT void bl_set_port(Engine *e, uint32_t i, uint32_t wait_states, uint32_t read_shift, uint32_t prefetch) {
    e->ports[i].wait_states = wait_states;
    e->ports[i].read_shift = read_shift;
    e->ports[i].prefetch = prefetch;
    if (!prefetch) e->ports[i].ahead_valid = 0;
}

EXPORT void bl_set_bus(Engine *e, uint32_t i, uint32_t bus_cycles, uint32_t is_l1,
                       uint32_t has_buffers) {
    e->ports[i].is_l1 = is_l1;
    e->ports[i].has_buffers = has_buffers;
    e->ports[i].bus_cycles = bus_cycles;
}

EXPORT void bl_invalidate(Engine *e, uint32_t i) {
    Cache *c = &e->caches[i];
    size_t n = (size_t)c->sets * c->ways;
    if (!c->tags) return;
    memset(c->tags, 0, n * sizeof *c->tags);
    memset(c->used, 0, n * sizeof *c->used);
    memset(c->dirty, 0, n);
}

EXPORT void bl_set_cache(Engine *e, uint32_t i, uint32_t enabled, uint32_t sets, uint32_t ways, uint32_t line_shift) {
    Cache *c = &e->caches[i];
    if (c->sets != sets || c->ways != ways || c->line_shift != line_shift || !c->tags) {
        free(c->tags);
        free(c->used);
        free(c->dirty);
        c->dirty = calloc((size_t)sets * ways, 1);
        c->tags = calloc((size_t)sets * ways, sizeof *c->tags);
        c->used = calloc((size_t)sets * ways, sizeof *c->used);
        c->sets = sets;
        c->ways = ways;
        c->line_shift = line_shift;
        memset(c->found, 0, sizeof c->found);
    }
    c->enabled = enabled;
}

EXPORT void bl_cache_counts(Engine *e, uint32_t i, uint64_t *hits, uint64_t *misses) {
    *hits = e->caches[i].hits;
    *misses = e->caches[i].misses;
}

EXPORT void bl_set_data_timing(Engine *e, const uint32_t *unaligned, const uint32_t *divide) {
    e->unaligned_halfword = unaligned[0];
    e->unaligned_word_half = unaligned[1];
    e->unaligned_word_odd = unaligned[2];
    e->other_memory = unaligned[3];
    e->store_drain = unaligned[4];
    e->store_entries = unaligned[5];
    e->divide_zero = divide[0];
    e->divide_smaller = divide[1];
    memcpy(e->divide_width, divide + 2, 32 * sizeof *divide);
}

EXPORT uint32_t bl_path_count(Engine *e) { return e->n_paths; }

EXPORT void bl_path(Engine *e, uint32_t i, uint32_t *key, uint64_t *counts, uint64_t *stalls) {
    Path *p = e->paths[i];
    key[0] = p->state;
    key[1] = p->block;
    key[2] = p->skipped;
    for (int k = 0; k < EDGES; k++) { counts[k] = p->edges[k].count; stalls[k] = p->edges[k].stall; }
}

EXPORT void bl_event_stalls(Engine *e, uint32_t block, uint64_t *stalls) {
    memcpy(stalls, e->blocks[block]->event_stall, e->blocks[block]->n_events * sizeof *stalls);
}

EXPORT void bl_event_unaligned(Engine *e, uint32_t block, uint64_t *stalls) {
    memcpy(stalls, e->blocks[block]->event_unaligned, e->blocks[block]->n_events * sizeof *stalls);
}

EXPORT void bl_event_bus(Engine *e, uint32_t block, uint64_t *stalls) {
    memcpy(stalls, e->blocks[block]->event_bus, e->blocks[block]->n_events * sizeof *stalls);
}

static size_t move_part(uint8_t *buffer, size_t at, void *part, size_t n, int load) {
    if (buffer && load) memcpy(part, buffer + at, n);
    else if (buffer) memcpy(buffer + at, part, n);
    return at + n;
}

/* The memory system's state to or from a snapshot's bytes; without a buffer, its size. */
static size_t move_memory(Engine *e, uint8_t *buffer, int load) {
    size_t n = 0;
    n = move_part(buffer, n, e->ports, sizeof e->ports, load);
    n = move_part(buffer, n, &e->last_memory, sizeof e->last_memory, load);
    n = move_part(buffer, n, &e->predictor, sizeof e->predictor, load);
    n = move_part(buffer, n, &e->stores_drained, sizeof e->stores_drained, load);
    n = move_part(buffer, n, &e->unaligned_next, sizeof e->unaligned_next, load);
    for (uint32_t i = 0; i < 8; i++) {
        Cache *c = &e->caches[i], shape = *c;
        n = move_part(buffer, n, &shape, offsetof(Cache, found), load);
        if (load && shape.sets) bl_set_cache(e, i, shape.enabled, shape.sets, shape.ways, shape.line_shift);
        c->enabled = shape.enabled;
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

EXPORT size_t bl_save_memory(Engine *e, uint8_t *to) { return move_memory(e, to, 0); }

EXPORT void bl_load_memory(Engine *e, uint8_t *from) { move_memory(e, from, 1); }

/* The library is loaded by ctypes; a build as a Python extension wants this symbol. */
EXPORT void *PyInit__native(void) { return NULL; }
