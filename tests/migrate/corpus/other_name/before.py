from bridge import shim as php


def send(name):
    php.include("templates/hello.php")


send("Ada")
