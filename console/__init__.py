"""The web console: the second face of the same services. One module a noun; this list, in menu order, is the menu."""

NOUNS = (
    "today",
    "announcements",
    "requests",
    "life",
    "life_meeting",
    "life_deed",
    "life_screen",
    "life_figures",
    "life_activity",
    "life_rules",
    "life_relief",
    "people",
    "jobs",
)
