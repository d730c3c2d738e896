#!/usr/bin/env bash
# Asks a REP socket of pyzmq (Debian: python3-zmq) through zeromqRequester, kills it in the middle, and asks the next.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
"$python" -c 'import zmq' 2>/dev/null || {
  echo 'pyzmq is not there: apt-get install -y python3-zmq' >&2
  exit 1
}
PYTHON=$python exec node_modules/.bin/node --conditions=@holdfast/source scripts/pyzmq.ts
