"""搜索: any two characters, over all readings. What was looked for lives in the buttons alone and is kept nowhere."""

from __future__ import annotations

from domain.arrival import Said, Uploaded
from domain.call import call
from domain.reading import read_query
from domain.refusal import Refusal
from domain.reply import Block, Personal, Reply, Span, Text
from handlers.grammar import Routes, Turn, reply
from services import learning as service
from services.learning import Hit

routes = Routes("search")

SHOWN = 4
_LABEL = 40


@routes.entry("search")
def search(turn: Turn, rest: str) -> Reply:
    """Look for the words after the command or the phrase; without any, ask for them."""
    query = read_query(rest)
    if not query:
        return open_search(turn)
    turn.close()
    return found(turn, 0, query)


@routes.button("open")
def open_search(turn: Turn) -> Reply:
    """Ask for words."""
    turn.ask("search.words")
    return reply(turn.say("search.ask"), rows=[[turn.button("search.cancel", call("search.cancel"))]])


@routes.button("cancel")
def cancel(turn: Turn) -> Reply:
    """Look for nothing."""
    if turn.step == "search.words":
        turn.close()
    return turn.registry.buttons["learning.topics"](turn)


@routes.step("words", yields=True)
def words_typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Look for what was typed."""
    query = read_query(content.text if isinstance(content, Said) else content.caption)
    if not query:
        rows = [[turn.button("search.cancel", call("search.cancel"))]]
        return reply(turn.say("search.nothing_to_find"), rows=rows)
    turn.close()
    return found(turn, 0, query)


@routes.button("found")
def found(turn: Turn, page: int, query: str) -> Reply:
    """Show a page of what was found: title, and the words around the hit."""
    query = read_query(query)
    if not query:
        raise Refusal("help.expired")
    hits = service.search(turn.work, query, turn.voice.language)
    ways = [
        turn.button("search.again", call("search.open")),
        turn.button("search.topics", call("learning.topics")),
        turn.button("help.home", call("help.home")),
    ]
    if not hits:
        return reply(turn.say("search.none", query=query), rows=[ways], edits=True)
    last = (len(hits) - 1) // SHOWN
    page = max(0, min(page, last))
    blocks: list[Block] = [turn.say("search.some", query=query, count=len(hits))]
    rows = []
    for place, hit in enumerate(hits[page * SHOWN : (page + 1) * SHOWN], page * SHOWN + 1):
        blocks.append(_card(place, hit))
        label = turn.button("search.hit", call("learning.show", hit.reading_id), place=place, title=hit.title[:_LABEL])
        rows.append([label])
    # One way of turning at a time keeps the card at eight buttons: on from here, or from the last page to the first.
    if last:
        to = page + 1 if page < last else 0
        turning = "search.page_after" if page < last else "search.page_first"
        rows.append([turn.button(turning, call("search.found", to, query))])
    return reply(*blocks, rows=[*rows, ways], edits=True, personal=Personal.PUBLIC)


def _card(place: int, hit: Hit) -> Text:
    return Text(
        (
            Span(f"{place}. {hit.title}\n"),
            Span(hit.before),
            *((Span(hit.hit, "bold"),) if hit.hit else ()),
            Span(hit.after),
        )
    )
