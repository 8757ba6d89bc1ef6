/* Lookups: `getter` of `blendtpl.runtime.items`, `attr` of `blendtpl.runtime.lookup_filters`, and `safe_attribute` of
 * `blendtpl.runtime.safe`, for values of the usual types.
 *
 * What is of no usual type is not asked anything here, but left to those in Python as a whole, for what asks a value
 * twice may be told from what asks it once. What is not there goes on in Python as well (L5, L9).
 */

#include "filters.h"

/* Return what `no_such`, or another like it, makes of what is not there; the error at hand says so. */
static PyObject *
none_there(PyObject *function, PyObject *first, PyObject *value, PyObject *key)
{
    PyObject *error = raised_inside();
    PyObject *result = PyObject_CallFunctionObjArgs(function, first, value, key, error, NULL);
    Py_XDECREF(error);
    return result;
}

/* Return an attribute of a value that has no items. */
static PyObject *
attribute_alone(State *state, PyObject *undefined, PyObject *value, PyObject *key)
{
    if (!PyUnicode_CheckExact(key))
        return PyObject_CallFunctionObjArgs(state->imported[NO_SUCH], undefined, value, key, NULL);
    PyObject *found = PyObject_GetAttr(value, key);
    if (found != NULL)
        return found;
    if (PyErr_ExceptionMatches(PyExc_AttributeError))
        return none_there(state->imported[NO_SUCH], undefined, value, key);
    return as_if_asked(state, value, key);
}

static PyObject *
item_of_dict(State *state, PyObject *undefined, PyObject *dict, PyObject *key)
{
    PyObject *found;
    const int there = PyDict_GetItemRef(dict, key, &found);
    if (there > 0)
        return found;
    if (there < 0) {
        if (!says_none())
            return NULL;
        return none_there(state->imported[NO_ITEM], undefined, dict, key);
    }
    return PyObject_CallFunctionObjArgs(state->imported[NO_ITEM], undefined, dict, key, NULL);
}

/* Return what `subscript` does. */
static PyObject *
item_of(State *state, PyObject *undefined, PyObject *value, PyObject *key)
{
    if (PyDict_CheckExact(value) && PyUnicode_CheckExact(key))
        return item_of_dict(state, undefined, value, key);
    if ((PyUnicode_CheckExact(key) || PyLong_CheckExact(key)) && !has_items(value))
        return attribute_alone(state, undefined, value, key);
    return PyObject_CallFunctionObjArgs(state->imported[SUBSCRIPT], undefined, value, key, NULL);
}

static inline int
is_plain(State *state, PyObject *value)
{
    return PyUnicode_CheckExact(value) || PyLong_CheckExact(value) || PyFloat_CheckExact(value) || PyBool_Check(value)
        || value == Py_None || PyList_CheckExact(value) || PyTuple_CheckExact(value) || PyDict_CheckExact(value)
        || (PyObject *)Py_TYPE(value) == state->imported[MARKUP];
}

/* Return whether a value is surely of no kind that has attributes which are never safe (`is_plain` of
 * `blendtpl.runtime.safe`). */
static inline int
is_harmless(State *state, PyObject *value)
{
    if (is_plain(state, value))
        return 1;
    PyTypeObject *type = Py_TYPE(value);
    if (type->tp_getattro != PyObject_GenericGetAttr || PyType_Check(value))
        return 0;
    const int internal = PySet_Contains(state->imported[INTERNAL], (PyObject *)type);
    PyObject *said = internal ? NULL : PyObject_GetAttr(value, state->names[CLASS_NAME]);
    if (said == NULL)
        PyErr_Clear();
    Py_XDECREF(said);
    return said == (PyObject *)type;
}

/* Return whether a method may be one that formats a text: 1 or 0, or -1 for what is no usual method. */
static int
may_format(PyObject *method)
{
    if (PyCFunction_CheckExact(method)) {
        const char *name = ((PyCFunctionObject *)method)->m_ml->ml_name;
        return strcmp(name, "format") == 0 || strcmp(name, "format_map") == 0;
    }
    if (!PyMethod_Check(method) || !PyFunction_Check(PyMethod_GET_FUNCTION(method)))
        return -1;
    PyObject *name = ((PyFunctionObject *)PyMethod_GET_FUNCTION(method))->func_name;
    return PyUnicode_CompareWithASCIIString(name, "format") == 0 || PyUnicode_CompareWithASCIIString(name, "format_map") == 0;
}

/* Return whether what has been found is for anybody to have: neither a method that formats a text, nor refused. */
static int
is_known(State *state, PyObject *environment, PyObject *value, PyObject *name, PyObject *found)
{
    const int formats = is_plain(state, found) ? 0 : may_format(found);
    if (formats > 0)
        return 0;
    if (formats < 0) {
        const int is_method = PyObject_IsInstance(found, state->imported[METHODS]);
        if (is_method != 0) {
            PyErr_Clear();
            return 0;
        }
    }
    if (!has(environment, state->names[WRAP], state->imported[WRAPS], NULL))
        return 0;
    const int refuses = has(environment, state->names[IS_SAFE], state->imported[PRIVATE], state->imported[CHANGES]);
    if (refuses == 0 || (refuses == 2 && PySet_Contains(state->imported[CHANGING], name) != 0))
        return 0;
    return is_harmless(state, value);
}

/* Return what has been found as an attribute, which is taken over, or what stands for what is refused. */
static PyObject *
judged(State *state, PyObject *environment, PyObject *value, PyObject *name, PyObject *found, int handles)
{
    if (PyUnicode_CheckExact(name) && PyUnicode_GET_LENGTH(name) && PyUnicode_READ_CHAR(name, 0) != '_'
        && is_known(state, environment, value, name, found))
        return found;
    PyObject *const arguments[] = {environment, value, name, found};
    PyObject *refused = handles ? PyObject_GetItem(value, name) : NULL, *result; /* an error, which is to be handled */
    if (PyErr_Occurred())
        result = handling(state->imported[SAFE_VALUE], arguments, 4);
    else
        result = PyObject_Vectorcall(state->imported[SAFE_VALUE], arguments, 4, NULL);
    Py_XDECREF(refused);
    Py_DECREF(found);
    return result;
}

/* Return what `safe_item` does for a value that has no items; it is not asked for one. */
static PyObject *
safe_attribute_alone(State *state, PyObject *environment, PyObject *undefined, PyObject *value, PyObject *name)
{
    PyObject *found = PyObject_GetAttr(value, name);
    if (found != NULL)
        return judged(state, environment, value, name, found, 1);
    if (!PyErr_ExceptionMatches(PyExc_AttributeError))
        return as_if_asked(state, value, name);
    PyErr_Clear();
    return PyObject_CallFunctionObjArgs(state->imported[NO_SUCH], undefined, value, name, NULL);
}

/* Return what `safe_item` does; `arguments` are those of that. */
static PyObject *
safe_item_of(State *state, PyObject *const *arguments)
{
    if (PyDict_CheckExact(arguments[2]) && PyUnicode_CheckExact(arguments[3])) {
        PyObject *found = PyObject_GetItem(arguments[2], arguments[3]);
        if (found != NULL || !says_none_safely())
            return found;
        return handling(state->imported[SAFE_NO_ITEM], arguments, 4);
    }
    if (PyUnicode_CheckExact(arguments[3]) && !has_items(arguments[2]))
        return safe_attribute_alone(state, arguments[0], arguments[1], arguments[2], arguments[3]);
    return PyObject_Vectorcall(state->imported[SAFE_ITEM], arguments, 4, NULL);
}

/* Return a value that is taken over, a text in lower case: what says that it is one counts as one, and is asked. */
static PyObject *
in_lower_case(State *state, PyObject *value)
{
    const int is_one = PyUnicode_CheckExact(value) ? 1
        : is_plain(state, value)                   ? PyUnicode_Check(value)
                                                   : PyObject_IsInstance(value, (PyObject *)&PyUnicode_Type);
    if (is_one > 0)
        Py_SETREF(value, PyObject_CallMethodNoArgs(value, state->names[LOWER]));
    else if (is_one < 0)
        Py_CLEAR(value);
    return value;
}

enum { MODULE, CLASS, PARTS, FOLD, DEFAULT, GUARD, FIELDS }; /* of a getter */

static PyObject *
get(PyObject *self, PyObject *item)
{
    State *state = PyModule_GetState(PyTuple_GET_ITEM(self, MODULE));
    PyObject *parts = PyTuple_GET_ITEM(self, PARTS), *guard = PyTuple_GET_ITEM(self, GUARD);
    PyObject *undefined = PyTuple_GET_ITEM(self, CLASS), *fallback = PyTuple_GET_ITEM(self, DEFAULT);
    PyObject *found = Py_NewRef(item);
    for (Py_ssize_t at = 0; found != NULL && at < PyTuple_GET_SIZE(parts); at++) {
        PyObject *key = PyTuple_GET_ITEM(parts, at);
        PyObject *const arguments[] = {guard, undefined, found, key};
        Py_SETREF(found, guard == Py_None ? item_of(state, undefined, found, key) : safe_item_of(state, arguments));
        if (found == NULL || fallback == Py_None)
            continue;
        const int missing = PyObject_IsInstance(found, state->imported[UNDEFINED]);
        if (missing < 0)
            Py_CLEAR(found);
        else if (missing)
            Py_SETREF(found, Py_NewRef(fallback));
    }
    return found != NULL && PyTuple_GET_ITEM(self, FOLD) == Py_True ? in_lower_case(state, found) : found;
}

static PyMethodDef getter_method = {"get", get, METH_O, NULL};

/* Return a function that looks up: the arguments are those of `getter` in Python. */
PyObject *
blendtpl_getter(PyObject *module, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"undefined", "parts", "fold", "default", "guard", NULL};
    PyObject *undefined, *parts, *fallback = Py_None, *guard = Py_None;
    int fold = 0;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "OO!|pOO:getter", names, &undefined, &PyTuple_Type, &parts,
                                     &fold, &fallback, &guard))
        return NULL;
    PyObject *self = PyTuple_Pack(FIELDS, module, undefined, parts, fold ? Py_True : Py_False, fallback, guard);
    PyObject *function = self ? PyCFunction_NewEx(&getter_method, self, NULL) : NULL;
    Py_XDECREF(self);
    return function;
}

/* Return whether a class has a `__dict__` that is not the one of all classes, through its own class. */
static inline int
hides_dict(State *state, const PyTypeObject *made_of)
{
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(made_of->tp_mro); at++) {
        PyTypeObject *base = (PyTypeObject *)PyTuple_GET_ITEM(made_of->tp_mro, at);
        if (base == &PyType_Type)
            return 0;
        if (!PyType_HasFeature(base, Py_TPFLAGS_HEAPTYPE) || PyDict_Contains(base->tp_dict, state->names[DICT]) != 0)
            break;
    }
    PyErr_Clear();
    return 1;
}

/* Return whether what a class and a `__dict__` have is all that its objects have: then Python finds what
 * `inspect.getattr_static` does. */
static inline int
is_usual(State *state, PyTypeObject *type)
{
    const PyTypeObject *made_of = Py_TYPE(type);
    return type->tp_getattro == PyObject_GenericGetAttr && (made_of == &PyType_Type || !hides_dict(state, made_of));
}

FUNCTION(blendtpl_attr)
{
    State *state = STATE;
    if (!GIVEN(3) || !PyUnicode_CheckExact(arguments[2]) || !is_usual(state, Py_TYPE(arguments[1])))
        return GOES_ON;
    PyObject *found = PyObject_GetAttr(arguments[1], arguments[2]);
    if (found != NULL || !PyErr_ExceptionMatches(PyExc_AttributeError))
        return found;
    return none_there(state->imported[NO_ATTR], arguments[0], arguments[1], arguments[2]);
}

/* `safe_attribute`: the arguments are the environment, `undefined`, a value and a name. */
PyObject *
blendtpl_safe_attribute(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    State *state = PyModule_GetState(module);
    if (count != 4)
        return PyErr_Format(PyExc_TypeError, "4 arguments are wanted, not %zd", count);
    PyObject *environment = arguments[0], *value = arguments[2], *name = arguments[3], *found;
    if (PyDict_CheckExact(value) && blendtpl_safe_of_dict(state, arguments[1], value, name, &found))
        return found;
    found = PyObject_GetAttr(value, name);
    if (found == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_AttributeError))
            return NULL;
        return handling(state->imported[SAFE_NO_ATTRIBUTE], arguments + 1, 3);
    }
    return judged(state, environment, value, name, found, 0);
}

/* `safe_item`: the arguments are the environment, `undefined`, a value and a key. */
PyObject *
blendtpl_safe_item(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    if (count != 4)
        return PyErr_Format(PyExc_TypeError, "4 arguments are wanted, not %zd", count);
    return safe_item_of(PyModule_GetState(module), arguments);
}
