/* Values: the text of one, and what is found under the name of an attribute.
 *
 * What is of no usual type, or is not there, goes on in Python, in the functions that do the same by themselves.
 */

#ifndef BLENDTPL_VALUES_H
#define BLENDTPL_VALUES_H

#include "module.h"

/* What escaping adds to a character, as MarkupSafe escapes it. */
static const unsigned char GROWTH[256] = {['&'] = 4, ['<'] = 3, ['>'] = 3, ['"'] = 4, ['\''] = 4};

static inline Py_ssize_t
growth(PyObject *text)
{
    const Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    Py_ssize_t at = 0, sum = 0;
    if (PyUnicode_KIND(text) == PyUnicode_1BYTE_KIND) {
        const Py_UCS1 *from = PyUnicode_1BYTE_DATA(text);
        Py_ssize_t second = 0, third = 0, fourth = 0; /* four sums at once take two thirds of the time of one */
        for (; at + 4 <= length; at += 4) {
            sum += GROWTH[from[at]];
            second += GROWTH[from[at + 1]];
            third += GROWTH[from[at + 2]];
            fourth += GROWTH[from[at + 3]];
        }
        for (; at < length; at++)
            sum += GROWTH[from[at]];
        return sum + second + third + fourth;
    }
    for (; at < length; at++) {
        const Py_UCS4 character = PyUnicode_READ_CHAR(text, at);
        sum += character < 256 ? GROWTH[character] : 0;
    }
    return sum;
}

static inline const char *
replacement(Py_UCS4 character)
{
    switch (character) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&#34;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

/* Return the escaping of an exact string (E1). */
static inline PyObject *
escaped(PyObject *text)
{
    const Py_ssize_t length = PyUnicode_GET_LENGTH(text), more = growth(text);
    if (more == 0)
        return Py_NewRef(text);
    if (more > PY_SSIZE_T_MAX - length)
        return PyErr_NoMemory();
    PyObject *result = PyUnicode_New(length + more, PyUnicode_MAX_CHAR_VALUE(text));
    if (result == NULL)
        return NULL;
    const int kind = PyUnicode_KIND(text); /* and that of `result`, whose widest character is the same */
    const void *from = PyUnicode_DATA(text);
    void *to = PyUnicode_DATA(result);
    for (Py_ssize_t at = 0, end = 0; at < length; at++) {
        const Py_UCS4 character = PyUnicode_READ(kind, from, at);
        const char *other = character < 256 && GROWTH[character] ? replacement(character) : NULL;
        if (other == NULL)
            PyUnicode_WRITE(kind, to, end++, character);
        else
            for (; *other; other++)
                PyUnicode_WRITE(kind, to, end++, (unsigned char)*other);
    }
    return result;
}

/* Return the error at hand, no longer at hand. Its class is not asked whether it is one of it. */
static inline PyObject *
at_hand(void)
{
    PyObject *type, *error, *trace;
    PyErr_Fetch(&type, &error, &trace);
    if (error == NULL || (PyObject *)Py_TYPE(error) != type)
        PyErr_NormalizeException(&type, &error, &trace);
    if (trace != NULL && error != NULL)
        PyException_SetTraceback(error, trace);
    Py_XDECREF(type);
    Py_XDECREF(trace);
    return error;
}

/* Return whether a value has a type of which nothing but that is to be known: whether it is a text, a number, or none. */
static inline int
is_simple(PyObject *value)
{
    return PyUnicode_CheckExact(value) || PyLong_CheckExact(value) || PyFloat_CheckExact(value) || PyBool_Check(value)
        || value == Py_None;
}

/* Return markup of a text, which is taken over. */
static inline PyObject *
markup_of(State *state, PyObject *text)
{
    if (text == NULL)
        return NULL;
    PyObject *arguments = PyTuple_Pack(1, text);
    Py_DECREF(text);
    if (arguments == NULL)
        return NULL;
    PyObject *markup = PyUnicode_Type.tp_new((PyTypeObject *)state->imported[MARKUP], arguments, NULL);
    Py_DECREF(arguments);
    return markup;
}

static inline PyObject *
text_of(State *state, PyObject *value)
{
    if (PyUnicode_CheckExact(value))
        return escaped(value);
    if (is_simple(value))
        return PyObject_Str(value); /* which has nothing to escape (E2) */
    if ((PyObject *)Py_TYPE(value) == state->imported[MARKUP])
        return PyUnicode_FromObject(value); /* (E3) */
    return PyObject_CallOneArg(state->imported[ESCAPE_ANY], value); /* (E4) */
}

/* Return whether the error at hand, of a key that is compared, says to Jinja2 that there is no such item (L6). */
static inline int
says_none(void)
{
    return PyErr_ExceptionMatches(PyExc_LookupError) || PyErr_ExceptionMatches(PyExc_TypeError)
        || PyErr_ExceptionMatches(PyExc_AttributeError);
}

/* Return the error at hand, no longer at hand, if it came from inside of what was called: it has a traceback then
 * (L9). */
static inline PyObject *
raised_inside(void)
{
    PyObject *error = at_hand();
    PyObject *trace = error ? PyException_GetTraceback(error) : NULL;
    if (trace == NULL)
        Py_CLEAR(error);
    Py_XDECREF(trace);
    return error;
}

/* Call a function while the error at hand is being handled, as what it raises arises from that. */
static inline PyObject *
handling(PyObject *function, PyObject *const *arguments, size_t count)
{
    PyObject *error = at_hand(), *before = PyErr_GetHandledException();
    PyErr_SetHandledException(error);
    PyObject *result = PyObject_Vectorcall(function, arguments, count, NULL);
    PyErr_SetHandledException(before);
    Py_XDECREF(before);
    Py_XDECREF(error);
    return result;
}

/* Return whether a value has items of any kind; a class may have such by its parameters. */
static inline int
has_items(PyObject *value)
{
    const PyTypeObject *type = Py_TYPE(value);
    return (type->tp_as_mapping && type->tp_as_mapping->mp_subscript)
        || (type->tp_as_sequence && type->tp_as_sequence->sq_item) || PyType_Check(value);
}

/* Have the error at hand arise from one that says that a value has no items, as it does in Jinja2. */
static inline PyObject *
as_if_asked(State *state, PyObject *value, PyObject *key)
{
    PyObject *type, *error, *trace;
    PyErr_Fetch(&type, &error, &trace);
    PyErr_NormalizeException(&type, &error, &trace);
    PyObject *done = PyObject_CallFunctionObjArgs(state->imported[AS_IF_ASKED], value, key, error, NULL);
    if (done == NULL) {
        Py_XDECREF(type);
        Py_XDECREF(error);
        Py_XDECREF(trace);
        return NULL;
    }
    Py_DECREF(done);
    PyErr_Restore(type, error, trace);
    return NULL;
}

PyObject *blendtpl_undefined(State *state, PyObject *undefined, PyObject *value, PyObject *name);
int blendtpl_of_dicts(State *state, PyObject *undefined, PyObject *value, PyObject *name, PyObject **found);
PyObject *blendtpl_no_attribute(State *state, PyObject *const *arguments, Py_ssize_t count);
int blendtpl_is_unmarked(State *state, PyObject *function);
int blendtpl_safe_of_dict(State *state, PyObject *undefined, PyObject *dict, PyObject *name, PyObject **found);
PyObject *blendtpl_no_item(State *state, PyObject *undefined, PyObject *value, PyObject *key, PyObject *error);
PyObject *blendtpl_item(State *state, PyObject *undefined, PyObject *value, PyObject *key);

/* Return the value of an attribute: `arguments` are `undefined`, the value, the attribute, and maybe the name of what
 * may be missing. `in_dict` says whether a dict has no attribute of its own of that name (L3, L4). */
static inline PyObject *
value_of(State *state, PyObject *const *arguments, Py_ssize_t count, int in_dict)
{
    if (count != 3 && count != 4)
        return PyErr_Format(PyExc_TypeError, "3 or 4 arguments are wanted, not %zd", count);
    PyObject *value = arguments[1], *attribute = arguments[2], *result;
    if (in_dict && PyDict_CheckExact(value)) {
        const int there = PyDict_GetItemRef(value, attribute, &result);
        if (there > 0)
            return result;
        if (there < 0 && !says_none())
            return NULL;
        PyErr_Clear();
        return blendtpl_undefined(state, arguments[0], value, attribute); /* it is not asked twice (L7) */
    }
    if (in_dict && PyDict_Check(value)) {
        const int there = blendtpl_of_dicts(state, arguments[0], value, attribute, &result);
        if (there != 0)
            return there > 0 ? result : NULL;
    }
    result = PyObject_GetAttr(value, attribute);
    if (result != NULL || !PyErr_ExceptionMatches(PyExc_AttributeError))
        return result;
    return blendtpl_no_attribute(state, arguments, count);
}

/* Return whether a method of an environment is one of these, and not one of its own. */
static inline int
has(PyObject *environment, PyObject *method, PyObject *first, PyObject *second)
{
    PyObject *found = PyObject_GetAttr(environment, method);
    if (found == NULL)
        PyErr_Clear(); /* which is told by whoever calls it */
    PyObject *function = found != NULL && PyMethod_Check(found) ? PyMethod_GET_FUNCTION(found) : NULL;
    const int which = function == NULL ? 0 : function == first ? 1 : function == second ? 2 : 0;
    Py_XDECREF(found);
    return which;
}

/* Return whether the error at hand says so to a sandboxed environment, for which an `AttributeError` does not. */
static inline int
says_none_safely(void)
{
    return PyErr_ExceptionMatches(PyExc_TypeError) || PyErr_ExceptionMatches(PyExc_LookupError);
}

/* Return whether a value may be to be awaited: its type says so, or it is a generator, which may have a mark. */
static inline int
may_be_awaited(PyObject *value)
{
    const PyAsyncMethods *methods = Py_TYPE(value)->tp_as_async;
    return (methods != NULL && methods->am_await != NULL) || PyGen_CheckExact(value);
}

#endif
