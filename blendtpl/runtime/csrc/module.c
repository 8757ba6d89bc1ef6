/* The functions of `blendtpl.runtime.attributes` and `blendtpl.runtime.output` that emitted code calls most, for values
 * of the usual types; and the module, with the longer ones that stand in files of their own.
 *
 * Enters: a value of a template, and mostly the name of an attribute. Leaves: the value of that, or its text. Nothing
 * is kept from one call to the next.
 */

#include "values.h"

static PyObject *
escape_any(PyObject *module, PyObject *value)
{
    return text_of(PyModule_GetState(module), value);
}

static PyObject *
attribute(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    return value_of(PyModule_GetState(module), arguments, count, 0);
}

static PyObject *
field(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    return value_of(PyModule_GetState(module), arguments, count, 1);
}

static PyObject *
escaped_field(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    State *state = PyModule_GetState(module);
    PyObject *value = value_of(state, arguments, count, 1);
    if (value == NULL)
        return NULL;
    PyObject *text = text_of(state, value);
    Py_DECREF(value);
    return text;
}

static PyObject *
text_field(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    PyObject *value = value_of(PyModule_GetState(module), arguments, count, 1);
    if (value == NULL || PyUnicode_CheckExact(value))
        return value;
    PyObject *text = PyObject_Str(value);
    Py_DECREF(value);
    return text;
}

static const char *const ORIGINS[IMPORTS][2] = {
    [MARKUP] = {"markupsafe", "Markup"},
    [ESCAPE_ANY] = {"blendtpl.runtime.output", "escape_any"},
    [NOT_FOUND] = {"blendtpl.runtime.attributes", "not_found"},
    [TAKEN_APART] = {"blendtpl.runtime.rows", "taken_apart"},
    [PAUSE] = {"blendtpl.runtime.rows", "pause"},
    [CHECK] = {"blendtpl.bundle.row_check", "check"},
    [FINISH] = {"blendtpl.runtime.entry", "finish"},
    [MARKUP_JOIN] = {"jinja2.runtime", "markup_join"},
    [STR_JOIN] = {"jinja2.runtime", "str_join"},
    [MISSING] = {"jinja2.utils", "missing"},
    [CALLEE] = {"blendtpl.runtime.calls", "callee"},
    [INVOKED] = {"blendtpl.runtime.calls", "invoked"},
    [STOPPED] = {"blendtpl.runtime.calls", "stopped"},
    [STOPPED_IN] = {"blendtpl.runtime.calls", "stopped_in"},
    [GROUP] = {"jinja2.filters", "_GroupTuple"},
    [SAFELY_INVOKED] = {"blendtpl.runtime.calls", "safely_invoked"},
    [CALLABLE] = {"blendtpl.runtime.safe", "CALLABLE"},
    [UNDEFINED] = {"jinja2.runtime", "Undefined"},
    [SUBSCRIPT] = {"blendtpl.runtime.items", "subscript"},
    [NO_ITEM] = {"blendtpl.runtime.items", "no_item"},
    [NO_SUCH] = {"blendtpl.runtime.items", "no_such"},
    [AS_IF_ASKED] = {"blendtpl.runtime.items", "as_if_asked"},
    [NO_ATTR] = {"blendtpl.runtime.items", "no_attr"},
    [SAFE_ITEM] = {"blendtpl.runtime.safe", "safe_item"},
    [SAFE_NO_ITEM] = {"blendtpl.runtime.safe", "safe_no_item"},
    [SAFE_NO_ATTRIBUTE] = {"blendtpl.runtime.safe", "safe_no_attribute"},
    [SAFE_VALUE] = {"blendtpl.runtime.safe", "safe_value"},
    [INTERNAL] = {"blendtpl.runtime.safe", "INTERNAL"},
    [METHODS] = {"blendtpl.runtime.safe", "METHODS"},
    [WRAPS] = {"blendtpl.runtime.safe", "WRAPS"},
    [PRIVATE] = {"blendtpl.runtime.safe", "REFUSES_PRIVATE"},
    [CHANGES] = {"blendtpl.runtime.safe", "REFUSES_CHANGES"},
    [CHANGING] = {"blendtpl.runtime.safe", "CHANGING"},
};

static const char *const NAMED[NAMES] = {
    [LOWER] = "lower",
    [DICT] = "__dict__",
    [CLASS_NAME] = "__class__",
    [WRAP] = "wrap_str_format",
    [IS_SAFE] = "is_safe_attribute",
    [POLICIES] = "policies",
    [LEEWAY] = "truncate.leeway",
    [ROUND] = "__round__",
    [AUTOESCAPE] = "autoescape",
    [PASS_ARG] = "jinja_pass_arg",
    [SAFE_CALLABLE] = "is_safe_callable",
    [NO_SUCH_KEY] = "__missing__",
};

static int
fill(PyObject *module)
{
    State *state = PyModule_GetState(module);
    for (int at = 0; at < IMPORTS; at++) {
        PyObject *from = PyImport_ImportModule(ORIGINS[at][0]);
        state->imported[at] = from ? PyObject_GetAttrString(from, ORIGINS[at][1]) : NULL;
        Py_XDECREF(from);
        if (state->imported[at] == NULL)
            return -1;
    }
    state->name = Py_BuildValue("(N)", PyUnicode_InternFromString("name"));
    state->of_name = Py_BuildValue("(NN)", PyUnicode_InternFromString("obj"), PyUnicode_InternFromString("name"));
    if (state->name == NULL || state->of_name == NULL)
        return -1;
    state->program = PyType_FromModuleAndSpec(module, &blendtpl_program, NULL);
    if (state->program == NULL)
        return -1;
    for (int at = 0; at < NAMES; at++)
        if ((state->names[at] = PyUnicode_InternFromString(NAMED[at])) == NULL)
            return -1;
    state->lookahead = PyType_FromModuleAndSpec(module, &blendtpl_lookahead, NULL);
    if (state->lookahead == NULL || PyModule_AddObjectRef(module, "Lookahead", state->lookahead) < 0)
        return -1;
    state->quick = PyType_FromModuleAndSpec(module, &blendtpl_quick, NULL);
    return state->quick ? blendtpl_add_abi(module) : -1;
}

static int
traverse(PyObject *module, visitproc visit, void *arg)
{
    State *state = PyModule_GetState(module);
    for (int at = 0; at < IMPORTS; at++)
        Py_VISIT(state->imported[at]);
    Py_VISIT(state->lookahead);
    Py_VISIT(state->program);
    Py_VISIT(state->name);
    Py_VISIT(state->of_name);
    Py_VISIT(state->quick);
    return 0;
}

static int
clear(PyObject *module)
{
    State *state = PyModule_GetState(module);
    for (int at = 0; at < IMPORTS; at++)
        Py_CLEAR(state->imported[at]);
    for (int at = 0; at < NAMES; at++)
        Py_CLEAR(state->names[at]);
    Py_CLEAR(state->lookahead);
    Py_CLEAR(state->program);
    Py_CLEAR(state->name);
    Py_CLEAR(state->of_name);
    Py_CLEAR(state->quick);
    return 0;
}

static void
release(void *module)
{
    clear(module);
}

#define WITH_NAMES(name, function) \
    {#name, (PyCFunction)(void (*)(void))function, METH_FASTCALL | METH_KEYWORDS, NULL}
#define FAST(name, function) {#name, (PyCFunction)(void (*)(void))function, METH_FASTCALL, NULL}

static PyMethodDef methods[] = {
    {"escape_any", escape_any, METH_O, NULL},
    FAST(attribute, attribute),
    FAST(field, field),
    FAST(escaped_field, escaped_field),
    FAST(text_field, text_field),
    WITH_NAMES(callee, blendtpl_callee),
    WITH_NAMES(invoked, blendtpl_invoked),
    WITH_NAMES(safely_invoked, blendtpl_safely_invoked),
    FAST(rows, blendtpl_rows),
#ifndef Py_GIL_DISABLED /* where constants of code are of Python's own types alone */
    {"prepared", blendtpl_prepared, METH_O, NULL},
#endif
    FAST(enter_template, blendtpl_enter_template),
    FAST(safe_attribute, blendtpl_safe_attribute),
    FAST(safe_item, blendtpl_safe_item),
    FAST(translation, blendtpl_translation),
    FAST(quick_functions, blendtpl_quick_functions),
    {"getter", (PyCFunction)(void (*)(void))blendtpl_getter, METH_VARARGS | METH_KEYWORDS, NULL},
    {"utf8", blendtpl_utf8, METH_O, NULL},
    {"joined_utf8", blendtpl_joined_utf8, METH_O, NULL},
    {"keep_utf8", blendtpl_keep_utf8, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

/* What is kept is in the module's state, one to each interpreter, and is never changed once it is filled; all else is
 * of one call, or is changed under the lock of its object alone. */
static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, fill},
#if PY_VERSION_HEX >= 0x030C0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#if PY_VERSION_HEX >= 0x030D0000
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "blendtpl.runtime._speedups",
    .m_size = sizeof(State),
    .m_methods = methods,
    .m_slots = slots,
    .m_traverse = traverse,
    .m_clear = clear,
    .m_free = release,
};

PyMODINIT_FUNC
PyInit__speedups(void)
{
    return PyModuleDef_Init(&definition);
}
