"""From files to trees, and what is wrong with them."""
