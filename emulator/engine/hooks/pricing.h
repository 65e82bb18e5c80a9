/* The current block's events against the memory system, in program order. Twin: pricing.py. */
#ifndef BOARDLESS_PRICING_H
#define BOARDLESS_PRICING_H

#include "../../timing/branch_predictor.h"
#include "../../timing/memory/memory_system.h"
#include "../hook.h"
#include "addresses.h"
#include "all_hits.h"
#include "banks.h"
#include "block.h"
#include "costs.h"
#include "footprint.h"
#include "memory_changes.h"
#include "tables.h"

#define EVERYTHING UINT32_MAX

typedef struct {
    BlockHook head;        /* the first: Python has it in view */
    MemorySystem memory;
    Addresses addresses;
    BranchPredictor predictor;
    Footprint footprint;
} Pricing;

/* The bank of a word is bit 2 of its address: known when the group's base is, and is a word's. */
static int bank_known(const Block *b, uint32_t group) {
    return b->group_state[group] != GROUP_UNKNOWN && !(b->group_base[group] & 3);
}

/* Price the events up to and with instruction `upto`, one by one. */
static void run_each(Pricing *p, Block *b, const uint16_t *issue, uint32_t upto, int skip_fetches) {
    MemorySystem *m = &p->memory;
    uint32_t i = p->head.events_done;
    uint64_t stall = p->head.stall;
    if (b->pending && !b->expanded) expand_addresses(b);
    for (; i < b->n_events; i++) {
        Event *v = &b->events[i];
        if (v->instruction > upto) break;
        if (skip_fetches && v->kind == EVENT_FETCH) continue;
        if (v->kind == EVENT_QUEUE) {
            leave_queue(m, v->address, p->head.cycles + issue[i] + stall);
            continue;
        }
        if (v->kind != EVENT_FETCH && !b->data_valid[i]) continue;
        uint64_t t = p->head.cycles + issue[i] + stall, cost = 0, misses = m->misses;
        if (v->kind == EVENT_FETCH) cost = memory_access(m, v->address, t, FETCH, &b->region);
        else if (v->kind == EVENT_EXTRA) cost = b->data_address[i];
        else {
            uint32_t at = b->data_address[i], *hint = &b->event_region[i];
            if (!data_hit(m, at, v->size_bytes, v->count, t, v->kind, hint))
                cost = memory_data(m, at, v->size_bytes, v->count, t, v->kind, v->instruction, hint);
        }
        if (m->misses != misses) footprint_miss(&p->footprint, b, i, m->misses - misses);
        if (cost) {
            b->event_stall[i] += cost;
            stall += cost;
            if (v->kind == EVENT_LOAD || v->kind == EVENT_STORE) {
                b->event_unaligned[i] += m->alignment.paid;
                b->event_bus[i] += m->changed;
                footprint_charge(&p->footprint, b, i, cost);
            }
        }
    }
    p->head.events_done = i;
    p->head.stall = stall;
}

/* Price the events up to and with instruction `upto`; the code at once when all of it hits. */
static __attribute__((noinline)) void run_events(Pricing *p, Block *b, const uint16_t *issue, uint32_t upto) {
    BlockHook *h = &p->head;
    int whole = h->events_done == 0 && upto == EVERYTHING;
    int skip_fetches = whole && b->n_fetches && fetch_hits(&p->memory, b, h->cycles) &&
                       !(b->pending && b->fetched.is_unified);
    if (skip_fetches) use_fetches(&p->memory, b, 0);
    if (!whole || b->pending || (b->n_fetches && !skip_fetches)) run_each(p, b, issue, upto, skip_fetches);
    else h->events_done = b->n_events;
}

static void charge_changes(Pricing *p, const Block *b) {
    for (uint32_t i = 0; i < b->changes.n; i++)
        footprint_charge(&p->footprint, b, b->changes.paid[i].event, b->changes.paid[i].cycles);
}

/* Price a block whose groups are all at home; `fetched`: all of its code hits; `data`: as they were found. */
static __attribute__((noinline)) void run_missed(Pricing *p, Block *b, const uint16_t *issue, int fetched, int found,
                                                 DataLines *data) {
    MemorySystem *m = &p->memory;
    if (p->footprint.n) {
        run_events(p, b, issue, EVERYTHING);
        return;
    }
    if (found == DATA_HOT && (!data->n_missed || others_give_way(b, data))) {
        if (fetched) use_fetches(m, b, data->cache == b->fetched.cache);
        p->head.stall += run_hot(m, b, issue, p->head.cycles, data);
        return;
    }
    int skip_fetches = fetched && !b->fetched.is_unified;
    if (skip_fetches) use_fetches(m, b, 0);
    p->head.stall += run_costs(m, b, issue, p->head.cycles, b->n_fetches && !skip_fetches);
}

/* The same: at once where nothing is missed. */
static inline __attribute__((always_inline)) void run_plain(Pricing *p, Block *b, const uint16_t *issue) {
    MemorySystem *m = &p->memory;
    uint64_t t = p->head.cycles;
    DataLines data;
    int fetched = b->n_fetches && fetch_hits(m, b, t), found = DATA_HIT;
    if (b->n_fetches && !fetched) found = DATA_OTHER;
    else if (b->costs) found = find_data(b, t, &data);
    if (found != DATA_HIT) {
        run_missed(p, b, issue, fetched, found, &data);
        return;
    }
    if (fetched) use_fetches(m, b, b->costs && data.cache == b->fetched.cache);
    if (b->costs) use_data(b, &data);
    if (b->in_order) {
        p->head.stall += change_memories(m, b);
        if (p->footprint.n) charge_changes(p, b);
    }
}

/* Price the whole block. */
static inline __attribute__((always_inline)) void run_whole(Pricing *p, Block *b, const uint16_t *issue) {
    if (p->head.events_done | !b->is_plain) run_events(p, b, issue, EVERYTHING);
    else run_plain(p, b, issue);
}

static void meet_banks(Pricing *p, Block *b, const Path *path) {
    if (!p->footprint.n && b->n_groups <= MOST_BANKED) {
        p->head.stall += meet_at_once(b, path);
        return;
    }
    for (uint32_t i = 0; i < path->n_pairs; i++) {
        const LoadPair *pair = &path->pairs[i];
        if (!bank_known(b, pair->older) || !bank_known(b, pair->younger)) continue;
        uint32_t differ = (b->group_base[pair->older] ^ b->group_base[pair->younger]) >> 2 & 1;
        if (differ == pair->offsets_differ) {
            b->event_stall[pair->event]++;
            b->event_bus[pair->event]++;
            p->head.stall++;
            footprint_charge(&p->footprint, b, pair->event, 1);
        }
    }
}

/* `target`: of the block that is being entered, 0 when none is. */
static void predict(Pricing *p, Block *b, int taken, uint32_t penalty, uint32_t target) {
    uint32_t slot = b->branch->address;
    int wrong;
    if (b->branch->count == BRANCH_DIRECT) wrong = predictor_direct(&p->predictor, slot, b->branch->shift, taken);
    else if (!target) return;
    else wrong = predictor_indirect(&p->predictor, slot, target);
    if (wrong) {
        b->event_stall[b->n_events - 1] += penalty;
        p->head.stall += penalty;
    }
}

#endif
