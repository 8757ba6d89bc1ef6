"""The workloads of several files, in the language of wheezy.template.

An include has the variables that the whole template was given; what is included with one of a loop is therefore a
function of another file, as the documentation of wheezy has it. `e` escapes an exact `str`, and `s` is `str`.
"""

ALERT = {
    "layout.html": """\
@def title():
Feedwhip
@end
@def content():
@end
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>@title()</title>
</head>
<body style="margin:0;background:#f4f4f4;font-family:sans-serif">
<table role="presentation" width="600" style="background:#ffffff">
<tr><td>\\
@include("header.html")
</td></tr>
<tr><td style="padding:24px">@content()</td></tr>
<tr><td>\\
@include("footer.html")
</td></tr>
</table>
</body>
</html>
""",
    "header.html": """\
@require(site, user)
<a href="@site['url']!e"><img src="@site['url']!e/logo.png" width="120" alt="@site['name']!e"></a>
<p>Hello @user['name']!e,</p>
""",
    "summary.html": """\
@require(watch, changes)
<p>We looked at <a href="@watch['url']!e">@watch['title']!e</a> and found @len(changes)!s changes.</p>
@if watch['note']:
<p class="note">@watch['note']!e</p>
@end
""",
    "footer.html": """\
@require(site, user, watch)
<p style="color:#888888">You get this e-mail because @user['email']!e watches this page.
<a href="@site['url']!e/watches/@watch['id']!s/pause">Pause</a> or
<a href="@site['url']!e/unsubscribe?t=@user['token']!e">unsubscribe</a>.</p>
""",
    "macros.html": """\
@def button(href, label, color="#0066cc"):
<a href="@href!e" style="background:@color!e;color:#ffffff;padding:8px 16px">@label!e</a>\\
@end
""",
    "change.html": """\
@def change_row(change):
<h2><a href="@change['url']!e">@change['title']!e</a></h2>
<p>@change['at']!e, @change['percent']!s %</p>
<pre>
@for line in change['lines']:
<span class="@line['kind']!e">@line['text']!e</span>
@end
</pre>\\
@end
""",
    "alert.html": """\
@require(watch, changes)
@from "macros.html" import button
@from "change.html" import change_row
@extends("layout.html")
@def title():
@watch['title']!e changed
@end
@def content():
@include("summary.html")
@for index, item in enumerate(changes, 1):
<div id="c@index!s">@change_row(item)</div>
@end
@button(watch['url'], "See the page")
@end
""",
}

# `super_defs` has what the outermost layout says; what is between is a function with a name of its own.
INHERITANCE = {
    "base.html": """\
@require(site, version, year)
@def title():
@site!e
@end
@def head():
<link rel="stylesheet" href="/@version!e/base.css">
@end
@def kind():
plain
@end
@def nav():
<a href="/">@site!e</a>
@end
@def main():
@end
@def footer():
<p>@site!e @year!s</p>
@end
<html><head><title>@title()</title>
@head()</head>
<body class="@kind()">
<nav>@nav()</nav>
<main>@main()</main>
<footer>@footer()</footer>
</body></html>
""",
    "section.html": """\
@require(section, version)
@extends("base.html")
@def section_title():
@section!e - @super_defs['title']()
@end
@def title():
@section_title()
@end
@def section_head():
@super_defs['head']()<link rel="stylesheet" href="/@version!e/section.css">
@end
@def head():
@section_head()
@end
@def section_nav():
@super_defs['nav']() / <a href="/@section!e">@section!e</a>
@end
@def nav():
@section_nav()
@end
@def body():
@end
@def main():
<h1>@section!e</h1>@body()
@end
""",
    "page.html": """\
@require(author, text)
@extends("section.html")
@def title():
@ctx['title']!e - @local_defs['section_title']()
@end
@def head():
@local_defs['section_head']()<meta name="author" content="@author!e">
@end
@def kind():
page
@end
@def nav():
@local_defs['section_nav']() / <b>@ctx['title']!e</b>
@end
@def body():
<article>@text!e</article>
@end
@def footer():
@super_defs['footer']()<p>By @author!e</p>
@end
""",
}

INCLUDES = {
    "products.html": """\
@require(shop, products)
@from "product.html" import product_card
<h1>@shop!e</h1>
@for product in products:
@product_card(product, shop)
@end
""",
    "product.html": """\
@def stock(product):
<b>@product['stock']!s left for @product['price']!e EUR</b>
@end
@def product_card(product, shop):
<div class="product">
<h2>@product['name']!e</h2>\\
@if product['stock']:
@stock(product)\\
@end

<p>@product['text']!e Only at @shop!e.</p>
</div>
@end
""",
}

_UI = """\
@def icon(name, size=16):
<i class="icon-@name!e" style="width:@{str(size)}px"></i>\\
@end
@def badge(text, tone="grey"):
<span class="badge @tone!e">@text!e</span>\\
@end
@def link(href, label, class_="link", icon_name=""):
<a class="@class_!e" href="@href!e">\\
@if icon_name:
@icon(icon_name)\\
@end
@label!e</a>\\
@end
@def card(title, open, body):
<section@{' class="open"' if open else ''}><h2>@title!e</h2><div>@body</div></section>\\
@end
"""

MACROS = {
    "ui.html": _UI,
    "cards.html": """\
@require(items)
@import "ui.html" as ui
@def price(value, currency="EUR"):
<em>@value!s @currency!e</em>\\
@end
@def body(item):
@ui.link(item['url'], item['label'])
@ui.link(item['url'] + "/edit", "Edit", icon_name="pen")
@price(item['price']) @ui.badge(item['state'], tone=item['tone'])
@end
@for index, item in enumerate(items):
@ui.card(item['title'], not index, body(item))
@end
""",
}

MACROS_IN_A_BLOCK = {
    "ui.html": _UI,
    "base.html": """\
@def main():
@end
<main>@main()</main>
""",
    "cards.html": """\
@require(items)
@import "ui.html" as ui
@from "ui.html" import badge
@extends("base.html")
@def price(value, currency="EUR"):
<em>@value!s @currency!e</em>\\
@end
@def body(item, url):
@ui.link(url, item['label'])
@if item['state']:
@ui.link(url + "/edit", "Edit", icon_name="pen")
@end
@price(item['price']) @badge(item['state'], tone=item['tone'])
@end
@def main():
@#ignore
@for index, item in enumerate(items):
@ui.card(item['title'], not index, body(item, item['url']))
@end
@end
""",
}

FORM = {
    "fields.html": """\
@def errors(found):
@#ignore
@for error in found:
<p class="error">@error!e</p>
@end
@end
@def input(field, type="text", required=False):
<label for="@field['name']!e">@field['label']!e</label>
<input type="@type!e" id="@field['name']!e" name="@field['name']!e" value="@field['value']!e"\\
@{' required' if required else ''}>@errors(field['errors'])
@end
@def select(field):
<label for="@field['name']!e">@field['label']!e</label>
<select id="@field['name']!e" name="@field['name']!e">
@for key, label in field['choices']:
<option value="@key!e"@{' selected' if key == field['value'] else ''}>@label!e</option>
@end
</select>@errors(field['errors'])
@end
@def checkbox(field):
<label><input type="checkbox" name="@field['name']!e"@{' checked' if field['value'] else ''}> \\
@field['label']!e</label>@errors(field['errors'])
@end
""",
    "form.html": """\
@require(action, fields, label)
@from "fields.html" import input
@from "fields.html" import select
@from "fields.html" import checkbox
<form method="post" action="@action!e">
@for field in fields:
@if field['kind'] == "select":
@select(field)
@elif field['kind'] == "checkbox":
@checkbox(field)
@else:
@input(field, field['kind'], required=field['required'])
@end
@end
<button>@label!e</button>
</form>
""",
}
