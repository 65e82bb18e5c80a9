/* Lets a lent transmitter send what firmware gives it, and skips the turns of loops that wait for it.
 *
 * Twins: machine/output_lending.py, which lends it; the devices that offer it; machine/waiting.py, which
 * looks at a loop first and says what a turn of it is like. A turn is skipped here when it has gone the
 * same way in the same time as then, has changed no register, and nothing was stored to a device: then
 * each further one does, until the next deadline.
 */
#ifndef BOARDLESS_OUTPUT_H
#define BOARDLESS_OUTPUT_H

#include <string.h>

#include "../lent_input.h"
#include "../lent_output.h"
#include "../remembered_reads.h"
#include "block_hook.h"
#include "exceptions.h"
#include "input.h"

#define MOST_TRIES 3       /* a loop's first turns may take other cycles: caches, the pipeline */

/* ---- the turns of a loop ---- */

static void end_watch(NativeHook *n) {
    n->watch.stage = WATCH_NOTHING;
    n->pricing.head.trace_enabled = 0;
}

static KnownTurn *known_turn(Watch *w, uint32_t address) {
    for (uint32_t i = 0; i < w->n_known; i++)
        if (w->known[i].address == address) return &w->known[i];
    return NULL;
}

static void know_turn(Watch *w, const KnownTurn *turn) {
    KnownTurn *place = known_turn(w, turn->address);
    if (!place) {
        place = &w->known[w->next_known++ % MOST_KNOWN_TURNS];
        if (w->n_known < MOST_KNOWN_TURNS) w->n_known++;
    }
    *place = *turn;
}

/* What must be the same behind a turn, beside the program counter. */
static void look_at_core(const NativeHook *n, void *uc, uint32_t *registers, uint32_t *flags) {
    const Registers *r = &n->pricing.addresses.registers;
    uint32_t read[16];
    memcpy(registers, all_registers(r, uc, read), 15 * sizeof *registers);
    *flags = ask_register(r, uc, n->exceptions.ids.nzcv);
}

static void begin_turn(NativeHook *n, void *uc, uint32_t address) {
    Watch *w = &n->watch;
    BlockHook *h = &n->pricing.head;
    w->stage = WATCH_TURN;
    w->address = address;
    look_at_core(n, uc, w->registers, &w->flags);
    w->cycles = h->cycles;
    w->instructions = h->instructions;
    w->activity = n->remembered->activity;
    h->trace_length = 0;
}

static int changed_nothing(const NativeHook *n, void *uc) {
    const Watch *w = &n->watch;
    uint32_t registers[15], flags;
    look_at_core(n, uc, registers, &flags);
    return flags == w->flags && !memcmp(registers, w->registers, sizeof registers);
}

/* All whole turns that end before the next deadline. */
static void skip_turns(NativeHook *n) {
    BlockHook *h = &n->pricing.head;
    const KnownTurn *turn = n->watch.turn;
    uint64_t turns = h->deadline > h->cycles ? (h->deadline - h->cycles - 1) / turn->cycles : 0;
    if (!turns) return;
    uint64_t cycles = turns * turn->cycles, instructions = turns * turn->instructions;
    skip(n, cycles, instructions);
    n->output->skipped_cycles += cycles;
    n->output->skipped_instructions += instructions;
}

/* The block at `address` is about to be entered, and a loop's turn may begin or end there. */
static void watch_turn(NativeHook *n, void *uc, uint32_t address) {
    Watch *w = &n->watch;
    BlockHook *h = &n->pricing.head;
    if (w->stage == WATCH_WANTED) {
        w->turn = known_turn(w, address);
        w->tries = 0;
        if (w->turn) begin_turn(n, uc, address);
        else {             /* Python looks at it from here */
            end_watch(n);
            n->output->wants_look = 1;
            h->stop_request |= REQUEST_PYTHON;
        }
        return;
    }
    const KnownTurn *turn = w->turn;
    if (address != w->address) {
        if (h->trace_length > turn->n_blocks) end_watch(n);
        return;
    }
    int is_known = h->trace_length == turn->n_blocks && !memcmp(n->trace, turn->blocks, turn->n_blocks * sizeof *n->trace);
    if (!is_known || n->remembered->activity != w->activity) {
        if (!is_known) w->turn = NULL, known_turn(w, address)->address = 0; /* its blocks are others by now */
        end_watch(n);
    } else if (h->cycles - w->cycles == turn->cycles && h->instructions - w->instructions == turn->instructions &&
               changed_nothing(n, uc)) {
        skip_turns(n);
        end_watch(n);
    } else if (++w->tries < MOST_TRIES) begin_turn(n, uc, address);
    else end_watch(n);
}

/* ---- the transmitter ---- */

/* At a deadline: whether it is a character's, which has left then, and another one follows it. */
static int output_due(NativeHook *n) {
    LentOutput *l = n->output;
    BlockHook *h = &n->pricing.head;
    if (!l || !l->is_lent || !l->is_held || l->heeded[l->sending & 0xFF] || l->count == MOST_SENT) return 0;
    if (h->cycles < l->at || h->cycles >= l->other_deadline || h->cycles >= l->slice_end) return 0;
    count_activity(n);
    l->characters[l->count++] = (uint8_t)l->sending;
    l->sending = l->held;
    l->is_held = 0;
    l->at = h->cycles + l->character_cycles;
    l->check_at = l->at + WATCHED_CYCLES;
    h->deadline = l->other_deadline < l->slice_end ? l->other_deadline : l->slice_end;
    if (l->at < h->deadline) h->deadline = l->at;
    return 1;
}

/* A load of the transmitter's status; whoever reads it again and again waits. */
static int read_output(NativeHook *n, uint32_t address, uint32_t size_bytes, uint64_t *value) {
    LentOutput *l = n->output;
    RememberedReads *m = n->remembered;
    BlockHook *h = &n->pricing.head;
    if (!l || !l->is_lent || address != l->status_address) return 0;
    add_poll(m, address);
    if (m->polls == POLLS && l->may_skip && n->watch.stage == WATCH_NOTHING) {
        n->watch.stage = WATCH_WANTED;
        h->trace_enabled = 1; /* the next block is entered with care */
    }
    *value = l->is_held ? l->full_status : l->ready_status;
    if (size_bytes < 4) *value &= (1u << 8 * size_bytes) - 1;
    return 1;
}

/* A store of a character for which there is room. */
static int write_output(NativeHook *n, uint32_t address, uint32_t size_bytes, uint64_t value) {
    LentOutput *l = n->output;
    if (!l || !l->is_lent || address != l->data_address || l->is_held) return 0;
    uint32_t lanes = size_bytes < 4 ? (1u << 8 * size_bytes) - 1 : UINT32_MAX;
    count_activity(n);
    l->data = (l->data & ~(lanes & l->writable)) | ((uint32_t)value & lanes & l->writable);
    l->held = l->data & l->mask;
    l->is_held = 1;
    return 1;
}

#endif
