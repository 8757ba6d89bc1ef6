from bridge import registry


def report(title, rows):
    print(registry.render("report.txt", {"title": title, "rows": rows}), end="")
    with open("legacy/report.py") as file:
        exec(file.read(), dict(title=title, rows=rows))
    with open("legacy/report.py") as file:
        code = file.read()
    exec(compile(code, "legacy/report.py", "exec"), {"title": title, "rows": rows})
    print(registry.render("report.txt", {"title": title}, {"rows": rows}), end="")
    print(registry.render("report.txt", {"title": title, "rows": rows}), end="")
    print(registry.render("report.txt", {"title": title, "rows": rows}), end="")
    scope = {"title": title, "rows": rows}
    exec(open("legacy/report.py").read(), scope)
    print(sorted(scope)[1:])
    exec("print(title)")


report("Watches", [1, 2])
