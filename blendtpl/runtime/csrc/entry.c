/* Starting: `enter_template` of `blendtpl.runtime.entry`, with which a render begins. */

#include "module.h"

#include "abi.h"

#define IS_SET(start, field) (PyTuple_GET_ITEM(start, field) == Py_True)

/* Arguments of a call, all of which are held. */
typedef struct {
    PyObject *few[32], **all;
    Py_ssize_t count;
} Call;

static int
prepare(Call *call, Py_ssize_t most)
{
    call->count = 0;
    call->all = most <= (Py_ssize_t)Py_ARRAY_LENGTH(call->few) ? call->few : PyMem_New(PyObject *, (size_t)most);
    if (call->all == NULL)
        PyErr_NoMemory();
    return call->all ? 0 : -1;
}

static void
forget(Call *call)
{
    while (call->count)
        Py_DECREF(call->all[--call->count]);
    if (call->all != call->few)
        PyMem_Free(call->all);
}

/* Put what the names stand for behind the arguments that are there. */
static int
look_up(Call *call, PyObject *names, PyObject *given, PyObject *defaults)
{
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(names); at++) {
        PyObject *name = PyTuple_GET_ITEM(names, at), *value;
        int there = PyDict_GetItemRef(given, name, &value);
        if (there == 0)
            there = PyDict_GetItemRef(defaults, name, &value);
        if (there <= 0) {
            if (there == 0)
                PyErr_SetObject(PyExc_KeyError, name);
            return -1;
        }
        call->all[call->count++] = value;
    }
    return 0;
}

/* Return the scope of a render, to which it gives what is in slots. */
static PyObject *
scope_of(PyObject *start, PyObject *unit, PyObject *given, Call *call)
{
    PyObject *blocks = PyTuple_GET_ITEM(start, PLAN_BLOCKS), *presets = PyTuple_GET_ITEM(start, PLAN_PRESETS);
    const Py_ssize_t slots = blocks == Py_None ? 0 : call->count;
    PyObject *scope = PyList_New(blocks == Py_None ? 3 : 4 + slots);
    if (scope == NULL)
        return NULL;
    PyList_SET_ITEM(scope, 0, Py_NewRef(Py_None));
    PyList_SET_ITEM(scope, 1, Py_NewRef(unit));
    PyList_SET_ITEM(scope, 2, Py_NewRef(given));
    if (blocks == Py_None)
        return scope;
    PyList_SET_ITEM(scope, 3, Py_NewRef(blocks));
    for (Py_ssize_t at = 0; at < slots; at++)
        PyList_SET_ITEM(scope, 4 + at, call->all[at]);
    call->count = 0;
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(presets); at++) {
        PyObject *preset = PyTuple_GET_ITEM(presets, at);
        if (!PyTuple_CheckExact(preset) || PyTuple_GET_SIZE(preset) != 2
            || !PyLong_CheckExact(PyTuple_GET_ITEM(preset, 0)))
            PyErr_Format(PyExc_TypeError, "%R is no slot with its value", preset);
        else if (PyList_SetItem(scope, PyLong_AsSsize_t(PyTuple_GET_ITEM(preset, 0)),
                                Py_NewRef(PyTuple_GET_ITEM(preset, 1))) == 0)
            continue;
        Py_DECREF(scope);
        return NULL;
    }
    return scope;
}

/* Return whether somebody has asked for the context of a scope. */
static int
has_context(PyObject *scope)
{
    PyObject *context = PyList_GetItemRef(scope, 0);
    const int found = context != Py_None;
    Py_XDECREF(context);
    return found;
}

/* Have what writes to a list do so, and return the text. */
static PyObject *
written(PyObject *start, Call *call)
{
    PyObject *out = PyList_New(0), *text = NULL;
    if (out == NULL)
        return NULL;
    call->all[call->count++] = out;
    call->all[call->count++] = Py_NewRef(Py_None); /* there is no limit */
    PyObject *steps = PyObject_Vectorcall(PyTuple_GET_ITEM(start, PLAN_WRITE), call->all, (size_t)call->count, NULL);
    if (steps == NULL)
        return NULL;
    if (PyObject_IsTrue(steps) > 0) { /* else they are none */
        PyObject *iterator = PyObject_GetIter(steps), *step;
        while (iterator != NULL && (step = PyIter_Next(iterator)) != NULL)
            Py_DECREF(step);
        Py_XDECREF(iterator);
    }
    if (!PyErr_Occurred())
        text = PyObject_CallOneArg(PyTuple_GET_ITEM(start, PLAN_JOIN), out);
    Py_DECREF(steps);
    return text;
}

/* Let nothing of a render wait for the collector, and leave the error that there may be. What comes in the midst of
 * that, from a handler of signals, is left in place of it, when all is done. */
static PyObject *
finished(State *state, PyObject *scope, PyObject *text)
{
    PyObject *type, *error, *trace;
    PyErr_Fetch(&type, &error, &trace);
    PyObject *none = PyObject_CallOneArg(state->imported[FINISH], scope);
    if (none == NULL) {
        Py_XDECREF(type);
        Py_XDECREF(error);
        Py_XDECREF(trace);
        Py_CLEAR(text);
        PyErr_Fetch(&type, &error, &trace);
        none = PyObject_CallOneArg(state->imported[FINISH], scope);
    }
    Py_XDECREF(none);
    PyErr_Restore(type, error, trace);
    return text;
}

PyObject *
blendtpl_enter_template(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    if (count != 3 || !PyTuple_Check(arguments[0]) || PyTuple_GET_SIZE(arguments[0]) != PLAN_SIZE
        || !PyTuple_CheckExact(PyTuple_GET_ITEM(arguments[0], PLAN_NAMES))
        || !PyDict_CheckExact(PyTuple_GET_ITEM(arguments[0], PLAN_DEFAULTS))
        || !PyTuple_CheckExact(PyTuple_GET_ITEM(arguments[0], PLAN_PRESETS)) || !PyDict_CheckExact(arguments[2])) {
        PyErr_SetString(PyExc_TypeError, "a start, a unit and a dict are wanted");
        return NULL;
    }
    PyObject *start = arguments[0], *names = PyTuple_GET_ITEM(start, PLAN_NAMES), *text = NULL, *given, *scope;
    Call call;
    if (prepare(&call, PyTuple_GET_SIZE(names) + 3) < 0)
        return NULL;
    if (look_up(&call, names, arguments[2], PyTuple_GET_ITEM(start, PLAN_DEFAULTS)) < 0) {
        forget(&call);
        return NULL;
    }
    if (IS_SET(start, PLAN_ALONE)) {
        text = PyObject_Vectorcall(PyTuple_GET_ITEM(start, PLAN_WRITE), call.all, (size_t)call.count, NULL);
        forget(&call);
        return text;
    }
    given = PyDict_Copy(arguments[2]);
    scope = given ? scope_of(start, arguments[1], given, &call) : NULL;
    Py_XDECREF(given);
    if (scope != NULL) {
        call.all[call.count++] = Py_NewRef(scope);
        if (IS_SET(start, PLAN_TEXT))
            text = PyObject_Vectorcall(PyTuple_GET_ITEM(start, PLAN_WRITE), call.all, (size_t)call.count, NULL);
        else
            text = written(start, &call);
    }
    forget(&call);
    if (scope != NULL && (IS_SET(start, PLAN_KEEPS) || has_context(scope)))
        text = finished(PyModule_GetState(module), scope, text);
    Py_XDECREF(scope);
    return text;
}
