"""Learning: the readings that the chat sends out, each as the day's card, and keeping the organisation's own."""

from __future__ import annotations
from console.grammar import Pages
pages = Pages("learning")
