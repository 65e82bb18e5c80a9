/* The commands of streaming wake word, which differ from the other benchmarks': each is echoed, there is no
 * inference to ask for, and an unknown one is no error. Sound comes over I2S between start and stop, or over the
 * console: db load 1024, db HEX..., extract_uart_stream for each frame. Source: mlcommons/tiny, the reference
 * firmware's replies and stream_wav_uart.py, 2026-05.
 */
#include "protocol/commands.h"

#include "benchmarks/benchmark.h"
#include "bsp/bsp.h"
#include "protocol/print.h"
#include "protocol/words.h"
#include "runtime/crc32.h"
#include "runtime/network.h"
#include "streaming/audio.h"
#include "streaming/detector.h"
#include "streaming/stream.h"

#define FIRMWARE_PROFILE "ULPMark for tinyML Firmware V0.0.1"
#define VALUES_A_LINE 16u
#define BUFFER_BYTES (FRAME_SAMPLES * 2u)

static int16_t buffer[FRAME_SAMPLES];
static uint32_t expected;
static uint32_t filled;

static void print_counted(const char *text, uint64_t value)
{
    print_text(text);
    print_unsigned(value);
    print_text("\r\n");
}

static void print_signed(int32_t value)
{
    if (value < 0) {
        print_text("-");
    }
    print_unsigned((uint32_t)(value < 0 ? -value : value));
}

static void print_codes(const int8_t *codes, uint32_t count, uint32_t a_line)
{
    print_text("[");
    for (uint32_t i = 0; i < count; i++) {
        if (i != 0) {
            print_text(i % a_line == 0 ? ", \r\n" : ", ");
        }
        print_signed(codes[i]);
    }
    print_text("]\r\n");
}

static void timestamp(void)
{
#if ENERGY_MODE
    bsp_timestamp_pulse();
#else
    print_counted("m-lap-us-", bsp_microseconds());
#endif
}

static void name(char *rest)
{
    (void)rest;
    print_text("m-name-dut-[boardless]\r\n");
}

static void profile(char *rest)
{
    (void)rest;
    print_text("m-profile-[" FIRMWARE_PROFILE "]\r\nm-model-[");
    print_text(benchmark_model_name);
    print_text("]\r\n");
}

static void timestamp_command(char *rest)
{
    (void)rest;
    timestamp();
}

static void start(char *rest)
{
    (void)rest;
    if (!audio_is_there) {
        print_text("e-[This board has no audio input]\r\n");
        return;
    }
    print_text("Listening for I2S data ... \r\n");
    timestamp();
    stream_start();
    print_text("DMA receive initiated.\r\n");
}

static void stop(char *rest)
{
    (void)rest;
    if (!stream_is_on()) {
        print_text("I2S is already idle.  Ignoring stop request\r\n");
        return;
    }
    stream_stop();
    timestamp();
    print_text("Streaming stopped.\r\ntarget activations: \r\n");
    print_codes(stream_scores(), stream_score_count(), VALUES_A_LINE);
}

/* -- sound over the console ---------------------------------------------------------------- */
static void load(const char *word)
{
    const int32_t count = word ? parse_decimal(word) : 0;
    if (count <= 0 || count > (int32_t)BUFFER_BYTES) {
        print_text("e-[Command 'db load' takes 1 to 1024 bytes]\r\n");
        return;
    }
    expected = (uint32_t)count;
    filled = 0;
    print_text("Expecting ");
    print_unsigned(expected);
    print_text(" bytes\r\n");
}

static void set_pointer(const char *word)
{
    const int32_t at = word ? parse_decimal(word) : -1;
    if (at >= 0 && at <= (int32_t)expected) {
        filled = (uint32_t)at;
    }
    print_counted("pointer at ", filled);
}

static void store(const char *digits)
{
    for (; digits[0] != '\0' && digits[1] != '\0' && filled < expected; digits += 2) {
        const int32_t high = parse_hex_digit(digits[0]), low = parse_hex_digit(digits[1]);
        if (high < 0 || low < 0) {
            print_text("e-[Invalid hex digit]\r\n");
            return;
        }
        ((uint8_t *)buffer)[filled++] = (uint8_t)(high << 4 | low);
    }
    if (filled == expected) {
        print_text("m-load-done\r\n");
    } else {
        print_unsigned(filled);
        print_text(" bytes received\r\n");
    }
}

static void buffer_command_of(char *rest)
{
    const char *word = next_word(&rest);
    if (word == 0) {
        print_text("e-[Command 'db' requires a subcommand]\r\n");
    } else if (words_equal(word, "load")) {
        load(next_word(&rest));
    } else if (words_equal(word, "setptr")) {
        set_pointer(next_word(&rest));
    } else if (words_equal(word, "getptr")) {
        print_counted("pointer at ", filled);
    } else {
        store(word);
    }
}

static void extract(char *rest)
{
    (void)rest;
    const int8_t *features = detector_frame(buffer, 1);
    print_text("m-features-");
    print_codes(features, BANDS, BANDS);
    print_text("m-activations-");
    print_codes(detector_scores(), network_output.elements, network_output.elements);
}

/* -- our own ------------------------------------------------------------------------------- */
static void restart(char *rest)
{
    (void)rest;
    detector_restart();
}

static void print_layer(uint32_t index, const struct layer *layer)
{
    print_text("m-layer-[");
    print_unsigned(index);
    print_text(",");
    print_unsigned(layer->output_bytes);
    print_text(",");
    print_hex_word(crc32(layer->output, layer->output_bytes));
    print_text("]\r\n");
}

static void layers(char *rest)
{
    (void)rest;
    network_run_observed(print_layer);
}

static void help(char *rest);

static const struct {
    const char *word;
    void (*run)(char *rest);
    const char *help;
} commands[] = {
    {"name", name, "the device's name"},
    {"profile", profile, "the firmware's profile and model"},
    {"timestamp", timestamp_command, "a time stamp"},
    {"help", help, "this text"},
    {"start", start, "listen to the audio input"},
    {"stop", stop, "stop, and print the wake word's score of each frame"},
    {"db", buffer_command_of, "load N | HEX | getptr | setptr N: a frame of sound, 16 bits, little endian"},
    {"extract_uart_stream", extract, "the frame's features, and the scores after it"},
    {"restart", restart, "forget what was heard"},
    {"layers", layers, "infer once more; index, bytes and CRC-32 of each layer's output"},
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void help(char *rest)
{
    (void)rest;
    for (uint32_t i = 0; i < COMMAND_COUNT; i++) {
        print_text(commands[i].word);
        print_text(": ");
        print_text(commands[i].help);
        print_text("\r\n");
    }
}

static void ready(void)
{
    print_text("m-ready\r\n");
}

void commands_greet(void)
{
    stream_open();
    detector_restart();
#if ENERGY_MODE
    print_text("m-timestamp-mode-energy\r\n");
#else
    print_text("m-timestamp-mode-performance\r\n");
#endif
    timestamp();
    print_text("m-init-done\r\n");
    ready();
}

void commands_run(char *command)
{
    print_text("Received command: ");
    print_text(command);
    print_text("\r\n");
    const char *word = next_word(&command);
    for (uint32_t i = 0; word != 0 && i < COMMAND_COUNT; i++) {
        if (words_equal(word, commands[i].word)) {
            commands[i].run(command);
            ready();
            return;
        }
    }
    if (word != 0) {
        print_text("Unrecognized command ");
        print_text(word);
        print_text("\r\n");
    }
    ready();
}
