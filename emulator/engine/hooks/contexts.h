/* Who called whom: the call-context tree, kept where it changes and nowhere else. Twin: contexts.py. */
#ifndef BOARDLESS_CONTEXTS_H
#define BOARDLESS_CONTEXTS_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../events.h"
#include "../hook.h"
#include "block.h"
#include "tables.h"

#define LEAVES_FALL 6      /* of a block that runs on into another function */
#define NOWHERE UINT32_MAX /* no parent, no return address; the stack pointer of a frame whose return is unknown */
#define MOST_FRAMES (1u << 14)

enum { KIND_MAIN, KIND_CALL, KIND_EXCEPTION, KIND_THREAD };
enum { CALLS, CYCLES, INSTRUCTIONS, WAITING, EXCEPTION, COUNTS };

typedef struct {           /* a context and its counts, and what they were at the mark of number `epoch` */
    uint32_t parent, kind, function, site, epoch, lowest_stack;
    uint64_t counts[COUNTS], at_mark[COUNTS]; /* behind a turn's end what it has added, instead */
} ContextNode;

typedef struct {           /* an activation; tail: it returns to where the frame below it does */
    uint32_t node, function, return_address, stack_pointer, tail, root;
} Frame;

typedef struct { uint32_t site, target; uint64_t count; } TableJump; /* within a function */

typedef struct { Frame *frames; uint32_t n, cap, key; } Frames; /* key: of a preempted thread */

typedef struct {
    uint32_t enabled, running, n_threads, cap_threads;
    Frames *threads, handlers;
    ContextNode *nodes;
    uint32_t n_nodes, cap_nodes, hash_size, epoch;
    int32_t *hash;         /* numbers, -1: none */
    uint32_t *starts, n_starts, cap_starts;
    uint32_t *touched, n_touched, cap_touched, n_turn; /* n_turn: of those that a turn has changed */
    uint64_t cycles, instructions; /* at the last change */
    TableJump *jumps;
    uint32_t n_jumps, cap_jumps, jump_hash_size;
    int32_t *jump_hash;    /* numbers, -1: none */
} Contexts;

/* Room for one more item of an array. */
static void *grown(void *items, uint32_t n, uint32_t *cap, size_t size) {
    if (n < *cap) return items;
    *cap = *cap ? *cap * 2 : 64;
    return realloc(items, *cap * size);
}

/* ---- functions' beginnings ---- */

/* How many beginnings lie at or below the address. */
static uint32_t starts_below(const Contexts *c, uint32_t address) {
    uint32_t low = 0, high = c->n_starts;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (c->starts[middle] <= address) low = middle + 1;
        else high = middle;
    }
    return low;
}

static int contexts_is_start(const Contexts *c, uint32_t address) {
    uint32_t n = starts_below(c, address);
    return n && c->starts[n - 1] == address;
}

/* The beginning of the function that holds the address; the address when none is known. */
static uint32_t contexts_function_of(const Contexts *c, uint32_t address) {
    uint32_t n = starts_below(c, address);
    return n ? c->starts[n - 1] : address;
}

/* Decides whether leaving the block may change the context. */
static void contexts_mark_block(const Contexts *c, Block *b) {
    uint32_t leaves = b->leaving;
    if (leaves == LEAVES_JUMP && !(contexts_is_start(c, b->target) && contexts_function_of(c, b->address) != b->target))
        leaves = LEAVES_NOTHING;
    if (leaves == LEAVES_NOTHING && contexts_is_start(c, b->fall_through)) leaves = LEAVES_FALL;
    b->leaves = leaves;
}

static void contexts_add_start(Contexts *c, Tables *t, uint32_t address) {
    if (contexts_is_start(c, address)) return;
    uint32_t at = starts_below(c, address);
    c->starts = grown(c->starts, c->n_starts, &c->cap_starts, sizeof *c->starts);
    memmove(c->starts + at + 1, c->starts + at, (c->n_starts - at) * sizeof *c->starts);
    c->starts[at] = address;
    c->n_starts++;
    for (uint32_t i = 0; i < t->n_blocks; i++) contexts_mark_block(c, t->blocks[i]);
}

/* ---- nodes ---- */

static uint32_t node_hash(uint32_t parent, uint32_t kind, uint32_t function, uint32_t site) {
    return hash2(parent * 4 + kind, function) ^ hash2(site, parent);
}

static void put_node(Contexts *c, uint32_t number) {
    const ContextNode *n = &c->nodes[number];
    uint32_t mask = c->hash_size - 1, h = node_hash(n->parent, n->kind, n->function, n->site) & mask;
    while (c->hash[h] >= 0) h = (h + 1) & mask;
    c->hash[h] = (int32_t)number;
}

static uint32_t contexts_find_node(Contexts *c, Tables *t, uint32_t parent, uint32_t kind, uint32_t function,
                                   uint32_t site) {
    uint32_t mask = c->hash_size - 1;
    for (uint32_t h = node_hash(parent, kind, function, site) & mask; c->hash[h] >= 0; h = (h + 1) & mask) {
        const ContextNode *n = &c->nodes[c->hash[h]];
        if (n->parent == parent && n->kind == kind && n->function == function && n->site == site)
            return (uint32_t)c->hash[h];
    }
    uint32_t number = c->n_nodes;
    c->nodes = grown(c->nodes, number, &c->cap_nodes, sizeof *c->nodes);
    c->nodes[number] = (ContextNode){parent, kind, function, site, 0, NOWHERE, {0}, {0}};
    c->n_nodes++;
    if (c->n_nodes * 2 > c->hash_size) {
        make_hash(&c->hash, &c->hash_size, c->hash_size * 2);
        for (uint32_t i = 0; i < number; i++) put_node(c, i);
    }
    put_node(c, number);
    if (kind != KIND_MAIN) contexts_add_start(c, t, function);
    return number;
}

/* The node, about to be changed: what it was is kept for a mark. */
static ContextNode *contexts_touch(Contexts *c, uint32_t number) {
    ContextNode *n = &c->nodes[number];
    if (n->epoch != c->epoch) {
        n->epoch = c->epoch;
        memcpy(n->at_mark, n->counts, sizeof n->counts);
        c->touched = grown(c->touched, c->n_touched, &c->cap_touched, sizeof *c->touched);
        c->touched[c->n_touched++] = number;
    }
    return n;
}

static Frames *contexts_stack(Contexts *c) { return c->handlers.n ? &c->handlers : &c->threads[c->running]; }

/* What passed since the last change is the current context's. */
static void contexts_flush(Contexts *c, const BlockHook *h) {
    Frames *stack = contexts_stack(c);
    if (!stack->n) return;
    ContextNode *n = contexts_touch(c, stack->frames[stack->n - 1].node);
    n->counts[CYCLES] += h->cycles - c->cycles;
    n->counts[INSTRUCTIONS] += h->instructions - c->instructions;
    c->cycles = h->cycles;
    c->instructions = h->instructions;
}

/* ---- calls and returns ---- */

static void push_frame(Frames *stack, Frame frame) {
    stack->frames = grown(stack->frames, stack->n, &stack->cap, sizeof *stack->frames);
    stack->frames[stack->n++] = frame;
}

static ContextNode *contexts_push_root(Contexts *c, Tables *t, Frames *stack, uint32_t kind, uint32_t function,
                                       uint32_t site) {
    uint32_t number = contexts_find_node(c, t, NOWHERE, kind, function, site);
    ContextNode *n = contexts_touch(c, number);
    n->counts[CALLS]++;
    push_frame(stack, (Frame){number, function, NOWHERE, NOWHERE, 0, 1});
    return n;
}

static void contexts_call(Contexts *c, Tables *t, const BlockHook *h, uint32_t site, uint32_t target,
                          uint32_t return_address, uint32_t stack_pointer) {
    contexts_flush(c, h);
    Frames *stack = contexts_stack(c);
    if (!stack->n || stack->n >= MOST_FRAMES) return;
    uint32_t caller = stack->frames[stack->n - 1].node;
    if (stack_pointer < c->nodes[caller].lowest_stack) c->nodes[caller].lowest_stack = stack_pointer;
    uint32_t number = contexts_find_node(c, t, caller, KIND_CALL, target, site);
    contexts_touch(c, number)->counts[CALLS]++;
    push_frame(stack, (Frame){number, target, return_address, stack_pointer, 0, 0});
}

/* A jump to another function; one that closes a ring of such jumps goes back in it, and calls nobody. */
static void contexts_tail(Contexts *c, Tables *t, const BlockHook *h, uint32_t site, uint32_t target) {
    contexts_flush(c, h);
    Frames *stack = contexts_stack(c);
    if (!stack->n) return;
    uint32_t at = stack->n - 1;
    while (stack->frames[at].function != target && stack->frames[at].tail) at--;
    if (stack->frames[at].function == target) stack->n = at + 1;
    else if (stack->n < MOST_FRAMES) {
        Frame top = stack->frames[stack->n - 1];
        uint32_t number = contexts_find_node(c, t, top.node, KIND_CALL, target, site);
        contexts_touch(c, number)->counts[CALLS]++;
        push_frame(stack, (Frame){number, target, top.return_address, top.stack_pointer, 1, 0});
    }
}

static void contexts_pop(Frames *stack) { while (stack->frames[--stack->n].tail) {} }

/* What was running when counting began has returned to its caller, of which nothing is known. */
static void contexts_replace_root(Contexts *c, Tables *t, const BlockHook *h, Frames *stack, uint32_t target) {
    contexts_flush(c, h);
    uint32_t at = stack->n - 1;
    while (!stack->frames[at].root) at--;
    ContextNode root = c->nodes[stack->frames[at].node];
    if (root.kind == KIND_EXCEPTION) return;
    stack->n = at;
    contexts_push_root(c, t, stack, root.kind, contexts_function_of(c, target), root.site);
}

/* The stack pointer stands above frames that did not return: they are gone. */
static void contexts_unwind(Contexts *c, Tables *t, const BlockHook *h, uint32_t site, uint32_t target,
                            uint32_t stack_pointer) {
    contexts_flush(c, h);
    Frames *stack = contexts_stack(c);
    uint32_t at = stack->n - 1;
    for (; !stack->frames[at].root && stack->frames[at].stack_pointer <= stack_pointer; at--)
        if (stack->frames[at].stack_pointer == stack_pointer && stack->frames[at].return_address == target) {
            stack->n = at + 1;
            contexts_pop(stack);
            return;
        }
    stack->n = at + 1;
    if (contexts_is_start(c, target)) contexts_tail(c, t, h, site, target);
    else if (stack->frames[at].root &&
             contexts_function_of(c, target) != contexts_function_of(c, stack->frames[at].function))
        contexts_replace_root(c, t, h, stack, target);
}

/* Where a jump through a table or a pointer leads is known here alone. */
static void contexts_count_jump(Contexts *c, uint32_t site, uint32_t target) {
    uint32_t mask = c->jump_hash_size - 1, h = hash2(site, target) & mask;
    for (; c->jump_hash[h] >= 0; h = (h + 1) & mask) {
        TableJump *j = &c->jumps[c->jump_hash[h]];
        if (j->site == site && j->target == target) { j->count++; return; }
    }
    c->jumps = grown(c->jumps, c->n_jumps, &c->cap_jumps, sizeof *c->jumps);
    c->jumps[c->n_jumps] = (TableJump){site, target, 1};
    c->jump_hash[h] = (int32_t)c->n_jumps++;
    if (c->n_jumps * 2 <= c->jump_hash_size) return;
    make_hash(&c->jump_hash, &c->jump_hash_size, c->jump_hash_size * 2);
    for (uint32_t i = 0; i < c->n_jumps; i++) {
        h = hash2(c->jumps[i].site, c->jumps[i].target) & (c->jump_hash_size - 1);
        while (c->jump_hash[h] >= 0) h = (h + 1) & (c->jump_hash_size - 1);
        c->jump_hash[h] = (int32_t)i;
    }
}

/* A return, a jump through a pointer, or through a table. */
static void contexts_indirect(Contexts *c, Tables *t, const BlockHook *h, const Block *b, uint32_t target,
                              uint32_t stack_pointer) {
    Frames *stack = contexts_stack(c);
    if (!stack->n) return;
    Frame top = stack->frames[stack->n - 1];
    int known = top.stack_pointer != NOWHERE;
    if (known && stack_pointer == top.stack_pointer && target == top.return_address) {
        contexts_flush(c, h);
        contexts_pop(stack);
    } else if (known && stack_pointer > top.stack_pointer) contexts_unwind(c, t, h, b->site, target, stack_pointer);
    else if (contexts_is_start(c, target)) contexts_tail(c, t, h, b->site, target);
    else if (known && b->leaves == LEAVES_RETURN && stack_pointer == top.stack_pointer) {
        contexts_flush(c, h);
        contexts_pop(stack); /* to elsewhere than it was called from: a helper that jumps for its caller */
    } else if (contexts_function_of(c, target) != contexts_function_of(c, top.function)) {
        if (!known && (b->leaves == LEAVES_RETURN || b->leaves == LEAVES_REGISTER))
            contexts_replace_root(c, t, h, stack, target);
        else if (b->leaves == LEAVES_REGISTER) contexts_tail(c, t, h, b->site, target);
    } else if (b->leaves != LEAVES_RETURN) contexts_count_jump(c, b->site, target);
}

/* The block was left for `address`. */
static void contexts_leave(Contexts *c, Tables *t, const BlockHook *h, const Block *b, uint32_t address,
                           uint32_t stack_pointer) {
    if (address == b->fall_through) {
        if (contexts_is_start(c, address)) contexts_tail(c, t, h, b->site, address);
    } else if (b->leaves == LEAVES_CALL) contexts_call(c, t, h, b->site, address, b->fall_through, stack_pointer);
    else if (b->leaves == LEAVES_JUMP) contexts_tail(c, t, h, b->site, address);
    else if (b->leaves != LEAVES_FALL) contexts_indirect(c, t, h, b, address, stack_pointer);
}

/* ---- a session ---- */

static void forget_frames(Contexts *c) {
    for (uint32_t i = 0; i < c->n_threads; i++) free(c->threads[i].frames);
    free(c->handlers.frames);
    c->threads = grown(c->threads, 0, &c->cap_threads, sizeof *c->threads);
    c->threads[0] = c->handlers = (Frames){NULL, 0, 0, 0};
    c->n_threads = 1;
    c->running = 0;
}

static void contexts_init(Contexts *c) { forget_frames(c); }

static void contexts_free(Contexts *c) {
    forget_frames(c);
    free(c->threads); free(c->nodes); free(c->hash); free(c->starts); free(c->touched);
    free(c->jumps); free(c->jump_hash);
}

static void contexts_restart(Contexts *c, Tables *t, const BlockHook *h, uint32_t pc, uint32_t exception) {
    contexts_flush(c, h);
    forget_frames(c);
    c->cycles = h->cycles;
    c->instructions = h->instructions;
    uint32_t function = contexts_function_of(c, pc);
    if (exception) contexts_push_root(c, t, &c->handlers, KIND_EXCEPTION, function, exception);
    else contexts_push_root(c, t, &c->threads[0], KIND_MAIN, function, 0);
}

static void contexts_start(Contexts *c, Tables *t, const BlockHook *h, const uint32_t *starts, uint32_t n, uint32_t pc,
                           uint32_t exception) {
    forget_frames(c);
    make_hash(&c->hash, &c->hash_size, FIRST_HASH_SIZE);
    make_hash(&c->jump_hash, &c->jump_hash_size, FIRST_HASH_SIZE);
    c->n_nodes = c->n_touched = c->n_turn = c->epoch = c->n_jumps = 0;
    c->starts = realloc(c->starts, (n + 1u) * sizeof *c->starts);
    memcpy(c->starts, starts, n * sizeof *c->starts);
    c->n_starts = n;
    c->cap_starts = n + 1u;
    c->enabled = 1;
    contexts_restart(c, t, h, pc, exception);
    for (uint32_t i = 0; i < t->n_blocks; i++) contexts_mark_block(c, t->blocks[i]);
}

/* ---- exceptions and threads ---- */

static void contexts_preempted(Contexts *c, const BlockHook *h, uint32_t stack_pointer) {
    contexts_flush(c, h);
    if (!c->handlers.n) c->threads[c->running].key = stack_pointer;
}

static void contexts_entered(Contexts *c, Tables *t, const BlockHook *h, uint32_t exception, uint32_t handler) {
    ContextNode *n = contexts_push_root(c, t, &c->handlers, KIND_EXCEPTION, handler, exception);
    n->counts[EXCEPTION] += h->cycles - c->cycles;
}

static void contexts_pop_handler(Contexts *c) {
    while (c->handlers.n && !c->handlers.frames[--c->handlers.n].root) {}
}

/* Another thread goes on, or begins. */
static void contexts_switch(Contexts *c, Tables *t, uint32_t key, uint32_t pc, uint32_t thread_stack) {
    for (uint32_t i = 0; i < c->n_threads; i++)
        if (c->threads[i].key == key && c->threads[i].n) {
            c->running = i;
            contexts_touch(c, c->threads[i].frames[0].node)->counts[CALLS]++;
            return;
        }
    uint32_t function = contexts_function_of(c, pc);
    uint32_t root = contexts_find_node(c, t, NOWHERE, KIND_THREAD, function, thread_stack), i = 0;
    while (i < c->n_threads && !(c->threads[i].n && c->threads[i].frames[0].node == root)) i++;
    if (i == c->n_threads) {
        c->threads = grown(c->threads, i, &c->cap_threads, sizeof *c->threads);
        c->threads[c->n_threads++] = (Frames){NULL, 0, 0, 0};
    }
    c->running = i;
    c->threads[i].n = 0;
    contexts_push_root(c, t, &c->threads[i], KIND_THREAD, function, thread_stack);
}

static void contexts_returned(Contexts *c, Tables *t, const BlockHook *h, uint32_t stack_pointer, uint32_t pc,
                              uint32_t thread_stack) {
    Frames *stack = contexts_stack(c);
    if (stack->n)
        contexts_touch(c, stack->frames[stack->n - 1].node)->counts[EXCEPTION] += h->cycles - c->cycles;
    contexts_flush(c, h);
    if (!stack_pointer) {
        contexts_pop_handler(c);
        return;
    }
    c->handlers.n = 0;
    Frames *thread = &c->threads[c->running];
    if (!thread->n) /* counting began in a handler: what it preempted shows only now */
        contexts_push_root(c, t, thread, KIND_MAIN, contexts_function_of(c, pc), 0);
    else if (thread->key != stack_pointer) contexts_switch(c, t, stack_pointer, pc, thread_stack);
    c->threads[c->running].key = 0;
}

/* ---- time that passes without instructions ---- */

static void contexts_mark(Contexts *c, const BlockHook *h) {
    contexts_flush(c, h);
    c->epoch++;
    c->n_touched = c->n_turn = 0;
}

static void contexts_turn_ended(Contexts *c, const BlockHook *h) {
    contexts_flush(c, h);
    c->n_turn = c->n_touched;
    for (uint32_t i = 0; i < c->n_turn; i++) {
        ContextNode *n = &c->nodes[c->touched[i]];
        for (int k = 0; k < COUNTS; k++) n->at_mark[k] = n->counts[k] - n->at_mark[k];
    }
}

static void contexts_repeat(Contexts *c, const BlockHook *h, uint64_t turns, uint64_t cycles, uint64_t instructions) {
    contexts_flush(c, h);
    for (uint32_t i = 0; i < c->n_turn; i++) {
        ContextNode *n = &c->nodes[c->touched[i]];
        for (int k = 0; k < COUNTS; k++) n->counts[k] += turns * n->at_mark[k];
        n->counts[WAITING] += turns * n->at_mark[CYCLES];
    }
    c->cycles += cycles;
    c->instructions += instructions;
}

static void contexts_slept(Contexts *c, uint64_t cycles) {
    Frames *stack = contexts_stack(c);
    if (stack->n) contexts_touch(c, stack->frames[stack->n - 1].node)->counts[WAITING] += cycles;
}

/* ---- results ---- */

static int32_t contexts_current(Contexts *c) {
    Frames *stack = contexts_stack(c);
    return stack->n ? (int32_t)stack->frames[stack->n - 1].node : -1;
}

static uint8_t *save_frames(const Frames *stack, uint8_t *to) {
    uint32_t head[2] = {stack->n, stack->key};
    memcpy(to, head, sizeof head);
    if (stack->n) memcpy(to + sizeof head, stack->frames, stack->n * sizeof *stack->frames);
    return to + sizeof head + stack->n * sizeof *stack->frames;
}

static const uint8_t *load_frames(Frames *stack, const uint8_t *from) {
    uint32_t head[2];
    memcpy(head, from, sizeof head);
    from += sizeof head;
    *stack = (Frames){NULL, 0, 0, head[1]};
    for (uint32_t i = 0; i < head[0]; i++, from += sizeof(Frame)) {
        Frame frame;
        memcpy(&frame, from, sizeof frame);
        push_frame(stack, frame);
    }
    return from;
}

/* Who is running, to a snapshot's bytes; without a buffer, their number. */
static size_t contexts_save(Contexts *c, const BlockHook *h, uint8_t *to) {
    size_t size = 2 * sizeof(uint32_t);
    for (uint32_t i = 0; i <= c->n_threads; i++)
        size += 2 * sizeof(uint32_t) + (i < c->n_threads ? c->threads[i].n : c->handlers.n) * sizeof(Frame);
    if (!to) return size;
    contexts_flush(c, h);
    uint32_t head[2] = {c->n_threads, c->running};
    memcpy(to, head, sizeof head);
    to += sizeof head;
    for (uint32_t i = 0; i < c->n_threads; i++) to = save_frames(&c->threads[i], to);
    save_frames(&c->handlers, to);
    return size;
}

static void contexts_load(Contexts *c, const BlockHook *h, const uint8_t *from) {
    uint32_t head[2];
    memcpy(head, from, sizeof head);
    from += sizeof head;
    forget_frames(c);
    for (uint32_t i = 0; i < head[0]; i++) {
        c->threads = grown(c->threads, i, &c->cap_threads, sizeof *c->threads);
        from = load_frames(&c->threads[i], from);
    }
    c->n_threads = head[0];
    c->running = head[1];
    load_frames(&c->handlers, from);
    c->cycles = h->cycles;
    c->instructions = h->instructions;
}

#endif
