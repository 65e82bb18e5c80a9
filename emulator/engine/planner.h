/* Plans a block's events. Twin: planner.py, which says why; it also plans what this leaves to it.
 *
 * plan_line answers 0 for a block that Python must plan: with more nodes or slots than there is room for, or
 * an instruction of another kind (IS_NOT_PLANNED). It is asked where nothing is guarded: addresses have anchors.
 */
#ifndef BOARDLESS_PLANNER_H
#define BOARDLESS_PLANNER_H

#include <stdint.h>
#include <string.h>

#include "../thumb/line.h"
#include "events.h"
#include "symbolic.h"

#define MOST_EVENTS (3 * MOST_INSTRUCTIONS)
#define MOST_OBSERVED 32
#define NO_FETCH_SHIFT 255
#define NO_EVENT 0xFFFFFFFF

typedef struct {
    uint32_t fetch_shift, watch_data, watch_divides, runs_ahead, traps_unaligned, predicts_branches;
} Ways;

typedef struct { uint32_t base, index, shift, n; } GroupKey;

typedef struct { uint32_t address, base, constant; } Anchor;

typedef struct {
    Symbols symbols;
    const Line *line;
    Ways ways;
    BlockPlan plan;
    uint32_t n_keys, n_roots, branch_event, uses_fpu;
    Event events[MOST_EVENTS];
    uint32_t strict[MOST_EVENTS];              /* by event: bits of its address that trap */
    uint16_t key_of[MOST_EVENTS], root_of[MOST_EVENTS]; /* by event: group or computed root + 1; 0: none */
    GroupKey keys[MOST_INSTRUCTIONS];
    uint32_t roots[MOST_INSTRUCTIONS];         /* nodes */
    Anchor anchors[MOST_NODES];                /* by symbol; valid where anchored is the plan's serial */
    uint32_t anchored[MOST_NODES], serial;
    Hooked hooked[2 * MOST_INSTRUCTIONS];
    Group groups[MOST_INSTRUCTIONS];
    uint16_t members[MOST_EVENTS];
    Node program[MAX_SLOTS];
    uint8_t needed[MOST_NODES], slots[MOST_NODES];
} Planner;

static inline Event *planner_event(Planner *p, uint8_t kind, uint32_t position, uint32_t address) {
    uint32_t number = p->plan.n_events++;
    p->key_of[number] = p->root_of[number] = 0;
    p->strict[number] = 0;
    p->events[number] = (Event){address, (uint16_t)position, kind, NO_REGISTER, NO_REGISTER, 0, 0, 0};
    return &p->events[number];
}

static inline void planner_fetches(Planner *p, uint32_t position, int64_t *fetched) {
    uint32_t shift = p->ways.fetch_shift, address = p->line->addresses[position];
    if (shift == NO_FETCH_SHIFT) return;
    int64_t last = (address + p->line->instructions[position].size_bytes - 1) >> shift, unit = address >> shift;
    if (unit <= *fetched) unit = *fetched + 1;
    for (; unit <= last; unit++) {
        uint32_t start = (uint32_t)unit << shift;
        planner_event(p, EVENT_FETCH, position, start > p->line->address ? start : p->line->address);
    }
    *fetched = last;
}

static inline Hooked *planner_hook(Planner *p, uint32_t address, uint32_t kind, uint32_t event) {
    Hooked *h = &p->hooked[p->plan.n_hooked++];
    *h = (Hooked){address, (uint16_t)event, (uint8_t)kind, NO_REGISTER, NO_REGISTER, NO_REGISTER, NO_REGISTER, 0, 0, 0};
    return h;
}

static inline void planner_hook_here(Planner *p, const Decoded *i, uint32_t address, uint32_t event) {
    Hooked *h = planner_hook(p, address, HOOK_ADDRESS, event);
    uint32_t is_literal = i->base == 15;
    h->base = is_literal ? NO_REGISTER : i->base;
    h->index = i->flags & HAS_INDEX ? i->index : NO_REGISTER;
    h->shift = i->shift;
    h->offset = (int32_t)((is_literal ? (address + 4) & ~3u : 0) + (uint32_t)i->offset);
    h->strict_mask = p->strict[event];
}

/* ---- data ---- */

typedef struct { uint32_t is_affine, base, index, shift, offset; } Affine;

static inline Affine planner_affine(const Graph *g, uint32_t address) {
    Split split = graph_split(g, address);
    const GraphNode *node = &g->nodes[split.root];
    if (node->op == OP_CONSTANT) return (Affine){1, NO_REGISTER, NO_REGISTER, 0, (uint32_t)node->imm};
    if (node->op == OP_REGISTER) return (Affine){1, (uint32_t)node->imm, NO_REGISTER, 0, split.constant};
    for (uint32_t way = 0; node->op == OP_ADD && way < 2; way++) {
        const GraphNode *base = &g->nodes[way ? node->b : node->a], *index = &g->nodes[way ? node->a : node->b];
        uint32_t shift = 0;
        if (index->op == OP_LSL_IMMEDIATE) {
            shift = (uint32_t)index->imm;
            index = &g->nodes[index->a];
        }
        if (base->op == OP_REGISTER && index->op == OP_REGISTER)
            return (Affine){1, (uint32_t)base->imm, (uint32_t)index->imm, shift, split.constant};
    }
    return (Affine){0, 0, 0, 0, 0};
}

static inline void planner_group(Planner *p, uint32_t event, uint32_t base, uint32_t index, uint32_t shift) {
    uint32_t k = 0;
    while (k < p->n_keys && (p->keys[k].base != base || p->keys[k].index != index || p->keys[k].shift != shift)) k++;
    if (k == p->n_keys) p->keys[p->n_keys++] = (GroupKey){base, index, shift, 0};
    p->keys[k].n++;
    p->key_of[event] = (uint16_t)(k + 1);
}

static inline void planner_root(Planner *p, uint32_t event, uint32_t root) {
    uint32_t k = 0;
    while (k < p->n_roots && p->roots[k] != root) k++;
    if (k == p->n_roots) p->roots[p->n_roots++] = root;
    p->root_of[event] = (uint16_t)(k + 1);
}

static inline void planner_anchor(Planner *p, const Decoded *i, uint32_t place, uint32_t event, Split split) {
    Anchor *anchor = &p->anchors[split.root];
    if (p->anchored[split.root] != p->serial) {
        p->anchored[split.root] = p->serial;
        *anchor = (Anchor){place, i->base, split.constant - (uint32_t)i->offset};
    }
    Hooked *h = planner_hook(p, anchor->address, HOOK_ADDRESS, event);
    h->base = (uint8_t)anchor->base;
    h->offset = (int32_t)(split.constant - anchor->constant);
}

static inline void planner_data(Planner *p, uint32_t position) {
    const Decoded *i = &p->line->instructions[position];
    const Graph *g = &p->symbols.graph;
    uint32_t place = p->line->addresses[position], number = p->plan.n_events;
    uint32_t address = symbols_address(&p->symbols, i, place);
    Split split = graph_split(g, address);
    Event *event = planner_event(p, i->flags & IS_STORE ? EVENT_STORE : EVENT_LOAD, position, split.constant);
    event->size_bytes = i->access_bytes;
    event->count = i->count;
    p->strict[number] = p->ways.traps_unaligned ? i->strict_everywhere : i->strict;
    if (i->condition != UNCONDITIONAL) {
        planner_hook_here(p, i, place, number);
        return;
    }
    Affine form = planner_affine(g, address);
    if (form.is_affine) {
        event->address = form.offset;
        event->base = (uint8_t)form.base;
        event->index = (uint8_t)form.index;
        event->shift = (uint8_t)form.shift;
        planner_group(p, number, form.base, form.index, form.shift);
    } else if (!g->opaque[split.root]) {
        planner_root(p, number, split.root);
    } else if (g->nodes[split.root].op == OP_SYMBOL && !(i->flags & HAS_INDEX) && !p->strict[number]) {
        planner_anchor(p, i, place, number, split);
    } else {
        planner_hook_here(p, i, place, number);
    }
}

static inline void planner_divide(Planner *p, uint32_t position) {
    const Decoded *i = &p->line->instructions[position];
    uint32_t kind = i->flags & IS_SIGNED_DIVIDE ? HOOK_DIVIDE_SIGNED : HOOK_DIVIDE_UNSIGNED;
    Hooked *h = planner_hook(p, p->line->addresses[position], kind, p->plan.n_events);
    h->dividend = i->opcode >> 16 & 15;
    h->divisor = i->opcode & 15;
    planner_event(p, EVENT_EXTRA, position, 0);
}

/* ---- the way out, and what conditions decide ---- */

static inline void planner_branch(Planner *p) {
    uint32_t position = p->line->n - 1;
    const Decoded *last = &p->line->instructions[position];
    if (!(last->flags & WRITES_PC)) return;
    if (p->ways.predicts_branches) {
        uint32_t is_conditional = last->flags & MAY_STAY, has_target = last->flags & HAS_TARGET;
        if (!is_conditional && has_target) return;
        p->branch_event = p->plan.n_events;
        Event *event = planner_event(p, EVENT_BRANCH, position, 0);
        event->shift = has_target && last->displacement <= 0;
        event->count = is_conditional ? BRANCH_DIRECT : BRANCH_INDIRECT;
    } else if (p->ways.runs_ahead) {
        planner_event(p, EVENT_QUEUE, position, line_end(p->line));
    }
}

/* Whether the price changes when an instruction's condition fails. */
static inline int is_observed(const Line *line, uint32_t position) {
    const Decoded *i = &line->instructions[position];
    if (i->flags & IS_OBSERVED) return 1;
    return i->flags & IS_OBSERVED_BEFORE_ADDRESS && position + 1 < line->n && i->writes & i[1].address_reads;
}

static inline void planner_observed(Planner *p) {
    uint32_t n = 0;
    for (uint32_t k = 0; k < p->line->n && n < MOST_OBSERVED; k++) {
        if (!is_observed(p->line, k)) continue;
        planner_hook(p, p->line->addresses[k], HOOK_OBSERVED, n++);
    }
    p->plan.observed_all = n == MOST_OBSERVED ? 0xFFFFFFFF : (1u << n) - 1;
}

/* By address; those of one keep their order. */
static inline void planner_sort_hooked(Planner *p) {
    for (uint32_t k = 1; k < p->plan.n_hooked; k++) {
        Hooked h = p->hooked[k];
        uint32_t to = k;
        for (; to && p->hooked[to - 1].address > h.address; to--) p->hooked[to] = p->hooked[to - 1];
        p->hooked[to] = h;
    }
}

/* ---- programs and groups ---- */

static inline void planner_need(Planner *p, uint32_t number) {
    const GraphNode *node = &p->symbols.graph.nodes[number];
    if (p->needed[number]) return;
    p->needed[number] = 1;
    if (op_is_unary(node->op) || op_is_binary(node->op)) planner_need(p, node->a);
    if (op_is_binary(node->op)) planner_need(p, node->b);
    if (forwarded(node)) planner_need(p, forwarded(node) - 1);
}

static inline int planner_program(Planner *p) {
    const Graph *g = &p->symbols.graph;
    if (!p->n_roots) return 1;
    memset(p->needed, 0, g->n);
    for (uint32_t k = 0; k < p->n_roots; k++) planner_need(p, p->roots[k]);
    for (uint32_t number = 0; number < g->n; number++) {
        if (!p->needed[number]) continue;
        if (p->plan.n_program == MAX_SLOTS) return 0;
        const GraphNode *node = &g->nodes[number];
        uint32_t is_binary = (uint32_t)op_is_binary(node->op), imm = (uint32_t)node->imm;
        uint8_t a = is_binary || op_is_unary(node->op) ? p->slots[node->a] : 0, b = is_binary ? p->slots[node->b] : a;
        if (forwarded(node)) imm = (imm & 0xFFFF) | (uint32_t)(p->slots[forwarded(node) - 1] + 1) << 16;
        p->slots[number] = (uint8_t)p->plan.n_program;
        p->program[p->plan.n_program++] = (Node){(uint8_t)node->op, a, b, 0, imm};
    }
    for (uint32_t k = 0; k < p->n_roots; k++)
        p->keys[p->n_keys + k] = (GroupKey){FIRST_SLOT + p->slots[p->roots[k]], NO_REGISTER, 0, 0};
    for (uint32_t e = 0; e < p->plan.n_events; e++) {
        if (!p->root_of[e]) continue;
        uint32_t k = p->n_keys + p->root_of[e] - 1;
        p->events[e].base = (uint8_t)p->keys[k].base;
        p->keys[k].n++;
        p->key_of[e] = (uint16_t)(k + 1);
    }
    p->n_keys += p->n_roots;
    return 1;
}

static inline void planner_stride(const Planner *p, Group *group) {
    uint32_t sum = 0, beside = NO_REGISTER, registers[] = {group->base, group->index};
    for (uint32_t k = 0; k < 2; k++) {
        uint32_t factor = k ? 1u << group->shift : 1;
        if (registers[k] == NO_REGISTER) continue;
        Added step = {0, 0, NOTHING};
        if (registers[k] < FIRST_SLOT) step = symbols_added(&p->symbols, registers[k]);
        if (!step.is_told || (step.beside != NOTHING && (factor != 1 || beside != NO_REGISTER))) return;
        sum += step.constant * factor;
        if (step.beside != NOTHING) beside = (uint32_t)step.beside;
    }
    group->stride = (int32_t)sum;
    group->has_stride = 1;
    group->stride_register = (uint16_t)beside;
}

/* A mask and an offset that no trap of a group escapes. */
static inline void planner_strictest(const Planner *p, Group *group) {
    uint32_t lowest = 0, n_lowest = 0;
    for (uint32_t k = 0; k < group->n; k++) {
        uint32_t number = p->members[group->first + k], own = p->strict[number], low = p->events[number].address & own;
        if (own > group->strict_mask) {
            group->strict_mask = own;
            group->strict_offset = low;
        }
        if (!own || (n_lowest && low == lowest)) continue;
        lowest = low;
        n_lowest++;
    }
    if (n_lowest > 1) {
        group->strict_mask = 0xFFFFFFFF;
        group->strict_offset = 0;
    }
}

static inline void planner_make_group(Planner *p, uint32_t k, uint32_t first) {
    const GroupKey *key = &p->keys[k];
    Group *group = &p->groups[k];
    *group = (Group){.base = (uint8_t)key->base, .index = (uint8_t)key->index, .shift = (uint8_t)key->shift,
                     .aligned = 1, .first = (uint16_t)first, .n = (uint16_t)key->n, .stride_register = NO_REGISTER};
    uint32_t found = 0;
    for (uint32_t e = 0; e < p->plan.n_events; e++) {
        if (p->key_of[e] != k + 1) continue;
        const Event *event = &p->events[e];
        uint32_t unit = event->size_bytes < 4 ? event->size_bytes : 4;
        int32_t low = (int32_t)event->address, high = low + event->size_bytes * event->count - 1;
        p->members[first + found] = (uint16_t)e;
        if (!found || low < group->min_offset) group->min_offset = low;
        if (!found || high > group->max_offset) group->max_offset = high;
        if (unit - 1 > group->align_mask) group->align_mask = unit - 1;
        if (event->address % unit) group->aligned = 0;
        found++;
    }
    planner_strictest(p, group);
    planner_stride(p, group);
}

static inline void planner_groups(Planner *p) {
    uint32_t first = 0;
    for (uint32_t k = 0; k < p->n_keys; k++) {
        planner_make_group(p, k, first);
        first += p->keys[k].n;
    }
    p->plan.n_groups = p->n_keys;
    p->plan.n_group_events = first;
}

/* ---- the whole block ---- */

static inline void planner_begin(Planner *p, const Line *line, const Ways *ways) {
    const Decoded *last = &line->instructions[line->n - 1];
    uint32_t site = line->addresses[line->n - 1];
    p->line = line;
    p->ways = *ways;
    p->plan = (BlockPlan){.address = line->address, .size_bytes = line->size_bytes, .instructions = line->n,
                          .leaving = last->leaving, .site = site,
                          .target = last->flags & HAS_TARGET ? site + (uint32_t)last->displacement : 0xFFFFFFFF,
                          .events = p->events, .groups = p->groups, .group_events = p->members,
                          .hooked = p->hooked, .program = p->program};
    p->n_keys = p->n_roots = p->uses_fpu = 0;
    p->branch_event = NO_EVENT;
    p->serial++;
    symbols_begin(&p->symbols);
}

static inline int plan_line(Planner *p, const Line *line, const Ways *ways) {
    int64_t fetched = -1;
    planner_begin(p, line, ways);
    for (uint32_t k = 0; k < line->n; k++) {
        const Decoded *i = &line->instructions[k];
        if (i->flags & (IS_NOT_PLANNED | IS_NOT_PRICED) || p->symbols.graph.is_full) return 0;
        if (i->flags & USES_FPU) p->uses_fpu = 1;
        planner_fetches(p, k, &fetched);
        if (ways->watch_data && i->flags & IS_MEMORY) planner_data(p, k);
        if (ways->watch_divides && i->flags & IS_DIVIDE) planner_divide(p, k);
        symbols_execute(&p->symbols, i, line->addresses[k]);
    }
    planner_branch(p);
    planner_observed(p);
    planner_sort_hooked(p);
    if (p->symbols.graph.is_full || !planner_program(p)) return 0;
    planner_groups(p);
    return 1;
}

#endif
