/* Operands of rows: the values of several, evaluated one behind the other. */

#ifndef BLENDTPL_OPERANDS_H
#define BLENDTPL_OPERANDS_H

#include "rows.h"

enum { FEW = 8 };

/* Values of operands, which are held; there is room for one in front of them, as calls like to have. */
typedef struct {
    PyObject *few[FEW + 1], **all;
    Py_ssize_t count;
} Values;

static inline void
drop(Values *values)
{
    while (values->count)
        Py_DECREF(values->all[--values->count]);
    if (values->all != values->few + 1)
        PyMem_Free(values->all - 1);
}

/* Return a tuple or a list of values, which are handed over. */
static inline PyObject *
made_of(Values *values, int is_list)
{
    PyObject *all = is_list ? PyList_New(values->count) : PyTuple_New(values->count);
    if (all != NULL) {
        for (Py_ssize_t at = 0; at < values->count; at++) {
            if (is_list)
                PyList_SET_ITEM(all, at, values->all[at]);
            else
                PyTuple_SET_ITEM(all, at, values->all[at]);
        }
        values->count = 0;
    }
    drop(values);
    return all;
}

/* Evaluate some operands; where that fails nothing is left of them. */
static inline int
evaluate_all(Run *run, int32_t first, int32_t count, Values *values)
{
    values->all = values->few + 1;
    values->count = 0;
    if (count > FEW) {
        PyObject **all = PyMem_New(PyObject *, (size_t)count + 1);
        if (all == NULL) {
            PyErr_NoMemory();
            return FAILED;
        }
        values->all = all + 1;
    }
    for (; values->count < count; values->count++) {
        PyObject *value = evaluate(run, run->links[first + values->count]);
        if (value == NULL) {
            drop(values);
            return FAILED;
        }
        values->all[values->count] = value;
    }
    return 0;
}

/* Evaluate two operands; where that fails nothing is left of them. */
static inline int
evaluate_both(Run *run, const Node *node, PyObject **first, PyObject **second)
{
    *first = evaluate(run, node->at[0]);
    if (*first == NULL)
        return FAILED;
    *second = evaluate(run, node->at[1]);
    if (*second == NULL) {
        Py_DECREF(*first);
        return FAILED;
    }
    move(run, node->place);
    return 0;
}

#endif
