// Keys of the workspace: "/" search, "j" and "k" rows, "n" and "p" documents, "u" up, "g x" pages, "?" help.
// Addresses and buttons carry their keys in data-key; rows that can be opened hold a link with data-open.
"use strict";

(() => {
  let first = "";

  const rows = () => [...document.querySelectorAll("tr:has(a[data-open])")];

  function step(by) {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((row) => row.contains(document.activeElement));
    const to = all[Math.min(Math.max(at + by, 0), all.length - 1)];
    to.querySelector("a[data-open]").focus();
    to.scrollIntoView({ block: "nearest" });
  }

  function follow(selector) {
    const found = document.querySelector(selector);
    if (found) found.click();
  }

  const plain = {
    j: () => step(1),
    k: () => step(-1),
    n: () => follow("a[rel~=next]"),
    p: () => follow("a[rel~=prev]"),
    u: () => follow("a[rel~=up]"),
    "?": () => document.getElementById("keys").showModal(),
  };

  function typing(target) {
    return target.closest("input, select, textarea, [contenteditable]") !== null;
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const key = first ? `${first} ${event.key}` : event.key;
    first = key === "g" ? "g" : "";
    const marked = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (marked) {
      event.preventDefault();
      if (marked.matches("a, button")) marked.click();
      else marked.focus();
    } else if (plain[key]) {
      event.preventDefault();
      plain[key]();
    }
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
  });

  document.addEventListener("change", (event) => {
    const changed = event.target;
    if (changed.matches("[data-submit]")) changed.form.requestSubmit();
    if (changed.matches("[data-all]")) {
      for (const box of changed.form.querySelectorAll(`input[name="${changed.dataset.all}"]`)) box.checked = changed.checked;
    }
  });

  // A form is sent once: a second click on its button does nothing.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.confirm && !window.confirm(form.dataset.confirm)) {
      event.preventDefault();
      return;
    }
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-busy", "true");
  });

  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-busy");
    }
  });
})();
