// System: whether the hub can work, its config in force, and how this device shows the console.

import { get, send } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { live } from "../lib/live.js";
import { badge, button, card, fold, heading } from "../lib/parts.js";
import { logOut, whoIsLoggedIn } from "../lib/session.js";
import { chooseLanguage, chosenLanguage, t } from "../lib/texts.js";
import { chooseTheme, chosenTheme } from "../lib/theme.js";
import { toast } from "../lib/toasts.js";

/**
 * @param {import("../lib/router.js").Visit} visit
 * @returns {import("../lib/router.js").Screen}
 */
export default function system(visit) {
  const state = h("div");
  const config = h("pre");
  const who = h("div", { class: "spread" });

  async function load() {
    const [found, caller] = await Promise.all([get("/api/v1/config", { signal: visit.signal }), whoIsLoggedIn()]);
    fill(
      state,
      live?.ready ? badge("good", t("shell.ready")) : badge("bad", t("shell.not_ready"), "alert"),
      [...(live?.reasons ?? []), ...(live?.notices ?? []), ...found.notices].map((line) => h("p", null, line)),
    );
    config.textContent = found.text;
    fill(
      who,
      h("span", null, t(`system.how_${caller.how.replaceAll(" ", "_")}`, { name: caller.name })),
      caller.session_id !== null && button(t("system.log_out"), leave, { icon: "logout" }),
    );
  }

  async function leave() {
    await logOut();
    location.hash = "#/login";
  }

  async function reloadConfig() {
    const answer = await send("POST", "/api/v1/reload", undefined, { repeat: true });
    toast(answer.changed.length ? t("system.reloaded", { keys: answer.changed.join(", ") }) : t("system.nothing_changed"));
    await visit.reload();
  }

  async function confirmClock() {
    await send("POST", "/api/v1/clock/confirm", undefined, { repeat: true });
    toast(t("system.clock_confirmed"));
    await visit.reload();
  }

  const node = h(
    "div",
    { class: "stack" },
    heading(t("system.title")),
    card("stack", state, h("div", { class: "buttons" }, button(t("system.confirm_clock"), confirmClock, { icon: "clock" }))),
    card(
      "stack",
      h("h2", null, t("system.this_device")),
      who,
      choice(
        "language",
        t("system.language"),
        chosenLanguage(),
        { "": t("system.as_browser"), en: "English", de: "Deutsch" },
        (value) => chooseLanguage(/** @type {"" | "en" | "de"} */ (value)),
      ),
      choice(
        "theme",
        t("system.theme"),
        chosenTheme(),
        { "": t("system.as_system"), light: t("system.light"), dark: t("system.dark") },
        (value) => chooseTheme(/** @type {"" | "light" | "dark"} */ (value)),
      ),
    ),
    card(
      "stack",
      h("h2", null, t("system.config")),
      h("div", { class: "buttons" }, button(t("system.reload"), reloadConfig, { icon: "retry" })),
      fold(t("system.in_force"), config),
    ),
    h(
      "p",
      { class: "calm small-text" },
      h("a", { href: "/api/v1/openapi.json" }, t("system.api")),
      " · ",
      h("a", { href: "/readyz" }, t("system.readiness")),
      " · ",
      h("a", { href: "/metrics" }, t("system.metrics")),
    ),
  );
  return { title: t("system.title"), node, load };
}

/**
 * Some values of which one counts.
 * @param {string} name
 * @param {string} label
 * @param {string} current
 * @param {Record<string, string>} values
 * @param {(value: string) => void} choose
 */
function choice(name, label, current, values, choose) {
  return h(
    "fieldset",
    { class: "choice" },
    h("legend", { class: "field-label" }, label),
    h(
      "div",
      { class: "chips" },
      Object.entries(values).map(([value, text]) =>
        h(
          "label",
          { class: "chip" },
          h("input", {
            class: "sr",
            type: "radio",
            name,
            value,
            checked: value === current,
            on: { change: () => choose(value) },
          }),
          text,
        ),
      ),
    ),
  );
}
