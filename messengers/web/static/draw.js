// Bubbles. Every word that came from a person or the server goes in as text, never as markup.

const element = (name, className, text) => {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
};

const span = (run) => {
  if (run.s === "link" && /^https?:\/\//.test(run.u || "")) {
    const link = element("a", "", run.t);
    link.href = run.u;
    link.rel = "noopener noreferrer";
    link.target = "_blank";
    return link;
  }
  const name = { bold: "strong", italic: "em", code: "code" }[run.s];
  return name ? element(name, "", run.t) : document.createTextNode(run.t);
};

const paragraph = (runs) => {
  const made = element("p");
  made.append(...runs.map(span));
  return made;
};

const rows = (block, press) => {
  const made = element("div", "rows");
  for (const row of block.rows) {
    const line = element("div");
    for (const button of row) {
      if (button.url) {
        const link = element("a", "", button.label);
        link.href = button.url;
        link.target = "_blank";
        link.rel = "noopener noreferrer";
        line.append(link);
      } else {
        const made = element("button", "", button.label);
        made.type = "button";
        made.addEventListener("click", () => press(button.call, made));
        line.append(made);
      }
    }
    made.append(line);
  }
  return made;
};

const file = (block, words) => {
  if (block.picture !== undefined) {
    const picture = element("img");
    picture.src = block.href;
    picture.alt = block.alt || "";
    return picture;
  }
  const link = element("a", "document", block.name);
  link.href = block.href;
  link.download = block.name;
  link.title = words.download;
  return link;
};

export function fill(bubble, message, words, press) {
  const body = element("div", "body");
  const choices = [];
  for (const block of message.blocks) {
    if (block.text) body.append(paragraph(block.text));
    else if (block.rows) choices.push(rows(block, press));
    else body.append(file(block, words));
  }
  const time = element("time", "", clock(message.at));
  time.dateTime = message.at;
  bubble.replaceChildren(body, ...choices, time);
}

export function own(bubble, said, at, state) {
  const body = element("div", "body");
  body.append(element("p", "", said));
  bubble.replaceChildren(body, element("time", "", `${clock(at)} ${state}`));
}

// Times are the organisation's, wherever the browser is.
let timeZone;

export function keepTimeIn(zone) {
  timeZone = zone;
}

export function clock(at) {
  return new Intl.DateTimeFormat("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false, timeZone }).format(new Date(at));
}

export function dayOf(at) {
  return new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeZone }).format(new Date(at));
}

export function dayLine(at, language) {
  const format = new Intl.DateTimeFormat(language === "en" ? "en-GB" : "zh-CN", { dateStyle: "full", timeZone });
  return element("p", "day", format.format(new Date(at)));
}
