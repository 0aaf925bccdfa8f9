// A question's form shows what its kind needs; without scripts it shows everything.
const form = document.getElementById("question");
if (form) {
  const kind = form.querySelector("#kind");
  const show = () => { form.dataset.kind = kind.value; };
  kind.addEventListener("change", show);
  show();
}
