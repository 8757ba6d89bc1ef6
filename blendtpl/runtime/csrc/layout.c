/* The check of a program, and its layout as nodes. `blendtpl.bundle.row_check` has the same check, and the words for
 * what is wrong.
 */

#include "rows.h"

#define AS_SIGNATURE(name, number, signature) [number] = signature,
static const char *const SIGNATURES[OPCODES] = {BLENDTPL_OPCODES(AS_SIGNATURE)};
enum { REFUSED = -2 }; /* as FAILED, but no error is at hand */

/* Return a number that a program has, -1 for anything else. */
static inline int32_t
number_of(PyObject *item, int32_t below)
{
    if (!PyLong_CheckExact(item))
        return -1;
    int overflow;
    const long number = PyLong_AsLongAndOverflow(item, &overflow);
    return overflow || number < 0 || number >= below ? -1 : (int32_t)number;
}

static inline int
add_parts(Layout *layout, Py_ssize_t count)
{
    layout->parts += count;
    return layout->parts > MOST_NODES || count > MOST_NODES ? REFUSED : 0;
}

/* Return a place for some nodes, one behind the other. */
static int32_t
more_nodes(Layout *layout, Py_ssize_t count)
{
    if (add_parts(layout, count))
        return REFUSED;
    if (layout->code.count + count > layout->room) {
        const Py_ssize_t room = (layout->code.count + count) * 2;
        Node *nodes = PyMem_New(Node, (size_t)room);
        if (nodes == NULL) {
            PyErr_NoMemory();
            return FAILED;
        }
        memcpy(nodes, layout->code.nodes, (size_t)layout->code.count * sizeof(Node));
        if (layout->code.nodes != layout->few_nodes)
            PyMem_Free(layout->code.nodes);
        layout->code.nodes = nodes;
        layout->room = room;
    }
    const int32_t first = (int32_t)layout->code.count;
    layout->code.count += count;
    return first;
}

/* Return a place for some links; `parts` of them are operands. */
static int32_t
more_links(Layout *layout, Py_ssize_t count, Py_ssize_t parts)
{
    if (add_parts(layout, parts))
        return REFUSED;
    if (layout->code.link_count + count > layout->link_room) {
        const Py_ssize_t room = (layout->code.link_count + count) * 2;
        int32_t *links = PyMem_New(int32_t, (size_t)room);
        if (links == NULL) {
            PyErr_NoMemory();
            return FAILED;
        }
        memcpy(links, layout->code.links, (size_t)layout->code.link_count * sizeof(int32_t));
        if (layout->code.links != layout->few_links)
            PyMem_Free(layout->code.links);
        layout->code.links = links;
        layout->link_room = room;
    }
    const int32_t first = (int32_t)layout->code.link_count;
    layout->code.link_count += count;
    return first;
}

static int lay_operation(Layout *layout, PyObject *operation, int32_t slot, int statement);

static int
lay_register(Layout *layout, PyObject *item, int32_t *result)
{
    const int32_t number = number_of(item, MOST_VALUES);
    if (number < 0)
        return REFUSED;
    if (number >= layout->code.registers)
        layout->code.registers = number + 1;
    *result = REGISTER(number);
    return 0;
}

static int
lay_expression(Layout *layout, PyObject *item, Operand *result)
{
    if (PyLong_CheckExact(item))
        return lay_register(layout, item, result);
    const int32_t slot = more_nodes(layout, 1);
    *result = slot;
    return slot < 0 ? slot : lay_operation(layout, item, slot, 0);
}

static int
lay_target(Layout *layout, PyObject *item, int32_t *result)
{
    if (!PyTuple_CheckExact(item))
        return lay_register(layout, item, result);
    const Py_ssize_t count = PyTuple_GET_SIZE(item);
    if (count == 0 || layout->depth >= MOST_DEPTH)
        return REFUSED;
    const int32_t first = more_links(layout, count + 1, count);
    if (first < 0)
        return first;
    layout->code.links[first] = (int32_t)count;
    layout->depth++;
    for (Py_ssize_t at = 0; at < count; at++) {
        int32_t part;
        const int failed = lay_target(layout, PyTuple_GET_ITEM(item, at), &part);
        if (failed)
            return failed;
        layout->code.links[first + 1 + at] = part;
    }
    layout->depth--;
    *result = first;
    return 0;
}

/* Lay out the rest of an operation: operands, of which there are any number. */
static int
lay_operands(Layout *layout, PyObject *operation, Py_ssize_t from, int32_t *result)
{
    const Py_ssize_t count = PyTuple_GET_SIZE(operation) - from;
    const int32_t first = more_links(layout, count, count);
    if (first < 0)
        return first;
    for (Py_ssize_t at = 0; at < count; at++) {
        Operand operand;
        const int failed = lay_expression(layout, PyTuple_GET_ITEM(operation, from + at), &operand);
        if (failed)
            return failed;
        layout->code.links[first + at] = operand;
    }
    result[0] = first;
    result[1] = (int32_t)count;
    return 0;
}

static int
lay_body(Layout *layout, PyObject *body, int32_t *result)
{
    const int text = PyUnicode_CheckExact(body);
    if (!text && (!PyTuple_CheckExact(body) || layout->depth >= MOST_DEPTH))
        return REFUSED;
    const Py_ssize_t count = text ? 1 : PyTuple_GET_SIZE(body);
    const int32_t first = more_nodes(layout, count + 1);
    if (first < 0)
        return first;
    layout->depth++;
    int32_t slot = first;
    for (Py_ssize_t at = 0; at < count; at++) {
        PyObject *statement = text ? body : PyTuple_GET_ITEM(body, at);
        if (PyUnicode_CheckExact(statement)) {
            if (PyUnicode_GET_LENGTH(statement))
                layout->code.nodes[slot++] = (Node){.op = OP_WRITE, .object = statement};
            continue;
        }
        const int failed = lay_operation(layout, statement, slot++, 1);
        if (failed)
            return failed;
    }
    while (slot <= first + count)
        layout->code.nodes[slot++] = (Node){.op = OP_END};
    layout->depth--;
    *result = first;
    return 0;
}

/* Lay out a body which nothing leaves, or, with `flags`, that of a loop. */
static int
lay_inner(Layout *layout, PyObject *body, PyObject *flags, int32_t *result)
{
    const int loops = layout->loops, leaves = layout->leaves, keeps = layout->keeps;
    layout->leaves = flags != NULL;
    if (flags != NULL) {
        layout->loops++;
        layout->keeps = number_of(flags, 2) == KEEPS_PREVIOUS;
    }
    const int failed = lay_body(layout, body, result);
    layout->loops = loops;
    layout->leaves = leaves;
    layout->keeps = keeps;
    return failed;
}

static int
are_names(PyObject *item)
{
    if (!PyTuple_CheckExact(item) || PyTuple_GET_SIZE(item) == 0 || PyTuple_GET_SIZE(item) > MOST_VALUES)
        return 0;
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(item); at++) {
        PyObject *name = PyTuple_GET_ITEM(item, at);
        if (!PyUnicode_CheckExact(name))
            return 0;
        for (Py_ssize_t before = 0; before < at; before++)
            if (PyUnicode_Compare(name, PyTuple_GET_ITEM(item, before)) == 0)
                return 0;
    }
    return 1;
}

/* Lay out what stands for a letter of a signature; `field` is where in the node that begins. Return 0, or how it
 * failed. */
static int
lay_item(Layout *layout, char kind, PyObject *item, Node *node, int32_t *field)
{
    int32_t number = 0;
    switch (kind) {
    case 'p':
        node->place = item == Py_None ? NO_PLACE : (number = number_of(item, MOST_PLACES));
        return number < 0 ? REFUSED : 0;
    case 'y':
        *field = NO_OPERAND;
        return item == Py_None ? 0 : lay_expression(layout, item, field);
    case 'x':
        if (layout->code.count == 1) { /* the items of the program, which are given to it when it runs */
            *field = NO_OPERAND;
            return PyBytes_CheckExact(item) && PyBytes_GET_SIZE(item) == 0 ? 0 : REFUSED;
        }
        return lay_expression(layout, item, field);
    case 't':
        number = lay_target(layout, item, field);
        layout->code.own = layout->code.own ? layout->code.own : layout->code.registers;
        return number;
    case 'b': return lay_body(layout, item, field);
    case 'B': return lay_inner(layout, item, NULL, field);
    case 'n':
    case 'k':
        node->object = item;
        return (kind == 'n' ? PyUnicode_CheckExact(item) : are_names(item)) ? 0 : REFUSED;
    case 'r':
        if (lay_register(layout, item, &number))
            return REFUSED;
        node->which = (int16_t)REGISTER(number);
        return 0;
    case 'o': number = number_of(item, OPERATOR_POS); break;
    case 'u':
        number = number_of(item, OPERATORS);
        number = number < OPERATOR_POS ? -1 : number;
        break;
    case 'c': number = number_of(item, COMPARISONS); break;
    case 'w': number = number_of(item, COUNTERS); break;
    default: number = number_of(item, 2); /* flags */
    }
    node->which = (int16_t)number;
    return number < 0 ? REFUSED : 0;
}

/* Have a node that is found often do at once what it and its operand would. */
static void
specialise(Layout *layout, Node *node)
{
    if (node->op == OP_TEXT) {
        const Node *body = layout->code.nodes + node->at[0];
        if (body->op == OP_WRITE && body[1].op == OP_END) {
            node->op = OP_CONSTANT;
            node->object = body->object;
        }
    } else if (node->op == OP_PRINT && IS_REGISTER(node->at[0])) {
        node->op = OP_PRINT_VALUE;
        node->which = (int16_t)REGISTER(node->at[0]);
    } else if (node->op == OP_CYCLE) {
        node->op = OP_CYCLE_PLAIN;
        for (int32_t at = 0; at < node->at[1]; at++) {
            const Operand operand = layout->code.links[node->at[0] + at];
            if (!IS_REGISTER(operand) && layout->code.nodes[operand].op != OP_CONSTANT)
                node->op = OP_CYCLE;
        }
    } else if (node->op == OP_PRINT) {
        const Node *inner = layout->code.nodes + node->at[0];
        if (inner->op == OP_COUNTER && inner->which == COUNTER_INDEX)
            node->op = OP_PRINT_INDEX;
        else if (inner->op == OP_ATTR && IS_REGISTER(inner->at[0])) {
            node->op = OP_PRINT_FIELD;
            node->which = (int16_t)REGISTER(inner->at[0]);
            node->at[0] = node->place;
            node->place = inner->place;
            node->object = inner->object;
        }
    }
}

static int
may_stand(const Layout *layout, char kind)
{
    return kind == 'j' ? layout->leaves : layout->loops && (kind == 'l' || layout->keeps);
}

/* Lay out an operation at a node that is there for it. */
static int
lay_operation(Layout *layout, PyObject *operation, int32_t slot, int statement)
{
    if (!PyTuple_CheckExact(operation) || PyTuple_GET_SIZE(operation) == 0 || layout->depth >= MOST_DEPTH)
        return REFUSED;
    const Py_ssize_t size = PyTuple_GET_SIZE(operation);
    const int32_t opcode = number_of(PyTuple_GET_ITEM(operation, 0), OPCODES);
    if (opcode <= 0 || (opcode >= FIRST_STATEMENT) != statement)
        return REFUSED;
    Node node = {.op = (int16_t)opcode, .place = NO_PLACE};
    Py_ssize_t at = 1;
    int32_t *field = node.at;
    layout->depth++;
    for (const char *kind = SIGNATURES[opcode]; *kind; kind++) {
        int failed = 0;
        if (*kind == 'l' || *kind == 'v' || *kind == 'j') {
            failed = may_stand(layout, *kind) ? 0 : REFUSED;
        } else if (*kind == 'X' || *kind == 'Y') {
            failed = *kind == 'Y' && at == size ? REFUSED : lay_operands(layout, operation, at, field);
            at = size;
        } else if (at >= size) {
            failed = REFUSED;
        } else if (*kind == 'i') {
            failed = size != 8 ? REFUSED
                               : lay_inner(layout, PyTuple_GET_ITEM(operation, at++), PyTuple_GET_ITEM(operation, 7), field++);
        } else {
            failed = lay_item(layout, *kind, PyTuple_GET_ITEM(operation, at++), &node, field);
            field += strchr("xytbB", *kind) != NULL;
        }
        if (failed)
            return failed;
    }
    layout->depth--;
    if (at != size || (opcode == OP_CALLKW && PyTuple_GET_SIZE(node.object) > node.at[2])
        || (opcode == OP_DICT && node.at[1] % 2))
        return REFUSED;
    specialise(layout, &node);
    layout->code.nodes[slot] = node;
    return 0;
}

/* Have what is of use for a layout no longer. */
void
blendtpl_forget(Layout *layout)
{
    if (layout->code.nodes != layout->few_nodes)
        PyMem_Free(layout->code.nodes);
    if (layout->code.links != layout->few_links)
        PyMem_Free(layout->code.links);
}

/* Lay out a program. Return 0; -1 for an error; or another number when it is none: `blendtpl.bundle.row_check` says why.
 * It is to be forgotten in any case. */
int
blendtpl_lay_out(Layout *layout, PyObject *program)
{
    layout->code.nodes = layout->few_nodes;
    layout->code.links = layout->few_links;
    layout->room = (Py_ssize_t)Py_ARRAY_LENGTH(layout->few_nodes);
    layout->link_room = (Py_ssize_t)Py_ARRAY_LENGTH(layout->few_links);
    layout->code.count = layout->code.link_count = layout->parts = 0;
    layout->code.registers = layout->code.own = layout->depth = layout->loops = layout->leaves = layout->keeps = 0;
    if (!PyTuple_CheckExact(program) || PyTuple_GET_SIZE(program) != 8
        || number_of(PyTuple_GET_ITEM(program, 0), OPCODES) != OP_LOOP)
        return REFUSED;
    return lay_operation(layout, program, more_nodes(layout, 1), 1);
}
