// Parts that screens are put together from: buttons that answer in their place, cards, badges, rows, fields.

import { sentenceOf } from "./api.js";
import { freshId, h, svg } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./texts.js";
import { time } from "./times.js";

/** @typedef {import("./dom.js").Kid} Kid */
/** @typedef {"plain" | "primary" | "danger" | "quiet"} ButtonKind */

/**
 * A button. While its work runs it is disabled and says so; what went wrong stands beside it.
 * @param {string} text
 * @param {(event: Event) => void | Promise<void>} act
 * @param {{ kind?: ButtonKind, icon?: string, of?: string, disabled?: boolean, small?: boolean, title?: string }} [options]
 *   `of`: whom it is about, which a screen reader says after the name
 */
export function button(text, act, options = {}) {
  const node = h(
    "button",
    {
      type: "button",
      class: `button ${options.kind ?? "plain"}${options.small ? " small" : ""}`,
      disabled: options.disabled,
      title: options.title,
      "aria-description": options.of,
      on: { click },
    },
    options.icon && icon(options.icon),
    h("span", null, text),
  );

  /** @param {Event} event */
  async function click(event) {
    if (node.getAttribute("aria-busy") === "true") return;
    const focused = document.activeElement === node; // before a dialog takes it
    const done = act(event);
    if (done instanceof Promise) await whileBusy(node, done, focused);
  }
  return node;
}

/**
 * Shows a button at work until this is done; a refusal stands beside it.
 * @param {HTMLButtonElement} node
 * @param {Promise<unknown>} work
 * @param {boolean} [focused] whether it gets the focus back
 */
export async function whileBusy(node, work, focused = document.activeElement === node) {
  node.setAttribute("aria-busy", "true");
  node.disabled = true;
  if (node.nextElementSibling?.classList.contains("beside")) node.nextElementSibling.remove();
  try {
    await work;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return;
    if (node.isConnected) node.after(h("p", { class: "problem beside", role: "alert" }, sentenceOf(error)));
  } finally {
    node.removeAttribute("aria-busy");
    node.disabled = false;
    if (focused && node.isConnected && document.activeElement === document.body) node.focus();
  }
}

/** A link that looks like a button. @param {string} text @param {string} href @param {{ kind?: ButtonKind, icon?: string }} [options] */
export function linkButton(text, href, options = {}) {
  return h("a", { class: `button ${options.kind ?? "plain"}`, href }, options.icon && icon(options.icon), h("span", null, text));
}

/** A card. @param {string} kind further classes @param {...Kid} kids */
export function card(kind, ...kids) {
  return h("section", { class: `card ${kind}` }, ...kids);
}

/** The heading of a screen, with what stands beside it. @param {string} title @param {...Kid} beside */
export function heading(title, ...beside) {
  return h(
    "header",
    { class: "screen-head" },
    h("h1", null, title),
    beside.length > 0 && h("div", { class: "screen-acts" }, ...beside),
  );
}

/** The heading of a part of a screen. @param {string} title @param {...Kid} beside */
export function subheading(title, ...beside) {
  return h("div", { class: "part-head" }, h("h2", null, title), ...beside);
}

/**
 * A word about a state: never by its colour alone.
 * @param {"good" | "bad" | "warn" | "run" | "calm"} kind
 * @param {string} text
 * @param {string} [name] its icon
 */
export function badge(kind, text, name) {
  const usual = { good: "check", bad: "cross", warn: "alert", run: "bolt", calm: "clock" }[kind];
  return h("span", { class: `badge ${kind}` }, icon(name ?? usual), text);
}

/** What is shown where there is nothing. @param {string} text @param {...Kid} more */
export function empty(text, ...more) {
  return h("div", { class: "empty" }, h("p", null, text), ...more);
}

/**
 * A field with its label, a hint and a place for what is wrong with it.
 * @param {string} label
 * @param {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} control
 * @param {{ hint?: string }} [options]
 */
export function field(label, control, options = {}) {
  const hint = options.hint ? h("span", { class: "hint" }, options.hint) : null;
  const problem = h("span", { class: "problem", role: "alert" });
  return h(
    "label",
    { class: "field", data: { field: control.name } },
    h("span", { class: "field-label" }, label),
    control,
    hint,
    problem,
  );
}

/** A box to tick with its text. @param {HTMLInputElement} box @param {string} text */
export function tick(box, text) {
  return h("label", { class: "tick" }, box, h("span", null, text));
}

/** A control with its label; what stands below it is no part of its name. @param {string} text @param {HTMLElement} control @param {...Node} below */
export function labelled(text, control, ...below) {
  control.id ||= freshId();
  return h("div", { class: "field" }, h("label", { class: "field-label", for: control.id }, text), control, ...below);
}

/**
 * Something that is folded until it is wanted.
 * @param {string} summary
 * @param {...Kid} kids
 */
export function fold(summary, ...kids) {
  return h("details", { class: "fold" }, h("summary", null, icon("chevron"), summary), ...kids);
}

/**
 * The steps of a work, with how far it is.
 * @param {{ name: string, state: "done" | "now" | "failed" | "unknown" | "open" | "skipped", note?: string | Node | null }[]} steps
 * @param {string} label
 */
export function stepper(steps, label) {
  const words = {
    done: t("parts.step_done"),
    now: t("parts.step_now"),
    failed: t("parts.step_failed"),
    unknown: t("parts.step_unknown"),
    open: t("parts.step_open"),
    skipped: t("parts.step_skipped"),
  };
  return h(
    "ol",
    { class: "stepper", "aria-label": label },
    steps.map((step) =>
      h(
        "li",
        { class: step.state, "aria-current": step.state === "now" ? "step" : null },
        h(
          "span",
          { class: "step-mark" },
          step.state === "done"
            ? icon("check")
            : step.state === "failed"
              ? icon("cross")
              : step.state === "unknown"
                ? icon("question")
                : icon("dot"),
        ),
        h("span", { class: "step-name" }, step.name, h("span", { class: "sr" }, `, ${words[step.state]}`)),
        step.note && h("span", { class: "step-note" }, step.note),
      ),
    ),
  );
}

/** How far something is. @param {number} part between 0 and 1 @param {string} label */
export function progress(part, label) {
  return h("progress", { class: "progress", max: 1, value: part, "aria-label": label });
}

/** The sign of an app. @param {string} platform */
export function appIcon(platform) {
  return icon(platform === "instagram" ? "instagram" : "tiktok", "app");
}

/** The name of an app. @param {string} platform */
export function appName(platform) {
  return { tiktok: "TikTok", instagram: "Instagram" }[platform] ?? platform;
}

/** A text that is copied. @param {string} text */
export async function copy(text) {
  if (navigator.clipboard !== undefined) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Over plain HTTP from another machine browsers keep the clipboard back.
  const area = h("textarea", { class: "sr", value: text });
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

/** A thin ring that turns while something is read. */
export function waiting() {
  return h(
    "p",
    { class: "waiting", role: "status" },
    svg("svg", { viewBox: "0 0 24 24", class: "spin", "aria-hidden": "true" }, svg("circle", { cx: 12, cy: 12, r: 9 })),
    t("parts.reading"),
  );
}

export { time };
