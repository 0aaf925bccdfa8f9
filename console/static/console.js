// What a page gains with scripts on; without them every form and link does the same by itself.

// A form that was sent is not sent twice by a second press.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  setTimeout(() => delete form.dataset.sent, 5000);
});

// A choice that filters a list takes effect at once.
for (const select of document.querySelectorAll("select[data-now]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}

// A part that is sent again whenever it changed. When nobody may look any more, or the line is broken, it says so.
for (const part of document.querySelectorAll("[data-live]")) {
  const source = new EventSource(part.dataset.live);
  source.addEventListener("message", (event) => {
    const fresh = new DOMParser().parseFromString(event.data, "text/html");
    part.replaceChildren(...fresh.body.childNodes);
    part.removeAttribute("data-broken");
  });
  source.addEventListener("over", async () => {
    source.close();
    // What ended it may be the last change: the page itself has it. Without it (signed out) what stands there is old.
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const last = answer.ok && part.id && page.getElementById(part.id);
    if (last) part.replaceChildren(...last.childNodes);
    else part.setAttribute("data-broken", "");
    // What is only drawn once it is over.
    for (const after of last ? document.querySelectorAll("[data-after]") : []) {
      after.replaceChildren(...(page.getElementById(after.id)?.childNodes ?? after.childNodes));
    }
  });
  source.addEventListener("error", () => part.setAttribute("data-broken", ""));
}
