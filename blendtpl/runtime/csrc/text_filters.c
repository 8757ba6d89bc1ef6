/* Text filters: some of Jinja2's own that make a text, for values of exact types; `filters.c` gives them out. */

#include "filters.h"

/* Texts: `self` has the method that is called. */

FUNCTION(blendtpl_text_method)
{
    if (GIVEN(1) && is_text(arguments[0]))
        return PyObject_Vectorcall(METHOD, arguments, 1, NULL);
    if (!GIVEN(1) || !is_simple(arguments[0]))
        return GOES_ON;
    PyObject *text = PyObject_Str(arguments[0]);
    PyObject *result = text ? PyObject_CallOneArg(METHOD, text) : NULL;
    Py_XDECREF(text);
    return result;
}

static FUNCTION(trim)
{
    if (GIVEN(2) && is_text(arguments[0]) && is_text(arguments[1]))
        return PyObject_Vectorcall(METHOD, arguments, 2, NULL);
    return blendtpl_text_method(self, arguments, count, names);
}

static FUNCTION(center)
{
    if (GIVEN(2) && is_text(arguments[0]) && PyLong_CheckExact(arguments[1]))
        return PyObject_Vectorcall(METHOD, arguments, 2, NULL);
    return GOES_ON;
}

static FUNCTION(replace)
{
    if (GIVEN(4) && is_text(arguments[1]) && is_text(arguments[2]) && is_text(arguments[3]))
        return PyUnicode_Replace(arguments[1], arguments[2], arguments[3], -1);
    return GOES_ON;
}

static FUNCTION(string)
{
    if (GIVEN(1) && PyUnicode_Check(arguments[0]))
        return Py_NewRef(arguments[0]);
    return GIVEN(1) && is_simple(arguments[0]) ? PyObject_Str(arguments[0]) : GOES_ON;
}

static FUNCTION(escape)
{
    State *state = STATE;
    if (GIVEN(1) && (is_simple(arguments[0]) || (PyObject *)Py_TYPE(arguments[0]) == state->imported[MARKUP]))
        return markup_of(state, text_of(state, arguments[0]));
    return GOES_ON;
}

static FUNCTION(forceescape)
{
    return GIVEN(1) && is_text(arguments[0]) ? markup_of(STATE, escaped(arguments[0])) : GOES_ON;
}

static FUNCTION(safe)
{
    State *state = STATE;
    if (GIVEN(1) && (is_text(arguments[0]) || (PyObject *)Py_TYPE(arguments[0]) == state->imported[MARKUP]))
        return markup_of(state, Py_NewRef(arguments[0]));
    return GOES_ON;
}

/* Return whether a word begins behind a character of ASCII. */
static inline int
divides(Py_UCS1 character)
{
    switch (character) {
    case ' ': case '-': case '(': case '{': case '[': case '<': return 1;
    default: return (character >= '\t' && character <= '\r') || (character >= 0x1c && character <= 0x1f);
    }
}

static FUNCTION(title)
{
    if (!GIVEN(1) || !is_text(arguments[0]) || !PyUnicode_IS_ASCII(arguments[0]))
        return GOES_ON;
    const Py_ssize_t length = PyUnicode_GET_LENGTH(arguments[0]);
    PyObject *result = PyUnicode_New(length, 127);
    if (result == NULL || length == 0)
        return result;
    const Py_UCS1 *from = PyUnicode_1BYTE_DATA(arguments[0]);
    Py_UCS1 *to = PyUnicode_1BYTE_DATA(result);
    for (Py_ssize_t at = 0, begins = 1; at < length; at++) {
        to[at] = (Py_UCS1)(begins ? Py_TOUPPER(from[at]) : Py_TOLOWER(from[at]));
        begins = divides(from[at]);
    }
    return result;
}

/* Return the leeway that an environment has for texts that are cut, -1 where that is nothing usual. */
static Py_ssize_t
leeway_of(State *state, PyObject *environment)
{
    PyObject *policies = PyObject_GetAttr(environment, state->names[POLICIES]), *leeway = NULL;
    if (policies != NULL && PyDict_CheckExact(policies)
        && PyDict_GetItemRef(policies, state->names[LEEWAY], &leeway) > 0 && !PyLong_CheckExact(leeway))
        Py_CLEAR(leeway);
    const Py_ssize_t number = leeway ? PyLong_AsSsize_t(leeway) : -1;
    PyErr_Clear();
    Py_XDECREF(policies);
    Py_XDECREF(leeway);
    return number;
}

static FUNCTION(cut)
{
    static const char *const wanted[] = {"env", "s", "length", "killwords", "end", "leeway", NULL};
    PyObject *given[6];
    if (!placed(arguments, count, names, wanted, given) || given[1] == NULL || !is_text(given[1])
        || (given[2] != NULL && !PyLong_CheckExact(given[2])) || flag(given[3]) < 0
        || (given[4] != NULL && !is_text(given[4])) || (given[5] != NULL && !PyLong_CheckExact(given[5])))
        return GOES_ON;
    const Py_ssize_t most = given[2] ? PyLong_AsSsize_t(given[2]) : 255;
    const Py_ssize_t kept = most - (given[4] ? PyUnicode_GET_LENGTH(given[4]) : 3); /* in front of the end */
    Py_ssize_t leeway = -1;
    if (most >= 0 && kept >= 0)
        leeway = given[5] ? PyLong_AsSsize_t(given[5]) : leeway_of(STATE, arguments[0]);
    PyErr_Clear();
    if (leeway < 0 || most > PY_SSIZE_T_MAX - leeway)
        return GOES_ON;
    if (PyUnicode_GET_LENGTH(given[1]) <= most + leeway)
        return Py_NewRef(given[1]);
    const Py_ssize_t blank = flag(given[3]) ? -1 : PyUnicode_FindChar(given[1], ' ', 0, kept, -1);
    PyObject *begin = PyUnicode_Substring(given[1], 0, blank < 0 ? kept : blank);
    PyObject *end = given[4] ? Py_NewRef(given[4]) : PyUnicode_FromString("...");
    PyObject *text = begin && end ? PyUnicode_Concat(begin, end) : NULL;
    Py_XDECREF(begin);
    Py_XDECREF(end);
    return text;
}

/* Return how many lines of a text are indented, -1 where something else than a newline ends one; or may, beyond ASCII. */
static Py_ssize_t
lines_of(PyObject *text, int first, int blank)
{
    if (!PyUnicode_IS_ASCII(text))
        return -1;
    const Py_UCS1 *from = PyUnicode_1BYTE_DATA(text);
    const Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    Py_ssize_t lines = first;
    for (Py_ssize_t at = 0; at < length; at++) {
        if (from[at] == '\n')
            lines += blank || (at + 1 < length && from[at + 1] != '\n');
        else if ((from[at] >= '\v' && from[at] <= '\r') || (from[at] >= 0x1c && from[at] <= 0x1e))
            return -1;
    }
    return lines;
}

static FUNCTION(indent)
{
    static const char *const wanted[] = {"s", "width", "first", "blank", NULL};
    PyObject *given[4];
    if (!placed(arguments, count, names, wanted, given) || given[0] == NULL || !is_text(given[0])
        || (given[1] != NULL && !PyLong_CheckExact(given[1])) || flag(given[2]) < 0 || flag(given[3]) < 0)
        return GOES_ON;
    const Py_ssize_t width = given[1] ? PyLong_AsSsize_t(given[1]) : 4;
    PyErr_Clear();
    const int first = flag(given[2]), blank = flag(given[3]);
    const Py_ssize_t lines = width < 0 || width > 1000 ? -1 : lines_of(given[0], first, blank);
    const Py_ssize_t length = PyUnicode_GET_LENGTH(given[0]);
    if (lines < 0 || lines > (PY_SSIZE_T_MAX - length) / 1001)
        return GOES_ON;
    PyObject *text = PyUnicode_New(length + lines * width, 127);
    if (text == NULL || length + lines * width == 0)
        return text;
    const Py_UCS1 *from = PyUnicode_1BYTE_DATA(given[0]);
    Py_UCS1 *to = PyUnicode_1BYTE_DATA(text);
    memset(to, ' ', (size_t)(first ? width : 0));
    to += first ? width : 0;
    for (Py_ssize_t at = 0; at < length; at++) {
        *to++ = from[at];
        if (from[at] == '\n' && (blank || (at + 1 < length && from[at + 1] != '\n'))) {
            memset(to, ' ', (size_t)width);
            to += width;
        }
    }
    return text;
}

static FUNCTION(format)
{
    if (count < 1 || names != NULL || !is_text(arguments[0]))
        return GOES_ON;
    PyObject *values = PyTuple_New(count - 1);
    for (Py_ssize_t at = 1; values != NULL && at < count; at++)
        PyTuple_SET_ITEM(values, at - 1, Py_NewRef(arguments[at]));
    PyObject *text = values ? PyUnicode_Format(arguments[0], values) : NULL;
    Py_XDECREF(values);
    return text;
}

/* Return whether a byte stays as it is in an address; a slash does in a path. */
static inline int
stays(unsigned char byte, int in_query)
{
    return Py_ISALNUM(byte) || byte == '_' || byte == '.' || byte == '-' || byte == '~' || (byte == '/' && !in_query);
}

/* Return a text, or a whole number, for an address; `NULL` without an error for what it cannot have. */
static PyObject *
quoted(PyObject *value, int in_query)
{
    if (PyLong_CheckExact(value))
        return PyObject_Str(value);
    Py_ssize_t longer = 0, end = 0;
    PyObject *bytes = is_text(value) ? PyUnicode_AsUTF8String(value) : NULL;
    if (bytes == NULL || PyBytes_GET_SIZE(bytes) > PY_SSIZE_T_MAX / 3)
        return Py_XDECREF(bytes), PyErr_Clear(), NULL;
    const char *from = PyBytes_AS_STRING(bytes);
    const Py_ssize_t length = PyBytes_GET_SIZE(bytes);
    for (Py_ssize_t at = 0; at < length; at++)
        longer += stays((unsigned char)from[at], in_query) || (from[at] == ' ' && in_query) ? 0 : 2;
    PyObject *result = PyUnicode_New(length + longer, 127);
    Py_UCS1 *to = result && length ? PyUnicode_1BYTE_DATA(result) : NULL;
    for (Py_ssize_t at = 0; to != NULL && at < length; at++) {
        const unsigned char byte = (unsigned char)from[at];
        if (stays(byte, in_query)) {
            to[end++] = byte;
        } else if (byte == ' ' && in_query) {
            to[end++] = '+';
        } else {
            to[end++] = '%';
            to[end++] = (Py_UCS1)"0123456789ABCDEF"[byte >> 4];
            to[end++] = (Py_UCS1)"0123456789ABCDEF"[byte & 15];
        }
    }
    Py_DECREF(bytes);
    return result;
}

static FUNCTION(for_address)
{
    PyObject *text = GIVEN(1) && is_text(arguments[0]) ? quoted(arguments[0], 0) : NULL;
    return text != NULL || PyErr_Occurred() ? text : GOES_ON;
}

/* Return the text of an item that is joined with others, `NULL` without an error where it is of no usual type. */
static inline PyObject *
text_of_item(State *state, PyObject *item, int escapes)
{
    if ((PyObject *)Py_TYPE(item) == state->imported[MARKUP])
        return PyUnicode_FromObject(item);
    if (!is_text(item))
        return is_simple(item) ? PyObject_Str(item) : NULL;
    return escapes ? escaped(item) : Py_NewRef(item);
}

/* Return the items of a list, joined; `NULL` without an error where there are some of no usual type. Markup has
 * all of them be escaped, where output is. */
static PyObject *
joined_items(State *state, PyObject *evaluation, PyObject *items, PyObject *between)
{
    int escapes = 0;
    const Py_ssize_t count = PyList_GET_SIZE(items);
    for (Py_ssize_t at = 0; at < count; at++)
        escapes |= (PyObject *)Py_TYPE(PyList_GET_ITEM(items, at)) == state->imported[MARKUP];
    if (escapes) {
        PyObject *asked = PyObject_GetAttr(evaluation, state->names[AUTOESCAPE]);
        if (asked != Py_True && asked != Py_False)
            return Py_XDECREF(asked), PyErr_Clear(), NULL;
        escapes = asked == Py_True;
        Py_DECREF(asked);
    }
    PyObject *texts = PyList_New(count), *result = NULL;
    for (Py_ssize_t at = 0; texts != NULL && at < count; at++) {
        PyObject *text = text_of_item(state, PyList_GET_ITEM(items, at), escapes);
        if (text == NULL)
            Py_CLEAR(texts);
        else
            PyList_SET_ITEM(texts, at, text);
    }
    if (texts != NULL) {
        PyObject *joint = escapes ? escaped(between) : Py_NewRef(between);
        result = joint ? PyUnicode_Join(joint, texts) : NULL;
        Py_XDECREF(joint);
        Py_DECREF(texts);
    }
    return escapes ? markup_of(state, result) : result;
}

static FUNCTION(join)
{
    if (!(GIVEN(2) || (GIVEN(3) && is_text(arguments[2])))
        || !(PyTuple_CheckExact(arguments[1]) || PyList_CheckExact(arguments[1])))
        return GOES_ON;
    PyObject *between = count == 3 ? Py_NewRef(arguments[2]) : PyUnicode_New(0, 127);
    PyObject *items = between ? PySequence_List(arguments[1]) : NULL; /* which others may change in the meantime */
    PyObject *text = items ? joined_items(STATE, arguments[0], items, between) : NULL;
    Py_XDECREF(between);
    Py_XDECREF(items);
    return text != NULL || PyErr_Occurred() ? text : GOES_ON;
}

const Row blendtpl_text_filters[] = {
    {"filter", "capitalize", "capitalize", blendtpl_text_method},
    {"filter", "center", "center", center},
    {"filter", "e", NULL, escape},
    {"filter", "escape", NULL, escape},
    {"filter", "forceescape", NULL, forceescape},
    {"filter", "format", NULL, format},
    {"filter", "indent", NULL, indent},
    {"filter", "join", NULL, join},
    {"filter", "lower", "lower", blendtpl_text_method},
    {"filter", "replace", NULL, replace},
    {"filter", "safe", NULL, safe},
    {"filter", "string", NULL, string},
    {"filter", "title", NULL, title},
    {"filter", "trim", "strip", trim},
    {"filter", "truncate", NULL, cut},
    {"filter", "upper", "upper", blendtpl_text_method},
    {"filter", "urlencode", NULL, for_address},
    {NULL, NULL, NULL, NULL},
};
