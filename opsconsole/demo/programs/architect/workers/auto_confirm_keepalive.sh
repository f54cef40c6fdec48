#!/bin/sh
# Keeps the auto-confirm worker running, whatever anybody else thinks of it.
cd "$(dirname "$0")/.." || exit 1
while true; do
    python3 workers/auto_confirm_worker.py --daemon
    sleep 1
done
