import jinja2

context = {"value": "<1>"}
print(jinja2.Template(open("templates/one.txt").read()).render(value="<1>"))
print(jinja2.Template(open("templates/one.txt").read()).render(context))
print(jinja2.Template(open("templates/one.txt").read(), undefined=jinja2.StrictUndefined).render(context))
print(jinja2.Template(open("templates/one.txt").read()).render())
print(jinja2.Template(open("templates/letter.html").read()).render(name="<1>"))
print(jinja2.Template(open("templates/letter.html").read(), autoescape=True).render(name="<1>"))
print(jinja2.Template(open("templates/one.txt").read(), trim_blocks=True).render(value=1))
print(jinja2.Template(open("templates/one.txt").read()).render({"value": 2}, value=3))
