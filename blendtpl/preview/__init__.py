"""Preview: a page on this machine that shows every e-mail and page as it will be read, while its templates are written.

`workspace` compiles, and compiles again when a file has changed; `catalogue` says what there is to look at; `rendering`
makes one of them with an example; `frames` makes of that what a reader's device shows; `pages` makes the page around
it, of templates that `blendtpl.compile` compiles when the preview starts; `application` answers requests, `guard`
decides which are answered; `serving` runs it. Nothing outside of this room imports anything in it but the command.
"""
