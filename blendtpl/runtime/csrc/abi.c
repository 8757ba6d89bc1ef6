/* The contract of emitted code as the module exports it, for `blendtpl.runtime.speedups` to compare. */

#include "module.h"

#include "abi.h"

typedef struct {
    const char *name;
    int number;
    const char *text; /* in place of a number */
} Entry;

#define AS_OPCODE(name, number, signature) {#name, number, NULL},
#define AS_SIGNATURE(name, number, signature) {#name, 0, signature},
#define AS_OPERATOR(name) {#name, OPERATOR_##name, NULL},
#define AS_COMPARISON(name) {#name, COMPARISON_##name, NULL},
#define AS_COUNTER(name) {#name, COUNTER_##name, NULL},
#define AS_LIMIT(name, number) {#name, name, NULL},
#define AS_FLAG(name, number) {#name, TRANSLATION_##name, NULL},
#define AS_FIELD(constant, name) {#name, PLAN_##constant, NULL},
#define AS_SLOT(name) {#name, name, NULL},

static const Entry opcodes[] = {BLENDTPL_OPCODES(AS_OPCODE)};
static const Entry signatures[] = {BLENDTPL_OPCODES(AS_SIGNATURE)};
static const Entry operators[] = {BLENDTPL_OPERATORS(AS_OPERATOR)};
static const Entry comparisons[] = {BLENDTPL_COMPARISONS(AS_COMPARISON)};
static const Entry counters[] = {BLENDTPL_COUNTERS(AS_COUNTER)};
static const Entry limits[] = {BLENDTPL_LIMITS(AS_LIMIT)};
static const Entry translation[] = {BLENDTPL_TRANSLATION(AS_FLAG)};
static const Entry entry_plan[] = {BLENDTPL_ENTRY_PLAN(AS_FIELD)};
static const Entry frame[] = {BLENDTPL_FRAME(AS_SLOT)};

/* Add a dict of numbers or texts by name to the module. */
static int
add(PyObject *module, const char *name, const Entry *entries, size_t count)
{
    PyObject *all = PyDict_New();
    int failed = all == NULL;
    for (size_t at = 0; !failed && at < count; at++) {
        const Entry *entry = entries + at;
        PyObject *value = entry->text ? PyUnicode_FromString(entry->text) : PyLong_FromLong(entry->number);
        failed = value == NULL || PyDict_SetItemString(all, entry->name, value) < 0;
        Py_XDECREF(value);
    }
    failed = failed || PyModule_AddObjectRef(module, name, all) < 0;
    Py_XDECREF(all);
    return failed ? -1 : 0;
}

#define ADD(name, entries) add(module, name, entries, Py_ARRAY_LENGTH(entries))

int
blendtpl_add_abi(PyObject *module)
{
    if (ADD("OPCODES", opcodes) < 0 || ADD("SIGNATURES", signatures) < 0 || ADD("OPERATORS", operators) < 0
        || ADD("COMPARISONS", comparisons) < 0 || ADD("COUNTERS", counters) < 0 || ADD("LIMITS", limits) < 0)
        return -1;
    return ADD("TRANSLATION", translation) < 0 || ADD("ENTRY_PLAN", entry_plan) < 0 || ADD("FRAME", frame) < 0 ? -1 : 0;
}
