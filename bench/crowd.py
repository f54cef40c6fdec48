"""So many light processes that do nothing: ``python -S crowd.py COUNT`` with a pipe as standard input.

Each is a `cat` that waits on that pipe (about 0.2 MB each), so all of them end by themselves when whoever holds its
other end closes it or dies. Prints ``ready`` once they are there.
"""

import contextlib
import os
import sys

for number in range(int(sys.argv[1])):
    os.posix_spawn("/bin/cat", [f"idle-{number:05}", "-u"], {})
print("ready", flush=True)
with contextlib.suppress(ChildProcessError):
    while True:
        os.wait()
