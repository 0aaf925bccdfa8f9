// The line to the server. What was said is kept here until the server has stored it; after a break it is said again
// under the same id, so nothing is lost and nothing counts twice.

const WAITS = [500, 1000, 2000, 4000, 8000];

export class Line {
  constructor(token, name, on) {
    this.token = token;
    this.store = `pending:${name}`;
    this.on = on;
    this.last = 0;
    this.tries = 0;
    this.pending = new Map(JSON.parse(sessionStorage.getItem(this.store) || "[]"));
    this.connect();
    addEventListener("online", () => this.connect());
  }

  connect() {
    if (this.socket && this.socket.readyState <= WebSocket.OPEN) return;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    this.socket = new WebSocket(`${scheme}//${location.host}/chat/socket`);
    this.socket.addEventListener("open", () => {
      this.socket.send(JSON.stringify({ token: this.token, last: this.last }));
    });
    this.socket.addEventListener("message", (event) => this.hear(JSON.parse(event.data)));
    this.socket.addEventListener("close", (event) => {
      this.ready = false;
      if (event.code === 4003) {
        // A paused copy. What was said stays here, and is said as soon as we are let in.
        this.on.paused();
        setTimeout(() => this.connect(), 2000 + 1000 * Math.random());
        return;
      }
      this.on.broken(event.code === 4001);
      if (event.code === 4001) return;
      setTimeout(() => this.connect(), WAITS[Math.min(this.tries++, WAITS.length - 1)]);
    });
  }

  hear(frame) {
    if (frame.replay) {
      this.tries = 0;
      this.ready = true;
      this.on.replay(() => frame.replay.forEach((item) => this.take(item)));
      this.on.ready(frame.replay.length);
      for (const said of this.pending.values()) this.socket.send(JSON.stringify(said));
    } else if (frame.ack !== undefined) {
      this.forget(frame.ack);
      this.on.stored(frame.ack);
    } else if (frame.nack !== undefined) {
      this.on.refused(frame.nack, frame.why);
      const said = this.pending.get(frame.nack);
      if (frame.again && said) setTimeout(() => this.ready && this.socket.send(JSON.stringify(said)), 1500);
      else this.forget(frame.nack);
    } else {
      this.take(frame);
    }
  }

  take(item) {
    if (item.letter) this.last = Math.max(this.last, item.letter);
    if (item.own) this.forget(item.own);
    this.on.item(item);
  }

  say(said) {
    const id = crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random().toString(36).slice(2)}`;
    const frame = { id, ...said };
    this.pending.set(id, frame);
    this.keep();
    if (this.ready) this.socket.send(JSON.stringify(frame));
    return id;
  }

  forget(id) {
    this.pending.delete(id);
    this.keep();
  }

  keep() {
    sessionStorage.setItem(this.store, JSON.stringify([...this.pending]));
  }
}
