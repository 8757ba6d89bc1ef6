"""The subjects, one module for each family; importing this registers them all."""

from bench.memory.registered import SUBJECTS
from bench.memory.subjects import included, old_ways, ours, peers, php

__all__ = ["SUBJECTS", "included", "old_ways", "ours", "peers", "php"]
