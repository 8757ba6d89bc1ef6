/* Starting: `enter_template` of `blendtpl.runtime.entry`, with which a render begins. */

#include "module.h"

#include "abi.h"

#define IS_SET(plan, field) (PyTuple_GET_ITEM(plan, field) == Py_True)

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

/* Put what the names stand for behind the arguments that are there (L1). */
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

/* Return the frame of a render, to which it gives what is in slots. */
static PyObject *
frame_of(PyObject *plan, PyObject *compiled, PyObject *given, Call *call)
{
    PyObject *blocks = PyTuple_GET_ITEM(plan, PLAN_BLOCKS), *constants = PyTuple_GET_ITEM(plan, PLAN_CONSTANT_SLOTS);
    const Py_ssize_t slots = blocks == Py_None ? 0 : call->count;
    PyObject *frame = PyList_New(blocks == Py_None ? BLOCKS : SLOTS + slots);
    if (frame == NULL)
        return NULL;
    PyList_SET_ITEM(frame, CONTEXT, Py_NewRef(Py_None));
    PyList_SET_ITEM(frame, MAKER, Py_NewRef(compiled));
    PyList_SET_ITEM(frame, ORIGIN, Py_NewRef(given));
    if (blocks == Py_None)
        return frame;
    PyList_SET_ITEM(frame, BLOCKS, Py_NewRef(blocks));
    for (Py_ssize_t at = 0; at < slots; at++)
        PyList_SET_ITEM(frame, SLOTS + at, call->all[at]);
    call->count = 0;
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(constants); at++) {
        PyObject *constant = PyTuple_GET_ITEM(constants, at);
        if (!PyTuple_CheckExact(constant) || PyTuple_GET_SIZE(constant) != 2
            || !PyLong_CheckExact(PyTuple_GET_ITEM(constant, 0)))
            PyErr_Format(PyExc_TypeError, "%R is no slot with its value", constant);
        else if (PyList_SetItem(frame, PyLong_AsSsize_t(PyTuple_GET_ITEM(constant, 0)),
                                Py_NewRef(PyTuple_GET_ITEM(constant, 1))) == 0)
            continue;
        Py_DECREF(frame);
        return NULL;
    }
    return frame;
}

/* Return whether somebody has asked for the context of a frame. */
static int
has_context(PyObject *frame)
{
    PyObject *context = PyList_GetItemRef(frame, CONTEXT);
    const int present = context != Py_None;
    Py_XDECREF(context);
    return present;
}

/* Return the text of output, which is joined as an environment says; `None` for as Jinja2's own do. */
static PyObject *
joined(PyObject *join, PyObject *out)
{
    if (join != Py_None)
        return PyObject_CallOneArg(join, out);
    PyObject *nothing = PyUnicode_New(0, 0); /* of which there is one */
    PyObject *text = nothing ? PyUnicode_Join(nothing, out) : NULL;
    Py_XDECREF(nothing);
    return text;
}

/* Return a text in UTF-8, or as it is where it has none. */
static PyObject *
in_utf8(PyObject *text)
{
    if (text == NULL || !PyUnicode_Check(text))
        return text;
    PyObject *bytes = blendtpl_utf8_of(&text, 1);
    if (bytes == NULL && !PyErr_Occurred())
        return text;
    Py_DECREF(text);
    return bytes;
}

/* Have what writes to a list do so, and return the text, or, where that can be, the UTF-8 of it. */
static PyObject *
written(PyObject *plan, Call *call, int as_bytes)
{
    PyObject *join = PyTuple_GET_ITEM(plan, PLAN_JOIN), *text = NULL;
    as_bytes = as_bytes && join == Py_None;
    PyObject *out = as_bytes ? blendtpl_new_pieces() : PyList_New(0);
    if (out == NULL)
        return NULL;
    call->all[call->count++] = out;
    call->all[call->count++] = Py_NewRef(Py_None); /* there is no limit */
    PyObject *steps = PyObject_Vectorcall(PyTuple_GET_ITEM(plan, PLAN_WRITE), call->all, (size_t)call->count, NULL);
    if (steps == NULL)
        return NULL;
    if (PyObject_IsTrue(steps) > 0) { /* else they are none */
        PyObject *iterator = PyObject_GetIter(steps), *step;
        while (iterator != NULL && (step = PyIter_Next(iterator)) != NULL)
            Py_DECREF(step);
        Py_XDECREF(iterator);
    }
    if (!PyErr_Occurred())
        text = as_bytes ? blendtpl_joined_utf8(NULL, out) : joined(join, out);
    Py_DECREF(steps);
    return text;
}

/* Let nothing of a render wait for the collector, and leave the error that there may be. What comes in the midst of
 * that, from a handler of signals, is left in place of it, when all is done (R5). */
static PyObject *
finished(State *state, PyObject *frame, PyObject *text)
{
    PyObject *type, *error, *trace;
    PyErr_Fetch(&type, &error, &trace);
    PyObject *none = PyObject_CallOneArg(state->imported[FINISH], frame);
    if (none == NULL) {
        Py_XDECREF(type);
        Py_XDECREF(error);
        Py_XDECREF(trace);
        Py_CLEAR(text);
        PyErr_Fetch(&type, &error, &trace);
        none = PyObject_CallOneArg(state->imported[FINISH], frame);
    }
    Py_XDECREF(none);
    PyErr_Restore(type, error, trace);
    return text;
}

PyObject *
blendtpl_enter_template(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    if ((count != 3 && count != 4) || !PyTuple_Check(arguments[0]) || PyTuple_GET_SIZE(arguments[0]) != PLAN_SIZE
        || !PyTuple_CheckExact(PyTuple_GET_ITEM(arguments[0], PLAN_NAMES))
        || !PyDict_CheckExact(PyTuple_GET_ITEM(arguments[0], PLAN_DEFAULTS))
        || !PyTuple_CheckExact(PyTuple_GET_ITEM(arguments[0], PLAN_CONSTANT_SLOTS))
        || !PyDict_CheckExact(arguments[2])) {
        PyErr_SetString(PyExc_TypeError, "an entry plan, a compiled template, a dict and maybe a flag are wanted");
        return NULL;
    }
    const int as_bytes = count == 4 && arguments[3] == Py_True;
    PyObject *plan = arguments[0], *names = PyTuple_GET_ITEM(plan, PLAN_NAMES), *text = NULL, *given, *frame;
    Call call;
    if (prepare(&call, PyTuple_GET_SIZE(names) + 3) < 0)
        return NULL;
    if (look_up(&call, names, arguments[2], PyTuple_GET_ITEM(plan, PLAN_DEFAULTS)) < 0) {
        forget(&call);
        return NULL;
    }
    if (IS_SET(plan, PLAN_ALONE)) {
        text = PyObject_Vectorcall(PyTuple_GET_ITEM(plan, PLAN_WRITE), call.all, (size_t)call.count, NULL);
        forget(&call);
        return as_bytes ? in_utf8(text) : text;
    }
    given = PyDict_Copy(arguments[2]);
    frame = given ? frame_of(plan, arguments[1], given, &call) : NULL;
    Py_XDECREF(given);
    if (frame != NULL) {
        call.all[call.count++] = Py_NewRef(frame);
        if (IS_SET(plan, PLAN_TEXT))
            text = PyObject_Vectorcall(PyTuple_GET_ITEM(plan, PLAN_WRITE), call.all, (size_t)call.count, NULL);
        else
            text = written(plan, &call, as_bytes);
    }
    forget(&call);
    if (frame != NULL && (IS_SET(plan, PLAN_MAY_FORM_CYCLE) || has_context(frame)))
        text = finished(PyModule_GetState(module), frame, text);
    Py_XDECREF(frame);
    return as_bytes ? in_utf8(text) : text;
}
