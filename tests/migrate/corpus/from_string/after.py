import jinja2
from bridge import registry

env = jinja2.Environment(undefined=jinja2.StrictUndefined)


class Mailer:
    def __init__(self, environment):
        self.environment = environment
        self.other = environment

    def one(self, value):
        return registry.render("one.txt", value=value)

    def two(self, value):
        return self.other.from_string(open("templates/one.txt").read()).render(value=value)


print(registry.render("one.txt", value=1), Mailer(env).one(2), Mailer(env).two(3))
