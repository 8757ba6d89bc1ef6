title = "Watches"
rows = [1, 2]
exec(open("legacy/report.py").read())


def report(title):
    rows = [3]
    exec(open("legacy/report.py").read())


report("Pages")
