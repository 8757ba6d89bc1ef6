import runpy


def report(title, rows):
    exec(open("legacy/report.py").read(), {"title": title, "rows": rows})
    with open("legacy/report.py") as file:
        exec(file.read(), dict(title=title, rows=rows))
    with open("legacy/report.py") as file:
        code = file.read()
    exec(compile(code, "legacy/report.py", "exec"), {"title": title, "rows": rows})
    exec(open("legacy/report.py", "rb").read(), {"title": title}, {"rows": rows})
    runpy.run_path("legacy/report.py", {"title": title, "rows": rows})
    runpy.run_path("legacy/report.py", init_globals={"title": title, "rows": rows})
    scope = {"title": title, "rows": rows}
    exec(open("legacy/report.py").read(), scope)
    print(sorted(scope)[1:])
    exec("print(title)")


report("Watches", [1, 2])
