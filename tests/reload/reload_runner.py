"""Runs the reloader as a command would; the tests start this file as a process of its own."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from scaffold import reload
from scaffold.server import Address, bind

RELOAD = {"on": True, "off": False, "auto": None}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("path", type=Path)
    parser.add_argument("--reload", choices=[*RELOAD, "never"], default="on")
    parser.add_argument("--spawn", action="store_true")
    parser.add_argument("--no-refresh", action="store_true")
    parser.add_argument("--poll", action="store_true")
    parser.add_argument("--terminal", action="store_true", help="make standard input the controlling terminal")
    arguments = parser.parse_args()
    if arguments.terminal:
        os.close(os.open(os.ttyname(0), os.O_RDWR))
    target = reload.Target.project(arguments.path)
    if arguments.path.is_file():
        target = reload.Target.file(arguments.path)
    with bind(Address("127.0.0.1", 0)) as listener:
        sys.stderr.write(f"port {listener.getsockname()[1]}\n")

        def say_ready() -> None:
            sys.stderr.write("ready\n")

        if arguments.reload == "never":
            return reload.serve(target, listener, on_ready=say_ready)
        chosen = RELOAD[arguments.reload]
        return reload.supervise(
            target,
            listener,
            reload=chosen,
            on_ready=say_ready,
            refresh=not arguments.no_refresh,
            poll=arguments.poll,
            spawn=arguments.spawn,
        )


if __name__ == "__main__":
    sys.exit(main())
