from bridge import registry

def send(name):
	if name:
		print(registry.render("hello.txt", name=name), end="")	# tabs
	
	page = registry.render("hello.txt", name=name)
	return page

print(send("Ada"))
