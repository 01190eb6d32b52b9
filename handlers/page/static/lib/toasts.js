// What came of an action, in a corner for some seconds; it stays while it is pointed at or has the focus.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { asSentence, t } from "./texts.js";

const STAYS_MS = 7000;
const UNDO_MS = 6000;
const region = h("div", { class: "toasts", role: "status", "aria-live": "polite" });

/** The place of the toasts; the shell puts it into the page. */
export function toasts() {
  return region;
}

/**
 * @param {string | string[]} sentences
 * @param {{ kind?: "good" | "bad" | "plain", link?: { text: string, href: string } }} [options]
 */
export function toast(sentences, options = {}) {
  const kind = options.kind ?? "good";
  const text = typeof sentences === "string" ? [sentences] : sentences;
  const close = h(
    "button",
    { type: "button", class: "icon-button", "aria-label": t("parts.close"), on: { click: gone } },
    icon("close"),
  );
  const node = h(
    "div",
    { class: `toast ${kind}` },
    icon(kind === "bad" ? "alert" : "check"),
    h(
      "div",
      { class: "toast-text" },
      text.map((line) => h("p", null, asSentence(line))),
      options.link && h("a", { href: options.link.href }, options.link.text),
    ),
    close,
  );
  let timer = 0;
  function gone() {
    clearTimeout(timer);
    node.classList.add("going");
    setTimeout(() => node.remove(), 250);
  }
  function arm() {
    clearTimeout(timer);
    timer = setTimeout(gone, kind === "bad" ? STAYS_MS * 2 : STAYS_MS);
  }
  for (const event of ["pointerenter", "focusin"]) node.addEventListener(event, () => clearTimeout(timer));
  for (const event of ["pointerleave", "focusout"]) node.addEventListener(event, arm);
  arm();
  region.append(node);
  const plain = region.querySelectorAll(".toast:not(.plain)"); // not what still waits for a word
  if (plain.length > 4) plain[0]?.remove();
}

/**
 * Waits a little before something is done that cannot be taken back, and offers to undo it; true when it is to be done. A page
 * that is left or hidden meanwhile does it at once: it was asked for.
 * @param {string} sentence
 * @returns {Promise<boolean>}
 */
export function mayUndo(sentence) {
  return new Promise((resolve) => {
    const undo = h("button", { type: "button", class: "button small", on: { click: () => end(false) } }, t("parts.undo"));
    const node = h(
      "div",
      { class: "toast plain" },
      icon("clock"),
      h("div", { class: "toast-text" }, h("p", null, sentence)),
      undo,
    );
    let timer = 0;
    const arm = () => {
      clearTimeout(timer);
      timer = setTimeout(() => end(true), UNDO_MS);
    };
    const left = () => {
      if (document.hidden) end(true);
    };
    const gone = () => end(true);
    /** @param {boolean} go */
    function end(go) {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", left);
      removeEventListener("pagehide", gone);
      node.remove();
      resolve(go);
    }
    for (const event of ["pointerenter", "focusin"]) node.addEventListener(event, () => clearTimeout(timer));
    for (const event of ["pointerleave", "focusout"]) node.addEventListener(event, arm);
    document.addEventListener("visibilitychange", left);
    addEventListener("pagehide", gone);
    arm();
    region.append(node);
  });
}
