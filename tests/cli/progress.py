"""Long work says on a terminal how far it is and how long it will take, says nothing elsewhere, and Ctrl-C ends it.

    progress.py --program PROMPTBOUND
"""

import argparse
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import tempfile
import unittest

PROGRAM = None
# Minutes of work: what it says is awaited, not timed.
SWEEP = "eval entropy-lipschitz --d 1:1000 --L 1:1000 --eps 1/10 --R 1 --Lambda 10 --norm max --format csv -o sweep.csv"
ATTENTION = "attention --q x.npy --k x.npy --v x.npy --method exact --rounding prior"
SAID = re.compile(rb"\r\d+ of \d+ (points|parts), about \d+ s left")


def write_array(path, rows, columns):
    """A float32 array of ones, as numpy.save writes it."""
    head = "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }" % (rows, columns)
    head = head.ljust(-(11 + len(head)) % 64 + len(head)) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + struct.pack("<f", 1) * rows * columns)


class Progress(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        write_array(os.path.join(self.folder.name, "x.npy"), 150000, 64)

    def start(self, command, stderr):
        process = subprocess.Popen([PROGRAM, *command.split()], cwd=self.folder.name, stdout=subprocess.DEVNULL, stderr=stderr)
        self.addCleanup(process.kill)
        return process

    def test_what_a_terminal_shows_and_an_interrupt(self):
        for command in (SWEEP, ATTENTION):
            with self.subTest(command=command):
                terminal, its_end = pty.openpty()
                process = self.start(command, its_end)
                os.close(its_end)
                said = b""
                while not SAID.search(said):
                    said += os.read(terminal, 4096)
                process.send_signal(signal.SIGINT)
                self.assertEqual(process.wait(), -signal.SIGINT)
                os.close(terminal)
                self.assertEqual(os.listdir(self.folder.name), ["x.npy"])  # nothing half written

    def test_quiet_and_what_is_no_terminal(self):
        for command, is_terminal in ((SWEEP + " --quiet", True), (SWEEP, False)):
            with self.subTest(command=command):
                end, its_end = pty.openpty() if is_terminal else os.pipe()
                process = self.start(command, its_end)
                os.close(its_end)
                try:
                    process.wait(4)
                except subprocess.TimeoutExpired:
                    process.kill()
                process.wait()
                try:
                    self.assertEqual(os.read(end, 4096), b"")
                except OSError:  # how Linux says that a terminal was hung up: nothing was written
                    pass
                os.close(end)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    options, rest = parser.parse_known_args()
    PROGRAM = os.path.abspath(options.program)
    unittest.main(argv=[sys.argv[0], *rest])
