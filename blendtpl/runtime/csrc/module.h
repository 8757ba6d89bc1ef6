/* What all of the module in C stands on. */

#ifndef BLENDTPL_SPEEDUPS_H
#define BLENDTPL_SPEEDUPS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* What is imported once, for whatever is not done here; `module.c` says from where. */
enum { MARKUP, ESCAPE_ANY, NOT_FOUND, NO_KEY, PAIR, PAUSE, FINISH, MARKUP_JOIN, STR_JOIN, MISSING, IMPORTS };

typedef struct {
    PyObject *imported[IMPORTS];
    PyObject *lookahead; /* the type */
} State;

extern PyType_Spec blendtpl_lookahead;

PyObject *blendtpl_rows(PyObject *module, PyObject *const *arguments, Py_ssize_t count);
PyObject *blendtpl_enter_template(PyObject *module, PyObject *const *arguments, Py_ssize_t count);

#endif
