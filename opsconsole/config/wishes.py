"""The alerts and targets that `init` writes: what a machine of daemons and agents usually should tell and be."""

WISHES = """
# Alerts propose something while their condition holds; nothing is done by itself. Metrics: see the README.

[[alert]]
name = "System load"
when = "load_per_core > 0.75"
for = "2m"
do = "investigate"
escalate = [{ after = "10m", do = "hibernate-idle" }]

[[alert]]
name = "Memory"
when = "memory.used > 90%"
for = "2m"
do = "hibernate-idle"
escalate = [{ after = "10m", do = "restart what is not critical" }]

[[alert]]
name = "Prompts fail"
when = "queue.failure_rate > 50%"
for = "5m"
do = "read the errors in the log of the worker"
escalate = [{ after = "15m", do = "restart the worker" }]

[[alert]]
name = "Worker silent"                    # of workers with `silent_after`
when = "workers.longest_silence > 5m"
do = "restart it"

[[alert]]
name = "No ports left"
when = "environments.ports_free == 0"
do = "prune-environments"
escalate = [{ after = "15m", do = "make the port pool larger" }]

[[target]]
name = "Prompt success rate"
metric = "queue.success_rate"
want = "> 80%"

[[target]]
name = "Load per core"
metric = "load_per_core"
want = "< 0.5"

[[target]]
name = "CPU idle"
metric = "cpu.idle"
want = "> 20%"

[[target]]
name = "Memory available"
metric = "memory.available"
want = "> 2GB"

[[target]]
name = "Failed prompts a day"
metric = "queue.failed_24h"
want = "< 10"
"""
