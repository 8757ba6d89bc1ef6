import jinja2


class Shorthand(jinja2.ext.Extension):
    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return source.replace("[[", "{{").replace("]]", "}}")


def make() -> jinja2.Environment:
    return jinja2.Environment(extensions=[Shorthand])
