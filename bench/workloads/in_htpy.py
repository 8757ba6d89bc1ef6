"""The workloads in Python, of the elements of htpy: modules whose `page` returns what is rendered.

Elements that have no changing attributes are made once, and loops are lists: of generators htpy remembers each, so that
none is used twice. It makes HTML, so that there is no plain text among them.
"""

ALERT = {
    "alert.html": """\
from htpy import a, body, div, h2, head, html, img, meta, p, pre, span, table, td, title, tr
BODY = body(style="margin:0;background:#f4f4f4;font-family:sans-serif")
TABLE = table(role="presentation", width="600", style="background:#ffffff")
HEAD_CHARSET = meta(charset="utf-8")
HTML = html(lang="en")
CONTENT = td(style="padding:24px")
NOTE = p(class_="note")
FOOTER = p(style="color:#888888")

def button(href, label, color="#0066cc"):
    return a(href=href, style=f"background:{color};color:#ffffff;padding:8px 16px")[label]

def header(site, user):
    return [
        a(href=site['url'])[img(src=site['url'] + "/logo.png", width="120", alt=site['name'])],
        p["Hello ", user['name'], ","],
    ]

def summary(watch, changes):
    return [
        p["We looked at ", a(href=watch['url'])[watch['title']], f" and found {len(changes)} changes."],
        NOTE[watch['note']] if watch['note'] else None,
    ]

def change_row(index, change):
    return div(id=f"c{index}")[
        h2[a(href=change['url'])[change['title']]],
        p[change['at'], f", {change['percent']} %"],
        pre[[span(class_=line['kind'])[line['text']] for line in change['lines']]],
    ]

def footer(site, user, watch):
    return FOOTER[
        "You get this e-mail because ", user['email'], " watches this page.",
        a(href=f"{site['url']}/watches/{watch['id']}/pause")["Pause"], " or ",
        a(href=f"{site['url']}/unsubscribe?t={user['token']}")["unsubscribe"], ".",
    ]

def layout(site, user, watch, heading, content):
    return HTML[
        head[HEAD_CHARSET, title[heading]],
        BODY[TABLE[tr[td[header(site, user)]], tr[CONTENT[content]], tr[td[footer(site, user, watch)]]]],
    ]

def page(site, user, watch, changes):
    return layout(site, user, watch, watch['title'] + " changed", [
        summary(watch, changes),
        [change_row(index, change) for index, change in enumerate(changes, 1)],
        button(watch['url'], "See the page"),
    ])
""",
}

DIGEST = {
    "digest.html": """\
from htpy import a, b, fragment, h1, h2, li, p, section, ul
BUSY = section(class_="busy")
ROWS = (li(class_="even"), li(class_="odd"))

def row(index, change, last):
    added, removed = change['added'], change['removed']
    if added > removed:
        how = f" grew by {added - removed}"
    elif added == removed:
        how = " stayed as long"
    else:
        how = f" shrank by {removed - added}"
    return ROWS[index % 2][b[change['title'].upper()], " at ", change['at'], how, "." if index == last else ","]

def group_section(number, count, group):
    changes = group['changes']
    return (BUSY if len(changes) > 4 else section)[
        h2[f"{number}/{count} ", a(href=group['url'])[group['name']]],
        ul[[row(index, change, len(changes)) for index, change in enumerate(changes, 1)]]
        if changes else p["Nothing new."],
    ]

def page(period, groups, total):
    count = len(groups)
    return fragment[
        h1["Your ", period, " digest"],
        p[f"{count} watches, {total} changes."],
        [group_section(number, count, group) for number, group in enumerate(groups, 1)],
    ]
""",
}

INHERITANCE = {
    "page.html": """\
from htpy import Element, a, article, b, body, footer, h1, head, link, main, meta, nav, p, title
HTML = Element("html")  # without a doctype

def stylesheet(version, name):
    return link(rel="stylesheet", href=f"/{version}/{name}.css")

class Base:
    def __init__(self, variables):
        self.__dict__.update(variables)
    def titles(self):
        return [self.site]
    def heads(self):
        return [stylesheet(self.version, "base")]
    kind = "plain"
    def navs(self):
        return [a(href="/")[self.site]]
    def content(self):
        return None
    def footers(self):
        return [p[self.site, " ", self.year]]
    def page(self):
        return HTML[
            head[title[self.titles()], self.heads()],
            body(class_=self.kind)[nav[self.navs()], main[self.content()], footer[self.footers()]],
        ]

class Section(Base):
    def titles(self):
        return [self.section, " - ", super().titles()]
    def heads(self):
        return [super().heads(), stylesheet(self.version, "section")]
    def navs(self):
        return [super().navs(), " / ", a(href="/" + self.section)[self.section]]
    def content(self):
        return [h1[self.section], self.text_body()]
    def text_body(self):
        return None

class Page(Section):
    kind = "page"
    def titles(self):
        return [self.title, " - ", super().titles()]
    def heads(self):
        return [super().heads(), meta(name="author", content=self.author)]
    def navs(self):
        return [super().navs(), " / ", b[self.title]]
    def text_body(self):
        return article[self.text]
    def footers(self):
        return [super().footers(), p["By ", self.author]]

def page(**variables):
    return Page(variables).page()
""",
}

INCLUDES = {
    "products.html": """\
from htpy import b, div, fragment, h1, h2, p
PRODUCT = div(class_="product")

def stock(product):
    return b[f"{product['stock']} left for ", product['price'], " EUR"]

def product_card(product, shop):
    return PRODUCT[
        h2[product['name']],
        stock(product) if product['stock'] else None,
        p[product['text'], " Only at ", shop, "."],
    ]

def page(shop, products):
    return fragment[h1[shop], [product_card(product, shop) for product in products]]
""",
}

TABLE = {
    "table.html": """\
from htpy import table as html_table, td, tr
ROWS = (tr(class_="odd"), tr(class_="even"))

def page(table):
    return html_table[
        [ROWS[number % 2][[td[cell] for cell in row]] for number, row in enumerate(table)]
    ]
""",
}

_UI = """\
from htpy import a, div, em, fragment, h2, i, main, section, span, with_children
OPEN = section(class_="open")

def icon(name, size=16):
    return i(class_="icon-" + name, style=f"width:{size}px")

def badge(text, tone="grey"):
    return span(class_="badge " + tone)[text]

def link(href, label, class_="link", icon_name=""):
    return a(class_=class_, href=href)[icon(icon_name) if icon_name else None, label]

def price(value, currency="EUR"):
    return em[f"{value} ", currency]

@with_children
def card(children, title, open=False):
    return (OPEN if open else section)[h2[title], div[children]]

"""

MACROS = {
    "cards.html": _UI
    + """\
def page(items):
    return fragment[
        [
            card(item['title'], open=not index)[
                link(item['url'], item['label']),
                link(item['url'] + "/edit", "Edit", icon_name="pen"),
                price(item['price']), " ", badge(item['state'], tone=item['tone']),
            ]
            for index, item in enumerate(items)
        ]
    ]
""",
}

MACROS_IN_A_BLOCK = {
    "cards.html": _UI
    + """\
def base(content):
    return main[content]

def page(items):
    return base([
        card(item['title'], open=not index)[
            link(item['url'], item['label']),
            link(item['url'] + "/edit", "Edit", icon_name="pen") if item['state'] else None,
            price(item['price']), " ", badge(item['state'], tone=item['tone']),
        ]
        for index, item in enumerate(items)
    ])
""",
}

FORM = {
    "form.html": """\
from htpy import button, form, fragment, input as html_input, label as html_label, option, p, select as html_select
ERROR = p(class_="error")

def errors(found):
    return [ERROR[error] for error in found]

def text(field, type="text", required=False):
    name = field['name']
    return [
        html_label(for_=name)[field['label']],
        html_input(type=type, id=name, name=name, value=field['value'], required=required),
        errors(field['errors']),
    ]

def select(field):
    name = field['name']
    return [
        html_label(for_=name)[field['label']],
        html_select(id=name, name=name)[
            [option(value=key, selected=key == field['value'])[label] for key, label in field['choices']]
        ],
        errors(field['errors']),
    ]

def checkbox(field):
    return [
        html_label[html_input(type="checkbox", name=field['name'], checked=field['value']), " ", field['label']],
        errors(field['errors']),
    ]

def any_field(field):
    if field['kind'] == "select":
        return select(field)
    if field['kind'] == "checkbox":
        return checkbox(field)
    return text(field, field['kind'], required=field['required'])

def page(action, fields, label):
    return form(method="post", action=action)[[any_field(field) for field in fields], button[label]]
""",
}

FILTERS = {
    "people.html": """\
from htpy import fragment, h1, p

def person_row(person):
    mail, tags, age = person['mail'], person['tags'], person['age']
    return p(id=person['name'].lower().replace(" ", "-"))[
        capitals(person['name']), f", {age}",
        f", {mail.lower()}" if mail is not None else None,
        " (even)" if age % 2 == 0 else None,
        f" {', '.join(tags)}" if len(tags) > 1 else None,
        f" {round(person['score'], 1)} {int(person['score'])} ", tags[0],
    ]

def page(title, people):
    return fragment[
        h1[title.strip().upper()],
        [person_row(person) for person in people if person['active']],
        p["; ".join([person['name'] for person in people]), f": {len(people)}, ",
          sum([person['age'] for person in people])],
    ]
""",
}

I18N = {
    "messages.html": """\
from htpy import a, fragment, h1, li, p

def folder_row(folder):
    return li[
        folder['name'], ": ",
        ngettext("%(count)s message", "%(count)s messages", folder['count'], count=folder['count']), ", ",
        _("the last of %(who)s at %(at)s", who=folder['last'], at=folder['at']),
        a(href=folder['url'])[_("Open the folder")], " ",
        _("Kept for %(days)s days", days=folder['days']),
    ]

def page(user, folders):
    return fragment[
        h1[_("Your messages")],
        p[_("Hello %(name)s, welcome back.", name=user['name'])],
        [folder_row(folder) for folder in folders],
    ]
""",
}

TREE = {
    "tree.html": """\
from htpy import a, li, ul
LEVELS = [li(class_=f"level-{depth}") for depth in range(10)]

def level(nodes, depth):
    return [
        LEVELS[depth][
            a(href=node['url'])[node['name']],
            ul[level(node['children'], depth + 1)] if node['children'] else None,
        ]
        for node in nodes
    ]

def page(nodes):
    return ul[level(nodes, 1)]
""",
}


def static(paragraphs: str) -> dict[str, str]:
    """Return the static page, around its paragraphs, which are one text that is markup."""
    return {
        "static.html": f"""\
from htpy import Element, a, body, footer, head, hr, p, title
from markupsafe import Markup
HTML = Element("html")  # without a doctype
PARAGRAPHS = Markup({paragraphs!r})
SIGN_IN = a(href="/in")["Sign in"]

def page(**variables):
    user = variables["user"]
    return HTML[
        head[title[variables["title"]]],
        body[
            p["Signed in as ", user] if user else p[SIGN_IN],
            PARAGRAPHS, hr,
            p[f"{{variables['count']}} pages are watched."],
            PARAGRAPHS, footer[variables["year"]],
        ],
    ]
""",
    }
