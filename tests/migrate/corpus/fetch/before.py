from bridge import shim


class Letter:
    default = shim.fetch("templates/hello.php", {"name": "nobody"})

    def __init__(self, name):
        self.name = name

    def text(self):
        name = self.name
        return shim.fetch("templates/hello.php") + shim.fetch("templates/plain.txt")

    @staticmethod
    def shout(text=shim.fetch("templates/plain.txt")):
        return text.upper()


print(Letter("Ada").text(), Letter.default, Letter.shout())
