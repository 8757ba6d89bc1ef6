"""The subjects, one module for each family; importing this registers them all."""

from bench.memory.registered import SUBJECTS
from bench.memory.subjects import old_ways, ours, peers, php

__all__ = ["SUBJECTS", "old_ways", "ours", "peers", "php"]
