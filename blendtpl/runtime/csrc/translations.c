/* Translations: `translation` of `blendtpl.runtime.translations`, for texts in which every variable is a ``%(name)s``.
 *
 * What else a translator gives goes on in Python, as a whole: before anything of a variable has been asked.
 */

#include "values.h"

#include "abi.h"

/* What it is given first; behind that, what is set around it if there is any such thing, what the translator gets, and
 * the variables. */
enum { TRANSLATOR, FRAME_AT_HAND, HOW, FIXED };

/* What is in a translator, and in what says how: its flags, and the names of variables behind these. */
enum { FUNCTION, TRANSLATE, UNDEFINED_KIND, OTHERWISE, TRANSLATOR_SIZE };

enum { MOST_VARIABLES = 32 };

/* A variable in a text: the end of what comes before it, where the text goes on, and its value or, of `%%`, nothing. */
typedef struct {
    Py_ssize_t end, next;
    PyObject *value, *text;
} Variable;

/* What is translated: a text, and what stands for the names in it, which begin at the second item of `how`. */
typedef struct {
    PyObject *text, *how, *const *values;
    PyObject *context, *number; /* where there are such */
} Form;

/* Return whether a part of a text is a name; not where letters of it may be the widest in the text. */
static int
is_name(const Form *form, Py_ssize_t from, Py_ssize_t to, PyObject *name)
{
    if (!PyUnicode_IS_ASCII(name) || PyUnicode_GET_LENGTH(name) != to - from)
        return 0;
    const int kind = PyUnicode_KIND(form->text);
    const void *data = PyUnicode_DATA(form->text);
    const Py_UCS1 *letters = PyUnicode_1BYTE_DATA(name);
    for (Py_ssize_t at = from; at < to; at++)
        if (PyUnicode_READ(kind, data, at) != letters[at - from])
            return 0;
    return 1;
}

static int
is_word(const Form *form, Py_ssize_t from, Py_ssize_t to, const char *word, Py_ssize_t length)
{
    if (to - from != length)
        return 0;
    for (Py_ssize_t at = 0; at < length; at++)
        if (PyUnicode_READ_CHAR(form->text, from + at) != (Py_UCS4)word[at])
            return 0;
    return 1;
}

/* Return what stands for the name in a part of a text, borrowed (T4). */
static PyObject *
value_for(const Form *form, Py_ssize_t from, Py_ssize_t to)
{
    for (Py_ssize_t at = 1; at < PyTuple_GET_SIZE(form->how); at++)
        if (is_name(form, from, to, PyTuple_GET_ITEM(form->how, at)))
            return form->values[at - 1];
    if (form->number != NULL && is_word(form, from, to, "num", 3))
        return form->number;
    return form->context != NULL && is_word(form, from, to, "context", 7) ? form->context : NULL;
}

/* Find the variables in a text, up to `MOST_VARIABLES`; return how many there are, -1 for a text that Python has to read,
 * or -2 for an error. */
static Py_ssize_t
variables_in(const Form *form, Variable *variables)
{
    const Py_ssize_t length = PyUnicode_GET_LENGTH(form->text);
    Py_ssize_t count = 0, from = 0, sign, close;
    while ((sign = PyUnicode_FindChar(form->text, '%', from, length, 1)) >= 0) {
        if (count == MOST_VARIABLES || sign + 1 == length)
            return -1;
        Variable *variable = &variables[count++];
        const Py_UCS4 next = PyUnicode_READ_CHAR(form->text, sign + 1);
        *variable = (Variable){.end = sign + 1, .next = sign + 2};
        if (next == '(') {
            close = PyUnicode_FindChar(form->text, ')', sign + 2, length, 1);
            if (close < 0)
                return close;
            if (close + 1 == length || PyUnicode_READ_CHAR(form->text, close + 1) != 's')
                return -1;
            variable->end = sign;
            variable->next = close + 2;
            variable->value = value_for(form, sign + 2, close);
            if (variable->value == NULL)
                return -1;
        } else if (next != '%') {
            return -1;
        }
        from = variable->next;
    }
    return sign == -2 ? -2 : count;
}

/* Put a part of a text into another, which is wide enough; return how far that is filled now. */
static Py_ssize_t
put(PyObject *to, Py_ssize_t at, PyObject *text, Py_ssize_t from, Py_ssize_t end)
{
    const int kind = PyUnicode_KIND(to);
    if ((int)PyUnicode_KIND(text) == kind)
        memcpy((char *)PyUnicode_DATA(to) + at * kind, (const char *)PyUnicode_DATA(text) + from * kind,
               (size_t)((end - from) * kind));
    else if (end > from && PyUnicode_CopyCharacters(to, at, text, from, end - from) < 0)
        return -1;
    return at + end - from;
}

/* Return a text with the texts of its variables. */
static PyObject *
put_together(PyObject *text, const Variable *variables, Py_ssize_t count)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(text), at = 0, from = 0;
    Py_UCS4 widest = PyUnicode_MAX_CHAR_VALUE(text);
    for (Py_ssize_t i = 0; i < count; i++) {
        length -= variables[i].next - variables[i].end;
        if (variables[i].text == NULL)
            continue;
        const Py_UCS4 character = PyUnicode_MAX_CHAR_VALUE(variables[i].text);
        widest = character > widest ? character : widest;
        if (PyUnicode_GET_LENGTH(variables[i].text) > PY_SSIZE_T_MAX - length)
            return PyErr_NoMemory();
        length += PyUnicode_GET_LENGTH(variables[i].text);
    }
    PyObject *result = PyUnicode_New(length, widest);
    for (Py_ssize_t i = 0; i < count && result != NULL; i++) {
        at = put(result, at, text, from, variables[i].end);
        if (at >= 0 && variables[i].text != NULL)
            at = put(result, at, variables[i].text, 0, PyUnicode_GET_LENGTH(variables[i].text));
        if (at < 0)
            Py_CLEAR(result);
        from = variables[i].next;
    }
    if (result != NULL && put(result, at, text, from, PyUnicode_GET_LENGTH(text)) < 0)
        Py_CLEAR(result);
    return result;
}

/* Put the variables into a text, as `%` does (T2, T3): return 1, 0 where Python has to do it, or -1. */
static int
formed(State *state, const Form *form, int escapes, PyObject **result)
{
    Variable variables[MOST_VARIABLES];
    const Py_ssize_t count = variables_in(form, variables);
    if (count < 0)
        return count == -1 ? 0 : -1;
    if (count == 0) {
        *result = Py_NewRef(form->text);
        return 1;
    }
    Py_ssize_t made = 0;
    for (; made < count; made++) {
        PyObject *value = variables[made].value;
        if (value == NULL)
            continue;
        variables[made].text = escapes ? text_of(state, value) : PyObject_Str(value);
        if (variables[made].text == NULL)
            break;
    }
    *result = made == count ? put_together(form->text, variables, count) : NULL;
    while (made)
        Py_XDECREF(variables[--made].text);
    return *result ? 1 : -1;
}

/* Have Python do it: with what the translator gave, if that has been asked and has not stopped (U4). */
static PyObject *
in_python(PyObject *const *arguments, Py_ssize_t count, PyObject *otherwise, PyObject *text)
{
    PyObject *given = PyList_New(count), *result;
    if (given == NULL)
        return NULL;
    for (Py_ssize_t at = 0; at < count; at++)
        PyList_SET_ITEM(given, at, Py_NewRef(arguments[at]));
    result = PyObject_CallFunctionObjArgs(otherwise, given, text, NULL);
    Py_DECREF(given);
    return result;
}

/* Return the flags of a translation, -1 for what is none. */
static long
flags_of(PyObject *const *arguments, Py_ssize_t count)
{
    if (count <= FIXED || !PyList_CheckExact(arguments[TRANSLATOR]) || PyList_GET_SIZE(arguments[TRANSLATOR]) != TRANSLATOR_SIZE
        || !PyTuple_CheckExact(arguments[HOW]) || PyTuple_GET_SIZE(arguments[HOW]) == 0)
        return -1;
    PyObject *how = arguments[HOW];
    for (Py_ssize_t at = 1; at < PyTuple_GET_SIZE(how); at++)
        if (!PyUnicode_CheckExact(PyTuple_GET_ITEM(how, at)))
            return -1;
    if (!PyLong_CheckExact(PyTuple_GET_ITEM(how, 0)))
        return -1;
    int overflow;
    const long flags = PyLong_AsLongAndOverflow(PyTuple_GET_ITEM(how, 0), &overflow);
    const Py_ssize_t given = count - FIXED - (flags & TRANSLATION_SCOPED ? 2 : 0) - PyTuple_GET_SIZE(how) + 1;
    return overflow || flags < 0 || given < 1 ? -1 : flags;
}

/* Return what a translator makes of some texts. */
static PyObject *
translated(State *state, PyObject *const *arguments, Py_ssize_t count, long flags, PyObject *translate, PyObject *otherwise)
{
    PyObject *how = arguments[HOW], *const *texts = arguments + FIXED + (flags & TRANSLATION_SCOPED ? 2 : 0), *result = NULL;
    const Py_ssize_t given = arguments + count - texts - PyTuple_GET_SIZE(how) + 1;
    PyObject *text = PyObject_Vectorcall(translate, texts, (size_t)given, NULL);
    if (text == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_StopIteration))
            return NULL;
        PyErr_Clear();
        return in_python(arguments, count, otherwise, NULL);
    }
    int done = 0;
    if (PyUnicode_CheckExact(text)) {
        const Form form = {text, how, texts + given, flags & TRANSLATION_IN_CONTEXT ? texts[0] : NULL,
                           flags & TRANSLATION_NUMBERED ? texts[given - 1] : NULL};
        done = formed(state, &form, flags & TRANSLATION_ESCAPED, &result);
    }
    if (done == 0)
        result = in_python(arguments, count, otherwise, text);
    else if (done > 0 && !(flags & TRANSLATION_PRINTED) && flags & TRANSLATION_ESCAPED)
        Py_SETREF(result, PyObject_CallOneArg(state->imported[MARKUP], result));
    Py_DECREF(text);
    return result;
}

/* Return what a plain function makes of some texts, which is none of Jinja2's new-style ones: these have a mark. */
static PyObject *
called(State *state, PyObject *const *arguments, Py_ssize_t count, long flags, PyObject *function)
{
    PyObject *result = PyObject_Vectorcall(function, arguments + FIXED, (size_t)(count - FIXED), NULL);
    if (result == NULL && PyErr_ExceptionMatches(PyExc_StopIteration))
        result = handling(state->imported[STOPPED_IN], arguments + FRAME_AT_HAND, 1);
    if (result != NULL && flags & TRANSLATION_PRINTED && !(flags & TRANSLATION_ESCAPED))
        Py_SETREF(result, PyObject_Str(result));
    else if (result != NULL && flags & TRANSLATION_PRINTED)
        Py_SETREF(result, text_of(state, result));
    if (result != NULL && flags & TRANSLATION_PRINTED && !PyUnicode_CheckExact(result))
        Py_SETREF(result, PyUnicode_FromObject(result));
    return result;
}

/* Return what a function that translates makes of some texts. */
PyObject *
blendtpl_translation(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    const long flags = flags_of(arguments, count);
    if (flags < 0) {
        PyErr_SetString(PyExc_TypeError, "a translator, a frame, flags with names, and something to translate are wanted");
        return NULL;
    }
    State *state = PyModule_GetState(module);
    PyObject *translate = PyList_GetItemRef(arguments[TRANSLATOR], TRANSLATE), *result = NULL;
    PyObject *otherwise = PyList_GetItemRef(arguments[TRANSLATOR], OTHERWISE);
    PyObject *function = PyList_GetItemRef(arguments[TRANSLATOR], FUNCTION);
    if (translate == NULL || otherwise == NULL || function == NULL) {
        result = NULL; /* of a list that another thread made shorter */
    } else if (translate != Py_None) {
        result = translated(state, arguments, count, flags, translate, otherwise);
    } else {
        const int alone = PyTuple_GET_SIZE(arguments[HOW]) == 1 && !(flags & TRANSLATION_SCOPED);
        const int unmarked = alone ? blendtpl_is_unmarked(state, function) : 0;
        if (unmarked >= 0)
            result = unmarked ? called(state, arguments, count, flags, function)
                              : in_python(arguments, count, otherwise, NULL);
    }
    Py_XDECREF(translate);
    Py_XDECREF(otherwise);
    Py_XDECREF(function);
    return result;
}
