/* Value tests: some of Jinja2's own tests, for values of exact types; `filters.c` gives them out. */

#include "filters.h"

static FUNCTION(defined)
{
    if (!GIVEN(1))
        return GOES_ON;
    if (is_simple(arguments[0]) || is_collection(arguments[0]))
        Py_RETURN_TRUE;
    const int missing = PyObject_IsInstance(arguments[0], STATE->imported[UNDEFINED]);
    return missing < 0 ? NULL : PyBool_FromLong(!missing);
}

static FUNCTION(undefined)
{
    if (!GIVEN(1))
        return GOES_ON;
    if (is_simple(arguments[0]) || is_collection(arguments[0]))
        Py_RETURN_FALSE;
    const int missing = PyObject_IsInstance(arguments[0], STATE->imported[UNDEFINED]);
    return missing < 0 ? NULL : PyBool_FromLong(missing);
}

#define TEST(name, condition) \
    static FUNCTION(name) { return GIVEN(1) ? PyBool_FromLong(condition) : GOES_ON; }

TEST(is_none, arguments[0] == Py_None)
TEST(is_boolean, PyBool_Check(arguments[0]))
TEST(is_true, arguments[0] == Py_True)
TEST(is_false, arguments[0] == Py_False)

/* Of some exact types it is known whether a test holds; of all others another function says so. */
#define TEST_OF_KNOWN(name, condition) \
    static FUNCTION(name) \
    { \
        if (GIVEN(1) && (is_simple(arguments[0]) || is_collection(arguments[0]))) \
            return PyBool_FromLong(condition); \
        return GOES_ON; \
    }

TEST_OF_KNOWN(is_integer, PyLong_CheckExact(arguments[0]))
TEST_OF_KNOWN(is_float, PyFloat_CheckExact(arguments[0]))
TEST_OF_KNOWN(is_string, is_text(arguments[0]))
TEST_OF_KNOWN(is_mapping, PyDict_CheckExact(arguments[0]))
TEST_OF_KNOWN(is_number, PyLong_Check(arguments[0]) || PyFloat_CheckExact(arguments[0]))
TEST_OF_KNOWN(is_sequence, is_text(arguments[0]) || is_collection(arguments[0]))
TEST_OF_KNOWN(is_escaped, 0)

static FUNCTION(is_iterable)
{
    if (GIVEN(1) && Py_TYPE(arguments[0])->tp_iter == NULL && !PySequence_Check(arguments[0]))
        Py_RETURN_FALSE;
    return is_sequence(self, arguments, count, names);
}

static FUNCTION(is_same)
{
    return GIVEN(2) ? PyBool_FromLong(arguments[0] == arguments[1]) : GOES_ON;
}

static FUNCTION(is_in)
{
    if (!GIVEN(2) || !(PyList_CheckExact(arguments[1]) || PyTuple_CheckExact(arguments[1]) || is_text(arguments[1])
                       || PyDict_CheckExact(arguments[1])))
        return GOES_ON;
    const int found = PySequence_Contains(arguments[1], arguments[0]);
    return found < 0 ? NULL : PyBool_FromLong(found);
}

/* Return what is left of a whole number by a divisor, which fits into a `long` as well; -1 where one does not. */
static long
rest(PyObject *value, long by)
{
    int overflow;
    const long number = PyLong_AsLongAndOverflow(value, &overflow);
    if (overflow || by <= 0)
        return -1;
    const long left = number % by;
    return left < 0 ? left + by : left;
}

static FUNCTION(is_odd)
{
    const long left = GIVEN(1) && PyLong_CheckExact(arguments[0]) ? rest(arguments[0], 2) : -1;
    return left < 0 ? GOES_ON : PyBool_FromLong(left);
}

static FUNCTION(is_even)
{
    const long left = GIVEN(1) && PyLong_CheckExact(arguments[0]) ? rest(arguments[0], 2) : -1;
    return left < 0 ? GOES_ON : PyBool_FromLong(!left);
}

static FUNCTION(is_divisible)
{
    if (!GIVEN(2) || !PyLong_CheckExact(arguments[0]) || !PyLong_CheckExact(arguments[1]))
        return GOES_ON;
    int overflow;
    const long by = PyLong_AsLongAndOverflow(arguments[1], &overflow);
    const long left = overflow ? -1 : rest(arguments[0], by);
    return left < 0 ? GOES_ON : PyBool_FromLong(!left);
}

const Row blendtpl_value_tests[] = {
    {"test", "boolean", NULL, is_boolean},
    {"test", "defined", NULL, defined},
    {"test", "divisibleby", NULL, is_divisible},
    {"test", "escaped", NULL, is_escaped},
    {"test", "even", NULL, is_even},
    {"test", "false", NULL, is_false},
    {"test", "float", NULL, is_float},
    {"test", "in", NULL, is_in},
    {"test", "integer", NULL, is_integer},
    {"test", "iterable", NULL, is_iterable},
    {"test", "lower", "islower", blendtpl_text_method},
    {"test", "mapping", NULL, is_mapping},
    {"test", "none", NULL, is_none},
    {"test", "number", NULL, is_number},
    {"test", "odd", NULL, is_odd},
    {"test", "sameas", NULL, is_same},
    {"test", "sequence", NULL, is_sequence},
    {"test", "string", NULL, is_string},
    {"test", "true", NULL, is_true},
    {"test", "undefined", NULL, undefined},
    {"test", "upper", "isupper", blendtpl_text_method},
    {NULL, NULL, NULL, NULL},
};
