"""Rules on the machine: load, CPU, memory, swap."""

from __future__ import annotations

from collections.abc import Iterator

from opsconsole.config.types import Config
from opsconsole.diagnose.hibernation import hibernation
from opsconsole.diagnose.recovery import LOAD_EASED, recovered_config
from opsconsole.model.finding import Evidence, Finding, found
from opsconsole.model.size import size
from opsconsole.model.snapshot import Snapshot
from opsconsole.model.system import System

MACHINE = "machine"
SUSTAINED = LOAD_EASED
"""Share of the limit above which the older averages make a load sustained: where it would be left again."""
GRAVE_MEMORY = 0.5
"""Share of the memory limit below which pressure is high."""


def system_load(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """More wants to run than the cores can: a spike, or for longer where 5 and 15 minutes are high too.

    Evidence: load averages against cores. Called sustained only where the mean of 15 minutes is about what is now.
    Blind spots: Linux counts waiting for disks as load; a container sees its host's load. Sessions are blamed only
    where memory is short, or for the CPU time that they use.
    """
    system = snapshot.system.value
    if system is None or system.load1 is None or not system.cores:
        return
    limit = config.diagnose.load_per_core * system.cores
    if system.load1 <= limit:
        return
    older = [load for load in (system.load5, system.load15) if load is not None]
    lasting = len(older) == 2 and all(load >= SUSTAINED * limit for load in older)
    sustained = lasting and older[-1] >= SUSTAINED * system.load1
    told = f"{older[-1]:.2f} over 15 minutes" if lasting else ""
    top = [one for one in snapshot.consumers if one.rss_bytes][:3]
    yield found(
        "system-load",
        "high" if lasting else "medium",
        MACHINE,
        f"load {system.load1:.2f} on {system.cores} cores, " + ("sustained" if sustained else told or "a spike"),
        evidence=(
            _load(system, snapshot),
            *_cpu(system, snapshot),
            *(
                Evidence("process table", snapshot.processes.at, f"{one.count} {one.kind}: {size(one.rss_bytes or 0)}")
                for one in top
            ),
        ),
        root_cause="more runs at once than the machine has cores"
        + (": high for at least 15 minutes, not a spike" if sustained else f": {told}" if lasting else ""),
        impact="everything on the machine answers late",
        remedy=hibernation(snapshot, config, any_eases=False),
        verify=f"1 minute load at most {recovered_config(config).diagnose.load_per_core * system.cores:g}",
    )


def cpu_starved(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """Hardly any CPU time is left idle.

    Evidence: the split of CPU time between two looks.
    Blind spots: one look is a moment of a few seconds; low priority work counts like any other.
    """
    system = snapshot.system.value
    if system is None or system.cpu_idle is None or system.cpu_idle >= config.diagnose.cpu_idle_percent:
        return
    yield found(
        "cpu-starved",
        "medium",
        MACHINE,
        f"CPU idle {system.cpu_idle:.1f} %",
        evidence=_cpu(system, snapshot),
        root_cause="what runs wants more CPU time than there is",
        impact="everything on the machine answers late",
        remedy=hibernation(snapshot, config, any_eases=False),
        verify=f"at least {recovered_config(config).diagnose.cpu_idle_percent:g} % of CPU time idle",
    )


def memory_pressure(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """Hardly any memory is available.

    Evidence: what the system calls available, against all there is; the compressor and PSI where there are any.
    Blind spots: the limit of a container is told as a note of the system reading, not judged.
    """
    system = snapshot.system.value
    if system is None or system.memory_available_bytes is None or not system.memory_total_bytes:
        return
    percent = 100.0 * system.memory_available_bytes / system.memory_total_bytes
    limit = config.diagnose.memory_available_percent
    if percent >= limit:
        return
    yield found(
        "memory-pressure",
        "high" if percent < limit * GRAVE_MEMORY else "medium",
        MACHINE,
        f"memory {100 - percent:.1f} % used, {size(system.memory_available_bytes)} available",
        evidence=_memory(system, snapshot),
        root_cause="what runs wants more memory than there is",
        impact="programs are swapped out, or killed when swap is used up too",
        remedy=hibernation(snapshot, config),
        verify=f"at least {recovered_config(config).diagnose.memory_available_percent:g} % of memory available",
    )


def swap_thrash(snapshot: Snapshot, config: Config) -> Iterator[Finding]:
    """Memory goes out to swap and comes back at the same time: the machine works for its memory, not for us.

    Evidence: pages swapped in and out between two looks.
    Blind spots: needs two looks; what a compressor takes in memory is no swap traffic here.
    """
    system, limit = snapshot.system.value, config.diagnose.swap_per_s
    if system is None or system.swap_in_per_s is None or system.swap_out_per_s is None:
        return
    if min(system.swap_in_per_s, system.swap_out_per_s) <= limit:
        return
    yield found(
        "swap-thrash",
        "high",
        MACHINE,
        f"swapping {size(system.swap_in_per_s)}/s in and {size(system.swap_out_per_s)}/s out",
        evidence=(_swap(system, snapshot),),
        root_cause="what is in use at once does not fit into memory",
        impact="whatever was swapped out answers seconds late",
        remedy=hibernation(snapshot, config),
        verify=f"swap traffic at most {size(recovered_config(config).diagnose.swap_per_s)}/s, in or out",
    )


def _load(system: System, snapshot: Snapshot) -> Evidence:
    told = ["?" if load is None else f"{load:.2f}" for load in (system.load1, system.load5, system.load15)]
    return Evidence(
        "load averages", snapshot.system.at, f"{', '.join(told)} (1, 5, 15 minutes) on {system.cores} cores"
    )


def _cpu(system: System, snapshot: Snapshot) -> tuple[Evidence, ...]:
    if system.cpu_idle is None:
        return ()
    user = "?" if system.cpu_user is None else f"{system.cpu_user:.2f}"
    kernel = "?" if system.cpu_system is None else f"{system.cpu_system:.2f}"
    fact = f"{user} % user, {kernel} % system, {system.cpu_idle:.2f} % idle"
    return (Evidence("CPU time", snapshot.system.at, fact),)


def _memory(system: System, snapshot: Snapshot) -> tuple[Evidence, ...]:
    total, available = system.memory_total_bytes or 0, system.memory_available_bytes or 0
    at = snapshot.system.at
    told = [Evidence("memory", at, f"{size(total - available)} of {size(total)} used, {size(available)} available")]
    if system.memory_compressed_bytes:
        told.append(Evidence("memory", at, f"{size(system.memory_compressed_bytes)} compressed"))
    if system.swap_used_bytes:
        told.append(_swap(system, snapshot))
    if system.pressure_memory is not None and system.pressure_memory.some10 > 0:
        fact = f"{system.pressure_memory.some10:.1f} % of the time something waited for memory (10 s)"
        told.append(Evidence("pressure", at, fact))
    return tuple(told)


def _swap(system: System, snapshot: Snapshot) -> Evidence:
    used = "?" if system.swap_used_bytes is None else size(system.swap_used_bytes)
    coming = "?" if system.swap_in_per_s is None else size(system.swap_in_per_s)
    going = "?" if system.swap_out_per_s is None else size(system.swap_out_per_s)
    return Evidence("swap", snapshot.system.at, f"{used} used, {coming}/s in, {going}/s out")
