/* UTF-8 by vectors of eight characters, for processors of the kind x86-64 that can shuffle the bytes of one (SSSE3). Whether
 * this one can is asked when it runs. It is what `utf8.h` does by words, and writes the same; tests have it left out. */

#ifndef BLENDTPL_UTF8_VECTORS_H
#define BLENDTPL_UTF8_VECTORS_H

#include "utf8.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(BLENDTPL_BY_WORDS)

#include <tmmintrin.h>

#define BLENDTPL_VECTORS __builtin_cpu_supports("ssse3")
#define SHUFFLING __attribute__((target("ssse3"))) static inline

/* By which of four characters take two bytes, a bit for each: which of their eight bytes are kept, and how many. */
static const unsigned char KEPT[16][8] = {
    {0, 2, 4, 6},       {0, 1, 2, 4, 6},       {0, 2, 3, 4, 6},       {0, 1, 2, 3, 4, 6},
    {0, 2, 4, 5, 6},    {0, 1, 2, 4, 5, 6},    {0, 2, 3, 4, 5, 6},    {0, 1, 2, 3, 4, 5, 6},
    {0, 2, 4, 6, 7},    {0, 1, 2, 4, 6, 7},    {0, 2, 3, 4, 6, 7},    {0, 1, 2, 3, 4, 6, 7},
    {0, 2, 4, 5, 6, 7}, {0, 1, 2, 4, 5, 6, 7}, {0, 2, 3, 4, 5, 6, 7}, {0, 1, 2, 3, 4, 5, 6, 7},
};
static const unsigned char KEPT_COUNT[16] = {4, 5, 5, 6, 5, 6, 6, 7, 5, 6, 6, 7, 6, 7, 7, 8};

/* Write eight characters of one or two bytes each, or of those of more something that counts for nothing. */
SHUFFLING void
write_short_vector(char *to, __m128i eight, __m128i narrow, int wide)
{
    const __m128i first = _mm_srli_epi16(eight, 6), second = _mm_and_si128(eight, _mm_set1_epi16(0x3F));
    const __m128i two_bytes = _mm_or_si128(_mm_or_si128(first, _mm_slli_epi16(second, 8)),
                                           _mm_set1_epi16((short)0x80C0));
    const __m128i bytes = _mm_or_si128(_mm_andnot_si128(narrow, two_bytes), _mm_and_si128(narrow, eight));
    const __m128i low = _mm_loadl_epi64((const __m128i *)KEPT[wide & 15]);
    const __m128i high = _mm_loadl_epi64((const __m128i *)KEPT[wide >> 4]);
    _mm_storel_epi64((__m128i *)to, _mm_shuffle_epi8(bytes, low));
    _mm_storel_epi64((__m128i *)(to + KEPT_COUNT[wide & 15]), _mm_shuffle_epi8(_mm_srli_si128(bytes, 8), high));
}

/* Write four characters of three bytes each, or of others something that counts for nothing. */
SHUFFLING void
write_long_vector(char *to, __m128i four)
{
    const __m128i first = _mm_srli_epi32(four, 12);
    const __m128i second = _mm_and_si128(_mm_slli_epi32(four, 2), _mm_set1_epi32(0x3F00));
    const __m128i third = _mm_and_si128(_mm_slli_epi32(four, 16), _mm_set1_epi32(0x3F0000));
    const __m128i bytes = _mm_or_si128(_mm_or_si128(first, second), _mm_or_si128(third, _mm_set1_epi32(0x8080E0)));
    const __m128i kept = _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
    _mm_storeu_si128((__m128i *)to, _mm_shuffle_epi8(bytes, kept));
}

/* Write those of eight characters that come first and are of the same kind: of up to two bytes, or of three. Their number
 * goes into `count`. NULL for half of a surrogate pair. */
SHUFFLING char *
write_vector(char *to, __m128i eight, int *count)
{
    const __m128i zero = _mm_setzero_si128();
    const __m128i narrow = _mm_cmpeq_epi16(_mm_and_si128(eight, _mm_set1_epi16((short)0xFF80)), zero);
    *count = 8;
    if (_mm_movemask_epi8(narrow) == 0xFFFF) {
        _mm_storel_epi64((__m128i *)to, _mm_packus_epi16(eight, eight));
        return to + 8;
    }
    const __m128i high = _mm_and_si128(eight, _mm_set1_epi16((short)0xF800)), short_ = _mm_cmpeq_epi16(high, zero);
    const int shorter = _mm_movemask_epi8(_mm_packs_epi16(short_, zero));
    if (shorter & 1) {
        int wide = _mm_movemask_epi8(_mm_packs_epi16(narrow, zero)) ^ 0xFF;
        if (shorter != 0xFF) {
            *count = __builtin_ctz(~shorter);
            wide &= (1 << *count) - 1;
        }
        write_short_vector(to, eight, narrow, wide);
        return to + *count + KEPT_COUNT[wide & 15] + KEPT_COUNT[wide >> 4] - 8;
    }
    if (shorter)
        *count = __builtin_ctz(shorter);
    const int halves = _mm_movemask_epi8(_mm_packs_epi16(_mm_cmpeq_epi16(high, _mm_set1_epi16((short)0xD800)), zero));
    write_long_vector(to, _mm_unpacklo_epi16(eight, zero));
    write_long_vector(to + 12, _mm_unpackhi_epi16(eight, zero));
    return halves & ((1 << *count) - 1) ? NULL : to + 3 * *count;
}

SHUFFLING char *
write_ucs1_by_vectors(char *to, const Py_UCS1 *from, const Py_UCS1 *end)
{
    for (; end - from >= 16; from += 16) {
        const __m128i sixteen = _mm_loadu_si128((const __m128i *)from), zero = _mm_setzero_si128();
        int count;
        if (_mm_movemask_epi8(sixteen) == 0) {
            _mm_storeu_si128((__m128i *)to, sixteen);
            to += 16;
        } else {
            to = write_vector(to, _mm_unpacklo_epi8(sixteen, zero), &count);
            to = write_vector(to, _mm_unpackhi_epi8(sixteen, zero), &count);
        }
    }
    return write_ucs1_by_words(to, from, end);
}

SHUFFLING char *
write_ucs2_by_vectors(char *to, const Py_UCS2 *from, const Py_UCS2 *end)
{
    for (int count; to != NULL && end - from >= 8; from += count)
        to = write_vector(to, _mm_loadu_si128((const __m128i *)from), &count);
    return to == NULL ? NULL : write_ucs2_by_words(to, from, end);
}

SHUFFLING char *
write_ucs4_by_vectors(char *to, const Py_UCS4 *from, const Py_UCS4 *end)
{
    const __m128i kept = _mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, -1, -1, -1, -1, -1, -1, -1, -1);
    for (int count; to != NULL && end - from >= 8; from += count) {
        const __m128i four = _mm_loadu_si128((const __m128i *)from);
        const __m128i others = _mm_loadu_si128((const __m128i *)(from + 4));
        const __m128i beyond = _mm_srli_epi32(_mm_or_si128(four, others), 16);
        if (_mm_movemask_epi8(_mm_cmpeq_epi32(beyond, _mm_setzero_si128())) == 0xFFFF) {
            const __m128i low = _mm_shuffle_epi8(four, kept), high = _mm_shuffle_epi8(others, kept);
            to = write_vector(to, _mm_unpacklo_epi64(low, high), &count);
        } else {
            count = 1;
            to = write_character(to, *from);
        }
    }
    return to == NULL ? NULL : write_ucs4_by_words(to, from, end);
}

#else

#define BLENDTPL_VECTORS 0
#define write_ucs1_by_vectors write_ucs1_by_words
#define write_ucs2_by_vectors write_ucs2_by_words
#define write_ucs4_by_vectors write_ucs4_by_words

#endif

#endif
