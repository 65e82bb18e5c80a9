/* Softmax in fixed point, as TensorFlow Lite's reference does it (after gemmlowp).
 *
 * A name like q5 says how many integer bits an int32 has besides its sign: q0 is [-1, 1).
 */
#include "kernels/kernels.h"
#include "kernels/quantization.h"

#define DIFFERENCE_INTEGER_BITS 5
#define SUM_INTEGER_BITS 12
#define QUARTER_Q5 (1 << 24)
#define EIGHTH_Q0 (1 << 28)
#define ONE_Q2 (1 << 29)
#define EXP_MINUS_EIGHTH_Q0 1895147668
#define THIRD_Q0 715827883
#define RECIPROCAL_48_OVER_17_Q2 1515870810
#define RECIPROCAL_32_OVER_17_Q2 1010580540

static int32_t saturating_shift_left(int32_t x, int32_t exponent)
{
    const int32_t limit = INT32_MAX >> exponent;
    if (x > limit) {
        return INT32_MAX;
    }
    return x < -limit - 1 ? INT32_MIN : (int32_t)((uint32_t)x << exponent);
}

/* e^a for a in [-1/4, 0): a Taylor series around -1/8. */
static int32_t exp_of_small_q0(int32_t a)
{
    const int32_t x = a + EIGHTH_Q0;
    const int32_t x2 = doubling_high_multiply(x, x);
    const int32_t x3 = doubling_high_multiply(x2, x);
    const int32_t x4 = doubling_high_multiply(x2, x2);
    const int32_t sixth_order = doubling_high_multiply(rounding_shift_right(x4, 2) + x3, THIRD_Q0) + x2;
    const int32_t tail = x + rounding_shift_right(sixth_order, 1);
    return EXP_MINUS_EIGHTH_Q0 + doubling_high_multiply(EXP_MINUS_EIGHTH_Q0, tail);
}

/* e^a for a <= 0 with 5 integer bits; the result is q0. */
static int32_t exp_q0(int32_t a)
{
    /* e^-(2^k) for k = -2 ... 4, q0 */
    static const int32_t factors[] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
    if (a == 0) {
        return INT32_MAX;
    }
    const int32_t small = (a & (QUARTER_Q5 - 1)) - QUARTER_Q5;
    const int32_t quarters = small - a;
    int32_t result = exp_of_small_q0((int32_t)((uint32_t)small << DIFFERENCE_INTEGER_BITS));
    for (uint32_t k = 0; k < sizeof factors / sizeof factors[0]; k++) {
        if (quarters & (QUARTER_Q5 << k)) {
            result = doubling_high_multiply(result, factors[k]);
        }
    }
    return result;
}

/* 1 / (1 + x) for x in [0, 1), q0: three Newton steps on half the denominator. */
static int32_t reciprocal_of_one_plus_q0(int32_t x)
{
    const int32_t half = (int32_t)(((int64_t)x + INT32_MAX + 1) / 2);
    int32_t estimate = RECIPROCAL_48_OVER_17_Q2 + doubling_high_multiply(half, -RECIPROCAL_32_OVER_17_Q2);
    for (int step = 0; step < 3; step++) {
        const int32_t error = ONE_Q2 - doubling_high_multiply(half, estimate);
        estimate += saturating_shift_left(doubling_high_multiply(estimate, error), 2);
    }
    return saturating_shift_left(estimate, 1); /* half of a q2 is a q1; to q0 */
}

static int32_t exp_of_difference(const struct softmax *p, int32_t difference)
{
    const int32_t raised = (int32_t)((uint32_t)difference << p->shift);
    return exp_q0(doubling_high_multiply(raised, p->multiplier));
}

static void softmax_row(const struct softmax *p, const int8_t *input, int8_t *output)
{
    int32_t largest = INT8_MIN;
    for (uint32_t i = 0; i < p->columns; i++) {
        largest = input[i] > largest ? input[i] : largest;
    }
    int32_t sum = 0; /* q12 */
    for (uint32_t i = 0; i < p->columns; i++) {
        const int32_t difference = input[i] - largest;
        if (difference >= p->difference_minimum) {
            sum += rounding_shift_right(exp_of_difference(p, difference), SUM_INTEGER_BITS);
        }
    }
    int32_t headroom = 0;
    while (((uint32_t)sum << headroom) < 0x80000000u) {
        headroom++;
    }
    const int32_t scale =
        reciprocal_of_one_plus_q0((int32_t)(((uint32_t)sum << headroom) - 0x80000000u));
    const int32_t exponent = SUM_INTEGER_BITS - headroom + 31 - 8;
    for (uint32_t i = 0; i < p->columns; i++) {
        const int32_t difference = input[i] - largest;
        int32_t value = INT8_MIN;
        if (difference >= p->difference_minimum) {
            const int32_t share = doubling_high_multiply(scale, exp_of_difference(p, difference));
            value += rounding_shift_right(share, exponent);
        }
        output[i] = (int8_t)(value > INT8_MAX ? INT8_MAX : value);
    }
}

void kernel_softmax(const void *parameters)
{
    const struct softmax *p = parameters;
    for (uint32_t row = 0; row < p->rows; row++) {
        softmax_row(p, p->input + row * p->columns, p->output + row * p->columns);
    }
}
