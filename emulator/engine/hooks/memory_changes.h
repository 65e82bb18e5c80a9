/* What a block's data pay for changing the memory on the bus, remembered from its last pass.
 *
 * A short cut of the native hook alone. Which accesses change the memory depends on where each
 * group lies and on the memory that was accessed last, and neither on time nor on caches: a block
 * that finds both as before pays the same.
 */
#ifndef BOARDLESS_MEMORY_CHANGES_H
#define BOARDLESS_MEMORY_CHANGES_H

#include "../../timing/memory/memory_system.h"
#include "block.h"

static int changes_are_known(const MemorySystem *m, const Block *b) {
    const MemoryChanges *k = &b->changes;
    return k->settings == m->settings && k->from == m->last_memory && k->placed == b->placed;
}

/* Make the changes once as memory_data does, and keep what each event paid. */
static void find_changes(MemorySystem *m, Block *b) {
    MemoryChanges *k = &b->changes;
    add_changes(b);
    k->settings = m->settings;
    k->placed = b->placed;
    k->from = m->last_memory;
    k->n = k->stall = 0;
    for (uint32_t i = 0; i < b->n_events; i++) {
        const Event *v = &b->events[i];
        if (v->kind != EVENT_LOAD && v->kind != EVENT_STORE) continue;
        uint32_t paid = (uint32_t)change_memory(m, b->group_base[b->event_group[i]] + v->address, v->kind, v->instruction);
        if (!paid) continue;
        k->paid[k->n++] = (MemoryChange){(uint16_t)i, (uint16_t)paid};
        k->stall += paid;
    }
    k->to = m->last_memory;
}

/* All changes of the block's data, none of which costs anything else. Returns the cycles. */
static uint32_t change_memories(MemorySystem *m, Block *b) {
    MemoryChanges *k = &b->changes;
    if (changes_are_known(m, b)) m->last_memory = k->to;
    else find_changes(m, b);
    k->times++;
    return k->stall;
}

#endif
