/* What Unicorn's TLB holds of a page; emulator/engine/tlb.py says why, and has the same in Python. */
#ifndef BOARDLESS_NATIVE_TLB_H
#define BOARDLESS_NATIVE_TLB_H

#include <stdbool.h>
#include <stdint.h>

enum { ACCESS_FETCH = 18 };                          /* UC_MEM_FETCH */
enum { PAGE_READ = 1, PAGE_WRITE = 2, PAGE_EXECUTE = 4 }; /* UC_PROT_* */

#define CPSR 3                                          /* UC_ARM_REG_CPSR */
#define IT_STATE 0x0600FC00u

typedef struct { uint64_t physical; uint32_t permissions; } TlbEntry; /* uc_tlb_entry */
typedef struct { uint32_t base, last; } CodePages;
typedef struct {           /* shared with Python: keep in step with emulator/engine/tlb.py */
    int (*reg_read)(void *uc, int id, void *value);
    int (*reg_write)(void *uc, int id, const void *value);
    int (*translate)(void *uc, uint64_t address, int permission, uint64_t *physical); /* fills */
    uint32_t is_stopped, n;
    CodePages stretches[];
} TlbFill;

static void leave_it_state(void *uc, const TlbFill *fill) {
    uint32_t cpsr = 0;
    fill->reg_read(uc, CPSR, &cpsr);
    if (!(cpsr & IT_STATE)) return;
    cpsr &= ~IT_STATE;
    fill->reg_write(uc, CPSR, &cpsr);
}

static bool fill_tlb(void *uc, uint32_t page, int access, TlbEntry *entry, const TlbFill *fill) {
    entry->physical = page;
    entry->permissions = PAGE_READ | PAGE_WRITE;
    bool code = access == ACCESS_FETCH;
    if (!code && !fill->is_stopped) leave_it_state(uc, fill);
    for (uint32_t i = 0; i < fill->n && !code; i++)
        code = page >= fill->stretches[i].base && page <= fill->stretches[i].last;
    if (code) entry->permissions |= PAGE_EXECUTE;
    return true;
}

#endif
