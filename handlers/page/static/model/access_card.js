// Who may use the hub: its tokens and the devices that are logged in with them; made, revoked and ended here.

import { ApiError, get, send } from "../lib/api.js";
import { ask, show } from "../lib/dialogs.js";
import { fill, h, keyed } from "../lib/dom.js";
import { badge, button, card, copy, field, time } from "../lib/parts.js";
import { logOut } from "../lib/session.js";
import { t } from "../lib/texts.js";
import { toast } from "../lib/toasts.js";

/**
 * @typedef {{ name: string, created_at: string, sessions: number, current: boolean }} Token
 * @typedef {{ id: number, name: string, device: string, since: string, last_seen: string, expires_at: string, current: boolean }} Session
 */

const FORBIDDEN = 40301;
const NAME = "[A-Za-z0-9][A-Za-z0-9 ._@\\-]{0,63}";

/** @param {import("../lib/router.js").Visit} visit */
export function accessCard(visit) {
  const tokens = h("ul", { class: "rows" });
  const sessions = h("ul", { class: "rows" });
  const noSessions = h("p", { class: "calm" }, t("system.no_sessions"));
  const node = card("stack", h("h2", null, t("system.access")));

  async function load() {
    const options = { signal: visit.signal };
    const [tokenList, { sessions: sessionList }] = await Promise.all([
      get("/api/v1/tokens", options).catch(notForNetworks),
      get("/api/v1/sessions", options),
    ]);
    draw(tokenList, sessionList);
  }

  /** @param {{ tokens: Token[] } | string} tokenList or why they are not shown @param {Session[]} sessionList */
  function draw(tokenList, sessionList) {
    const told = typeof tokenList === "string";
    keyed(tokens, told ? [] : tokenList.tokens, (token) => token.name, tokenRow);
    keyed(sessions, sessionList, (session) => session.id, sessionRow);
    noSessions.hidden = sessionList.length > 0;
    if (node.childElementCount > 1 && node.dataset.told === String(told)) return;
    node.dataset.told = String(told);
    fill(
      node,
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
        h("b", null, deviceName(session)),
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
        : button(t("system.end_session"), () => endSession(session), { small: true, of: deviceName(session) }),
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
    toast(t("system.session_ended", { device: deviceName(session) }));
    await visit.reload();
  }

  return { node, load };
}

/** Logs this device out. */
export async function leave() {
  await logOut();
  location.hash = "#/login";
}

/**
 * Tokens are not shown to a network that is trusted: the sentence why not.
 * @param {unknown} error
 */
function notForNetworks(error) {
  if (error instanceof ApiError && error.code === FORBIDDEN) return error.message;
  throw error;
}

/** "Chrome on Linux" @param {Session} session */
function deviceName({ device }) {
  const [, browser, system] = /^(.+) on (.+)$/.exec(device) ?? [];
  return browser && system ? t("system.device", { browser, system }) : device;
}
