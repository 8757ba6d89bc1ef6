/* The contract of emitted code, as far as it is known in C.
 *
 * `blendtpl.bundle.abi`, `blendtpl.bundle.row_ops` and `blendtpl.runtime.entry` have the same in Python. Each list here
 * makes both the constants that the functions use and what the module exports of them (`abi.c`), so that
 * `blendtpl.runtime.speedups` can compare at import what C truly goes by, and leave out a module that was built for
 * another blendtpl.
 */

#ifndef BLENDTPL_ABI_H
#define BLENDTPL_ABI_H

/* Operations of row loops: name, number, how many items an operation has at least, and whether it may have more. */
#define BLENDTPL_OPCODES(X) \
    X(LAST, -1, 4, 0)       \
    X(FIRST, -2, 3, 0)      \
    X(TURN, -3, 2, 1)       \
    X(TRUE, -4, 4, 0)       \
    X(EQUAL, -5, 5, 0)      \
    X(SET, -6, 3, 0)        \
    X(CONCAT, -7, 3, 1)     \
    X(LOOP, -8, 6, 0)

/* How many values a row has at most, and how many one `~` joins. */
#define BLENDTPL_LIMITS(X) \
    X(MOST_VALUES, 32)     \
    X(MOST_JOINED, 8)

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
#define AS_OPCODE(name, number, least, open) OP_##name = number,
#define AS_LIMIT(name, number) name = number,
#define AS_FIELD(constant, name) PLAN_##constant,
#define AS_SLOT(name) name,

enum { BLENDTPL_OPCODES(AS_OPCODE) };
enum { BLENDTPL_LIMITS(AS_LIMIT) };
enum { BLENDTPL_ENTRY_PLAN(AS_FIELD) PLAN_SIZE };
enum { BLENDTPL_FRAME(AS_SLOT) };

#undef AS_OPCODE
#undef AS_LIMIT
#undef AS_FIELD
#undef AS_SLOT

#endif
