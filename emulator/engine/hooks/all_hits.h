/* A block whose code or data are all in a cache, priced at once: nothing stalls, and each line is
 * marked with the time of its last use, as its accesses one by one would.
 *
 * A short cut of the native hook alone: pricing.h takes it where it can, and tests hold its figures
 * equal to those of the Python hook, which has none.
 */
#ifndef BOARDLESS_ALL_HITS_H
#define BOARDLESS_ALL_HITS_H

#include "../../timing/memory/memory_system.h"
#include "addresses.h"
#include "block.h"

/* Finds the lines of a block's code in their cache, where a hit does nothing but mark its line. */
static int find_fetches(MemorySystem *m, Block *b) {
    FetchedLines *f = &b->fetched;
    f->cache = NULL;
    TimedRegion *r = region_near(m, b->address, &b->region);
    if (!r || r->port < 0 || r->instruction_cache < 0) return 0;
    Cache *c = &m->caches[r->instruction_cache];
    if (!holds(r, b->fall_through - 1)) return 0;
    if (!c->enabled || r->data_cache == r->instruction_cache) return 0;
    if (m->ports[r->port].rules == RULES_STM32_LINE_BUFFERS) return 0; /* a hit reads ahead */
    uint32_t first = b->address >> c->line_shift, n = ((b->fall_through - 1) >> c->line_shift) - first + 1;
    if (n > MOST_LINES) return 0;
    for (uint32_t i = 0; i < n; i++)
        if ((f->slots[i] = cache_find(c, first + i)) == ABSENT) return 0;
    *f = (FetchedLines){c, &m->ports[r->port], c->changes, 0, m->settings, first, n, f->slots};
    return 1;
}

/* All of a block's fetches, when every line of it is in the cache and none is being filled. Says
 * whether that was so. */
static int fetch_hits(MemorySystem *m, Block *b, uint64_t t) {
    FetchedLines *f = &b->fetched;
    int as_before = f->cache && f->changes == f->cache->changes && f->settings == m->settings;
    if (!as_before && !find_fetches(m, b)) return 0;
    Cache *c = f->cache;
    if (port_fills(f->port, c, f->first, f->n, t)) return 0;
    if (f->tick != c->tick) /* used in this very order last, otherwise: nothing to mark */
        for (uint32_t i = 0; i < f->n; i++) c->used[f->slots[i]] = ++c->tick;
    f->tick = c->tick;
    c->hits += b->n_fetches;
    m->left_at = 0;
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

/* The lines that a group uses when its base is `at` bytes into one: accesses as memory_data makes them. */
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
static Cache *cache_of_group(MemorySystem *m, const Block *b, uint32_t g, const Touches **touches, const Port **port) {
    const Group *group = &b->groups[g];
    uint32_t base = b->group_base[g];
    const TimedRegion *r = &m->regions[group->region];
    if (!group->aligned || (base & group->align_mask) || r->port < 0 || r->data_cache < 0) return NULL;
    if (!holds(r, base + group->min_offset) || base + group->max_offset >= r->end) return NULL;
    Cache *c = &m->caches[r->data_cache];
    const Port *p = *port = &m->ports[r->port];
    if (!c->enabled || r->data_cache == r->instruction_cache) return NULL;
    const Touches *s = *touches = touches_at(b, g, c, base & ((1u << c->line_shift) - 1));
    return s && !s->wide && (!s->stores || (p->rules == RULES_LEVEL_ONE && r->stores == WRITE_BACK)) ? c : NULL;
}

/* All of a block's data, when all that can cost is in one cache. Says whether that was so; changes of
 * the memory on the bus are left to memory_changes.h. */
static int data_hits(MemorySystem *m, Block *b, uint64_t t) {
    Cache *c = NULL;
    uint32_t slots[MOST_LINES], n = 0, hits = 0;
    const Touch *used[MOST_LINES];
    if (b->hooks_data || b->expanded || (b->in_order && b->scattered)) return 0;
    if (!b->costs) return b->in_order;
    for (uint32_t g = 0; g < b->n_groups; g++) {
        if (b->group_state[g] != GROUP_COSTS) continue;
        const Touches *s;
        const Port *p;
        Cache *of_group = cache_of_group(m, b, g, &s, &p);
        if (!of_group || (c && of_group != c)) return 0;
        c = of_group;
        uint32_t at = b->group_base[g] & ((1u << c->line_shift) - 1), line = b->group_base[g] >> c->line_shift;
        const Touch *touch = s->touches[at], *end = touch + s->n[at];
        if (n + s->n[at] > MOST_LINES) return 0;
        for (; touch < end; touch++, n++) {
            uint32_t touched = line + (uint32_t)touch->delta, slot = cache_find(c, touched);
            if (slot == ABSENT || port_fills(p, c, touched, 1, t)) return 0;
            slots[n] = slot;
            used[n] = touch;
        }
        hits += s->accesses[at];
    }
    if (!c) return b->in_order;
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

#endif
