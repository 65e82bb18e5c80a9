/* What the interpreter of Armv8.1-M executes: one record an instruction, decoded by Python (operations.py).
 *
 * Twin: operations.py. Flags: emulator/thumb/vector/pattern.py. The numbers of the operations are their order here;
 * Python asks for them by name.
 */
#ifndef BOARDLESS_OPERATION_H
#define BOARDLESS_OPERATION_H

#include <stdint.h>
#include <string.h>

#define F_UNSIGNED 1u
#define F_TOP 2u
#define F_ROUND 4u
#define F_SCALAR 8u
#define F_IMMEDIATE 16u
#define F_EXCHANGE 32u
#define F_ACCUMULATE 64u
#define F_SUBTRACT 128u
#define F_WRITES_BACK 256u
#define F_STORE 512u
#define F_BEFORE 1024u
#define F_PREDICATES 2048u
#define F_WRAPS 4096u
#define F_NARROWS 8192u
#define F_SETS_FLAGS 16384u
#define F_LINKS 32768u

#define NO_OPERAND 255u
#define ALWAYS 14u

typedef struct {           /* shared with Python: keep in step with operations.py */
    uint16_t operation, flags;
    uint8_t size_bytes, condition, d, n, m, a, size, extra;
    uint32_t immediate;
} Operation;

/* Scalar ones first; from FIRST_VECTOR on an operation needs the FPU, and is subject to predication up to
 * LAST_PREDICATED. */
#define OPERATIONS(X) \
    X(NOTHING) X(LEND) \
    X(AND_CORE) X(BIC_CORE) X(ORR_CORE) X(ORN_CORE) X(EOR_CORE) X(MOV_CORE) X(MVN_CORE) X(ADD_CORE) X(ADC_CORE) \
    X(SBC_CORE) X(SUB_CORE) X(RSB_CORE) X(SHIFT_CORE) X(MUL_CORE) X(MLA_CORE) X(MLS_CORE) X(SMULL_CORE) X(UMULL_CORE) \
    X(SMLAL_CORE) X(UMLAL_CORE) X(UMAAL_CORE) X(SMLAXY_CORE) X(EXTEND_CORE) X(REV_CORE) X(REV16_CORE) X(REVSH_CORE) \
    X(RBIT_CORE) X(CLZ_CORE) X(UBFX_CORE) X(SBFX_CORE) X(BFI_CORE) X(MOVT_CORE) X(SSAT_CORE) X(USAT_CORE) \
    X(LOAD) X(STORE) X(LOAD_DOUBLE) X(STORE_DOUBLE) X(LOAD_MULTIPLE) X(STORE_MULTIPLE) \
    X(BRANCH) X(COMPARE_BRANCH) \
    X(SELECT) X(CLEAR) X(LOOP_START) X(LOOP_WHILE) X(LOOP_END) X(LOOP_FOREVER) \
    X(SQSHL) X(UQSHL) X(SRSHR) X(URSHR) X(SQRSHR) X(UQRSHL) X(LSLL) X(LSRL) X(ASRL) X(SQSHLL) X(UQSHLL) X(SRSHRL) \
    X(URSHRL) X(SQRSHRL) X(UQRSHLL) \
    X(CLEAR_PREDICATION) X(READ_SYSTEM) X(WRITE_SYSTEM) X(SYSTEM_REGISTER) X(PST) X(MOV_TO_CORE) X(MOV_TO_LANE) \
    X(MOV_TO_PAIR) X(MOV_FROM_PAIR) X(INTERLEAVED) X(CLEAR_CONTEXT) \
    X(HALF_ADD) X(HALF_SUB) X(HALF_MUL) X(HALF_NMUL) X(HALF_MLA) X(HALF_FMA) X(HALF_DIV) X(HALF_MAX) X(HALF_MIN) \
    X(HALF_ABS) X(HALF_NEG) X(HALF_SQRT) X(HALF_RINT) X(HALF_TO_FIXED) X(HALF_FROM_FIXED) X(HALF_CMP) X(HALF_SEL) \
    X(HALF_CONSTANT) X(HALF_TO_CORE) X(HALF_FROM_CORE) X(HALF_INSERT) X(HALF_EXTRACT) X(HALF_LOAD) X(HALF_STORE) \
    X(PNOT) X(CTP) X(CMP) X(CONTIGUOUS) X(OFFSETS) X(ADDRESSES) \
    X(AND) X(BIC) X(ORR) X(ORN) X(EOR) X(MVN) X(PSEL) X(CONSTANT) X(DUP) X(IDUP) \
    X(ADD) X(SUB) X(MUL) X(MAX) X(MIN) X(ABD) X(HADD) X(HSUB) X(QADD) X(QSUB) X(QDMULH) X(MULH) X(SHL) X(QSHL) \
    X(QSHLU) X(SLI) X(SRI) X(BRSR) X(MLA) X(MLAS) X(QDMLAH) X(QDMLASH) X(CLS) X(CLZ) X(ABS) X(NEG) X(QABS) X(QNEG) \
    X(MAXA) X(MINA) X(REV16) X(REV32) X(REV64) X(QDMULL) X(MULL) X(MULLP) X(SHLL) X(SHLL_WHOLE) X(MOVN) X(QMOVN) \
    X(QMOVUN) X(SHRN) X(QSHRN) X(QSHRUN) X(SHLC) X(ADC) X(HCADD) X(CADD) X(QDMLADH) \
    X(MLADAV) X(MLALDAV) X(RMLALDAVH) X(ADDV) X(ADDLV) X(ABAV) X(MAXV) X(MINV) X(MAXAV) X(MINAV) \
    X(FADD) X(FSUB) X(FMUL) X(FABD) X(FMAX) X(FMIN) X(FMAXA) X(FMINA) X(FMA) X(FMAS) X(FABS) X(FNEG) X(FROM_FIXED) \
    X(TO_FIXED) X(RINT) X(FCADD) X(FCMUL) X(FCMLA) X(FMAXV) X(FMINV) X(FMAXAV) X(FMINAV) X(FCMP) X(FNARROW) X(FWIDEN)

#define NUMBER(name) DO_##name,
enum { OPERATIONS(NUMBER) OPERATION_COUNT };
#undef NUMBER

#define FIRST_VECTOR DO_CLEAR_PREDICATION
#define FIRST_PREDICATED DO_PNOT

/* The number of an operation by its name, -1 when there is none. */
static int operation_number(const char *name) {
#define NAME(name) #name,
    static const char *const NAMES[] = {OPERATIONS(NAME)};
#undef NAME
    for (int n = 0; n < OPERATION_COUNT; n++)
        if (!strcmp(NAMES[n], name)) return n;
    return -1;
}

#endif
