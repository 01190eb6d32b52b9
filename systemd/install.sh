#!/usr/bin/env bash
# Installs, upgrades or removes tikmatrixd on Debian 12 or newer. Idempotent: run it again to upgrade or repair.
#   sudo systemd/install.sh             install or upgrade from this source tree
#   sudo systemd/install.sh --usb-box   install or upgrade a box that lends its phones to a hub; asks for the hub's line
#        --address HOST  under which the hub reaches this box     --adb-key FILE  the key by which phones know it
#   sudo systemd/install.sh --remove    remove the program; configuration, state and media stay
#   sudo systemd/install.sh --purge     remove configuration, state and the adb key too; media stay
#   sudo systemd/install.sh --purge --delete-media    delete the media folder as well, after a typed confirmation
set -euo pipefail
umask 022

SOURCE=$(cd "$(dirname "$0")/.." && pwd)
PREFIX=/opt/tikmatrixd
CONFIG=/etc/tikmatrixd
STATE=/var/lib/tikmatrixd
ADB_STATE=/var/lib/tikmatrixd-adb
MEDIA=/srv/tikmatrixd/media
UNITS=/etc/systemd/system
COMPLETION=/usr/share/bash-completion/completions/tikmatrixd
ZSH_COMPLETION=/usr/share/zsh/vendor-completions/_tikmatrixd
MAN_PAGE=/usr/share/man/man1/tikmatrixd.1
COMMAND=/usr/local/bin/tikmatrixd
SAVED=$PREFIX/before-upgrade.tar
# Of a USB box: what its hub may read, and the limits of its hub's keys.
KEY_COPY=/var/lib/tikmatrixd-key
SSHD_LIMITS=/etc/ssh/sshd_config.d/tikmatrixd-usb-box.conf
LINK_UNIT=tikmatrixd-usb-link@.service
ADB_CHANGED=no
LINK_CHANGED=no

say() { printf '== %s\n' "$*"; }
fail() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }

count_media() { printf '%s files' "$(find "$MEDIA" ! -type d -printf . | wc -c)"; }

# The mount points at and below the folder $1, as the kernel lists them, one a line.
mounts_below() {
    local folder
    folder=$(readlink -e "$1") || return 0
    # The fifth field; blanks in it are written as \040.
    awk '{ print $5 }' /proc/self/mountinfo | while read -r place; do
        place=$(printf '%b' "${place//\\/\\0}")
        case $place/ in "$folder"/*) printf '%s\n' "$place" ;; esac
    done
}

# Nothing is deleted through a mount: what lies behind one is another disk's, or another box's.
refuse_mounts() {
    local folder found
    for folder in "$@"; do
        [ -L "$folder" ] && fail "$folder is a link to $(readlink "$folder"): what it leads to is not deleted from here; nothing was changed"
        found=$(mounts_below "$folder")
        [ -z "$found" ] || fail "something is mounted at ${found//$'\n'/, }: unmount it first (umount); nothing was changed"
    done
}

# Deleting media is asked for by its own flag, and confirmed by typing what it costs.
confirm_media() {
    refuse_mounts "$MEDIA"
    [ -e "$MEDIA" ] || return 0
    local wanted typed=""
    wanted="delete $(count_media)"
    printf '%s and the %s below it are deleted for good. To confirm, type: %s\n' "$MEDIA" "$(count_media)" "$wanted"
    read -r typed || true
    [ "$typed" = "$wanted" ] || fail "not confirmed; nothing was changed"
}

remove() {
    say "stopping and disabling the services"
    local links
    links=$(systemctl list-units -q --all --plain --no-legend 'tikmatrixd-usb-link@*.service' | cut -d' ' -f1)
    # shellcheck disable=SC2086 # names of units hold no blanks
    systemctl disable -q --now tikmatrixd.service tikmatrixd-adb.socket tikmatrixd-adb.service $links 2>/dev/null || true
    say "removing the program, units, rules, completion and manual page"
    rm -rf "$PREFIX" "$COMMAND" "$COMPLETION" "$ZSH_COMPLETION" "$MAN_PAGE"
    rm -f "$UNITS"/tikmatrixd.service "$UNITS"/tikmatrixd-adb.service "$UNITS"/tikmatrixd-adb.socket \
        "$UNITS"/tikmatrixd-usb-link@.service "$UNITS"/multi-user.target.wants/tikmatrixd-usb-link@*.service \
        /etc/udev/rules.d/70-tikmatrixd-adb.rules /etc/sysusers.d/tikmatrixd.conf /etc/tmpfiles.d/tikmatrixd.conf \
        /etc/avahi/services/tikmatrixd.service
    if [ -e "$SSHD_LIMITS" ]; then
        # First the keys, then what limits them; links that are up end with their adb server.
        say "the hub may not come in any more"
        rm -rf "$CONFIG/usb-box" "$KEY_COPY"
        pkill -u tikmatrixd-link 2>/dev/null || true
        rm -f "$SSHD_LIMITS"
        systemctl try-reload-or-restart ssh.service 2>/dev/null || true
    fi
    systemctl daemon-reload
    systemctl reset-failed tikmatrixd.service tikmatrixd-adb.service 2>/dev/null || true
    if [ "$1" = purge ]; then
        say "removing configuration, state and the adb key"
        rm -rf --one-file-system "$CONFIG" "$STATE" "$ADB_STATE"
        if [ "$2" = delete-media ] && [ -e "$MEDIA" ]; then
            say "deleting $MEDIA"
            rm -rf --one-file-system "$MEDIA"
        fi
        rmdir "$MEDIA" "$(dirname "$MEDIA")" 2>/dev/null || true
        [ ! -e "$MEDIA" ] || say "kept: $MEDIA, your media ($(count_media))"
    else
        say "kept: $CONFIG, $STATE, $ADB_STATE (the adb key), $MEDIA"
    fi
    say "removed (the users tikmatrixd and tikmatrixd-adb stay)"
}

check_machine() {
    [ "$(id -u)" = 0 ] || fail "must run as root: sudo systemd/install.sh"
    [ -d /run/systemd/system ] || fail "this box does not run systemd"
    python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
        fail "Python 3.11 or newer with venv is needed: apt-get install python3 python3-venv"
}

# A release is named by its content, so that installing the same tree twice changes nothing.
release_name() {
    (
        cd "$SOURCE"
        {
            find tikmatrixd.py handlers jobs storage simulator systemd requirements config.example.toml docs \
                -type f ! -path '*/__pycache__/*' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
            cat "$CONFIG/extra-requirements.txt" 2>/dev/null || true
        } | sha256sum | cut -c1-12
    )
}

make_release() {
    local release=$1
    if [ -e "$release/.complete" ]; then
        say "release $(basename "$release") is already there"
        return
    fi
    say "copying the program to $release"
    rm -rf "$release"
    install -d -m 0755 "$release"
    tar cf - -C "$SOURCE" --exclude=__pycache__ tikmatrixd.py handlers jobs storage simulator systemd requirements \
        config.example.toml docs LICENSE | tar xf - -C "$release" --no-same-owner
    say "making its virtual environment from the locked requirements"
    python3 -m venv "$release/.venv"
    local pip=("$release/.venv/bin/python" -m pip --disable-pip-version-check --no-input -q install)
    # What builds packages is locked, too: without isolation pip fetches nothing but what is named with its hash.
    # pip's advice about how a package is built helps nobody here.
    {
        "${pip[@]}" --require-hashes -r "$release/requirements/build.txt" &&
            "${pip[@]}" --no-build-isolation --require-hashes -r "$release/requirements/runtime.txt"
    } 2> >(grep -v 'DEPRECATION: ' >&2) ||
        fail "the locked packages cannot be had (above); nothing was changed. Without internet: docs/operator.md, section 1"
    "$release/.venv/bin/python" -m pip --disable-pip-version-check -q uninstall -y setuptools wheel
    if [ -e "$CONFIG/extra-requirements.txt" ]; then
        say "adding what $CONFIG/extra-requirements.txt names"
        "${pip[@]}" -c <(sed 's/ *\\$//; /--hash/d' "$release/requirements/runtime.txt") -r "$CONFIG/extra-requirements.txt" ||
            fail "what $CONFIG/extra-requirements.txt names cannot be had (above); nothing was changed"
    fi
    "$release/.venv/bin/python" -m compileall -q "$release"/{tikmatrixd.py,handlers,jobs,storage,simulator}
    # The adb server runs the binary that comes with adbutils: one version on the box, ours. Not adbutils.adb_path(),
    # which prefers an adb from the PATH.
    local adb
    adb=$(cd "$release" && .venv/bin/python -Es -c \
        'from jobs.hub.settings import Adb; from jobs.phone.adb.server import binary; print(binary(Adb()))')
    [ -x "$adb" ] || fail "the locked adbutils has no adb program for this processor ($adb); nothing was changed"
    ln -s "$adb" "$release/adb"
    # Readable by everybody, writable by root alone.
    chmod -R go+rX,go-w "$release"
    touch "$release/.complete"
}

# Copies $1 to $2 with mode 0644 unless it is there already; notes that something changed.
put() {
    if ! cmp -s "$1" "$2"; then
        install -D -m 0644 "$1" "$2"
        CHANGED=yes
    fi
}

# Writes to $1 what the command prints when it is called with the other arguments.
print_to() {
    local file=$1
    shift
    install -d -m 0755 "$(dirname "$file")"
    timeout 20 "$COMMAND" "$@" >"$file.new" </dev/null && mv "$file.new" "$file"
}

# What hubs and USB boxes have in common of all that lies outside of $PREFIX; $1 is the folder of units of the release.
install_shared() {
    local from=$1
    if ! cmp -s "$from/70-tikmatrixd-adb.rules" /etc/udev/rules.d/70-tikmatrixd-adb.rules; then
        install -D -m 0644 "$from/70-tikmatrixd-adb.rules" /etc/udev/rules.d/70-tikmatrixd-adb.rules
        # Phones that are plugged in already get their new rights, too.
        udevadm control --reload 2>/dev/null && udevadm trigger --subsystem-match=usb 2>/dev/null || true
    fi
    cmp -s "$from/tikmatrixd-adb.service" "$UNITS/tikmatrixd-adb.service" || ADB_CHANGED=yes
    put "$from/tikmatrixd-adb.service" "$UNITS/tikmatrixd-adb.service"
    put "$from/tikmatrixd-adb.socket" "$UNITS/tikmatrixd-adb.socket"
    cat >"$COMMAND.new" <<'WRAPPER'
#!/bin/sh
# Runs the installed tikmatrixd with the box's configuration.
TIKMATRIXD_NAME=tikmatrixd exec /opt/tikmatrixd/current/.venv/bin/python -Es /opt/tikmatrixd/current/tikmatrixd.py "$@"
WRAPPER
    chmod 0755 "$COMMAND.new"
    mv "$COMMAND.new" "$COMMAND"
}

# Everything outside of $PREFIX that belongs to the release in $1.
install_files() {
    local from=$1/systemd
    say "users, directories, udev rules, units"
    put "$from/tikmatrixd.sysusers" /etc/sysusers.d/tikmatrixd.conf
    put "$from/tikmatrixd.tmpfiles" /etc/tmpfiles.d/tikmatrixd.conf
    systemd-sysusers tikmatrixd.conf
    systemd-tmpfiles --create tikmatrixd.conf
    install_shared "$from"
    put "$from/tikmatrixd.service" "$UNITS/tikmatrixd.service"
    if [ -e "$from/$LINK_UNIT" ]; then
        cmp -s "$from/$LINK_UNIT" "$UNITS/$LINK_UNIT" || LINK_CHANGED=yes
        put "$from/$LINK_UNIT" "$UNITS/$LINK_UNIT"
    fi
    if [ -d /etc/avahi/services ]; then
        put "$from/tikmatrixd.avahi.service" /etc/avahi/services/tikmatrixd.service
    fi
    systemctl daemon-reload
}

# A USB box: adb, and two users as which its hub comes in over ssh, each for one thing. $1 is the release.
install_usb_box_files() {
    local from=$1/systemd user
    say "users, udev rules, units, limits of the hub's keys"
    put "$from/tikmatrixd-usb-box.sysusers" /etc/sysusers.d/tikmatrixd.conf
    systemd-sysusers tikmatrixd.conf
    for user in tikmatrixd-link tikmatrixd-key; do
        # No password fits; and it does not count as locked, which sshd without PAM would refuse.
        usermod -p '*' "$user"
    done
    install_shared "$from"
    systemctl enable -q --now ssh.service
    if ! cmp -s "$from/tikmatrixd-usb-box.sshd.conf" "$SSHD_LIMITS"; then
        install -D -m 0644 "$from/tikmatrixd-usb-box.sshd.conf" "$SSHD_LIMITS"
        if ! sshd -t; then
            rm -f "$SSHD_LIMITS"
            fail "sshd does not take its config (above); its own was not changed"
        fi
    fi
    systemctl daemon-reload
    systemctl reload ssh.service
}

# The hub may read a copy of the adb key: for its backup, and in a folder that holds nothing else.
copy_adb_key() {
    local key=$ADB_STATE/.android/adbkey name
    for _ in $(seq 50); do
        if [ -s "$key" ] && [ -s "$key.pub" ]; then break; fi
        sleep 0.2
    done
    [ -s "$key" ] || fail "the adb server has made no key in $key; see: journalctl -u tikmatrixd-adb"
    install -d -o root -g tikmatrixd-key -m 0750 "$KEY_COPY"
    for name in adbkey adbkey.pub; do
        install -o root -g tikmatrixd-key -m 0640 "$ADB_STATE/.android/$name" "$KEY_COPY/$name"
    done
}

# Puts the key in $1 in the place of the adb server's own: of a box that this one replaces, or of the hub itself.
take_adb_key() {
    local folder=$ADB_STATE/.android
    if [ -s "$folder/adbkey" ] && cmp -s "$1" "$folder/adbkey"; then return; fi
    say "taking the adb key from $1"
    systemctl stop tikmatrixd-adb.socket tikmatrixd-adb.service 2>/dev/null || true
    install -d -o tikmatrixd-adb -g plugdev -m 0700 "$ADB_STATE" "$folder"
    if [ -s "$folder/adbkey" ]; then mv "$folder/adbkey" "$folder/adbkey.before"; fi
    install -o tikmatrixd-adb -g plugdev -m 0600 "$1" "$folder/adbkey"
    "$PREFIX/current/adb" pubkey "$folder/adbkey" >"$folder/adbkey.pub"
    chown tikmatrixd-adb:plugdev "$folder/adbkey.pub"
}

usb_box() {
    local release before address=() adb_key=""
    while [ $# -gt 0 ]; do
        case "$1=${2:-}" in
        --address=?*) address=(--address "$2") ;;
        --adb-key=?*) adb_key=$2 ;;
        *) fail "unknown option $1 after --usb-box, or nothing behind it; known: --address HOST, --adb-key FILE" ;;
        esac
        shift 2
    done
    [ ! -e "$UNITS/tikmatrixd.service" ] || fail "this box is a hub: it uses its own phones; nothing was changed"
    command -v sshd >/dev/null || fail "an ssh server is needed: apt-get install openssh-server"
    [ -z "$adb_key" ] || grep -q 'PRIVATE KEY-----$' "$adb_key" || fail "$adb_key is not an adb key; nothing was changed"
    release="$PREFIX/releases/$(release_name)"
    before=$(readlink -e "$PREFIX/current" || true)
    make_release "$release"
    if [ -n "$before" ] && ! cmp -s "$before/adb" "$release/adb"; then ADB_CHANGED=yes; fi
    install_usb_box_files "$release"
    switch_to "$release"
    [ -z "$adb_key" ] || take_adb_key "$adb_key"
    systemctl enable -q tikmatrixd-adb.socket
    if [ "$ADB_CHANGED" = yes ] && systemctl is-active -q tikmatrixd-adb.service; then
        say "the adb server is another version or runs otherwise: restarting it (phones reconnect)"
        systemctl restart tikmatrixd-adb.socket tikmatrixd-adb.service
    fi
    systemctl start tikmatrixd-adb.socket tikmatrixd-adb.service
    copy_adb_key
    prune_releases "$release" "${before:-$release}"
    say "the adb server runs, on loopback alone"
    "$COMMAND" usb-box let-in "${address[@]}"
}

install_config() {
    if [ ! -e "$CONFIG/config.toml" ]; then
        say "writing $CONFIG/config.toml (adb is its own service, so start_server = false)"
        sed 's/^start_server = true /start_server = false/' "$SOURCE/config.example.toml" >"$CONFIG/config.toml"
        systemd-tmpfiles --create tikmatrixd.conf
    fi
    if [ ! -e "$CONFIG/tokens.json" ]; then
        say "making a token"
        TOKEN=$("$COMMAND" token new installer --file "$CONFIG/tokens.json" --quiet)
    fi
    print_to "$COMPLETION" completion bash
    print_to "$ZSH_COMPLETION" completion zsh
    print_to "$MAN_PAGE" man
}

switch_to() {
    ln -sfn "$1" "$PREFIX/current.new"
    mv -T "$PREFIX/current.new" "$PREFIX/current"
}

start() {
    systemctl enable -q tikmatrixd-adb.socket tikmatrixd.service
    if [ "$ADB_CHANGED" = yes ] && systemctl is-active -q tikmatrixd-adb.service; then
        say "the adb server is another version or runs otherwise: restarting it, too (phones reconnect)"
        systemctl stop tikmatrixd.service
        systemctl restart tikmatrixd-adb.socket tikmatrixd-adb.service
    fi
    systemctl start tikmatrixd-adb.socket
    # Type=notify: this returns once the daemon said that it is ready, or failed.
    systemctl restart tikmatrixd.service
}

# The links to USB boxes: those that are known run, also after a removal or a restore.
start_links() {
    local known unit
    for known in "$CONFIG"/usb-boxes/*/link.env; do
        [ -e "$known" ] || continue
        unit="tikmatrixd-usb-link@$(basename "$(dirname "$known")").service"
        systemctl enable -q --now "$unit" || say "the link does not start (above): journalctl -u $unit"
    done
    if [ "$LINK_CHANGED" = yes ]; then systemctl try-restart 'tikmatrixd-usb-link@*.service' 2>/dev/null || true; fi
}

# The new version may have written the state in a way that the one before cannot read.
go_back() {
    say "the new version does not come up: going back to $(basename "$BEFORE")"
    journalctl -u tikmatrixd.service -n 20 --no-pager >&2 || true
    systemctl stop tikmatrixd.service || true
    switch_to "$BEFORE"
    install_files "$BEFORE"
    start && return
    [ -e "$SAVED" ] || return 1
    say "putting the state back as it was before the upgrade"
    systemctl stop tikmatrixd.service || true
    "$COMMAND" restore "$SAVED" && start
}

prune_releases() {
    find "$PREFIX/releases" -mindepth 1 -maxdepth 1 -type d ! -path "$1" ! -path "$2" -exec rm -rf {} +
}

check_machine
case "${1:-}" in
--remove) [ $# = 1 ] || fail "--remove takes no further option"; remove keep keep; exit 0 ;;
--purge)
    case "${2:-}" in
    "") refuse_mounts "$CONFIG" "$STATE" "$ADB_STATE"; remove purge keep ;;
    --delete-media)
        [ $# = 2 ] || fail "--purge --delete-media takes no further option"
        refuse_mounts "$CONFIG" "$STATE" "$ADB_STATE"
        confirm_media
        remove purge delete-media
        ;;
    *) fail "unknown option $2 after --purge; known: --delete-media" ;;
    esac
    exit 0
    ;;
--usb-box) shift; usb_box "$@"; exit 0 ;;
"") ;;
*) fail "unknown option $1; known: --usb-box, --remove, --purge, --purge --delete-media" ;;
esac
[ ! -e "$SSHD_LIMITS" ] || fail "this box lends its phones to a hub: upgrade it with --usb-box, or make it a hub after --remove"

RELEASE="$PREFIX/releases/$(release_name)"
BEFORE=$(readlink -e "$PREFIX/current" || true)
TOKEN=""
CHANGED=no
make_release "$RELEASE"
if [ -n "$BEFORE" ] && [ "$BEFORE" != "$RELEASE" ]; then
    if ! "$RELEASE/.venv/bin/python" -Es "$RELEASE/tikmatrixd.py" --config "$CONFIG/config.toml" check-config; then
        fail "the configuration does not fit the new version (above); nothing was changed"
    fi
    if [ -d "$STATE/store" ]; then
        say "saving the state to $SAVED"
        "$COMMAND" backup "$SAVED" || fail "the state cannot be saved; nothing was changed"
    fi
    cmp -s "$BEFORE/adb" "$RELEASE/adb" || ADB_CHANGED=yes
fi
[ "$BEFORE" = "$RELEASE" ] || CHANGED=yes
install_files "$RELEASE"
switch_to "$RELEASE"
install_config
start_links
if ! "$COMMAND" check-config; then
    fail "the configuration has problems (above): correct it, then run this again"
fi
if [ "$CHANGED" = no ] && systemctl is-active -q tikmatrixd.service; then
    say "nothing has changed"
else
    say "starting"
    if ! start; then
        if [ -n "$BEFORE" ] && [ "$BEFORE" != "$RELEASE" ]; then
            go_back || fail "the version before does not come up either; see: journalctl -u tikmatrixd"
            fail "upgrade failed; the version before runs again"
        fi
        journalctl -u tikmatrixd.service -n 20 --no-pager >&2 || true
        fail "the daemon does not come up (above); it is tried again every few seconds"
    fi
    prune_releases "$RELEASE" "${BEFORE:-$RELEASE}"
fi
say "running: $(systemctl show -p StatusText --value tikmatrixd.service)"
if [ -n "$TOKEN" ]; then
    printf '\nYour token, shown only now:\n  %s\nTry it:\n  curl -s -H "Authorization: Bearer %s" http://127.0.0.1:50809/api/v1/task/stats\n' "$TOKEN" "$TOKEN"
    printf 'To serve the LAN, set listen = "0.0.0.0:50809" in %s/config.toml and: systemctl restart tikmatrixd\n' "$CONFIG"
fi
