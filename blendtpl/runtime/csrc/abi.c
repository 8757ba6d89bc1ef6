/* The contract of emitted code as the module exports it, for `blendtpl.runtime.speedups` to compare. */

#include "module.h"

#include "abi.h"

typedef struct {
    const char *name;
    int number;
} Entry;

#define AS_OPCODE(name, number, least, open) {#name, OP_##name},
#define AS_LIMIT(name, number) {#name, name},
#define AS_FIELD(constant, name) {#name, PLAN_##constant},
#define AS_SLOT(name) {#name, name},

static const Entry opcodes[] = {BLENDTPL_OPCODES(AS_OPCODE)};
static const Entry limits[] = {BLENDTPL_LIMITS(AS_LIMIT)};
static const Entry entry_plan[] = {BLENDTPL_ENTRY_PLAN(AS_FIELD)};
static const Entry frame[] = {BLENDTPL_FRAME(AS_SLOT)};

/* Add a dict of numbers by name to the module. */
static int
add(PyObject *module, const char *name, const Entry *entries, size_t count)
{
    PyObject *numbers = PyDict_New();
    int failed = numbers == NULL;
    for (size_t at = 0; !failed && at < count; at++) {
        PyObject *number = PyLong_FromLong(entries[at].number);
        failed = number == NULL || PyDict_SetItemString(numbers, entries[at].name, number) < 0;
        Py_XDECREF(number);
    }
    failed = failed || PyModule_AddObjectRef(module, name, numbers) < 0;
    Py_XDECREF(numbers);
    return failed ? -1 : 0;
}

int
blendtpl_add_abi(PyObject *module)
{
    if (add(module, "OPCODES", opcodes, Py_ARRAY_LENGTH(opcodes)) < 0
        || add(module, "LIMITS", limits, Py_ARRAY_LENGTH(limits)) < 0
        || add(module, "ENTRY_PLAN", entry_plan, Py_ARRAY_LENGTH(entry_plan)) < 0)
        return -1;
    return add(module, "FRAME", frame, Py_ARRAY_LENGTH(frame));
}
