from bridge import *


def send(name):
    shim.include("templates/hello.php")


send("Ada")
