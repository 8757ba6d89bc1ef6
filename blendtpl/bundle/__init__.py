"""The waist: what both halves know, and nothing else."""
