/* What Unicorn's TLB holds of a page. Twin: tlb.py, which says why; a file of its own in the library. */
#include <stdbool.h>
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))

enum { ACCESS_FETCH = 18 };                          /* UC_MEM_FETCH */
enum { PAGE_READ = 1, PAGE_WRITE = 2, PAGE_EXECUTE = 4 }; /* UC_PROT_* */

#define CPSR 3                                          /* UC_ARM_REG_CPSR */
#define IT_STATE 0x0600FC00u

typedef struct { uint64_t physical; uint32_t permissions; } TlbEntry; /* uc_tlb_entry */
typedef struct { uint32_t base, last; } Stretch;
typedef struct {           /* shared with Python: keep in step with tlb.py */
    int (*reg_read)(void *uc, int id, void *value);
    int (*reg_write)(void *uc, int id, const void *value);
    int (*translate)(void *uc, uint64_t address, int permission, uint64_t *physical); /* fills */
    uint32_t is_stopped, n;
    Stretch stretches[];
} Fill;

static void leave_it_state(void *uc, const Fill *fill) {
    uint32_t cpsr = 0;
    fill->reg_read(uc, CPSR, &cpsr);
    if (!(cpsr & IT_STATE)) return;
    cpsr &= ~IT_STATE;
    fill->reg_write(uc, CPSR, &cpsr);
}

EXPORT void bl_touch_pages(void *uc, const Fill *fill, uint32_t pages, uint32_t page_shift) {
    uint64_t physical;
    for (uint32_t page = 0; page < pages; page++)
        fill->translate(uc, (uint64_t)page << page_shift, PAGE_READ, &physical);
}

EXPORT bool bl_fill_tlb(void *uc, uint64_t page64, int access, TlbEntry *entry, void *state) {
    const Fill *fill = state;
    uint32_t page = (uint32_t)page64;
    bool code = access == ACCESS_FETCH;
    if (!code && !fill->is_stopped) leave_it_state(uc, fill);
    for (uint32_t i = 0; i < fill->n && !code; i++)
        code = page >= fill->stretches[i].base && page <= fill->stretches[i].last;
    entry->physical = page;
    entry->permissions = code ? PAGE_READ | PAGE_WRITE | PAGE_EXECUTE : PAGE_READ | PAGE_WRITE;
    return true;
}
