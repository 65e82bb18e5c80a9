"""A firmware with an interpreter of our own, whose loop and structures are those of TensorFlow Lite Micro.

It is C; the linker's names are the library's, so that what looks for those finds ours.
"""

from __future__ import annotations

GRAPH = "_ZN6tflite21MicroInterpreterGraph14InvokeSubgraphEi"
OLDER_GRAPH = "_ZN6tflite10MicroGraph14InvokeSubgraphEi"

INTERPRETER = r"""
typedef struct { int size; int data[4]; } IntArray;
typedef struct {
    const IntArray *inputs, *outputs, *intermediates;
    void *user_data, *builtin_data;
    const void *initial_data;
    int initial_data_size;
} Node;
typedef struct {
    void *init, *free, *prepare;
    int (*invoke)(void *context, Node *node);
    void *reset;
    int builtin_code;
    const char *custom_name;
} Registration;
typedef struct { Node node; const Registration *registration; } NodeAndRegistration;
typedef struct { const void *data; const IntArray *dims; unsigned char type; } EvalTensor;
typedef struct { NodeAndRegistration *nodes; EvalTensor *tensors; } Allocations;
typedef struct {
    void *context, *model, *allocator;
    Allocations *allocations;
    int subgraph;
    u32 operator_index;
} Graph;
int invoke_subgraph(Graph *graph, int subgraph) __asm__("GRAPH_NAME");
u32 current_ticks(void) __asm__("_ZN6tflite19GetCurrentTimeTicksEv");
u32 begin_event(void *profiler, const char *tag) __asm__("_ZN6tflite13MicroProfiler10BeginEventEPKc");
void end_event(void *profiler, u32 handle) __asm__("_ZN6tflite13MicroProfiler8EndEventEm");
void reset_temporaries(void *allocator) __asm__("_ZN6tflite14MicroAllocator20ResetTempAllocationsEv");

#define EVENTS 8
volatile u32 begin_ticks[EVENTS], end_ticks[EVENTS], events;
static volatile u32 sum;
static signed char memory[512];
static volatile u32 changed;
static Graph graph;
static struct { void *functions; signed char *begin, *end, *head, *tail, *temporaries; } buffers;
static struct { void *functions, *buffers; } allocator;

#define NOINLINE __attribute__((noinline))
#define INLINE static inline __attribute__((always_inline))
NOINLINE u32 current_ticks(void) { return REG(0xE0001004); }
NOINLINE u32 begin_event(void *profiler, const char *tag)
{
    (void)profiler; (void)tag;
    begin_ticks[events] = current_ticks();
    return events++;
}
NOINLINE void end_event(void *profiler, u32 handle) { (void)profiler; end_ticks[handle] = current_ticks(); }
NOINLINE void reset_temporaries(void *heap) { (void)heap; for (u32 i = 0; i < 20; i++) changed ^= i; }

INLINE void work(u32 turns) { for (u32 i = 1; i < turns; i++) sum += (sum ^ i) / i; }
static NOINLINE int conv_eval(void *context, Node *node) { (void)context; (void)node; work(900); return 0; }
static NOINLINE int dense_eval(void *context, Node *node) { (void)context; (void)node; work(300); return 0; }
static NOINLINE int twist_eval(void *context, Node *node) { (void)context; (void)node; work(50); return 0; }
static NOINLINE int if_eval(void *context, Node *node)
{
    (void)context; (void)node;
    return invoke_subgraph(&graph, 1);
}

static const Registration conv = {0, 0, 0, conv_eval, 0, 3, 0}, dense = {0, 0, 0, dense_eval, 0, 9, 0},
                          twist = {0, 0, 0, twist_eval, 0, 32, "twist"},
                          branch = {0, 0, 0, if_eval, 0, 118, 0};
static const signed char weights[200] = {1, 2, 3};
static const IntArray d_in = {4, {1, 4, 4, 2}}, d_filter = {4, {3, 2, 2, 2}}, d_out = {4, {1, 3, 3, 3}},
                      d_dense = {2, {5, 27}}, d_five = {2, {1, 5}}, d_bias = {1, {5}};
static const IntArray conv_in = {2, {0, 1}}, conv_out = {1, {2}}, dense_in = {3, {2, 3, 4}},
                      dense_out = {1, {5}},
                      one_in = {2, {5, -1}}, none = {0, {0}};
static EvalTensor tensors[6] = {};
static NodeAndRegistration nodes[4], inner[1];
static Allocations allocations[2];

NOINLINE int invoke_subgraph(Graph *this, int subgraph)
{
    u32 before = this->operator_index;
    u32 count = subgraph ? 1 : 4;
    for (this->operator_index = 0; this->operator_index < count; this->operator_index++) {
        NodeAndRegistration *each = &this->allocations[subgraph].nodes[this->operator_index];
        u32 handle = PROFILED ? begin_event(&graph, "operator") : 0;
        int failed = each->registration->invoke(this->context, &each->node);
        reset_temporaries(this->allocator);
        if (PROFILED) end_event(&graph, handle);
        if (failed) return failed;
    }
    this->operator_index = before;
    return 0;
}

static void tensor(int number, const void *data, const IntArray *dims, unsigned char type)
{
    tensors[number].data = data; tensors[number].dims = dims; tensors[number].type = type;
}
static void node(NodeAndRegistration *to, const Registration *r, const IntArray *in, const IntArray *out)
{
    to->node.inputs = in; to->node.outputs = out; to->registration = r;
}
void main(void)
{
    REG(0xE000EDFC) = 1 << 24; REG(0xE0001000) |= 1;
    tensor(0, memory, &d_in, 9); tensor(1, weights, &d_filter, 9); tensor(2, memory + 32, &d_out, 9);
    tensor(3, weights, &d_dense, 9); tensor(4, weights, &d_bias, 2); tensor(5, memory + 64, &d_five, 9);
    node(nodes, &conv, &conv_in, &conv_out); node(nodes + 1, &dense, &dense_in, &dense_out);
    node(nodes + 2, &twist, &one_in, &dense_out); node(nodes + 3, &branch, &none, &none);
    node(inner, &twist, &one_in, &dense_out);
    allocations[0].nodes = nodes; allocations[0].tensors = tensors;
    allocations[1].nodes = inner; allocations[1].tensors = tensors;
    graph.allocations = allocations;
    buffers.begin = memory; buffers.head = buffers.temporaries = memory + 96;
    buffers.tail = memory + 400; buffers.end = memory + 512;
    allocator.buffers = &buffers; graph.allocator = &allocator;
    print("ready\r\n");
    for (;;) {
        get();
        events = 0;
        invoke_subgraph(&graph, 0);
        print("done\r\n");
    }
}
"""

GENERATED = r"""
static volatile u32 sum;
static inline __attribute__((always_inline)) void work(u32 turns)
{
    for (u32 i = 1; i < turns; i++) sum += (sum ^ i) / i;
}
#define LAYER __attribute__((noinline)) void
LAYER helper(void) { work(20); }
LAYER layer_conv(void) { work(400); helper(); }
LAYER layer_pool(void) { work(100); }
LAYER layer_dense(int n) { work(200 + (u32)n); }
__attribute__((noinline, optimize("O2"))) void network(int n)
{
    layer_conv();
    layer_pool();
    layer_conv();
    layer_dense(n);
}
void main(void)
{
    print("ready\r\n");
    for (;;) { network(get()); print("done\r\n"); }
}
"""


def interpreter(*, profiled: bool = False, name: str = GRAPH) -> str:
    """The firmware's source; ``profiled``: it times its own operators."""
    return f"#define PROFILED {int(profiled)}\n" + INTERPRETER.replace("GRAPH_NAME", name)
