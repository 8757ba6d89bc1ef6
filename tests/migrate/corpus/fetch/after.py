from bridge import registry


class Letter:
    default = registry.render("hello.txt", {"name": "nobody"})

    def __init__(self, name):
        self.name = name

    def text(self):
        name = self.name
        return registry.render("hello.txt", name=name) + registry.render("plain.txt")

    @staticmethod
    def shout(text=registry.render("plain.txt")):
        return text.upper()


print(Letter("Ada").text(), Letter.default, Letter.shout())
