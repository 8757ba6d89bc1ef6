"""A tree: a recursive loop over three levels, 155 nodes."""

from typing import Any

from bench.workloads import in_htpy, in_tera, in_tornado, in_wheezy_single
from bench.workloads.workload import Context, Others, Workload, escape

JINJA2 = {
    "tree.html": """\
<ul>{% for node in nodes recursive %}
<li class="level-{{ loop.depth }}"><a href="{{ node.url }}">{{ node.name }}</a>\
{% if node.children %}<ul>{{ loop(node.children) }}</ul>{% endif %}</li>{% endfor %}
</ul>
""",
}


MAKO = {
    "tree.html": """\
<%def name="level(nodes, depth)">
% for node in nodes:
<li class="level-${depth}"><a href="${node['url']}">${node['name']}</a>\\
% if node['children']:
<ul>${level(node['children'], depth + 1)}</ul>\\
% endif
</li>\\
% endfor
</%def>
<ul>${level(nodes, 1)}
</ul>
""",
}

CHAMELEON = {
    "tree.html": """\
<ul><metal:block define-macro="level"><tal:block define="depth depth|0; depth depth + 1" repeat="node nodes">
<li class="level-${depth}"><a href="${node['url']}">${node['name']}</a>\
<ul tal:condition="node['children']" tal:define="nodes node['children']">\
<metal:block use-macro="template.macros['level']"/></ul></li></tal:block></metal:block>
</ul>
""",
}

DJANGO = {
    "tree.html": """<ul>{% include "level.html" with depth=1 %}
</ul>
""",
    "level.html": """\
{% for node in nodes %}
<li class="level-{{ depth }}"><a href="{{ node.url }}">{{ node.name }}</a>\
{% if node.children %}<ul>{% include "level.html" with nodes=node.children depth=depth|add:1 %}</ul>{% endif %}</li>\
{% endfor %}
""",
}

PHP = {
    "level.php": """\
<?php function level($nodes, $depth) { foreach ($nodes as $node): ?>

<li class="level-<?= $depth ?>"><a href="<?= e($node['url']) ?>"><?= e($node['name']) ?></a>\
<?php if ($node['children']): ?><ul><?php level($node['children'], $depth + 1) ?></ul><?php endif ?></li>\
<?php endforeach; }
""",
    "tree.html": "<?php require_once __DIR__ . '/level.php' ?><ul><?php level($nodes, 1) ?>\n\n</ul>\n",
}

OTHERS: Others = {
    "mako": MAKO,
    "chameleon": CHAMELEON,
    "django": DJANGO,
    "php": PHP,
    "wheezy": in_wheezy_single.TREE,
    "tornado": in_tornado.TREE,
    "tera": in_tera.TREE,
    "htpy": in_htpy.TREE,
}


def _nodes(depth: int, path: str) -> list[dict[str, Any]]:
    return [
        {
            "name": f"Node {number} & co",
            "url": f"{path}/{number}",
            "children": _nodes(depth - 1, f"{path}/{number}") if depth > 1 else [],
        }
        for number in range(5)
    ]


def by_hand(context: Context) -> str:
    """Write the tree, by a function that calls itself."""
    out = ["<ul>"]
    _write(context["nodes"], 1, out.append)
    out.append("\n</ul>")
    return "".join(out)


def _write(nodes: list[dict[str, Any]], depth: int, add: Any) -> None:
    for node in nodes:
        children = node["children"]
        if children:
            add(f'\n<li class="level-{depth}"><a href="{escape(node["url"])}">{escape(node["name"])}</a><ul>')
            _write(children, depth + 1, add)
            add("</ul></li>")
        else:
            add(f'\n<li class="level-{depth}"><a href="{escape(node["url"])}">{escape(node["name"])}</a></li>')


WORKLOADS = (Workload("tree", "tree", "tree.html", {"nodes": _nodes(3, "")}, JINJA2, by_hand, others=OTHERS),)
