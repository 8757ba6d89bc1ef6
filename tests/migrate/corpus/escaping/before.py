import jinja2
from jinja2 import select_autoescape

strict = jinja2.StrictUndefined
loose = jinja2.Environment(undefined=strict)
safe = jinja2.Environment(undefined=strict, autoescape=select_autoescape())
some = jinja2.Environment(undefined=strict, autoescape=lambda name: True)
for env in (loose, safe, some):
    print(env.from_string(open("templates/letter.html").read()).render(name="<1>"))
print(loose.from_string(open("templates/letter.html").read()).render(name="<2>"))
print(safe.from_string(open("templates/letter.html").read()).render(name="<3>"))
print(some.from_string(open("templates/letter.html").read()).render(name="<4>"))
print(loose.from_string(open("templates/one.txt").read()).render(value="<5>"))
