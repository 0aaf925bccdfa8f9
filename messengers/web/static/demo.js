// The demo wall: be any of the demo's people, several side by side.

import { chooseLanguage, chosenLanguage, labels, people } from "./labels.js";

const $ = (id) => document.getElementById(id);
const language = chosenLanguage();
const words = await labels(language);
const everybody = await people();
const narrow = matchMedia("(max-width: 640px)");
const open = new Set(narrow.matches ? [0] : JSON.parse(sessionStorage.getItem("open") || "[0,3]"));

document.documentElement.lang = language;
document.title = words.demo_title;
$("title").textContent = words.demo_title;
$("subtitle").textContent = words.demo_hint;
$("chat-link").textContent = words.demo_chat;
$("console-link").textContent = words.demo_console;
$("language").textContent = words.other_language;
$("people").setAttribute("aria-label", words.demo_people);
$("language").addEventListener("click", () => {
  chooseLanguage(language === "en" ? "zh" : "en");
  location.reload();
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
  if (narrow.matches) open.clear();
  if (open.has(place) && open.size > 1) open.delete(place);
  else open.add(place);
  sessionStorage.setItem("open", JSON.stringify([...open]));
  arrange();
}

function arrange() {
  buttons.forEach((button, place) => button.setAttribute("aria-pressed", String(open.has(place))));
  for (const [place, person] of everybody.entries()) {
    const shown = document.getElementById(`pane-${place}`);
    if (!open.has(place)) {
      shown?.remove();
    } else if (!shown) {
      const pane = document.createElement("iframe");
      pane.id = `pane-${place}`;
      pane.src = `/chat/?as=${place}`;
      pane.title = person.name;
      pane.style.order = String(place);
      $("wall").append(pane);
    }
  }
}

arrange();
