"""No cliffs, by count: what a harmless edit of a template costs, in instructions. See `bench/README.md`."""
