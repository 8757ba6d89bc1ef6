/* Rows: `rows` of `blendtpl.runtime.attributes`, which says what the parts of a row are.
 *
 * Nothing here runs more than once what a value brings along, such as a property (L7).
 */

#include "texts.h"
#include "values.h"

#include "abi.h"

/* How many characters of values are written until something else may have its turn, and as how many a turn of a loop
 * counts: together less than a millisecond, but for what takes long by itself. */
enum { PATIENCE = 1 << 16, TURN_COUNTS = 1 << 10 };

/* By how far a number is below zero: how many items an operation has at least, and whether it may have more. */
#define AS_SIZE(name, number, least, open) [-(number)] = least,
#define AS_OPEN(name, number, least, open) [-(number)] = open,
static const Py_ssize_t SIZES[] = {BLENDTPL_OPCODES(AS_SIZE)};
static const char IS_OPEN[] = {BLENDTPL_OPCODES(AS_OPEN)};

#define NO_PART PY_SSIZE_T_MIN

/* What `rows` is given, as `blendtpl.runtime.attributes` has it, and where it is in that. */
typedef struct {
    State *state;
    PyObject *undefined, *values[MOST_VALUES]; /* which are held; some are not there yet */
    Py_ssize_t count;                          /* of values */
    int escapes;
    PyObject *iterator, *after; /* of the loop at hand; and its next item, when somebody has asked for that */
    Py_ssize_t number, place;
    Py_ssize_t written; /* since something else had its turn: see `PATIENCE` */
} Rows;

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
    const Py_ssize_t value = PyLong_AsSsize_t(number);
    return value == -1 && PyErr_Occurred() ? NO_PART : value;
}

static inline PyObject *
value_of_number(Rows *rows, PyObject *operand, Py_ssize_t which)
{
    if (which < 0 || which >= rows->count || rows->values[which] == NULL || PyTuple_GET_SIZE(operand) > 3)
        return no_part(operand), NULL;
    if (PyTuple_GET_SIZE(operand) == 3) {
        const Py_ssize_t place = number_of(operand, 2);
        if (place < 0)
            return no_part(operand), NULL;
        rows->place = place;
    }
    if (PyTuple_GET_SIZE(operand) == 1 || PyTuple_GET_ITEM(operand, 1) == Py_None)
        return Py_NewRef(rows->values[which]);
    PyObject *const arguments[] = {rows->undefined, rows->values[which], PyTuple_GET_ITEM(operand, 1)};
    return value_of(rows->state, arguments, 3, 1);
}

static PyObject *
value_of_operand(Rows *rows, PyObject *operand)
{
    return value_of_number(rows, operand, number_of(operand, 0));
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

/* Return whether no item follows that at hand, -1 for an error. The next one is taken from the iterator for that, once,
 * and comes next, whatever becomes of a list in the meantime (P2). */
static int
is_last(Rows *rows, PyObject *part)
{
    if (PyTuple_GET_ITEM(part, 1) != Py_None) {
        const Py_ssize_t place = number_of(part, 1);
        if (place < 0)
            return no_part(part);
        rows->place = place;
    }
    if (rows->after == NULL) {
        rows->after = PyIter_Next(rows->iterator);
        if (rows->after == rows->state->imported[MISSING]) /* which stands for none */
            Py_CLEAR(rows->after);
    }
    return rows->after != NULL ? 0 : PyErr_Occurred() ? -1 : 1;
}

/* Return whether the first of two texts is chosen, -1 for an error. */
static int
is_chosen(Rows *rows, PyObject *part, Py_ssize_t opcode)
{
    if (opcode == OP_FIRST)
        return rows->number == 1;
    if (opcode == OP_LAST)
        return is_last(rows, part);
    PyObject *value = value_of_operand(rows, PyTuple_GET_ITEM(part, 1));
    if (value != NULL && opcode == OP_EQUAL) {
        PyObject *other = value_of_operand(rows, PyTuple_GET_ITEM(part, 2));
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
chosen_of(Rows *rows, PyObject *part, Py_ssize_t opcode)
{
    const Py_ssize_t size = PyTuple_GET_SIZE(part);
    if (opcode == OP_TURN)
        return PyTuple_GET_ITEM(part, 1 + (rows->number - 1) % (size - 1));
    const int chosen = is_chosen(rows, part, opcode);
    return chosen < 0 ? NULL : PyTuple_GET_ITEM(part, chosen ? size - 2 : size - 1);
}

static PyObject *
text_of_operand(Rows *rows, PyObject *operand, Py_ssize_t which)
{
    PyObject *value = PyTuple_GET_SIZE(operand) ? value_of_number(rows, operand, which)
                                                : PyLong_FromSsize_t(rows->number);
    if (value == NULL)
        return NULL;
    PyObject *text = rows->escapes ? text_of(rows->state, value) : PyObject_Str(value); /* (E5) */
    Py_DECREF(value);
    if (text != NULL)
        rows->written += PyUnicode_GET_LENGTH(text);
    return text;
}

/* Return what `~` makes of the values that a part has from its third on (E9). */
static PyObject *
concatenated(Rows *rows, PyObject *part)
{
    PyObject *values[MOST_JOINED], *result = NULL;
    const Py_ssize_t count = PyTuple_GET_SIZE(part) - 2;
    Py_ssize_t filled = 0;
    int plain = 1;
    if (count > MOST_JOINED)
        return no_part(part), NULL;
    for (; filled < count; filled++) {
        values[filled] = value_of_operand(rows, PyTuple_GET_ITEM(part, filled + 2));
        if (values[filled] == NULL)
            break;
        plain = plain && PyUnicode_CheckExact(values[filled]);
    }
    if (filled == count && plain) {
        result = joined(values, count);
    } else if (filled == count) {
        PyObject *all = PyTuple_New(count);
        for (Py_ssize_t at = 0; all != NULL && at < count; at++)
            PyTuple_SET_ITEM(all, at, Py_NewRef(values[at]));
        if (all != NULL)
            result = PyObject_CallOneArg(rows->state->imported[rows->escapes ? MARKUP_JOIN : STR_JOIN], all);
        Py_XDECREF(all);
    }
    while (filled)
        Py_DECREF(values[--filled]);
    return result;
}

static int collect(Rows *rows, PyObject *parts, Texts *texts);

/* Return the next item of the loop at hand. */
static inline PyObject *
next_item(Rows *rows)
{
    PyObject *item = rows->after;
    rows->after = NULL;
    return item ? item : PyIter_Next(rows->iterator);
}

/* Let other threads go on, and whatever they or a signal want to be raised here, with a call in Python (R4). */
static int
take_turns(Rows *rows)
{
    rows->written = 0;
    PyObject *nothing = PyObject_CallNoArgs(rows->state->imported[PAUSE]);
    Py_XDECREF(nothing);
    return nothing ? 0 : -1;
}

/* Have an item, which is taken over, be the value of a number, or both parts of it those of two (P8). */
static int
assign(Rows *rows, PyObject *item, Py_ssize_t first, int pairs, PyObject *part)
{
    if (!pairs)
        return set(rows, first, item, part);
    if (!PyTuple_CheckExact(item) || PyTuple_GET_SIZE(item) != 2)
        Py_SETREF(item, PyObject_CallOneArg(rows->state->imported[PAIR], item));
    const int failed = item == NULL || set(rows, first, Py_NewRef(PyTuple_GET_ITEM(item, 0)), part)
        || set(rows, first + 1, Py_NewRef(PyTuple_GET_ITEM(item, 1)), part);
    Py_XDECREF(item);
    return failed;
}

/* Put the texts of parts for each item: its number, or the first of two when items are pairs, is `first`. With `out`
 * each becomes a string there. */
static int
loop(Rows *rows, PyObject *items, PyObject *part, Py_ssize_t first, int pairs, PyObject *parts, Py_ssize_t place,
     Texts *texts, PyObject *out)
{
    PyObject *const outer = rows->iterator, *const after = rows->after;
    const Py_ssize_t number = rows->number;
    rows->place = place;
    PyObject *iterator = PyObject_GetIter(items), *item; /* (P7) */
    int failed = iterator == NULL;
    rows->iterator = iterator;
    rows->after = NULL;
    rows->number = 0;
    while (!failed && (item = next_item(rows)) != NULL) {
        rows->number++;
        failed = assign(rows, item, first, pairs, part) || collect(rows, parts, texts)
            || (out != NULL && write_row(texts, out));
        if (!failed) {
            rows->place = place;
            rows->written += TURN_COUNTS;
            failed = rows->written >= PATIENCE && take_turns(rows);
        }
    }
    Py_CLEAR(rows->after);
    Py_XDECREF(iterator);
    rows->iterator = outer;
    rows->after = after;
    rows->number = number;
    return failed || PyErr_Occurred() ? -1 : 0;
}

/* Do what a part of a opcode says that is neither a text nor a operand. */
static int
follow(Rows *rows, PyObject *part, Py_ssize_t opcode, Texts *texts)
{
    const Py_ssize_t size = PyTuple_GET_SIZE(part);
    if (-opcode >= (Py_ssize_t)Py_ARRAY_LENGTH(SIZES) || size < SIZES[-opcode]
        || (size > SIZES[-opcode] && !IS_OPEN[-opcode]))
        return no_part(part);
    if (opcode == OP_SET || opcode == OP_CONCAT) {
        const Py_ssize_t which = number_of(part, 1);
        if (which < 0)
            return no_part(part);
        PyObject *value = opcode == OP_SET ? value_of_operand(rows, PyTuple_GET_ITEM(part, 2))
                                         : concatenated(rows, part);
        return set(rows, which, value, part);
    }
    if (Py_EnterRecursiveCall(" in a row"))
        return -1;
    int failed = -1;
    if (opcode == OP_LOOP) {
        const Py_ssize_t place = number_of(part, 1), first = number_of(part, 3);
        PyObject *items = place < 0 || first < 0 ? NULL : value_of_operand(rows, PyTuple_GET_ITEM(part, 2));
        if (items != NULL)
            failed = loop(rows, items, part, first, PyTuple_GET_ITEM(part, 4) == Py_True, PyTuple_GET_ITEM(part, 5),
                          place, texts, NULL);
        else
            no_part(part);
        Py_XDECREF(items);
    } else {
        PyObject *chosen = chosen_of(rows, part, opcode);
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
            failed = push(texts, text_of_operand(rows, part, which));
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

/* Return the error at hand with the place that it came from (R2). */
static PyObject *
located_error(Py_ssize_t place)
{
    PyObject *error = at_hand();
    PyObject *pair = Py_BuildValue("[nO]", place, error);
    Py_XDECREF(error);
    return pair;
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
    if (rows.count > MOST_VALUES) {
        PyErr_Format(PyExc_TypeError, "a row has at most %d values", MOST_VALUES);
        return NULL;
    }
    for (Py_ssize_t at = 6; at < count; at++)
        rows.values[1 + pairs + at - 6] = Py_NewRef(arguments[at]);
    Texts texts;
    texts.all = texts.few;
    texts.count = 0;
    texts.room = (Py_ssize_t)Py_ARRAY_LENGTH(texts.few);
    const int failed = loop(&rows, items, Py_None, 0, pairs, arguments[1], 0, &texts, arguments[0]);
    while (texts.count)
        Py_DECREF(texts.all[--texts.count]);
    if (texts.all != texts.few)
        PyMem_Free(texts.all);
    while (rows.count)
        Py_XDECREF(rows.values[--rows.count]);
    if (!failed)
        Py_RETURN_TRUE;
    return rows.place > 0 ? located_error(rows.place) : NULL;
}
