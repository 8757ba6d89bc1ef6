/* Lookahead: `Lookahead` of `blendtpl.runtime.lookahead`, which says what it is.
 *
 * A list may change in the loop over it: the item that somebody has asked for comes next all the same. Each answer is
 * given under the lock of the object, for interpreters that have no lock of their own; what the items do in the meantime
 * may let go of it, as it may let other threads go on elsewhere (P2).
 */

#include "module.h"

typedef struct {
    PyObject_HEAD
    PyObject *items, *iterator, *after; /* the last is there when somebody has asked for it */
    PyObject *missing;                  /* what stands for no item */
    Py_ssize_t length;                  /* -1 until somebody asks (P3) */
} Lookahead;

static PyObject *
make(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    PyObject *items;
    if (keywords != NULL && PyDict_GET_SIZE(keywords)) {
        PyErr_SetString(PyExc_TypeError, "Lookahead() takes no keyword arguments");
        return NULL;
    }
    if (!PyArg_UnpackTuple(arguments, "Lookahead", 1, 1, &items))
        return NULL;
    State *state = PyType_GetModuleState(type);
    PyObject *iterator = state ? PyObject_GetIter(items) : NULL;
    Lookahead *self = iterator ? (Lookahead *)type->tp_alloc(type, 0) : NULL;
    if (self == NULL) {
        Py_XDECREF(iterator);
        return NULL;
    }
    self->items = Py_NewRef(items);
    self->iterator = iterator;
    self->missing = Py_NewRef(state->imported[MISSING]);
    self->length = -1;
    return (PyObject *)self;
}

static PyObject *
following(Lookahead *self)
{
    return self->iterator ? PyIter_Next(self->iterator) : NULL;
}

static PyObject *
next_item(Lookahead *self)
{
    PyObject *item;
    Py_BEGIN_CRITICAL_SECTION(self);
    item = self->after;
    self->after = NULL;
    if (item == NULL)
        item = following(self);
    Py_END_CRITICAL_SECTION();
    return item;
}

static PyObject *
last(Lookahead *self, void *unused)
{
    PyObject *answer = NULL;
    int failed = 0;
    Py_BEGIN_CRITICAL_SECTION(self);
    if (self->after == NULL) {
        PyObject *item = following(self);
        failed = item == NULL && PyErr_Occurred();
        if (item == self->missing)
            Py_CLEAR(item);
        if (!failed)
            Py_XSETREF(self->after, item); /* another may have been asked for in the meantime */
    }
    if (!failed)
        answer = Py_NewRef(self->after ? Py_False : Py_True);
    Py_END_CRITICAL_SECTION();
    return answer;
}

static PyObject *
length(Lookahead *self, void *unused)
{
    Py_ssize_t size;
    Py_BEGIN_CRITICAL_SECTION(self);
    if (self->length < 0)
        self->length = PyObject_Size(self->items);
    size = self->length;
    Py_END_CRITICAL_SECTION();
    return size < 0 ? NULL : PyLong_FromSsize_t(size);
}

static int
traverse(Lookahead *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->items);
    Py_VISIT(self->iterator);
    Py_VISIT(self->after);
    return 0;
}

static int
clear(Lookahead *self)
{
    Py_CLEAR(self->items);
    Py_CLEAR(self->iterator);
    Py_CLEAR(self->after);
    return 0;
}

static void
release(Lookahead *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    clear(self);
    Py_CLEAR(self->missing);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyGetSetDef attributes[] = {
    {"last", (getter)last, NULL, NULL, NULL},
    {"length", (getter)length, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, make},
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, next_item},
    {Py_tp_getset, attributes},
    {Py_tp_traverse, traverse},
    {Py_tp_clear, clear},
    {Py_tp_dealloc, release},
    {0, NULL},
};

PyType_Spec blendtpl_lookahead = {
    .name = "blendtpl.runtime._speedups.Lookahead",
    .basicsize = sizeof(Lookahead),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};
