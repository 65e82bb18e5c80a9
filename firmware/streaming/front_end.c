#include "streaming/front_end.h"

#include "runtime/memory.h"

#define POINTS (WINDOW_SAMPLES / 2) /* of the complex transform */
#define POINT_BITS 9

static real before[FRAME_SAMPLES]; /* the last frame, emphasized */
static int32_t last_sample;
static struct turn spectrum[POINTS];
static power powers[BINS];

void front_end_restart(void)
{
    memset(before, 0, sizeof before);
    last_sample = 0;
}

/* Where point n goes: its bits the other way round. */
static uint32_t next_reversed(uint32_t reversed)
{
    uint32_t bit = POINTS / 2;
    while (reversed & bit) {
        reversed ^= bit;
        bit >>= 1;
    }
    return reversed | bit;
}

/* Two samples side by side are a complex point; points are stored in the order that transform() wants. */
static void gather(const int16_t *samples, uint32_t stride)
{
    uint32_t at = 0;
    for (uint32_t n = 0; n < FRAME_SAMPLES; n += 2) {
        spectrum[at].re = weighted(before[n], front_end_window[n]);
        spectrum[at].im = weighted(before[n + 1], front_end_window[n + 1]);
        at = next_reversed(at);
    }
    int32_t last = last_sample;
    for (uint32_t n = 0; n < FRAME_SAMPLES; n += 2) {
        const int32_t even = samples[n * stride];
        const int32_t odd = samples[(n + 1) * stride];
        before[n] = emphasized(even, last);
        before[n + 1] = emphasized(odd, even);
        last = odd;
        spectrum[at].re = weighted(before[n], front_end_window[FRAME_SAMPLES - 1 - n]);
        spectrum[at].im = weighted(before[n + 1], front_end_window[FRAME_SAMPLES - 2 - n]);
        at = next_reversed(at);
    }
    last_sample = last;
}

/* Two steps at once where no factor is needed but 1 and -i. */
static void first_steps(void)
{
    for (struct turn *p = spectrum; p < spectrum + POINTS; p += 4) {
        const struct turn a = {p[0].re + p[1].re, p[0].im + p[1].im};
        const struct turn b = {p[0].re - p[1].re, p[0].im - p[1].im};
        const struct turn c = {p[2].re + p[3].re, p[2].im + p[3].im};
        const struct turn d = {p[2].re - p[3].re, p[2].im - p[3].im};
        p[0] = (struct turn){a.re + c.re, a.im + c.im};
        p[2] = (struct turn){a.re - c.re, a.im - c.im};
        p[1] = (struct turn){b.re + d.im, b.im - d.re};
        p[3] = (struct turn){b.re - d.im, b.im + d.re};
    }
}

static void transform(void)
{
    first_steps();
    for (uint32_t size = 4; size < POINTS; size *= 2) {
        const uint32_t step = WINDOW_SAMPLES / (2 * size);
        for (uint32_t k = 0; k < size; k++) {
            const struct turn w = front_end_turns[k * step];
            for (struct turn *p = spectrum + k; p < spectrum + POINTS; p += 2 * size) {
                struct turn *q = p + size;
                const real re = products(q->re, w.re, q->im, -w.im);
                const real im = products(q->re, w.im, q->im, w.re);
                *q = (struct turn){p->re - re, p->im - im};
                *p = (struct turn){p->re + re, p->im + im};
            }
        }
    }
}

/* From the transform of pairs to that of the samples: bins k and 512 - k at once. */
static void unfold(void)
{
    const real even = spectrum[0].re, odd = spectrum[0].im;
    powers[0] = power_of(even + odd, 0);
    powers[POINTS] = power_of(even - odd, 0);
    for (uint32_t k = 1; k <= POINTS / 2; k++) {
        const struct turn a = spectrum[k], b = spectrum[POINTS - k], w = front_end_turns[k];
        const real sum_re = half(a.re) + half(b.re), sum_im = half(a.im) - half(b.im);
        const real more_re = half(a.im) + half(b.im), more_im = half(b.re) - half(a.re);
        const real re = products(more_re, w.re, more_im, -w.im);
        const real im = products(more_re, w.im, more_im, w.re);
        powers[k] = power_of(sum_re + re, sum_im + im);
        powers[POINTS - k] = power_of(sum_re - re, sum_im - im);
    }
}

/* log2 in 1/65536 */
static int32_t logarithm(power value)
{
    uint32_t fraction;
    const int32_t exponent = exponent_of(value, &fraction) - POWER_OF_ONE;
    const uint32_t step = fraction >> 17;
    const uint32_t low = front_end_logarithms[step], high = front_end_logarithms[step + 1];
    return exponent * 65536 + (int32_t)(low + (((high - low) * (fraction & 0x1FFFFu)) >> 17));
}

static int8_t feature(power value)
{
    int32_t code = front_end_least;
    if (value > 0) {
        code = (int32_t)(((int64_t)logarithm(value) * front_end_slope) >> 16) + front_end_offset;
    }
    code = code < front_end_least ? front_end_least : code;
    code = code > front_end_most ? front_end_most : code;
    return (int8_t)(code / 65536); /* towards zero; what is too loud for int8 wraps, as in the reference */
}

void front_end_frame(const int16_t *samples, uint32_t stride, int8_t features[BANDS])
{
    gather(samples, stride);
    transform();
    unfold();
    const weight *by = front_end_weights;
    for (uint32_t band = 0; band < BANDS; band++) {
        const power *from = powers + front_end_bands[band].first_bin;
        power sum = 0;
        for (uint32_t n = 0; n < front_end_bands[band].bins; n++) {
            sum += share(from[n], *by++);
        }
        features[band] = feature(sum);
    }
}
