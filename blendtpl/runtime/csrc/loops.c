/* Loops of rows, and `rows`, which runs one.
 *
 * What a loop says of itself is what `jinja2.runtime.LoopContext` does: the next item is taken when somebody asks for
 * it, once, and comes next, whatever becomes of a list in the meantime (P2); and a length is asked for once (P3). Items
 * that a condition chooses pass through a generator in Jinja2, in which a `StopIteration` is another error (R3).
 */

#include "rows.h"

/* How many characters of values are written until something else may have its turn, and as how many a turn of a loop
 * counts, beside its parts: together less than a millisecond, but for what takes long by itself. */
enum { PATIENCE = 1 << 16, TURN_COUNTS = 1 << 10, PART_COUNTS = 1 << 4 };

/* Let other threads go on, and whatever they or a signal want to be raised here, with a call in Python (R4). */
static int
take_turns(Run *run)
{
    run->written = 0;
    PyObject *nothing = PyObject_CallNoArgs(run->state->imported[PAUSE]);
    Py_XDECREF(nothing);
    return nothing ? 0 : FAILED;
}

static inline int
count_turn(Run *run)
{
    run->written += run->turn;
    return run->written >= PATIENCE ? take_turns(run) : 0;
}

/* Have an item, which is taken over, be the value of a target, as Python takes it apart (P8). */
static int
assign(Run *run, int32_t target, PyObject *item)
{
    if (IS_REGISTER(target)) {
        Py_SETREF(run->values[REGISTER(target)], item);
        return 0;
    }
    const int32_t count = run->links[target];
    const int32_t *parts = run->links + target + 1;
    if (!PyTuple_CheckExact(item) || PyTuple_GET_SIZE(item) != count) {
        PyObject *number = PyLong_FromLong(count);
        PyObject *taken = number
            ? PyObject_CallFunctionObjArgs(run->state->imported[TAKEN_APART], item, number, NULL)
            : NULL;
        Py_XDECREF(number);
        Py_SETREF(item, taken ? PySequence_Tuple(taken) : NULL);
        Py_XDECREF(taken);
        if (item == NULL)
            return FAILED;
    }
    int failed = 0;
    for (int32_t at = 0; !failed && at < count; at++)
        failed = assign(run, parts[at], Py_NewRef(PyTuple_GET_ITEM(item, at)));
    Py_DECREF(item);
    return failed;
}

/* Return what a target has, put together anew, so that an item is taken apart only once (L7). */
static PyObject *
together(Run *run, int32_t target)
{
    if (IS_REGISTER(target))
        return Py_NewRef(run->values[REGISTER(target)]);
    const int32_t count = run->links[target];
    PyObject *all = PyTuple_New(count);
    for (int32_t at = 0; all != NULL && at < count; at++) {
        PyObject *part = together(run, run->links[target + 1 + at]);
        if (part == NULL)
            Py_CLEAR(all);
        else
            PyTuple_SET_ITEM(all, at, part);
    }
    return all;
}

/* Have an error that came out of the condition of a loop be what a generator makes of it. */
static void
end_generator(void)
{
    if (!PyErr_ExceptionMatches(PyExc_StopIteration))
        return;
    PyObject *error = at_hand(), *type, *other, *trace;
    PyErr_SetString(PyExc_RuntimeError, "generator raised StopIteration");
    PyErr_Fetch(&type, &other, &trace);
    PyErr_NormalizeException(&type, &other, &trace);
    PyException_SetCause(other, Py_XNewRef(error));
    PyException_SetContext(other, error);
    PyErr_Restore(type, other, trace);
}

/* Take the next item that the condition of a loop lets pass, and have it be the value of its target: return 1, 0 when
 * there is none, or FAILED. */
static int
choose_next(Run *run, Loop *loop)
{
    int passes = 0;
    PyObject *item;
    run->loop = loop->outer;
    while (!passes && (item = PyIter_Next(loop->iterator)) != NULL) {
        passes = assign(run, loop->target, item) ? FAILED : blendtpl_condition(run, loop->test, NO_PLACE);
        if (passes >= 0)
            run->place = loop->place;
        if (passes == 0 && count_turn(run))
            passes = FAILED;
    }
    run->loop = loop;
    if (passes == 0 && PyErr_Occurred())
        passes = FAILED;
    if (passes < 0)
        end_generator();
    return passes;
}

static Py_ssize_t
save(Run *run, int32_t target, PyObject **saved, Py_ssize_t count)
{
    if (IS_REGISTER(target)) {
        saved[count] = Py_NewRef(run->values[REGISTER(target)]);
        return count + 1;
    }
    for (int32_t at = 0; at < run->links[target]; at++)
        count = save(run, run->links[target + 1 + at], saved, count);
    return count;
}

static Py_ssize_t
restore(Run *run, int32_t target, PyObject **saved, Py_ssize_t count)
{
    if (IS_REGISTER(target)) {
        Py_SETREF(run->values[REGISTER(target)], saved[count]);
        return count + 1;
    }
    for (int32_t at = 0; at < run->links[target]; at++)
        count = restore(run, run->links[target + 1 + at], saved, count);
    return count;
}

/* Return the next item, NULL for none, or for an error; nothing that is seen in the loop changes for that. */
static PyObject *
following(Run *run, Loop *loop)
{
    if (loop->test == NO_OPERAND)
        return PyIter_Next(loop->iterator);
    PyObject *saved[MOST_VALUES], *item = NULL;
    const int place = run->place;
    run->place = loop->place;
    save(run, loop->target, saved, 0);
    if (choose_next(run, loop) > 0)
        item = together(run, loop->target);
    if (!PyErr_Occurred())
        run->place = place;
    restore(run, loop->target, saved, 0);
    return item;
}

/* Return whether an item follows that at hand, -1 for an error. */
int
blendtpl_peek(Run *run)
{
    Loop *loop = run->loop;
    if (loop->after == NULL) {
        loop->after = following(run, loop);
        if (loop->after == run->state->imported[MISSING]) /* which stands for none */
            Py_CLEAR(loop->after);
    }
    return loop->after != NULL ? 1 : PyErr_Occurred() ? FAILED : 0;
}

/* Find out how many items there are: of what does not say it, by taking all of them. */
static int
count_items(Run *run, Loop *loop)
{
    Py_ssize_t size = loop->test == NO_OPERAND ? PyObject_Size(loop->items) : -1;
    if (size < 0 && loop->test == NO_OPERAND) {
        if (!PyErr_ExceptionMatches(PyExc_TypeError))
            return FAILED;
        PyErr_Clear();
    }
    if (size < 0) {
        PyObject *rest = loop->test == NO_OPERAND ? PySequence_List(loop->iterator) : PyList_New(0), *item;
        while (rest != NULL && loop->test != NO_OPERAND && (item = following(run, loop)) != NULL) {
            if (PyList_Append(rest, item) < 0)
                Py_CLEAR(rest);
            Py_DECREF(item);
        }
        if (rest != NULL && PyErr_Occurred())
            Py_CLEAR(rest);
        PyObject *iterator = rest ? PyObject_GetIter(rest) : NULL;
        if (iterator == NULL) {
            Py_XDECREF(rest);
            return FAILED;
        }
        size = PyList_GET_SIZE(rest) + loop->number + (loop->after != NULL);
        Py_DECREF(rest);
        Py_SETREF(loop->iterator, iterator);
        loop->test = NO_OPERAND; /* they have passed */
    }
    loop->length = size;
    return 0;
}

PyObject *
blendtpl_counter(Run *run, const Node *node)
{
    const Py_ssize_t number = run->loop->number;
    switch (node->which) {
    case COUNTER_INDEX: return PyLong_FromSsize_t(number);
    case COUNTER_INDEX0: return PyLong_FromSsize_t(number - 1);
    case COUNTER_FIRST: return PyBool_FromLong(number == 1);
    default: return PyLong_FromLong(node->which == COUNTER_DEPTH);
    }
}

static PyObject *
nothing(Run *run, const char *message)
{
    return PyObject_CallFunction(run->undefined, "s", message);
}

/* Return what a loop says of the items before, behind, or in all. */
PyObject *
blendtpl_ahead(Run *run, const Node *node)
{
    Loop *loop = run->loop;
    move(run, node->place);
    if (node->op == OP_PREVITEM)
        return loop->number == 1 ? nothing(run, "there is no previous item") : Py_NewRef(loop->before);
    if (node->op == OP_LAST || node->op == OP_NEXTITEM) {
        const int there = blendtpl_peek(run);
        if (there < 0)
            return NULL;
        if (node->op == OP_LAST)
            return PyBool_FromLong(!there);
        return there ? Py_NewRef(loop->after) : nothing(run, "there is no next item");
    }
    if (loop->length < 0 && count_items(run, loop))
        return NULL;
    return PyLong_FromSsize_t(node->op == OP_LENGTH     ? loop->length
                              : node->op == OP_REVINDEX ? loop->length - loop->number + 1
                                                        : loop->length - loop->number);
}

/* Have the next item be the value of the target: return 1, 0 when there is none, or FAILED. */
static int
next_item(Run *run, Loop *loop)
{
    PyObject *item = loop->after;
    loop->after = NULL;
    if (item == NULL && loop->test != NO_OPERAND) {
        PyObject *saved[MOST_VALUES];
        const Py_ssize_t count = save(run, loop->target, saved, 0);
        const int there = choose_next(run, loop);
        if (there == 0) /* what did not pass is not seen */
            restore(run, loop->target, saved, 0);
        for (Py_ssize_t at = 0; there != 0 && at < count; at++)
            Py_DECREF(saved[at]);
        if (there > 0 && loop->keeps) {
            Py_XSETREF(loop->before, loop->current);
            loop->current = together(run, loop->target);
            if (loop->current == NULL)
                return FAILED;
        }
        return there;
    }
    if (item == NULL && (item = PyIter_Next(loop->iterator)) == NULL)
        return PyErr_Occurred() ? FAILED : 0;
    if (loop->keeps) {
        Py_XSETREF(loop->before, loop->current);
        loop->current = Py_NewRef(item);
    }
    return assign(run, loop->target, item) ? FAILED : 1;
}

static int
each_item(Run *run, Loop *loop, int32_t body, PyObject *out, int *completed)
{
    int ended = DONE, there = 0;
    while (ended != BREAKS && (there = next_item(run, loop)) > 0) {
        loop->number++;
        ended = blendtpl_run(run, body);
        if (ended < 0 || (out != NULL && write_row(&run->texts, out)))
            return FAILED;
        *completed = *completed || ended == DONE;
        run->place = loop->place;
        if (count_turn(run))
            return FAILED;
    }
    return there < 0 ? FAILED : 0;
}

/* Put the texts of a loop; with `out` those of each item become a string there. Return how a body around it goes on:
 * what stands for no items may leave that. */
int
blendtpl_loop(Run *run, const Node *node, PyObject *items, PyObject *out)
{
    move(run, node->place);
    Loop loop = {.items = items, .target = node->at[1], .test = node->at[2], .keeps = node->which & KEEPS_PREVIOUS};
    loop.length = -1;
    loop.place = run->place;
    loop.outer = run->loop;
    loop.iterator = PyObject_GetIter(items); /* (P7) */
    if (loop.iterator == NULL) {
        if (loop.test != NO_OPERAND)
            end_generator();
        return FAILED;
    }
    int completed = 0;
    run->loop = &loop;
    const int failed = each_item(run, &loop, node->at[3], out, &completed);
    run->loop = loop.outer;
    Py_XDECREF(loop.after);
    Py_XDECREF(loop.before);
    Py_XDECREF(loop.current);
    Py_XDECREF(loop.changed);
    Py_DECREF(loop.iterator);
    return failed ? FAILED : completed ? DONE : blendtpl_run(run, node->at[4]); /* (P5) */
}

static int
is_plain(PyObject *items)
{
    PyTypeObject *type = Py_TYPE(items);
    return type == &PyList_Type || type == &PyTuple_Type || type == &PyDict_Type || type == &PyDictItems_Type
        || type == &PyDictKeys_Type || type == &PyDictValues_Type || type == &PyRange_Type;
}

/* Return the error at hand with the place that it came from (R2). */
static PyObject *
located_error(Py_ssize_t place)
{
    PyObject *error = at_hand();
    PyObject *pair = Py_BuildValue("[nO]", place, error);
    Py_XDECREF(error);
    return pair;
}

static PyObject *
run_program(State *state, const Code *code, PyObject *const *arguments, Py_ssize_t inputs)
{
    Run run;
    run.state = state;
    run.undefined = arguments[2];
    run.nodes = code->nodes;
    run.links = code->links;
    run.loop = NULL;
    run.escapes = arguments[4] == Py_True;
    run.place = 0;
    run.written = 0;
    run.turn = TURN_COUNTS + PART_COUNTS * code->count;
    run.texts.all = run.texts.few;
    run.texts.count = 0;
    run.texts.room = (Py_ssize_t)Py_ARRAY_LENGTH(run.texts.few);
    run.texts.octets.bytes = NULL;
    run.texts.octets.size = 0;
    Py_ssize_t count = code->own + inputs;
    for (Py_ssize_t at = 0; at < count; at++)
        run.values[at] = Py_NewRef(at < code->own ? Py_None : arguments[5 + at - code->own]);
    int failed = blendtpl_loop(&run, code->nodes, arguments[3], arguments[0]) != DONE;
    if (!failed && run.texts.count) /* of what stands for no items */
        failed = write_row(&run.texts, arguments[0]);
    failed = failed || blendtpl_flush(&run.texts.octets, arguments[0]);
    Py_CLEAR(run.texts.octets.bytes);
    drop_texts(&run.texts, 0);
    if (run.texts.all != run.texts.few)
        PyMem_Free(run.texts.all);
    while (count)
        Py_DECREF(run.values[--count]);
    if (!failed)
        Py_RETURN_TRUE;
    return run.place > 0 ? located_error(run.place) : NULL;
}

static PyObject *
checked_run(State *state, const Code *code, PyObject *const *arguments, Py_ssize_t count)
{
    const Py_ssize_t given = code->own + count - 5;
    if (given > MOST_VALUES)
        return PyErr_Format(PyExc_TypeError, "these are no rows: they have more than %d registers", MOST_VALUES);
    if (given < code->registers)
        return PyErr_Format(PyExc_TypeError, "these are no rows: of %d registers %zd are given", code->registers, given);
    return run_program(state, code, arguments, count - 5);
}

PyObject *
blendtpl_rows(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    if (count < 5 || !PyList_CheckExact(arguments[0])) {
        PyErr_SetString(PyExc_TypeError, "a list and four more arguments are wanted");
        return NULL;
    }
    State *state = PyModule_GetState(module);
    if (!is_plain(arguments[3]))
        Py_RETURN_FALSE;
    const Code *code = blendtpl_code_of(state, arguments[1]);
    if (code != NULL)
        return checked_run(state, code, arguments, count);
    Layout layout;
    const int failed = blendtpl_lay_out(&layout, arguments[1]);
    PyObject *result = failed == FAILED ? NULL
                       : failed         ? blendtpl_refuse(state, arguments[1])
                                        : checked_run(state, &layout.code, arguments, count);
    blendtpl_forget(&layout);
    return result;
}
