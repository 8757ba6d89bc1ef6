/* Calls: `callee`, `invoked` and `safely_invoked` of `blendtpl.runtime.calls`, which says what they are.
 *
 * What is surely a plain function is called at once. What may ask to be passed something first goes on in Python.
 */

#include "values.h"

/* Return whether it is a plain function, or a method that is one, or a class of Python's own, which cannot have a mark
 * that says what it is to be passed; -1 for an error. */
int
blendtpl_is_unmarked(State *state, PyObject *function)
{
    if (PyType_CheckExact(function))
        return !PyType_HasFeature((PyTypeObject *)function, Py_TPFLAGS_HEAPTYPE);
    if (PyMethod_Check(function))
        function = PyMethod_GET_FUNCTION(function);
    if (PyCFunction_CheckExact(function))
        return 1;
    if (!PyFunction_Check(function))
        return 0;
    int marked = 0;
    Py_BEGIN_CRITICAL_SECTION(function);
    PyObject *own = ((PyFunctionObject *)function)->func_dict;
    if (own != NULL)
        marked = PyDict_Contains(own, state->names[PASS_ARG]);
    Py_END_CRITICAL_SECTION();
    return marked < 0 ? -1 : !marked;
}

/* `callee`: the arguments are a frame, a function, and maybe what has been set around the call. */
PyObject *
blendtpl_callee(PyObject *module, PyObject *const *arguments, Py_ssize_t count, PyObject *names)
{
    State *state = PyModule_GetState(module);
    const int unmarked = count >= 2 ? blendtpl_is_unmarked(state, arguments[1]) : 0;
    if (unmarked < 0)
        return NULL;
    return unmarked ? Py_NewRef(arguments[1])
                    : PyObject_Vectorcall(state->imported[CALLEE], arguments, (size_t)count, names);
}

/* `invoked`: the arguments are a frame, what has been set around the call, twice, the function, and what it is given. */
PyObject *
blendtpl_invoked(PyObject *module, PyObject *const *arguments, Py_ssize_t count, PyObject *names)
{
    State *state = PyModule_GetState(module);
    enum { FUNCTION_AT = 3 };
    const int unmarked = count > FUNCTION_AT ? blendtpl_is_unmarked(state, arguments[FUNCTION_AT]) : 0;
    if (unmarked < 0)
        return NULL;
    if (!unmarked)
        return PyObject_Vectorcall(state->imported[INVOKED], arguments, (size_t)count, names);
    PyObject *result = PyObject_Vectorcall(arguments[FUNCTION_AT], arguments + FUNCTION_AT + 1,
                                           (size_t)(count - FUNCTION_AT - 1), names);
    if (result != NULL || !PyErr_ExceptionMatches(PyExc_StopIteration))
        return result;
    return handling(state->imported[STOPPED_IN], arguments, 1);
}

/* Return whether a sandbox surely lets a template call what is unmarked: nothing says that it is not to be called. */
static int
is_callable(State *state, PyObject *environment, PyObject *function)
{
    if (!has(environment, state->names[SAFE_CALLABLE], state->imported[CALLABLE], NULL))
        return 0;
    if (PyMethod_Check(function))
        function = PyMethod_GET_FUNCTION(function);
    return !PyFunction_Check(function) || ((PyFunctionObject *)function)->func_dict == NULL;
}

/* `safely_invoked`: the arguments are the environment, and those of `invoked`. */
PyObject *
blendtpl_safely_invoked(PyObject *module, PyObject *const *arguments, Py_ssize_t count, PyObject *names)
{
    State *state = PyModule_GetState(module);
    enum { FRAME_AT = 1, FUNCTION_AT = 4 };
    const int unmarked = count > FUNCTION_AT ? blendtpl_is_unmarked(state, arguments[FUNCTION_AT]) : 0;
    if (unmarked < 0)
        return NULL;
    if (!unmarked || !is_callable(state, arguments[0], arguments[FUNCTION_AT]))
        return PyObject_Vectorcall(state->imported[SAFELY_INVOKED], arguments, (size_t)count, names);
    PyObject *result = PyObject_Vectorcall(arguments[FUNCTION_AT], arguments + FUNCTION_AT + 1,
                                           (size_t)(count - FUNCTION_AT - 1), names);
    if (result != NULL || !PyErr_ExceptionMatches(PyExc_StopIteration))
        return result;
    return handling(state->imported[STOPPED_IN], arguments + FRAME_AT, 1);
}
