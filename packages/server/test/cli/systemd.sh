#!/bin/bash
# Becomes a systemd that knows no unit but its own few and what it is told, in namespaces of its own: what it changes in /etc,
# /opt, /run, /tmp and /var/lib is gone with it, and it reaches no file of the machine there. The program is at /opt/rollcall,
# its Node.js at /opt/node. The network is that of the machine.
# Usage: unshare --mount --pid --fork --kill-child --cgroup --ipc --uts --mount-proc systemd.sh PROGRAM_FOLDER NODE
set -euo pipefail
mount --make-rprivate /
mkdir -p /opt
mount -t tmpfs -o mode=755 tmpfs /opt
mkdir /opt/rollcall
touch /opt/node
mount --bind "$1" /opt/rollcall
mount --bind "$2" /opt/node
for folder in /run /var/lib; do mount -t tmpfs -o mode=755 tmpfs "$folder"; done
for folder in /tmp /var/tmp; do mount -t tmpfs -o mode=1777 tmpfs "$folder"; done
# systemd remounts this one read-only, which would reach the machine's.
mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
mkdir -p /run/systemd/system /run/etc/upper /run/etc/work
mount -t overlay -o lowerdir=/etc,upperdir=/run/etc/upper,workdir=/run/etc/work overlay /etc
# As on a machine: credentials of a service come by mounts that propagate.
mount --make-rshared /
# The units of the machine would prepare it as at a boot, so they must not be found.
for unit in sysinit basic multi-user network-online shutdown; do
  printf '[Unit]\nDefaultDependencies=no\n' >"/run/systemd/system/$unit.target"
done
mount -t tmpfs -o mode=755 tmpfs /etc/systemd/system
export SYSTEMD_UNIT_PATH=/run/systemd/system:/etc/systemd/system
export container=test
exec /usr/lib/systemd/systemd --system --unit=basic.target --log-target=null --show-status=no
