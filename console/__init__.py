"""The web console: the second face of the same services. One module a noun; this list, in menu order, is the menu."""

NOUNS = ("today", "announcements", "requests")
