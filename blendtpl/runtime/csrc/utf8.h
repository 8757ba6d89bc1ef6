/* UTF-8: the writing of a text, for each way in which Python holds one.
 *
 * Enters: a text, and where there is room for the most that it may take, and for `UTF8_SLACK` bytes behind that, which
 * are written over by what comes next. Leaves: where that is. Characters are taken by the word or the vector, and no branch
 * asks about one alone: in a language of words and blanks it would be taken wrongly once a word, which is what takes most
 * of the time of a plain loop.
 */

#ifndef BLENDTPL_UTF8_H
#define BLENDTPL_UTF8_H

#include "module.h"

#include <stdint.h>

enum { UTF8_SLACK = 16 };

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define BLENDTPL_WORDS 0 /* what is packed here has its first character in the lowest bits */
#else
#define BLENDTPL_WORDS 1
#endif

#define EACH_BYTE 0x0101010101010101u
#define EACH_PAIR 0x0001000100010001u
#define EACH_FOUR 0x0000000100000001u

/* Return the UTF-8 that a text has at hand, and how long that is; NULL when it has none. What is not ASCII has some when
 * Python was asked for it, and keeps it for as long as the text: see `keep_utf8`. */
static inline const char *
utf8_at_hand(PyObject *text, Py_ssize_t *length)
{
    if (PyUnicode_IS_COMPACT_ASCII(text)) {
        *length = PyUnicode_GET_LENGTH(text);
        return (const char *)PyUnicode_1BYTE_DATA(text);
    }
#ifdef Py_GIL_DISABLED
    const char *found = _Py_atomic_load_ptr_acquire(&((PyCompactUnicodeObject *)text)->utf8);
#else
    const char *found = ((PyCompactUnicodeObject *)text)->utf8;
#endif
    *length = found == NULL ? 0 : ((PyCompactUnicodeObject *)text)->utf8_length;
    return found;
}

/* Write one character; NULL for half of a surrogate pair, which UTF-8 has not. */
static inline char *
write_character(char *to, Py_UCS4 character)
{
    if (character < 0x80) {
        *to++ = (char)character;
        return to;
    }
    if (character < 0x800) {
        *to++ = (char)(0xC0 | character >> 6);
    } else {
        if ((character & 0x1FF800) == 0xD800)
            return NULL;
        if (character < 0x10000) {
            *to++ = (char)(0xE0 | character >> 12);
        } else {
            *to++ = (char)(0xF0 | character >> 18);
            *to++ = (char)(0x80 | (character >> 12 & 0x3F));
        }
        *to++ = (char)(0x80 | (character >> 6 & 0x3F));
    }
    *to++ = (char)(0x80 | (character & 0x3F));
    return to;
}

/* Write a character of one byte or two. */
static inline char *
write_short(char *to, uint32_t character)
{
    const uint32_t two = 0x80C0 | character >> 6 | (character & 0x3F) << 8, wide = character > 0x7F;
    const uint16_t bytes = (uint16_t)(wide ? two : character);
    memcpy(to, &bytes, 2);
    return to + 1 + wide;
}

/* Write a character of up to three bytes, and note in `halves` whether it is half of a surrogate pair. */
static inline char *
write_pair(char *to, uint32_t character, uint32_t *halves)
{
    const uint32_t last = 0x80 | (character & 0x3F), middle = 0x80 | (character >> 6 & 0x3F);
    const uint32_t three = 0xE0 | character >> 12 | middle << 8 | last << 16, two = 0xC0 | character >> 6 | last << 8;
    const uint32_t less = character > 0x7F ? two : character, bytes = character > 0x7FF ? three : less;
    memcpy(to, &bytes, 4);
    *halves |= (character & 0xF800) == 0xD800;
    return to + 1 + (character > 0x7F) + (character > 0x7FF);
}

static inline char *
write_ucs1_by_words(char *to, const Py_UCS1 *from, const Py_UCS1 *end)
{
    for (; end - from >= 8; from += 8) {
        uint64_t eight;
        memcpy(&eight, from, 8);
        if ((eight & 0x80 * EACH_BYTE) == 0) {
            memcpy(to, &eight, 8);
            to += 8;
        } else {
            for (int at = 0; at < 8; at++)
                to = write_short(to, from[at]);
        }
    }
    while (from < end)
        to = write_short(to, *from++);
    return to;
}

/* Write four characters that are ASCII. */
static inline char *
write_ascii_pairs(char *to, uint64_t four)
{
    four |= four >> 8;
    const uint32_t bytes = (uint32_t)((four & 0xFFFF) | (four >> 16 & 0xFFFF0000u));
    memcpy(to, &bytes, 4);
    return to + 4;
}

/* Write four characters of one or two bytes each. */
static inline char *
write_short_pairs(char *to, uint64_t four)
{
    const uint64_t two_bytes = 0x80C0 * EACH_PAIR | (four >> 6 & 0x1F * EACH_PAIR) | (four & 0x3F * EACH_PAIR) << 8;
    uint64_t wide = ((four + 0x7F80 * EACH_PAIR) & 0x8000 * EACH_PAIR) >> 15;
    uint64_t bytes = (two_bytes & wide * 0xFFFF) | (four & ~(wide * 0xFFFF));
    for (int at = 0; at < 4; at++) {
        const uint16_t pair = (uint16_t)bytes;
        memcpy(to, &pair, 2);
        to += 1 + (wide & 1);
        bytes >>= 16;
        wide >>= 16;
    }
    return to;
}

static inline char *
write_ucs2_by_words(char *to, const Py_UCS2 *from, const Py_UCS2 *end)
{
    uint32_t halves = 0;
    for (; end - from >= 4; from += 4) {
        uint64_t four;
        memcpy(&four, from, 8);
        if ((four & 0xFF80 * EACH_PAIR) == 0)
            to = write_ascii_pairs(to, four);
        else if ((four & 0xF800 * EACH_PAIR) == 0)
            to = write_short_pairs(to, four);
        else
            for (int at = 0; at < 4; at++)
                to = write_pair(to, from[at], &halves);
    }
    while (from < end)
        to = write_pair(to, *from++, &halves);
    return halves ? NULL : to;
}

static inline char *
write_ucs4_by_words(char *to, const Py_UCS4 *from, const Py_UCS4 *end)
{
#if BLENDTPL_WORDS
    for (; to != NULL && end - from >= 4; from += 4) {
        uint64_t two, others;
        memcpy(&two, from, 8);
        memcpy(&others, from + 2, 8);
        if (((two | others) & 0xFFFFFF80 * EACH_FOUR) == 0) {
            to = write_ascii_pairs(to, (two & 0xFF) | (two >> 16 & 0xFF0000) | (others & 0xFF) << 32
                                           | (others >> 32) << 48);
            continue;
        }
        for (int at = 0; to != NULL && at < 4; at++)
            to = write_character(to, from[at]);
    }
#endif
    while (to != NULL && from < end)
        to = write_character(to, *from++);
    return to;
}

#endif
