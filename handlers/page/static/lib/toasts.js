// What came of an action, in a corner for some seconds; it stays while it is pointed at or has the focus.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { asSentence, t } from "./texts.js";

const STAYS_MS = 7000;
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
  while (region.children.length > 4) region.firstElementChild?.remove();
}
