"""What the tests of the benchmarks share with the suite."""

from testkit.fixtures import bundle, prepare_process, quick_collections, registry

__all__ = ["bundle", "quick_collections", "registry"]

prepare_process()
