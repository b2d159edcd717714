"use strict";
(() => {
  const form = document.querySelector("form.filter");
  const find = document.getElementById("find");
  const found = document.getElementById("found");
  const buttons = [...form.querySelectorAll("button")];
  const areas = [...document.querySelectorAll(".area")];
  const rules = [...document.querySelectorAll(".rule")];
  const texts = new Map();
  let status = "";

  const text = (rule) => {
    if (!texts.has(rule)) texts.set(rule, `${rule.textContent} ${rule.dataset.area}`.toLowerCase());
    return texts.get(rule);
  };

  const show = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const rule of rules) {
      const fits = (!status || rule.dataset.status === status) && words.every((word) => text(rule).includes(word));
      rule.hidden = !fits;
      shown += fits;
    }
    const all = !status && !words.length;
    for (const area of areas) area.hidden = !all && !area.querySelector(".rule:not([hidden])");
    document.body.classList.toggle("filtered", !all);
    found.textContent = all ? "" : `${shown} of ${rules.length} rules`;
  };

  const press = (button) => {
    status = button.dataset.status;
    for (const one of buttons) one.setAttribute("aria-pressed", String(one === button));
    show();
  };

  const reveal = () => {
    let id = location.hash.slice(1);
    try { id = decodeURIComponent(id); } catch { return; }
    const target = id && document.getElementById(id);
    if (!target) return;
    if (target.hidden) {
      find.value = "";
      press(buttons[0]);
    }
    for (let one = target; one; one = one.parentElement) if (one.localName === "details") one.open = true;
    target.scrollIntoView();
    if (target.localName === "details") target.querySelector("summary").focus({ preventScroll: true });
  };

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  find.addEventListener("input", show);
  find.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      find.value = "";
      show();
    }
  });
  for (const button of buttons) button.addEventListener("click", () => press(button));
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement;
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      find.focus();
    }
  });
  window.addEventListener("hashchange", reveal);
  reveal();
})();
