// System: whether the hub can work, who may use it, its config, its backup, its notifications, and how this device shows it.

import { ApiError, get, raw, send } from "../lib/api.js";
import { ask, show } from "../lib/dialogs.js";
import { fill, h, keyed } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { live } from "../lib/live.js";
import { badge, button, card, copy, field, fold, heading, linkButton, time } from "../lib/parts.js";
import { logOut, whoIsLoggedIn } from "../lib/session.js";
import { spoken, spokenName, spokenNode } from "../lib/spoken.js";
import { capital, chooseLanguage, chosenLanguage, t } from "../lib/texts.js";
import { chooseTheme, chosenTheme } from "../lib/theme.js";
import { toast } from "../lib/toasts.js";

/**
 * @typedef {{ level: "ok" | "warn" | "FAIL", subject: string, sentence: string, fix: string }} Finding
 * @typedef {{ name: string, created_at: string, sessions: number, current: boolean }} Token
 * @typedef {{ id: number, name: string, device: string, since: string, last_seen: string, expires_at: string, current: boolean }} Session
 */

/** How long one call for doctor may take; it answers within 25 s with what it has. */
const DOCTOR_MS = 60_000;
const TRIAL_MS = 120_000;
const AGAIN_MS = 1500;
const FORBIDDEN = 40301;
/** What the hub says of a clock in doubt holds this. */
const CLOCK = "clock of this box";
const NAME = "[A-Za-z0-9][A-Za-z0-9 ._@\\-]{0,63}";

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
  const tokens = h("ul", { class: "rows" });
  const sessions = h("ul", { class: "rows" });
  const noSessions = h("p", { class: "calm" }, t("system.no_sessions"));
  const access = card("stack", h("h2", null, t("system.access")));
  const tried = h("ul", { class: "rows", role: "status" });

  async function load() {
    const options = { signal: visit.signal };
    const [found, caller, tokenList, sessionList] = await Promise.all([
      get("/api/v1/config", options),
      whoIsLoggedIn(),
      get("/api/v1/tokens", options).catch(notForNetworks),
      get("/api/v1/sessions", options),
    ]);
    config.textContent = found.text;
    fill(
      notices,
      found.notices.map((/** @type {string} */ line) => h("li", null, icon("alert"), spokenNode(line))),
    );
    drawState();
    drawCaller(caller);
    drawAccess(tokenList, sessionList.sessions);
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

  // --- who may use it -------------------------------------------------------------------------------------

  /** @param {{ tokens: Token[] } | string} tokenList or why they are not shown @param {Session[]} sessionList */
  function drawAccess(tokenList, sessionList) {
    const told = typeof tokenList === "string";
    keyed(tokens, told ? [] : tokenList.tokens, (token) => token.name, tokenRow);
    keyed(sessions, sessionList, (session) => session.id, sessionRow);
    noSessions.hidden = sessionList.length > 0;
    if (access.childElementCount > 1 && access.dataset.told === String(told)) return;
    access.dataset.told = String(told);
    fill(
      access,
      h("h2", null, t("system.access")),
      h("p", { class: "calm" }, t("system.access_how")),
      told
        ? h("p", { class: "problem" }, tokenList)
        : [
            h(
              "div",
              { class: "spread" },
              h("h3", null, t("system.tokens")),
              button(t("system.new_token"), newToken, { icon: "key", kind: "primary" }),
            ),
            tokens,
            tokenList.tokens.length === 0 && h("p", { class: "calm" }, t("system.no_tokens")),
          ],
      h("h3", null, t("system.sessions")),
      noSessions,
      sessions,
    );
  }

  /** @param {Token} token */
  function tokenRow(token) {
    return h(
      "li",
      { class: "spread" },
      h(
        "div",
        null,
        h("b", null, token.name),
        " ",
        token.current && badge("run", t("system.used_here"), "check"),
        h(
          "p",
          { class: "calm small-text" },
          t("system.made"),
          " ",
          time(token.created_at, "when"),
          token.sessions > 0 && ` · ${t("system.devices", { n: token.sessions })}`,
        ),
      ),
      button(t("system.revoke"), () => revoke(token), { small: true, of: token.name }),
    );
  }

  /** @param {Session} session */
  function sessionRow(session) {
    return h(
      "li",
      { class: "spread" },
      h(
        "div",
        null,
        h("b", null, session.device),
        " ",
        session.current && badge("run", t("system.this_one"), "check"),
        h(
          "p",
          { class: "calm small-text" },
          t("system.with_token", { name: session.name }),
          " · ",
          t("system.last_seen"),
          " ",
          time(session.last_seen, "relative"),
        ),
      ),
      session.current
        ? button(t("system.log_out"), leave, { small: true, icon: "logout" })
        : button(t("system.end_session"), () => endSession(session), { small: true, of: session.device }),
    );
  }

  async function newToken() {
    const name = h("input", { name: "name", required: true, maxlength: 64, pattern: NAME, autocomplete: "off" });
    /** @type {{ name: string, token: string, link: string, qr_code: string } | null} */
    let made = null;
    await ask({
      title: t("system.new_token"),
      lines: [t("system.new_token_how")],
      form: h("div", null, field(t("system.token_name"), name, { hint: t("system.token_name_hint") })),
      verb: t("system.make_token"),
      send: async () => {
        made = await send("POST", "/api/v1/tokens", { name: name.value.trim() });
      },
    });
    if (made !== null) showToken(made);
    await visit.reload();
  }

  /** @param {{ name: string, token: string, link: string, qr_code: string }} made */
  function showToken(made) {
    show(
      t("system.token_made", { name: made.name }),
      h("p", null, t("system.token_once")),
      h("img", { class: "qr", src: made.qr_code, alt: t("system.qr_alt") }),
      h("p", { class: "calm" }, t("system.scan")),
      h("div", { class: "token-text" }, h("code", null, made.token)),
      h(
        "div",
        { class: "buttons" },
        button(t("system.copy_token"), () => copied(made.token), { icon: "copy", kind: "primary" }),
        button(t("system.copy_link"), () => copied(made.link), { icon: "copy" }),
      ),
    );
  }

  /** @param {string} text */
  async function copied(text) {
    await copy(text);
    toast(t("system.copied"));
  }

  /** @param {Token} token */
  async function revoke(token) {
    const lines = [t("system.revoke_what", { name: token.name })];
    if (token.sessions > 0) lines.push(t("system.revoke_sessions", { n: token.sessions }));
    if (token.current) lines.push(t("system.revoke_own"));
    await ask({
      title: t("system.revoke_title", { name: token.name }),
      lines,
      verb: t("system.revoke"),
      danger: true,
      send: async () => {
        await send("DELETE", `/api/v1/tokens/${encodeURIComponent(token.name)}`, undefined, { repeat: true });
        toast(t("system.revoked", { name: token.name }));
      },
    });
    await visit.reload();
  }

  /** @param {Session} session */
  async function endSession(session) {
    await send("DELETE", `/api/v1/sessions/${session.id}`, undefined, { repeat: true });
    toast(t("system.session_ended", { device: session.device }));
    await visit.reload();
  }

  async function leave() {
    await logOut();
    location.hash = "#/login";
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
    access,
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
 * What doctor finds, on request: each look asks every phone.
 * @param {AbortSignal} signal
 */
function doctorCard(signal) {
  const verdict = h("p", { role: "status" });
  const list = h("ul", { class: "rows" });
  const well = h("div");

  async function look() {
    fill(list);
    fill(well);
    fill(verdict, t("system.looking"));
    for (;;) {
      const answer = await raw("GET", "/api/v1/doctor", undefined, { signal, wait_ms: DOCTOR_MS });
      const found = await answer.json();
      if (found.code !== 0) throw new ApiError(found.message, { code: found.code, status: answer.status });
      draw(found.data);
      if (found.data.complete) return;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  /** @param {{ findings: Finding[], complete: boolean, can_post: boolean, verdict: string }} report */
  function draw(report) {
    const open = report.findings.filter((one) => one.level !== "ok");
    const good = report.findings.filter((one) => one.level === "ok");
    const kind = report.can_post ? "good" : "bad";
    fill(verdict, report.complete ? badge(kind, spoken(capital(report.verdict))) : t("system.looking"));
    fill(list, open.map(findingRow));
    fill(well, good.length > 0 && fold(t("system.well", { n: good.length }), h("ul", { class: "rows" }, good.map(findingRow))));
  }

  return card(
    "stack",
    h("h2", null, t("system.doctor")),
    h("p", { class: "calm" }, t("system.doctor_how")),
    h("div", { class: "buttons" }, button(t("system.check"), look, { icon: "search" })),
    verdict,
    list,
    well,
  );
}

/** @param {Finding} one */
function findingRow(one) {
  const [kind, word] =
    one.level === "FAIL"
      ? /** @type {const} */ (["bad", t("system.fails")])
      : one.level === "warn"
        ? /** @type {const} */ (["warn", t("system.warns")])
        : /** @type {const} */ (["good", t("system.is_well")]);
  return h(
    "li",
    { class: "finding" },
    badge(kind, word),
    h(
      "div",
      null,
      h("p", null, h("b", null, capital(spokenName(one.subject))), " ", spokenNode(one.sentence)),
      one.fix && h("p", { class: "calm small-text" }, t("system.fix"), " ", spokenNode(one.fix)),
    ),
  );
}

/**
 * Tokens are not shown to a network that is trusted: the sentence why not.
 * @param {unknown} error
 */
function notForNetworks(error) {
  if (error instanceof ApiError && error.code === FORBIDDEN) return error.message;
  throw error;
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
