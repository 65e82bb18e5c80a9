/* What Unicorn's TLB holds of a page. Twin: tlb.py, which says why; a file of its own in the library. */
#include <stdbool.h>
#include <stdint.h>

#include "protected_pages.h"

#define EXPORT __attribute__((visibility("default")))

enum { ACCESS_WRITE = 17, ACCESS_FETCH = 18 };       /* UC_MEM_WRITE, UC_MEM_FETCH */

#define CPSR 3                                          /* UC_ARM_REG_CPSR */
#define REGISTER_PC 11                                  /* UC_ARM_REG_PC */
#define IT_STATE 0x0600FC00u

typedef struct { uint64_t physical; uint32_t permissions; } TlbEntry; /* uc_tlb_entry */
typedef struct {           /* shared with Python: keep in step with tlb.py */
    int (*reg_read)(void *uc, int id, void *value);
    int (*reg_write)(void *uc, int id, const void *value);
    translate_fn translate;
    Protected *protected;  /* NULL: everything is allowed */
    uint8_t *filled;       /* by page: it has had an entry */
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

/* Whether the access that misses is an unprivileged one. */
static uint32_t is_user(void *uc, const Fill *fill, const Protected *p) {
    uint32_t pc = 0;
    if (p->user || !p->user_pc) return p->user;
    fill->reg_read(uc, REGISTER_PC, &pc);
    return pc == p->user_pc;
}

EXPORT bool bl_fill_tlb(void *uc, uint64_t page64, int access, TlbEntry *entry, void *state) {
    const Fill *fill = state;
    Protected *p = fill->is_stopped ? NULL : fill->protected;
    uint32_t page = (uint32_t)page64, asked = access == ACCESS_WRITE ? PAGE_WRITE : PAGE_READ;
    bool is_fetch = access == ACCESS_FETCH, code = is_fetch;
    for (uint32_t i = 0; i < fill->n && !code; i++)
        code = page >= fill->stretches[i].base && page <= fill->stretches[i].last;
    if (!fill->is_stopped) fill->filled[page >> PAGE_BITS] = 1;
    entry->physical = page;
    entry->permissions = code ? PAGE_READ | PAGE_WRITE | PAGE_EXECUTE : PAGE_READ | PAGE_WRITE;
    if (p && !fill_protected(p, page, is_fetch ? PAGE_EXECUTE : asked, code, is_user(uc, fill, p), &entry->physical,
                             &entry->permissions))
        return false; /* the instruction is restored as a whole, with its IT state */
    if (!is_fetch && !fill->is_stopped && !(p && p->is_forced)) leave_it_state(uc, fill);
    return true;
}

/* ---- called from Python and Unicorn: while an MPU is on ---- */

EXPORT bool bl_update_entries(void *uc, const Fill *fill) { return update_entries(uc, fill->translate, fill->protected); }

EXPORT void bl_forget_entries(Protected *p) { forget_entries(p); }

EXPORT void bl_forget_places(Protected *p) { forget_places(p); }

EXPORT uint64_t bl_redirected_load(void *uc, uint64_t offset, uint32_t size, void *p) {
    (void)uc;
    return redirected_load(p, offset, size);
}

EXPORT void bl_redirected_store(void *uc, uint64_t offset, uint32_t size, uint64_t value, void *p) {
    (void)uc;
    redirected_store(p, offset, size, (uint32_t)value);
}
