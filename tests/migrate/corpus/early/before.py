from bridge import shim


def greet():
    return shim.fetch("templates/hello.php")


def later():
    return shim.fetch("templates/one.txt")


def told(function):
    try:
        return function()
    except Exception as error:
        return type(error).__name__


print(told(greet))
name = "Ada"
print(greet(), told(later))
if name:
    value = 3
print(told(later))
