/* Order filters: those of Jinja2's own that put items in order, where nobody can tell how often they are asked; `filters.c`
 * gives them out.
 *
 * The items are texts or numbers, or dicts of which one such is looked up under a name. Whether all of them are is found
 * out first, and that asks nobody anything: so whatever else there is among them goes on as a whole.
 */

#include "filters.h"

enum { TEXT = 1, WHOLE, REAL }; /* what all keys are */

typedef struct {
    PyObject *key, *item; /* the item is the list's, the key is held */
    union {
        long whole;
        double real;
    } number;
} Entry;

/* What is put in order: a list of one's own, its entries, and room for as many. */
typedef struct {
    PyObject *items;
    Entry *entries;
    Py_ssize_t count;
    int kind;
} Order;

/* Return whether a text is the name of one attribute, rather than a path, several, or a number. */
static int
is_name(PyObject *text)
{
    if (!is_text(text) || !PyUnicode_IS_ASCII(text) || PyUnicode_GET_LENGTH(text) == 0)
        return 0;
    const Py_UCS1 *from = PyUnicode_1BYTE_DATA(text);
    for (Py_ssize_t at = 0; at < PyUnicode_GET_LENGTH(text); at++)
        if (from[at] != '_' && !Py_ISALPHA(from[at]) && !(at && Py_ISDIGIT(from[at])))
            return 0;
    return 1;
}

/* Return what a dict has under a name, `NULL` without an error where it has none; or has keys that may tell of it. */
static PyObject *
looked_up(PyObject *dict, PyObject *name)
{
    PyObject *key, *found = NULL;
    Py_ssize_t at = 0;
    int tells = 0;
    Py_BEGIN_CRITICAL_SECTION(dict);
    while (!tells && PyDict_Next(dict, &at, &key, NULL))
        tells = !is_text(key);
    if (!tells && PyDict_GetItemRef(dict, name, &found) < 0)
        PyErr_Clear();
    Py_END_CRITICAL_SECTION();
    return found;
}

/* Return a text in lower case; it is taken over. */
static PyObject *
folded(State *state, PyObject *text)
{
    const Py_UCS1 *from = PyUnicode_IS_ASCII(text) ? PyUnicode_1BYTE_DATA(text) : NULL;
    Py_ssize_t at = 0;
    while (from != NULL && at < PyUnicode_GET_LENGTH(text) && !Py_ISUPPER(from[at]))
        at++;
    if (from == NULL || at < PyUnicode_GET_LENGTH(text))
        Py_SETREF(text, PyObject_CallMethodNoArgs(text, state->names[LOWER]));
    return text;
}

/* Return of what kind a key is, 0 of any that is not known; its number is noted. */
static int
kind_of(Entry *entry)
{
    if (is_text(entry->key))
        return TEXT;
    if (PyFloat_CheckExact(entry->key)) {
        entry->number.real = PyFloat_AS_DOUBLE(entry->key);
        return entry->number.real == entry->number.real ? REAL : 0; /* what is no number has no place */
    }
    int overflow = 1;
    if (PyLong_CheckExact(entry->key))
        entry->number.whole = PyLong_AsLongAndOverflow(entry->key, &overflow);
    return overflow ? 0 : WHOLE;
}

static void
drop(Order *order)
{
    for (Py_ssize_t at = 0; at < order->count; at++)
        Py_DECREF(order->entries[at].key);
    PyMem_Free(order->entries);
    Py_CLEAR(order->items);
}

/* Have the entries of items, by themselves or by what they have under a name; return whether all are of one kind that is
 * known, with an error at hand or without when they are not. */
static int
gather(State *state, Order *order, PyObject *value, PyObject *name, int folds)
{
    *order = (Order){NULL, NULL, 0, 0};
    if (!PyList_CheckExact(value) && !PyTuple_CheckExact(value))
        return 0;
    if (name == Py_None)
        name = NULL;
    if ((name != NULL && !is_name(name)) || (order->items = PySequence_List(value)) == NULL)
        return 0;
    const Py_ssize_t count = PyList_GET_SIZE(order->items);
    if (count < PY_SSIZE_T_MAX / 2 / (Py_ssize_t)sizeof(Entry))
        order->entries = PyMem_Malloc((size_t)(count ? count : 1) * 2 * sizeof(Entry));
    if (order->entries == NULL)
        PyErr_NoMemory();
    while (order->entries != NULL && order->count < count) {
        Entry *entry = &order->entries[order->count];
        entry->item = PyList_GET_ITEM(order->items, order->count);
        entry->key = name == NULL                 ? Py_NewRef(entry->item)
            : PyDict_CheckExact(entry->item) ? looked_up(entry->item, name)
                                             : NULL;
        if (entry->key != NULL && folds && is_text(entry->key))
            entry->key = folded(state, entry->key);
        if (entry->key == NULL)
            break;
        const int kind = kind_of(entry);
        order->kind = order->count++ == 0 || kind == order->kind ? kind : 0;
        if (order->kind == 0)
            break;
    }
    if (order->entries != NULL && order->count == count && (order->kind || count == 0))
        return 1;
    drop(order);
    return 0;
}

/* Return whether a key is less than another. */
static inline int
is_less(const Entry *entry, const Entry *other, int kind)
{
    if (kind == TEXT)
        return PyUnicode_Compare(entry->key, other->key) < 0;
    return kind == WHOLE ? entry->number.whole < other->number.whole : entry->number.real < other->number.real;
}

/* Merge two runs that are in order, each of which ends where the next one begins. */
static void
merge(const Entry *left, const Entry *middle, const Entry *end, Entry *into, int kind, int backwards)
{
    const Entry *right = middle;
    while (left < middle || right < end) {
        const int takes_right = left == middle
            || (right < end && (backwards ? is_less(left, right, kind) : is_less(right, left, kind)));
        *into++ = takes_right ? *right++ : *left++;
    }
}

/* Put entries in order; those that are alike stay as they are. */
static void
put_in_order(Order *order, int backwards)
{
    Entry *from = order->entries, *into = order->entries + order->count, *other;
    for (Py_ssize_t width = 1; width < order->count; width *= 2) {
        for (Py_ssize_t at = 0; at < order->count; at += 2 * width)
            merge(from + at, from + Py_MIN(at + width, order->count), from + Py_MIN(at + 2 * width, order->count),
                  into + at, order->kind, backwards);
        other = from, from = into, into = other;
    }
    if (from != order->entries)
        memcpy(order->entries, from, (size_t)order->count * sizeof(Entry));
}

static FUNCTION(sort)
{
    static const char *const wanted[] = {"environment", "value", "reverse", "case_sensitive", "attribute", NULL};
    PyObject *given[5];
    Order order;
    if (!placed(arguments, count, names, wanted, given) || given[1] == NULL || flag(given[2]) < 0 || flag(given[3]) < 0)
        return GOES_ON;
    if (!gather(STATE, &order, given[1], given[4], !flag(given[3])))
        return PyErr_Occurred() ? NULL : GOES_ON;
    put_in_order(&order, flag(given[2]));
    PyObject *sorted = PyList_New(order.count);
    for (Py_ssize_t at = 0; sorted != NULL && at < order.count; at++)
        PyList_SET_ITEM(sorted, at, Py_NewRef(order.entries[at].item));
    drop(&order);
    return sorted;
}

/* Return the group of the entries that are like the first of these, which has its name as it stands there. */
static PyObject *
group(PyTypeObject *type, const Entry *entries, Py_ssize_t count, PyObject *name)
{
    PyObject *items = PyList_New(count), *made = items ? type->tp_alloc(type, 2) : NULL;
    for (Py_ssize_t at = 0; items != NULL && at < count; at++)
        PyList_SET_ITEM(items, at, Py_NewRef(entries[at].item));
    PyObject *found = made ? looked_up(entries[0].item, name) : NULL;
    if (found == NULL) {
        Py_XDECREF(made);
        Py_XDECREF(items);
        return NULL;
    }
    PyTuple_SET_ITEM(made, 0, found);
    PyTuple_SET_ITEM(made, 1, items);
    return made;
}

static FUNCTION(groupby)
{
    static const char *const wanted[] = {"environment", "value", "attribute", "default", "case_sensitive", NULL};
    PyObject *given[5];
    Order order;
    if (!placed(arguments, count, names, wanted, given) || given[1] == NULL || given[2] == NULL
        || given[2] == Py_None || flag(given[4]) < 0)
        return GOES_ON;
    if (!gather(STATE, &order, given[1], given[2], !flag(given[4])))
        return PyErr_Occurred() ? NULL : GOES_ON;
    put_in_order(&order, 0);
    PyObject *groups = PyList_New(0);
    for (Py_ssize_t begin = 0, end; groups != NULL && begin < order.count; begin = end) {
        for (end = begin + 1; end < order.count; end++)
            if (is_less(&order.entries[begin], &order.entries[end], order.kind))
                break;
        PyObject *made = group((PyTypeObject *)STATE->imported[GROUP], &order.entries[begin], end - begin, given[2]);
        if (made == NULL || PyList_Append(groups, made) < 0)
            Py_CLEAR(groups);
        Py_XDECREF(made);
    }
    drop(&order);
    return groups != NULL || PyErr_Occurred() ? groups : GOES_ON; /* where others have changed a dict meanwhile */
}

/* Return the first item that is less than all others, or that is more. */
static PyObject *
extreme(PyObject *self, PyObject *const *arguments, Py_ssize_t count, PyObject *names, int most)
{
    static const char *const wanted[] = {"environment", "value", "case_sensitive", "attribute", NULL};
    PyObject *given[4];
    Order order;
    if (!placed(arguments, count, names, wanted, given) || given[1] == NULL || flag(given[2]) < 0)
        return GOES_ON;
    if (!gather(STATE, &order, given[1], given[3], !flag(given[2])))
        return PyErr_Occurred() ? NULL : GOES_ON;
    if (order.count == 0) {
        drop(&order);
        return GOES_ON;
    }
    const Entry *best = order.entries;
    for (const Entry *entry = best + 1; entry < order.entries + order.count; entry++)
        if (most ? is_less(best, entry, order.kind) : is_less(entry, best, order.kind))
            best = entry;
    PyObject *item = Py_NewRef(best->item);
    drop(&order);
    return item;
}

static FUNCTION(max)
{
    return extreme(self, arguments, count, names, 1);
}

static FUNCTION(min)
{
    return extreme(self, arguments, count, names, 0);
}

const Row blendtpl_order_filters[] = {
    {"filter", "groupby", NULL, groupby},
    {"filter", "max", NULL, max},
    {"filter", "min", NULL, min},
    {"filter", "sort", NULL, sort},
    {NULL, NULL, NULL, NULL},
};
