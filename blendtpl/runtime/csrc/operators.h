/* Operators: what Python's make of two values, at once for small whole numbers and for texts. */

#ifndef BLENDTPL_OPERATORS_H
#define BLENDTPL_OPERATORS_H

#include "rows.h"

static inline int
is_small(PyObject *value)
{
#if PY_VERSION_HEX < 0x030C0000
    return PyLong_CheckExact(value) && Py_SIZE(value) >= -1 && Py_SIZE(value) <= 1;
#else
    return PyLong_CheckExact(value) && PyUnstable_Long_IsCompact((PyLongObject *)value);
#endif
}

static inline Py_ssize_t
small_value(PyObject *value)
{
#if PY_VERSION_HEX < 0x030C0000
    return Py_SIZE(value) * (Py_ssize_t)((PyLongObject *)value)->ob_digit[0];
#else
    return PyUnstable_Long_CompactValue((PyLongObject *)value);
#endif
}

static inline PyObject *
by_operator(PyObject *a, PyObject *b, int operator)
{
    if (operator <= OPERATOR_MUL && is_small(a) && is_small(b)) {
        const long long first = small_value(a), second = small_value(b);
#if PY_SSIZE_T_MAX > INT32_MAX
        if (operator == OPERATOR_MUL && (first >= INT32_MAX || first <= -INT32_MAX || second >= INT32_MAX || second <= -INT32_MAX))
            return PyNumber_Multiply(a, b);
#endif
        return PyLong_FromLongLong(operator == OPERATOR_ADD   ? first + second
                                   : operator == OPERATOR_SUB ? first - second
                                                              : first * second);
    }
    switch (operator) {
    case OPERATOR_ADD: return PyNumber_Add(a, b);
    case OPERATOR_SUB: return PyNumber_Subtract(a, b);
    case OPERATOR_MUL: return PyNumber_Multiply(a, b);
    case OPERATOR_DIV: return PyNumber_TrueDivide(a, b);
    case OPERATOR_FLOORDIV: return PyNumber_FloorDivide(a, b);
    case OPERATOR_MOD: return PyNumber_Remainder(a, b);
    default: return PyNumber_Power(a, b, Py_None);
    }
}

/* Return whether two exact strings are the same text. */
static inline int
same_text(PyObject *a, PyObject *b)
{
    if (a == b)
        return 1;
    const Py_ssize_t length = PyUnicode_GET_LENGTH(a);
    const int kind = PyUnicode_KIND(a);
    return length == PyUnicode_GET_LENGTH(b) && kind == (int)PyUnicode_KIND(b)
        && memcmp(PyUnicode_DATA(a), PyUnicode_DATA(b), (size_t)length * (size_t)kind) == 0;
}

static inline int
is_so(Py_ssize_t a, Py_ssize_t b, int comparison)
{
    switch (comparison) {
    case COMPARISON_LT: return a < b;
    case COMPARISON_LE: return a <= b;
    case COMPARISON_EQ: return a == b;
    case COMPARISON_NE: return a != b;
    case COMPARISON_GT: return a > b;
    default: return a >= b;
    }
}

/* Compare two values: return 1, 0, FAILED, or, with another object than `True` or `False` in `other`, anything. */
static inline int
compared(PyObject *a, PyObject *b, int comparison, PyObject **other)
{
    if (comparison >= COMPARISON_IN) {
        const int there = PySequence_Contains(b, a);
        return there < 0 ? FAILED : there == (comparison == COMPARISON_IN);
    }
    if (is_small(a) && is_small(b)) {
        const Py_ssize_t first = small_value(a), second = small_value(b);
        return is_so(first, second, comparison);
    }
    if (PyUnicode_CheckExact(a) && PyUnicode_CheckExact(b)
        && (comparison == COMPARISON_EQ || comparison == COMPARISON_NE))
        return same_text(a, b) == (comparison == COMPARISON_EQ);
    PyObject *result = PyObject_RichCompare(a, b, comparison);
    if (result == NULL)
        return FAILED;
    if (PyBool_Check(result)) {
        Py_DECREF(result);
        return result == Py_True;
    }
    *other = result;
    return 0;
}

#endif
