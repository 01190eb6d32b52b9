// System: whether the hub can work, who may use it, its config, its backup, its notifications, and how this device shows it.

import { get, send } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { live } from "../lib/live.js";
import { badge, button, card, fold, heading, linkButton } from "../lib/parts.js";
import { whoIsLoggedIn } from "../lib/session.js";
import { spoken, spokenNode } from "../lib/spoken.js";
import { chooseLanguage, chosenLanguage, t } from "../lib/texts.js";
import { chooseTheme, chosenTheme } from "../lib/theme.js";
import { toast } from "../lib/toasts.js";
import { accessCard, leave } from "../model/access_card.js";
import { doctorCard } from "../model/doctor_card.js";

const TRIAL_MS = 120_000;
/** What the hub says of a clock in doubt holds this. */
const CLOCK = "clock of this box";

/**
 * @param {import("../lib/router.js").Visit} visit
 * @returns {import("../lib/router.js").Screen}
 */
export default function system(visit) {
  const state = h("div", { class: "spread" });
  const reasons = h("ul", { class: "reasons" });
  const config = h("pre");
  const notices = h("ul", { class: "reasons" });
  const who = h("div", { class: "spread" });
  const access = accessCard(visit);
  const tried = h("ul", { class: "rows", role: "status" });

  async function load() {
    const [found, caller] = await Promise.all([get("/api/v1/config", { signal: visit.signal }), whoIsLoggedIn(), access.load()]);
    config.textContent = found.text;
    fill(
      notices,
      found.notices.map((/** @type {string} */ line) => h("li", null, icon("alert"), spokenNode(line))),
    );
    drawState();
    drawCaller(caller);
  }

  function drawState() {
    fill(
      state,
      live?.ready ? badge("good", t("shell.ready")) : badge("bad", t("shell.not_ready"), "alert"),
      h("span", { class: "calm small-text" }, t("system.version", { version: String(live?.version ?? "") })),
    );
    const said = new Set([...notices.children].map((line) => line.textContent));
    const lines = [...(live?.reasons ?? []), ...(live?.notices ?? [])].filter((line) => !said.has(spoken(line)));
    doubt.hidden = !lines.some((line) => line.includes(CLOCK));
    fill(
      reasons,
      lines.map((line) => h("li", null, icon("alert"), spokenNode(line))),
    );
  }

  /** @param {any} caller */
  function drawCaller(caller) {
    fill(
      who,
      h("span", null, t(`system.how_${caller.how.replaceAll(" ", "_")}`, { name: caller.name })),
      caller.session_id !== null && button(t("system.log_out"), leave, { icon: "logout" }),
    );
  }

  // --- what else ------------------------------------------------------------------------------------------

  async function reloadConfig() {
    const answer = await send("POST", "/api/v1/reload", undefined, { repeat: true });
    const restart = answer.restart_needed.length ? [t("system.restart", { keys: answer.restart_needed.join(", ") })] : [];
    const changed = answer.changed.length
      ? t("system.reloaded", { keys: answer.changed.join(", ") })
      : t("system.nothing_changed");
    toast([changed, ...restart]);
    await visit.reload();
  }

  async function confirmClock() {
    await send("POST", "/api/v1/clock/confirm", undefined, { repeat: true });
    toast(t("system.clock_confirmed"));
    await visit.reload();
  }

  async function tryNotifications() {
    fill(tried);
    const { receivers } = await send("POST", "/api/v1/notify/test", undefined, { wait_ms: TRIAL_MS });
    fill(
      tried,
      receivers.map((/** @type {{ receiver: string, problem: string }} */ one) =>
        h(
          "li",
          { class: "spread" },
          h("code", null, one.receiver),
          one.problem ? badge("bad", spoken(one.problem)) : badge("good", t("system.arrived")),
        ),
      ),
      receivers.length === 0 && h("li", { class: "calm" }, t("system.no_receiver")),
    );
  }

  const doubt = h("div", { class: "buttons", hidden: true }, button(t("system.confirm_clock"), confirmClock, { icon: "clock" }));
  const library = h("input", { type: "checkbox", name: "library", on: { change: aimBackup } });
  const backup = linkButton(t("system.download"), "/api/v1/backup", { icon: "download" });
  backup.setAttribute("download", "");

  function aimBackup() {
    backup.setAttribute("href", library.checked ? "/api/v1/backup?library=true" : "/api/v1/backup");
  }

  const node = h(
    "div",
    { class: "stack" },
    heading(t("system.title")),
    card("stack", state, reasons, doubt),
    doctorCard(visit.signal),
    access.node,
    card(
      "stack",
      h("h2", null, t("system.apps")),
      h("p", { class: "calm" }, t("system.apps_how")),
      h(
        "div",
        { class: "buttons" },
        linkButton(t("compat.title"), "#/compat", { icon: "phones" }),
        linkButton(t("teach.title"), "#/teach", { icon: "hand" }),
      ),
    ),
    card(
      "stack",
      h("h2", null, t("system.config")),
      notices,
      h("div", { class: "buttons" }, button(t("system.reload"), reloadConfig, { icon: "retry" })),
      fold(t("system.in_force"), config),
    ),
    card(
      "stack",
      h("h2", null, t("system.notifications")),
      h("p", { class: "calm" }, t("system.notifications_how")),
      h("div", { class: "buttons" }, button(t("system.try"), tryNotifications, { icon: "bolt" })),
      tried,
    ),
    card(
      "stack",
      h("h2", null, t("system.backup")),
      h("p", { class: "calm" }, t("system.backup_how")),
      h("label", { class: "tick" }, library, h("span", null, t("system.with_library"))),
      h("div", { class: "buttons" }, backup),
    ),
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
    h(
      "p",
      { class: "calm small-text" },
      h("a", { href: "#/setup" }, t("system.setup")),
      " · ",
      h("a", { href: "/api/v1/openapi.json" }, t("system.api")),
      " · ",
      h("a", { href: "/readyz" }, t("system.readiness")),
      " · ",
      h("a", { href: "/metrics" }, t("system.metrics")),
    ),
  );
  return { title: t("system.title"), node, load, tick: drawState };
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
