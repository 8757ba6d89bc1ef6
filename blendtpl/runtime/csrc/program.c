/* Programs that stay: each is checked and laid out once, when the code that has it is loaded. */

#include "rows.h"

/* A program that stays: the layout in as much room as it takes, and the objects in it held. It has nothing but texts, and
 * tuples of them, and so is in no circle. */
typedef struct {
    PyObject_HEAD
    Code code;
} Program;

static void
release(Program *self)
{
    PyTypeObject *type = Py_TYPE(self);
    for (Py_ssize_t at = 0; at < self->code.count; at++)
        Py_XDECREF(self->code.nodes[at].object);
    PyMem_Free(self->code.nodes);
    PyMem_Free(self->code.links);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyType_Slot slots[] = {{Py_tp_dealloc, release}, {0, NULL}};

PyType_Spec blendtpl_program = {
    .name = "blendtpl.runtime._speedups.Program",
    .basicsize = sizeof(Program),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots,
};

const Code *
blendtpl_code_of(State *state, PyObject *program)
{
    return (PyObject *)Py_TYPE(program) == state->program ? &((Program *)program)->code : NULL;
}

/* Raise what is wrong with a program. */
PyObject *
blendtpl_refuse(State *state, PyObject *program)
{
    PyObject *registers = PyObject_CallOneArg(state->imported[CHECK], program);
    Py_XDECREF(registers);
    if (registers != NULL)
        PyErr_SetString(PyExc_TypeError, "these are no rows");
    return NULL;
}

/* Return a program, checked and laid out once for all its runs. */
PyObject *
blendtpl_prepared(PyObject *module, PyObject *program)
{
    State *state = PyModule_GetState(module);
    PyTypeObject *type = (PyTypeObject *)state->program;
    Layout layout;
    Program *self = NULL;
    const int failed = blendtpl_lay_out(&layout, program);
    if (failed)
        blendtpl_forget(&layout);
    if (failed)
        return failed == FAILED ? NULL : blendtpl_refuse(state, program);
    Node *nodes = PyMem_New(Node, (size_t)layout.code.count);
    int32_t *links = PyMem_New(int32_t, (size_t)layout.code.link_count);
    if (nodes != NULL && links != NULL)
        self = (Program *)type->tp_alloc(type, 0);
    else
        PyErr_NoMemory();
    if (self != NULL) {
        self->code = layout.code;
        self->code.nodes = memcpy(nodes, layout.code.nodes, (size_t)layout.code.count * sizeof(Node));
        self->code.links = memcpy(links, layout.code.links, (size_t)layout.code.link_count * sizeof(int32_t));
        for (Py_ssize_t at = 0; at < layout.code.count; at++)
            Py_XINCREF(nodes[at].object);
    } else {
        PyMem_Free(nodes);
        PyMem_Free(links);
    }
    blendtpl_forget(&layout);
    return (PyObject *)self;
}
