"""The process that parses one recipient file: file on stdin, JSON lines on stdout.

It ties itself to its parent and limits itself before it looks at the file, and imports
pandas and openpyxl only after the file has passed the cheap checks. Run by
`dakiya_scheduler.imports.process`.
"""

import json
import os
import resource
import sys
import warnings

from dakiya_scheduler.imports.lifeline import end_with_parent
from dakiya_scheduler.imports.parsed import TOO_MUCH_MEMORY, FileLimits, FileRefused
from dakiya_scheduler.imports.read import read_file
from dakiya_scheduler.imports.wire import encode, encode_failure, encode_refusal


def main() -> int:
    """Parse stdin; the arguments are the limits as JSON and the parent's process id."""
    end_with_parent(int(sys.argv[2]))
    limits = FileLimits(**json.loads(sys.argv[1]))
    limit_process(limits)
    warnings.simplefilter("ignore")  # openpyxl's, about styles and extensions it drops
    out = sys.stdout.buffer
    try:
        with os.fdopen(0, "rb", closefd=False) as file:
            for line in encode(read_file(file, limits)):
                out.write(line)
                out.flush()
    except FileRefused as refusal:
        out.write(encode_refusal(str(refusal), refusal.damage))
    except MemoryError:
        out.write(encode_refusal(TOO_MUCH_MEMORY))
    except BrokenPipeError:
        os._exit(1)  # the parent has left; flushing at exit would complain
    except Exception as error:  # noqa: BLE001 - the edge of this process
        out.write(encode_failure(error))
    out.flush()
    return 0


def limit_process(limits: FileLimits) -> None:
    """Cap address space, CPU time and files of this process.

    macOS accepts no cap on address space: there the other limits have to do.
    """
    # The soft limit a little lower: it ends the process with a signal of its own.
    _limit(resource.RLIMIT_CPU, limits.cpu_s, spare=5)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    if sys.platform != "darwin":
        _limit(resource.RLIMIT_AS, limits.memory_bytes)


def _limit(which: int, value: int, *, spare: int = 0) -> None:
    _, hard = resource.getrlimit(which)
    if hard == resource.RLIM_INFINITY or hard > value + spare:
        hard = value + spare
    resource.setrlimit(which, (min(value, hard), hard))


if __name__ == "__main__":
    sys.exit(main())
