// The page's own words come from content/ through the server; nothing is written here.

export async function labels(language) {
  const answer = await fetch(`/chat/labels?language=${encodeURIComponent(language)}`);
  return answer.json();
}

// A link that we sent says which language its reader speaks.
export function chosenLanguage() {
  const asked = new URLSearchParams(location.search).get("language");
  if (asked === "zh" || asked === "en") chooseLanguage(asked);
  return localStorage.getItem("language") || "zh";
}

export function chooseLanguage(language) {
  localStorage.setItem("language", language);
}

export async function people() {
  const answer = await fetch("/chat/people");
  return answer.json();
}

// A browser's secret: whoever has it is the account.
export function newToken() {
  const bytes = crypto.getRandomValues(new Uint8Array(33));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
}
