"""WeCom's callback under atheris: `python -m tests.fuzz_wecom -runs=20000`. Ends with an error at a crash or a hang.

`pip install atheris` first: it has no wheels for every Python, so it is not among the locked requirements.
"""

from __future__ import annotations

import base64
import sys

import atheris

with atheris.instrument_imports(include=["messengers.wecom"]):
    from tests.faults.test_wecom_fuzz import GATE, judged, signed


def one(data: bytes) -> None:
    """Try one input three ways: as it is, as a cipher, and encrypted as WeCom would."""
    judged(signed("x"), data)
    noise = base64.b64encode(data).decode()
    judged(signed(noise), f"<xml><Encrypt>{noise}</Encrypt></xml>".encode())
    encrypted = GATE.encrypt(data)
    judged(signed(encrypted), f"<xml><Encrypt>{encrypted}</Encrypt></xml>".encode())


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
