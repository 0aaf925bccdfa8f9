"""DingTalk's receivers under atheris: `python -m tests.fuzz_dingtalk -runs=20000`. Ends with an error at a crash.

`pip install atheris` first: it has no wheels for every Python, so it is not among the locked requirements.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["messengers.dingtalk", "messengers.envelope"]):
    from tests.faults.test_dingtalk_fuzz import ENVELOPE, HEADERS, judged, judged_event


def one(data: bytes) -> None:
    """Try one input as a signed message, as a cipher, and encrypted as DingTalk would."""
    judged(HEADERS, data)
    judged_event(data.hex())
    judged_event(ENVELOPE.encrypt(data))


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
