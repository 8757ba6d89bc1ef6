/* Statements of rows: what a body writes. */

#include "rows.h"

/* Put the text of a value, which is taken over. */
static inline int
print_value(Run *run, PyObject *value, int escapes)
{
    if (value == NULL)
        return FAILED;
    PyObject *text = escapes ? text_of(run->state, value) : PyObject_Str(value); /* (E5) */
    Py_DECREF(value);
    if (text == NULL)
        return FAILED;
    run->written += PyUnicode_GET_LENGTH(text);
    return push(&run->texts, text);
}

static int
print_register(Run *run, const Node *node)
{
    move(run, node->place);
    return print_value(run, Py_NewRef(run->values[node->which]), run->escapes);
}

static int
print_field(Run *run, const Node *node)
{
    move(run, node->place);
    PyObject *const arguments[] = {run->undefined, run->values[node->which], node->object};
    PyObject *value = value_of(run->state, arguments, 3, 1);
    if (value != NULL)
        move(run, node->at[0]);
    return print_value(run, value, run->escapes);
}

static int
print_expression(Run *run, const Node *node, int escapes)
{
    PyObject *value = evaluate(run, node->at[0]);
    if (value != NULL)
        move(run, node->place);
    return print_value(run, value, escapes);
}

/* Put the number of the item at hand. */
static int
print_index(Run *run)
{
    char digits[24];
    char *const end = digits + sizeof(digits);
    char *from = end;
    for (Py_ssize_t number = run->loop->number; from == end || number > 0; number /= 10)
        *--from = (char)('0' + number % 10);
    PyObject *text = PyUnicode_New(end - from, 127);
    if (text == NULL)
        return FAILED;
    memcpy(PyUnicode_DATA(text), from, (size_t)(end - from));
    run->written += end - from;
    return push(&run->texts, text);
}

static int
print_text(Run *run, const Node *node)
{
    PyObject *value = evaluate(run, node->at[0]);
    if (value == NULL)
        return FAILED;
    if (!PyUnicode_CheckExact(value)) {
        PyErr_SetString(PyExc_TypeError, "what is printed as a text is none");
        Py_DECREF(value);
        return FAILED;
    }
    run->written += PyUnicode_GET_LENGTH(value);
    return push(&run->texts, value);
}

static int
set(Run *run, const Node *node)
{
    PyObject *value = evaluate(run, node->at[0]);
    if (value == NULL)
        return FAILED;
    Py_SETREF(run->values[node->which], value);
    return 0;
}

static int
evaluate_and_drop(Run *run, const Node *node)
{
    PyObject *value = evaluate(run, node->at[0]);
    Py_XDECREF(value);
    return value ? 0 : FAILED;
}

static int
loop(Run *run, const Node *node)
{
    PyObject *items = evaluate(run, node->at[0]);
    if (items == NULL)
        return FAILED;
    const int ended = blendtpl_loop(run, node, items, NULL);
    Py_DECREF(items);
    return ended;
}

/* Put the texts of a body, or, when it raised `StopIteration`, another in place of them (U4). */
static int
guard(Run *run, const Node *node)
{
    const Py_ssize_t count = run->texts.count;
    Loop *const outer = run->loop;
    if (blendtpl_run(run, node->at[0]) == DONE) {
        move(run, node->place);
        return 0;
    }
    if (!PyErr_ExceptionMatches(PyExc_StopIteration))
        return FAILED;
    PyErr_Clear();
    run->loop = outer;
    drop_texts(&run->texts, count);
    PyObject *value = evaluate(run, node->at[1]);
    if (value != NULL)
        move(run, node->place);
    return print_value(run, value, 0);
}

/* Return the text of a body as a string. */
PyObject *
blendtpl_text_from(Run *run, int32_t body)
{
    const Py_ssize_t count = run->texts.count;
    if (blendtpl_run(run, body) != DONE)
        return NULL;
    PyObject *text = joined(run->texts.all + count, run->texts.count - count);
    drop_texts(&run->texts, count);
    return text;
}

/* Put the texts of a body, which begins at a node; return how that ends. */
int
blendtpl_run(Run *run, int32_t body)
{
    for (const Node *node = run->nodes + body;; node++) {
        int failed = 0, ended;
        switch (node->op) {
        case OP_END: return DONE;
        case OP_WRITE: failed = push(&run->texts, Py_NewRef(node->object)); break;
        case OP_PRINT_VALUE: failed = print_register(run, node); break;
        case OP_PRINT_FIELD: failed = print_field(run, node); break;
        case OP_PRINT_INDEX:
            move(run, node->place);
            failed = print_index(run);
            break;
        case OP_PRINT: failed = print_expression(run, node, run->escapes); break;
        case OP_PRINTSTR: failed = print_expression(run, node, 0); break;
        case OP_PRINTTEXT: failed = print_text(run, node); break;
        case OP_IF:
            failed = blendtpl_condition(run, node->at[0], node->place);
            if (failed < 0)
                return FAILED;
            ended = blendtpl_run(run, node->at[2 - failed]);
            if (ended != DONE)
                return ended;
            failed = 0;
            break;
        case OP_SET: failed = set(run, node); break;
        case OP_DO: failed = evaluate_and_drop(run, node); break;
        case OP_LOOP:
            ended = loop(run, node);
            if (ended != DONE)
                return ended;
            break;
        case OP_BREAK: return BREAKS;
        case OP_CONTINUE: return CONTINUES;
        default: failed = guard(run, node);
        }
        if (failed)
            return FAILED;
    }
}
