// While an announcement is being typed, what each messenger would show of it is drawn beside; nothing is kept.

const PAUSE = 500;
const form = document.querySelector("form[data-preview]");
const place = document.querySelector("#previews");
let timer;
let running;

async function draw() {
  running?.abort();
  running = new AbortController();
  const typed = new FormData(form);
  const file = typed.get("file");
  typed.delete("file");
  if (file instanceof File && file.name) {
    typed.set("file_name", file.name);
    typed.set("file_type", file.type);
  }
  try {
    const answer = await fetch(form.dataset.preview, { method: "POST", body: typed, signal: running.signal });
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    place.replaceChildren(...fresh.body.childNodes);
    place.removeAttribute("data-broken");
  } catch (error) {
    if (error.name !== "AbortError") place.setAttribute("data-broken", "");
  }
}

if (form && place) {
  document.querySelector("#drawing").hidden = false;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(draw, PAUSE);
  });
  draw();
}
