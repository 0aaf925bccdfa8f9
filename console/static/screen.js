// A projector's page is looked at and not clicked on: asked for now and then, its session does not fall asleep.
// When nobody may see it any more, the page itself says so.
const EVERY = 10 * 60_000;

setInterval(async () => {
  try {
    const answer = await fetch(location.href);
    if (!answer.ok) location.reload();
  } catch {
    // The line is broken: the live part says so.
  }
}, EVERY);
