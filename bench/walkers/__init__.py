"""Sixteen walkers: processes that send alert e-mails without pause, in the old style, with Jinja2 and with blendtpl.

`bench.walkers.__main__` is the command. What stands where: `mails` (what is sent), `styles` (how it is rendered),
`team` and `server` (the processes that do it), `sampling` and `run` (watching them), `checks`, `pictures`, `report`.
"""
