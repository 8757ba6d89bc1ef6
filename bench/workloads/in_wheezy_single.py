"""The workloads of one file, in the language of wheezy.template; `in_wheezy` has the others, and says what `e` is."""

DIGEST = {
    "digest.html": """\
@require(period, groups, total)
@(count = len(groups))
<h1>Your @period!e digest</h1>
<p>@count!s watches, @total!s changes.</p>
@for number, group in enumerate(groups, 1):
@(changes = group['changes']; items = len(changes))
<section@{' class="busy"' if items > 4 else ''}>
<h2>@number!s/@count!s <a href="@group['url']!e">@group['name']!e</a></h2>
@if changes:
<ul>
@for index, change in enumerate(changes, 1):
<li class="@{'odd' if index % 2 else 'even'}"><b>@change['title'].upper()!e</b> at @change['at']!e\\
@if change['added'] > change['removed']:
 grew by @{str(change['added'] - change['removed'])}\\
@elif change['added'] == change['removed']:
 stayed as long\\
@else:
 shrank by @{str(change['removed'] - change['added'])}\\
@end
@{'.' if index == items else ','}</li>
@end
</ul>
@else:
<p>Nothing new.</p>
@end
</section>
@end
""",
}

TABLE = {
    "table.html": """\
@require(table)
<table>
@for number, row in enumerate(table):
<tr class="@{'even' if number % 2 else 'odd'}">\\
@for cell in row:
<td>@cell!s!e</td>\\
@end
</tr>
@end
</table>
""",
}

FILTERS = {
    "people.html": """\
@require(title, people)
<h1>@title.strip().upper()!e</h1>
@for person in people:
@if person['active']:
<p id="@person['name'].lower().replace(' ', '-')!e">@capitals(person['name'])!e, @person['age']!s\\
@if person['mail'] is not None:
, @person['mail'].lower()!e\\
@end
@{' (even)' if person['age'] % 2 == 0 else ''}\\
@if len(person['tags']) > 1:
 @{e(', '.join(person['tags']))}\\
@end
 @round(person['score'], 1)!s @int(person['score'])!s @person['tags'][0]!e</p>
@end
@end
<p>@{e('; '.join([person['name'] for person in people]))}: @len(people)!s, \\
@{str(sum([person['age'] for person in people]))}</p>
""",
}

I18N = {
    "messages.html": """\
@require(user, folders)
<h1>@_("Your messages")!e</h1>
<p>@_("Hello %(name)s, welcome back.", name=user['name'])!e</p>
@for folder in folders:
<li>@folder['name']!e: \\
@ngettext("%(count)s message", "%(count)s messages", folder['count'], count=folder['count'])!e,
@_("the last of %(who)s at %(at)s", who=folder['last'], at=folder['at'])!e
<a href="@folder['url']!e">@_("Open the folder")!e</a>
@_("Kept for %(days)s days", days=folder['days'])!e</li>
@end
""",
}

PLAIN = {
    "mail.txt": """\
@require(name, orders, sender)
Hello @name,

@if len(orders) == 1:
one order is on its way:
@else:
@len(orders)!s orders are on their way:
@end

@for order in orders:
* @order['number']!s: @order['title']@{' (a gift)' if order['gift'] else ''}
  \\
@(last = len(order['lines']) - 1)
@for index, line in enumerate(order['lines']):
@line['count']!s x @line['name']@{', ' if index < last else ''}\\
@end

@end

Yours,
@sender
""",
}

TREE = {
    "tree.html": """\
@require(nodes)
@def level(nodes, depth):
@#ignore
@for node in nodes:
<li class="level-@depth!s"><a href="@node['url']!e">@node['name']!e</a>\\
@if node['children']:
<ul>@level(node['children'], depth + 1)</ul>\\
@end
</li>
@end
@end
<ul>@level(nodes, 1)</ul>
""",
}


def static(paragraphs: str) -> dict[str, str]:
    """Return the static page, around its paragraphs."""
    return {
        "static.html": f"""\
@require(title, user, count, year)
<html><head><title>@title!e</title></head>
<body>
<p>\\
@if user:
Signed in as @user!e\\
@else:
<a href="/in">Sign in</a>\\
@end
</p>
{paragraphs}<hr>
<p>@count!s pages are watched.</p>
{paragraphs}<footer>@year!s</footer>
</body></html>
""",
    }
