"""Everything that changes the machine: policy, plans, the executor, the journal.

Nothing that observes imports this package but ``act.journal_reader``, which only reads (an import contract and a
test hold it): read-only is the absence of the executor.

    make_plan ──> Plan ──> confirm ──> submit: intent in the journal ──> executor: steps, checks, result

A verb is one module of ``act.verbs`` and one line in its registry.
"""
