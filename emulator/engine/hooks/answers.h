/* Answers the hook's questions where they come up, without a stop: what is this block, what does this path cost.
 *
 * Twin: native_automaton.py, which asks here first when the run has stopped for a question, fills in what is
 * missing, and leaves the rest to Python: whatever touches what is translated, or has no place in the pricer.
 */
#ifndef BOARDLESS_ANSWERS_H
#define BOARDLESS_ANSWERS_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "exceptions.h"
#include "laps.h"
#include "pricer.h"
#include "survey.h"
#include "tables.h"

#define MOST_WAYS 32

typedef struct {           /* how blocks are planned that begin in a stretch of addresses */
    uint32_t base, last, name; /* name: Python's, of these ways */
    Ways ways;
} WaysAt;

typedef struct {           /* for Python: keep in step with native_automaton.py */
    uint32_t address, size_bytes, it, name;
    uint64_t host, code;
} DescribedBlock;

typedef struct {
    uint32_t n_states, fpu_closed; /* shared with Python: keep in step with native_automaton.py */
    uint32_t n_ways;
    WaysAt ways[MOST_WAYS];
    uint32_t cap_states, *in_pricer; /* by the automaton's number the pricer's + 1; 0: not known */
    uint32_t cap_priced, *in_automaton; /* and back */
    uint32_t *sites, n_slots, cap_slots; /* branches by their places in the predictor's table */
    uint32_t *slot_places, n_slot_places; /* of sites: place + 1, by open addressing */
    AddressSet armed;      /* whatever is translated with one of these in it tells of it */
    AddressSet surveyed;   /* blocks that begin there were looked at ahead */
    Pricer *pricer;
} Answers;

/* ---- states ---- */

static uint32_t *grown_zeroes(uint32_t *items, uint32_t *cap, uint32_t wanted) {
    if (wanted <= *cap) return items;
    uint32_t was = *cap;
    *cap = wanted < 512 ? 1024 : 2 * wanted;
    items = realloc(items, *cap * sizeof *items);
    memset(items + was, 0, (*cap - was) * sizeof *items);
    return items;
}

/* A state of the automaton is one of the pricer's; one of several that are equal leads back. */
static void pair_states(Answers *a, uint32_t state, uint32_t in_pricer) {
    a->in_pricer = grown_zeroes(a->in_pricer, &a->cap_states, state + 1);
    a->in_automaton = grown_zeroes(a->in_automaton, &a->cap_priced, in_pricer + 1);
    a->in_pricer[state] = in_pricer + 1;
    if (!a->in_automaton[in_pricer]) a->in_automaton[in_pricer] = state + 1;
    if (state >= a->n_states) a->n_states = state + 1;
}

/* The automaton's number of a state of the pricer's, a new one when it was not met yet. */
static uint32_t met_state(Answers *a, uint32_t in_pricer) {
    if (in_pricer >= a->cap_priced || !a->in_automaton[in_pricer]) pair_states(a, a->n_states, in_pricer);
    return a->in_automaton[in_pricer] - 1;
}

/* ---- the predictor's table ---- */

static uint32_t slot_place(const Answers *a, uint32_t site) {
    uint32_t mask = a->n_slot_places - 1, place = (site * 0x9E3779B9u) >> 7 & mask;
    while (a->slot_places[place] && a->sites[a->slot_places[place] - 1] != site) place = (place + 1) & mask;
    return place;
}

/* The place of a branch, the next one when it was not met yet. */
static uint32_t branch_slot(Answers *a, uint32_t site) {
    if (2 * (a->n_slots + 1) > a->n_slot_places) {
        free(a->slot_places);
        a->n_slot_places = a->n_slot_places ? 2 * a->n_slot_places : 1024;
        a->slot_places = calloc(a->n_slot_places, sizeof *a->slot_places);
        for (uint32_t n = 0; n < a->n_slots; n++) a->slot_places[slot_place(a, a->sites[n])] = n + 1;
    }
    uint32_t place = slot_place(a, site);
    if (!a->slot_places[place]) {
        a->sites = grown_zeroes(a->sites, &a->cap_slots, a->n_slots + 1);
        a->sites[a->n_slots] = site;
        a->slot_places[place] = ++a->n_slots;
    }
    return a->slot_places[place] - 1;
}

/* ---- watched instructions ---- */

static int are_armed(const Answers *a, uint32_t n_addresses, const uint32_t *addresses) {
    for (uint32_t n = 0; n < n_addresses; n++)
        if (!addresses_have(&a->armed, addresses[n])) return 0;
    return 1;
}

/* ---- blocks ---- */

static uint32_t define_block(Tables *t, Contexts *contexts, const BlockPlan *plan, uint8_t *host, const uint8_t *code) {
    uint32_t number = add_block(t, plan, host, code);
    t->blocks[number]->may_lap = (uint8_t)may_lap(t->blocks[number]);
    if (contexts->enabled) contexts_mark_block(contexts, t->blocks[number]);
    return number;
}

/* `name`: Python's, of the ways in which it was planned. */
static void may_price(Block *b, uint32_t it, uint32_t name) {
    b->it = (uint8_t)it;
    b->ways = name;
    b->may_price = 1;
}

static const WaysAt *ways_at(const Answers *a, uint32_t address) {
    for (uint32_t i = 0; i < a->n_ways; i++)
        if (address >= a->ways[i].base && address <= a->ways[i].last) return &a->ways[i];
    return NULL;
}

/* Plan the block that is being met; 0: it is left to Python. */
static int answer_block(Answers *a, Tables *t, Exceptions *e, const Registers *r, void *uc, const BlockHook *h) {
    const WaysAt *where = ways_at(a, h->need_address);
    const HostMemory *memory = memory_of(e->memories, e->n_memories, h->need_address, h->need_size);
    if (!where || !memory || !memory->host) return 0;
    Pricer *p = a->pricer;
    uint8_t *code = memory->host + (h->need_address - memory->base);
    uint32_t it = it_state(ask_register(r, uc, e->ids.xpsr));
    if (pricer_plan(p, h->need_address, code, h->need_size, it, &where->ways) != PRICER_ANSWERS) return 0;
    if (!are_armed(a, p->found.n_hook_addresses, p->found.hook_addresses)) return 0;
    if (p->found.uses_fpu && a->fpu_closed) return 0;
    if (p->found.branch_event != NO_EVENT)
        p->planner.events[p->found.branch_event].address = branch_slot(a, p->found.site);
    uint32_t number = define_block(t, e->contexts, &p->planner.plan, memory->is_ram ? code : NULL, code);
    may_price(t->blocks[number], it, where->name);
    return 1;
}

/* Look around a block that Python was asked for, where its code is read in one way. */
static void survey_at(Answers *a, const Exceptions *e, uint32_t address, uint32_t size_bytes, uint32_t it, const Ways *ways) {
    const WaysAt *where = ways_at(a, address);
    const HostMemory *m = memory_of(e->memories, e->n_memories, address, size_bytes);
    a->pricer->found.n_missing = a->pricer->found.n_hook_addresses = 0;
    if (!where || !m || !m->host) return;
    uint32_t first = where->base > m->base ? where->base : m->base, last = where->last < m->last ? where->last : m->last;
    Survey survey = {.host = m->host + (first - m->base), .first = first, .last = last};
    survey_around(a->pricer, &survey, &a->surveyed, address, it, ways);
}

/* ---- paths ---- */

/* Price the way out of a path that is being taken: PRICER_ANSWERS, or why not. */
static int answer_edge(Answers *a, Tables *t, const BlockHook *h) {
    Block *b = t->blocks[h->need_block];
    Pricer *p = a->pricer;
    if (!b->may_price || h->state >= a->cap_states || !a->in_pricer[h->state]) return PRICER_LEAVES_IT;
    int found = pricer_price(p, b, b->code, b->it, a->in_pricer[h->state] - 1, h->need_skipped, h->need_edge);
    if (found != PRICER_ANSWERS) return found;
    int32_t path = find_path(t, h->state, b->index, h->need_skipped);
    if (path < 0)
        path = (int32_t)add_path(t, h->state, b->index, h->need_skipped, p->found.issue, p->found.n_pairs, p->found.pairs);
    set_edge(t, (uint32_t)path, h->need_edge, p->found.cycles, met_state(a, p->found.next_state));
    return PRICER_ANSWERS;
}

/* ---- a question ---- */

static int is_thumb(const Exceptions *e, const Registers *r, void *uc) {
    return e->state && ask_register(r, uc, e->ids.cpsr) & CPSR_THUMB;
}

/* Whether a question has been answered; one in Arm state is not: Python tells of it. */
static int answer(Answers *a, Tables *t, Exceptions *e, const Registers *r, void *uc, const BlockHook *h, uint32_t code) {
    if (code == STOP_NEED_BLOCK) return is_thumb(e, r, uc) && answer_block(a, t, e, r, uc, h);
    return is_thumb(e, r, uc) && answer_edge(a, t, h) == PRICER_ANSWERS;
}

static void answers_free(Answers *a) {
    free(a->in_pricer);
    free(a->in_automaton);
    free(a->sites);
    free(a->slot_places);
    free(a->armed.places);
    free(a->surveyed.places);
}

#endif
