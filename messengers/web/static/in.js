// The page behind a one-time link. Looking at it uses nothing up: messengers look at links too. The button does.

import { chooseLanguage, chosenLanguage, labels, newToken } from "./labels.js";

const $ = (id) => document.getElementById(id);
const language = chosenLanguage();
const words = await labels(language);

document.documentElement.lang = language;
document.title = words.title;
$("title").textContent = words.title;
$("subtitle").textContent = words.organisation || "";
$("says").textContent = words.in_before;
$("enter").textContent = words.in_enter;
$("language").textContent = words.other_language;
$("language").addEventListener("click", () => {
  chooseLanguage(language === "en" ? "zh" : "en");
  location.replace(location.pathname);
});

function says(text, again) {
  $("says").textContent = text;
  $("enter").hidden = !again;
  $("enter").disabled = false;
}

$("enter").addEventListener("click", async () => {
  $("enter").disabled = true;
  const token = newToken();
  try {
    const answer = await fetch(location.pathname, { method: "POST", headers: { Authorization: `Bearer ${token}` } });
    if (answer.status === 503) return says(words.paused, true);
    const { outcome } = await answer.json();
    if (outcome !== "ok") return says(words[`in_${outcome}`] || words.in_unknown, false);
    // Of this tab alone, and only as long as it is open.
    sessionStorage.setItem("token", token);
    location.replace("/chat/");
  } catch {
    says(words.in_failed, true);
  }
});
