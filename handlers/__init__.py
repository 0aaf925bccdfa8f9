"""What may be said to the bot. One module a capability; this list, in menu order, is all that a new one adds."""

CAPABILITIES = (
    "checkin",
    "gathering",
    "points",
    "award",
    "demand",
    "demands",
    "desk",
    "member",
    "roster",
    "help",
)
