"""What the tests of the benchmarks share with the suite."""

from testkit.fixtures import (
    bundle,
    prepare_process,
    pytest_collection_finish,
    pytest_sessionfinish,
    quick_collections,
    registry,
)

__all__ = ["bundle", "pytest_collection_finish", "pytest_sessionfinish", "quick_collections", "registry"]

prepare_process()
