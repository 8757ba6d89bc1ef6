/* Texts: pieces of a row that are put one behind the other, and become one string. */

#ifndef BLENDTPL_TEXTS_H
#define BLENDTPL_TEXTS_H

#include "module.h"

/* Texts, which are held. */
typedef struct {
    PyObject *few[64], **all;
    Py_ssize_t count, room;
    Octets octets; /* rows that are UTF-8 already */
} Texts;

static inline int
grow(Texts *texts)
{
    PyObject **all = PyMem_New(PyObject *, (size_t)texts->room * 2);
    if (all == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    memcpy(all, texts->all, (size_t)texts->count * sizeof(PyObject *));
    if (texts->all != texts->few)
        PyMem_Free(texts->all);
    texts->all = all;
    texts->room *= 2;
    return 0;
}

/* Put a text, which is taken over, behind those that are there. */
static inline int
push(Texts *texts, PyObject *text)
{
    if (text == NULL)
        return -1;
    if (texts->count == texts->room && grow(texts) < 0) {
        Py_DECREF(text);
        return -1;
    }
    texts->all[texts->count++] = text;
    return 0;
}

/* Return a string of some texts. */
static inline PyObject *
joined(PyObject *const *texts, Py_ssize_t count)
{
    Py_ssize_t length = 0, at = 0;
    Py_UCS4 widest = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        const Py_UCS4 character = PyUnicode_MAX_CHAR_VALUE(texts[i]);
        widest = character > widest ? character : widest;
        if (PyUnicode_GET_LENGTH(texts[i]) > PY_SSIZE_T_MAX - length)
            return PyErr_NoMemory();
        length += PyUnicode_GET_LENGTH(texts[i]);
    }
    PyObject *result = PyUnicode_New(length, widest);
    if (result == NULL)
        return NULL;
    const int kind = PyUnicode_KIND(result);
    for (Py_ssize_t i = 0; i < count; i++) {
        const Py_ssize_t more = PyUnicode_GET_LENGTH(texts[i]);
        if (PyUnicode_KIND(texts[i]) == kind) {
            memcpy((char *)PyUnicode_DATA(result) + at * kind, PyUnicode_DATA(texts[i]), (size_t)(more * kind));
        } else if (PyUnicode_CopyCharacters(result, at, texts[i], 0, more) < 0) {
            Py_DECREF(result);
            return NULL;
        }
        at += more;
    }
    return result;
}

/* Append what was put there as one string to a list, and forget it; or put it behind the UTF-8 of other rows, which
 * `blendtpl_flush` appends in the end, where the list takes that. */
static inline int
write_row(Texts *texts, PyObject *out)
{
    int written = blendtpl_put_utf8(&texts->octets, texts->all, texts->count, out);
    if (written == 0) {
        PyObject *row = texts->count == 1 ? Py_NewRef(texts->all[0]) : joined(texts->all, texts->count);
        written = row != NULL && PyList_Append(out, row) == 0 ? 1 : -1;
        Py_XDECREF(row);
    }
    while (texts->count)
        Py_DECREF(texts->all[--texts->count]);
    return written < 0 ? -1 : 0;
}

#endif
