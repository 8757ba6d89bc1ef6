/* What all of the module in C stands on. */

#ifndef BLENDTPL_SPEEDUPS_H
#define BLENDTPL_SPEEDUPS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* Other threads may change a dict or a list while it is looked at, where the interpreter has no lock: so what is found
 * in one is held at once. Python has these from 3.13 on; before that there always was such a lock. */
#if PY_VERSION_HEX < 0x030D0000
static inline int
PyDict_GetItemRef(PyObject *dict, PyObject *key, PyObject **result)
{
    *result = Py_XNewRef(PyDict_GetItemWithError(dict, key));
    return *result != NULL ? 1 : PyErr_Occurred() ? -1 : 0;
}

static inline PyObject *
PyList_GetItemRef(PyObject *list, Py_ssize_t at)
{
    return Py_XNewRef(PyList_GetItem(list, at));
}

#define Py_BEGIN_CRITICAL_SECTION(object) {
#define Py_END_CRITICAL_SECTION() }
#endif

/* What is imported once, for whatever is not done here; `module.c` says from where. */
enum {
    MARKUP,
    ESCAPE_ANY,
    NOT_FOUND,
    UNDEFINED,
    SUBSCRIPT,
    NO_ITEM,
    NO_SUCH,
    AS_IF_ASKED,
    NO_ATTR,
    SAFE_ITEM,
    SAFE_NO_ITEM,
    SAFE_NO_ATTRIBUTE,
    SAFE_VALUE,
    INTERNAL,
    METHODS,
    WRAPS,
    PRIVATE,
    CHANGES,
    CHANGING,
    TAKEN_APART,
    PAUSE,
    CHECK,
    FINISH,
    MARKUP_JOIN,
    STR_JOIN,
    MISSING,
    CALLEE,
    INVOKED,
    STOPPED,
    STOPPED_IN,
    GROUP,
    SAFELY_INVOKED,
    CALLABLE,
    IMPORTS
};

/* Names of attributes, which are made once. */
enum { LOWER, DICT, CLASS_NAME, WRAP, IS_SAFE, POLICIES, LEEWAY, ROUND, AUTOESCAPE, PASS_ARG, NO_SUCH_KEY, SAFE_CALLABLE, NAMES };

typedef struct {
    PyObject *imported[IMPORTS];
    PyObject *names[NAMES];
    PyObject *lookahead, *program, *quick; /* types */
    PyObject *name, *of_name;              /* ("name",) and ("obj", "name"): what an undefined value is made with */
} State;

extern PyType_Spec blendtpl_lookahead, blendtpl_program, blendtpl_quick;

int blendtpl_add_abi(PyObject *module);
PyObject *blendtpl_prepared(PyObject *module, PyObject *program);
PyObject *blendtpl_rows(PyObject *module, PyObject *const *arguments, Py_ssize_t count);
PyObject *blendtpl_callee(PyObject *module, PyObject *const *arguments, Py_ssize_t count, PyObject *names);
PyObject *blendtpl_safely_invoked(PyObject *module, PyObject *const *arguments, Py_ssize_t count, PyObject *names);
PyObject *blendtpl_invoked(PyObject *module, PyObject *const *arguments, Py_ssize_t count, PyObject *names);
PyObject *blendtpl_getter(PyObject *module, PyObject *arguments, PyObject *keywords);
PyObject *blendtpl_safe_attribute(PyObject *module, PyObject *const *arguments, Py_ssize_t count);
PyObject *blendtpl_safe_item(PyObject *module, PyObject *const *arguments, Py_ssize_t count);
PyObject *blendtpl_translation(PyObject *module, PyObject *const *arguments, Py_ssize_t count);
PyObject *blendtpl_quick_functions(PyObject *module, PyObject *const *arguments, Py_ssize_t count);
PyObject *blendtpl_enter_template(PyObject *module, PyObject *const *arguments, Py_ssize_t count);
/* UTF-8 that becomes an item of a list when there is no room for more, and in the end. */
typedef struct {
    PyObject *bytes; /* where it is, unless it is little enough for `few` */
    Py_ssize_t size;
    char few[512];
} Octets;

PyObject *blendtpl_utf8_of(PyObject *const *pieces, Py_ssize_t count);
int blendtpl_put_utf8(Octets *octets, PyObject *const *pieces, Py_ssize_t count, PyObject *out);
int blendtpl_flush(Octets *octets, PyObject *out);
PyObject *blendtpl_utf8(PyObject *module, PyObject *text);
PyObject *blendtpl_new_pieces(void);
PyObject *blendtpl_joined_utf8(PyObject *module, PyObject *pieces);
PyObject *blendtpl_keep_utf8(PyObject *module, PyObject *constants);

#endif
