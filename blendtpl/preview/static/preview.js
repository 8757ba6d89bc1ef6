// The preview's page: it asks the server for pieces of HTML and puts them where those of the same id are.

import { fit, showFrame } from "./frame.js";

const CHOICES = {
  width: ["phone", "tablet", "desktop"],
  scheme: ["light", "dark", "partial", "full"],
  images: ["own", "remote", "off"],
  details: ["on", "off"],
};
const DEFAULTS = { item: "", example: "", language: "", tab: "example", width: "desktop", scheme: "light", images: "own", details: "on" };
const TYPING = 120; // milliseconds from the last key to the next render

const $ = (id) => document.getElementById(id);
const asked = { ...DEFAULTS };
const drafts = new Map(); // what somebody made of examples and has not saved, by item and example
let latest = 0; // the request whose answer is wanted; what comes late from others is not shown
let typing = 0;
let tabbed = false; // whether the last key was Tab

// ---- what is asked for, and where it stands in the address

function readAddress() {
  const query = new URLSearchParams(location.search);
  for (const name of Object.keys(DEFAULTS)) asked[name] = query.get(name) ?? DEFAULTS[name];
  for (const [name, values] of Object.entries(CHOICES)) if (!values.includes(asked[name])) asked[name] = DEFAULTS[name];
  asked.item ||= $("where").dataset.item;
  asked.example ||= $("where").dataset.example;
}

function writeAddress(push) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) if (value && value !== DEFAULTS[name]) query.set(name, value);
  if (`?${query}` === location.search) return;
  history[push ? "pushState" : "replaceState"](null, "", `?${query}`);
}

const draftName = () => JSON.stringify([asked.item, asked.example]);

// ---- pieces of the page

function put(html) {
  const pieces = document.createElement("template");
  pieces.innerHTML = html;
  const focused = document.activeElement?.id;
  for (const fresh of [...pieces.content.children]) {
    const old = $(fresh.id);
    if (!old || (fresh.dataset.key !== undefined && fresh.dataset.key === old.dataset.key)) continue;
    const same = ["tab", "item", "example"].every((name) => old.dataset[name] === fresh.dataset[name]);
    const top = old.scrollTop;
    old.replaceWith(fresh);
    if (same) fresh.scrollTop = top;
  }
  if (focused && document.activeElement === document.body) $(focused)?.focus({ preventScroll: true });
}

async function ask(path, content) {
  const headers = { "content-type": "application/json" };
  return fetch(path, { method: "POST", headers, body: JSON.stringify(content) });
}

async function refresh() {
  const mine = ++latest;
  const { item, example, language, tab } = asked;
  const draft = drafts.get(draftName());
  const panel = $("panel");
  const editing = Boolean($("editor")) && draft !== undefined && panel.dataset.item === item && panel.dataset.example === example;
  try {
    const answer = await ask("/stage", { item, example, language, tab, editing, ...draft });
    const html = await answer.text();
    if (mine !== latest) return;
    if (!answer.ok) return say("lost", `It failed: ${answer.status} ${answer.statusText}`);
    put(html);
  } catch {
    return; // the preview has ended, which its stream of events tells
  }
  const where = $("where").dataset;
  if (where.example && where.example !== asked.example) asked.example = where.example;
  if ($("problem")?.dataset.changed === "" && !$("problem").classList.contains("bad")) drafts.delete(draftName());
  show();
}

async function refreshList() {
  const answer = await fetch(`/items?${new URLSearchParams({ item: asked.item, example: asked.example })}`);
  put(await answer.text());
  search();
}

function show() {
  document.title = `${asked.item || "Preview"} · blendtpl`;
  for (const button of document.querySelectorAll("[data-choice]"))
    button.setAttribute("aria-pressed", String(asked[button.dataset.choice] === button.dataset.value));
  document.body.classList.toggle("no-details", asked.details === "off");
  for (const found of document.querySelectorAll(".item")) found.classList.toggle("chosen", found.dataset.item === asked.item);
  for (const link of links()) {
    const own = link.parentElement.parentElement.classList.contains("examples") || !link.dataset.example;
    const current = own && link.dataset.item === asked.item && link.dataset.example === asked.example;
    link.toggleAttribute("aria-current", current);
    if (current) link.setAttribute("aria-current", "true");
  }
  const unsaved = drafts.has(draftName());
  for (const id of ["save", "revert"]) if ($(id)) $(id).hidden = !unsaved;
  if ($("save")) $("save").disabled = $("problem").classList.contains("bad");
  const { token, message } = $("envelope").dataset;
  $("eml").hidden = !(token && message);
  $("eml").href = token && message ? `/eml/${token}` : "#";
  showFrame(asked, $("failure").hidden ? token : "");
}

// ---- the list

const links = () => [...$("items").querySelectorAll("a")];
const visible = () => links().filter((link) => link.getClientRects().length > 0);

function choose(item, example, push = true) {
  asked.item = item;
  asked.example = example;
  writeAddress(push);
  show();
  refresh();
}

function step(by) {
  const found = visible();
  const active = found.indexOf(document.activeElement);
  const from = active >= 0 ? active : found.findIndex((link) => link.hasAttribute("aria-current"));
  const link = found[Math.max(0, Math.min(found.length - 1, from + by))];
  if (!link) return;
  link.focus();
  link.scrollIntoView({ block: "nearest" });
  if (link.dataset.item !== asked.item || link.dataset.example !== asked.example) choose(link.dataset.item, link.dataset.example, false);
}

function stepExample(by) {
  const found = links().filter((link) => link.dataset.item === asked.item && link.closest(".examples"));
  const link = found[found.findIndex((each) => each.dataset.example === asked.example) + by];
  if (link) choose(link.dataset.item, link.dataset.example, false);
}

function search() {
  const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  let any = false;
  for (const found of document.querySelectorAll(".item")) {
    const name = found.dataset.item.toLowerCase();
    const others = words.filter((word) => !name.includes(word)); // which one of its examples must have
    let hit = others.length === 0;
    for (const link of found.querySelectorAll(".examples a")) {
      const right = others.every((word) => link.dataset.example.toLowerCase().includes(word));
      link.parentElement.hidden = !right;
      hit ||= right;
    }
    found.hidden = !hit;
    found.classList.toggle("opened", hit && others.length > 0);
    any ||= hit;
  }
  for (const section of $("items").querySelectorAll("section")) {
    const count = section.querySelectorAll(".item:not([hidden])").length;
    section.hidden = count === 0;
    section.querySelector("h2 .count").textContent = count;
  }
  $("nothing").hidden = any || links().length === 0;
}

// ---- what can be chosen

function set(name, value) {
  asked[name] = value;
  writeAddress(false);
  show();
}

function cycle(name, values) {
  set(name, values[(values.indexOf(asked[name]) + 1) % values.length]);
}

function openTab(tab, focus) {
  asked.tab = tab;
  writeAddress(false);
  return refresh().then(() => focus && $(`tab-${tab}`)?.focus());
}

function stepTab(by, focus) {
  const tabs = [...$("tabs").children].map((tab) => tab.dataset.tab);
  if (tabs.length) openTab(tabs[(tabs.indexOf($("panel").dataset.tab) + by + tabs.length) % tabs.length], focus);
}

async function edit() {
  if (asked.details === "off") set("details", "on");
  if (!$("editor")) await openTab("example");
  $("editor")?.focus();
}

// ---- the example

function typed() {
  const name = draftName();
  const shown = $("panel").dataset;
  if (shown.item !== asked.item || shown.example !== asked.example) return; // another was chosen, and is on its way
  latest++; // an answer that is on its way knows nothing of this, and would take its place
  const digest = drafts.get(name)?.digest ?? shown.digest;
  drafts.set(name, { text: $("editor").value, digest });
  for (const id of ["save", "revert"]) if ($(id)) $(id).hidden = false;
  clearTimeout(typing);
  typing = setTimeout(refresh, TYPING);
}

function forget() {
  clearTimeout(typing);
  drafts.delete(draftName());
  return refresh();
}

async function save() {
  clearTimeout(typing);
  const draft = drafts.get(draftName());
  if (!draft) return;
  const name = draftName();
  const answer = await ask("/save", { item: asked.item, example: asked.example, ...draft });
  const told = answer.headers.get("content-type")?.startsWith("application/json") ? await answer.json() : { error: await answer.text() };
  if (answer.ok) {
    if (drafts.get(name)?.text === draft.text) drafts.delete(name);
    else drafts.set(name, { ...drafts.get(name), digest: told.digest }); // somebody typed on while it was written
    if (draftName() === name) $("panel").dataset.digest = told.digest; // of which somebody may type before it comes anew
    await refresh();
    if (!drafts.has(name)) $("problem").textContent = `Saved in ${told.file}`;
  } else {
    const problem = $("problem");
    problem.classList.add("bad");
    problem.replaceChildren(`${told.error} `);
    if (answer.status === 409) {
      const load = Object.assign(document.createElement("button"), { type: "button", id: "load", className: "link", textContent: "Load it" });
      problem.append(load);
    }
  }
}

function jump() {
  const { line, column } = $("problem").dataset;
  const editor = $("editor");
  const before = editor.value.split("\n").slice(0, Number(line) - 1);
  const at = before.join("\n").length + (before.length ? 1 : 0) + Number(column) - 1;
  editor.focus();
  editor.setSelectionRange(at, at + 1);
}

// ---- what people do

const help = $("help");

const KEYS = {
  "/": () => { $("search").focus(); $("search").select(); },
  ArrowDown: () => step(1), ArrowUp: () => step(-1), j: () => step(1), k: () => step(-1),
  ArrowRight: () => stepExample(1), ArrowLeft: () => stepExample(-1),
  1: () => set("width", "phone"), 2: () => set("width", "tablet"), 3: () => set("width", "desktop"),
  d: () => set("scheme", asked.scheme === "light" ? "dark" : "light"),
  f: () => set("scheme", asked.scheme === "partial" ? "full" : "partial"),
  i: () => cycle("images", CHOICES.images),
  l: () => $("language")?.focus(),
  h: () => cycle("details", CHOICES.details),
  "[": () => stepTab(-1), "]": () => stepTab(1),
  e: edit,
  o: () => { if (!$("eml").hidden) $("eml").click(); },
  r: () => ask("/reload", {}),
  "?": () => help.showModal(),
};

function pressed(event) {
  const target = event.target;
  tabbed = event.key === "Tab";
  if ((event.ctrlKey || event.metaKey) && event.key === "s") {
    event.preventDefault();
    save();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
  if (event.key === "Escape") {
    if (target === $("search") && target.value) { target.value = ""; search(); }
    else target.blur?.();
    return;
  }
  if (target === $("search") && ["ArrowDown", "Enter"].includes(event.key)) {
    event.preventDefault();
    const found = visible();
    // what was looked for is an example when the name alone is not it
    const first = found[0]?.closest(".opened")?.querySelector(".examples li:not([hidden]) a") ?? found[0];
    if (first) { first.focus(); choose(first.dataset.item, first.dataset.example); }
    return;
  }
  if (target.matches("input, textarea, select")) return;
  if (target.role === "tab" && ["ArrowLeft", "ArrowRight"].includes(event.key)) {
    event.preventDefault();
    stepTab(event.key === "ArrowRight" ? 1 : -1, true);
    return;
  }
  // whoever reads a source scrolls it
  if (target.matches("pre, .panel") && event.key.startsWith("Arrow")) return;
  if (!Object.hasOwn(KEYS, event.key)) return;
  event.preventDefault();
  KEYS[event.key]();
}

function clicked(event) {
  const target = event.target.closest("button, a");
  if (!target) return;
  if (target.closest("#items")) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a tab of its own
    event.preventDefault();
    choose(target.dataset.item, target.dataset.example);
  } else if (target.id === "details-off") cycle("details", CHOICES.details);
  else if (target.dataset.choice) set(target.dataset.choice, target.dataset.value);
  else if (target.dataset.tab) openTab(target.dataset.tab, true);
  else if (target.id in BUTTONS) BUTTONS[target.id]();
}

const BUTTONS = { save, revert: forget, load: forget, jump, "help-open": KEYS["?"], "help-close": () => help.close() };

function say(state, text) {
  $("live").dataset.state = state;
  $("live").textContent = text;
}

function listen() {
  const events = new EventSource("/events");
  let lost = false;
  events.addEventListener("hello", () => {
    say("live", "Live");
    if (lost) { refreshList(); refresh(); }
    lost = false;
  });
  events.addEventListener("changed", () => { refreshList(); refresh(); });
  events.addEventListener("warnings", refresh);
  events.addEventListener("error", () => { lost = true; say("lost", "Ended, or out of reach"); });
  return events;
}

// who clicks into the frame still means the keys of this page; who goes there by Tab wants to scroll it
function blurred() {
  setTimeout(() => {
    if (document.activeElement?.tagName !== "IFRAME" || tabbed) return;
    document.activeElement.blur();
    window.focus();
  });
}

readAddress();
addEventListener("blur", blurred);
document.addEventListener("keydown", pressed);
document.addEventListener("click", clicked);
document.addEventListener("input", (event) => {
  if (event.target.id === "editor") typed();
  if (event.target.id === "search") search();
});
$("language")?.addEventListener("change", (event) => { asked.language = event.target.value; writeAddress(false); refresh(); });
addEventListener("popstate", () => { readAddress(); refresh(); });
addEventListener("beforeunload", (event) => { if (drafts.size) event.preventDefault(); });
new ResizeObserver(() => fit(asked)).observe($("canvas"));
show();
document.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
let events = listen();
// a browser has six connections to a host, which tabs that nobody sees must not hold
document.addEventListener("visibilitychange", () => {
  events.close();
  if (document.hidden) return;
  events = listen();
  refreshList();
  refresh();
});
addEventListener("pagehide", () => events.close());
