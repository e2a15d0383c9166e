#!/usr/bin/env bash
# Builds the wheel once and tests it with the programs that users have at the other end: pip, pre-commit, the SARIF
# validator, editors. Needs cargo, git, python3 with venv, and npm; everything else is installed below target/.
set -euo pipefail
cd "$(dirname "$0")/../.."
place=target/package
mkdir -p "$place"

if [[ ! -x "$place/venv/bin/python" ]]; then
    python3 -m venv "$place/venv"
fi
"$place/venv/bin/pip" install --quiet --disable-pip-version-check -r tests/package/requirements.txt
# Microsoft's validator comes as an npm package that holds the program itself.
npm install --silent --no-audit --no-fund --prefix "$place/npm" @microsoft/sarif-multitool-linux@5.7.0

rm -rf "$place/wheels"
"$place/venv/bin/maturin" build --release --out "$place/wheels"
exec "$place/venv/bin/python" -m pytest tests/package "$@"
