#include "protocol/console.h"

#include <stdint.h>

#include "bsp/bsp.h"
#include "startup/cortex_m.h"

#define RING_SIZE 256u /* a power of two: commands that come while one runs wait here */

static volatile uint8_t ring[RING_SIZE];
static volatile uint32_t ring_written;
static volatile uint32_t ring_read;

void console_received(uint8_t byte)
{
    const uint32_t written = ring_written;
    if (written - ring_read < RING_SIZE) {
        ring[written % RING_SIZE] = byte;
        ring_written = written + 1;
    }
}

/* Interrupts are masked from the look at the ring to the sleep: WFI wakes for a masked one too. */
static void sleep_until_received(void)
{
    while (ring_written == ring_read) {
        const uint32_t primask = interrupts_mask();
        if (ring_written == ring_read) {
            wait_for_interrupt();
        }
        interrupts_restore(primask);
    }
}

static char next_byte(void)
{
    sleep_until_received();
    const uint32_t read = ring_read;
    const char byte = (char)ring[read % RING_SIZE];
    ring_read = read + 1;
    return byte;
}

void console_wait_command(char command[COMMAND_SIZE])
{
    uint32_t length = 0;
    for (;;) {
        const char byte = next_byte();
        if (byte == COMMAND_END) {
            command[length] = '\0';
            return;
        }
        if (length < COMMAND_SIZE - 1) {
            command[length++] = byte;
        }
    }
}
