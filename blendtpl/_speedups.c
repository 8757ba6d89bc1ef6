/* The functions of `blendtpl.fields` and `blendtpl.output` that emitted code calls most, for values of the usual types;
 * and that of `blendtpl.starting` with which a render begins.
 *
 * Enters: a value of a template, and mostly the name of an attribute. Leaves: the value of that, or its text. What is of
 * any other type, or is not there, goes on in Python, in the functions that do the same by themselves. Nothing is kept
 * from one call to the next, and nothing here runs more than once what a value brings along, such as a property.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

typedef struct {
    PyObject *markup;     /* the type */
    PyObject *escape_any; /* of `blendtpl.output` */
    PyObject *not_found;  /* of `blendtpl.fields`, as is */
    PyObject *pair;
    PyObject *finish; /* of `blendtpl.starting` */
} State;

/* What escaping adds to a character, as MarkupSafe escapes it. */
static const unsigned char GROWTH[256] = {['&'] = 4, ['<'] = 3, ['>'] = 3, ['"'] = 4, ['\''] = 4};

static Py_ssize_t
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
        const Py_UCS4 found = PyUnicode_READ_CHAR(text, at);
        sum += found < 256 ? GROWTH[found] : 0;
    }
    return sum;
}

static const char *
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

/* Return the escaping of an exact string. */
static PyObject *
escaped(PyObject *text)
{
    const Py_ssize_t length = PyUnicode_GET_LENGTH(text), more = growth(text);
    if (more == 0)
        return Py_NewRef(text);
    if (more > PY_SSIZE_T_MAX - length)
        return PyErr_NoMemory();
    PyObject *made = PyUnicode_New(length + more, PyUnicode_MAX_CHAR_VALUE(text));
    if (made == NULL)
        return NULL;
    const int kind = PyUnicode_KIND(text); /* and that of `made`, whose widest character is the same */
    const void *from = PyUnicode_DATA(text);
    void *to = PyUnicode_DATA(made);
    for (Py_ssize_t at = 0, end = 0; at < length; at++) {
        const Py_UCS4 character = PyUnicode_READ(kind, from, at);
        const char *other = character < 256 && GROWTH[character] ? replacement(character) : NULL;
        if (other == NULL)
            PyUnicode_WRITE(kind, to, end++, character);
        else
            for (; *other; other++)
                PyUnicode_WRITE(kind, to, end++, (unsigned char)*other);
    }
    return made;
}

static PyObject *
text_of(State *state, PyObject *value)
{
    if (PyUnicode_CheckExact(value))
        return escaped(value);
    if (PyLong_CheckExact(value) || PyFloat_CheckExact(value) || PyBool_Check(value) || value == Py_None)
        return PyObject_Str(value); /* which has nothing to escape */
    if ((PyObject *)Py_TYPE(value) == state->markup)
        return PyUnicode_FromObject(value);
    return PyObject_CallOneArg(state->escape_any, value);
}

/* Return the value of an attribute: `arguments` are `undefined`, the value, the attribute, and maybe the name of what
 * may be missing. `in_dict` says whether a dict has no attribute of its own of that name. */
static PyObject *
value_of(State *state, PyObject *const *arguments, Py_ssize_t count, int in_dict)
{
    if (count != 3 && count != 4)
        return PyErr_Format(PyExc_TypeError, "3 or 4 arguments are wanted, not %zd", count);
    PyObject *value = arguments[1], *attribute = arguments[2], *found;
    if (in_dict && PyDict_CheckExact(value)) {
        found = PyDict_GetItemWithError(value, attribute);
        if (found != NULL)
            return Py_NewRef(found);
        if (PyErr_Occurred() && !PyErr_ExceptionMatches(PyExc_KeyError))
            return NULL;
    } else {
        found = PyObject_GetAttr(value, attribute);
        if (found != NULL || !PyErr_ExceptionMatches(PyExc_AttributeError))
            return found;
    }
    PyErr_Clear();
    return PyObject_Vectorcall(state->not_found, arguments, (size_t)count, NULL);
}

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

/* Kinds of parts, and how many there are at most: `blendtpl.compiler.emit.rows` makes no others. */
enum { LAST = -1, FIRST = -2, TURN = -3, TRUE = -4, EQUAL = -5, MOST = 64 };

#define NO_PART PY_SSIZE_T_MIN

/* What `rows` is given, as `blendtpl.fields` has it, and where it is in that. */
typedef struct {
    State *state;
    PyObject *spec, *undefined, *items, *const *given;
    Py_ssize_t count; /* of what is given */
    int escapes, pairs;
    Py_ssize_t number;
    PyObject *item, *second;
} Rows;

/* Return the number that a part or a hole begins with, `NO_PART` for the error that there is none. */
static inline Py_ssize_t
first_of(PyObject *part)
{
    if (!PyTuple_CheckExact(part) || PyTuple_GET_SIZE(part) == 0 || !PyLong_CheckExact(PyTuple_GET_ITEM(part, 0))) {
        PyErr_Format(PyExc_TypeError, "%R is no part of a row", part);
        return NO_PART;
    }
    const Py_ssize_t found = PyLong_AsSsize_t(PyTuple_GET_ITEM(part, 0));
    return found == -1 && PyErr_Occurred() ? NO_PART : found;
}

static PyObject *
value_of_hole(const Rows *rows, PyObject *hole, Py_ssize_t which)
{
    PyObject *from;
    if (which == 0)
        from = rows->item;
    else if (rows->pairs && which == 1)
        from = rows->second;
    else if (which > 0 && which - rows->pairs <= rows->count)
        from = rows->given[which - rows->pairs - 1];
    else
        return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_TypeError, "%R is no value of a row", hole);
    if (PyTuple_GET_SIZE(hole) == 1)
        return Py_NewRef(from);
    PyObject *const arguments[] = {rows->undefined, from, PyTuple_GET_ITEM(hole, 1)};
    return value_of(rows->state, arguments, 3, 1);
}

/* Return whether the first of two texts is chosen, -1 for an error. */
static int
is_chosen(const Rows *rows, PyObject *part, Py_ssize_t kind)
{
    if (kind == FIRST)
        return rows->number == 1;
    if (kind == LAST) {
        const Py_ssize_t size = PyObject_Size(rows->items);
        return size < 0 ? -1 : rows->number == size;
    }
    PyObject *value = value_of_hole(rows, PyTuple_GET_ITEM(part, 1), first_of(PyTuple_GET_ITEM(part, 1)));
    if (value != NULL && kind == EQUAL) {
        PyObject *other = value_of_hole(rows, PyTuple_GET_ITEM(part, 2), first_of(PyTuple_GET_ITEM(part, 2)));
        PyObject *equal = other ? PyObject_RichCompare(value, other, Py_EQ) : NULL;
        Py_XDECREF(other);
        Py_SETREF(value, equal);
    }
    const int chosen = value ? PyObject_IsTrue(value) : -1;
    Py_XDECREF(value);
    return chosen;
}

/* Return what a part that is a choice comes to: a string, or a tuple of parts. */
static PyObject *
chosen_of(const Rows *rows, PyObject *part, Py_ssize_t kind)
{
    static const Py_ssize_t sizes[] = {[-LAST] = 3, [-FIRST] = 3, [-TRUE] = 4, [-EQUAL] = 5};
    const Py_ssize_t size = PyTuple_GET_SIZE(part);
    if (kind == TURN && size > 1)
        return PyTuple_GET_ITEM(part, 1 + (rows->number - 1) % (size - 1));
    if (kind < EQUAL || size != sizes[-kind])
        return PyErr_Format(PyExc_TypeError, "%R is no part of a row", part);
    const int chosen = is_chosen(rows, part, kind);
    return chosen < 0 ? NULL : PyTuple_GET_ITEM(part, chosen ? size - 2 : size - 1);
}

static PyObject *
text_of_hole(const Rows *rows, PyObject *part, Py_ssize_t which)
{
    PyObject *value = PyTuple_GET_SIZE(part) ? value_of_hole(rows, part, which) : PyLong_FromSsize_t(rows->number);
    if (value == NULL)
        return NULL;
    PyObject *text = rows->escapes ? text_of(rows->state, value) : PyObject_Str(value);
    Py_DECREF(value);
    return text;
}

typedef struct {
    PyObject *all[MOST];
    Py_ssize_t count;
} Texts;

/* Put a text, which is taken over, behind those that are there. */
static inline int
push(Texts *texts, PyObject *text)
{
    if (text == NULL)
        return -1;
    if (texts->count == MOST) {
        Py_DECREF(text);
        PyErr_SetString(PyExc_TypeError, "a row has at most 64 parts");
        return -1;
    }
    texts->all[texts->count++] = text;
    return 0;
}

/* Put the texts of parts, a string or a tuple of them, behind those that are there. */
static int
collect(const Rows *rows, PyObject *parts, Texts *texts)
{
    if (PyUnicode_CheckExact(parts))
        return push(texts, Py_NewRef(parts));
    if (!PyTuple_CheckExact(parts)) {
        PyErr_Format(PyExc_TypeError, "%R are no parts of a row", parts);
        return -1;
    }
    int failed = 0;
    for (Py_ssize_t at = 0; !failed && at < PyTuple_GET_SIZE(parts); at++) {
        PyObject *part = PyTuple_GET_ITEM(parts, at);
        if (PyUnicode_CheckExact(part)) {
            failed = push(texts, Py_NewRef(part));
            continue;
        }
        const Py_ssize_t which = PyTuple_CheckExact(part) && PyTuple_GET_SIZE(part) == 0 ? 0 : first_of(part);
        if (which >= 0) {
            failed = push(texts, text_of_hole(rows, part, which));
            continue;
        }
        PyObject *chosen = which == NO_PART ? NULL : chosen_of(rows, part, which);
        if (chosen == NULL || Py_EnterRecursiveCall(" in a row"))
            return -1;
        failed = collect(rows, chosen, texts);
        Py_LeaveRecursiveCall();
    }
    return failed;
}

/* Return a string of all of these. */
static PyObject *
joined(PyObject *const *texts, Py_ssize_t count)
{
    Py_ssize_t length = 0, at = 0;
    Py_UCS4 widest = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        const Py_UCS4 found = PyUnicode_MAX_CHAR_VALUE(texts[i]);
        widest = found > widest ? found : widest;
        if (PyUnicode_GET_LENGTH(texts[i]) > PY_SSIZE_T_MAX - length)
            return PyErr_NoMemory();
        length += PyUnicode_GET_LENGTH(texts[i]);
    }
    PyObject *made = PyUnicode_New(length, widest);
    if (made == NULL)
        return NULL;
    const int kind = PyUnicode_KIND(made);
    for (Py_ssize_t i = 0; i < count; i++) {
        const Py_ssize_t more = PyUnicode_GET_LENGTH(texts[i]);
        if (PyUnicode_KIND(texts[i]) == kind) {
            memcpy((char *)PyUnicode_DATA(made) + at * kind, PyUnicode_DATA(texts[i]), (size_t)(more * kind));
        } else if (PyUnicode_CopyCharacters(made, at, texts[i], 0, more) < 0) {
            Py_DECREF(made);
            return NULL;
        }
        at += more;
    }
    return made;
}

static int
write_row(const Rows *rows, PyObject *out)
{
    Texts texts;
    texts.count = 0;
    int failed = collect(rows, rows->spec, &texts);
    if (!failed) {
        PyObject *row = joined(texts.all, texts.count);
        failed = row ? PyList_Append(out, row) : -1;
        Py_XDECREF(row);
    }
    while (texts.count)
        Py_DECREF(texts.all[--texts.count]);
    return failed;
}

/* Have an item, or what a pair is made of, be that of the row; `item` is taken over. */
static int
take(Rows *rows, PyObject *item)
{
    rows->item = item;
    rows->second = NULL;
    if (!rows->pairs)
        return 0;
    if (!PyTuple_CheckExact(item) || PyTuple_GET_SIZE(item) != 2) {
        PyObject *pair = PyObject_CallOneArg(rows->state->pair, item);
        if (pair == NULL)
            return -1;
        Py_SETREF(item, pair);
    }
    rows->item = Py_NewRef(PyTuple_GET_ITEM(item, 0));
    rows->second = Py_NewRef(PyTuple_GET_ITEM(item, 1));
    Py_DECREF(item);
    return 0;
}

static int
is_plain(PyObject *items)
{
    PyTypeObject *type = Py_TYPE(items);
    return type == &PyList_Type || type == &PyTuple_Type || type == &PyDict_Type || type == &PyDictItems_Type
        || type == &PyDictKeys_Type || type == &PyDictValues_Type;
}

static PyObject *
rows(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    if (count < 6 || !PyList_CheckExact(arguments[0])) {
        PyErr_SetString(PyExc_TypeError, "a list and five more arguments are wanted");
        return NULL;
    }
    Rows rows = {
        .state = PyModule_GetState(module),
        .spec = arguments[1],
        .undefined = arguments[2],
        .items = arguments[3],
        .escapes = arguments[4] == Py_True,
        .pairs = arguments[5] == Py_True,
        .given = arguments + 6,
        .count = count - 6,
    };
    if (!is_plain(rows.items))
        Py_RETURN_FALSE;
    PyObject *iterator = PyObject_GetIter(rows.items), *item;
    if (iterator == NULL)
        return NULL;
    int failed = 0;
    while (!failed && (item = PyIter_Next(iterator)) != NULL) {
        rows.number++;
        failed = take(&rows, item) || write_row(&rows, arguments[0]) || PyErr_CheckSignals();
        Py_DECREF(rows.item);
        Py_XDECREF(rows.second);
    }
    Py_DECREF(iterator);
    return PyErr_Occurred() ? NULL : Py_NewRef(Py_True);
}

/* What `blendtpl.starting.Start` has, in its order, as far as it is read here. */
enum { WRITE, BLOCKS, NAMES, DEFAULTS, JOIN, TEXT, ALONE, KEEPS, PRESETS, START };

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
        PyObject *name = PyTuple_GET_ITEM(names, at), *value = PyDict_GetItemWithError(given, name);
        if (value == NULL && !PyErr_Occurred())
            value = PyDict_GetItemWithError(defaults, name);
        if (value == NULL) {
            if (!PyErr_Occurred())
                PyErr_SetObject(PyExc_KeyError, name);
            return -1;
        }
        call->all[call->count++] = Py_NewRef(value);
    }
    return 0;
}

/* Return the scope of a render, to which it gives what is in slots. */
static PyObject *
scope_of(PyObject *start, PyObject *unit, PyObject *given, Call *call)
{
    PyObject *blocks = PyTuple_GET_ITEM(start, BLOCKS), *presets = PyTuple_GET_ITEM(start, PRESETS);
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

/* Have what writes to a list do so, and return the text. */
static PyObject *
written(PyObject *start, Call *call)
{
    PyObject *out = PyList_New(0), *text = NULL;
    if (out == NULL)
        return NULL;
    call->all[call->count++] = out;
    call->all[call->count++] = Py_NewRef(Py_None); /* there is no limit */
    PyObject *steps = PyObject_Vectorcall(PyTuple_GET_ITEM(start, WRITE), call->all, (size_t)call->count, NULL);
    if (steps == NULL)
        return NULL;
    if (!PyTuple_CheckExact(steps)) { /* else they are none */
        PyObject *iterator = PyObject_GetIter(steps), *step;
        while (iterator != NULL && (step = PyIter_Next(iterator)) != NULL)
            Py_DECREF(step);
        Py_XDECREF(iterator);
    }
    if (!PyErr_Occurred())
        text = PyObject_CallOneArg(PyTuple_GET_ITEM(start, JOIN), out);
    Py_DECREF(steps);
    return text;
}

/* Let nothing of a render wait for the collector, and leave the error that there may be. */
static PyObject *
finished(State *state, PyObject *scope, PyObject *text)
{
    PyObject *type, *error, *trace;
    PyErr_Fetch(&type, &error, &trace);
    PyObject *none = PyObject_CallOneArg(state->finish, scope);
    if (none == NULL) {
        Py_XDECREF(type);
        Py_XDECREF(error);
        Py_XDECREF(trace);
        Py_CLEAR(text);
    } else {
        Py_DECREF(none);
        PyErr_Restore(type, error, trace);
    }
    return text;
}

static PyObject *
started(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    if (count != 3 || !PyTuple_Check(arguments[0]) || PyTuple_GET_SIZE(arguments[0]) < START
        || !PyTuple_CheckExact(PyTuple_GET_ITEM(arguments[0], NAMES))
        || !PyDict_CheckExact(PyTuple_GET_ITEM(arguments[0], DEFAULTS))
        || !PyTuple_CheckExact(PyTuple_GET_ITEM(arguments[0], PRESETS)) || !PyDict_CheckExact(arguments[2])) {
        PyErr_SetString(PyExc_TypeError, "a start, a unit and a dict are wanted");
        return NULL;
    }
    PyObject *start = arguments[0], *names = PyTuple_GET_ITEM(start, NAMES), *text = NULL, *given, *scope;
    Call call;
    if (prepare(&call, PyTuple_GET_SIZE(names) + 3) < 0)
        return NULL;
    if (look_up(&call, names, arguments[2], PyTuple_GET_ITEM(start, DEFAULTS)) < 0) {
        forget(&call);
        return NULL;
    }
    if (IS_SET(start, ALONE)) {
        text = PyObject_Vectorcall(PyTuple_GET_ITEM(start, WRITE), call.all, (size_t)call.count, NULL);
        forget(&call);
        return text;
    }
    given = PyDict_Copy(arguments[2]);
    scope = given ? scope_of(start, arguments[1], given, &call) : NULL;
    Py_XDECREF(given);
    if (scope != NULL) {
        call.all[call.count++] = Py_NewRef(scope);
        if (IS_SET(start, TEXT))
            text = PyObject_Vectorcall(PyTuple_GET_ITEM(start, WRITE), call.all, (size_t)call.count, NULL);
        else
            text = written(start, &call);
    }
    forget(&call);
    if (scope != NULL && (IS_SET(start, KEEPS) || PyList_GET_ITEM(scope, 0) != Py_None))
        text = finished(PyModule_GetState(module), scope, text);
    Py_XDECREF(scope);
    return text;
}

static PyObject *
imported(const char *module, const char *name)
{
    PyObject *from = PyImport_ImportModule(module);
    PyObject *found = from ? PyObject_GetAttrString(from, name) : NULL;
    Py_XDECREF(from);
    return found;
}

static int
fill(PyObject *module)
{
    State *state = PyModule_GetState(module);
    state->markup = imported("markupsafe", "Markup");
    state->escape_any = imported("blendtpl.output", "escape_any");
    state->not_found = imported("blendtpl.fields", "not_found");
    state->pair = imported("blendtpl.fields", "pair");
    state->finish = imported("blendtpl.starting", "finish");
    return state->markup && state->escape_any && state->not_found && state->pair && state->finish ? 0 : -1;
}

static int
traverse(PyObject *module, visitproc visit, void *arg)
{
    State *state = PyModule_GetState(module);
    Py_VISIT(state->markup);
    Py_VISIT(state->escape_any);
    Py_VISIT(state->not_found);
    Py_VISIT(state->pair);
    Py_VISIT(state->finish);
    return 0;
}

static int
clear(PyObject *module)
{
    State *state = PyModule_GetState(module);
    Py_CLEAR(state->markup);
    Py_CLEAR(state->escape_any);
    Py_CLEAR(state->not_found);
    Py_CLEAR(state->pair);
    Py_CLEAR(state->finish);
    return 0;
}

static void
release(void *module)
{
    clear(module);
}

#define FAST(function) {#function, (PyCFunction)(void (*)(void))function, METH_FASTCALL, NULL}

static PyMethodDef methods[] = {
    {"escape_any", escape_any, METH_O, NULL},
    FAST(attribute),
    FAST(field),
    FAST(escaped_field),
    FAST(text_field),
    FAST(rows),
    FAST(started),
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, fill},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "blendtpl._speedups",
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
