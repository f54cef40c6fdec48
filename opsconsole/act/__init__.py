"""Everything that changes the machine: policy, plans, the executor, the journal.

Nothing that observes imports this package (an import contract and a test hold it): read-only is its absence.
"""
