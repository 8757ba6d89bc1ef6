/* Rows: `rows` of `blendtpl.fields`, which says what the parts of a row are.
 *
 * Nothing here runs more than once what a value brings along, such as a property.
 */

#include "_values.h"

/* Kinds of parts, how many values a row has at most, and one `~`, as in `blendtpl.parts`. */
enum { LAST = -1, FIRST = -2, TURN = -3, TRUE = -4, EQUAL = -5, SET = -6, CONCAT = -7, LOOP = -8 };
enum { VALUES = 32, MOST_JOINED = 8 };

enum { PATIENCE = 4096 }; /* turns of loops, some milliseconds, after which other threads may go on */

#define NO_PART PY_SSIZE_T_MIN

/* What `rows` is given, as `blendtpl.fields` has it, and where it is in that. */
typedef struct {
    State *state;
    PyObject *undefined, *values[VALUES]; /* which are held; some are not there yet */
    Py_ssize_t count;                     /* of values */
    int escapes;
    PyObject *items; /* of the loop at hand */
    Py_ssize_t number, place;
    unsigned turns; /* of all loops */
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
            made = PyObject_CallOneArg(rows->state->imported[rows->escapes ? MARKUP_JOIN : STR_JOIN], all);
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
                Py_SETREF(item, PyObject_CallOneArg(rows->state->imported[PAIR], item));
            failed = item == NULL || set(rows, first, Py_NewRef(PyTuple_GET_ITEM(item, 0)), part)
                || set(rows, first + 1, Py_NewRef(PyTuple_GET_ITEM(item, 1)), part);
            Py_XDECREF(item);
        }
        failed = failed || collect(rows, parts, texts) || (out != NULL && write_row(texts, out));
        if (!failed) {
            rows->place = place;
            failed = PyErr_CheckSignals();
        }
        if (!failed && ++rows->turns % PATIENCE == 0) {
            Py_BEGIN_ALLOW_THREADS
            Py_END_ALLOW_THREADS
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
    if (kind == SET || kind == CONCAT) {
        const Py_ssize_t which = number_of(part, 1);
        if (which < 0)
            return no_part(part);
        PyObject *value = kind == SET ? value_of_hole(rows, PyTuple_GET_ITEM(part, 2)) : concatenated(rows, part);
        return set(rows, which, value, part);
    }
    if (Py_EnterRecursiveCall(" in a row"))
        return -1;
    int failed = -1;
    if (kind == LOOP) {
        const Py_ssize_t place = number_of(part, 1), first = number_of(part, 3);
        PyObject *items = place < 0 || first < 0 ? NULL : value_of_hole(rows, PyTuple_GET_ITEM(part, 2));
        if (items != NULL)
            failed = each(rows, items, part, first, PyTuple_GET_ITEM(part, 4) == Py_True, PyTuple_GET_ITEM(part, 5),
                          place, texts, NULL);
        else
            no_part(part);
        Py_XDECREF(items);
    } else {
        PyObject *chosen = chosen_of(rows, part, kind);
        if (chosen != NULL)
            failed = collect(rows, chosen, texts);
    }
    Py_LeaveRecursiveCall();
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

PyObject *
blendtpl_rows(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
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
