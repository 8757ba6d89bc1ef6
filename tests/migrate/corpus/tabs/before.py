from bridge import shim

def send(name):
	if name:
		shim.include("templates/hello.php")	# tabs
	
	with shim.capture() as page:
		shim.include("templates/hello.php")
	return page.text

print(send("Ada"))
