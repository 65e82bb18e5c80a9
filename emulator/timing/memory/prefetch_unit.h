/* The Cortex-M7's prefetch unit without an instruction cache: what waits for a word over AXI.
 *
 * Twin: prefetch_unit.py, statement for statement.
 */
#ifndef BOARDLESS_PREFETCH_UNIT_H
#define BOARDLESS_PREFETCH_UNIT_H

#include "level_one.h"
#include "port.h"

#define LINE_SHIFT 5
#define LAST_WORD ((1u << (LINE_SHIFT - BEAT_SHIFT)) - 1)
#define FETCH_TO_ISSUE 4
#define QUEUE_LEAD 8

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

static uint64_t fetch_word(Port *p, uint32_t address, uint64_t t, int jumped) {
    uint32_t line = address >> LINE_SHIFT, word = address >> BEAT_SHIFT & LAST_WORD;
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

static uint64_t run_ahead(Port *p, uint32_t end, uint64_t left, uint64_t t) {
    uint32_t line = (end - 1) >> LINE_SHIFT, word = (end - 1) >> BEAT_SHIFT & LAST_WORD;
    if (p->held_instruction != line + 1) return 0;
    int64_t decided = (int64_t)t - FETCH_TO_ISSUE - 1, asked = (int64_t)p->entered - p->entered_word;
    if (asked < (int64_t)p->busy_until) asked = (int64_t)p->busy_until;
    if (!word && asked < (int64_t)left) asked = (int64_t)left;
    if (asked < decided) ask_line(p, line + 1, 0, asked);
    return asked == decided;
}

#endif
