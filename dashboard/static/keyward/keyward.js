// What script adds to pages that work without it: no framework, no state of its own, nothing evaluated.
"use strict";

(() => {
  const YEAR = 365 * 24 * 3600;
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // The server says times in the viewer's zone; it learns the zone here, from the next request on.
  function rememberZone() {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (zone && !document.cookie.split("; ").includes(`tz=${zone}`)) {
      const secure = location.protocol === "https:" ? "; Secure" : "";
      document.cookie = `tz=${zone}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
    }
  }

  // The switch is a plain form; script spares the round trip and lets the server keep the cookie.
  async function switchTheme(form, button) {
    const chosen = button.value;
    const name = { light: "keyward", dark: "keyward-dark" }[chosen];
    if (name) document.documentElement.dataset.theme = name;
    else delete document.documentElement.dataset.theme;
    for (const other of all("[data-theme-switch] button"))
      other.setAttribute("aria-pressed", String(other.value === chosen));
    const body = new URLSearchParams(new FormData(form));
    body.set("theme", chosen);
    await fetch(form.action, { method: "POST", body, redirect: "manual" });
  }

  async function copy(button) {
    await navigator.clipboard.writeText(button.dataset.copy);
    const before = button.getAttribute("aria-label");
    button.dataset.done = "";
    button.setAttribute("aria-label", button.dataset.copied);
    announce(button.dataset.copied);
    setTimeout(() => {
      delete button.dataset.done;
      button.setAttribute("aria-label", before);
    }, 1600);
  }

  // One polite region for words that only matter at the moment.
  function announce(words) {
    let region = document.getElementById("said");
    if (!region) {
      region = Object.assign(document.createElement("p"), { id: "said", className: "sr-only" });
      region.setAttribute("role", "status");
      (document.getElementById("main") || document.querySelector("main")).append(region);
    }
    region.textContent = words;
  }

  const typing = (target) => target.closest("input, textarea, select, [contenteditable]");

  function find(event) {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const field = document.querySelector("main input[type=search]");
    const link = document.querySelector("[data-find]");
    if (!field && !link) return;
    event.preventDefault();
    if (field) field.select();
    else location.assign(link.href);
  }

  function closeMenus(except) {
    for (const menu of all("details.k-pop[open]")) if (menu !== except) menu.open = false;
  }

  function escape(event) {
    if (event.key !== "Escape") return;
    const menu = document.querySelector("details.k-pop[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  }

  function clicked(event) {
    closeMenus(event.target.closest("details.k-pop"));
    const button = event.target.closest("button");
    if (!button) return;
    if ("copy" in button.dataset) copy(button);
    if ("dismiss" in button.dataset) button.closest(".k-toast, .k-banner").remove();
  }

  // "Select all on this page": the box in the head of a table ticks those of its rows.
  function changed(event) {
    const box = event.target;
    if (box.matches("[data-check-all]")) {
      for (const each of all("tbody input[type=checkbox]:enabled", box.closest("table"))) each.checked = box.checked;
    }
    if (box.matches("[data-auto-submit]")) box.form.requestSubmit();
  }

  // Nobody looks at a hidden tab: its polls wait, and one goes out when it is seen again.
  function holdPolls(event) {
    if (document.hidden && event.detail.elt.matches("[data-live]")) event.preventDefault();
  }

  function wake() {
    if (!document.hidden && window.htmx) for (const part of all("[data-live]")) window.htmx.trigger(part, "wake");
  }

  // An answer that comes late does not overwrite a field that somebody is typing in by then.
  function keepTyped(event) {
    const field = document.activeElement;
    const typed = field?.matches("input:not([type=checkbox], [type=radio]), textarea");
    if (typed && event.detail.target?.contains(field)) event.detail.shouldSwap = false;
  }

  // Buttons that only script can serve are hidden until script is here.
  function uncover(root) {
    for (const button of all("button[data-copy][hidden], button[data-dismiss][hidden]", root)) button.hidden = false;
  }

  function start() {
    rememberZone();
    uncover(document);
    if (location.hash === "#find") document.getElementById("find")?.focus();
    document.addEventListener("click", clicked);
    document.addEventListener("change", changed);
    document.addEventListener("keydown", find);
    document.addEventListener("keydown", escape);
    document.addEventListener("visibilitychange", wake);
    document.addEventListener("submit", (event) => {
      const form = event.target;
      if (!("themeSwitch" in form.dataset) || !event.submitter) return;
      event.preventDefault();
      switchTheme(form, event.submitter).catch(() => form.submit());
    });
    document.body.addEventListener("htmx:beforeRequest", holdPolls);
    document.body.addEventListener("htmx:beforeSwap", keepTyped);
    document.body.addEventListener("htmx:load", (event) => uncover(event.detail.elt.parentElement || document));
  }

  start();
})();
