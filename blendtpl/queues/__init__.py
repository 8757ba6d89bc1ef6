"""Task queues: a registry that is loaded once, before the processes of a worker fork, and a cycle for each task.

`blendtpl.queues.celery` is for Celery; RQ, Dramatiq and arq take a few lines, which stand in ``docs/queues.md``.
"""
