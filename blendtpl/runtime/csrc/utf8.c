/* UTF-8: texts, and pieces of them, as bytes that are allocated once.
 *
 * A piece is a text, or bytes, which are UTF-8 already. A list of output that becomes bytes begins with such, which tells
 * whoever appends to it that others may follow.
 */

#include "utf8_vectors.h"

/* What takes no more than this many bytes is written where it needs no allocation, and then copied. */
enum { SMALL = 1024 };

/* How many bytes are allocated at once for rows, which are an item of a list then. */
enum { CHUNK = 1 << 14 };

/* Return the UTF-8 that a piece has at hand, and how long that is; NULL when it has none. */
static inline const char *
found_utf8(PyObject *piece, Py_ssize_t *length)
{
    if (PyUnicode_Check(piece))
        return utf8_at_hand(piece, length);
    *length = PyBytes_GET_SIZE(piece);
    return PyBytes_AS_STRING(piece);
}

/* Return how many bytes pieces take at most, with what is written over if that is not what they take; -1 without an error
 * where one is neither text nor UTF-8, and with one where they are too many. */
static Py_ssize_t
bound_of(PyObject *const *pieces, Py_ssize_t count)
{
    Py_ssize_t bound = 0, slack = 0, more;
    for (Py_ssize_t at = 0; at < count; at++) {
        PyObject *piece = pieces[at];
        if (!PyUnicode_Check(piece) && !PyBytes_CheckExact(piece))
            return -1;
        if (found_utf8(piece, &more) == NULL) {
            /* a character of one byte takes two, one of two bytes three, and one of four four */
            const Py_ssize_t each = PyUnicode_KIND(piece) + (PyUnicode_KIND(piece) < PyUnicode_4BYTE_KIND);
            more = PyUnicode_GET_LENGTH(piece);
            more = more > PY_SSIZE_T_MAX / each ? PY_SSIZE_T_MAX : more * each;
            slack = UTF8_SLACK;
        }
        if (more > PY_SSIZE_T_MAX - UTF8_SLACK - bound) {
            PyErr_NoMemory();
            return -1;
        }
        bound += more;
    }
    return bound + slack;
}

static inline char *
write_text(char *to, PyObject *text, int by_vectors)
{
    const int kind = PyUnicode_KIND(text);
    const char *from = PyUnicode_DATA(text), *end = from + PyUnicode_GET_LENGTH(text) * kind;
    switch (kind) {
    case PyUnicode_1BYTE_KIND:
        return (by_vectors ? write_ucs1_by_vectors : write_ucs1_by_words)(to, (Py_UCS1 *)from, (Py_UCS1 *)end);
    case PyUnicode_2BYTE_KIND:
        return (by_vectors ? write_ucs2_by_vectors : write_ucs2_by_words)(to, (Py_UCS2 *)from, (Py_UCS2 *)end);
    default:
        return (by_vectors ? write_ucs4_by_vectors : write_ucs4_by_words)(to, (Py_UCS4 *)from, (Py_UCS4 *)end);
    }
}

/* Write pieces, and return where that ends; NULL for half of a surrogate pair, which UTF-8 has not. */
static char *
write_pieces(char *to, PyObject *const *pieces, Py_ssize_t count)
{
    const int by_vectors = BLENDTPL_VECTORS;
    for (Py_ssize_t at = 0; to != NULL && at < count; at++) {
        Py_ssize_t length;
        const char *found = found_utf8(pieces[at], &length);
        if (found != NULL) {
            memcpy(to, found, (size_t)length);
            to += length;
        } else {
            to = write_text(to, pieces[at], by_vectors);
        }
    }
    return to;
}

/* Return pieces one behind the other; NULL without an error where one is no piece, or has half of a surrogate pair in it.
 * Nothing else runs in between. */
PyObject *
blendtpl_utf8_of(PyObject *const *pieces, Py_ssize_t count)
{
    const Py_ssize_t bound = bound_of(pieces, count);
    if (bound < 0)
        return NULL;
    if (bound <= SMALL) {
        char few[SMALL], *end = write_pieces(few, pieces, count);
        return end == NULL ? NULL : PyBytes_FromStringAndSize(few, end - few);
    }
    PyObject *result = PyBytes_FromStringAndSize(NULL, bound);
    if (result == NULL)
        return NULL;
    char *start = PyBytes_AS_STRING(result), *end = write_pieces(start, pieces, count);
    if (end == NULL)
        Py_CLEAR(result);
    else if (end - start < bound)
        _PyBytes_Resize(&result, end - start);
    return result;
}

/* Append what there is to a list. */
int
blendtpl_flush(Octets *octets, PyObject *out)
{
    PyObject *bytes = octets->bytes;
    octets->bytes = NULL;
    if (octets->size == 0) {
        Py_XDECREF(bytes);
        return 0;
    }
    if (bytes == NULL)
        bytes = PyBytes_FromStringAndSize(octets->few, octets->size);
    else
        _PyBytes_Resize(&bytes, octets->size);
    octets->size = 0;
    const int failed = bytes == NULL || PyList_Append(out, bytes) < 0;
    Py_XDECREF(bytes);
    return failed ? -1 : 0;
}

/* Return where to write so many bytes more, NULL for an error. */
static char *
room_for(Octets *octets, Py_ssize_t most, PyObject *out)
{
    const Py_ssize_t room = octets->bytes ? PyBytes_GET_SIZE(octets->bytes) : (Py_ssize_t)sizeof(octets->few);
    if (room - octets->size < most) {
        if (blendtpl_flush(octets, out) < 0)
            return NULL;
        octets->bytes = PyBytes_FromStringAndSize(NULL, most < CHUNK ? CHUNK : most);
        if (octets->bytes == NULL)
            return NULL;
    }
    return (octets->bytes ? PyBytes_AS_STRING(octets->bytes) : octets->few) + octets->size;
}

/* Put pieces behind what there is. Return 1 when that is done, -1 for an error, and 0 when they have to be appended to the
 * list as a text: because it does not become bytes, or they cannot be any. */
int
blendtpl_put_utf8(Octets *octets, PyObject *const *pieces, Py_ssize_t count, PyObject *out)
{
    if (PyList_GET_SIZE(out) == 0 || !PyBytes_CheckExact(PyList_GET_ITEM(out, 0)))
        return 0;
    const Py_ssize_t bound = bound_of(pieces, count);
    if (bound < 0)
        return PyErr_Occurred() ? -1 : 0;
    char *start = room_for(octets, bound, out), *end = start ? write_pieces(start, pieces, count) : NULL;
    if (start == NULL || (end == NULL && blendtpl_flush(octets, out) < 0))
        return -1;
    octets->size += end ? end - start : 0;
    return end != NULL;
}

PyObject *
blendtpl_utf8(PyObject *module, PyObject *text)
{
    if (!PyUnicode_Check(text)) /* what an environment joins in a way of its own may be anything */
        return PyObject_CallMethod(text, "encode", NULL);
    PyObject *result = blendtpl_utf8_of(&text, 1);
    return result != NULL || PyErr_Occurred() ? result : PyUnicode_AsUTF8String(text); /* which says what is wrong */
}

/* Return the text of pieces, for which what is UTF-8 becomes text again. */
static PyObject *
text_of_pieces(PyObject *pieces)
{
    PyObject *texts = PyList_GetSlice(pieces, 0, PyList_GET_SIZE(pieces)), *nothing = NULL, *result = NULL;
    for (Py_ssize_t at = 0; texts != NULL && at < PyList_GET_SIZE(texts); at++) {
        PyObject *piece = PyList_GET_ITEM(texts, at);
        if (!PyBytes_CheckExact(piece))
            continue;
        Py_ssize_t length;
        const char *found = found_utf8(piece, &length);
        PyObject *text = PyUnicode_DecodeUTF8(found, length, NULL);
        if (text == NULL)
            Py_CLEAR(texts);
        else
            PyList_SetItem(texts, at, text);
    }
    if (texts != NULL && (nothing = PyUnicode_New(0, 0)) != NULL)
        result = PyUnicode_Join(nothing, texts);
    Py_XDECREF(nothing);
    Py_XDECREF(texts);
    return result;
}

/* Return a list for output that becomes bytes. */
PyObject *
blendtpl_new_pieces(void)
{
    PyObject *pieces = PyList_New(1), *nothing = PyBytes_FromStringAndSize(NULL, 0);
    if (pieces == NULL || nothing == NULL) {
        Py_XDECREF(pieces);
        Py_XDECREF(nothing);
        return NULL;
    }
    PyList_SET_ITEM(pieces, 0, nothing);
    return pieces;
}

PyObject *
blendtpl_joined_utf8(PyObject *module, PyObject *pieces)
{
    if (!PyList_CheckExact(pieces))
        return PyErr_Format(PyExc_TypeError, "a list of pieces is wanted, not %R", pieces);
    PyObject *result;
    Py_BEGIN_CRITICAL_SECTION(pieces);
    result = blendtpl_utf8_of(((PyListObject *)pieces)->ob_item, PyList_GET_SIZE(pieces));
    Py_END_CRITICAL_SECTION();
    return result != NULL || PyErr_Occurred() ? result : text_of_pieces(pieces);
}

/* Have Python keep the UTF-8 of the texts in a program of rows, whose constants they are: they stay as long as that does. What
 * is ASCII needs none, and what has half of a surrogate pair in it has none. */
static int
keep(PyObject *part)
{
    if (PyUnicode_CheckExact(part) && PyUnicode_AsUTF8(part) == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError))
            return -1;
        PyErr_Clear();
    }
    if (!PyTuple_CheckExact(part))
        return 0;
    if (Py_EnterRecursiveCall(" in a program"))
        return -1;
    int failed = 0;
    for (Py_ssize_t at = 0; !failed && at < PyTuple_GET_SIZE(part); at++)
        failed = keep(PyTuple_GET_ITEM(part, at));
    Py_LeaveRecursiveCall();
    return failed;
}

PyObject *
blendtpl_keep_utf8(PyObject *module, PyObject *program)
{
    if (keep(program) < 0)
        return NULL;
    Py_RETURN_NONE;
}
