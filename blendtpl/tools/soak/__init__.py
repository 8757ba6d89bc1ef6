"""A long run of an application's templates, and what is left by it."""
