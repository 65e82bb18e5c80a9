/* What Unicorn's TLB holds of a page; emulator/engine/tlb.py says why, and has the same in Python. */
#ifndef BOARDLESS_NATIVE_TLB_H
#define BOARDLESS_NATIVE_TLB_H

#include <stdbool.h>
#include <stdint.h>

enum { ACCESS_FETCH = 18 };                          /* UC_MEM_FETCH */
enum { PAGE_READ = 1, PAGE_WRITE = 2, PAGE_EXECUTE = 4 }; /* UC_PROT_* */

typedef struct { uint64_t physical; uint32_t permissions; } TlbEntry; /* uc_tlb_entry */
typedef struct { uint32_t base, last; } CodePages;
typedef struct { uint32_t n; CodePages stretches[]; } Executable;

static bool fill_tlb(uint32_t page, int access, TlbEntry *entry, const Executable *executable)
{
    entry->physical = page;
    entry->permissions = PAGE_READ | PAGE_WRITE;
    bool code = access == ACCESS_FETCH;
    for (uint32_t i = 0; i < executable->n && !code; i++)
        code = page >= executable->stretches[i].base && page <= executable->stretches[i].last;
    if (code) entry->permissions |= PAGE_EXECUTE;
    return true;
}

#endif
