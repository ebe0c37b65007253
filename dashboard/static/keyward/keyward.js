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

  async function copy(button, text) {
    await navigator.clipboard.writeText(text);
    const before = button.getAttribute("aria-label");
    button.dataset.done = "";
    button.setAttribute("aria-label", button.dataset.copied);
    announce(button.dataset.copied);
    setTimeout(() => {
      delete button.dataset.done;
      button.setAttribute("aria-label", before);
    }, 1600);
  }

  // The snippet that is shown, with the key from the panel above it in the place of the variable.
  function withKey(button) {
    const snippet = button.closest(".k-snips").querySelector("label:has(:checked) + pre");
    const key = button.closest("section").querySelector("[data-key]").textContent;
    return snippet.textContent.replaceAll(snippet.dataset.hole, snippet.dataset.fill.replace("*", key));
  }

  // A key is taken off the page when its minute is over, and when the page is left.
  function drain(panel) {
    const end = Date.now() + Number(panel.dataset.drain) * 1000;
    const hide = () => {
      clearInterval(timer);
      removeEventListener("pagehide", hide);
      panel.replaceChildren(panel.querySelector("template").content);
      announce(panel.querySelector("p").textContent);
    };
    const tick = () => {
      const left = Math.ceil((end - Date.now()) / 1000);
      if (left > 0) panel.querySelector("[data-seconds]").textContent = left;
      else hide();
    };
    const timer = setInterval(tick, 250);
    delete panel.dataset.drain;
    panel.querySelector("[data-countdown]").hidden = false;
    addEventListener("pagehide", hide);
  }

  // A long list of options is narrowed to those that hold the typed words.
  function narrow(field) {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const option of all(".k-option", field.closest("[data-narrow]")))
      option.hidden = !words.every((word) => option.textContent.toLowerCase().includes(word));
  }

  // Who types into a choice has chosen it.
  function typed(event) {
    const field = event.target;
    if ("narrows" in field.dataset) return narrow(field);
    const radio = field.closest(".k-choice, .k-option")?.querySelector(":scope > .radio");
    if (radio && radio !== field && !radio.checked) {
      radio.checked = true;
      radio.dispatchEvent(new Event("change", { bubbles: true }));
    }
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
    if ("copy" in button.dataset) copy(button, button.dataset.copy);
    if ("copyWithKey" in button.dataset) copy(button, withKey(button));
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

  // What a person did by script and Keyward could not answer; polls go on by themselves.
  function failed(event) {
    const toasts = document.getElementById("toasts");
    if (!toasts || event.detail.elt.matches("[data-live]")) return;
    const toast = Object.assign(document.createElement("div"), { className: "k-toast" });
    toast.append(Object.assign(document.createElement("p"), { textContent: toasts.dataset.failed }));
    toast.setAttribute("role", "alert");
    toast.dataset.state = "failing";
    toasts.replaceChildren(toast);
  }

  // Buttons that only script can serve are hidden until script is here.
  function uncover(root) {
    const scripted = "button[data-copy], button[data-copy-with-key], button[data-dismiss], .k-picker-find";
    for (const part of all(scripted, root)) part.hidden = false;
    for (const panel of all("[data-drain]", root)) drain(panel);
  }

  function start() {
    rememberZone();
    uncover(document);
    if (location.hash === "#find") document.getElementById("find")?.focus();
    document.addEventListener("click", clicked);
    document.addEventListener("change", changed);
    document.addEventListener("input", typed);
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
    document.body.addEventListener("htmx:responseError", failed);
    document.body.addEventListener("htmx:sendError", failed);
    document.body.addEventListener("htmx:load", (event) => uncover(event.detail.elt.parentElement || document));
  }

  start();
})();
