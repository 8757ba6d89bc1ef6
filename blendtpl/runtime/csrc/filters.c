/* Filters and tests: some of Jinja2's own, for values of exact types.
 *
 * Enters: what Jinja2's function of that name takes. Leaves: what that returns. Each looks at its arguments before it does
 * anything with them; whatever is not known here goes, as it came, to the function that goes on: that of
 * `blendtpl.runtime.filters` in Python, or Jinja2's. So do keywords, and what is to be an error.
 */

#include "filters.h"

#include <stddef.h>
#include <structmember.h>

/* Return the first or last item of a list, tuple or text that has any, `NULL` of anything else. */
static PyObject *
item_at_end(PyObject *value, int last)
{
    if (PyTuple_CheckExact(value) && PyTuple_GET_SIZE(value))
        return Py_NewRef(PyTuple_GET_ITEM(value, last ? PyTuple_GET_SIZE(value) - 1 : 0));
    if (PyList_CheckExact(value)) {
        PyObject *item;
        Py_BEGIN_CRITICAL_SECTION(value);
        const Py_ssize_t size = PyList_GET_SIZE(value);
        item = size ? Py_NewRef(PyList_GET_ITEM(value, last ? size - 1 : 0)) : NULL;
        Py_END_CRITICAL_SECTION();
        return item;
    }
    return NULL;
}

static FUNCTION(first)
{
    PyObject *item = GIVEN(2) ? item_at_end(arguments[1], 0) : NULL;
    return item ? item : GOES_ON;
}

static FUNCTION(last)
{
    PyObject *item = GIVEN(2) ? item_at_end(arguments[1], 1) : NULL;
    return item ? item : GOES_ON;
}

static FUNCTION(list)
{
    if (GIVEN(2) && (is_collection(arguments[1]) || PyGen_CheckExact(arguments[1]) || is_text(arguments[1])))
        return PySequence_List(arguments[1]);
    return GOES_ON;
}

static FUNCTION(fallback)
{
    if (names != NULL || count < 1 || count > 3)
        return GOES_ON;
    PyObject *value = arguments[0], *other = count > 1 ? arguments[1] : NULL;
    if (count < 3 || arguments[2] == Py_False) {
        if (is_simple(value) || is_collection(value))
            return Py_NewRef(value);
        const int missing = PyObject_IsInstance(value, STATE->imported[UNDEFINED]);
        if (missing < 0)
            return NULL;
        if (!missing)
            return Py_NewRef(value);
        return other ? Py_NewRef(other) : PyUnicode_New(0, 127);
    }
    if (arguments[2] != Py_True || !(is_simple(value) || is_collection(value)))
        return GOES_ON;
    const int holds = PyObject_IsTrue(value);
    return holds < 0 ? NULL : Py_NewRef(holds ? value : other);
}

/* Return whether a text has neither a digit nor what "nan" and "inf" have: then it is no number of any kind. */
static int
is_no_number(PyObject *text)
{
    if (!PyUnicode_IS_ASCII(text))
        return 0;
    const Py_UCS1 *characters = PyUnicode_1BYTE_DATA(text);
    for (Py_ssize_t at = 0; at < PyUnicode_GET_LENGTH(text); at++)
        if (Py_ISDIGIT(characters[at]) || characters[at] == 'n' || characters[at] == 'N')
            return 0;
    return 1;
}

static FUNCTION(whole)
{
    if (GIVEN(1) && PyLong_CheckExact(arguments[0]))
        return Py_NewRef(arguments[0]);
    if (GIVEN(1) && (is_text(arguments[0]) || PyFloat_CheckExact(arguments[0]) || PyBool_Check(arguments[0]))) {
        PyObject *number = is_text(arguments[0]) ? PyLong_FromUnicodeObject(arguments[0], 10)
                                                 : PyNumber_Long(arguments[0]);
        if (number != NULL)
            return number;
        PyErr_Clear();
        if (is_text(arguments[0]) && is_no_number(arguments[0]))
            return PyLong_FromLong(0);
    }
    return GOES_ON;
}

static FUNCTION(real)
{
    if (GIVEN(1) && (PyFloat_CheckExact(arguments[0])))
        return Py_NewRef(arguments[0]);
    if (GIVEN(1) && (is_text(arguments[0]) || PyLong_CheckExact(arguments[0]))) {
        PyObject *number = PyNumber_Float(arguments[0]);
        if (number != NULL)
            return number;
        PyErr_Clear();
    }
    return GOES_ON;
}

static FUNCTION(rounded)
{
    if ((GIVEN(1) || (GIVEN(2) && PyLong_CheckExact(arguments[1])))
        && (PyFloat_CheckExact(arguments[0]) || PyLong_CheckExact(arguments[0]))) {
        PyObject *digits = count == 2 ? Py_NewRef(arguments[1]) : PyLong_FromLong(0);
        PyObject *number = digits ? PyObject_CallMethodOneArg(arguments[0], STATE->names[ROUND], digits) : NULL;
        Py_XDECREF(digits);
        return number;
    }
    return GOES_ON;
}

/* Return a value that is not to be awaited. */
static FUNCTION(awaited)
{
    return GIVEN(1) && !may_be_awaited(arguments[0]) ? Py_NewRef(arguments[0]) : GOES_ON;
}

/* Return what is iterated, if that is surely not asynchronous. */
static FUNCTION(iterated)
{
    if (!GIVEN(1) || !(is_collection(arguments[0]) || is_text(arguments[0])))
        return GOES_ON;
    return Py_NewRef(arguments[0]);
}

const Row blendtpl_filters[] = {
    {"filter", "attr", NULL, blendtpl_attr},
    {"filter", "d", NULL, fallback},
    {"filter", "default", NULL, fallback},
    {"filter", "first", NULL, first},
    {"filter", "float", NULL, real},
    {"filter", "int", NULL, whole},
    {"filter", "last", NULL, last},
    {"filter", "list", NULL, list},
    {"filter", "round", NULL, rounded},
    {"waiting", "awaited", NULL, awaited},
    {"waiting", "iterated", NULL, iterated},
    {NULL, NULL, NULL, NULL},
};

static PyObject *
call(PyObject *self, PyObject *const *arguments, size_t count, PyObject *names)
{
    return ((Quick *)self)->apply(self, arguments, PyVectorcall_NARGS(count), names);
}

/* Return an attribute: of what it is called, and where from, that of the other function. */
static PyObject *
attribute_of(PyObject *self, PyObject *name)
{
    static const char *const shared[] = {"__qualname__", "__module__", "__name__"};
    for (size_t at = 0; at < sizeof(shared) / sizeof(*shared); at++)
        if (PyUnicode_Check(name) && PyUnicode_CompareWithASCIIString(name, shared[at]) == 0)
            return PyObject_GetAttr(OTHER, name);
    return PyObject_GenericGetAttr(self, name);
}

static int
traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(OTHER);
    Py_VISIT(METHOD);
    return 0;
}

static int
clear(PyObject *self)
{
    Py_CLEAR(OTHER);
    Py_CLEAR(METHOD);
    return 0;
}

static void
release(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Quick, call), READONLY, NULL},
    {"__wrapped__", T_OBJECT, offsetof(Quick, other), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_call, PyVectorcall_Call},
    {Py_tp_getattro, attribute_of},
    {Py_tp_members, members},
    {Py_tp_traverse, traverse},
    {Py_tp_clear, clear},
    {Py_tp_dealloc, release},
    {0, NULL},
};

PyType_Spec blendtpl_quick = {
    .name = "blendtpl.runtime._speedups.Quick",
    .basicsize = sizeof(Quick),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_IMMUTABLETYPE
        | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots,
};

static PyObject *
new_quick(PyTypeObject *type, const Row *row, PyObject *other)
{
    PyObject *method = row->method == NULL ? Py_NewRef(Py_None)
                                           : PyObject_GetAttrString((PyObject *)&PyUnicode_Type, row->method);
    Quick *self = method ? (Quick *)type->tp_alloc(type, 0) : NULL;
    if (self == NULL) {
        Py_XDECREF(method);
        return NULL;
    }
    self->call = call;
    self->apply = row->apply;
    self->other = Py_NewRef(other);
    self->method = method;
    return (PyObject *)self;
}

/* Return a function in C for each name that there is one for, of "filter", "test" or "waiting"; the other argument has the functions
 * that they go on with, by their names. */
PyObject *
blendtpl_quick_functions(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    const char *kind = count == 2 && PyUnicode_Check(arguments[0]) ? PyUnicode_AsUTF8(arguments[0]) : NULL;
    if (kind == NULL || !PyDict_CheckExact(arguments[1])) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "a kind and a dict of functions are wanted");
        return NULL;
    }
    State *state = PyModule_GetState(module);
    const Row *const tables[] = {blendtpl_text_filters, blendtpl_order_filters, blendtpl_filters, blendtpl_value_tests};
    PyObject *found = PyDict_New();
    for (size_t at = 0; at < sizeof(tables) / sizeof(*tables); at++)
        for (const Row *row = tables[at]; found != NULL && row->kind != NULL; row++) {
            PyObject *other = strcmp(kind, row->kind) ? NULL : PyDict_GetItemString(arguments[1], row->name);
            PyObject *quick = other ? new_quick((PyTypeObject *)state->quick, row, other) : NULL;
            if (other != NULL && (quick == NULL || PyDict_SetItemString(found, row->name, quick) < 0))
                Py_CLEAR(found);
            Py_XDECREF(quick);
        }
    return found;
}
