// The list is drawn anew while something goes on: what had the focus keeps it, so that the keyboard stays where it was.
let kept = "";
document.addEventListener("focusin", (event) => {
  kept = event.target.dataset.keep ?? "";
});
for (const part of document.querySelectorAll("[data-live]")) {
  new MutationObserver(() => {
    if (!kept || document.activeElement !== document.body) return;
    part.querySelector(`[data-keep="${CSS.escape(kept)}"]`)?.focus();
  }).observe(part, { childList: true });
}
document.addEventListener("pointerdown", () => {
  kept = "";
});
