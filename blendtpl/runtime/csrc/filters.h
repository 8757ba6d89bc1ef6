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
