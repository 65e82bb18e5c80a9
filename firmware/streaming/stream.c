/* Two buffers: while one fills, the other is worked on. The audio interrupt hands the next buffer to the
 * input at once and pends PendSV, whose priority is the lowest; PendSV does the work. Both handlers stand in a copy of
 * the vector table in RAM, so that the boards' own tables need not know of them.
 */
#include "streaming/stream.h"

#include "runtime/memory.h"
#include "startup/cortex_m.h"
#include "streaming/audio.h"
#include "streaming/detector.h"

#define SCB_VTOR REGISTER(0xE000ED08u)
#define SCB_ICSR REGISTER(0xE000ED04u)
#define SCB_SHPR3 REGISTER(0xE000ED20u)
#define ICSR_PENDSVSET (1u << 28)
#define SHPR3_PENDSV_LOWEST (0xFFu << 16)
#define PENDSV 14u
#define CORE_VECTORS 16u
#define VECTORS 256u /* no less than any board has, and a power of two: the table is aligned to its size */

#ifndef BSP_INTERRUPTS
#error "the board says how many interrupts it has"
#endif

static int16_t blocks[2][2 * AUDIO_FRAMES];
static volatile uint32_t filling;
static volatile int is_on;
static int is_first;
static int8_t scores[KEPT_SCORES];
static volatile uint32_t score_count;

static void block_came(void)
{
    filling ^= 1;
    audio_next(blocks[filling]);
    audio_processing_pin(1);
    SCB_ICSR = ICSR_PENDSVSET;
}

static void work(void)
{
    detector_frame(blocks[filling ^ 1], 2);
    const int8_t score = detector_scores()[0];
    if (score > DETECTION_THRESHOLD || is_first) {
        audio_detection_pin(0);
        for (volatile int wait = 0; wait < 20; wait++) { /* at least a microsecond */
        }
        audio_detection_pin(1);
    }
    is_first = 0;
    if (score_count < KEPT_SCORES) {
        scores[score_count++] = score;
    }
    audio_processing_pin(0);
}

void stream_open(void)
{
    if (!audio_is_there) {
        return;
    }
    static uint32_t vectors[VECTORS] __attribute__((aligned(4 * VECTORS)));
    memcpy(vectors, (const void *)SCB_VTOR, 4 * (CORE_VECTORS + BSP_INTERRUPTS));
    vectors[PENDSV] = (uint32_t)work;
    vectors[CORE_VECTORS + audio_interrupt] = (uint32_t)block_came;
    barrier();
    SCB_VTOR = (uint32_t)vectors;
    barrier();
    SCB_SHPR3 |= SHPR3_PENDSV_LOWEST;
    audio_open();
    interrupt_enable(audio_interrupt);
}

void stream_start(void)
{
    stream_stop();
    detector_restart();
    score_count = 0;
    filling = 0;
    is_first = 1;
    is_on = 1;
    audio_processing_pin(1); /* a marker: it is over before the host begins to write down */
    audio_processing_pin(0);
    audio_start(blocks[0]);
}

void stream_stop(void)
{
    if (is_on) {
        audio_stop();
        is_on = 0;
        audio_processing_pin(0);
    }
}

int stream_is_on(void)
{
    return is_on;
}

uint32_t stream_score_count(void)
{
    return score_count;
}

const int8_t *stream_scores(void)
{
    return scores;
}
