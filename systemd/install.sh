#!/usr/bin/env bash
# Installs, upgrades or removes tikmatrixd on Debian 12 or newer. Idempotent: run it again to upgrade or repair.
#   sudo systemd/install.sh             install or upgrade from this source tree
#   sudo systemd/install.sh --remove    remove the program; configuration and state stay
#   sudo systemd/install.sh --purge     remove configuration, state and media folder too
set -euo pipefail

SOURCE=$(cd "$(dirname "$0")/.." && pwd)
PREFIX=/opt/tikmatrixd
CONFIG=/etc/tikmatrixd
STATE=/var/lib/tikmatrixd
MEDIA=/srv/tikmatrixd/media
UNITS=/etc/systemd/system

say() { printf '== %s\n' "$*"; }
fail() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }

remove() {
    say "stopping and disabling the services"
    systemctl disable --now tikmatrixd.service tikmatrixd-adb.socket tikmatrixd-adb.service 2>/dev/null || true
    say "removing the program, units, rules and completion"
    rm -rf "$PREFIX" /usr/local/bin/tikmatrixd
    rm -f "$UNITS"/tikmatrixd.service "$UNITS"/tikmatrixd-adb.service "$UNITS"/tikmatrixd-adb.socket \
        /etc/udev/rules.d/70-tikmatrixd-adb.rules /etc/sysusers.d/tikmatrixd.conf /etc/tmpfiles.d/tikmatrixd.conf \
        /etc/avahi/services/tikmatrixd.service /usr/share/bash-completion/completions/tikmatrixd
    systemctl daemon-reload
    if [ "$1" = purge ]; then
        say "removing configuration, state and media folder"
        rm -rf "$CONFIG" "$STATE" /var/lib/tikmatrixd-adb "$MEDIA"
        rmdir /srv/tikmatrixd 2>/dev/null || true
    else
        say "kept: $CONFIG, $STATE, /var/lib/tikmatrixd-adb (the adb key), $MEDIA"
    fi
}

check_machine() {
    [ "$(id -u)" = 0 ] || fail "must run as root: sudo systemd/install.sh"
    command -v systemctl >/dev/null || fail "systemd is needed"
    python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
        fail "Python 3.11 or newer with venv is needed: apt-get install python3 python3-venv"
}

# A release is named by its content, so that installing the same tree twice changes nothing.
release_name() {
    (cd "$SOURCE" && find tikmatrixd.py handlers jobs storage simulator systemd requirements config.example.toml docs \
        -type f ! -path '*/__pycache__/*' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-12)
}

make_release() {
    local release=$1
    [ ! -e "$release/.complete" ] || { say "release $(basename "$release") is already there"; return; }
    say "copying the program to $release"
    rm -rf "$release"
    install -d -m 0755 "$release"
    (cd "$SOURCE" && tar cf - --exclude=__pycache__ tikmatrixd.py handlers jobs storage simulator systemd requirements \
        config.example.toml docs README.md LICENSE CHANGELOG.md pyproject.toml) | tar xf - -C "$release" --no-same-owner
    say "making its virtual environment from the locked requirements"
    python3 -m venv "$release/.venv"
    "$release/.venv/bin/python" -m pip --disable-pip-version-check --no-input -q install --require-hashes \
        -r "$release/requirements/runtime.txt"
    "$release/.venv/bin/python" -m compileall -q "$release"/{tikmatrixd.py,handlers,jobs,storage,simulator}
    # The adb server runs the binary that comes with adbutils: one version on the box, ours.
    ln -s "$("$release/.venv/bin/python" -c 'import adbutils; print(adbutils.adb_path())')" "$release/adb"
    # Readable by everybody, writable by root alone.
    chmod -R go+rX,go-w "$release"
    touch "$release/.complete"
}

install_files() {
    say "users, directories, udev rules, units"
    install -D -m 0644 "$SOURCE/systemd/tikmatrixd.sysusers" /etc/sysusers.d/tikmatrixd.conf
    install -D -m 0644 "$SOURCE/systemd/tikmatrixd.tmpfiles" /etc/tmpfiles.d/tikmatrixd.conf
    systemd-sysusers tikmatrixd.conf
    systemd-tmpfiles --create tikmatrixd.conf
    install -D -m 0644 "$SOURCE/systemd/70-tikmatrixd-adb.rules" /etc/udev/rules.d/70-tikmatrixd-adb.rules
    if command -v udevadm >/dev/null; then udevadm control --reload 2>/dev/null || true; fi
    install -m 0644 "$SOURCE"/systemd/tikmatrixd.service "$SOURCE"/systemd/tikmatrixd-adb.{service,socket} "$UNITS/"
    if [ -d /etc/avahi/services ]; then
        install -m 0644 "$SOURCE/systemd/tikmatrixd.avahi.service" /etc/avahi/services/tikmatrixd.service
    fi
    cat >/usr/local/bin/tikmatrixd <<'WRAPPER'
#!/bin/sh
# Runs the installed tikmatrixd with the box's configuration.
exec /opt/tikmatrixd/current/.venv/bin/python -Es /opt/tikmatrixd/current/tikmatrixd.py "$@"
WRAPPER
    chmod 0755 /usr/local/bin/tikmatrixd
    systemctl daemon-reload
}

install_config() {
    if [ ! -e "$CONFIG/config.toml" ]; then
        say "writing $CONFIG/config.toml (adb is its own service, so start_server = false)"
        sed 's/^start_server = true /start_server = false/' "$SOURCE/config.example.toml" >"$CONFIG/config.toml"
        chmod 0644 "$CONFIG/config.toml"
    fi
    if [ ! -e "$CONFIG/tokens.json" ]; then
        say "making a token"
        TOKEN=$("$PREFIX/current/.venv/bin/python" -Es "$PREFIX/current/tikmatrixd.py" token new installer --file "$CONFIG/tokens.json" --quiet)
        chmod 0600 "$CONFIG/tokens.json"
    fi
    install -D -m 0644 /dev/null /usr/share/bash-completion/completions/tikmatrixd
    _TIKMATRIXD_COMPLETE=bash_source /usr/local/bin/tikmatrixd >/usr/share/bash-completion/completions/tikmatrixd 2>/dev/null || true
}

switch_to() {
    ln -sfn "$1" "$PREFIX/current.new"
    mv -T "$PREFIX/current.new" "$PREFIX/current"
}

start() {
    say "starting"
    systemctl enable -q tikmatrixd-adb.socket tikmatrixd.service
    systemctl start tikmatrixd-adb.socket
    # Type=notify: this returns once the daemon said that it is ready, or failed.
    systemctl restart tikmatrixd.service
}

prune_releases() {
    find "$PREFIX/releases" -mindepth 1 -maxdepth 1 -type d ! -path "$1" ! -path "${2:-$1}" -exec rm -rf {} +
}

case "${1:-}" in
--remove) check_machine; remove keep; exit 0 ;;
--purge) check_machine; remove purge; exit 0 ;;
"") ;;
*) fail "unknown option $1; known: --remove, --purge" ;;
esac

check_machine
RELEASE="$PREFIX/releases/$(release_name)"
BEFORE=$(readlink -f "$PREFIX/current" 2>/dev/null || true)
TOKEN=""
make_release "$RELEASE"
install_files
switch_to "$RELEASE"
install_config
if ! tikmatrixd --config "$CONFIG/config.toml" check-config; then
    [ -z "$BEFORE" ] || switch_to "$BEFORE"
    fail "the configuration has problems (above); nothing was restarted"
fi
if ! start; then
    journalctl -u tikmatrixd.service -n 20 --no-pager >&2 || true
    if [ -n "$BEFORE" ] && [ "$BEFORE" != "$RELEASE" ]; then
        say "the new version does not come up: going back to $(basename "$BEFORE")"
        switch_to "$BEFORE"
        start || fail "the version before does not come up either; see: journalctl -u tikmatrixd"
        fail "upgrade failed; the version before runs again"
    fi
    fail "the daemon does not come up; see: journalctl -u tikmatrixd"
fi
prune_releases "$RELEASE" "${BEFORE:-$RELEASE}"
say "running: $(systemctl show -p StatusText --value tikmatrixd.service)"
if [ -n "$TOKEN" ]; then
    printf '\nYour token, shown only now:\n  %s\nTry it:\n  curl -s -H "Authorization: Bearer %s" http://127.0.0.1:50809/api/v1/task/stats\n' "$TOKEN" "$TOKEN"
    printf 'To serve the LAN, set listen = "0.0.0.0:50809" in %s/config.toml and: systemctl restart tikmatrixd\n' "$CONFIG"
fi
