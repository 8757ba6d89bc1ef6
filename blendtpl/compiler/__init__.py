"""The build half: read, parse, link, emit, pack. The run half never imports it.

Nothing is imported here: a live environment needs the parser's and the emitter's modules, and no more of them.
"""
