// A canned reply is put into the answer here, without a visit; without scripts the button asks the server to do it.

for (const button of document.querySelectorAll("[data-insert]")) {
  button.addEventListener("click", (event) => {
    const box = document.getElementById(button.dataset.insert);
    const words = button.form.elements.canned.selectedOptions[0]?.dataset.words;
    if (!box || !words) return;
    event.preventDefault();
    // Where the writing mark stands; the browser keeps it undoable.
    const before = box.value.slice(0, box.selectionStart);
    const gap = before && !before.endsWith("\n") ? "\n" : "";
    box.setRangeText(gap + words, box.selectionStart, box.selectionEnd, "end");
    box.focus();
  });
}
