/* Plans blocks and prices paths as Python does, from a book of decoded instructions. Twin: native_pricer.py.
 *
 * What it has no room for, or does not know, is Python's to answer: every door says so.
 */
#ifndef BOARDLESS_PRICER_H
#define BOARDLESS_PRICER_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../thumb/line.h"
#include "../../timing/cores/armv7m.h"
#include "../../timing/cores/cortex_m33.h"
#include "../../timing/cores/cortex_m7.h"
#include "../planner.h"
#include "tables.h"

#define MOST_HOOK_ADDRESSES (2 * MOST_INSTRUCTIONS)

enum { PRICES_NOTHING, PRICES_ARMV7M, PRICES_M33, PRICES_M7, PRICES_COUNT };
enum { PRICER_ANSWERS = 1, PRICER_LEAVES_IT = 0, PRICER_MISSES = 2 };

typedef union { Armv7mState armv7m; M33State m33; M7State m7; } CoreState;

typedef struct {           /* shared with Python: what the last question found */
    uint64_t missing[MOST_INSTRUCTIONS];
    uint32_t n_missing, n_events, site, branch_event, uses_fpu, n_hook_addresses;
    uint32_t hook_addresses[MOST_HOOK_ADDRESSES];
    uint32_t cycles, next_state, n_pairs;
    LoadPair pairs[MOST_PAIRS];
    uint16_t issue[MOST_EVENTS];
} PricerFound;

typedef struct {
    PricerFound found;
    Book book;
    Planner planner;
    Line line;
    StepResult step;
    uint32_t model, queue_lead;
    union { Armv7mRules armv7m; M33Rules m33; M7Rules m7; } rules;
    uint32_t n_states, state_places, *places; /* of states: number + 1, by open addressing */
    CoreState *states;
} Pricer;

/* ---- states ---- */

static inline uint32_t state_place(const Pricer *p, const CoreState *state) {
    const uint8_t *bytes = (const uint8_t *)state;
    uint64_t hash = 14695981039346656037ull, word;
    for (size_t n = 0; n < sizeof *state / sizeof word; n++) {
        memcpy(&word, bytes + n * sizeof word, sizeof word);
        hash = (hash ^ word) * 0x9E3779B97F4A7C15ull;
        hash ^= hash >> 29;
    }
    uint32_t place = (uint32_t)(hash >> 20) & (p->state_places - 1);
    while (p->places[place] && memcmp(&p->states[p->places[place] - 1], state, sizeof *state))
        place = (place + 1) & (p->state_places - 1);
    return place;
}

static void pricer_grow(Pricer *p) {
    p->state_places = p->state_places ? p->state_places * 2 : 1024;
    free(p->places);
    p->places = calloc(p->state_places, sizeof *p->places);
    p->states = realloc(p->states, p->state_places / 2 * sizeof *p->states);
    for (uint32_t n = 0; n < p->n_states; n++) p->places[state_place(p, &p->states[n])] = n + 1;
}

/* The number of a state, a new one when it was not met yet. */
static uint32_t pricer_state(Pricer *p, const CoreState *state) {
    if (p->n_states + 1 > p->state_places / 2) pricer_grow(p);
    uint32_t place = state_place(p, state);
    if (!p->places[place]) {
        p->states[p->n_states] = *state;
        p->places[place] = ++p->n_states;
    }
    return p->places[place] - 1;
}

/* ---- blocks ---- */

static inline int pricer_read(Pricer *p, uint32_t address, const uint8_t *code, uint32_t size_bytes, uint32_t it) {
    PricerFound *f = &p->found;
    int is_whole = line_read(&p->line, &p->book, address, code, size_bytes, it, f->missing, &f->n_missing);
    if (!is_whole) return PRICER_LEAVES_IT;
    if (f->n_missing) return PRICER_MISSES;
    for (uint32_t k = 0; p->model == PRICES_M7 && k < p->line.n; k++) m7_place(&p->line.instructions[k]);
    return p->line.n ? PRICER_ANSWERS : PRICER_LEAVES_IT;
}

/* Plan the block that was read; the instructions that are watched join the list. */
static int pricer_plan_line(Pricer *p, const Ways *ways) {
    PricerFound *f = &p->found;
    if (!plan_line(&p->planner, &p->line, ways)) return 0;
    for (uint32_t k = 0; k < p->planner.plan.n_hooked && f->n_hook_addresses < MOST_HOOK_ADDRESSES; k++) {
        uint32_t address = p->planner.hooked[k].address;
        if (!f->n_hook_addresses || f->hook_addresses[f->n_hook_addresses - 1] != address)
            f->hook_addresses[f->n_hook_addresses++] = address;
    }
    return 1;
}

static int pricer_plan(Pricer *p, uint32_t address, const uint8_t *code, uint32_t size_bytes, uint32_t it,
                       const Ways *ways) {
    int read = pricer_read(p, address, code, size_bytes, it);
    if (read != PRICER_ANSWERS) return read;
    p->found.n_hook_addresses = 0;
    if (!pricer_plan_line(p, ways)) return PRICER_LEAVES_IT;
    p->found.n_events = p->planner.plan.n_events;
    p->found.site = p->planner.plan.site;
    p->found.branch_event = p->planner.branch_event;
    p->found.uses_fpu = p->planner.uses_fpu;
    return PRICER_ANSWERS;
}

/* ---- paths ---- */

/* Counting alone: a cycle each. */
static int count_step(const Line *line, StepResult *step) {
    for (; step->cycles < (int32_t)line->n; step->cycles++) issue(step, 0);
    return 1;
}

static int pricer_follow(Pricer *p, CoreState *state, uint32_t edge) {
    switch (p->model) {
    case PRICES_ARMV7M: return armv7m_step(&p->rules.armv7m, &state->armv7m, &p->line, edge, &p->step);
    case PRICES_M33: return m33_step(&p->rules.m33, &state->m33, &p->line, edge, &p->step);
    case PRICES_M7: return m7_step(&p->rules.m7, &state->m7, &p->line, edge, &p->step);
    case PRICES_COUNT: return count_step(&p->line, &p->step);
    default: return 0;
    }
}

static void pricer_issue(Pricer *p, const Block *b) {
    const StepResult *step = &p->step;
    p->found.n_events = b->n_events;
    p->found.issue[0] = 0;
    for (uint32_t e = 0; e < b->n_events; e++) {
        int32_t cycle = step->issue_cycles[b->events[e].instruction];
        if (b->events[e].kind == EVENT_BRANCH) cycle = step->mispredict;
        if (b->events[e].kind == EVENT_QUEUE) cycle = at_least_zero(step->decoded + (int32_t)p->queue_lead);
        p->found.issue[e] = (uint16_t)cycle;
    }
}

static uint32_t load_at(const Block *b, uint32_t position) {
    uint32_t found = NO_EVENT;
    for (uint32_t e = 0; e < b->n_events; e++)
        if (b->events[e].instruction == position && b->events[e].kind == EVENT_LOAD && b->event_group[e] != NO_GROUP)
            found = e;
    return found;
}

static void pricer_pairs(Pricer *p, const Block *b) {
    p->found.n_pairs = 0;
    for (uint32_t k = 0; k < p->step.n_pairs; k++) {
        uint32_t older = load_at(b, p->step.pairs[k][0]), younger = load_at(b, p->step.pairs[k][1]);
        if (older == NO_EVENT || younger == NO_EVENT) continue;
        uint16_t differ = (b->events[older].address ^ b->events[younger].address) & 4 ? 1 : 0;
        p->found.pairs[p->found.n_pairs++] =
            (LoadPair){b->event_group[older], b->event_group[younger], differ, (uint16_t)younger};
    }
}

/* Mark those that are skipped of the instructions in an IT block whose condition counts: a bit each, in order. */
static void pricer_skip(Pricer *p, uint32_t skipped) {
    for (uint32_t k = 0; skipped && k < p->line.n; k++) {
        if (!is_observed(&p->line, k)) continue;
        if (skipped & 1) p->line.instructions[k].flags |= IS_SKIPPED;
        skipped >>= 1;
    }
}

/* `code`: the block's, which begins in IT state `it`. */
static int pricer_price(Pricer *p, const Block *b, const uint8_t *code, uint32_t it, uint32_t state, uint32_t skipped,
                        uint32_t edge) {
    CoreState after = p->states[state];
    int read = pricer_read(p, b->address, code, b->size_bytes, it);
    if (read != PRICER_ANSWERS) return read;
    for (uint32_t k = 0; k < p->line.n; k++)
        if (p->line.instructions[k].flags & IS_NOT_PRICED) return PRICER_LEAVES_IT;
    pricer_skip(p, skipped);
    p->step.cycles = p->step.mispredict = 0;
    p->step.n_issued = p->step.n_pairs = 0;
    p->step.decoded = -1;
    if (!pricer_follow(p, &after, edge)) return PRICER_LEAVES_IT;
    p->found.cycles = (uint32_t)p->step.cycles;
    p->found.next_state = pricer_state(p, &after);
    pricer_issue(p, b);
    pricer_pairs(p, b);
    return PRICER_ANSWERS;
}

/* ---- a pricer's life ---- */

static Pricer *pricer_new(uint32_t model, uint32_t queue_lead, const int32_t *rules, uint32_t n_rules) {
    Pricer *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    p->model = model;
    p->queue_lead = queue_lead;
    memcpy(&p->rules, rules, n_rules * sizeof *rules);
    return p;
}

static void pricer_free(Pricer *p) {
    book_free(&p->book);
    free(p->places);
    free(p->states);
    free(p);
}

#endif
