"""Ctrl-C reaches what the tests start, whatever started the tests.

A job in the background of a shell ignores SIGINT, and what it starts inherits that: the tests that press Ctrl-C would
wait for ever. What has a handler here begins with the default there.
"""

import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
