"""Functions: what the code of a template is made of."""

from blendtpl.compiler.ir.base import Body, Node, Value, node


@node
class Function(Node):
    """A function of a template's code.

    `kind` is "root", "part", "block", "macro" or "caller"; `parameters` are its arguments but for where output goes;
    `text`: it returns its output, `writes`: it is given the list to write it to, and else it makes one and returns the
    text of that. `hot`: what stands in it may run often.
    """

    kind: str
    name: str
    parameters: tuple[str, ...]
    bind: tuple[tuple[str, Value], ...]
    body: Body
    text: bool
    writes: bool
    hot: bool
