#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# demo.sh BIN_DIR DIRECTORY: the whole road on real packages, in a directory that it makes anew. Called by ./dev demo.
set -euo pipefail
bin=$1 demo=$2
export PATH="$bin:$PATH:/usr/sbin:/sbin" LC_ALL=C.UTF-8
unset GNUPGHOME REPOTOOL_SITE SOURCE_DATE_EPOCH APT_CONFIG

step=0
say() {
  step=$((step + 1))
  printf '\n\033[1m%d. %s\033[0m\n' "$step" "$*" | if [ -t 1 ]; then cat; else sed 's/\x1b\[[0-9;]*m//g'; fi
}
# show COMMAND…: prints the command as a user would type it, and runs it.
show() { show_as "$*" "$@"; }
# show_as TEXT COMMAND…: the same for a command that needs more than a user's machine would.
show_as() {
  printf '   $ %s\n' "$1"
  shift
  "$@" 2>&1 | sed 's/^/     /'
}

# quietly COMMAND…: its output is of interest only when it fails.
quietly() {
  "$@" >"$demo/build/quiet.log" 2>&1 || {
    cat "$demo/build/quiet.log" >&2
    return 1
  }
}

stop_everything() {
  [ -d "$demo" ] || return 0
  if [ -s "$demo/nginx/pid" ]; then kill "$(cat "$demo/nginx/pid")" 2>/dev/null || true; fi
  # gpg leaves an agent behind for each key home: the site's, and those that dnf makes.
  find "$demo" -type d -name private-keys-v1.d 2>/dev/null | while read -r keys; do
    gpgconf --homedir "$(dirname "$keys")" --kill all 2>/dev/null || true
  done
}
trap stop_everything EXIT

build_packages() {
  mkdir -p "$demo/packages" "$demo/build/deb/DEBIAN" "$demo/build/deb/usr/bin"
  cat > "$demo/build/greet.c" <<'C'
#include <stdio.h>
int main(void) { puts("greet 1.0: hello from a package that came through the mirror"); return 0; }
C
  gcc -O2 -o "$demo/build/deb/usr/bin/greet" "$demo/build/greet.c"
  cat > "$demo/build/deb/DEBIAN/control" <<CONTROL
Package: greet
Version: 1.0-1
Architecture: $(dpkg --print-architecture)
Maintainer: Demo <demo@example.org>
Description: says hello
CONTROL
  dpkg-deb --root-owner-group --build "$demo/build/deb" "$demo/packages" >/dev/null
  cat > "$demo/build/greet.spec" <<SPEC
%global debug_package %{nil}
%global _build_id_links none
Name: greet
Version: 1.0
Release: 1.el9
Summary: says hello
License: MIT
AutoReqProv: no
%description
Says hello.
%install
install -D -m 755 $demo/build/deb/usr/bin/greet %{buildroot}/usr/bin/greet
%files
/usr/bin/greet
SPEC
  rpmbuild -ba --quiet --define "_topdir $demo/build/rpm" "$demo/build/greet.spec" >/dev/null 2>"$demo/build/rpmbuild.log"
  cp "$demo"/build/rpm/RPMS/*/*.rpm "$demo"/build/rpm/SRPMS/*.rpm "$demo/packages"
  # A few packages that nobody here made, where this machine knows a Debian mirror.
  (cd "$demo/packages" && apt-get -qq -o APT::Sandbox::User=root download hello sl >/dev/null 2>&1) || true
}

write_site() {
  mkdir -p "$demo/site"
  cat > "$demo/site/repotool.yaml" <<YAML
format: 1
site: {base_url: "http://127.0.0.1:$1", origin: Demo, label: Demo}
dists:
  - {name: bookworm, format: deb, architectures: [$(dpkg --print-architecture)], components: [main]}
  - {name: el9, format: rpm, architectures: [$(uname -m)]}
YAML
}

start_nginx() {
  mkdir -p "$demo/nginx" "$demo/site/public" "$demo/mirror1"
  local user=""
  [ "$(id -u)" -eq 0 ] && user="user root;"
  cat > "$demo/nginx/nginx.conf" <<NGINX
$user worker_processes 1; pid $demo/nginx/pid; error_log $demo/nginx/error.log;
events { worker_connections 64; }
http {
  access_log $demo/nginx/access.log;
  client_body_temp_path $demo/nginx/1; proxy_temp_path $demo/nginx/2; fastcgi_temp_path $demo/nginx/3;
  uwsgi_temp_path $demo/nginx/4; scgi_temp_path $demo/nginx/5;
  server { listen 127.0.0.1:$1; root $demo/site/public; }
  server { listen 127.0.0.1:$2; root $demo/mirror1; }
}
NGINX
  nginx -e "$demo/nginx/error.log" -c "$demo/nginx/nginx.conf"
}

# apt_root NAME SOURCE_LINE: a throw-away root whose apt knows this one source.
apt_root() {
  local root="$demo/$1"
  mkdir -p "$root"/etc/apt/{apt.conf.d,preferences.d,sources.list.d,trusted.gpg.d} "$root"/var/lib/apt/lists/partial \
    "$root"/var/cache/apt/archives/partial "$root"/var/lib/dpkg/{info,updates} "$root"/var/log/apt
  touch "$root/var/lib/dpkg/status"
  echo "$2" > "$root/etc/apt/sources.list"
  cat > "$root/apt.conf" <<CONF
Dir "$root/"; Dir::State::status "$root/var/lib/dpkg/status"; Dir::Bin::Methods "/usr/lib/apt/methods";
Dir::Bin::dpkg "/usr/bin/dpkg"; DPkg::Options { "--root=$root"; "--force-not-root"; "--log=$root/var/log/dpkg.log"; };
APT::Sandbox::User "root"; APT::Get::Assume-Yes "true"; Dpkg::Use-Pty "0";
Acquire::Check-Valid-Until "true"; Acquire::Check-Date "true";
CONF
}
apt_in() {
  local root="$demo/$1"
  shift
  DEBIAN_FRONTEND=noninteractive APT_CONFIG="$root/apt.conf" "$@"
}

dnf_root() {
  mkdir -p "$demo/$1"/{repos,log,cache,persist}
  cat > "$demo/$1/repos/stable.repo" <<REPO
[stable]
name=stable
baseurl=$2
gpgcheck=1
repo_gpgcheck=1
gpgkey=file://$demo/site/public/keys/stable-key.asc
skip_if_unavailable=0
REPO
  printf '[main]\nplugins=0\n' > "$demo/$1/dnf.conf"
}
dnf_in() {
  local root="$demo/$1"
  shift
  dnf -q -y --config="$root/dnf.conf" --installroot="$root" --releasever=9 --setopt=reposdir="$root/repos" \
    --setopt=cachedir="$root/cache" --setopt=logdir="$root/log" --setopt=persistdir="$root/persist" "$@"
}

two_free_ports() {
  python3 -c 'import socket
probes = [socket.socket() for _ in range(2)]
for probe in probes: probe.bind(("127.0.0.1", 0))
print(*[probe.getsockname()[1] for probe in probes])'
}

stop_everything
rm -rf "$demo"
mkdir -p "$demo"
read -r site_port mirror_port < <(two_free_ports)
site_url=http://127.0.0.1:$site_port mirror_url=http://127.0.0.1:$mirror_port
cd "$demo"

say "Packages, as a build leaves them"
build_packages
show ls -x packages
write_site "$site_port"
start_nginx "$site_port" "$mirror_port"

say "Publish them as a test repository of change 1234"
show repotool --site site publish --test change-1234 packages

say "apt on a test machine reads it"
apt_root test-machine "deb [trusted=yes] $site_url/test/change-1234 bookworm main"
quietly apt_in test-machine apt-get -q update
show_as "apt-cache madison greet" apt_in test-machine apt-cache madison greet

say "Make a signing key and say that 'stable' is signed with it"
fingerprint=$(reposign keys generate stable-key --site site 2>/dev/null)
echo "     stable-key: $fingerprint"
cat >> site/repotool.yaml <<YAML
repositories:
  stable: {sign: stable-key}
keys:
  stable-key: {fingerprint: "$fingerprint"}
YAML

say "Promote what was tested: both formats, signed, in one flip"
show repotool --site site promote test/change-1234 stable
show repotool --site site verify stable --full
gpg --batch --quiet --yes --dearmor -o stable-key.gpg site/public/keys/stable-key.asc
show gpgv --keyring ./stable-key.gpg site/public/stable/dists/bookworm/InRelease

say "Bring it to two mirrors in one transaction"
show mirrorsync --transactional site mirror1 mirror2

say "apt installs from a mirror"
apt_root apt-machine "deb [signed-by=$demo/stable-key.gpg] $mirror_url/stable bookworm main"
quietly apt_in apt-machine apt-get -q update
quietly apt_in apt-machine apt-get -q install greet
show_as "apt-get update && apt-get install greet && greet" apt-machine/usr/bin/greet

say "dnf installs from a mirror, package and metadata signatures checked"
dnf_root dnf-machine "$mirror_url/stable/rpm/el9/$(uname -m)/"
quietly dnf_in dnf-machine install greet
show_as "dnf install greet && greet" dnf-machine/usr/bin/greet

say "What is there now"
show repotool --site site list
printf '\nThe site is in %s/site, the mirrors in %s/mirror1 and mirror2. Look around:\n' "$demo" "$demo"
printf '   ls -l site/public site/public/stable/dists/bookworm;  cat site/public/stable/MANIFEST\n'
