// The shell: navigation, the state of the hub, and the screen that the address names.

import { ApiError, calls, onLocked, raw, sentenceOf } from "./lib/api.js";
import { fill, h, write } from "./lib/dom.js";
import { icon } from "./lib/icons.js";
import { live, lostSince, onLive, startLive, watchVisibility } from "./lib/live.js";
import { forgetMoves, watchMoves } from "./lib/moves.js";
import { waiting } from "./lib/parts.js";
import { onlyStylesOf, placeNow, SCREENS, screenOf, to } from "./lib/router.js";
import { rememberPlace, tokenFromAddress } from "./lib/session.js";
import { spoken } from "./lib/spoken.js";
import { keep, loadMoreTexts, loadTexts, t } from "./lib/texts.js";
import { applyTheme } from "./lib/theme.js";
import { clock, now, refreshTimes, seconds, timezone } from "./lib/times.js";
import { toasts } from "./lib/toasts.js";

/** The navigation; the first five stand in the bar of a narrow window, the others behind "More". */
const MAIN = ["home", "compose", "queue", "history", "phones", "accounts", "library", "slots", "system"];
const IN_BAR = 5;
/** A screen's own reading gets at most this many calls a second; with the hub's state, that stays below one. */
const CALLS_PER_S = 0.4;
const RELOADED = "reloaded-at";

const main = h("main", { id: "main", tabindex: -1 });
const banner = h("div", { class: "banner", role: "status" });
const hubState = h("div", { class: "hub-state" });
const account = h("div", { class: "hub-account" });
const links = new Map(MAIN.map((name) => [name, navigationLink(name)]));
const more = h(
  "button",
  {
    type: "button",
    class: "nav-more",
    "aria-expanded": "false",
    "aria-controls": "nav-list",
    on: { click: () => openMore(more.getAttribute("aria-expanded") === "false") },
  },
  icon("more"),
  h("span"),
);

/** @type {{ name: string, id: string, screen: import("./lib/router.js").Screen, leave: AbortController } | null} */
let shown = null;
let title = "";
let seenChange = /** @type {number | null} */ (null);
let loading = false;
let nextLoad_ms = 0;
let turn = 0;

/** @param {string} name */
function navigationLink(name) {
  return h("a", { href: to(name) }, icon(name), h("span", { class: "nav-text" }));
}

function drawShell() {
  for (const [name, link] of links) write(/** @type {Node} */ (link.lastChild), t(`shell.${name}`));
  write(/** @type {Node} */ (more.lastChild), t("shell.more"));
  const skip = h("a", { class: "skip", href: "#main", on: { click: skipToMain } }, t("shell.skip"));
  const items = MAIN.map((name, place) => h("li", { class: place < IN_BAR ? "" : "beyond" }, links.get(name)));
  const shell = /** @type {HTMLElement} */ (document.getElementById("shell"));
  fill(
    shell,
    skip,
    h(
      "header",
      { class: "side" },
      h("a", { class: "brand", href: to("home") }, icon("bolt"), h("span", null, "tikmatrixd")),
      h("nav", { "aria-label": t("shell.main") }, h("ul", { id: "nav-list" }, items, h("li", { class: "more-item" }, more))),
      h("div", { class: "hub" }, hubState, account),
    ),
    h("div", { class: "page" }, banner, main, toasts()),
  );
  watchMoves(shell, main);
  document.addEventListener("pointerdown", (event) => {
    if (!(event.target instanceof Element && event.target.closest("nav"))) openMore(false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && more.getAttribute("aria-expanded") === "true") {
      openMore(false);
      more.focus();
    }
  });
}

/** @param {Event} event */
function skipToMain(event) {
  event.preventDefault();
  main.focus();
}

/** @param {boolean} on */
function openMore(on) {
  more.setAttribute("aria-expanded", String(on));
  more.closest("nav")?.classList.toggle("opened", on);
}

// --- the screen -------------------------------------------------------------------------------------------

async function route() {
  const token = tokenFromAddress();
  if (token) {
    const { takeToken } = await import("./screens/login.js");
    await loadMoreTexts();
    await takeToken(token);
    return;
  }
  const place = placeNow();
  for (const one of document.querySelectorAll("dialog[open]")) /** @type {HTMLDialogElement} */ (one).close();
  if (shown !== null && shown.name === place.name && shown.id === place.id && shown.screen.filter) {
    await shown.screen.filter(place.params);
    return;
  }
  await open(place);
}

/** @param {import("./lib/router.js").Place} place */
async function open(place) {
  const mine = ++turn;
  openLater = null;
  const first = shown === null;
  shown?.leave.abort();
  shown?.screen.close?.();
  shown = null;
  openMore(false);
  mark(place.name);
  document.body.dataset.screen = place.name;
  delete main.dataset.loaded;
  const slow = setTimeout(() => mine === turn && fill(main, waiting()), 150);
  const leave = new AbortController();
  try {
    const [make] = await Promise.all([screenOf(place.name), place.name === "home" ? null : loadMoreTexts()]);
    const screen = await make({ id: place.id, params: place.params, signal: leave.signal, reload: () => load(true) });
    if (mine !== turn) return;
    clearTimeout(slow);
    shown = { name: place.name, id: place.id, screen, leave };
    title = screen.title;
    onlyStylesOf(place.name);
    forgetMoves();
    fill(main, problem, screen.node);
    write(problem, "");
    scrollTo(0, 0);
    writeTitle();
    if (!first) focusHeading();
    await load(true);
    loadMoreTexts().catch(() => undefined);
  } catch (error) {
    clearTimeout(slow);
    if (mine !== turn || leave.signal.aborted) return;
    if ((error instanceof TypeError && !(await hubAnswers())) || (error instanceof ApiError && error.lost)) {
      if (mine !== turn) return;
      openLater = () => (error instanceof TypeError ? location.reload() : void open(place));
      fill(main, h("h1", null, t("shell.failed")), h("p", { class: "problem", role: "alert" }, t("shell.opens_later")));
      return;
    }
    if (error instanceof TypeError && reloadOnce()) return;
    fill(main, h("h1", null, t("shell.failed")), h("p", { class: "problem", role: "alert" }, sentenceOf(error)));
  }
}

const problem = h("p", { class: "problem screen-problem", role: "alert" });

/**
 * Reads the screen's data: when it was opened or asked to, and when the hub has changed.
 * @param {boolean} [asked]
 */
async function load(asked = false) {
  const current = shown;
  if (current === null) return;
  if (current.screen.load === undefined) {
    main.dataset.loaded = "true";
    return;
  }
  if (!asked && (loading || performance.now() < nextLoad_ms)) return;
  const before = calls;
  const change = live?.change ?? null;
  loading = true;
  try {
    await current.screen.load();
    if (current !== shown) return;
    seenChange = change;
    main.dataset.loaded = "true";
    write(problem, "");
  } catch (error) {
    if (current !== shown || current.leave.signal.aborted) return;
    // A call that got no answer is the banner's matter; what the hub refuses is said here.
    if (!(error instanceof ApiError && (error.lost || error.locked))) write(problem, sentenceOf(error));
    if (!(error instanceof ApiError)) console.error(error);
  } finally {
    loading = false;
    // What a person asked for is not held against what the page reads by itself.
    const counted = asked ? 1 : calls - before;
    nextLoad_ms = performance.now() + (counted / CALLS_PER_S) * 1000;
  }
}

/** Opens what could not be opened. @type {(() => void) | null} */
let openLater = null;

function hubAnswers() {
  return raw("GET", "/healthz", undefined, { wait_ms: 5000 }).then(
    (answer) => answer.ok,
    () => false,
  );
}

/** A module that is not there any more: the hub has a newer console. */
function reloadOnce() {
  const last = Number(keep(RELOADED) || 0);
  if (Date.now() - last < 20_000) return false;
  keep(RELOADED, String(Date.now()));
  location.reload();
  return true;
}

/** @param {string} name */
function mark(name) {
  const item = SCREENS[name];
  for (const [key, link] of links) {
    if (key === item) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  more.classList.toggle("current", MAIN.indexOf(item ?? "") >= IN_BAR);
}

function focusHeading() {
  const found = main.querySelector("h1");
  if (found === null) return;
  found.tabIndex = -1;
  found.focus({ preventScroll: true });
}

// --- the hub ----------------------------------------------------------------------------------------------

/** @param {import("./lib/live.js").Live | null} current */
function showHub(current) {
  const lost = lostSince > 0;
  document.body.classList.toggle("stale", lost);
  write(banner, lost ? t("shell.lost_since", { since: seconds(lostSince + (now() - Date.now())) }) : "");
  if (live !== null) {
    const state = lost ? "lost" : live.ready ? "ready" : "not_ready";
    const text = `${t(`shell.${state}`)}|${clock(now())}|${timezone()}`;
    if (hubState.dataset.said !== text) {
      hubState.dataset.said = text;
      fill(
        hubState,
        h(
          "a",
          { href: to("system"), class: `state ${state}`, title: live.reasons.map(spoken).join("\n") },
          icon(state === "ready" ? "check" : "alert"),
          t(`shell.${state}`),
        ),
        h("span", { class: "calm" }, h("b", { class: "number" }, clock(now())), ` ${timezone()}`),
      );
    }
  }
  writeTitle();
  refreshTimes();
  if (current === null) return;
  if (openLater !== null) {
    const go = openLater;
    openLater = null;
    go();
    return;
  }
  shown?.screen.tick?.();
  if (current.change !== seenChange) void load();
}

let titleSaid = "";
let iconSaid = -1;
/** The count of what needs a person stands in the title and in the icon of the tab. */
function writeTitle() {
  const count = live?.needs_count ?? 0;
  const text = `${count > 0 ? `(${count}) ` : ""}${title ? `${title} · ` : ""}tikmatrixd`;
  if (titleSaid !== text) document.title = titleSaid = text;
  const link = links.get("home");
  if (count === iconSaid || link === undefined) return;
  iconSaid = count;
  link.querySelector(".count")?.remove();
  link.removeAttribute("aria-description");
  if (count > 0) {
    // The link keeps its name; a screen reader says the count after it.
    link.append(h("span", { class: "count", "aria-hidden": "true" }, count));
    link.setAttribute("aria-description", t("shell.needs", { n: count }));
  }
  void drawTabIcon(count);
}

/** @param {number} count */
async function drawTabIcon(count) {
  const node = /** @type {HTMLLinkElement | null} */ (document.querySelector("link[rel=icon]"));
  if (node === null) return;
  const own = new URL("./icon.svg", import.meta.url).href;
  if (count === 0) {
    if (node.href !== own) node.href = own;
    return;
  }
  const image = new Image(64, 64);
  image.src = own;
  await image.decode();
  const canvas = h("canvas", { width: 64, height: 64 });
  const pen = canvas.getContext("2d");
  if (pen === null) return;
  pen.drawImage(image, 0, 0, 64, 64);
  pen.fillStyle = "#c9252d";
  pen.beginPath();
  pen.arc(44, 20, 20, 0, 7);
  pen.fill();
  pen.fillStyle = "#fff";
  pen.font = "bold 28px system-ui, sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(count > 9 ? "9+" : String(count), 44, 21);
  node.href = canvas.toDataURL("image/png");
}

let locked = false;
/** Over an open dialog, as there may be text in it, else on a screen of its own. */
async function lock() {
  if (locked || placeNow().name === "login") return;
  if (document.querySelector("dialog[open]") !== null) {
    locked = true;
    const [{ askToken }] = await Promise.all([import("./screens/login.js"), loadMoreTexts()]);
    const done = await askToken().finally(() => {
      locked = false;
    });
    if (done) return;
    for (const open of document.querySelectorAll("dialog[open]")) /** @type {HTMLDialogElement} */ (open).close();
  }
  rememberPlace(location.hash);
  location.hash = to("login");
}

async function start() {
  applyTheme();
  // The screen's module travels beside the texts. What it fails with is said where the screen is opened.
  screenOf(placeNow().name).catch(() => undefined);
  await loadTexts();
  drawShell();
  onLocked(() => void lock());
  onLive(showHub);
  watchVisibility();
  addEventListener("hashchange", () => void route());
  startLive();
  await route();
}

void start();
