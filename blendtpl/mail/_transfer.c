/* How a text of an e-mail goes over the wire: `blendtpl.mail.transfer` in C, to the byte. That module says the rules; and
 * the relaxed form of `blendtpl.mail.relaxed`. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

#define LONGEST 998      /* octets of a line, RFC 5322 section 2.1.1 */
#define QUOTED_LINE 75   /* of quoted-printable, without the `=` of a soft break: RFC 2045 section 6.7 (5) */
#define BLOCK 128        /* octets that are copied together where none of them is odd */
#define BASE64_LINE 57   /* octets that become 76 characters, RFC 2045 section 6.8 */

enum { SEVEN_BIT, EIGHT_BIT, QUOTED_PRINTABLE, BASE64 };

typedef struct {
    Py_ssize_t lines, longest, octets; /* `octets` without line ends */
} Survey;

/* One line: from `at` on; `*next` is where the one behind it begins. A line ends by LF, CR or both. */
static const char *
line_end(const char *at, const char *end, int has_cr, const char **next)
{
    const char *newline = memchr(at, '\n', end - at);
    if (has_cr) {
        const char *other = memchr(at, '\r', (newline ? newline : end) - at);
        if (other != NULL) {
            *next = other + 1 + (other + 1 < end && other[1] == '\n');
            return other;
        }
    }
    *next = newline ? newline + 1 : end;
    return newline ? newline : end;
}

/* What quoted-printable writes by its number: all but printable ASCII and the tab, and `=`. */
static const unsigned char special[256] = {
    1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
};

static Survey
look_through(const char *text, const char *end, int has_cr)
{
    Survey survey = {0, 0, 0};
    const char *at = text, *next;
    while (at < end) {
        const char *stop = line_end(at, end, has_cr, &next);
        Py_ssize_t length = stop - at;
        survey.lines++;
        survey.octets += length;
        if (length > survey.longest)
            survey.longest = length;
        at = next;
    }
    return survey;
}

static Py_ssize_t
count_beyond(const char *at, const char *end)
{
    Py_ssize_t beyond = 0;
    for (; at < end; at++)
        beyond += (unsigned char)*at >> 7;
    return beyond;
}

/* Whether any of eight octets may be special: each line of it sets the high bit of those that are. */
static int
may_be_special(const char *at)
{
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    uint64_t eight;
    memcpy(&eight, at, 8);
    uint64_t equals = eight ^ (ones * '='), deletes = eight ^ (ones * 127);
    return ((eight | (eight - ones * 32) | (equals - ones) | (deletes - ones)) & high) != 0;
}

static char *
put_end(char *to)
{
    *to++ = '\r';
    *to++ = '\n';
    return to;
}

static PyObject *
write_plain(const char *text, const char *end, int has_cr, const Survey *survey)
{
    Py_ssize_t lines = survey->lines ? survey->lines : 1;
    PyObject *written = PyBytes_FromStringAndSize(NULL, survey->octets + 2 * lines);
    if (written == NULL)
        return NULL;
    char *to = PyBytes_AS_STRING(written);
    const char *next;
    for (const char *at = text; at < end; at = next) {
        const char *stop = line_end(at, end, has_cr, &next);
        memcpy(to, at, stop - at);
        to = put_end(to + (stop - at));
    }
    if (!survey->lines)
        put_end(to);
    return written;
}

static char *
put_quoted(unsigned char octet, char *to)
{
    static const char digits[] = "0123456789ABCDEF";
    *to++ = '=';
    *to++ = digits[octet >> 4];
    *to++ = digits[octet & 15];
    return to;
}

static char *
put_quoted_line(const char *at, const char *stop, char *to)
{
    /* a blank at the end is one that may get lost on the way */
    const char *plain_stop = stop > at && (stop[-1] == ' ' || stop[-1] == '\t') ? stop - 1 : stop;
    Py_ssize_t column = 0;
    while (at < stop) {
        const char *most = plain_stop - at < QUOTED_LINE - column ? plain_stop : at + (QUOTED_LINE - column);
        const char *from = at;
        int first = column == 0 && (*at == '.' || (*at == 'F' && stop - at > 5 && memcmp(at, "From ", 5) == 0));
        if (!first) {
            while (most - at >= 8 && !may_be_special(at)) {
                memcpy(to, at, 8);
                at += 8;
                to += 8;
            }
            while (at < most && !special[(unsigned char)*at])
                *to++ = *at++;
        }
        column += at - from;
        if (at == stop)
            break;
        int quoted = first || at >= plain_stop || special[(unsigned char)*at];
        if (column + (quoted ? 3 : 1) > QUOTED_LINE) {
            *to++ = '=';
            to = put_end(to);
            column = 0;
        }
        else if (quoted) {
            to = put_quoted((unsigned char)*at++, to);
            column += 3;
        }
    }
    return put_end(to);
}

static PyObject *
write_quoted(const char *text, const char *end, int has_cr, const Survey *survey)
{
    Py_ssize_t lines = survey->lines ? survey->lines : 1;
    /* at most: each octet as three, of which 73 to 75 stand in a line, and each line's own end */
    Py_ssize_t most = 3 * survey->octets + 3 * (3 * survey->octets / (QUOTED_LINE - 2) + 1) + 2 * lines;
    if (survey->octets > PY_SSIZE_T_MAX / 16)
        return PyErr_NoMemory();
    char *buffer = PyMem_Malloc(most);
    if (buffer == NULL)
        return PyErr_NoMemory();
    char *to = buffer;
    const char *next;
    for (const char *at = text; at < end; at = next)
        to = put_quoted_line(at, line_end(at, end, has_cr, &next), to);
    if (!survey->lines)
        to = put_end(to);
    PyObject *written = PyBytes_FromStringAndSize(buffer, to - buffer);
    PyMem_Free(buffer);
    return written;
}

static PyObject *
write_base64(const char *text, const char *end, int has_cr, const Survey *survey)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    PyObject *plain = write_plain(text, end, has_cr, survey);
    if (plain == NULL)
        return NULL;
    const unsigned char *at = (const unsigned char *)PyBytes_AS_STRING(plain);
    Py_ssize_t left = PyBytes_GET_SIZE(plain);
    PyObject *written = PyBytes_FromStringAndSize(NULL, (left + 2) / 3 * 4 + 2 * ((left + BASE64_LINE - 1) / BASE64_LINE));
    if (written != NULL) {
        char *to = PyBytes_AS_STRING(written);
        for (Py_ssize_t line; left > 0; left -= line) {
            line = left < BASE64_LINE ? left : BASE64_LINE;
            for (Py_ssize_t done = 0; done < line; done += 3) {
                unsigned long three = (unsigned long)at[0] << 16;
                three |= (done + 1 < line ? (unsigned long)at[1] << 8 : 0) | (done + 2 < line ? at[2] : 0);
                *to++ = digits[three >> 18];
                *to++ = digits[three >> 12 & 63];
                *to++ = done + 1 < line ? digits[three >> 6 & 63] : '=';
                *to++ = done + 2 < line ? digits[three & 63] : '=';
                at += 3;
            }
            to = put_end(to);
        }
    }
    Py_DECREF(plain);
    return written;
}

/* A text as UTF-8, which is nearly all ASCII: sixteen characters at a time. `to` has room for four octets of each. */
#define ENCODE(type)                                                          \
    static char *encode_##type(const type *at, const type *end, char *to)     \
    {                                                                         \
        while (at < end) {                                                    \
            while (end - at >= 16) {                                          \
                type all = 0;                                                 \
                for (int i = 0; i < 16; i++)                                  \
                    all |= at[i];                                             \
                if (all >= 0x80)                                              \
                    break;                                                    \
                for (int i = 0; i < 16; i++)                                  \
                    to[i] = (char)at[i];                                      \
                at += 16;                                                     \
                to += 16;                                                     \
            }                                                                 \
            if (at == end)                                                    \
                break;                                                        \
            for (const type *stop = end - at > 16 ? at + 16 : end; at < stop; at++) \
                to = put_character(*at, to);                                  \
        }                                                                     \
        return to;                                                            \
    }

static inline char *
put_character(uint32_t character, char *to)
{
    if (character < 0x80) {
        *to++ = (char)character;
        return to;
    }
    if (character < 0x800)
        *to++ = (char)(0xC0 | character >> 6);
    else {
        if (character < 0x10000)
            *to++ = (char)(0xE0 | character >> 12);
        else {
            *to++ = (char)(0xF0 | character >> 18);
            *to++ = (char)(0x80 | (character >> 12 & 0x3F));
        }
        *to++ = (char)(0x80 | (character >> 6 & 0x3F));
    }
    *to++ = (char)(0x80 | (character & 0x3F));
    return to;
}

ENCODE(Py_UCS1)
ENCODE(Py_UCS2)
ENCODE(Py_UCS4)

/* The octets of a text that has no half of a surrogate pair, and where they end. */
static char *
encoded(PyObject *text, char **end)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    int kind = PyUnicode_KIND(text), widest = kind == PyUnicode_1BYTE_KIND ? 2 : kind == PyUnicode_2BYTE_KIND ? 3 : 4;
    char *octets = length <= PY_SSIZE_T_MAX / 4 ? PyMem_Malloc(length * widest + 1) : NULL;
    if (octets == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    const void *data = PyUnicode_DATA(text);
    if (kind == PyUnicode_1BYTE_KIND)
        *end = encode_Py_UCS1(data, (const Py_UCS1 *)data + length, octets);
    else if (kind == PyUnicode_2BYTE_KIND)
        *end = encode_Py_UCS2(data, (const Py_UCS2 *)data + length, octets);
    else
        *end = encode_Py_UCS4(data, (const Py_UCS4 *)data + length, octets);
    return octets;
}

static Py_ssize_t find_refused(PyObject *text);

static PyObject *
transferred(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    if (count != 2 || !PyUnicode_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "transferred(text: str, eight_bit: bool)");
        return NULL;
    }
    int eight_bit = PyObject_IsTrue(args[1]);
    if (eight_bit < 0)
        return NULL;
    char *octets = NULL, *octets_end;
    const char *text = (const char *)PyUnicode_DATA(args[0]), *end = text + PyUnicode_GET_LENGTH(args[0]);
    int ascii = PyUnicode_IS_ASCII(args[0]);
    if (!ascii) { /* not by the string's own cache of UTF-8: the string lives on */
        if (find_refused(args[0]) >= 0) {
            PyObject *refused = PyUnicode_AsUTF8String(args[0]); /* which raises what `str.encode` does */
            if (refused == NULL)
                return NULL;
            Py_DECREF(refused);
        }
        octets = encoded(args[0], &octets_end);
        if (octets == NULL)
            return NULL;
        text = octets;
        end = octets_end;
    }
    int has_cr = text < end && memchr(text, '\r', end - text) != NULL;
    Survey survey = look_through(text, end, has_cr);
    int way;
    PyObject *written;
    if (survey.longest <= LONGEST && (ascii || eight_bit)) {
        way = ascii ? SEVEN_BIT : EIGHT_BIT;
        written = write_plain(text, end, has_cr, &survey);
    }
    else {
        /* quoted-printable takes two octets more for each that is beyond ASCII, base64 a third of all */
        int quoted = 6 * count_beyond(text, end) <= survey.octets;
        way = quoted ? QUOTED_PRINTABLE : BASE64;
        written = (quoted ? write_quoted : write_base64)(text, end, has_cr, &survey);
    }
    PyMem_Free(octets);
    return written == NULL ? NULL : Py_BuildValue("(iN)", way, written);
}

/* The position of what no part of a message may have, NUL or half of a surrogate pair, or -1: all of it without a branch,
 * many characters at a time; then, if there is one, again to find it. */
static Py_ssize_t
find_refused(PyObject *text)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(text), at;
    unsigned odd = 0;
    if (PyUnicode_KIND(text) == PyUnicode_1BYTE_KIND) {
        const char *data = (const char *)PyUnicode_DATA(text), *nul = length ? memchr(data, 0, length) : NULL;
        return nul ? nul - data : -1;
    }
    if (PyUnicode_KIND(text) == PyUnicode_2BYTE_KIND) {
        const Py_UCS2 *data = PyUnicode_2BYTE_DATA(text);
        for (at = 0; at < length; at++)
            odd |= (data[at] == 0) | ((data[at] & 0xF800) == 0xD800);
    }
    else {
        const Py_UCS4 *data = PyUnicode_4BYTE_DATA(text);
        for (at = 0; at < length; at++)
            odd |= (data[at] == 0) | ((data[at] & 0xFFFFF800) == 0xD800);
    }
    if (!odd)
        return -1;
    for (at = 0; at < length; at++) {
        Py_UCS4 character = PyUnicode_READ_CHAR(text, at);
        if (character == 0 || (character & 0xFFFFF800) == 0xD800)
            break;
    }
    return at;
}

static PyObject *
refused_at(PyObject *module, PyObject *text)
{
    if (!PyUnicode_Check(text)) {
        PyErr_SetString(PyExc_TypeError, "refused_at(text: str)");
        return NULL;
    }
    return PyLong_FromSsize_t(find_refused(text));
}

/* What is odd in some octets, looked at without a branch: `breaks` is set by a CR or LF that is not both, `blanks` by a
 * tab, and by a blank that another or the end of a line stands behind. */
static void
look_for_odd(const unsigned char *at, Py_ssize_t count, unsigned char *breaks, unsigned char *blanks)
{
    unsigned char broken = 0, loose = 0;
    for (Py_ssize_t n = 0; n + 1 < count; n++) {
        unsigned char octet = at[n], next = at[n + 1];
        broken |= (octet == '\r') ^ (next == '\n');
        loose |= (octet == '\t') | ((octet == ' ') & ((next == ' ') | (next == '\t') | (next == '\r')));
    }
    *breaks = broken;
    *blanks = loose;
}

/* Whole lines as `blendtpl.mail.relaxed` has them: the same object where they are so already, or None where a line does not
 * end by CRLF. */
static PyObject *
relaxed_lines(PyObject *module, PyObject *lines)
{
    if (!PyBytes_CheckExact(lines)) {
        PyErr_SetString(PyExc_TypeError, "relaxed_lines(lines: bytes)");
        return NULL;
    }
    Py_ssize_t size = PyBytes_GET_SIZE(lines);
    const unsigned char *at = (const unsigned char *)PyBytes_AS_STRING(lines), *end = at + size;
    unsigned char breaks, blanks;
    look_for_odd(at, size, &breaks, &blanks);
    if (breaks || (size && (at[0] == '\n' || end[-1] != '\n')))
        Py_RETURN_NONE;
    if (!blanks)
        return Py_NewRef(lines);
    PyObject *written = PyBytes_FromStringAndSize(NULL, size);
    if (written == NULL)
        return NULL;
    char *to = PyBytes_AS_STRING(written);
    while (at < end) {
        const unsigned char *next = end - at > BLOCK ? at + BLOCK : end;
        look_for_odd(at, next - at + (next < end), &breaks, &blanks); /* and what stands behind the block's last octet */
        if (!blanks) {
            memcpy(to, at, next - at);
            to += next - at;
            at = next;
            continue;
        }
        for (int blank = 0; at < next || (blank && at < end); at++) {
            if (*at == ' ' || *at == '\t') {
                blank = 1;
                continue;
            }
            if (blank && *at != '\r')
                *to++ = ' ';
            blank = 0;
            *to++ = (char)*at;
        }
    }
    _PyBytes_Resize(&written, to - PyBytes_AS_STRING(written));
    return written;
}

/* Header fields as `blendtpl.mail.relaxed` has them, one in a line; None where a line is no header, or does not end by
 * CRLF. What stands behind the last field's text is no part of `head`. */
static PyObject *
relaxed_head(PyObject *module, PyObject *head)
{
    if (!PyBytes_CheckExact(head)) {
        PyErr_SetString(PyExc_TypeError, "relaxed_head(head: bytes)");
        return NULL;
    }
    const char *at = PyBytes_AS_STRING(head), *end = at + PyBytes_GET_SIZE(head);
    PyObject *written = PyBytes_FromStringAndSize(NULL, end - at);
    if (written == NULL)
        return NULL;
    char *to = PyBytes_AS_STRING(written);
    for (;;) {
        const char *name = at;
        for (; at < end && *at != ':' && *at != ' ' && *at != '\t' && *at != '\r' && *at != '\n'; at++)
            *to++ = (char)(*at >= 'A' && *at <= 'Z' ? *at + 32 : *at);
        int named = at > name;
        for (; at < end && (*at == ' ' || *at == '\t'); at++)
            ;
        if (!named || at == end || *at != ':')
            goto none;
        *to++ = *at++;
        for (int begun = 0, blank = 0; at < end; at++) {
            if (*at == '\r' && at + 1 < end && at[1] == '\n') {
                if (at + 2 == end || (at[2] != ' ' && at[2] != '\t'))
                    break;
                at++; /* the line goes on */
                blank = 1;
            }
            else if (*at == '\r' || *at == '\n')
                goto none;
            else if (*at == ' ' || *at == '\t')
                blank = 1;
            else {
                if (blank && begun)
                    *to++ = ' ';
                blank = 0;
                begun = 1;
                *to++ = *at;
            }
        }
        if (at == end)
            break;
        *to++ = *at++;
        *to++ = *at++;
    }
    _PyBytes_Resize(&written, to - PyBytes_AS_STRING(written));
    return written;
none:
    Py_DECREF(written);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"relaxed_head", relaxed_head, METH_O, NULL},
    {"refused_at", refused_at, METH_O, NULL},
    {"relaxed_lines", relaxed_lines, METH_O, NULL},
    {"transferred", (PyCFunction)(void (*)(void))transferred, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

/* There is no state: nothing is kept from one call to the next. */
static PyModuleDef_Slot slots[] = {
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
    .m_name = "blendtpl.mail._transfer",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit__transfer(void)
{
    return PyModuleDef_Init(&definition);
}
