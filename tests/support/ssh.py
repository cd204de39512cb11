# SPDX-License-Identifier: GPL-3.0-or-later
"""A real sshd on a loopback port of its own, whose one key runs one forced command, and what `permits` adds to that."""

import getpass
import os
import pathlib
import shutil
import subprocess

from workspace import comes_up, free_port

CONFIGURATION = """
Port {port}
ListenAddress 127.0.0.1
HostKey {dir}/host
AuthorizedKeysFile {dir}/authorized
PidFile {dir}/pid
UsePAM no
StrictModes no
PermitRootLogin forced-commands-only
PasswordAuthentication no
KbdInteractiveAuthentication no
StreamLocalBindUnlink yes
LogLevel ERROR
"""


class Sshd:
    """Serves from construction until stop()."""

    def __init__(self, directory, command, permits=""):
        self.dir = pathlib.Path(directory)
        self.dir.mkdir(parents=True)
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", self.dir / name], check=True,
                           stdin=subprocess.DEVNULL)
        public = (self.dir / "user.pub").read_text()
        (self.dir / "authorized").write_text(f'restrict{permits},command="{command}" {public}')
        if os.getuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)  # sshd wants it and makes it only when the system starts it
        for _ in range(5):  # a free port can be taken before sshd has it
            self.port = free_port()
            if self._start():
                break
        else:
            raise AssertionError("sshd does not start: " + (self.dir / "log").read_text())
        host = (self.dir / "host.pub").read_text().split()
        (self.dir / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {host[0]} {host[1]}\n")

    def _start(self):
        (self.dir / "config").write_text(CONFIGURATION.format(port=self.port, dir=self.dir))
        program = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin")
        with open(self.dir / "log", "wb") as log:
            self.process = subprocess.Popen([program, "-D", "-e", "-f", self.dir / "config"], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, start_new_session=True)
        if comes_up(self.process, self.port):
            return True
        self.stop()
        return False

    def target(self, root):
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}{root}"

    def options(self):
        """For `ssh:` in mirrors.yaml."""
        return {"identity": str(self.dir / "user"), "known_hosts": str(self.dir / "known_hosts")}

    def ssh(self, *options):
        """The command line of somebody who has the key."""
        return ["ssh", "-T", "-p", str(self.port), "-i", self.dir / "user", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
                "-o", f"UserKnownHostsFile={self.dir}/known_hosts", *options, f"{getpass.getuser()}@127.0.0.1"]

    def run(self, *command, stdin=b""):
        """What somebody with the key gets who asks for something else."""
        return subprocess.run([*self.ssh(), *command], input=stdin, capture_output=True, timeout=60, check=False)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)
