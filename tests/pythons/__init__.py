"""The tests in other versions of Python: ``python -m tests.pythons`` runs them in Pyodide, which runs in Node."""
