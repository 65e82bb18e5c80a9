/* Reads of device registers that the native hook answers itself.
 * Twin: remembered_reads.py, which says what each field is and when something is remembered.
 */
#ifndef BOARDLESS_REMEMBERED_READS_H
#define BOARDLESS_REMEMBERED_READS_H

#include <stddef.h>
#include <stdint.h>

#define MOST_REMEMBERED 8

enum { POLLS = 4, MIXED_POLLS = 12, TIME_POLLS = 16 };

typedef struct {           /* shared with Python: keep in step with remembered_reads.py */
    uint32_t address, size_bytes, is_sure, is_ramp;
    int64_t mask, value, cycle, until, step, numerator, denominator, phase;
} Remembered;

typedef struct {
    uint64_t activity, touched_activity, polled_activity, time_cycle, time_instructions, access_serial;
    uint32_t polled, polls, reads, touches, has_time, access_cursor, n;
    Remembered rows[MOST_REMEMBERED];
} RememberedReads;

static const Remembered *remembered(const RememberedReads *m, uint32_t address, uint32_t size_bytes) {
    for (uint32_t i = 0; i < m->n; i++)
        if (m->rows[i].address == address && m->rows[i].size_bytes == size_bytes)
            return m->rows[i].is_sure ? &m->rows[i] : NULL;
    return NULL;
}

/* The value of a read at `cycle`. */
static uint64_t says(const Remembered *row, uint64_t cycle) {
    if (!row->is_ramp) return (uint64_t)row->value;
    if (row->numerator == row->denominator && !row->phase)
        return (uint64_t)((row->value + row->step * ((int64_t)cycle - row->cycle)) & row->mask);
    __int128 passed = (__int128)((int64_t)cycle - row->cycle) * row->numerator + row->phase;
    return (uint64_t)((row->value + row->step * (int64_t)(passed / row->denominator)) & row->mask);
}

/* So many reads of the register there came behind each other, and so many of any registers, with one more. */
static uint32_t polls_with(const RememberedReads *m, uint32_t address) {
    return m->activity == m->polled_activity && address == m->polled ? m->polls + 1 : 1;
}

static uint32_t reads_with(const RememberedReads *m) { return m->activity == m->polled_activity ? m->reads + 1 : 1; }

/* Count a read. */
static void add_poll(RememberedReads *m, uint32_t address) {
    m->polls = polls_with(m, address);
    m->reads = reads_with(m);
    m->polled = address;
    m->polled_activity = m->activity;
}

/* The same; 0: somebody may wait, and Python counts it and looks. */
static int count_poll(RememberedReads *m, uint32_t address) {
    if (polls_with(m, address) == POLLS || reads_with(m) == MIXED_POLLS) return 0;
    add_poll(m, address);
    return 1;
}

/* The read was of a counter. */
static void touch(RememberedReads *m, uint64_t instructions, uint64_t cycle) {
    m->touches = m->activity == m->touched_activity ? m->touches + 1 : 1;
    m->touched_activity = ++m->activity;
    m->has_time = 1;
    m->time_instructions = instructions;
    m->time_cycle = cycle;
}

#endif
