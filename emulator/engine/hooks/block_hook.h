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
#include "../lent_output.h"
#include "../lent_tick.h"
#include "../remembered_reads.h"
#include "addresses.h"
#include "answers.h"
#include "contexts.h"
#include "exceptions.h"
#include "laps.h"
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
    LentOutput *output;    /* the same of those that are sent */
    LentTick *tick;        /* SysTick's deadlines while they are lent */
    Answers *answers;      /* NULL: every question is Python's */
    Watch watch;
    emu_start_fn emu_start;
    emu_stop_fn emu_stop;
    Block *block;          /* the current one, or NULL */
    Path *path;            /* that it is in; NULL: not known */
    Laps laps;             /* of the current block */
    struct Vectors *vectors; /* what runs Armv8.1-M: interpret.h; NULL: nothing does */
    uint32_t interprets;   /* the block that is entered is the interpreter's */
    uint32_t trace[TRACE_LENGTH];
} NativeHook;

static void watch_turn(NativeHook *n, void *uc, uint32_t address); /* output.h */
static void end_watch(NativeHook *n);

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

/* Find the path that the current block took, with its edge. Returns STOP_NONE, STOP_NEED_PATH or STOP_NEED_EDGE. */
static __attribute__((noinline)) uint32_t find_taken(NativeHook *n, Block *b, uint32_t edge, Path **path) {
    BlockHook *h = &n->pricing.head;
    uint32_t skipped = b->observed_all & ~h->executed;
    *path = path_taken(n, b, skipped);
    if (*path && (*path)->edges[edge].valid) return STOP_NONE;
    h->need_block = b->index;
    h->need_skipped = skipped;
    h->need_edge = edge;
    return *path ? STOP_NEED_EDGE : STOP_NEED_PATH;
}

/* What the current block pays beside its path's cycles. */
static inline __attribute__((always_inline)) void price(NativeHook *n, Block *b, const Path *path, int elsewhere,
                                                        uint32_t target) {
    if (b->n_fetches || b->pending) run_whole(&n->pricing, b, path->issue);
    if (path->n_pairs) meet_banks(&n->pricing, b, path);
    if (b->branch) predict(&n->pricing, b, elsewhere, path->issue[b->n_events - 1], target);
    if (n->pricing.footprint.n && b->n_data) footprint_count(&n->pricing.footprint, b);
}

/* A pass through a block has ended: it took `cycles`, beside what its events waited. */
static inline __attribute__((always_inline)) void end_pass(BlockHook *h, const Block *b, uint32_t cycles, uint32_t next_state,
                                                           uint64_t *passes, uint64_t *stall) {
    h->cycles += cycles;
    h->instructions += b->instructions;
    h->state = next_state;
    ++*passes;
    if (b->counts_alone) return;
    h->cycles += h->stall;
    *stall += h->stall;
    h->stall = 0;
    h->events_done = 0;
}

/* Close the current block by an edge of its path. */
static inline __attribute__((always_inline)) void take(NativeHook *n, const Block *b, Path *path, uint32_t edge) {
    Edge *taken = &path->edges[edge];
    end_pass(&n->pricing.head, b, taken->cycles, taken->next_state, &path->counts[edge], &taken->stall);
}

static void close_block(NativeHook *n) {
    n->block = NULL;
    n->path = NULL;
    n->pricing.head.current = -1;
}

static void settle_laps(NativeHook *n) {
    if (n->laps.size_bytes) end_laps(&n->laps, &n->pricing, n->block);
}

static inline __attribute__((always_inline)) void open_block(NativeHook *n, Block *b, Path *path) {
    n->block = b;
    n->path = path;
    n->pricing.head.current = (int32_t)b->index;
    n->pricing.head.block_serial++;
}

/* Close the current block towards `edge` without a block that is being entered.
 * Returns STOP_NONE, STOP_NEED_PATH or STOP_NEED_EDGE. */
static uint32_t finish(NativeHook *n, uint32_t edge) {
    settle_laps(n);
    Block *b = n->block;
    Path *path;
    uint32_t code = find_taken(n, b, edge, &path);
    if (code) return code;
    price(n, b, path, edge != 0, 0);
    take(n, b, path, edge);
    close_block(n);
    return STOP_NONE;
}

/* Remember how a path was left, so that the next pass need not look it up. */
static void know_step(NativeHook *n, Path *path, uint32_t elsewhere, Block *next, uint32_t edge) {
    Step *step = &path->steps[elsewhere];
    const Edge *taken = &path->edges[edge];
    int32_t entered = next->observed_all ? -1 : find_path(&n->tables, taken->next_state, next->index, 0);
    settle_path(path);
    *step = (Step){.edge = edge};
    if (path->skipped || (entered < 0 && !next->observed_all)) return;
    *step = (Step){next->address, next->size_bytes, next, entered < 0 ? NULL : n->tables.paths[entered], 0, 0,
                   taken->cycles, taken->next_state, edge, 0};
}

/* The same towards the block at `address`. */
static uint32_t leave(NativeHook *n, Block *b, Block *next, uint32_t address) {
    uint32_t elsewhere = address != b->fall_through, edge = elsewhere ? 1 + next->entry_class : 0;
    Path *path;
    uint32_t code = find_taken(n, b, edge, &path);
    if (code) return code;
    price(n, b, path, edge != 0, address);
    take(n, b, path, edge);
    if (!b->observed_all) know_step(n, path, elsewhere, next, edge);
    close_block(n);
    return STOP_NONE;
}

/* Why the block that has just been entered is left again: its data may trap, or meet a guard. */
static __attribute__((noinline)) uint32_t data_stop(NativeHook *n, Block *b) {
    BlockHook *h = &n->pricing.head;
    int misaligned = b->misaligned && !b->watches_alignment;
    if (!misaligned && (b->watches_guards || !meets_guard(&n->pricing.addresses, b))) return STOP_NONE;
    close_block(n);
    h->block_serial--;
    h->need_block = b->index;
    return misaligned ? STOP_MISALIGNED : STOP_GUARDED;
}

/* What is to be known of the data of the block that has just been entered. */
static inline uint32_t enter_data(NativeHook *n, void *uc, Block *b) {
    Addresses *a = &n->pricing.addresses;
    n->pricing.head.executed = n->pricing.head.next_hooked = 0;
    addresses_capture(a, &n->pricing.memory, uc, b);
    return b->misaligned || a->n_guards ? data_stop(n, b) : STOP_NONE;
}

/* Whether a block's code is not what it was: only that in RAM can be another. */
static inline __attribute__((always_inline)) int has_changed(const Block *b) {
    return b->host && (b->dropped || memcmp(b->host, b->code, b->size_bytes));
}

static uint32_t enter(NativeHook *n, void *uc, uint32_t address, uint32_t size_bytes) {
    BlockHook *h = &n->pricing.head;
    Block *previous = n->block, *b = find_block(&n->tables, address, size_bytes);
    if (!b || has_changed(b)) {
        h->need_address = address;
        h->need_size = size_bytes;
        return STOP_NEED_BLOCK;
    }
    if (b->redirects && !n->interprets) return STOP_INTERPRET;
    if (previous) {
        uint32_t code = leave(n, previous, b, address);
        if (code) return code;
        if (previous->leaves && n->contexts.enabled)
            contexts_leave(&n->contexts, &n->tables, h, previous, address,
                           read_register(&n->pricing.addresses.registers, uc, 13));
    }
    if (n->watch.stage) watch_turn(n, uc, address);
    uint32_t code = limit(n, uc, address);
    if (code) return code;
    if (h->protection & ~b->permitted) {
        h->need_block = b->index;
        return STOP_PROTECTED;
    }
    h->stall = 0;
    h->events_done = 0;
    open_block(n, b, b->observed_all ? NULL : path_taken(n, b, 0));
    code = b->n_data ? enter_data(n, uc, b) : STOP_NONE;
    if (!code && h->trace_enabled) n->trace[h->trace_length++ % TRACE_LENGTH] = b->index;
    return code;
}

static void stop(NativeHook *n, void *uc, uint32_t code) {
    n->pricing.head.stop_code = code;
    if (!n->interprets) n->emu_stop(uc);
}

/* Whether a question is answered without a stop. */
static int is_answered(NativeHook *n, void *uc, uint32_t code) {
    if (!n->answers || (code != STOP_NEED_BLOCK && code != STOP_NEED_PATH && code != STOP_NEED_EDGE)) return 0;
    if (n->watch.stage) end_watch(n);
    return answer(n->answers, &n->tables, &n->exceptions, &n->pricing.addresses.registers, uc, &n->pricing.head, code);
}

static __attribute__((noinline)) void pass(NativeHook *n, void *uc, uint32_t address, uint32_t size_bytes) {
    uint32_t code = n->pricing.head.stop_code ? n->pricing.head.stop_code : enter(n, uc, address, size_bytes);
    while (is_answered(n, uc, code)) code = enter(n, uc, address, size_bytes);
    if (code == STOP_RESUMED) { /* the rest of a block that was let in */
        n->pricing.head.stop_code = STOP_NONE;
        if (n->watch.stage) end_watch(n);
    } else if (code) stop(n, uc, code);
}

/* Close the current block by a short cut. */
static inline __attribute__((always_inline)) void take_step(NativeHook *n, const Block *b, Step *step) {
    end_pass(&n->pricing.head, b, step->cycles, step->next_state, &step->passes, &step->stall);
}

/* The rest of a quick pass, of a block that has been left: its time is what may end the run. */
static inline __attribute__((always_inline)) void pass_on(NativeHook *n, void *uc, Step *step) {
    const BlockHook *h = &n->pricing.head;
    if (h->cycles >= h->deadline) {
        close_block(n);
        stop(n, uc, STOP_DEADLINE);
        return;
    }
    open_block(n, step->next, step->path);
    uint32_t code = step->next->n_data ? enter_data(n, uc, step->next) : STOP_NONE;
    if (code) stop(n, uc, code);
    else if (step->next->may_lap && step->path && !(step->next->leaves && n->contexts.enabled)) {
        Step *around = &step->path->steps[1];
        if (around->path == step->path) begin_laps(&n->laps, &n->pricing, uc, step->next, step->path, around);
    }
}

static __attribute__((noinline)) void pass_priced(NativeHook *n, void *uc, Block *b, Path *path, Step *step) {
    price(n, b, path, step->edge != 0, step->address);
    take_step(n, b, step);
    pass_on(n, uc, step);
}

/* Whether the path goes where it went last, and nobody watches. */
static inline __attribute__((always_inline)) int is_quick(const NativeHook *n, const Block *b, const Step *step,
                                                          uint32_t address, uint32_t size_bytes) {
    const BlockHook *h = &n->pricing.head;
    if (step->address != address || step->size_bytes != size_bytes || has_changed(step->next)) return 0;
    if (step->next->redirects && !n->interprets) return 0;
    if (h->stop_code | h->stop_request | h->mask_watch | h->trace_enabled) return 0;
    if (b->leaves && n->contexts.enabled) return 0;
    return address != h->break_address && address != h->turn_address && !(h->protection & ~step->next->permitted);
}

/* The same as pass(), in a few steps where that will do. */
static __attribute__((noinline)) void pass_quickly(NativeHook *n, void *uc, uint32_t address, uint32_t size_bytes) {
    settle_laps(n);
    Block *b = n->block;
    Path *path = n->path;
    Step *step = path ? &path->steps[address != path->fall_through] : NULL;
    if (!path || path->state != n->pricing.head.state || !is_quick(n, b, step, address, size_bytes))
        pass(n, uc, address, size_bytes);
    else if (!b->counts_alone) pass_priced(n, uc, b, path, step);
    else {
        take_step(n, b, step);
        pass_on(n, uc, step);
    }
}

/* A lap whose data can cost, or the last one before something else. */
static __attribute__((noinline)) void pass_lap(NativeHook *n, void *uc, uint32_t address, uint32_t size_bytes) {
    BlockHook *h = &n->pricing.head;
    Laps *l = &n->laps;
    if (l->rushed) end_rush(l, &n->pricing, n->block);
    int is_lap = l->left && !(h->stop_code | h->stop_request | h->trace_enabled); /* a watched loop: output.h */
    if (!is_lap || (l->has_costs && !price_lap(l, &n->pricing, n->block))) {
        pass_quickly(n, uc, address, size_bytes);
        return;
    }
    l->left--;
    h->cycles += l->cycles;
    h->instructions += l->instructions;
    if (h->cycles < h->deadline) {
        if (l->has_costs) begin_rush(l, &n->pricing, n->block);
        return;
    }
    settle_laps(n);
    close_block(n);
    stop(n, uc, STOP_DEADLINE);
}

/* A block is entered. What most laps of a loop take is here; the compiler needs no stack for that. */
static inline void on_block(NativeHook *n, void *uc, uint32_t address, uint32_t size_bytes) {
    BlockHook *h = &n->pricing.head;
    Laps *l = &n->laps;
    if (address != l->address || size_bytes != l->size_bytes) {
        pass_quickly(n, uc, address, size_bytes);
        return;
    }
    uint64_t cycles = h->cycles + l->cycles;
    if (l->has_costs | !l->left | h->stop_code | h->stop_request | h->trace_enabled | (cycles >= h->deadline)) {
        pass_lap(n, uc, address, size_bytes);
        return;
    }
    l->left--;
    h->cycles = cycles;
    h->instructions += l->instructions;
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
    settle_laps(n);
    h->cycles += cycles + h->stall;
    h->instructions += instructions;
    close_block(n);
}

/* Turns of a waiting loop that are not run. */
static void skip(NativeHook *n, uint64_t cycles, uint64_t instructions) {
    n->pricing.head.cycles += cycles;
    n->pricing.head.instructions += instructions;
    memory_skip(&n->pricing.memory, cycles);
}

static uint64_t advance(NativeHook *n, const uint16_t *issue, uint32_t upto) {
    settle_laps(n);
    if (n->block && n->block->n_events) run_events(&n->pricing, n->block, issue, upto);
    return n->pricing.head.stall;
}

#endif
