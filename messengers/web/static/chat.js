// The chat page: who we are, the line to the server, bubbles, composer.

import { dayLine, dayOf, fill, keepTimeIn, own } from "./draw.js";
import { Follow } from "./follow.js";
import { chooseLanguage, chosenLanguage, labels, newToken, people } from "./labels.js";
import { Line } from "./line.js";

const $ = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);
const language = chosenLanguage();
const words = await labels(language);
const log = $("log");
const follow = new Follow(log, $("unseen"));
keepTimeIn(words.zone);
const bubbles = new Map();
const mine = new Map();
let lastDay = "";
// Whoever came by a link is this tab's alone, and has a letter waiting.
const visit = query.has("as") ? null : sessionStorage.getItem("token");
const ready = { greeted: Boolean(visit) };

async function me() {
  if (query.has("as")) {
    const person = (await people())[Number(query.get("as"))];
    if (person) return person;
  }
  if (visit) return { token: visit, name: "", role: "" };
  let token = localStorage.getItem("token");
  if (!token) {
    token = newToken();
    localStorage.setItem("token", token);
  }
  return { token, name: "", role: "" };
}

function dress(person) {
  document.documentElement.lang = language;
  document.body.classList.toggle("framed", window !== window.top);
  $("title").textContent = person.name || words.title;
  $("subtitle").textContent = (language === "en" && person.role_en) || person.role || words.organisation || "";
  document.title = person.name ? `${person.name} · ${words.title}` : words.title;
  log.setAttribute("aria-label", words.log);
  $("words").placeholder = words.placeholder;
  $("words-label").textContent = words.placeholder;
  $("attach-words").textContent = words.attach;
  $("attach-label").title = words.attach;
  $("send").textContent = words.send;
  $("language").textContent = words.other_language;
  $("unseen").textContent = words.unseen;
  $("quick").setAttribute("aria-label", words.quick);
  for (const phrase of (words.quick_phrases || "").split("|").filter(Boolean)) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = phrase;
    button.addEventListener("click", () => say(phrase));
    $("quick").append(button);
  }
  const quick = $("quick");
  const edges = () => {
    quick.classList.toggle("more-before", quick.scrollLeft > 1);
    quick.classList.toggle("more-after", quick.scrollLeft + quick.clientWidth < quick.scrollWidth - 1);
  };
  quick.addEventListener("scroll", edges);
  // A mouse's wheel turns one way only.
  quick.addEventListener("wheel", (event) => (quick.scrollLeft += event.deltaY), { passive: true });
  new ResizeObserver(edges).observe(quick);
}

function append(bubble, at) {
  const day = dayOf(at);
  if (day !== lastDay) {
    lastDay = day;
    log.append(dayLine(at, language));
  }
  log.append(bubble);
}

function newBubble(className) {
  const bubble = document.createElement("article");
  bubble.className = `bubble ${className}`;
  return bubble;
}

function show(item) {
  if (item.typing) {
    $("typing").hidden = false;
    clearTimeout(show.timer);
    show.timer = setTimeout(() => ($("typing").hidden = true), 6000);
    return;
  }
  const wasAtBottom = follow.before();
  let arrived = null;
  if (item.own) showOwn(item);
  else if (item.letter && !bubbles.has(String(item.letter))) arrived = showLetter(item);
  follow.changed(wasAtBottom, arrived);
}

// Returns the bubble of a letter that is new; one that only redraws an older bubble is nothing to scroll to.
function showLetter(item) {
  $("typing").hidden = true;
  const before = item.edits && bubbles.get(String(item.edits));
  const bubble = before || newBubble("theirs");
  const id = before ? String(item.edits) : String(item.letter);
  bubbles.set(String(item.letter), bubble);
  fill(bubble, item, words, (call, button) => press(call, id, button));
  if (before) {
    bubble.classList.remove("changed");
    requestAnimationFrame(() => bubble.classList.add("changed"));
    return null;
  }
  bubble.dataset.letter = id;
  append(bubble, item.at);
  return bubble;
}

function showOwn(item) {
  const known = mine.get(item.own);
  if (known) return stored(item.own);
  const bubble = newBubble("mine");
  own(bubble, item.kind === "upload" ? item.said : item.said, item.at, words.stored);
  mine.set(item.own, { bubble, said: item.said, at: item.at });
  append(bubble, item.at);
}

function say(text, frame = { kind: "text", text, language }) {
  const at = new Date().toISOString();
  const id = line.say(frame);
  const bubble = newBubble("mine");
  own(bubble, text, at, words.sending);
  mine.set(id, { bubble, said: text, at });
  append(bubble, at);
  follow.newest();
}

function stored(id) {
  const known = mine.get(id);
  if (known) own(known.bubble, known.said, known.at, words.stored);
  if ($("connection").classList.contains("alarm")) notice("");
}

function press(call, message, button) {
  line.say({ kind: "press", call, message, language });
  button.disabled = true;
  setTimeout(() => (button.disabled = false), 1500);
}

async function upload(file) {
  if (!file) return;
  if (file.size > 20 * 1024 * 1024) return notice(words.too_large);
  try {
    const answer = await fetch(`/chat/upload?name=${encodeURIComponent(file.name || "file")}`, {
      method: "POST",
      body: file,
      headers: { Authorization: `Bearer ${person.token}`, "Content-Type": "application/octet-stream" },
    });
    if (answer.status === 503) return notice(words.paused, true);
    if (!answer.ok) return notice(words.upload_failed);
    const kept = await answer.json();
    say(`📎 ${kept.name}`, { kind: "upload", ...kept, caption: $("words").value.trim(), language });
    $("words").value = "";
  } catch {
    notice(words.upload_failed);
  }
}

function notice(text, alarming = false) {
  $("connection").textContent = text;
  $("connection").hidden = !text;
  $("connection").classList.toggle("alarm", alarming);
}

function compose() {
  const box = $("words");
  const grow = () => {
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight + 2}px`;
  };
  const submit = () => {
    const text = box.value.trim();
    if (!text) return;
    say(text);
    box.value = "";
    grow();
  };
  box.addEventListener("input", grow);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit();
    }
  });
  box.addEventListener("paste", (event) => upload(event.clipboardData?.files?.[0]));
  $("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  $("file").addEventListener("change", () => {
    upload($("file").files[0]);
    $("file").value = "";
  });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    upload(event.dataTransfer?.files?.[0]);
  });
  $("language").addEventListener("click", () => {
    const other = language === "en" ? "zh" : "en";
    chooseLanguage(other);
    line.say({ kind: "text", text: `/language ${other}`, language: other });
    setTimeout(() => location.reload(), 400);
  });
}

const person = await me();
dress(person);
const name = query.get("as") || "self";

const line = new Line(person.token, name, {
  item: show,
  // All of it first, then once to its end: a tall card in the middle must not keep its reader there.
  replay: (take) => {
    const wasAtBottom = follow.before();
    take();
    if (wasAtBottom) follow.newest();
  },
  stored,
  refused: (id, why) => {
    // Stays until something is stored again: the server's disk is full, or its database away.
    if (why === "not_stored") return notice(words.not_stored, true);
    notice(words[why] || words.not_stored);
    setTimeout(() => notice(""), 4000);
  },
  paused: () => notice(words.paused, true),
  broken: (final) => notice(final ? words.refused : words.reconnecting),
  ready: (count) => {
    notice("");
    const start = query.get("start");
    if (start) {
      history.replaceState(null, "", location.pathname + (query.has("as") ? `?as=${query.get("as")}` : ""));
      query.delete("start");
      line.say({ kind: "open", payload: start, language });
    } else if (count === 0 && !bubbles.size && !ready.greeted) {
      ready.greeted = true;
      line.say({ kind: "open", payload: "", language });
    }
    if (follow.following) follow.newest();
  },
});

compose();
if (window === window.top) $("words").focus();
