/* A block whose code or data are all in a cache, priced at once: nothing stalls, and each line is
 * marked with the time of its last use, as its accesses one by one would.
 *
 * A short cut of the native hook alone: pricing.h takes it where it can, and tests hold its figures
 * equal to those of the Python hook, which has none.
 */
#ifndef BOARDLESS_ALL_HITS_H
#define BOARDLESS_ALL_HITS_H

#include "../../timing/memory/memory_system.h"
#include "block.h"
#include "homes.h"

/* All lines are there; some are not, or being filled, or data are misaligned; not all are in one cache. */
enum { DATA_HIT, DATA_HOT, DATA_OTHER };

typedef struct {           /* lines of a block's data, in one cache */
    Cache *cache;
    uint32_t n, accesses, n_missed;
    uint64_t hot[DATA_WORDS]; /* events that go to hot lines */
    uint32_t slots[MOST_LINES], lines[MOST_LINES];
    const Touch *touches[MOST_LINES];
    uint8_t missed[MOST_LINES]; /* which of them are not there */
} DataLines;

/* Finds the lines of a block's code in their cache, where a hit does nothing but mark its line. */
static __attribute__((noinline)) int find_fetches(MemorySystem *m, Block *b) {
    FetchedLines *f = &b->fetched;
    if (f->use.is_late) cache_settle(f->cache);
    f->cache = NULL;
    TimedRegion *r = region_near(m, b->address, &b->region);
    if (!r || r->port < 0 || r->instruction_cache < 0) return 0;
    Cache *c = &m->caches[r->instruction_cache];
    if (!c->enabled || !holds(r, b->fall_through - 1)) return 0;
    if (m->ports[r->port].rules == RULES_STM32_LINE_BUFFERS) return 0; /* a hit reads ahead */
    uint32_t n = 0, last = 0;
    for (uint32_t i = 0; i < b->n_events; i++) {
        if (b->events[i].kind != EVENT_FETCH) continue;
        uint32_t line = b->events[i].address >> c->line_shift;
        if (!n) f->first = line;
        else if (line < last) return 0;
        if (!n || line != last) {
            uint32_t slot = n < MOST_LINES ? cache_find(c, line) : ABSENT;
            if (slot == ABSENT) return 0;
            f->use.slots[n++] = slot;
        }
        f->use.orders[n - 1] = b->event_order[i];
        last = line;
    }
    f->use.n = n;
    f->span = last - f->first + 1;
    f->is_unified = r->data_cache == r->instruction_cache;
    f->port = &m->ports[r->port];
    f->changes = c->changes;
    f->settings = m->settings;
    f->cache = c;
    return 1;
}

/* Whether every line of a block's code is in the cache and none is being filled. */
static inline int fetch_hits(MemorySystem *m, Block *b, uint64_t t) {
    FetchedLines *f = &b->fetched;
    int as_before = f->cache && f->changes == f->cache->changes && f->settings == m->settings;
    if (!as_before && !find_fetches(m, b)) return 0;
    return !port_fills(f->port, f->cache, f->first, f->span, t);
}

/* Marks the lines of a block's code. The time of its accesses passes here unless its data are in the same cache. */
static inline void use_fetches(MemorySystem *m, Block *b, int data_follow) {
    FetchedLines *f = &b->fetched;
    cache_use_late(f->cache, &f->use);
    f->cache->hits += b->n_fetches;
    m->left_at = 0;
    if (!data_follow) f->cache->tick += b->event_order[b->n_events];
}

/* The place of a line in the list, where it is put when it is new. */
static uint32_t add_touch(TouchList **list, int32_t delta, uint32_t event, uint32_t order, int written) {
    TouchList *s = *list;
    uint32_t i = 0;
    while (i < s->n && s->touches[i].delta != delta) i++;
    if (i == s->n) {
        *list = s = realloc(s, sizeof *s + (i + 1u) * sizeof *s->touches);
        s->touches[i] = (Touch){delta, 0, 0, {0}};
        s->n++;
    }
    s->touches[i].order = (uint16_t)order; /* orders come ascending */
    if (written) s->touches[i].written = 1;
    if (event < 64 * DATA_WORDS) s->touches[i].events[event / 64] |= 1ull << event % 64;
    return i;
}

/* The lines that a group uses when its base is `at` bytes into one: accesses as memory_data makes them. */
static TouchList *find_touches(const Block *b, const Group *group, uint32_t at, uint32_t line_shift) {
    TouchList *s = calloc(1, sizeof *s);
    uint64_t *of_event = calloc(group->n + 1u, sizeof *of_event);
    for (uint32_t i = 0; i < group->n; i++) {
        uint32_t number = b->group_events[group->first + i];
        const Event *v = &b->events[number];
        int32_t offset = (int32_t)v->address + (int32_t)at;
        for (uint32_t k = 0, last = INT32_MAX, order = b->event_order[number]; k < v->count; k++) {
            int32_t a = offset + (int32_t)(k * v->size_bytes);
            if ((uint32_t)(a >> 2) == last) continue;
            last = (uint32_t)(a >> 2);
            uint32_t place = add_touch(&s, a >> line_shift, b->event_number[number], order++, v->kind == EVENT_STORE);
            of_event[i] |= place < MOST_LINES ? 1ull << place : 0;
            s->accesses++;
        }
    }
    s->of_event = of_event;
    return s;
}

static __attribute__((noinline)) const TouchList *new_touches(const Block *b, uint32_t g, uint32_t at, uint32_t line_shift) {
    Touches *s = &b->group_touches[g];
    if (s->line_shift != line_shift)
        for (uint32_t i = 0; i < LONGEST_LINE; i++) {
            free_touches(s->lists[i]);
            s->lists[i] = NULL;
        }
    s->line_shift = line_shift;
    return s->lists[at] = find_touches(b, &b->groups[g], at, line_shift);
}

/* Looks for the lines of a group's data; says whether any is hot. */
static inline int find_lines(const GroupHome *home, const TouchList *s, uint32_t line, uint64_t t, DataLines *d) {
    Cache *c = home->cache;
    uint32_t n = d->n, is_filling = t < home->port->busy_until && home->port->fill_cache == c->number;
    int any_hot = 0;
    for (uint32_t i = 0; i < s->n; i++, n++) {
        const Touch *touch = &s->touches[i];
        uint32_t touched = line + (uint32_t)touch->delta, slot = cache_find(c, touched);
        d->slots[n] = slot;
        d->lines[n] = touched;
        d->touches[n] = touch;
        if (slot == ABSENT) d->missed[d->n_missed++] = (uint8_t)n;
        else if (!is_filling || home->port->fill_line != touched) continue;
        any_hot = 1;
        for (uint32_t w = 0; w < DATA_WORDS; w++) d->hot[w] |= touch->events[w];
    }
    d->n = n;
    d->accesses += s->accesses;
    return any_hot;
}

/* The same for all data that can cost, of a block whose groups are at home. */
static inline int find_data(const Block *b, uint64_t t, DataLines *d) {
    int any_hot = 0;
    d->cache = NULL;
    d->n = d->accesses = d->n_missed = 0;
    for (uint32_t w = 0; w < DATA_WORDS; w++) d->hot[w] = 0;
    for (uint32_t g = 0; g < b->n_groups; g++) {
        GroupHome *home = &b->group_home[g];
        if (home->state != GROUP_COSTS) continue;
        Cache *c = home->cache;
        if (!c || (d->cache && c != d->cache)) return DATA_OTHER;
        d->cache = c;
        uint32_t at = b->group_base[g] & ((1u << c->line_shift) - 1);
        const TouchList *s = b->group_touches[g].lists[at];
        if (!s || b->group_touches[g].line_shift != c->line_shift) s = new_touches(b, g, at, c->line_shift);
        if (d->n + s->n > MOST_LINES) return DATA_OTHER;
        home->first_line = d->n;
        home->lines = s;
        any_hot |= find_lines(home, s, b->group_base[g] >> c->line_shift, t, d);
    }
    if (!any_hot && !b->is_skewed) return DATA_HIT;
    return b->n_costing[1] > 64 * DATA_WORDS ? DATA_OTHER : DATA_HOT;
}

/* Marks the lines as all of the block's accesses do that began at `tick`. */
static inline void mark_data(const Block *b, const DataLines *d, uint64_t tick) {
    Cache *c = d->cache;
    for (uint32_t i = 0; i < d->n; i++) {
        uint64_t *used = &c->used[d->slots[i]], at = tick + 1 + d->touches[i]->order;
        if (*used < at) *used = at;
        if (d->touches[i]->written) c->dirty[d->slots[i]] = 1;
    }
    c->tick = tick + b->event_order[b->n_events];
}

static inline void use_data(const Block *b, const DataLines *d) {
    mark_data(b, d, d->cache->tick);
    d->cache->hits += d->accesses;
}

#endif
