/* What filters and tests in C have in common: how they are given their arguments, and how they go on elsewhere. */

#ifndef BLENDTPL_FILTERS_H
#define BLENDTPL_FILTERS_H

#include "values.h"

typedef PyObject *(*Apply)(PyObject *self, PyObject *const *arguments, Py_ssize_t count, PyObject *names);

/* A function that knows some types, and the one that goes on with all else: an error that Python makes of a call names that
 * one. `method` is a method of `str` that is called, if any. */
typedef struct {
    PyObject_HEAD
    vectorcallfunc call;
    Apply apply;
    PyObject *other, *method;
} Quick;

#define FUNCTION(name) \
    PyObject *name(PyObject *self, PyObject *const *arguments, Py_ssize_t count, PyObject *names)
#define OTHER (((Quick *)self)->other)
#define METHOD (((Quick *)self)->method)
#define GOES_ON PyObject_Vectorcall(OTHER, arguments, (size_t)count, names)
#define STATE ((State *)PyType_GetModuleState(Py_TYPE(self)))
#define GIVEN(number) (count == (number) && names == NULL)

static inline int
is_text(PyObject *value)
{
    return PyUnicode_CheckExact(value);
}

static inline int
is_collection(PyObject *value)
{
    return PyList_CheckExact(value) || PyTuple_CheckExact(value) || PyDict_CheckExact(value);
}

/* Put arguments where Jinja2's function has them, `NULL` where none is given; return whether it has all of them. */
static inline int
placed(PyObject *const *arguments, Py_ssize_t count, PyObject *names, const char *const *wanted, PyObject **found)
{
    Py_ssize_t most = 0;
    for (; wanted[most] != NULL; most++)
        found[most] = most < count ? arguments[most] : NULL;
    if (count > most)
        return 0;
    for (Py_ssize_t at = 0; names != NULL && at < PyTuple_GET_SIZE(names); at++) {
        Py_ssize_t place = 0;
        while (place < most && PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, at), wanted[place]))
            place++;
        if (place == most || found[place] != NULL)
            return 0;
        found[place] = arguments[count + at];
    }
    return 1;
}

/* Return whether a flag is given, -1 where that is not for sure. */
static inline int
flag(PyObject *value)
{
    return value == NULL || value == Py_False ? 0 : value == Py_True ? 1 : -1;
}

/* What there is for a name: of a filter or test. */
typedef struct {
    const char *kind, *name, *method;
    Apply apply;
} Row;

/* The filters of texts, those that order items, and those of anything else; the tests. Each ends with a row of nothing. */
extern const Row blendtpl_text_filters[], blendtpl_order_filters[], blendtpl_filters[], blendtpl_value_tests[];

FUNCTION(blendtpl_text_method);
FUNCTION(blendtpl_attr);

#endif
