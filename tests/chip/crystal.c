/* Firmware for the made-up KESTREL7: it starts the crystal, waits until it runs, and says so. */
typedef unsigned int u32;
#define REG(a) (*(volatile u32 *)(a))
#define PWR 0x40000000u
#define CONSOLE 0x40030000u
extern u32 _stack_top;
volatile u32 kept;
static void print(const char *s) { for (; *s; s++) { while (REG(CONSOLE + 4) & 1) { } REG(CONSOLE) = *s; } }
void stop(void) { for (;;) { } }
void main(void);
void start(void) { kept = 1; REG(CONSOLE + 0x10) = 139; REG(CONSOLE + 8) = 1; main(); stop(); }
__attribute__((section(".vectors"), used)) const void *const vectors[48] = {
    &_stack_top, start, stop, stop, stop, stop, stop, 0, 0, 0, 0, stop, 0, 0, stop, stop, [16 ... 47] = stop};

#ifdef MAIN
void main(void) { MAIN }
#else
void main(void) {
    REG(PWR) |= 1;
    while (!(REG(PWR + 0xC) & (1u << 16))) { }
    print("crystal\n");
}
#endif
