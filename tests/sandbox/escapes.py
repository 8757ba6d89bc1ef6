# ruff: noqa: E501  # template texts are easier to read in one line
"""Ways out of a sandbox, published ones and their kin, and what a sandbox allows: by title, a template each.

Leaves: `ESCAPES`, none of which may get anywhere, `ALLOWED`, all of which render, and the `variables` of both.
"""

from collections.abc import Iterator
from typing import Any

import jinja2
from jinja2.sandbox import unsafe
from markupsafe import Markup


class Account:
    """What an application gives to a template, with what it must not see."""

    secret = "hunter2"

    def __init__(self, name: str = "Ada") -> None:
        self.name, self._private, self.tags = name, "hunter2", ["x"]

    def greet(self, word: str = "hello") -> str:
        return f"{word} {self.name}"

    @unsafe
    def delete(self) -> str:
        return "hunter2"

    def wipe(self) -> str:
        return "hunter2"

    wipe.alters_data = True  # type: ignore[attr-defined]


def numbers() -> Iterator[int]:
    yield 1


async def later() -> int:
    return 1


def a_function(value: int = 1) -> int:
    return value


def variables() -> dict[str, Any]:
    waiting = later()
    waiting.close()
    return {
        "account": Account(),
        "kind": Account,
        "function": a_function,
        "numbers": numbers(),
        "coroutine": waiting,
        "agen": _agen(),
        "text": "{0.__class__}",
        "markup": Markup("{0.__class__}"),
        "rows": [{"n": 2, "name": "b"}, {"n": 1, "name": "<a>"}],
        "words": ["b", "a", "b"],
        "error": ValueError("x"),
        "frame": (lambda: __import__("sys")._getframe())(),
        "undefined": jinja2.Undefined(name="undefined"),
    }


async def _agen() -> Any:
    yield 1


ESCAPES = {
    # str.format: CVE-2016-10745, and format_map: CVE-2019-10906
    "format": "{{ '{0.__class__.__init__.__globals__}'.format(account) }}",
    "format of a variable": "{{ text.format(account) }}",
    "format of markup": "{{ markup.format(account) }}",
    "format of a marked text": "{{ ('{0.__class__.mro}'|safe).format(account) }}",
    "format by a name": "{{ '{a.__class__}'.format(a=account) }}",
    "format by an item": "{{ '{0[__class__]}'.format(account) }}",
    "format_map": "{{ '{a.__class__.__mro__}'.format_map({'a': account}) }}",
    "format_map of markup": "{{ ('{a.__class__}'|safe).format_map({'a': account}) }}",
    # a reference to format: CVE-2024-56326
    "format, held": "{% set f = '{0.__class__}'.format %}{{ f(account) }}",
    "format, passed on": "{% macro m(f) %}{{ f(account) }}{% endmacro %}{{ m('{0.__class__}'.format) }}",
    "format_map, held": "{% set f = '{a.__class__}'.format_map %}{{ f({'a': account}) }}",
    "format, of a dict": "{{ {'f': '{0.__class__}'.format}.f(account) }}",
    "format, of a namespace": "{% set n = namespace(f='{0.__class__}'.format) %}{{ n.f(account) }}",
    "format, subscripted": "{{ '{0.__class__}'['format'](account) }}",
    "format, nested in a width": "{{ '{0:{1.__class__}}'.format(1, account) }}",
    "format, converted": "{{ '{0.__class__!r}'.format(account) }}",
    # |attr: CVE-2025-27516
    "attr format": "{{ ('{0.__class__}'|attr('format'))(account) }}",
    "attr format_map": "{{ ('{a.__class__}'|attr('format_map'))({'a': account}) }}",
    "attr format of markup": "{{ ('{0.__class__}'|safe|attr('format'))(account) }}",
    "attr class": "{{ account|attr('__class__') }}",
    "attr init": "{{ (account|attr('__init__')|attr('__globals__'))['__builtins__'] }}",
    "attr in a map": "{{ ['{0.__class__}']|map('attr', 'format')|map('string')|list }}",
    "attr of a private name": "{{ account|attr('_private') }}",
    "attr of a joined name": "{{ account|attr('__cla' ~ 'ss__') }}",
    # chains of attributes
    "class": "{{ account.__class__ }}",
    "class, subscripted": "{{ account['__class__'] }}",
    "mro": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "mro of a class": "{{ kind.mro() }}",
    "mro, subscripted": "{{ kind['mro']() }}",
    "base": "{{ kind.__base__ }}",
    "globals": "{{ function.__globals__ }}",
    "func_globals": "{{ function.func_globals }}",
    "code": "{{ function.__code__ }}",
    "defaults": "{{ function.__defaults__ }}",
    "method": "{{ account.greet.__func__.__globals__ }}",
    "self of a method": "{{ account.greet.__self__ }}",
    "im_func": "{{ account.greet.im_func }}",
    "dict of an object": "{{ account.__dict__ }}",
    "private": "{{ account._private }}",
    "private, subscripted": "{{ account['_private'] }}",
    "private, in a map": "{{ [account]|map(attribute='_private')|list }}",
    "private, in a sort": "{{ [account]|sort(attribute='__class__')|list }}",
    "private, in a join": "{{ [account]|join(attribute='_private') }}",
    "private, in a sum": "{{ [account]|sum(attribute='_private') }}",
    "private, in a group": "{{ [account]|groupby('_private') }}",
    "private, selected": "{{ [account]|selectattr('_private')|list }}",
    "private, unique": "{{ [account]|unique(attribute='_private')|map('string')|list }}",
    "private, max": "{{ [account]|max(attribute='__class__') }}",
    "a chain in a map": "{{ [account]|map(attribute='greet.__func__.__globals__')|list }}",
    "class of a mapped one": "{{ [account]|map(attribute='__class__.secret')|list }}",
    "init of a cycler": "{{ cycler.__init__.__globals__ }}",
    "init of a joiner": "{{ joiner.__init__.__globals__.os }}",
    "init of a namespace": "{{ namespace.__init__.__globals__ }}",
    "names of a namespace": "{{ namespace(a=1)._Namespace__attrs }}",
    "globals of lipsum": "{{ lipsum.__globals__['os'] }}",
    "builtins of dict": "{{ dict.__base__.__subclasses__() }}",
    "context of self": "{{ self._TemplateReference__context }}",
    "dict of self": "{{ self.__dict__ }}",
    "init of self": "{{ self.__init__.__globals__ }}",
    "environment of a loop": "{% for x in [1] %}{{ loop._iterator }}{% endfor %}",
    "func of a macro": "{% macro m() %}{% endmacro %}{{ m._func }}",
    "environment of a macro": "{% macro m() %}{% endmacro %}{{ m._environment }}",
    "frame of a generator": "{{ numbers.gi_frame.f_back }}",
    "code of a generator": "{{ numbers.gi_code }}",
    "frame of a coroutine": "{{ coroutine.cr_frame }}",
    "code of a coroutine": "{{ coroutine.cr_code }}",
    "frame of an asynchronous generator": "{{ agen.ag_frame }}",
    "code of an asynchronous generator": "{{ agen.ag_code }}",
    "generator of a map": "{{ ([1]|map('string')).gi_frame }}",
    "frame": "{{ frame.f_globals }}",
    "frame back": "{{ frame.f_back }}",
    "builtins of a frame": "{{ frame['f_builtins'] }}",
    "traceback of an error": "{{ error.__traceback__ }}",
    "with_traceback": "{{ error.__class__ }}",
    "undefined": "{{ undefined._fail_with_undefined_error }}",
    "class of what is missing": "{{ nothing.__class__ }}",
    "environment of what is missing": "{{ nothing.__init__.__globals__ }}",
    "class of a range": "{{ range.__self__ }}",
    "closure": "{{ range.__closure__ }}",
    "wrapped": "{{ ''.format.__wrapped__ }}",
    "self of a built-in": "{{ ''.upper.__self__ }}",
    "self of a format": "{{ ''.format.__self__ }}",
    "name of a format": "{{ ''.format.__globals__ }}",
    "reduce": "{{ account.__reduce_ex__(2) }}",
    "getattribute": "{{ account.__getattribute__('__class__') }}",
    "unicode": "{{ account['\\x5f\\x5fclass\\x5f\\x5f'] }}",
    "unsafe callable": "{{ account.delete() }}",
    "unsafe callable, held": "{% set d = account.delete %}{{ d() }}",
    "altering callable": "{{ account.wipe() }}",
    "unsafe callable of a call block": "{% call account.delete() %}{% endcall %}",
    "too large a range": "{{ range(1000000) }}",
    "too large a range, mapped": "{{ [1000000]|map('range')|list }}",
    "import": "{% import account.__class__ as x %}",
    "include": "{% include account.__class__ %}",
    "extends": "{% extends account.__init__ %}",
    # names of files that become code: CVE-2024-56201
    "an f-string in a name": '{% include \'{__import__("os").system("id")}\' ignore missing %}',
    "translation": "{% trans a=account.__class__ %}{{ a }}{% endtrans %}",
    "a trans with a format": "{{ gettext('%(a)s', a=account._private) }}",
}
# with `eval_ctx` and the like, CVE-2014-1402 is about a cache in a temporary folder, which there is not

ALLOWED = {
    "names": "{{ account.name }} {{ account['name'] }} {{ account.tags[0] }}",
    "methods": "{{ account.greet() }} {{ account.greet('hi') }} {{ account.greet(word='x') }}",
    "classes": "{{ kind('B').name }} {{ kind.secret }}",
    "format": "{{ '{0.name} {1[0]} {2:>5} {3!r:<8}|{n:03d}'.format(account, words, 'x', 'y', n=7) }}",
    "format_map": "{{ '{a.name}{b}'.format_map({'a': account, 'b': 1}) }}",
    "format_map with too much": "{{ '{a}'.format_map({'a': 1}, 2) }}",
    "format without arguments": "{{ '{}'.format() }}",
    "format of markup": "{{ ('<b>{}</b>'|safe).format('<i>') }} {{ ('<{:>5}>'|safe).format('<') }}",
    "format, held": "{% set f = '{}-{}'.format %}{{ f(1, 2) }}",
    "attr": "{{ account|attr('name') }} {{ ('{}'|attr('format'))('x') }}",
    "maps": "{{ rows|map(attribute='name')|join(', ') }} {{ words|map('upper')|list }} {{ rows|map(attribute='x', default=3)|list }}",
    "selections": "{{ rows|selectattr('n', 'gt', 1)|list }} {{ words|reject('eq', 'b')|list }} {{ [1, 2, 3]|select('odd')|list }}",
    "sorting": "{{ rows|sort(attribute='n')|map(attribute='n')|list }} {{ words|unique|list }} {{ words|sort|join }} {{ {'b': 1, 'a': 2}|dictsort }}",
    "groups": "{% for key, group in rows|groupby('n') %}{{ key }}{{ group|length }}{% endfor %}",
    "sums": "{{ rows|sum(attribute='n') }} {{ [1.5, 2]|sum }} {{ [[1], [2]]|sum(start=[]) }} {{ []|sum }}",
    "a sum of texts": "{{ words|sum(start='') }}",
    "extremes": "{{ [3, 1]|min }} {{ words|max }} {{ rows|max(attribute='n') }} {{ []|max }}",
    "parts": "{{ words|batch(2, '-')|list }} {{ words|slice(2)|list }} {{ words|first }} {{ words|last }} {{ words|reverse|list }}",
    "numbers": "{{ 1 + 2 * 3 - 4 / 5 // 6 % 7 ** 2 }} {{ -3 ** 2 }} {{ 2 ** -1 }} {{ 7|round(1) }} {{ 2.345|round(2, 'ceil') }} {{ '12'|int + '1.5'|float }} {{ 3|abs }}",
    "a large power": "{{ 2 ** 100 }} {{ 3 ** 50 % 7 }}",
    "operators of texts": "{{ 'a' + 'b' }} {{ 'ab' * 3 }} {{ 'a' ~ 1 ~ none ~ ['<'] }} {{ '%s-%05d' % ('x', 3) }} {{ '%(a)s' % {'a': 1} }} {{ '%*d' % (5, 3) }}",
    "operators of lists": "{{ [1] + [2] }} {{ [0] * 3 }} {{ (1,) + (2,) }}",
    "operators that fail": "{{ 'a' + 1 }}",
    "a division by zero": "{{ 1 // 0 }}",
    "a format that fails": "{{ '%d' % 'x' }}",
    "comparisons": "{{ 1 < 2 <= 2 }} {{ 'a' in words }} {{ [1] == [1] }} {{ {'a': [1]} != {} }} {{ 3 not in [1] }} {{ 'a' is in words }} {{ 1 is eq 1 }} {{ 2 is gt 1 }}",
    "a comparison that fails": "{{ 1 < 'a' }}",
    "texts": "{{ 'a b'|title }} {{ 'x'|center(5) }} {{ 'ab\ncd'|indent(2) }} {{ 'a b c'|wordwrap(3) }} {{ 'aXbX'|replace('X', 'YY', 1) }} {{ 'abcdef'|truncate(5) }} {{ ' a '|trim }}",
    "texts of html": "{{ '<b>a</b>'|striptags }} {{ 'see http://a.example/b'|urlize(nofollow=true) }} {{ '<'|e }} {{ '<'|forceescape }} {{ {'a': '<'}|xmlattr }} {{ {'a': [1, '<']}|tojson(indent=1) }} {{ 'a b&'|urlencode }}",
    "methods of texts": "{{ 'a'.center(5) }} {{ 'a'.ljust(3) }}| {{ '1'.zfill(3) }} {{ 'a,b'.split(',') }} {{ ','.join(words) }} {{ 'a\tb'.expandtabs(2) }} {{ 'ab'.replace('a', 'cc') }} {{ 'ab'.translate({97: 'xx'}) }} {{ 'a'.encode() }}",
    "methods of numbers": "{{ (255).to_bytes(2, 'big') }} {{ (255).bit_length() }} {{ (0.5).hex() }}",
    "methods of lists": "{% set l = [3] %}{{ l.append(1) }}{{ l.extend([2]) }}{{ l.sort() }}{{ l }}{{ l.index(2) }}",
    "methods of dicts": "{% set d = {'a': 1} %}{{ d.update({'b': [2]}) }}{{ d }}{{ d.items()|list }}{{ d.get('x', 3) }}{{ d.keys()|join }}",
    "a join by a method, of a map": "{{ ','.join(words|map('upper')) }}",
    "printed": "{{ none }}{{ true }}{{ 1.5 }}{{ rows }}{{ {'a': ('<', 1)} }}{{ account.name|safe }}{{ b }}",
    "macros": "{% macro m(a, b='<') %}{{ a }}{{ b }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1) }}{{ m('<i>', 2, 3, x=4) }}{{ m(1)|upper }}",
    "calls": "{% macro m() %}[{{ caller('<') }}]{% endmacro %}{% call(x) m() %}{{ x }}<b>{% endcall %}",
    "loops": "{% for x in range(3) if x %}{{ loop.index }}{{ loop.length }}{{ loop.last }}{{ loop.cycle('a', 'b') }}{{ loop.changed(x) }}{% else %}no{% endfor %}",
    "loops of dicts": "{% for k, v in {'a': 1}.items() recursive %}{{ k }}{{ loop.depth }}{% endfor %}",
    "recursive loops": "{% for x in [[[1], 2], 3] recursive %}{% if x is sequence %}({{ loop(x) }}){% else %}{{ x }}{% endif %}{% endfor %}",
    "blocks of sets and filters": "{% set x %}<b>{{ 1 }}{% endset %}{{ x }}{% set y | upper %}a{% endset %}{{ y }}{% filter upper|replace('A', 'b') %}a<{{ '<' }}{% endfilter %}",
    "namespaces": "{% set n = namespace(a=0) %}{% for x in [1, 2] %}{% set n.a = n.a + x %}{% endfor %}{{ n.a }}{{ n }}",
    "cyclers": "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.current }}{% set j = joiner(', ') %}{{ j() }}{{ j() }}",
    "lipsum": "{{ lipsum(n=1, html=false, min=2, max=4)|length > 1 }}",
    "translations": "{% trans n=2, x='<' %}{{ n }} {{ x }}{% pluralize %}{{ n }}s {{ x }}{% endtrans %}{{ _('a%%b') }}{{ gettext('%(a)s', a=1) }}",
    "autoescape": "{% autoescape true %}{{ '<' }}{{ ['<']|join }}{{ '<' ~ '>' }}{% endautoescape %}{% autoescape false %}{{ '<' }}{% endautoescape %}{% autoescape words %}{{ '<' }}{{ '<' ~ '<' }}{% endautoescape %}",
    "self": "{% block b %}b{{ account.name }}{% endblock %}{{ self.b() }}{{ self.b()|length }}",
    "slices": "{{ words[1:] }}{{ 'abc'[::-1] }}{{ words[-1] }}{{ {1: 2}[1] }}{{ {'a': 1}.a }}",
    "tests": "{{ x is defined }}{{ words is iterable }}{{ 4 is divisibleby 2 }}{{ none is none }}{{ 'A' is upper }}{{ account is mapping }}",
    "conditions": "{{ 'a' if x else 'b' }}{{ 'a' if x }}{{ x or 'd' }}{{ 1 and not 2 }}{{ x|default('e') }}",
    "what is missing": "{{ x.y }}",
    "a filter that is given too much": "{{ 'a'|upper(1, 2) }}",
    "a call of no function": "{{ 1() }}",
    "do": "{% do words.append('c') %}{{ words }}",
    "with": "{% with a = 1, b = [2] %}{{ a }}{{ b }}{% endwith %}",
    "generators": "{{ numbers|list }}{{ numbers|list }}",
    "wide characters": "{{ 'äöü€😀' }}{{ 'ä' * 3 }}ß{{ ['ä']|join }}",
}
