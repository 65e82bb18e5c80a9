"""Exceptions on the whole engine: what the system's own tests show with a stand-in for the core."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator import Machine, StopReason
from emulator.errors import GuestFault
from tests.machine.firmware import build

SOURCE = r"""
#define SCB(o) REG(0xE000ED00 + (o))
#define NVIC_ENABLE REG(0xE000E100)
#define NVIC_PEND REG(0xE000E200)
#define PRIORITY(n) (*(volatile unsigned char *)(0xE000E400 + (n)))
static volatile float product;
__attribute__((noinline)) static void log_char(char c) { put(c); }
static void svc(void) { log_char('S'); SCB(4) = 1u << 28; log_char('s'); } /* pends PendSV */
static void pendsv(void) { log_char('P'); }
static void low(void) { log_char('L'); NVIC_PEND = 1u << 21; log_char('l'); }
static void high(void) { product *= 2.0f; log_char('H'); }
static void systick(void) { log_char('T'); REG(0xE000E010) = 0; SCB(0x10) &= ~2u; /* wakes for good */ }
__attribute__((naked)) static void usage(void) /* skips the undefined half-word */
{
    __asm__ volatile("mrs r0, psp\n ldr r1, [r0, #24]\n adds r1, #2\n str r1, [r0, #24]\n b usage_c");
}
__attribute__((used)) void usage_c(void)
{
    log_char(SCB(0x28) == 1u << 16 ? 'U' : '!'); /* CFSR.UNDEFINSTR */
    SCB(0x28) = SCB(0x28);
}
static u32 table[48] __attribute__((aligned(256)));
static u32 process_stack[64];

void main(void)
{
    for (int i = 0; i < 48; i++) table[i] = ((u32 *)0)[i < 16 ? i : 3];
    table[6] = (u32)usage; table[11] = (u32)svc; table[14] = (u32)pendsv; table[15] = (u32)systick;
    table[16 + 20] = (u32)low; table[16 + 21] = (u32)high;
    SCB(8) = (u32)table;                         /* VTOR */
    SCB(0x88) |= 0xF << 20;                      /* FPU */
    SCB(0x20) = 0xFF << 16;                      /* PendSV lowest */
    PRIORITY(20) = 0x80; PRIORITY(21) = 0x40;
    NVIC_ENABLE = 3u << 20;
    __asm__ volatile("msr psp, %0\n movs r0, #2\n msr control, r0\n isb" :: "r"(process_stack + 64) : "r0");
    __asm__ volatile("svc 0"); log_char('1');
    product = 1.5f;
    float kept = product;
    __asm__ volatile("vmul.f32 %0, %0, %0" : "+t"(kept));
    NVIC_PEND = 1u << 20; __asm__ volatile("dsb\n isb" : "+t"(kept)); log_char('2');
    __asm__ volatile("cpsid i"); NVIC_PEND = 1u << 21; log_char('3');
    __asm__ volatile("cpsie i\n isb"); log_char('4');
    __asm__ volatile("msr basepri, %0" :: "r"(0x60)); NVIC_PEND = 3u << 20; log_char('5');
    __asm__ volatile("msr basepri, %0\n isb" :: "r"(0)); log_char('6');
    SCB(0x24) |= 1u << 18; __asm__ volatile("udf #0"); log_char('7');
    __asm__ volatile("sev\n wfe"); log_char('8'); /* an event is there: no sleep */
    SCB(0x10) |= 2;                              /* sleep on exit, until SysTick's handler clears it */
    REG(0xE000E014) = 9999; REG(0xE000E018) = 0; REG(0xE000E010) = 7;
    __asm__ volatile("wfi"); log_char('9');
    log_char(kept == 2.25f ? 'F' : '!'); log_char(product == 24.0f ? 'G' : '!');
    print("end\n");
    for (;;) __asm__ volatile("wfi");
}
"""
ORDER = b"SsP1LHl23H4H5LHl6U78T9F"


@pytest.mark.parametrize("hook", ["native", "python"])
def test_order_of_everything(tmp_path: Path, hook: str) -> None:
    machine = Machine("virtual-m4", hook=hook)
    machine.load(build(tmp_path, SOURCE))
    assert machine.run(until="end\n", max_cycles=10_000_000) is StopReason.UNTIL
    assert bytes(machine.console.output).startswith(ORDER)
    assert b"!" not in machine.console.output


FAULT_HANDLER_THAT_TALKS = r"""
static void talk(void) { print("it crashed\r\n"); for (;;) { } }
static u32 table[16] __attribute__((aligned(128)));
void main(void)
{
    table[3] = (u32)talk;
    REG(0xE000ED08) = (u32)table; /* VTOR */
    print("ready");
    REG(0x70000000);
}
"""


def test_a_fault_handler_may_wait_for_its_uart(tmp_path: Path) -> None:
    machine = Machine("virtual-m4")
    machine.load(build(tmp_path, FAULT_HANDLER_THAT_TALKS))
    with pytest.raises(GuestFault, match="no memory"):
        machine.run()
    assert machine.console.take() == b"readyit crashed\r\n"
