/* What happens at the entry of a block and at a watched instruction. Twin: block_hook.py.
 *
 * Unicorn calls on_block at the entry of every translated block and on_code at the few
 * instructions whose operands decide a cost (a division, a conditional load, an address
 * that is not an entry register plus a constant). Everything here is integer arithmetic
 * over tables that Python fills; tests/engine holds the two equal to the last cycle.
 */
#ifndef BOARDLESS_BLOCK_HOOK_H
#define BOARDLESS_BLOCK_HOOK_H

#include <stddef.h>
#include <string.h>

#include "../../timing/branch_predictor.h"
#include "../../timing/memory/memory_system.h"
#include "../hook.h"
#include "../lent_input.h"
#include "../remembered_reads.h"
#include "addresses.h"
#include "contexts.h"
#include "exceptions.h"
#include "pricing.h"
#include "tables.h"

#define TRACE_LENGTH 1024

typedef int (*emu_stop_fn)(void *uc);
typedef int (*emu_start_fn)(void *uc, uint64_t begin, uint64_t until, uint64_t timeout, size_t count);

typedef struct {
    Pricing pricing;       /* the first: its head is */
    Tables tables;
    Contexts contexts;
    Exceptions exceptions;
    RememberedReads *remembered; /* NULL: every read is Python's */
    LentInput *input;      /* NULL: every character is */
    emu_start_fn emu_start;
    emu_stop_fn emu_stop;
    Block *block;          /* the current one, or NULL */
    uint32_t trace[TRACE_LENGTH];
} NativeHook;

static __attribute__((noinline)) int masks_open(const NativeHook *n, void *uc) {
    const Registers *r = &n->pricing.addresses.registers;
    if (ask_register(r, uc, r->primask_id) & 1) return 0;
    if (r->faultmask_id >= 0 && ask_register(r, uc, r->faultmask_id) & 1) return 0;
    uint32_t basepri = r->basepri_id >= 0 ? ask_register(r, uc, r->basepri_id) & 0xFF : 0;
    return basepri == 0 || n->pricing.head.mask_priority < basepri;
}

/* Why the block at `address` is not to be entered now, or STOP_NONE. */
static uint32_t limit(const NativeHook *n, void *uc, uint32_t address) {
    const BlockHook *h = &n->pricing.head;
    if (h->stop_request) return STOP_REQUEST;
    if (h->cycles >= h->deadline) return STOP_DEADLINE;
    if (address == h->break_address || address == h->turn_address) return STOP_BREAK;
    if (h->mask_watch && masks_open(n, uc)) return STOP_MASKS;
    return STOP_NONE;
}

/* The path that the current block took, or NULL when it was not met yet. */
static Path *path_taken(NativeHook *n, Block *b, uint32_t skipped) {
    uint32_t state = n->pricing.head.state;
    if (b->cached_path && b->cached_state == state && b->cached_skipped == skipped) return b->cached_path;
    int32_t i = find_path(&n->tables, state, b->index, skipped);
    if (i < 0) return NULL;
    b->cached_path = n->tables.paths[i];
    b->cached_state = state;
    b->cached_skipped = skipped;
    return b->cached_path;
}

/* Close the current block towards `edge`; `target`: the block that is being entered, 0 when none is.
 * Returns STOP_NONE, STOP_NEED_PATH or STOP_NEED_EDGE. */
static inline __attribute__((always_inline)) uint32_t finish(NativeHook *n, uint32_t edge, uint32_t target) {
    BlockHook *h = &n->pricing.head;
    Block *b = n->block;
    uint32_t skipped = b->observed_all & ~h->executed;
    Path *path = path_taken(n, b, skipped);
    Edge *taken = path ? &path->edges[edge] : NULL;
    if (!taken || !taken->valid) {
        h->need_block = b->index;
        h->need_skipped = skipped;
        h->need_edge = edge;
        return path ? STOP_NEED_EDGE : STOP_NEED_PATH;
    }
    if (b->n_fetches || b->pending) run_events(&n->pricing, b, path->issue, EVERYTHING);
    if (path->n_pairs) meet_banks(&n->pricing, b, path);
    if (b->branch) predict(&n->pricing, b, edge != 0, path->issue[b->n_events - 1], target);
    if (n->pricing.footprint.n && b->n_data) footprint_count(&n->pricing.footprint, b);
    h->cycles += taken->cycles + h->stall;
    h->instructions += b->instructions;
    h->state = taken->next_state;
    path->counts[edge]++;
    taken->stall += h->stall;
    n->block = NULL;
    h->current = -1;
    return STOP_NONE;
}

static Block *block_at(const Tables *t, Block *previous, uint32_t address, uint32_t size_bytes) {
    if (!previous) return find_block(t, address, size_bytes);
    Block **next = &previous->cached_next[address != previous->fall_through], *b = *next;
    if (b && b->address == address && b->size_bytes == size_bytes) return b;
    b = find_block(t, address, size_bytes);
    if (b) *next = b;
    return b;
}

/* Why the block that has just been entered is left again: its data may trap, or meet a guard. */
static __attribute__((noinline)) uint32_t data_stop(NativeHook *n, Block *b) {
    BlockHook *h = &n->pricing.head;
    int misaligned = b->misaligned && !b->watches_alignment;
    if (!misaligned && (b->watches_guards || !meets_guard(&n->pricing.addresses, b))) return STOP_NONE;
    n->block = NULL;
    h->current = -1;
    h->block_serial--;
    h->need_block = b->index;
    return misaligned ? STOP_MISALIGNED : STOP_GUARDED;
}

static uint32_t enter(NativeHook *n, void *uc, uint32_t address, uint32_t size_bytes) {
    BlockHook *h = &n->pricing.head;
    Block *previous = n->block, *b = block_at(&n->tables, previous, address, size_bytes);
    if (!b || (b->host && (b->dropped || memcmp(b->host, b->code, size_bytes)))) {
        h->need_address = address;
        h->need_size = size_bytes;
        return STOP_NEED_BLOCK;
    }
    if (previous) {
        uint32_t edge = address == previous->fall_through ? 0 : 1 + b->entry_class;
        uint32_t code = finish(n, edge, address);
        if (code) return code;
        if (previous->leaves && n->contexts.enabled)
            contexts_leave(&n->contexts, &n->tables, h, previous, address,
                           read_register(&n->pricing.addresses.registers, uc, 13));
    }
    uint32_t code = limit(n, uc, address);
    if (code) return code;
    if (h->protection & ~b->permitted) {
        h->need_block = b->index;
        return STOP_PROTECTED;
    }
    n->block = b;
    h->current = (int32_t)b->index;
    h->executed = 0;
    h->stall = 0;
    h->events_done = 0;
    n->pricing.memory.loaded = NO_INSTRUCTION;
    h->next_hooked = 0;
    h->block_serial++;
    if (b->n_data) {
        Addresses *a = &n->pricing.addresses;
        addresses_capture(a, &n->pricing.memory, uc, b);
        if (b->misaligned || a->n_guards) {
            uint32_t stop = data_stop(n, b);
            if (stop) return stop;
        }
    }
    if (h->trace_enabled) n->trace[h->trace_length++ % TRACE_LENGTH] = b->index;
    return STOP_NONE;
}

static inline void on_block(NativeHook *n, void *uc, uint32_t address, uint32_t size_bytes) {
    uint32_t code = n->pricing.head.stop_code ? n->pricing.head.stop_code : enter(n, uc, address, size_bytes);
    if (code) {
        n->pricing.head.stop_code = code;
        n->emu_stop(uc);
    }
}

static inline void on_code(NativeHook *n, void *uc, uint32_t address) {
    BlockHook *h = &n->pricing.head;
    Block *b = n->block;
    if (!b) return;
    for (uint32_t i = h->next_hooked; i < b->n_hooked; i++) {
        const Hooked *hooked = &b->hooked[i];
        if (hooked->address > address) return;
        h->next_hooked = i + 1;
        if (hooked->address != address) continue;
        if (hooked->kind == HOOK_OBSERVED) h->executed |= 1u << hooked->event;
        else read_operands(&n->pricing.addresses, uc, b, hooked);
    }
}

/* A block that its instruction `instructions` left in the middle (a fault): part of it is counted. */
static void abandon(NativeHook *n, uint32_t instructions, uint32_t cycles) {
    BlockHook *h = &n->pricing.head;
    if (!n->block) return;
    h->cycles += cycles + h->stall;
    h->instructions += instructions;
    n->block = NULL;
    h->current = -1;
}

/* Turns of a waiting loop that are not run. */
static void skip(NativeHook *n, uint64_t cycles, uint64_t instructions) {
    n->pricing.head.cycles += cycles;
    n->pricing.head.instructions += instructions;
    memory_skip(&n->pricing.memory, cycles);
}

static uint64_t advance(NativeHook *n, const uint16_t *issue, uint32_t upto) {
    if (n->block && n->block->n_events) run_events(&n->pricing, n->block, issue, upto);
    return n->pricing.head.stall;
}

#endif
