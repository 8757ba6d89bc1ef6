"""Scan: from a module's syntax tree to its scopes.

Enters: a module. Leaves: a scope for each module, function, class and comprehension in it, with every place of a name:
the first sequence of a comprehension belongs to what is around it, and `:=` in a comprehension binds outside of it.
"""

from collections.abc import Sequence

import libcst as cst
from libcst.helpers import get_full_name_for_node

from blendtpl.migrate.scopes import Scope, Scopes

Comprehension = cst.ListComp | cst.SetComp | cst.DictComp | cst.GeneratorExp


def scopes_of(module: cst.Module) -> Scopes:
    """Return the scopes of a module."""
    top = Scope(module, None)
    scan = _Scan(top)
    for statement in module.body:
        statement.visit(scan)
    top.settle()
    return Scopes(top, scan.of)


def import_name(node: cst.ImportAlias) -> str:
    """Return the name that an import binds."""
    if node.asname is not None:
        return get_full_name_for_node(node.asname.name) or ""
    return (get_full_name_for_node(node.name) or "").partition(".")[0]


def _origin(node: cst.ImportFrom) -> str:
    """Return the module that names are imported from, with its dots when it is relative."""
    return "." * len(node.relative) + (get_full_name_for_node(node.module) or "" if node.module else "")


def _parameters(parameters: cst.Parameters) -> list[cst.Param]:
    rest = (parameters.star_arg, parameters.star_kwarg)
    return [
        *parameters.posonly_params,
        *parameters.params,
        *parameters.kwonly_params,
        *(parameter for parameter in rest if isinstance(parameter, cst.Param)),
    ]


class _Scan(cst.CSTVisitor):
    """Walks a module once, in the order of the text."""

    def __init__(self, top: Scope) -> None:
        super().__init__()
        self.of: dict[cst.CSTNode, Scope] = {}
        self._at = top

    def _within(self, node: cst.CSTNode, targets: Sequence[cst.CSTNode], parts: Sequence[cst.CSTNode | None]) -> None:
        outer = self._at
        self._at = Scope(node, outer)
        outer.inner.append(self._at)
        for target in targets:
            self._bind(target)
        self._visit_all(parts)
        self._at = outer

    def _visit_all(self, parts: Sequence[cst.CSTNode | None]) -> None:
        for part in parts:
            if part is not None:
                part.visit(self)

    def _bind(self, target: cst.CSTNode) -> None:
        """Bind the names of a target; what else is in it is read."""
        if isinstance(target, cst.Param):
            self._at.stores.append((target.name.value, target))
        elif isinstance(target, cst.Name):
            self.of[target] = self._at
            self._at.stores.append((target.value, target))
        elif isinstance(target, (cst.Tuple, cst.List)):
            for element in target.elements:
                self._bind(element.value)
        else:
            target.visit(self)

    def visit_Name(self, node: cst.Name) -> None:
        self.of[node] = self._at
        self._at.reads.append((node.value, node))

    def visit_Call(self, node: cst.Call) -> None:
        self.of[node] = self._at

    def visit_Attribute(self, node: cst.Attribute) -> bool:
        self.of[node] = self._at
        node.value.visit(self)
        return False

    def visit_Arg(self, node: cst.Arg) -> bool:
        node.value.visit(self)
        return False

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        self._visit_all(node.decorators)
        parameters = _parameters(node.params)
        self._visit_all([part for parameter in parameters for part in (parameter.default, parameter.annotation)])
        self._visit_all([node.returns])
        self._at.stores.append((node.name.value, node))
        self._within(node, parameters, [node.body])
        return False

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        parameters = _parameters(node.params)
        self._visit_all([parameter.default for parameter in parameters])
        self._within(node, parameters, [node.body])
        return False

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:
        self._visit_all([*node.decorators, *node.bases, *node.keywords])
        self._at.stores.append((node.name.value, node))
        self._within(node, [], [node.body])
        return False

    def visit_ListComp(self, node: cst.ListComp) -> bool:
        return self._comprehension(node)

    def visit_SetComp(self, node: cst.SetComp) -> bool:
        return self._comprehension(node)

    def visit_DictComp(self, node: cst.DictComp) -> bool:
        return self._comprehension(node)

    def visit_GeneratorExp(self, node: cst.GeneratorExp) -> bool:
        return self._comprehension(node)

    def _comprehension(self, node: Comprehension) -> bool:
        first = node.for_in
        first.iter.visit(self)
        values: list[cst.CSTNode] = [node.key, node.value] if isinstance(node, cst.DictComp) else [node.elt]
        self._within(node, [first.target], [*first.ifs, first.inner_for_in, *values])
        return False

    def visit_CompFor(self, node: cst.CompFor) -> bool:
        node.iter.visit(self)
        self._bind(node.target)
        self._visit_all([*node.ifs, node.inner_for_in])
        return False

    def visit_NamedExpr(self, node: cst.NamedExpr) -> bool:
        node.value.visit(self)
        inner = self._at
        while isinstance(self._at.node, Comprehension) and self._at.parent is not None:
            self._at = self._at.parent
        self._bind(node.target)
        self._at = inner
        return False

    def visit_AssignTarget(self, node: cst.AssignTarget) -> bool:
        self._bind(node.target)
        return False

    def visit_AnnAssign(self, node: cst.AnnAssign) -> bool:
        self._visit_all([node.annotation, node.value])
        self._bind(node.target)
        if node.value is None:
            self._at.bare.add(node.target)  # it is a variable of this scope, but bound to nothing
        return False

    def visit_AugAssign(self, node: cst.AugAssign) -> bool:
        self._visit_all([node.target, node.value])
        self._bind(node.target)
        return False

    def visit_For(self, node: cst.For) -> bool:
        node.iter.visit(self)
        self._bind(node.target)
        self._visit_all([node.body, node.orelse])
        return False

    def visit_AsName(self, node: cst.AsName) -> bool:
        self._bind(node.name)
        return False

    def visit_MatchAs(self, node: cst.MatchAs) -> bool:
        self._visit_all([node.pattern])
        if node.name is not None:
            self._bind(node.name)
        return False

    def visit_MatchStar(self, node: cst.MatchStar) -> bool:
        if node.name is not None:
            self._bind(node.name)
        return False

    def visit_MatchMapping(self, node: cst.MatchMapping) -> bool:
        self._visit_all(node.elements)
        if node.rest is not None:
            self._bind(node.rest)
        return False

    def visit_MatchKeywordElement(self, node: cst.MatchKeywordElement) -> bool:
        node.pattern.visit(self)
        return False

    def visit_Import(self, node: cst.Import) -> bool:
        self._at.stores.extend((import_name(alias), alias) for alias in node.names)
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        if isinstance(node.names, cst.ImportStar):
            self._at.module.unknown = _origin(node)
        else:
            self._at.stores.extend((import_name(alias), alias) for alias in node.names)
            self._at.origins.update({alias: _origin(node) for alias in node.names})
        return False

    def visit_TypeAlias(self, node: cst.TypeAlias) -> bool:
        self._at.stores.append((node.name.value, node))
        return False

    def visit_Global(self, node: cst.Global) -> bool:
        self._at.declared.update({item.name.value: "global" for item in node.names})
        return False

    def visit_Nonlocal(self, node: cst.Nonlocal) -> bool:
        self._at.declared.update({item.name.value: "nonlocal" for item in node.names})
        return False

    def visit_Del(self, node: cst.Del) -> bool:
        targets = node.target.elements if isinstance(node.target, (cst.Tuple, cst.List)) else [node.target]
        for target in (target.value if isinstance(target, cst.Element) else target for target in targets):
            if isinstance(target, cst.Name):
                self._at.deletes.append((target.value, target))
                self._at.stores.append((target.value, target))  # which makes it a variable of this scope
            else:
                target.visit(self)
        return False
