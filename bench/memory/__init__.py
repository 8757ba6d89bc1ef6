"""What rendering leaves in memory: blendtpl, the old ways and the peers, on the same workloads, by one harness.

``python -m bench.memory`` runs it, ``python -m bench.memory.gate`` is the short form that fails when anything grows.
"""
