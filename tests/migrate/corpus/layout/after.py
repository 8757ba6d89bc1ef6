from bridge import registry


def send(user, changes):
    print(registry.render(
        "emails/alert.html",  # the old name
        {
            "user": user,  # who
            "changes": changes,
        },
    ), end="")
    print(registry.render ( "emails/alert.html", changes=changes, user=user ), end="")
    print(registry.render(
        "emails/alert.html", changes=changes, user=user,
    ), end="")
    print((registry.render("plain.txt")), end=""); print(registry.render( 'plain.txt', ), end='')
    if user: print(registry.render("plain.txt"), end="")
    x = [
        registry.render("plain.txt"), # first
        registry.render(
            "hello.txt" ,
            dict( name = user ) ,
        )
    ]
    return x


print(send("Ada", [1]))
