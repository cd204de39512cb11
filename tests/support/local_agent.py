# SPDX-License-Identifier: GPL-3.0-or-later
"""Our agent as the other end of a program that stands in for ssh: without a server, and, where a test wants it, a liar."""

import json
import pathlib
import struct
import subprocess
import sys
import threading

from workspace import tool_path

WRAPPER = "#!/bin/sh\n# ssh's arguments: the host, then the command\nshift 2\nexec {command} \"$@\"\n"


def local_agent(directory, lies=None):
    """For `ssh:` in mirrors.yaml. `lies`: what the agent claims in the place of these parts of its answers."""
    script = pathlib.Path(directory) / f"agent{len(list(pathlib.Path(directory).glob('agent*')))}"
    command = tool_path("mirrorsync")
    if lies:
        command = f"{sys.executable} -B {pathlib.Path(__file__).absolute()} '{json.dumps(lies)}' {command}"
    script.write_text(WRAPPER.format(command=command))
    script.chmod(0o755)
    return {"command": [str(script)]}


def _frames(stream):
    while header := stream.read(5):
        length, kind = struct.unpack(">Ic", header)
        yield kind, stream.read(length)


def _lie(lies, command):
    """Passes everything on, but for answers that have something of that name and type."""
    agent = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def pass_on():
        while block := sys.stdin.buffer.read1(1 << 16):
            agent.stdin.write(block)
            agent.stdin.flush()
        agent.stdin.close()
    threading.Thread(target=pass_on, daemon=True).start()
    for kind, body in _frames(agent.stdout):
        if kind == b"J":
            message = json.loads(body)
            result = message.get("result")
            if isinstance(result, dict) and all(type(result.get(key)) is type(lie) for key, lie in lies.items()):
                message["result"] = {**result, **lies}
                body = json.dumps(message).encode()
        sys.stdout.buffer.write(struct.pack(">Ic", len(body), kind) + body)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    _lie(json.loads(sys.argv[1]), sys.argv[2:])
