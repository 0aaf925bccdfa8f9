"""Faults and floods: what the promise is worth. Short in `make test`, at full size in `make test-faults`."""
