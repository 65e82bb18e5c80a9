/* Loads of device registers: those that are remembered are answered here, at the cycle of the access.
 *
 * So are those of a receiver whose input is lent, and stores to it without effect; and a lent transmitter's.
 * Twins: bus/register_access.py, which serves all others, and bus/access.py. An access's cycle is known
 * natively where Python has said when the block's loads issue in the timing state that it was entered in.
 */
#ifndef BOARDLESS_REGISTER_READS_H
#define BOARDLESS_REGISTER_READS_H

#include "../remembered_reads.h"
#include "block_hook.h"
#include "exceptions.h"
#include "input.h"
#include "output.h"

#define PRIVATE_BUS 0xE0000000u

typedef uint64_t (*python_read_fn)(void *uc, uint64_t offset, uint32_t size, void *data);

typedef void (*python_write_fn)(void *uc, uint64_t offset, uint32_t size, uint64_t value, void *data);

typedef struct {           /* shared with Python: keep in step with native_reads.py */
    void *hook;
    python_read_fn read;
    python_write_fn write;
    uint64_t base;
} Window;

/* The registers of the core are not for everybody. */
static int is_open(const NativeHook *n, void *uc, uint32_t address) {
    const Registers *r = &n->pricing.addresses.registers;
    const RegisterIds *ids = &n->exceptions.ids;
    return address < PRIVATE_BUS || !(ask_register(r, uc, ids->control) & CONTROL_NPRIV) ||
           ask_register(r, uc, ids->ipsr) & XPSR_NUMBER;
}

/* Where a load begins. */
static uint32_t load_start(const NativeHook *n, void *uc, const KnownLoad *l) {
    const Registers *r = &n->pricing.addresses.registers;
    if (l->base == 15) return l->offset;
    uint32_t start = read_register(r, uc, l->base) + l->offset;
    return l->index == NO_REGISTER ? start : start + (read_register(r, uc, l->index) << l->shift);
}

/* Which load of the running block makes this access; NULL: it is not known. */
static const KnownLoad *load_of(const NativeHook *n, void *uc, uint32_t address, uint32_t size_bytes) {
    const Block *b = n->block;
    const KnownLoad *found = NULL, *first = NULL;
    uint32_t cursor = n->remembered->access_serial == n->pricing.head.block_serial ? n->remembered->access_cursor : 0;
    uint32_t fitting = 0;
    for (uint32_t i = 0; i < b->n_loads; i++) {
        const KnownLoad *l = &b->loads[i];
        if (l->position < cursor || l->size_bytes < size_bytes) continue;
        if (!fitting++) first = l;
        if (!found && address - load_start(n, uc, l) < l->size_bytes) found = l;
    }
    return fitting > 1 && found ? found : first;
}

/* The value of a load, if it is remembered. */
static int read_remembered(NativeHook *n, void *uc, uint32_t address, uint32_t size_bytes, uint64_t *value) {
    RememberedReads *m = n->remembered;
    BlockHook *h = &n->pricing.head;
    Block *b = n->block;
    if (!m || !m->n || !b || h->trace_enabled) return 0;
    const Remembered *row = remembered(m, address, size_bytes);
    if (!row || !is_open(n, uc, address)) return 0;
    if (!row->is_ramp) {
        if (!count_poll(m, address)) return 0;
        *value = says(row, 0);
        return 1;
    }
    uint32_t touches = m->activity == m->touched_activity ? m->touches + 1 : 1;
    if (touches == TIME_POLLS || !b->load_issue || b->load_state != h->state) return 0;
    const KnownLoad *load = load_of(n, uc, address, size_bytes);
    if (!load) return 0;
    uint64_t cycle = h->cycles + load->cycle + advance(n, b->load_issue, load->position);
    if ((int64_t)cycle >= row->until || !count_poll(m, address)) return 0;
    m->access_serial = h->block_serial;
    m->access_cursor = load->position + 1;
    touch(m, h->instructions, cycle);
    *value = says(row, cycle);
    return 1;
}

/* What Python serves is not watched natively. */
static void leave_to_python(NativeHook *n) {
    if (n->watch.stage) end_watch(n);
}

static uint64_t read_register_at(void *uc, uint64_t offset, uint32_t size_bytes, const Window *w) {
    uint64_t value;
    uint32_t address = (uint32_t)(w->base + offset);
    if (read_input(w->hook, address, size_bytes, &value)) return value;
    if (read_output(w->hook, address, size_bytes, &value)) return value;
    if (read_remembered(w->hook, uc, address, size_bytes, &value)) return value;
    leave_to_python(w->hook);
    return w->read(uc, offset, size_bytes, NULL);
}

static void write_register_at(void *uc, uint64_t offset, uint32_t size_bytes, uint64_t value, const Window *w) {
    uint32_t address = (uint32_t)(w->base + offset);
    if (clears_nothing(w->hook, address, value) || write_output(w->hook, address, size_bytes, value)) return;
    leave_to_python(w->hook);
    w->write(uc, offset, size_bytes, value, NULL);
}

static void know_loads(NativeHook *n, uint32_t block, uint32_t state, uint32_t n_loads, const KnownLoad *loads,
                       const uint16_t *issue) {
    Block *b = n->tables.blocks[block];
    free(b->load_issue);
    b->load_issue = copy_of(issue, (b->n_events + 1u) * sizeof *issue);
    b->load_state = state;
    b->n_loads = n_loads;
    memcpy(b->loads, loads, n_loads * sizeof *loads);
}

#endif
