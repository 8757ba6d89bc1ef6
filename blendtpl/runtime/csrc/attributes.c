/* Attributes that are not there, and items of classes of dicts: what is left of `value_of` for these.
 *
 * An error is made only where somebody may tell: of a class that has nothing of a name, and that Python looks up names
 * in as usual, it is known what asking for that would say (L9).
 */

#include "values.h"

/* Return whether a class, or one that it is made of, has anything of a name: Python's own cache of that knows. */
static int
class_has(PyTypeObject *type, PyObject *name)
{
#if PY_VERSION_HEX >= 0x030D0000
    PyObject *found = _PyType_LookupRef(type, name);
    Py_XDECREF(found);
    return found != NULL;
#else
    return _PyType_Lookup(type, name) != NULL;
#endif
}

static inline int
own_attribute(PyObject *value, PyObject *name, PyObject **found)
{
#if PY_VERSION_HEX >= 0x030D0000
    return PyObject_GetOptionalAttr(value, name, found);
#else
    return _PyObject_LookupAttr(value, name, found);
#endif
}

/* Return something undefined: a value has nothing of that name. */
PyObject *
blendtpl_undefined(State *state, PyObject *undefined, PyObject *value, PyObject *name)
{
    PyObject *const arguments[] = {value, name};
    return PyObject_Vectorcall(undefined, arguments, 0, state->of_name);
}

/* Return the item of a dict, of whatever class, that no attribute stands in the way of. */
static PyObject *
item_alone(State *state, PyObject *undefined, PyObject *value, PyObject *key)
{
    PyTypeObject *type = Py_TYPE(value);
    PyObject *found;
    if (type->tp_as_mapping->mp_subscript == PyDict_Type.tp_as_mapping->mp_subscript
        && !class_has(type, state->names[NO_SUCH_KEY])) {
        const int there = PyDict_GetItemRef(value, key, &found);
        if (there > 0)
            return found;
        if (there == 0)
            return blendtpl_undefined(state, undefined, value, key);
    } else {
        found = PyObject_GetItem(value, key);
        if (found != NULL)
            return found;
    }
    if (!says_none())
        return NULL;
    PyObject *error = raised_inside();
    if (error == NULL)
        return blendtpl_undefined(state, undefined, value, key);
    found = PyObject_CallFunctionObjArgs(state->imported[NO_SUCH], undefined, value, key, error, NULL);
    Py_DECREF(error);
    return found;
}

/* Return what an object of a class of dicts has by the name of an attribute, if that asks nobody but the dict: 1, or -1
 * for an error; or 0, for one that has to be asked. */
int
blendtpl_of_dicts(State *state, PyObject *undefined, PyObject *value, PyObject *name, PyObject **found)
{
    PyTypeObject *type = Py_TYPE(value);
    if (type->tp_getattro != PyObject_GenericGetAttr || !PyUnicode_CheckExact(name) || class_has(type, name))
        return 0;
    int there = own_attribute(value, name, found);
    if (there == 0) {
        *found = item_alone(state, undefined, value, name);
        there = *found ? 1 : -1;
    }
    return there;
}

/* Return what there is in place of an attribute; the error at hand says that there is none. The arguments are those of
 * `value_of`. */
PyObject *
blendtpl_no_attribute(State *state, PyObject *const *arguments, Py_ssize_t count)
{
    PyObject *error = raised_inside(), *value = arguments[1], *name = arguments[2], *result;
    if (error == NULL && value != state->imported[MISSING] && !has_items(value)) {
        result = blendtpl_undefined(state, arguments[0], value, name);
        return result ? result : as_if_asked(state, value, name);
    }
    if (error == NULL)
        return PyObject_Vectorcall(state->imported[NOT_FOUND], arguments, (size_t)count, NULL);
    result = PyObject_CallFunction(state->imported[NOT_FOUND], "OOOOO", arguments[0], value, name,
                                   count == 4 ? arguments[3] : Py_None, error);
    Py_DECREF(error);
    return result;
}

/* Return what `subscript` does for a dict, a list or a tuple that has no such item; `error` is that of a key which was
 * compared, if any, and is taken over. */
PyObject *
blendtpl_no_item(State *state, PyObject *undefined, PyObject *value, PyObject *key, PyObject *error)
{
    PyTypeObject *type = Py_TYPE(value);
    if (error == NULL
        && (PyLong_CheckExact(key) || (PyDict_CheckExact(value) && PyUnicode_CheckExact(key) && !class_has(type, key))))
        return blendtpl_undefined(state, undefined, value, key);
    PyObject *result = PyObject_CallFunctionObjArgs(state->imported[NO_ITEM], undefined, value, key, error, NULL);
    Py_XDECREF(error);
    return result;
}

/* Return what `subscript` does for a value that has items of whatever kind. */
PyObject *
blendtpl_item(State *state, PyObject *undefined, PyObject *value, PyObject *key)
{
    if (!has_items(value) || PyType_Check(value) || !(PyUnicode_CheckExact(key) || PyLong_CheckExact(key)))
        return PyObject_CallFunctionObjArgs(state->imported[SUBSCRIPT], undefined, value, key, NULL);
    PyObject *found = PyObject_GetItem(value, key);
    if (found != NULL || !says_none())
        return found;
    PyObject *error = at_hand(), *trace = PyException_GetTraceback(error), *before = PyErr_GetHandledException();
    PyErr_SetHandledException(error); /* from which what is raised now arises */
    found = PyObject_CallFunctionObjArgs(state->imported[NO_ITEM], undefined, value, key, trace ? error : NULL, NULL);
    PyErr_SetHandledException(before);
    Py_XDECREF(before);
    Py_XDECREF(trace);
    Py_DECREF(error);
    return found;
}

/* Have the error at hand arise, at last, from the one that says that a value has no such attribute, which is being handled
 * in Jinja2 when a key of a dict is compared. */
static PyObject *
as_no_attribute(PyObject *value, PyObject *name)
{
    PyObject *error = at_hand(), *handled = PyErr_GetHandledException(), *last = error, *before;
    PyObject *unexpected = PyObject_GetAttr(value, name), *first = unexpected ? NULL : at_hand();
    Py_XDECREF(unexpected);
    while ((before = PyException_GetContext(last)) != NULL) {
        Py_DECREF(before); /* which the one behind it holds */
        if (before == handled)
            break;
        last = before;
    }
    PyException_SetContext(last, first);
    Py_XDECREF(handled);
    PyErr_Restore(Py_NewRef(Py_TYPE(error)), error, PyException_GetTraceback(error));
    return NULL;
}

/* Return whether a dict is known to have no attribute of a name; then `found` is what a sandbox gives a template for it,
 * or nothing for an error. */
int
blendtpl_safe_of_dict(State *state, PyObject *undefined, PyObject *dict, PyObject *name, PyObject **found)
{
    if (!PyUnicode_CheckExact(name) || class_has(&PyDict_Type, name))
        return 0;
    const int there = PyDict_GetItemRef(dict, name, found);
    if (there < 0 && !says_none_safely()) {
        *found = as_no_attribute(dict, name);
    } else if (there <= 0) {
        PyErr_Clear();
        *found = blendtpl_undefined(state, undefined, dict, name);
    }
    return 1;
}
