"""Imports: the one that rewritten code needs, and those that nothing needs any more.

Enters: a module whose sites call the registry by some name. Leaves: the module with that name imported, once, and
without imports that were used before and are not now.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import libcst as cst
from libcst import matchers
from libcst.helpers import get_full_name_for_node
from libcst.metadata import MetadataWrapper, ParentNodeProvider

from blendtpl.migrate.edits import Rewrite, comments, lines_of, strings, with_lines
from blendtpl.migrate.flow import Parents
from blendtpl.migrate.scan import import_name, scopes_of
from blendtpl.migrate.scopes import Scope

_WORD = re.compile(r"\w+")
_KEEPING = ("noqa", "re-export", "type:", "isort:")  # comments which say that an import is there for another reason


def name_for(registry: str, module: Scope, own_module: str) -> tuple[str, bool]:
    """Return what the registry ``module:name`` is called in a module, and whether that has to be imported first.

    An empty name stands for a module that is the registry's own and has none.
    """
    origin, _, name = registry.partition(":")
    if own_module == origin:
        return (name if len(module.own.get(name, ())) == 1 else ""), False
    for local, bindings in module.own.items():
        alias = bindings[0]
        if len(bindings) > 1 or not isinstance(alias, cst.ImportAlias) or module.origins.get(alias) != origin:
            continue
        if _name(alias) == name:
            return local, False
    taken = {word for scope in module.all() for word, _ in (*scope.stores, *scope.reads)}
    last = origin.rpartition(".")[2]
    choices = [name, f"{last}_{name}", *(f"{last}_{name}_{number}" for number in range(2, len(taken) + 3))]
    return next(choice for choice in choices if choice not in taken), True


def with_import(module: cst.Module, registry: str, local: str) -> cst.Module:
    """Return the module with the registry imported behind the imports that it begins with."""
    origin, _, name = registry.partition(":")
    alias = cst.ImportAlias(cst.Name(name), asname=None if local == name else cst.AsName(cst.Name(local)))
    statement = cst.SimpleStatementLine([cst.ImportFrom(_dotted(origin), [alias])])
    body = list(module.body)
    index = _index(body, local)
    for number, present in enumerate(body[:index]):
        if extended := _extended(present, origin, alias):
            return module.with_changes(body=[*body[:number], extended, *body[number + 1 :]])
    before = body[index - 1] if index else None
    if before is not None and (not _is_import(before) or _is_future(before)):
        statement = statement.with_changes(leading_lines=[cst.EmptyLine(indent=False)])
    if index < len(body) and (before is None or not _is_import(before)) and not body[index].leading_lines:
        body[index] = body[index].with_changes(leading_lines=[cst.EmptyLine(indent=False)])
    return module.with_changes(body=[*body[:index], statement, *body[index:]])


def _extended(statement: cst.CSTNode, origin: str, alias: cst.ImportAlias) -> cst.CSTNode | None:
    """Return an import from the same module with one name more, or `None` when it is none."""
    if not (isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1):
        return None
    imported = statement.body[0]
    if not isinstance(imported, cst.ImportFrom) or isinstance(imported.names, cst.ImportStar) or imported.relative:
        return None
    if imported.module is None or get_full_name_for_node(imported.module) != origin or comments(statement):
        return None
    *others, last = imported.names
    comma = others[-1].comma if others else cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    names = [*imported.names, alias]
    if [_name(name) for name in imported.names] == sorted(_name(name) for name in imported.names):
        names.sort(key=_name)
    names = [name.with_changes(comma=comma) for name in names]
    names[-1] = names[-1].with_changes(comma=last.comma)
    return statement.with_changes(body=[imported.with_changes(names=names)])


def _name(alias: cst.ImportAlias) -> str:
    return get_full_name_for_node(alias.name) or ""


def _dotted(name: str) -> cst.Name | cst.Attribute:
    outer, _, last = name.rpartition(".")
    return cst.Attribute(_dotted(outer), cst.Name(last)) if outer else cst.Name(last)


def _index(body: Sequence[cst.CSTNode], local: str) -> int:
    """Return where an import goes: behind the last of those at the top, and before the first use."""
    index = 0
    for number, statement in enumerate(body):
        if matchers.findall(statement, matchers.Name(local)):
            break
        if _is_import(statement) or (number == 0 and _is_docstring(statement)):
            index = number + 1
        elif not isinstance(statement, (cst.SimpleStatementLine, cst.If, cst.Try)):
            break
    return index


def _is_import(statement: cst.CSTNode) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and all(
        isinstance(part, (cst.Import, cst.ImportFrom)) for part in statement.body
    )


def _is_future(statement: cst.CSTNode) -> bool:
    match statement:
        case cst.SimpleStatementLine(body=[cst.ImportFrom(module=cst.Name(value="__future__")), *_]):
            return True
    return False


def _is_docstring(statement: cst.CSTNode) -> bool:
    match statement:
        case cst.SimpleStatementLine(body=[cst.Expr(value=cst.SimpleString() | cst.ConcatenatedString())]):
            return True
    return False


def used_imports(module: Scope) -> Counter[str]:
    """Return how often each name that is imported in a module, in whatever scope, is read."""
    counts: Counter[str] = Counter()
    for scope in module.all():
        for name, bindings in scope.own.items():
            if any(isinstance(binding, cst.ImportAlias) for binding in bindings):
                counts[name] += len(scope.uses(name))
    return counts


def without_unused(module: cst.Module, before: Counter[str], exported: Iterable[str]) -> cst.Module:
    """Return the module without imports that were read `before` and are not now; `exported` are read by others."""
    wrapper = MetadataWrapper(module)
    parents = wrapper.resolve(ParentNodeProvider)
    scopes = scopes_of(wrapper.module)
    # a name may stand in an annotation, in `__all__`, or in a comment on types
    literals = (text for text in strings(wrapper.module) if not isinstance(parents[text], cst.Expr))
    typed = (comment for comment in comments(wrapper.module) if "type:" in comment)
    texts = {word for text in (*map(module.code_for_node, literals), *typed) for word in _WORD.findall(text)}
    unused = {name for name, count in used_imports(scopes.module).items() if not count and before[name]}
    unused -= texts | set(exported)
    gone = [
        binding
        for scope in scopes.module.all()
        for name, bindings in scope.own.items()
        if name in unused and len(bindings) == 1 and not scope.uses(name)
        for binding in bindings
        if isinstance(binding, cst.ImportAlias) and import_name(binding) == name
    ]
    rewrite = Rewrite()
    statements = dict.fromkeys(parents[alias] for alias in gone)
    going = [parents[statement] for statement in statements if _shorten(statement, set(gone), parents, rewrite)]
    for line in reversed(going):
        body = list(getattr(parents[line], "body", ()))
        behind = next((other for other in body[body.index(line) + 1 :] if other not in going), None)
        if behind is not None:  # else it stays, for a body needs a statement
            drop(line, behind, rewrite)
    changed = wrapper.module.visit(rewrite)
    return changed if isinstance(changed, cst.Module) else module


def _shorten(statement: cst.CSTNode, gone: set[cst.ImportAlias], parents: Parents, rewrite: Rewrite) -> bool:
    """Take aliases out of an import, or return that its whole line goes."""
    line = parents[statement]
    if not isinstance(statement, (cst.Import, cst.ImportFrom)) or isinstance(statement.names, cst.ImportStar):
        return False
    if not isinstance(line, cst.SimpleStatementLine) or any(
        word in text for text in comments(line) for word in _KEEPING
    ):
        return False
    if any(isinstance(alias.name, cst.Attribute) and alias.asname is None for alias in gone & set(statement.names)):
        return False  # `import a.b` makes `a.b` an attribute for whoever has `a`
    remaining = [number for number, alias in enumerate(statement.names) if alias not in gone]
    if remaining:
        if not comments(statement):
            rewrite.add(statement, lambda node: node.with_changes(names=_without(node.names, remaining)))
        return False
    return len(line.body) == 1 and line in getattr(parents[line], "body", ())


def _without(names: Sequence[cst.ImportAlias], remaining: Sequence[int]) -> list[cst.ImportAlias]:
    aliases = [names[number] for number in remaining]
    aliases[-1] = aliases[-1].with_changes(comma=names[-1].comma)
    return aliases


def drop(statement: cst.CSTNode, following: cst.CSTNode, rewrite: Rewrite) -> None:
    """Have a statement go; what is told above it, is told above the one that follows."""
    rewrite.add(statement, lambda _: cst.RemoveFromParent())
    rewrite.add(following, with_lines(lines_of(statement)))
