"""Walkers: long-lived processes that render and send, cycle after cycle, and leave before they grow old.

Enters: a registry and limits. Leaves: cycles, each with its own cache of objects, until one of the limits is met.
"""
