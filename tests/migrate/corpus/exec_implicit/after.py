from bridge import registry

title = "Watches"
rows = [1, 2]
print(registry.render("report.txt", rows=rows, title=title), end="")


def report(title):
    rows = [3]
    print(registry.render("report.txt", rows=rows, title=title), end="")


report("Pages")
