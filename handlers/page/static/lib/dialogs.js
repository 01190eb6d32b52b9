// Asks before something is done, and shows pictures and texts. A dialog says what will happen, and what the hub answered.

import { sentenceOf } from "./api.js";
import { fill, h } from "./dom.js";
import { button } from "./parts.js";
import { t } from "./texts.js";

/**
 * @typedef {object} Question
 * @property {string} title
 * @property {(string | Node)[]} lines what will happen
 * @property {string} verb the button that does it
 * @property {boolean} [danger] a red button
 * @property {string} [tick] a sentence that must be confirmed first
 * @property {HTMLElement} [form] fields; the first one gets the focus
 * @property {() => Promise<void>} send makes the call; what it raises is shown in the dialog, which stays open
 */

/**
 * Asks; true when it was done, false when the person went back.
 * @param {Question} question
 * @returns {Promise<boolean>}
 */
export function ask(question) {
  const problem = h("p", { class: "problem", role: "alert" });
  const confirm = question.tick === undefined ? null : h("input", { type: "checkbox" });
  let busy = false;
  let done = false;
  const cancel = h("button", { type: "button", class: "button", on: { click: () => dialog.close() } }, t("parts.cancel"));
  const act = h("button", { type: "submit", class: `button ${question.danger ? "danger" : "primary"}` }, question.verb);
  const form = h(
    "form",
    { method: "dialog", on: { submit } },
    h("h2", null, question.title),
    question.lines.map((line) => (typeof line === "string" ? h("p", null, line) : line)),
    question.form,
    confirm && h("label", { class: "tick" }, confirm, h("span", null, question.tick)),
    problem,
    h("div", { class: "buttons" }, cancel, act),
  );
  const dialog = openDialog(question.title, form);
  const first = question.form?.querySelector("input, textarea, select");
  (first instanceof HTMLElement ? first : cancel).focus();
  confirm?.addEventListener("change", () => hold(false));
  dialog.addEventListener("cancel", (event) => {
    if (busy) event.preventDefault();
  });
  // The second half of a double tap was meant for the button below.
  act.addEventListener("click", (event) => {
    if (event.detail > 1) event.preventDefault();
  });
  hold(false);

  /** @param {boolean} on */
  function hold(on) {
    busy = on;
    cancel.disabled = on;
    act.disabled = on || confirm?.checked === false;
    act.setAttribute("aria-busy", String(on));
  }

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    if (busy || act.disabled) return;
    hold(true);
    problem.textContent = "";
    try {
      await question.send();
      done = true;
      dialog.close();
    } catch (error) {
      problem.textContent = sentenceOf(error);
    }
    hold(false);
    if (dialog.open) act.focus();
  }

  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(done)));
}

/**
 * Shows something: a picture, a log.
 * @param {string} title
 * @param {...Node} nodes
 */
export function show(title, ...nodes) {
  const close = button(t("parts.close"), () => dialog.close());
  const dialog = openDialog(title, h("div", { class: "dialog-head" }, h("h2", null, title), close), ...nodes);
  dialog.classList.add("wide");
  close.focus();
  return {
    dialog,
    replace: (/** @type {Node[]} */ ...fresh) =>
      fill(dialog, h("div", { class: "dialog-head" }, h("h2", null, title), close), ...fresh),
  };
}

/**
 * A modal dialog that is gone when it closes; the focus goes back to where it was.
 * @param {string} title
 * @param {...Node} nodes
 */
function openDialog(title, ...nodes) {
  const opener = document.activeElement;
  const dialog = h("dialog", { "aria-label": title }, ...nodes);
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (opener instanceof HTMLElement && opener.isConnected) opener.focus({ preventScroll: true });
    else document.querySelector("main")?.focus({ preventScroll: true });
  });
  // A tap beside it closes what only shows something.
  dialog.addEventListener("pointerdown", (event) => {
    if (event.target === dialog && dialog.classList.contains("wide")) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
