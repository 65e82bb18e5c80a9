/* The Cortex-M7's caches, its AXI bus and its prefetch unit without a cache: what an access costs.
 *
 * The same integer rules as emulator/timing/l1.py, statement for statement; native_memory.h includes
 * this where Port and Cache are known.
 */
#ifndef BOARDLESS_NATIVE_L1_H
#define BOARDLESS_NATIVE_L1_H

#define BEAT_SHIFT 3
#define BUFFERED_STORES 4
#define FETCH_LINE_SHIFT 5
#define LAST_WORD 3
#define FETCH_TO_ISSUE 4
#define QUEUE_LEAD 8

static uint64_t l1_cached(Port *p, Cache *c, uint32_t address, uint64_t t, int kind) {
    uint32_t line = address >> c->line_shift;
    uint32_t reads = 1u << (c->line_shift - p->read_shift);
    uint32_t read = (address >> p->read_shift) & (reads - 1);
    uint32_t cost = p->wait_states + 1;
    uint32_t slot = cache_find(c, line);
    if (slot != ABSENT) {
        cache_use(c, slot);
        if (kind != EVENT_STORE) return fill_wait(p, c, line, reads, read, t);
        c->dirty[slot] = 1;
        return 0;
    }
    size_t victim = cache_victim(c, line);
    int evicts = c->dirty[victim];
    c->dirty[victim] = kind == EVENT_STORE;
    cache_install(c, line, victim);
    p->fill_line = line;
    p->fill_cache = c->number;
    uint64_t start = t + p->bus_cycles > p->busy_until ? t + p->bus_cycles : p->busy_until;
    p->fill_start = start;
    p->fill_first = read;
    p->fill_reads = reads;
    p->busy_until = start + (uint64_t)reads * cost;
    if (evicts) p->busy_until += 1u << (c->line_shift - BEAT_SHIFT);
    if (kind == EVENT_STORE) return start - t - p->bus_cycles;
    return start + cost > t + 1 ? start + cost - t - 1 : 0;
}

static uint64_t l1_uncached(Port *p, uint64_t t, int kind) {
    uint32_t cost = p->wait_states + 1;
    uint64_t start = t + p->bus_cycles > p->busy_until ? t + p->bus_cycles : p->busy_until;
    p->busy_until = start + cost;
    if (kind == EVENT_STORE) {
        uint64_t patience = t + p->bus_cycles + BUFFERED_STORES * (uint64_t)cost;
        return start > patience ? start - patience : 0;
    }
    return start + cost - t - 1;
}

/* The cycle in which a word of the line that was asked for last comes in. */
static uint64_t word_fetched(const Port *p, uint32_t word) {
    uint32_t shift = p->read_shift > BEAT_SHIFT ? p->read_shift - BEAT_SHIFT : 0;
    uint32_t read = word >> shift, begun = read << shift;
    uint64_t reads = read - (p->line_first >> shift) + 1;
    if (begun < p->line_first) begun = p->line_first;
    return p->line_ready + reads * (p->wait_states + 1) - 1 + word - begun;
}

static void ask_line(Port *p, uint32_t line, uint32_t word, int64_t asked) {
    p->held_instruction = line + 1;
    p->line_first = word;
    p->line_ready = (asked > (int64_t)p->busy_until ? (uint64_t)asked : p->busy_until) + p->bus_cycles;
    p->busy_until = word_fetched(p, LAST_WORD) + 1;
}

static uint64_t l1_fetch(Port *p, uint32_t address, uint64_t t, int jumped) {
    uint32_t line = address >> FETCH_LINE_SHIFT, word = address >> BEAT_SHIFT & LAST_WORD;
    int enters = jumped || word <= p->entered_word;
    if (p->held_instruction != line + 1 || word < p->line_first) {
        int straight = !jumped && word == 0 && p->held_instruction == line;
        ask_line(p, line, word, straight ? (int64_t)p->entered - p->entered_word : (int64_t)t - FETCH_TO_ISSUE);
        enters = 1;
    }
    uint64_t issue = word_fetched(p, word) + FETCH_TO_ISSUE;
    if (issue < t) issue = t;
    if (enters) {
        p->entered = issue;
        p->entered_word = word;
    }
    return issue - t;
}

static uint64_t l1_run_ahead(Port *p, uint32_t end, uint64_t left, uint64_t t) {
    uint32_t line = (end - 1) >> FETCH_LINE_SHIFT, word = (end - 1) >> BEAT_SHIFT & LAST_WORD;
    if (p->held_instruction != line + 1) return 0;
    int64_t decided = (int64_t)t - FETCH_TO_ISSUE - 1, asked = (int64_t)p->entered - p->entered_word;
    if (asked < (int64_t)p->busy_until) asked = (int64_t)p->busy_until;
    if (!word && asked < (int64_t)left) asked = (int64_t)left;
    if (asked < decided) ask_line(p, line + 1, 0, asked);
    return asked == decided;
}

#endif
