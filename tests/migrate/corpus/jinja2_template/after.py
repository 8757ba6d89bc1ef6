import jinja2
from bridge import registry

context = {"value": "<1>"}
print(registry.render("one.txt", value="<1>"))
print(registry.render("one.txt", context))
print(registry.render("one.txt", context))
print(jinja2.Template(open("templates/one.txt").read()).render())
print(jinja2.Template(open("templates/letter.html").read()).render(name="<1>"))
print(registry.render("letter.html", name="<1>"))
print(jinja2.Template(open("templates/one.txt").read(), trim_blocks=True).render(value=1))
print(registry.render("one.txt", {"value": 2}, value=3))
