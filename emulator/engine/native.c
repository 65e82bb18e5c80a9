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

#include "native_memory.h"
#include "native_program.h"
#include "native_tlb.h"

#define EDGES 9          /* fall-through, and 1 + entry class of the target */
#define NO_REGISTER 255
#define MOST_LINES 64      /* of one block's code, or of its data */
#define EXPORT __attribute__((visibility("default")))

enum { STOP_NONE, STOP_DEADLINE, STOP_REQUEST, STOP_BREAK, STOP_MASKS,
       NEED_BLOCK, NEED_PATH, NEED_EDGE };
enum { GROUP_UNKNOWN, GROUP_FREE, GROUP_COSTS }; /* of one execution of a block */
enum { BRANCH_DIRECT = 1, BRANCH_INDIRECT };
enum { HOOK_ADDRESS, HOOK_DIVIDE_SIGNED, HOOK_DIVIDE_UNSIGNED, HOOK_OBSERVED };

typedef int (*emu_stop_fn)(void *uc);
typedef int (*reg_read_fn)(void *uc, int id, void *value);

#define FIRST_SLOT 32      /* in Group.base: a value that the program computes */

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
    uint32_t *event_region; /* each event's last: a short cut */
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
    const Cache *fetched_from; /* where all its lines were, at these slots, when that cache had these changes */
    uint64_t fetch_changes, fetch_tick;
    uint32_t fetch_slots[MOST_LINES];
} Block;

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
    Memory memory;
    uint32_t divide_zero, divide_smaller, divide_width[33];
    uint32_t trace[1024];
    Values values;
    uint32_t next_address; /* of the block that is being entered, 0 when none is */
} Engine;

/* All of a block's fetches at once, when every line of it is in the cache and none is being
 * filled: then none stalls, and the lines are used in their order. Says whether that was so. */
static int fetch_hits(Engine *e, Block *b) {
    Region *r = region_near(&e->memory, b->address, &b->region);
    if (!r || r->port < 0 || r->instruction_cache < 0) return 0;
    Cache *c = &e->memory.caches[r->instruction_cache];
    const Port *p = &e->memory.ports[r->port];
    if (!c->enabled || r->data_cache == r->instruction_cache || p->has_buffers) return 0; /* buffers: a hit reads ahead */
    uint32_t first = b->address >> c->line_shift, n = ((b->fall_through - 1) >> c->line_shift) - first + 1;
    if (n > MOST_LINES || fills(p, c, first, n, e->cycles)) return 0;
    if (b->fetched_from != c || b->fetch_changes != c->changes) {
        b->fetched_from = NULL;
        for (uint32_t i = 0; i < n; i++)
            if ((b->fetch_slots[i] = cache_find(c, first + i)) == ABSENT) return 0;
        b->fetched_from = c;
        b->fetch_changes = c->changes;
        b->fetch_tick = 0;
    }
    if (b->fetch_tick != c->tick) /* used in this very order last, otherwise: nothing to mark */
        for (uint32_t i = 0; i < n; i++) c->used[b->fetch_slots[i]] = ++c->tick;
    b->fetch_tick = c->tick;
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

/* The cache of a group whose accesses are aligned; else NULL. */
static Cache *cache_of_group(Engine *e, const Block *b, uint32_t g, const Touches **touches, const Port **port) {
    const Group *group = &b->groups[g];
    uint32_t base = b->group_base[g];
    const Region *r = &e->memory.regions[group->region];
    if (!group->aligned || (base & group->align_mask) || r->port < 0 || r->data_cache < 0) return NULL;
    if (!holds(r, base + group->min_offset) || base + group->max_offset >= r->end) return NULL;
    Cache *c = &e->memory.caches[r->data_cache];
    const Port *p = *port = &e->memory.ports[r->port];
    if (!c->enabled || r->data_cache == r->instruction_cache) return NULL;
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
        const Port *p;
        Cache *of_group = cache_of_group(e, b, g, &s, &p);
        if (!of_group || (c && of_group != c)) return 0;
        c = of_group;
        uint32_t at = b->group_base[g] & ((1u << c->line_shift) - 1), line = b->group_base[g] >> c->line_shift;
        const Touch *touch = s->touches[at], *end = touch + s->n[at];
        if (n + s->n[at] > MOST_LINES) return 0;
        for (; touch < end; touch++, n++) {
            uint32_t touched = line + (uint32_t)touch->delta, slot = cache_find(c, touched);
            if (slot == ABSENT || fills(p, c, touched, 1, e->cycles)) return 0;
            slots[n] = slot;
            used[n] = touch;
        }
        hits += s->accesses[at];
    }
    if (!c) return 0;
    uint64_t *times = c->used, first = c->tick + 1;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t tick = first + used[i]->order;
        if (times[slots[i]] < tick) times[slots[i]] = tick;
        if (used[i]->written) c->dirty[slots[i]] = 1;
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

/* Run the events of the current block up to and with instruction `upto`, one by one. */
static void run_each(Engine *e, Block *b, const uint16_t *issue, uint32_t upto, int skip_fetches) {
    uint32_t i = e->events_done;
    uint64_t stall = e->stall;
    if (b->pending && !b->expanded) expand_addresses(b);
    for (; i < b->n_events; i++) {
        Event *v = &b->events[i];
        if (v->instruction > upto) break;
        if (skip_fetches && v->kind == EVENT_FETCH) continue;
        if (v->kind == EVENT_QUEUE) {
            leave_queue(&e->memory, v->address, e->cycles + issue[i] + stall);
            continue;
        }
        if (v->kind != EVENT_FETCH && !b->data_valid[i]) continue;
        uint64_t t = e->cycles + issue[i] + stall, cost = 0;
        if (v->kind == EVENT_FETCH) cost = memory_access(&e->memory, v->address, t, EVENT_FETCH, &b->region);
        else if (v->kind == EVENT_EXTRA) cost = b->data_address[i];
        else {
            uint32_t a = b->data_address[i], *hint = &b->event_region[i];
            if (!data_hit(&e->memory, v, a, t, hint)) cost = data_event(&e->memory, v, a, t, hint);
        }
        if (cost) {
            b->event_stall[i] += cost;
            stall += cost;
            if (v->kind == EVENT_LOAD || v->kind == EVENT_STORE) {
                b->event_unaligned[i] += e->memory.misaligned;
                b->event_bus[i] += e->memory.changed;
            }
        }
    }
    e->events_done = i;
    e->stall = stall;
}

/* Run the events of the current block up to and with instruction `upto`. */
static void run_events(Engine *e, Block *b, const uint16_t *issue, uint32_t upto) {
    int whole = e->events_done == 0 && upto == UINT32_MAX;
    int skip_fetches = whole && b->n_fetches && fetch_hits(e, b);
    if (skip_fetches) e->memory.left_at = 0;
    if (whole && (skip_fetches || !b->n_fetches) && (!b->pending || data_hits(e, b))) e->events_done = b->n_events;
    else run_each(e, b, issue, upto, skip_fetches);
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

static void predict(Engine *e, Block *b, int taken, uint32_t penalty) {
    uint32_t slot = b->branch->address;
    int wrong;
    if (b->branch->count == BRANCH_DIRECT) wrong = direct_wrong(&e->memory.predictor, slot, b->branch->shift, taken);
    else if (!e->next_address) return;
    else {
        uint32_t *target = &e->memory.predictor.targets[slot % PREDICTOR_SLOTS];
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

static const uint32_t *all_registers(Engine *e, void *uc, uint32_t *read) {
    if (e->registers) return e->registers;
    for (uint32_t n = 0; n < 16; n++) read[n] = read_register(e, uc, n);
    return read;
}

static inline int group_base(Engine *e, void *uc, const Group *group, uint32_t *base) {
    uint32_t at = 0;
    if (group->base < FIRST_SLOT) at = read_register(e, uc, group->base);
    else if (group->base != NO_REGISTER) {
        if (!e->values.valid[group->base - FIRST_SLOT]) return 0;
        at = e->values.slots[group->base - FIRST_SLOT];
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
    if (b->n_program) {
        uint32_t read[16];
        const uint32_t *registers = all_registers(e, uc, read);
        run_program(b->program, b->n_program, registers, &e->memory, &e->values);
    }
    int stays = !b->hooks_addresses, all_free = 1;
    for (uint32_t g = 0; g < b->n_groups; g++) {
        Group *group = &b->groups[g];
        uint32_t base;
        b->group_state[g] = GROUP_UNKNOWN;
        if (!group_base(e, uc, group, &base)) continue;
        Region *r = region_near(&e->memory, base + group->min_offset, &group->region);
        int inside = r && base + group->max_offset < r->end;
        if (!inside || (e->memory.other_memory && memory_number(r) != e->memory.last_memory)) stays = 0;
        b->group_base[g] = base;
        if (group->aligned && !(base & group->align_mask) && (!r || (r->is_free && inside)))
            b->group_state[g] = GROUP_FREE;
        else {
            b->group_state[g] = GROUP_COSTS;
            all_free = 0;
        }
    }
    b->in_order = e->memory.other_memory && !stays;
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
    e->memory.last_memory = OUTSIDE;
    for (uint32_t i = 0; i < 8; i++) e->memory.caches[i].number = i;
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
    free(b->group_touches); free(b->event_order); free(b->event_region);
    free(b->group_events); free(b->hooked); free(b->program); free(b);
}

EXPORT void bl_free(Engine *e) {
    for (uint32_t i = 0; i < e->n_blocks; i++) free_block(e->blocks[i]);
    for (uint32_t i = 0; i < e->n_paths; i++) { free(e->paths[i]->issue); free(e->paths[i]->pairs); free(e->paths[i]); }
    for (int i = 0; i < 8; i++) { free(e->memory.caches[i].tags); free(e->memory.caches[i].used); free(e->memory.caches[i].dirty); }
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
    b->event_region = calloc(n_events + 1, sizeof *b->event_region);
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

/* Turns of a waiting loop that are not run. */
EXPORT void bl_skip(Engine *e, uint64_t cycles, uint64_t instructions) {
    e->cycles += cycles;
    e->instructions += instructions;
    memory_skip(&e->memory, cycles);
}

EXPORT uint64_t bl_advance(Engine *e, const uint16_t *issue, uint32_t upto) {
    if (e->cur && e->cur->n_events) run_events(e, e->cur, issue, upto);
    return e->stall;
}

EXPORT uint32_t bl_trace(Engine *e, uint32_t i) { return e->trace[i & 1023]; }

EXPORT void bl_set_region(Engine *e, uint32_t i, uint32_t base, uint32_t end, int32_t port, int32_t icache,
                          int32_t dcache, uint32_t is_free, const uint8_t *host) {
    uint32_t number = port >= 0 ? FIRST_PORT + (uint32_t)port : i;
    e->memory.regions[i] = (Region){base, end, port, icache, dcache, is_free, host, number};
    if (i >= e->memory.n_regions) e->memory.n_regions = i + 1;
}

EXPORT void bl_set_port(Engine *e, uint32_t i, uint32_t wait_states, uint32_t read_shift, uint32_t prefetch) {
    e->memory.ports[i].wait_states = wait_states;
    e->memory.ports[i].read_shift = read_shift;
    e->memory.ports[i].prefetch = prefetch;
    if (!prefetch) e->memory.ports[i].ahead_valid = 0;
}

EXPORT void bl_set_bus(Engine *e, uint32_t i, uint32_t bus_cycles, uint32_t is_l1,
                       uint32_t has_buffers) {
    e->memory.ports[i].is_l1 = is_l1;
    e->memory.ports[i].has_buffers = has_buffers;
    e->memory.ports[i].bus_cycles = bus_cycles;
}

EXPORT void bl_invalidate(Engine *e, uint32_t i) {
    Cache *c = &e->memory.caches[i];
    size_t n = (size_t)c->sets * c->ways;
    if (!c->tags) return;
    c->changes++;
    memset(c->tags, 0, n * sizeof *c->tags);
    memset(c->used, 0, n * sizeof *c->used);
    memset(c->dirty, 0, n);
}

EXPORT void bl_set_cache(Engine *e, uint32_t i, uint32_t enabled, uint32_t sets, uint32_t ways, uint32_t line_shift) {
    Cache *c = &e->memory.caches[i];
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
        c->changes++;
        memset(c->found, 0, sizeof c->found);
    }
    c->enabled = enabled;
}

EXPORT void bl_cache_counts(Engine *e, uint32_t i, uint64_t *hits, uint64_t *misses) {
    *hits = e->memory.caches[i].hits;
    *misses = e->memory.caches[i].misses;
}

EXPORT void bl_set_data_timing(Engine *e, const uint32_t *unaligned, const uint32_t *divide) {
    e->memory.unaligned_halfword = unaligned[0];
    e->memory.unaligned_word_half = unaligned[1];
    e->memory.unaligned_word_odd = unaligned[2];
    e->memory.other_memory = unaligned[3];
    e->memory.store_drain = unaligned[4];
    e->memory.store_entries = unaligned[5];
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
    n = move_part(buffer, n, e->memory.ports, sizeof e->memory.ports, load);
    n = move_part(buffer, n, &e->memory.last_memory, sizeof e->memory.last_memory, load);
    n = move_part(buffer, n, &e->memory.predictor, sizeof e->memory.predictor, load);
    n = move_part(buffer, n, &e->memory.stores_drained, sizeof e->memory.stores_drained, load);
    n = move_part(buffer, n, &e->memory.unaligned_next, sizeof e->memory.unaligned_next, load);
    n = move_part(buffer, n, &e->memory.unaligned_done, sizeof e->memory.unaligned_done, load);
    n = move_part(buffer, n, &e->memory.left_time, sizeof e->memory.left_time, load);
    n = move_part(buffer, n, &e->memory.left_at, sizeof e->memory.left_at, load);
    for (uint32_t i = 0; i < 8; i++) {
        Cache *c = &e->memory.caches[i], shape = *c;
        n = move_part(buffer, n, &shape, offsetof(Cache, found), load);
        if (load && shape.sets) bl_set_cache(e, i, shape.enabled, shape.sets, shape.ways, shape.line_shift);
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

EXPORT size_t bl_save_memory(Engine *e, uint8_t *to) { return move_memory(e, to, 0); }

EXPORT void bl_load_memory(Engine *e, uint8_t *from) { move_memory(e, from, 1); }

/* -- Unicorn's TLB ---------------------------------------------------------------- */
EXPORT bool bl_fill_tlb(void *uc, uint64_t page, int access, TlbEntry *entry, void *fill) {
    return fill_tlb(uc, (uint32_t)page, access, entry, fill);
}

EXPORT void bl_touch_pages(void *uc, const TlbFill *fill, uint32_t pages, uint32_t page_shift) {
    uint64_t physical;
    for (uint32_t page = 0; page < pages; page++)
        fill->translate(uc, (uint64_t)page << page_shift, PAGE_READ, &physical);
}
