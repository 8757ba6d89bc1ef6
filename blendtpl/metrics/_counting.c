/* A function that is called as before, and counts its calls: `blendtpl.metrics.counting.counted` in C. A render of some
 * microseconds is to be counted in a small part of one, and without an entry in the traceback of what it raises. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <structmember.h>
#include <time.h>

enum { CALLS, CHARACTERS, SECONDS, ERRORS, FIGURES }; /* as in Python */

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    PyObject *function;
    Py_buffer row;
    double *numbers; /* the first of those in the row that are its own */
} Counted;

static double
now(void)
{
    struct timespec found;
    clock_gettime(CLOCK_MONOTONIC, &found);
    return (double)found.tv_sec + (double)found.tv_nsec * 1e-9;
}

/* Other processes read the number meanwhile: it is written at once. Other threads write it where there is no lock of the
 * interpreter. */
static void
add(double *number, double more)
{
#ifdef Py_GIL_DISABLED
    uint64_t seen, wanted;
    double sum;
    seen = __atomic_load_n((uint64_t *)number, __ATOMIC_RELAXED);
    do {
        memcpy(&sum, &seen, sizeof sum);
        sum += more;
        memcpy(&wanted, &sum, sizeof sum);
    } while (!__atomic_compare_exchange_n(
        (uint64_t *)number, &seen, wanted, 1, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
#else
    *(volatile double *)number += more;
#endif
}

static Py_ssize_t
length(PyObject *result)
{
    Py_ssize_t sum = 0;
    if (PyUnicode_CheckExact(result)) {
        return PyUnicode_GET_LENGTH(result);
    }
    if (PyTuple_CheckExact(result)) {
        for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(result); at++) {
            PyObject *text = PyTuple_GET_ITEM(result, at);
            sum += PyUnicode_CheckExact(text) ? PyUnicode_GET_LENGTH(text) : 0;
        }
    }
    return sum;
}

static PyObject *
call(PyObject *self, PyObject *const *given, size_t count, PyObject *names)
{
    Counted *counted = (Counted *)self;
    double begun = now();
    PyObject *result = PyObject_Vectorcall(counted->function, given, count, names);
    double took = now() - begun;
    add(counted->numbers + CALLS, 1.0);
    add(counted->numbers + SECONDS, took);
    if (result == NULL) {
        add(counted->numbers + ERRORS, 1.0);
    }
    else {
        add(counted->numbers + CHARACTERS, (double)length(result));
    }
    return result;
}

static PyObject *
make(PyTypeObject *type, PyObject *given, PyObject *names)
{
    PyObject *function, *row;
    Py_ssize_t at;
    if (names != NULL && PyDict_GET_SIZE(names) != 0) {
        PyErr_SetString(PyExc_TypeError, "counted() takes no keyword arguments");
        return NULL;
    }
    if (!PyArg_ParseTuple(given, "OOn:counted", &function, &row, &at)) {
        return NULL;
    }
    Counted *counted = (Counted *)type->tp_alloc(type, 0);
    if (counted == NULL) {
        return NULL;
    }
    if (PyObject_GetBuffer(row, &counted->row, PyBUF_WRITABLE | PyBUF_FORMAT | PyBUF_ND) < 0) {
        Py_DECREF(counted);
        return NULL;
    }
    if (counted->row.format == NULL || strcmp(counted->row.format, "d") != 0 || at < 0
        || at > counted->row.len / (Py_ssize_t)sizeof(double) - FIGURES) {
        PyErr_SetString(PyExc_ValueError, "it is counted in a row of doubles, which must have as many");
        Py_DECREF(counted);
        return NULL;
    }
    counted->vectorcall = call;
    counted->function = Py_NewRef(function);
    counted->numbers = (double *)counted->row.buf + at;
    return (PyObject *)counted;
}

static int
traverse(PyObject *self, visitproc visit, void *arg)
{
    Counted *counted = (Counted *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(counted->function);
    return 0; /* not the row: a memoryview refers to nothing that could come back here, and the collector must not clear
                 one that is in use */
}

static int
clear(PyObject *self)
{
    Py_CLEAR(((Counted *)self)->function);
    return 0;
}

static void
dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    clear(self);
    PyBuffer_Release(&((Counted *)self)->row);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Counted, vectorcall), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot type_slots[] = {
    {Py_tp_new, make},
    {Py_tp_call, PyVectorcall_Call},
    {Py_tp_traverse, traverse},
    {Py_tp_clear, clear},
    {Py_tp_dealloc, dealloc},
    {Py_tp_members, members},
    {0, NULL},
};

static PyType_Spec type_spec = {
    .name = "blendtpl.metrics._counting.counted",
    .basicsize = sizeof(Counted),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = type_slots,
};

static int
execute(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &type_spec, NULL);
    int done = type == NULL ? -1 : PyModule_AddObjectRef(module, "counted", type);
    Py_XDECREF(type);
    return done;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, execute},
#if PY_VERSION_HEX >= 0x030C0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#if PY_VERSION_HEX >= 0x030D0000
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "blendtpl.metrics._counting",
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit__counting(void)
{
    return PyModuleDef_Init(&definition);
}
