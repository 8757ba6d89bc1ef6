/* Rows: programs that print, as they are run; `blendtpl.runtime.rows` says what each operation means.
 *
 * A program is checked as a whole and laid out as an array of nodes (`layout.c`) before any of it runs, so that what
 * runs it (`statements.c`, `expressions.c`, `loops.c`) checks nothing but values.
 */

#ifndef BLENDTPL_ROWS_H
#define BLENDTPL_ROWS_H

#include "texts.h"
#include "values.h"

#include "abi.h"

/* What an operand is: a register, as the complement of its number, or the index of a node; or nothing. */
typedef int32_t Operand;
#define NO_OPERAND INT32_MIN
#define IS_REGISTER(operand) ((operand) < 0)
#define REGISTER(number) (~(number))

enum { NO_PLACE = -1 };

/* An operation. `at` has, in the order of the signature: operands; of several, the index of the first among the links,
 * and how many there are; of a body, the index of its first statement, behind which others follow up to `OP_END`; a
 * target, which is a register, or the index of a link that says how many there are in it, and behind that are. */
typedef struct {
    int16_t op, which; /* a register, or an operator; or flags */
    int32_t place;
    int32_t at[5];
    PyObject *object; /* a name, a text, or the names of keywords; the program holds it */
} Node;

/* Operations that no program has by these names: the end of a body, a text, and what is done often at once. */
enum {
    OP_END = OPCODES,
    OP_WRITE,
    OP_CONSTANT,
    OP_PRINT_VALUE,
    OP_PRINT_FIELD,
    OP_PRINT_INDEX,
    OP_CYCLE_PLAIN /* of operands that nothing is done for */
};

/* A program that is laid out. */
typedef struct {
    Node *nodes;
    int32_t *links;
    Py_ssize_t count, link_count;
    int registers, own; /* how many there are, and how many of them the items are assigned to */
} Code;

/* A program while it is laid out. */
typedef struct {
    Code code;
    Py_ssize_t room, link_room;
    Py_ssize_t parts;                /* of all kinds, for their limit */
    int depth, loops, leaves, keeps; /* of where the part at hand stands */
    Node few_nodes[48];
    int32_t few_links[48];
} Layout;

typedef struct Loop {
    PyObject *items, *iterator;
    PyObject *after;             /* the next item, when somebody has asked for that */
    PyObject *before, *current;  /* items, where the previous one is asked for */
    PyObject *changed;           /* what was last compared */
    Py_ssize_t number, length;   /* of the item at hand from 1; and of all, -1 until somebody asks */
    int32_t target;
    Operand test;
    int place, keeps;
    struct Loop *outer;
} Loop;

/* A program that runs. */
typedef struct {
    State *state;
    PyObject *undefined;
    const Node *nodes;
    const int32_t *links;
    Loop *loop; /* at hand */
    int escapes, place;
    Py_ssize_t written, turn; /* since something else had its turn, and what a turn of a loop counts: see `PATIENCE` */
    Texts texts;
    PyObject *values[MOST_VALUES]; /* which are held */
} Run;

/* How the statements of a body end: `FAILED` with an error at hand. */
enum { FAILED = -1, DONE, BREAKS, CONTINUES };

int blendtpl_lay_out(Layout *layout, PyObject *program);
void blendtpl_forget(Layout *layout);
PyObject *blendtpl_refuse(State *state, PyObject *program);
const Code *blendtpl_code_of(State *state, PyObject *program);

PyObject *blendtpl_evaluate(Run *run, const Node *node);
int blendtpl_condition(Run *run, Operand operand, int32_t place);
int blendtpl_run(Run *run, int32_t body);
PyObject *blendtpl_text_from(Run *run, int32_t body);
int blendtpl_loop(Run *run, const Node *node, PyObject *items, PyObject *out);
PyObject *blendtpl_counter(Run *run, const Node *node);
PyObject *blendtpl_ahead(Run *run, const Node *node);
int blendtpl_peek(Run *run);

static inline void
move(Run *run, int32_t place)
{
    if (place != NO_PLACE)
        run->place = place;
}

/* Return the value of an operand. */
static inline PyObject *
evaluate(Run *run, Operand operand)
{
    return IS_REGISTER(operand) ? Py_NewRef(run->values[REGISTER(operand)])
                                : blendtpl_evaluate(run, run->nodes + operand);
}

/* Drop the texts behind the first ones. */
static inline void
drop_texts(Texts *texts, Py_ssize_t count)
{
    while (texts->count > count)
        Py_DECREF(texts->all[--texts->count]);
}

#endif
