// Log-in: a token, made on the box, becomes a session of this browser.

import { ApiError, sentenceOf } from "../lib/api.js";
import { ask } from "../lib/dialogs.js";
import { h } from "../lib/dom.js";
import { startLive } from "../lib/live.js";
import { field, whileBusy } from "../lib/parts.js";
import { logIn, placeBefore } from "../lib/session.js";
import { t } from "../lib/texts.js";

let refused = "";

/**
 * Logs in with the token of a link. A device that is logged in already stays so where the link's token is wrong.
 * @param {string} token
 */
export async function takeToken(token) {
  try {
    await logIn(token, true); // who scans a code is at a device of their own
    goOn();
  } catch (error) {
    refused = sentenceOf(error);
    location.replace(error instanceof ApiError && error.locked ? "#/login" : "#/home");
  }
}

function goOn() {
  startLive();
  const back = placeBefore();
  if (location.hash === back || (location.hash === "" && back === "#/home")) dispatchEvent(new HashChangeEvent("hashchange"));
  else location.replace(back);
}

function fields() {
  const token = h("input", {
    type: "password",
    name: "token",
    autocomplete: "current-password",
    spellcheck: "false",
    required: true,
  });
  const remember = h("input", { type: "checkbox", name: "remember" });
  return { token, remember };
}

/** The same over an open dialog, so that nothing that was typed there is lost. True when it was done. */
export async function askToken() {
  const { token, remember } = fields();
  const done = await ask({
    title: t("login.title"),
    lines: [t("login.stays")],
    form: h(
      "div",
      { class: "stack" },
      field(t("login.token"), token),
      h("label", { class: "tick" }, remember, h("span", null, t("login.remember"))),
    ),
    verb: t("login.log_in"),
    send: () => logIn(token.value, remember.checked),
  });
  if (done) startLive();
  return done;
}

/** @returns {import("../lib/router.js").Screen} */
export default function login() {
  const { token, remember } = fields();
  const problem = h("p", { class: "problem", role: "alert" }, refused);
  refused = "";
  const act = h("button", { type: "submit", class: "button primary" }, t("login.log_in"));

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    if (!token.value.trim() || act.disabled) return;
    problem.textContent = "";
    void whileBusy(act, enter());
  }

  async function enter() {
    try {
      await logIn(token.value, remember.checked);
      token.value = "";
      goOn();
    } catch (error) {
      problem.textContent = sentenceOf(error);
      token.select();
    }
  }

  const node = h(
    "form",
    { class: "card login", on: { submit } },
    h("h1", null, t("login.title")),
    h("p", { class: "calm" }, t("login.how"), " ", h("code", null, "tikmatrixd token new NAME")),
    field(t("login.token"), token),
    h("label", { class: "tick" }, remember, h("span", null, t("login.remember"))),
    problem,
    act,
  );
  requestAnimationFrame(() => token.focus());
  return { title: t("login.log_in"), node };
}
