#!/bin/sh
# Make a directory the root of a lab and become its PID 1.
#
# Runs as the first process of new mount, PID, network, UTS and IPC namespaces, with
# the cache directory as its working directory: paths are relative to it, so that no
# character of its name can upset mount's options.
#
# usage: boot.sh SCRATCH ROOT REGISTRY BINARIES [GROUP...]
#   SCRATCH   the lab's writable directory (upper, work, docker, containerd, …)
#   ROOT      the engine's root, read-only
#   REGISTRY  the registries' content, read-only
#   BINARIES  a directory of programs that hide those of the root; may be empty
#   GROUP     the lab's control groups
set -eu
scratch=$1 lower=$2 registry=$3 binaries=$4
shift 4
root=$scratch/root

# Only this process may be in the groups when they become the root of a namespace.
# (Joined, the script starts again, without groups.)
if [ $# -gt 0 ]; then
  for group; do
    echo 0 >"$group/cgroup.procs"
  done
  exec unshare --cgroup -- sh "$0" "$scratch" "$lower" "$registry" "$binaries"
fi

mount -t overlay lab "$root" \
  -o "lowerdir=$lower,upperdir=$scratch/upper,workdir=$scratch/work"
# Docker's own overlays need a real file system below them.
for name in docker containerd; do
  mount --bind "$scratch/$name" "$root/var/lib/$name"
done
mount -t overlay lab-registry "$root/var/lib/lab-registry" \
  -o "lowerdir=$registry,upperdir=$scratch/registry/upper,workdir=$scratch/registry/work"

# /usr/local/bin comes before Debian's directories in PATH, and so do its plugins.
if [ -n "$binaries" ]; then
  mount --bind "$binaries" "$root/usr/local/bin"
  mount -o remount,bind,ro "$root/usr/local/bin"
  if [ -d "$binaries/cli-plugins" ]; then
    mkdir -p "$root/usr/local/lib/docker/cli-plugins"
    mount --bind "$binaries/cli-plugins" "$root/usr/local/lib/docker/cli-plugins"
  fi
fi

mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t sysfs -o nosuid,nodev,noexec sysfs "$root/sys"
mount -t tmpfs -o nosuid,nodev,mode=755 run "$root/run"

# A small /dev of the lab's own, with the modes that udev gives on a plain host: on this one
# they may be others. The terminals are the host's: a shell that is entered from outside
# keeps the name of the terminal it was started in.
mount -t tmpfs -o nosuid,mode=755 dev "$root/dev"
mkdir "$root/dev/net"
for node in null zero full random urandom tty ptmx kmsg fuse net/tun; do
  if [ -c "/dev/$node" ]; then
    mknod -m 666 "$root/dev/$node" c $(stat -c '0x%t 0x%T' "/dev/$node")
  fi
done
mkdir "$root/dev/pts" "$root/dev/shm" "$root/dev/mqueue"
mount --bind /dev/pts "$root/dev/pts"
mount -t tmpfs -o nosuid,nodev,mode=1777 shm "$root/dev/shm"
mount -t mqueue mqueue "$root/dev/mqueue"
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"
ln -s fd/1 "$root/dev/stdout"
ln -s fd/2 "$root/dev/stderr"

# The same control groups as the host's, seen from the lab's own: its root is /.
cgroup=$root/sys/fs/cgroup
if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
  mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$cgroup"
  # Controllers can be handed on only by a group that has no process of its own. The
  # name is what systemd calls the group of PID 1: Docker looks for it.
  mkdir "$cgroup/init.scope"
  echo 1 >"$cgroup/init.scope/cgroup.procs"
  for controller in $(cat "$cgroup/cgroup.controllers"); do
    echo "+$controller" >"$cgroup/cgroup.subtree_control" || :
  done
else
  mount -t tmpfs -o nosuid,nodev,noexec,mode=755 cgroup "$cgroup"
  # /proc/self/cgroup lines: number:controllers:path
  while IFS=: read -r _ controllers _; do
    case $controllers in
      '') continue ;; # the unified hierarchy: not used beside version 1
      name=*) options=none,$controllers name=${controllers#name=} ;;
      *) options=$controllers name=$controllers ;;
    esac
    mkdir "$cgroup/$name"
    mount -t cgroup -o "nosuid,nodev,noexec,$options" cgroup "$cgroup/$name"
  done </proc/self/cgroup
  # cpu,cpuacct and the like are found under each of their names as well.
  for both in "$cgroup"/*,*; do
    [ -d "$both" ] || continue
    for name in $(basename "$both" | tr , ' '); do
      ln -s "$(basename "$both")" "$cgroup/$name"
    done
  done
fi

echo docker-lab >/proc/sys/kernel/hostname
read -r pid _ </proc/self/stat # /proc is still the host's, and so is the number
exec 3>"$scratch/pid"
cd "$root"
pivot_root . .
umount -l .
echo "$pid" >&3 # now whoever follows it finds the lab's root
exec 3>&-
exec chroot . /usr/bin/env -i /usr/bin/tini -- /usr/local/sbin/lab-start </dev/null
