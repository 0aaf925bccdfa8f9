// The demo wall: be any of the demo's people, several side by side.

import { chooseLanguage, chosenLanguage, labels, people } from "./labels.js";

const $ = (id) => document.getElementById(id);
const language = chosenLanguage();
const words = await labels(language);
const everybody = await people();
const narrow = matchMedia("(max-width: 640px)");
const open = new Set(JSON.parse(sessionStorage.getItem("open") || "[0,3]"));
// Who is shown where only one fits. The others stay behind, with what was typed there.
let front = narrow.matches ? 0 : [...open].at(-1);

document.documentElement.lang = language;
document.title = words.demo_title;
$("title").textContent = words.demo_title;
$("subtitle").textContent = words.demo_hint;
$("chat-link").textContent = words.demo_chat;
$("console-link").textContent = words.demo_console;
$("console-link").href = `/console/?language=${language}`;
$("language").textContent = words.other_language;
$("people").setAttribute("aria-label", words.demo_people);
$("language").addEventListener("click", () => {
  chooseLanguage(language === "en" ? "zh" : "en");
  // Whoever is open on the wall speaks it too: each pane's own button tells the assistant.
  for (const pane of document.querySelectorAll("iframe")) pane.contentDocument?.getElementById("language")?.click();
  setTimeout(() => location.reload(), 600);
});

const buttons = everybody.map((person, place) => {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = `${person.name} · ${(language === "en" && person.role_en) || person.role}`;
  button.addEventListener("click", () => toggle(place));
  $("people").append(button);
  return button;
});

function toggle(place) {
  front = place;
  if (!narrow.matches) {
    if (open.has(place) && open.size > 1) open.delete(place);
    else open.add(place);
    if (!open.has(front)) front = [...open].at(-1);
    sessionStorage.setItem("open", JSON.stringify([...open]));
  }
  arrange();
}

function arrange() {
  const shown = narrow.matches ? new Set([front]) : open;
  buttons.forEach((button, place) => button.setAttribute("aria-pressed", String(shown.has(place))));
  for (const [place, person] of everybody.entries()) {
    const pane = document.getElementById(`pane-${place}`) || (shown.has(place) && newPane(place, person));
    if (!pane) continue;
    if (!shown.has(place) && !narrow.matches) pane.remove();
    else pane.hidden = !shown.has(place);
  }
  if (narrow.matches) buttons[front].scrollIntoView({ block: "nearest", inline: "nearest" });
}

function newPane(place, person) {
  const pane = document.createElement("iframe");
  pane.id = `pane-${place}`;
  pane.src = `/chat/?as=${place}`;
  pane.title = person.name;
  pane.style.order = String(place);
  $("wall").append(pane);
  return pane;
}

narrow.addEventListener("change", arrange);
arrange();
