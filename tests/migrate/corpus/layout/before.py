from bridge import shim


def send(user, changes):
    shim.include(
        "templates/emails/alert.php",  # the old name
        {
            "user": user,  # who
            "changes": changes,
        },
    )
    shim.include ( "templates/emails/alert.php" )
    shim.include(
        "templates/emails/alert.php",
    )
    (shim.include("templates/plain.txt")); shim.include( 'templates/plain.txt', )
    if user: shim.include("templates/plain.txt")
    x = [
        shim.fetch("templates/plain.txt"), # first
        shim.fetch(
            path = "templates/hello.php" ,
            scope = dict( name = user ) ,
        )
    ]
    return x


print(send("Ada", [1]))
