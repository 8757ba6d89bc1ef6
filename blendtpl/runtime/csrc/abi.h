/* The contract of emitted code, as far as it is known in C.
 *
 * `blendtpl.bundle.abi`, `blendtpl.bundle.row_ops` and `blendtpl.runtime.entry` have the same in Python. Each list here
 * makes both the constants that the functions use and what the module exports of them (`abi.c`), so that
 * `blendtpl.runtime.speedups` can compare at import what C truly goes by, and leave out a module that was built for
 * another blendtpl.
 */

#ifndef BLENDTPL_ABI_H
#define BLENDTPL_ABI_H

/* Operations of rows: name, number, and what follows: see `SIGNATURES` in `blendtpl.bundle.row_ops`. */
#define BLENDTPL_OPCODES(X)       \
    X(ATTR, 1, "pxn")             \
    X(METHOD, 2, "pxn")           \
    X(ITEM, 3, "pxx")             \
    X(CALL, 4, "pxX")             \
    X(CALLKW, 5, "pxkX")          \
    X(BINARY, 6, "poxx")          \
    X(UNARY, 7, "pux")            \
    X(COMPARE, 8, "pcxx")         \
    X(NOT, 9, "px")               \
    X(AND, 10, "pxx")             \
    X(OR, 11, "pxx")              \
    X(CHOOSE, 12, "pxxx")         \
    X(CONCAT, 13, "pX")           \
    X(COUNTER, 14, "lw")          \
    X(LAST, 15, "lp")             \
    X(LENGTH, 16, "lp")           \
    X(REVINDEX, 17, "lp")         \
    X(REVINDEX0, 18, "lp")        \
    X(PREVITEM, 19, "vp")         \
    X(NEXTITEM, 20, "lp")         \
    X(CHANGED, 21, "lpX")         \
    X(CYCLE, 22, "lY")            \
    X(TUPLE, 23, "X")             \
    X(LIST, 24, "X")              \
    X(SLICE, 25, "pxyyy")         \
    X(CHECKED, 26, "rn")          \
    X(TEXT, 27, "B")              \
    X(MARKUP, 28, "B")            \
    X(DICT, 29, "pX")             \
    X(GUARDED, 30, "xx")          \
    X(BEHIND, 31, "Bx")           \
    X(AWAIT, 32, "pxx")           \
    X(PRINT, 33, "px")            \
    X(PRINTSTR, 34, "px")         \
    X(PRINTTEXT, 35, "x")         \
    X(IF, 36, "pxbb")             \
    X(SET, 37, "rx")              \
    X(LOOP, 38, "pxtyibf")        \
    X(BREAK, 39, "j")             \
    X(CONTINUE, 40, "j")          \
    X(DO, 41, "x")                \
    X(GUARD, 42, "pBx")

/* What `BINARY` and `UNARY`, `COMPARE` and `COUNTER` do, from 0 on. */
#define BLENDTPL_OPERATORS(X) X(ADD) X(SUB) X(MUL) X(DIV) X(FLOORDIV) X(MOD) X(POW) X(POS) X(NEG)
#define BLENDTPL_COMPARISONS(X) X(LT) X(LE) X(EQ) X(NE) X(GT) X(GE) X(IN) X(NOTIN)
#define BLENDTPL_COUNTERS(X) X(INDEX) X(INDEX0) X(FIRST) X(DEPTH) X(DEPTH0)

/* How many registers, how deep in each other, and how many parts operations have at most; below what places are; and a
 * flag of loops. */
#define BLENDTPL_LIMITS(X)      \
    X(MOST_VALUES, 64)          \
    X(MOST_DEPTH, 128)          \
    X(MOST_NODES, 1 << 16)      \
    X(MOST_PLACES, 1 << 30)     \
    X(FIRST_STATEMENT, 33)      \
    X(KEEPS_PREVIOUS, 1)

/* Flags of a translation. */
#define BLENDTPL_TRANSLATION(X) X(ESCAPED, 1) X(PRINTED, 2) X(IN_CONTEXT, 4) X(NUMBERED, 8) X(SCOPED, 16)

/* What an entry plan has, in its order. The last two are of no use here. */
#define BLENDTPL_ENTRY_PLAN(X)        \
    X(WRITE, write)                   \
    X(BLOCKS, blocks)                 \
    X(NAMES, names)                   \
    X(DEFAULTS, defaults)             \
    X(JOIN, join)                     \
    X(TEXT, text)                     \
    X(ALONE, alone)                   \
    X(MAY_FORM_CYCLE, may_form_cycle) \
    X(CONSTANT_SLOTS, constant_slots) \
    X(READ, read)                     \
    X(DIRECT, direct)

/* What a frame begins with; its slots come behind that. */
#define BLENDTPL_FRAME(X) \
    X(CONTEXT)            \
    X(MAKER)              \
    X(ORIGIN)             \
    X(BLOCKS)             \
    X(SLOTS)

/* Some have a prefix, since `TRUE` and `TEXT` are macros where a system's own headers come along. */
#define AS_OPCODE(name, number, signature) OP_##name = number,
#define AS_OPERATOR(name) OPERATOR_##name,
#define AS_COMPARISON(name) COMPARISON_##name,
#define AS_COUNTER(name) COUNTER_##name,
#define AS_LIMIT(name, number) name = number,
#define AS_FLAG(name, number) TRANSLATION_##name = number,
#define AS_FIELD(constant, name) PLAN_##constant,
#define AS_SLOT(name) name,

enum { BLENDTPL_OPCODES(AS_OPCODE) OPCODES };
enum { BLENDTPL_OPERATORS(AS_OPERATOR) OPERATORS };
enum { BLENDTPL_COMPARISONS(AS_COMPARISON) COMPARISONS };
enum { BLENDTPL_COUNTERS(AS_COUNTER) COUNTERS };
enum { BLENDTPL_LIMITS(AS_LIMIT) };
enum { BLENDTPL_TRANSLATION(AS_FLAG) };
enum { BLENDTPL_ENTRY_PLAN(AS_FIELD) PLAN_SIZE };
enum { BLENDTPL_FRAME(AS_SLOT) };

#undef AS_OPCODE
#undef AS_OPERATOR
#undef AS_COMPARISON
#undef AS_COUNTER
#undef AS_LIMIT
#undef AS_FLAG
#undef AS_FIELD
#undef AS_SLOT

#endif
