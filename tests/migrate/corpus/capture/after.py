from bridge import registry


def page(name):
    text = registry.render("hello.txt", name=name)
    return text


def several(name):
    # all of it
    # a buffer
    body = registry.render("hello.txt", name=name)
    body += registry.render("plain.txt")
    body += registry.render("hello.txt", {"name": "Bob"})
    print(f"{body}|")
    print(len(body), body.upper())


def commented(name):
    # the head
    body = registry.render("hello.txt", name=name)  # by name
    # the rest
    body += registry.render("plain.txt")
    return body


print(page("Ada"))
several("Ada")
print(commented("Eve"))
