// Which end of the log is being read. Whoever is at its newest message stays there, however the log's box changes;
// whoever reads further up stays where they are, and a button tells of what arrived below.

const NEAR = 160;

export class Follow {
  constructor(log, button) {
    this.log = log;
    this.button = button;
    this.following = true;
    this.keep();
    this.unseen = null;
    log.addEventListener("scroll", () => this.scrolled());
    // Pictures have no height until they are there.
    log.addEventListener("load", () => this.following && this.newest(), true);
    new ResizeObserver(() => this.following && this.newest()).observe(log);
    button.addEventListener("click", () => this.toUnseen());
  }

  atBottom() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR;
  }

  scrolled() {
    // A log without a box (its pane is folded away) says nothing about its reader, and words that wrap anew move
    // without the reader's doing.
    if (!this.log.clientHeight || (this.following && this.shape() !== this.kept)) return;
    if (Math.abs(this.log.scrollTop - this.placed) < 2) return;
    this.following = this.atBottom();
    this.keep();
    if (this.following) this.seen();
  }

  shape() {
    return `${this.log.clientWidth} ${this.log.clientHeight} ${this.log.scrollHeight}`;
  }

  keep() {
    this.placed = this.log.scrollTop;
    this.kept = this.shape();
  }

  // Call before something changes in the log; hand what it returns to `changed`.
  before() {
    return this.following && (this.atBottom() || !this.log.clientHeight);
  }

  changed(wasAtBottom, arrived) {
    if (wasAtBottom) return this.newest();
    this.keep();
    if (!arrived || this.log.scrollHeight <= this.log.clientHeight) return;
    this.following = false;
    this.unseen ||= arrived;
    this.button.hidden = false;
  }

  // A card taller than the log is shown from its beginning: its first line says what it is.
  newest() {
    const last = this.log.lastElementChild;
    const tall = last && last.offsetHeight > this.log.clientHeight;
    this.place(tall ? last.offsetTop - this.log.offsetTop : this.log.scrollHeight);
    this.seen();
  }

  toUnseen() {
    const first = this.unseen;
    if (!first?.isConnected) return this.newest();
    this.place(first.offsetTop - this.log.offsetTop);
    this.seen();
  }

  place(top) {
    this.log.scrollTop = top;
    this.keep();
    this.following = true;
  }

  seen() {
    this.unseen = null;
    this.button.hidden = true;
  }
}
