#!/usr/bin/env bash
# All checks on a fresh Debian machine: system packages, a fresh virtual environment, lint, types, tests.
# Usage: bash tests/run.sh [pytest arguments]
set -euo pipefail
cd "$(dirname "$0")/.."

# Brokers, speech, clips, browser and a bootable systemd for the tests that drive the real thing. Without root they
# are not installed, and the tests that miss one say so and skip.
packages=(alsa-utils chromium chromium-driver espeak-ng ffmpeg iproute2 libasound2-plugins mosquitto openssl procps
          pulseaudio pulseaudio-utils sox strace systemd systemd-container)
if [ "$(id -u)" = 0 ] && ! dpkg -s "${packages[@]}" >/dev/null 2>&1; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

venv=${ASL_EDGE_TEST_VENV:-.venv-tests}
rm -rf "$venv"
python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check ".[dev,training]"
export PATH="$PWD/$venv/bin:$PATH" PYTHONDONTWRITEBYTECODE=1

ruff check .
ruff format --check .
mypy
python -m pytest "$@"
