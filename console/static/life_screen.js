// Asks for this very page every ten seconds and puts its figures in place; without scripts the page reloads itself.
const EVERY = 10_000;

async function refresh() {
  const live = document.getElementById("live");
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
    if (!answer.ok || !fresh) throw new Error(String(answer.status));
    live.replaceChildren(...fresh.childNodes);
  } catch {
    // What stands there is from before: it says so, and is asked for again.
    const at = document.getElementById("at");
    if (at && !at.dataset.stale) {
      at.dataset.stale = "1";
      at.classList.add("stale");
      at.prepend(`${live.dataset.stale} · `);
    }
  }
  setTimeout(refresh, EVERY);
}

setTimeout(refresh, EVERY);
