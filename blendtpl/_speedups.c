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
    PyObject *markup_join, *str_join; /* of Jinja2 */
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

/* Kinds of parts: `blendtpl.compiler.emit.rows` makes no others. And how many values a row has at most. */
enum { LAST = -1, FIRST = -2, TURN = -3, TRUE = -4, EQUAL = -5, SET = -6, CONCAT = -7, LOOP = -8, VALUES = 32, MOST_JOINED = 8 };

#define NO_PART PY_SSIZE_T_MIN

/* What `rows` is given, as `blendtpl.fields` has it, and where it is in that. */
typedef struct {
    State *state;
    PyObject *undefined, *values[VALUES]; /* which are held; some are not there yet */
    Py_ssize_t count;                     /* of values */
    int escapes;
    PyObject *items; /* of the loop at hand */
    Py_ssize_t number, place;
} Rows;

/* Texts, which are held. */
typedef struct {
    PyObject *few[64], **all;
    Py_ssize_t count, room;
} Texts;

static int
grow(Texts *texts)
{
    PyObject **all = PyMem_New(PyObject *, (size_t)texts->room * 2);
    if (all == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    memcpy(all, texts->all, (size_t)texts->count * sizeof(PyObject *));
    if (texts->all != texts->few)
        PyMem_Free(texts->all);
    texts->all = all;
    texts->room *= 2;
    return 0;
}

/* Put a text, which is taken over, behind those that are there. */
static inline int
push(Texts *texts, PyObject *text)
{
    if (text == NULL)
        return -1;
    if (texts->count == texts->room && grow(texts) < 0) {
        Py_DECREF(text);
        return -1;
    }
    texts->all[texts->count++] = text;
    return 0;
}

/* Return a string of some texts. */
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

/* Append what was put there as one string to a list, and forget it. */
static int
write_row(Texts *texts, PyObject *out)
{
    PyObject *row = joined(texts->all, texts->count);
    const int failed = row ? PyList_Append(out, row) : -1;
    Py_XDECREF(row);
    while (texts->count)
        Py_DECREF(texts->all[--texts->count]);
    return failed;
}

static int
no_part(PyObject *part)
{
    if (!PyErr_Occurred())
        PyErr_Format(PyExc_TypeError, "%R is no part of a row", part);
    return -1;
}

/* Return a number that a part has, `NO_PART` for the error that there is none. */
static inline Py_ssize_t
number_of(PyObject *part, Py_ssize_t at)
{
    if (!PyTuple_CheckExact(part) || PyTuple_GET_SIZE(part) <= at || !PyLong_CheckExact(PyTuple_GET_ITEM(part, at)))
        return no_part(part), NO_PART;
    PyObject *number = PyTuple_GET_ITEM(part, at);
#if PY_VERSION_HEX < 0x030C0000
    if (Py_SIZE(number) == 1 || Py_SIZE(number) == -1)
        return Py_SIZE(number) * (Py_ssize_t)((PyLongObject *)number)->ob_digit[0];
#else
    if (PyUnstable_Long_IsCompact((PyLongObject *)number))
        return PyUnstable_Long_CompactValue((PyLongObject *)number);
#endif
    const Py_ssize_t found = PyLong_AsSsize_t(number);
    return found == -1 && PyErr_Occurred() ? NO_PART : found;
}

static inline PyObject *
value_of_number(Rows *rows, PyObject *hole, Py_ssize_t which)
{
    if (which < 0 || which >= rows->count || rows->values[which] == NULL || PyTuple_GET_SIZE(hole) > 3)
        return no_part(hole), NULL;
    if (PyTuple_GET_SIZE(hole) == 3) {
        const Py_ssize_t place = number_of(hole, 2);
        if (place < 0)
            return no_part(hole), NULL;
        rows->place = place;
    }
    if (PyTuple_GET_SIZE(hole) == 1 || PyTuple_GET_ITEM(hole, 1) == Py_None)
        return Py_NewRef(rows->values[which]);
    PyObject *const arguments[] = {rows->undefined, rows->values[which], PyTuple_GET_ITEM(hole, 1)};
    return value_of(rows->state, arguments, 3, 1);
}

static PyObject *
value_of_hole(Rows *rows, PyObject *hole)
{
    return value_of_number(rows, hole, number_of(hole, 0));
}

/* Have a value, which is taken over, be that of a number; `part` says so. */
static int
set(Rows *rows, Py_ssize_t which, PyObject *value, PyObject *part)
{
    if (value == NULL)
        return -1;
    if (which < 0 || which >= rows->count) {
        Py_DECREF(value);
        return no_part(part);
    }
    Py_XSETREF(rows->values[which], value);
    return 0;
}

/* Return whether the first of two texts is chosen, -1 for an error. */
static int
is_chosen(Rows *rows, PyObject *part, Py_ssize_t kind)
{
    if (kind == FIRST)
        return rows->number == 1;
    if (kind == LAST) {
        const Py_ssize_t size = PyObject_Size(rows->items);
        return size < 0 ? -1 : rows->number == size;
    }
    PyObject *value = value_of_hole(rows, PyTuple_GET_ITEM(part, 1));
    if (value != NULL && kind == EQUAL) {
        PyObject *other = value_of_hole(rows, PyTuple_GET_ITEM(part, 2));
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
chosen_of(Rows *rows, PyObject *part, Py_ssize_t kind)
{
    const Py_ssize_t size = PyTuple_GET_SIZE(part);
    if (kind == TURN)
        return PyTuple_GET_ITEM(part, 1 + (rows->number - 1) % (size - 1));
    const int chosen = is_chosen(rows, part, kind);
    return chosen < 0 ? NULL : PyTuple_GET_ITEM(part, chosen ? size - 2 : size - 1);
}

static PyObject *
text_of_hole(Rows *rows, PyObject *hole, Py_ssize_t which)
{
    PyObject *value = PyTuple_GET_SIZE(hole) ? value_of_number(rows, hole, which) : PyLong_FromSsize_t(rows->number);
    if (value == NULL)
        return NULL;
    PyObject *text = rows->escapes ? text_of(rows->state, value) : PyObject_Str(value);
    Py_DECREF(value);
    return text;
}

/* Return what `~` makes of the values that a part has from its third on. */
static PyObject *
concatenated(Rows *rows, PyObject *part)
{
    PyObject *values[MOST_JOINED], *made = NULL;
    const Py_ssize_t count = PyTuple_GET_SIZE(part) - 2;
    Py_ssize_t found = 0;
    int plain = 1;
    if (count > MOST_JOINED)
        return no_part(part), NULL;
    for (; found < count; found++) {
        values[found] = value_of_hole(rows, PyTuple_GET_ITEM(part, found + 2));
        if (values[found] == NULL)
            break;
        plain = plain && PyUnicode_CheckExact(values[found]);
    }
    if (found == count && plain) {
        made = joined(values, count);
    } else if (found == count) {
        PyObject *all = PyTuple_New(count);
        for (Py_ssize_t at = 0; all != NULL && at < count; at++)
            PyTuple_SET_ITEM(all, at, Py_NewRef(values[at]));
        if (all != NULL)
            made = PyObject_CallOneArg(rows->escapes ? rows->state->markup_join : rows->state->str_join, all);
        Py_XDECREF(all);
    }
    while (found)
        Py_DECREF(values[--found]);
    return made;
}

static int collect(Rows *rows, PyObject *parts, Texts *texts);

/* Put the texts of parts for each item: its number, or the first of two when items are pairs, is `first`. With `out`
 * each becomes a string there. */
static int
each(Rows *rows, PyObject *items, PyObject *part, Py_ssize_t first, int pairs, PyObject *parts, Py_ssize_t place,
     Texts *texts, PyObject *out)
{
    PyObject *const outer = rows->items;
    const Py_ssize_t number = rows->number;
    rows->place = place;
    PyObject *iterator = PyObject_GetIter(items), *item = NULL;
    int failed = iterator == NULL;
    rows->items = items;
    rows->number = 0;
    while (!failed && (item = PyIter_Next(iterator)) != NULL) {
        rows->number++;
        if (!pairs) {
            failed = set(rows, first, item, part);
        } else {
            if (!PyTuple_CheckExact(item) || PyTuple_GET_SIZE(item) != 2)
                Py_SETREF(item, PyObject_CallOneArg(rows->state->pair, item));
            failed = item == NULL || set(rows, first, Py_NewRef(PyTuple_GET_ITEM(item, 0)), part)
                || set(rows, first + 1, Py_NewRef(PyTuple_GET_ITEM(item, 1)), part);
            Py_XDECREF(item);
        }
        failed = failed || collect(rows, parts, texts) || (out != NULL && write_row(texts, out));
        if (!failed) {
            rows->place = place;
            failed = PyErr_CheckSignals();
        }
    }
    Py_XDECREF(iterator);
    rows->items = outer;
    rows->number = number;
    return failed || PyErr_Occurred() ? -1 : 0;
}

/* Do what a part of a kind says that is neither a text nor a hole. */
static int
follow(Rows *rows, PyObject *part, Py_ssize_t kind, Texts *texts)
{
    static const Py_ssize_t sizes[] = {[-LAST] = 3,  [-FIRST] = 3, [-TURN] = 2,   [-TRUE] = 4,
                                       [-EQUAL] = 5, [-SET] = 3,   [-CONCAT] = 3, [-LOOP] = 6};
    const Py_ssize_t size = PyTuple_GET_SIZE(part);
    if (kind < LOOP || size < sizes[-kind] || (size > sizes[-kind] && kind != TURN && kind != CONCAT))
        return no_part(part);
    if (kind == SET)
        return set(rows, number_of(part, 1), value_of_hole(rows, PyTuple_GET_ITEM(part, 2)), part);
    if (kind == CONCAT)
        return set(rows, number_of(part, 1), concatenated(rows, part), part);
    PyObject *found = kind == LOOP ? value_of_hole(rows, PyTuple_GET_ITEM(part, 2)) : chosen_of(rows, part, kind);
    if (found == NULL)
        return -1;
    int failed = Py_EnterRecursiveCall(" in a row");
    if (!failed) {
        const int pairs = kind == LOOP && PyTuple_GET_ITEM(part, 4) == Py_True;
        failed = kind != LOOP ? collect(rows, found, texts)
                              : each(rows, found, part, number_of(part, 3), pairs, PyTuple_GET_ITEM(part, 5),
                                     number_of(part, 1), texts, NULL);
        Py_LeaveRecursiveCall();
    }
    if (kind == LOOP)
        Py_DECREF(found);
    return failed;
}

/* Put the texts of parts, a string or a tuple of them, behind those that are there. */
static int
collect(Rows *rows, PyObject *parts, Texts *texts)
{
    if (PyUnicode_CheckExact(parts))
        return push(texts, Py_NewRef(parts));
    if (!PyTuple_CheckExact(parts))
        return no_part(parts);
    int failed = 0;
    for (Py_ssize_t at = 0; !failed && at < PyTuple_GET_SIZE(parts); at++) {
        PyObject *part = PyTuple_GET_ITEM(parts, at);
        if (PyUnicode_CheckExact(part)) {
            failed = push(texts, Py_NewRef(part));
            continue;
        }
        const Py_ssize_t which = PyTuple_CheckExact(part) && PyTuple_GET_SIZE(part) == 0 ? 0 : number_of(part, 0);
        if (which >= 0)
            failed = push(texts, text_of_hole(rows, part, which));
        else
            failed = which == NO_PART ? -1 : follow(rows, part, which, texts);
    }
    return failed;
}

static int
is_plain(PyObject *items)
{
    PyTypeObject *type = Py_TYPE(items);
    return type == &PyList_Type || type == &PyTuple_Type || type == &PyDict_Type || type == &PyDictItems_Type
        || type == &PyDictKeys_Type || type == &PyDictValues_Type;
}

/* Return the error at hand with the place that it came from. */
static PyObject *
told(Py_ssize_t place)
{
    PyObject *type, *error, *trace;
    PyErr_Fetch(&type, &error, &trace);
    PyErr_NormalizeException(&type, &error, &trace);
    if (trace != NULL)
        PyException_SetTraceback(error, trace);
    PyObject *found = Py_BuildValue("[nO]", place, error);
    Py_XDECREF(type);
    Py_XDECREF(error);
    Py_XDECREF(trace);
    return found;
}

static PyObject *
rows(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    if (count < 6 || !PyList_CheckExact(arguments[0])) {
        PyErr_SetString(PyExc_TypeError, "a list and five more arguments are wanted");
        return NULL;
    }
    PyObject *items = arguments[3];
    const int pairs = arguments[5] == Py_True;
    if (!is_plain(items))
        Py_RETURN_FALSE;
    Rows rows = {.state = PyModule_GetState(module), .undefined = arguments[2], .escapes = arguments[4] == Py_True};
    rows.count = 1 + pairs + count - 6;
    if (rows.count > VALUES) {
        PyErr_SetString(PyExc_TypeError, "a row has at most 32 values");
        return NULL;
    }
    for (Py_ssize_t at = 6; at < count; at++)
        rows.values[1 + pairs + at - 6] = Py_NewRef(arguments[at]);
    Texts texts;
    texts.all = texts.few;
    texts.count = 0;
    texts.room = (Py_ssize_t)Py_ARRAY_LENGTH(texts.few);
    const int failed = each(&rows, items, Py_None, 0, pairs, arguments[1], 0, &texts, arguments[0]);
    while (texts.count)
        Py_DECREF(texts.all[--texts.count]);
    if (texts.all != texts.few)
        PyMem_Free(texts.all);
    while (rows.count)
        Py_XDECREF(rows.values[--rows.count]);
    if (!failed)
        Py_RETURN_TRUE;
    return rows.place > 0 ? told(rows.place) : NULL;
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
    state->markup_join = imported("jinja2.runtime", "markup_join");
    state->str_join = imported("jinja2.runtime", "str_join");
    return PyErr_Occurred() ? -1 : 0;
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
    Py_VISIT(state->markup_join);
    Py_VISIT(state->str_join);
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
    Py_CLEAR(state->markup_join);
    Py_CLEAR(state->str_join);
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
