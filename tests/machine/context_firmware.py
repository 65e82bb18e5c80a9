"""A firmware with every way of leaving a function, each once where it can be counted by hand.

``longjmp`` and the rest are written out, so that no library's are needed: recursion, tail calls by B
and BX, a ring of tail calls, a return through POP, a jump table, two unwound frames, an interrupt
inside another, one behind another, and two threads that PendSV switches between.
"""

FIRMWARE = r"""
#define NOINLINE __attribute__((noinline, used))
#define NAKED __attribute__((naked, noinline, used))
volatile u32 sink, buffer[16], turns, thread_stacks[2][64], thread_pointers[2], thread;
#define SCB_ICSR REG(0xE000ED04)
#define SHPR3 REG(0xE000ED20)

NOINLINE u32 recurse(u32 n) { if (n == 0) return 1; u32 r = recurse(n - 1); sink = n; return r + n; }
NOINLINE u32 leaf(u32 n) { for (u32 i = 0; i < n; i++) sink = i; return n; }
NAKED u32 tail_direct(u32 n) { __asm__("adds r0, #1\n b leaf"); }
NAKED u32 tail_register(u32 n) { __asm__("ldr r1, =leaf\n bx r1\n .pool"); }
NAKED u32 ring_one(u32 n) { __asm__("subs r0, #1\n b ring_two"); }
NAKED u32 ring_two(u32 n) { __asm__("cmp r0, #0\n bne ring_one\n bx lr"); }
NAKED u32 table(u32 n) {
    __asm__("push {r4, lr}\n adr r4, 1f\n add r4, r4, r0, lsl #2\n adds r4, #1\n mov pc, r4\n"
            ".balign 4\n 1: b 2f\n nop\n b 2f\n nop\n 2: bl leaf\n pop {r4, pc}");
}
NAKED u32 set_jump(volatile u32 *where) {
    __asm__("mov r1, sp\n stmia r0!, {r1, r4-r11, lr}\n movs r0, #0\n bx lr");
}
NAKED void long_jump(volatile u32 *where, u32 value) {
    __asm__("mov r3, r1\n ldmia r0!, {r2, r4-r11, lr}\n mov sp, r2\n mov r0, r3\n bx lr");
}
NOINLINE void inner(u32 n) { sink = n; long_jump(buffer, 7); sink = n; }
NOINLINE void middle(u32 n) { inner(n + 1); sink = n; }
NOINLINE u32 jumps(void) { if (set_jump(buffer) == 0) middle(3); return leaf(2); }

NOINLINE void on_low(void) { leaf(3); REG(0xE000E200) = 2; sink = 1; leaf(1); }     /* interrupt 0 */
NOINLINE void on_high(void) { leaf(5); }                                            /* interrupt 1 */
NOINLINE void on_third(void) { leaf(4); }                                           /* interrupt 2 */
NOINLINE void worker(void) { for (;;) { leaf(6); turns++; SCB_ICSR = 1 << 28; } }
NOINLINE void other(void) { for (;;) { recurse(2); turns++; SCB_ICSR = 1 << 28; } }
NAKED void on_pendsv(void) {
    __asm__("mrs r0, psp\n stmdb r0!, {r4-r11}\n ldr r1, =thread\n ldr r2, [r1]\n ldr r3, =thread_pointers\n"
            "str r0, [r3, r2, lsl #2]\n eors r2, #1\n str r2, [r1]\n ldr r0, [r3, r2, lsl #2]\n"
            "ldmia r0!, {r4-r11}\n msr psp, r0\n bx lr\n .pool");
}
NAKED void on_svc(void) {
    __asm__("ldr r3, =thread_pointers\n ldr r0, [r3]\n adds r0, #32\n msr psp, r0\n"
            "ldr lr, =0xFFFFFFFD\n bx lr\n .pool");
}
static void prepare(u32 n, void (*function)(void)) {
    volatile u32 *top = &thread_stacks[n][64];
    top[-1] = 1u << 24; top[-2] = (u32)function; top[-3] = 0;
    thread_pointers[n] = (u32)(top - 16);
}
const void *const handlers[19] __attribute__((aligned(256))) = {
    &_stack_top, start, on_hard_fault, on_hard_fault, on_hard_fault, on_hard_fault, on_hard_fault, 0, 0, 0, 0,
    on_svc, 0, 0, on_pendsv, on_systick, on_low, on_high, on_third};
void main(void) {
    REG(0xE000ED08) = (u32)handlers;
    print("ready\r\n");
    recurse(4);
    tail_direct(2);
    tail_register(3);
    ring_one(3);
    table(1);
    jumps();
    SHPR3 = 0xFFu << 16;                      /* PendSV is the least urgent */
    REG(0xE000E400) = 0x40 << 8 | 0x80 | 0x80 << 16; /* interrupt 1 preempts 0 and 2 */
    REG(0xE000E100) = 7;
    REG(0xE000E200) = 1 | 4;                  /* 0, inside it 1, then 2 without unstacking */
    leaf(1);
    print("sleep\r\n");
    for (u32 i = 0; i < 1000; i++) sink = i;
    prepare(0, worker);
    prepare(1, other);
    __asm__("svc 0");
}
"""
