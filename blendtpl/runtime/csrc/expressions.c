/* Expressions of rows: what an operation that has a value gives, and whether one holds.
 *
 * Operands are evaluated strictly from left to right, and what they bring along runs once (L7).
 */

#include "operands.h"
#include "operators.h"

static inline PyObject *
field(Run *run, const Node *node)
{
    const int held = !IS_REGISTER(node->at[0]);
    PyObject *value = held ? blendtpl_evaluate(run, run->nodes + node->at[0]) : run->values[REGISTER(node->at[0])];
    if (value == NULL)
        return NULL;
    move(run, node->place);
    PyObject *const arguments[] = {run->undefined, value, node->object};
    PyObject *result = value_of(run->state, arguments, 3, node->op == OP_ATTR);
    if (held)
        Py_DECREF(value);
    return result;
}

/* Return the item of a dict, a list or a tuple, as `blendtpl.runtime.items.subscript` does (L5), which goes on with
 * whatever is none of these, or not there. */
static PyObject *
item_of(Run *run, PyObject *value, PyObject *key)
{
    PyObject *result = NULL, *error = NULL;
    const int number = is_small(key);
    if (PyDict_CheckExact(value) && (number || PyUnicode_CheckExact(key))) {
        const int there = PyDict_GetItemRef(value, key, &result);
        if (there > 0 || (there < 0 && !says_none()))
            return result;
        error = there < 0 ? raised_inside() : NULL;
    } else if (number && (PyList_CheckExact(value) || PyTuple_CheckExact(value))) {
        Py_ssize_t at = small_value(key);
        const Py_ssize_t size = PyList_CheckExact(value) ? PyList_GET_SIZE(value) : PyTuple_GET_SIZE(value);
        at += at < 0 ? size : 0;
        if (at >= 0 && at < size)
            result = PyList_CheckExact(value) ? PyList_GetItemRef(value, at) : Py_NewRef(PyTuple_GET_ITEM(value, at));
        if (result != NULL)
            return result;
        PyErr_Clear(); /* of a list that another thread made shorter */
    } else {
        return blendtpl_item(run->state, run->undefined, value, key);
    }
    return blendtpl_no_item(run->state, run->undefined, value, key, error);
}

static PyObject *
item(Run *run, const Node *node)
{
    PyObject *value, *key;
    if (evaluate_both(run, node, &value, &key))
        return NULL;
    PyObject *result = item_of(run, value, key);
    Py_DECREF(value);
    Py_DECREF(key);
    return result;
}

static PyObject *
sliced(Run *run, const Node *node)
{
    PyObject *values[4] = {NULL, NULL, NULL, NULL}, *result = NULL, *slice;
    int at = 0;
    for (; at < 4; at++) {
        values[at] = node->at[at] == NO_OPERAND ? Py_NewRef(Py_None) : evaluate(run, node->at[at]);
        if (values[at] == NULL)
            break;
    }
    if (at == 4) {
        move(run, node->place);
        slice = PySlice_New(values[1], values[2], values[3]);
        result = slice ? PyObject_GetItem(values[0], slice) : NULL;
        Py_XDECREF(slice);
    }
    while (at)
        Py_DECREF(values[--at]);
    return result;
}

static PyObject *
called(Run *run, const Node *node)
{
    PyObject *function = evaluate(run, node->at[0]), *result;
    Values values;
    if (function == NULL)
        return NULL;
    if (evaluate_all(run, node->at[1], node->at[2], &values)) {
        Py_DECREF(function);
        return NULL;
    }
    move(run, node->place);
    const Py_ssize_t named = node->object ? PyTuple_GET_SIZE(node->object) : 0;
    const size_t count = (size_t)(values.count - named) | PY_VECTORCALL_ARGUMENTS_OFFSET;
    result = PyObject_Vectorcall(function, values.all, count, node->object);
    drop(&values);
    Py_DECREF(function);
    return result;
}

static PyObject *
binary(Run *run, const Node *node)
{
    PyObject *a, *b;
    if (evaluate_both(run, node, &a, &b))
        return NULL;
    PyObject *result = by_operator(a, b, node->which);
    Py_DECREF(a);
    Py_DECREF(b);
    return result;
}

static PyObject *
unary(Run *run, const Node *node)
{
    PyObject *value = evaluate(run, node->at[0]);
    if (value == NULL)
        return NULL;
    move(run, node->place);
    Py_SETREF(value, node->which == OPERATOR_NEG ? PyNumber_Negative(value) : PyNumber_Positive(value));
    return value;
}

static int
compare(Run *run, const Node *node, PyObject **other)
{
    PyObject *a, *b;
    if (evaluate_both(run, node, &a, &b))
        return FAILED;
    const int result = compared(a, b, node->which, other);
    Py_DECREF(a);
    Py_DECREF(b);
    return result;
}

/* Return the value of an operand, and whether that is known to hold: -1 where nobody has asked. */
static PyObject *
junction(Run *run, Operand operand, int *known)
{
    const Node *node = IS_REGISTER(operand) ? NULL : run->nodes + operand;
    *known = -1;
    if (node == NULL || (node->op != OP_AND && node->op != OP_OR))
        return evaluate(run, operand);
    PyObject *value = junction(run, node->at[0], known);
    if (value == NULL)
        return NULL;
    move(run, node->place);
    if (*known < 0)
        *known = PyObject_IsTrue(value);
    if (*known == (node->op == OP_OR))
        return value;
    Py_DECREF(value);
    return *known < 0 ? NULL : junction(run, node->at[1], known);
}

/* Return whether what an operand gives holds, as Python asks in a condition; -1 for an error. */
int
blendtpl_condition(Run *run, Operand operand, int32_t place)
{
    if (IS_REGISTER(operand)) {
        move(run, place);
        return PyObject_IsTrue(run->values[REGISTER(operand)]);
    }
    const Node *node = run->nodes + operand;
    PyObject *value = NULL;
    int holds;
    switch (node->op) {
    case OP_NOT:
        holds = blendtpl_condition(run, node->at[0], node->place);
        move(run, place);
        return holds < 0 ? FAILED : !holds;
    case OP_AND:
    case OP_OR:
        holds = blendtpl_condition(run, node->at[0], node->place);
        if (holds < 0 || holds == (node->op == OP_OR))
            return holds;
        return blendtpl_condition(run, node->at[1], place);
    case OP_CHOOSE:
        holds = blendtpl_condition(run, node->at[0], node->place);
        return holds < 0 ? FAILED : blendtpl_condition(run, node->at[2 - holds], place);
    case OP_COUNTER:
        if (node->which != COUNTER_FIRST) {
            value = blendtpl_counter(run, node);
            break;
        }
        move(run, place);
        return run->loop->number == 1;
    case OP_LAST:
        move(run, node->place);
        holds = blendtpl_peek(run);
        if (holds >= 0)
            move(run, place);
        return holds < 0 ? FAILED : !holds;
    case OP_COMPARE:
        holds = compare(run, node, &value);
        if (holds < 0 || value == NULL) {
            if (holds >= 0)
                move(run, place);
            return holds;
        }
        break;
    case OP_ATTR: value = field(run, node); break;
    default: value = blendtpl_evaluate(run, node);
    }
    if (value == NULL)
        return FAILED;
    move(run, place);
    if (PyBool_Check(value)) {
        Py_DECREF(value);
        return value == Py_True;
    }
    holds = PyObject_IsTrue(value);
    Py_DECREF(value);
    return holds;
}

/* Have all values be texts, escaped as markup is where that is wanted. */
static int
make_texts(State *state, Values *values, int escapes)
{
    for (Py_ssize_t at = 0; at < values->count; at++) {
        PyObject *text = escapes ? text_of(state, values->all[at]) : PyObject_Str(values->all[at]);
        if (text == NULL)
            return FAILED;
        Py_SETREF(values->all[at], text);
    }
    return 0;
}

/* Return what `~` makes of some values (E9). */
static PyObject *
concatenated(Run *run, const Node *node)
{
    State *state = run->state;
    Values values;
    if (evaluate_all(run, node->at[0], node->at[1], &values))
        return NULL;
    move(run, node->place);
    PyObject *result;
    int plain = 1, any_markup = 0, all_texts = 1;
    for (Py_ssize_t at = 0; plain && at < values.count; at++) {
        const int markup = (PyObject *)Py_TYPE(values.all[at]) == state->imported[MARKUP];
        const int text = PyUnicode_CheckExact(values.all[at]);
        plain = text || markup || is_simple(values.all[at]);
        any_markup |= markup;
        all_texts &= text;
    }
    if (plain) {
        any_markup &= run->escapes;
        const int failed = all_texts ? 0 : make_texts(state, &values, any_markup);
        result = failed ? NULL : joined(values.all, values.count);
        drop(&values);
        return any_markup ? markup_of(state, result) : result;
    }
    PyObject *all = made_of(&values, 1);
    result = all ? PyObject_CallOneArg(state->imported[run->escapes ? MARKUP_JOIN : STR_JOIN], all) : NULL;
    Py_XDECREF(all);
    return result;
}

static PyObject *
changed(Run *run, const Node *node)
{
    Values values;
    Loop *loop = run->loop;
    if (evaluate_all(run, node->at[0], node->at[1], &values))
        return NULL;
    move(run, node->place);
    PyObject *all = made_of(&values, 0);
    if (all == NULL)
        return NULL;
    PyObject *before = Py_XNewRef(loop->changed);
    const int differs = before ? PyObject_RichCompareBool(before, all, Py_NE) : 1;
    Py_XDECREF(before);
    if (differs > 0)
        Py_XSETREF(loop->changed, Py_NewRef(all));
    Py_DECREF(all);
    if (differs < 0 && PyErr_ExceptionMatches(PyExc_StopIteration))
        return handling(run->state->imported[STOPPED], &run->undefined, 1); /* (U4) */
    return differs < 0 ? NULL : PyBool_FromLong(differs);
}

static PyObject *
collected(Run *run, const Node *node)
{
    Values values;
    if (evaluate_all(run, node->at[0], node->at[1], &values))
        return NULL;
    if (node->op != OP_CYCLE)
        return made_of(&values, node->op == OP_LIST);
    PyObject *value = Py_NewRef(values.all[(run->loop->number - 1) % values.count]);
    drop(&values);
    return value;
}

static PyObject *
dict_of(Run *run, const Node *node)
{
    Values values;
    if (evaluate_all(run, node->at[0], node->at[1], &values))
        return NULL;
    move(run, node->place);
    PyObject *dict = PyDict_New();
    for (Py_ssize_t at = 0; dict != NULL && at < values.count; at += 2)
        if (PyDict_SetItem(dict, values.all[at], values.all[at + 1]))
            Py_CLEAR(dict);
    drop(&values);
    return dict;
}

/* Return a value, or, when that raised `StopIteration`, another in place of it (U4). */
static PyObject *
guarded(Run *run, const Node *node)
{
    const Py_ssize_t count = run->texts.count;
    Loop *const outer = run->loop;
    PyObject *value = evaluate(run, node->at[0]);
    if (value != NULL || !PyErr_ExceptionMatches(PyExc_StopIteration))
        return value;
    PyErr_Clear();
    run->loop = outer;
    drop_texts(&run->texts, count);
    return evaluate(run, node->at[1]);
}

static PyObject *
chosen(Run *run, const Node *node)
{
    const int holds = blendtpl_condition(run, node->at[0], node->place);
    return holds < 0 ? NULL : evaluate(run, node->at[2 - holds]);
}

static PyObject *
checked(Run *run, const Node *node)
{
    PyObject *value = run->values[node->which];
    if (value != run->state->imported[MISSING])
        return Py_NewRef(value);
    PyObject *const arguments[] = {node->object};
    return PyObject_Vectorcall(run->undefined, arguments, 0, run->state->name); /* (U1) */
}

static PyObject *
marked(Run *run, const Node *node)
{
    PyObject *text = blendtpl_text_from(run, node->at[0]);
    return markup_of(run->state, text);
}

static PyObject *
comparison(Run *run, const Node *node)
{
    PyObject *other = NULL;
    const int holds = compare(run, node, &other);
    return other || holds < 0 ? other : PyBool_FromLong(holds);
}

/* Return a value, or what a function makes of one that may be to be awaited. */
static PyObject *
awaited(Run *run, const Node *node)
{
    PyObject *value = evaluate(run, node->at[1]);
    if (value == NULL || !may_be_awaited(value))
        return value;
    move(run, node->place);
    PyObject *function = evaluate(run, node->at[0]);
    if (function != NULL)
        Py_SETREF(value, PyObject_CallOneArg(function, value));
    else
        Py_CLEAR(value);
    Py_XDECREF(function);
    return value;
}

PyObject *
blendtpl_evaluate(Run *run, const Node *node)
{
    int holds;
    switch (node->op) {
    case OP_ATTR:
    case OP_METHOD: return field(run, node);
    case OP_ITEM: return item(run, node);
    case OP_CALL:
    case OP_CALLKW: return called(run, node);
    case OP_BINARY: return binary(run, node);
    case OP_UNARY: return unary(run, node);
    case OP_COMPARE: return comparison(run, node);
    case OP_NOT:
        holds = blendtpl_condition(run, node->at[0], node->place);
        return holds < 0 ? NULL : PyBool_FromLong(!holds);
    case OP_AND:
    case OP_OR: return junction(run, (Operand)(node - run->nodes), &holds);
    case OP_CHOOSE: return chosen(run, node);
    case OP_CONCAT: return concatenated(run, node);
    case OP_COUNTER: return blendtpl_counter(run, node);
    case OP_CHANGED: return changed(run, node);
    case OP_CYCLE_PLAIN:
        return evaluate(run, run->links[node->at[0] + (run->loop->number - 1) % node->at[1]]);
    case OP_CYCLE:
    case OP_TUPLE:
    case OP_LIST: return collected(run, node);
    case OP_SLICE: return sliced(run, node);
    case OP_CHECKED: return checked(run, node);
    case OP_TEXT: return blendtpl_text_from(run, node->at[0]);
    case OP_MARKUP: return marked(run, node);
    case OP_DICT: return dict_of(run, node);
    case OP_GUARDED: return guarded(run, node);
    case OP_BEHIND: return blendtpl_run(run, node->at[0]) == DONE ? evaluate(run, node->at[1]) : NULL;
    case OP_AWAIT: return awaited(run, node);
    case OP_CONSTANT: return Py_NewRef(node->object);
    default: return blendtpl_ahead(run, node);
    }
}
