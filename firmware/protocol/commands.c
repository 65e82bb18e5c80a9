#include "protocol/commands.h"

#include "benchmarks/benchmark.h"
#include "bsp/bsp.h"
#include "protocol/buffer.h"
#include "protocol/print.h"
#include "protocol/words.h"
#include "runtime/crc32.h"
#include "runtime/network.h"

#define FIRMWARE_PROFILE "ULPMark for tinyML Firmware V0.0.1"
#define DEFAULT_WARMUPS 10

static void print_counted(const char *text, uint64_t value)
{
    print_text(text);
    print_unsigned(value);
    print_text("\r\n");
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

static void results(char *rest)
{
    (void)rest;
    print_text("m-results-[");
    benchmark_print_results(buffer_bytes());
    print_text("]\r\n");
}

static void infer(char *rest)
{
    const char *iterations_word = next_word(&rest);
    const char *warmups_word = next_word(&rest);
    const int32_t iterations = iterations_word ? parse_decimal(iterations_word) : 1;
    const int32_t warmups = warmups_word ? parse_decimal(warmups_word) : DEFAULT_WARMUPS;
    if (iterations <= 0) {
        print_text("e-[Inference iterations must be >0]\r\n");
        return;
    }
    if (warmups < 0) {
        print_text("e-[Inference warmup must be >=0]\r\n");
        return;
    }
    benchmark_load_input(buffer_bytes());
    print_counted("m-warmup-start-", (uint32_t)warmups);
    for (int32_t i = 0; i < warmups; i++) {
        network_run();
    }
    print_text("m-warmup-done\r\n");
    print_counted("m-infer-start-", (uint32_t)iterations);
    timestamp();
    for (int32_t i = 0; i < iterations; i++) {
        network_run();
    }
    timestamp();
    print_text("m-infer-done\r\n");
    results(rest);
}

/* Our own: the output tensor's bytes. */
static void raw(char *rest)
{
    (void)rest;
    const struct tensor *output = &network_output;
    const uint32_t bytes = output->elements * (output->type == TENSOR_FLOAT32 ? sizeof(float) : 1u);
    print_text("m-raw-[");
    for (uint32_t i = 0; i < bytes; i++) {
        print_hex_byte(((const uint8_t *)output->data)[i]);
    }
    print_text("]\r\n");
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

/* Our own: infer once and print the CRC-32 of every layer's output. */
static void layers(char *rest)
{
    (void)rest;
    benchmark_load_input(buffer_bytes());
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
    {"db", buffer_command, "load N | HEX | print: the data buffer"},
    {"infer", infer, "N [W]: infer N times after W warm-ups"},
    {"results", results, "the last results again"},
    {"raw", raw, "the last output tensor's bytes"},
    {"layers", layers, "infer once; index, bytes and CRC-32 of each layer's output"},
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
    const char *word = next_word(&command);
    for (uint32_t i = 0; word != 0 && i < COMMAND_COUNT; i++) {
        if (words_equal(word, commands[i].word)) {
            commands[i].run(command);
            ready();
            return;
        }
    }
    print_text("e-[Unknown command: ");
    print_text(word ? word : "");
    print_text("]\r\n");
    ready();
}
