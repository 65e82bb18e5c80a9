/* Lets lent characters come, firmware read them, and the core sleep until the next.
 *
 * Twins: machine/lending.py, which lends them; the devices that offer them; machine/execution.py, whose
 * order of events this keeps.
 */
#ifndef BOARDLESS_INPUT_H
#define BOARDLESS_INPUT_H

#include "../../system/exception_state.h"
#include "../lent_input.h"
#include "../remembered_reads.h"
#include "block_hook.h"
#include "contexts.h"
#include "exceptions.h"

#define WFI 0xBF30
#define FIRST_FAULT 2      /* a firmware that waits in these handlers has crashed: Python says so */
#define LAST_FAULT 6

static void count_activity(NativeHook *n) {
    if (!n->remembered) return;
    n->remembered->activity++;
    n->remembered->n = 0;
}

static void set_line(ExceptionState *s, uint32_t exception, int asserted) {
    if (!exception || in_mask(s->levels, exception - FIRST_EXTERNAL) == asserted) return;
    put_in_mask(s->levels, exception - FIRST_EXTERNAL, asserted);
    if (asserted) pend(s, exception);
    s->generation++;
}

/* When Python or a character is due next. */
static void set_deadline(BlockHook *h, const LentInput *l) {
    uint64_t check_at = l->check_at > h->cycles ? l->check_at : h->cycles + 1;
    h->deadline = l->other_deadline < l->slice_end ? l->other_deadline : l->slice_end;
    if (check_at < h->deadline) h->deadline = check_at;
    if (l->at < h->deadline) h->deadline = l->at;
}

/* A character has come, between two blocks. */
static void character_comes(NativeHook *n, int was_asleep) {
    LentInput *l = n->input;
    BlockHook *h = &n->pricing.head;
    count_activity(n);
    if (!was_asleep && h->cycles + WATCHED_CYCLES < l->check_at) l->check_at = h->cycles + WATCHED_CYCLES;
    l->data = l->characters[l->taken++];
    l->is_held = 1;
    l->at = h->cycles + l->character_cycles;
    set_line(n->exceptions.state, l->exception, 1);
    set_deadline(h, l);
}

/* At a deadline: whether it is a character's, which has come then. */
static int input_due(NativeHook *n) {
    const LentInput *l = n->input;
    const BlockHook *h = &n->pricing.head;
    if (!l || !may_come(l) || h->cycles < l->at || h->cycles >= l->other_deadline || h->cycles >= l->slice_end)
        return 0;
    character_comes(n, 0);
    return h->cycles < l->check_at;
}

/* ---- sleep ---- */

/* The run ended in a WFI, whose block is still open. */
static int ends_in_wfi(const NativeHook *n, void *uc, int error) {
    uint32_t pc = read_register(&n->pricing.addresses.registers, uc, 15);
    uint16_t before = 0;
    const uint8_t *at = host_bytes(&n->exceptions, pc - 2, 2, 0);
    if (error || n->pricing.head.interrupt || !n->block || n->block->address + n->block->size_bytes != pc || !at)
        return 0;
    memcpy(&before, at, 2);
    return before == WFI;
}

/* Whether WFI wakes, or falls through: PRIMASK does not count. */
static int wakes(const NativeHook *n, void *uc) {
    const ExceptionState *s = n->exceptions.state;
    const Registers *r = &n->pricing.addresses.registers;
    uint32_t candidate = find_candidate(s);
    return candidate && preemption_priority(s, candidate) < sleep_priority(s, r, uc);
}

/* A WFI. 0: left to Python, as it came or asleep. */
static int sleep_for_input(NativeHook *n, void *uc) {
    LentInput *l = n->input;
    BlockHook *h = &n->pricing.head;
    const Registers *r = &n->pricing.addresses.registers;
    uint32_t running = ask_register(r, uc, n->exceptions.ids.ipsr) & XPSR_NUMBER;
    if (!l || !may_come(l) || finish(n, 0) || h->cycles >= h->deadline) return 0;
    if (wakes(n, uc)) return 1;
    if (l->at >= l->other_deadline || l->at >= l->slice_end || l->at - h->cycles >= l->quiet_cycles ||
        (running >= FIRST_FAULT && running <= LAST_FAULT))
        return 0;
    uint64_t slept = l->at - h->cycles;
    h->cycles = l->at;
    l->slept_cycles += slept;
    if (n->contexts.enabled) contexts_slept(&n->contexts, slept);
    l->check_at = h->cycles + AWAKE_CYCLES;
    character_comes(n, 1);
    l->is_asleep = !preempting(n->exceptions.state, r, uc) && !wakes(n, uc);
    return !l->is_asleep;
}

/* ---- registers ---- */

/* A load from the receiver's registers. */
static int read_input(NativeHook *n, uint32_t address, uint32_t size_bytes, uint64_t *value) {
    LentInput *l = n->input;
    if (!l || !l->is_lent || (address != l->data_address && address != l->status_address)) return 0;
    if (!n->remembered || !count_poll(n->remembered, address)) return 0;
    if (address == l->status_address) *value = input_status(l);
    else {
        count_activity(n);
        if (l->is_held) {
            l->last = l->data;
            l->is_held = 0;
            set_line(n->exceptions.state, l->exception, 0);
        }
        *value = l->last;
    }
    if (size_bytes < 4) *value &= (1u << 8 * size_bytes) - 1;
    return 1;
}

/* A store that clears flags none of which is set. */
static int clears_nothing(NativeHook *n, uint32_t address, uint64_t value) {
    LentInput *l = n->input;
    if (!l || !l->is_lent || address != l->clear_address || (value & l->sticky)) return 0;
    count_activity(n);
    return 1;
}

#endif
