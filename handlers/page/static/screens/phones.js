// Phones: working and free ones first, trouble next, absent ones folded.

import { raw, send } from "../lib/api.js";
import { ask } from "../lib/dialogs.js";
import { h, keyed } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { askNow } from "../lib/live.js";
import { badge, button, empty, field, heading } from "../lib/parts.js";
import { to } from "../lib/router.js";
import { sentenceSaid, spoken } from "../lib/spoken.js";
import { t } from "../lib/texts.js";
import { day, now, time, when } from "../lib/times.js";
import { toast } from "../lib/toasts.js";
import { accountLine, loadAccounts, nextPost } from "../model/accounts.js";
import { resume } from "../model/actions.js";
import { hubButton, pause, pauseSentence } from "../model/pauses.js";
import { adbServers, loadPhones } from "../model/phones.js";
import { rehearseButton } from "../model/rehearsals.js";

/** @typedef {import("../model/phones.js").Phone} Phone */
/** @typedef {import("../model/accounts.js").Account} Account */

/**
 * @param {import("../lib/router.js").Visit} visit
 * @returns {import("../lib/router.js").Screen}
 */
export default function phones(visit) {
  const here = h("div", { class: "phone-grid" });
  const away = h("div", { class: "phone-grid" });
  const count = h("span");
  const folded = h("details", { class: "fold away", hidden: true }, h("summary", null, icon("chevron"), count), away);
  const none = h("div", { hidden: true }, empty(t("phones.none"), h("p", null, t("phones.none_how"))));
  const sums = h("p", { class: "calm sums" });
  const hub = h("div");
  const servers = h("ul", { class: "adb-servers" });

  async function load() {
    const [found, accounts, state] = await Promise.all([loadPhones(true), loadAccounts(visit.signal), hubPause(visit.signal)]);
    const items = found
      .map((phone) => ({ phone, accounts: accounts.filter((one) => one.device === phone.serial) }))
      .sort((a, b) => rank(a.phone) - rank(b.phone) || nameOf(a.phone).localeCompare(nameOf(b.phone)));
    const absent = items.filter((one) => one.phone.state === "absent");
    const present = items.filter((one) => one.phone.state !== "absent");
    keyed(here, present, (one) => one.phone.serial, draw, day(now()));
    keyed(away, absent, (one) => one.phone.serial, draw, day(now()));
    count.textContent = t("phones.not_connected", { n: absent.length });
    folded.hidden = absent.length === 0;
    none.hidden = found.length > 0;
    const working = present.filter((one) => one.phone.current_task !== null).length;
    const free = present.filter((one) => rank(one.phone) === 1).length;
    sums.textContent = t("phones.sums", { working, free, trouble: present.length - working - free });
    sums.hidden = present.length === 0;
    keyed(servers, adbServers(), (one) => one.name, serverLine);
    keyed(
      hub,
      state.paused ? [pauseOf(state)] : [],
      () => "hub",
      (it) => h("p", { class: "notice" }, icon("pause"), `${t("pauses.the_hub")}: ${pauseSentence(it)}`),
    );
    keyed(
      acts,
      [pauseOf(state)],
      () => "hub",
      (it) => hubButton(it, visit.reload),
    );
  }

  /** @param {{ phone: Phone, accounts: Account[] }} item */
  function draw(item) {
    return phoneCard(item.phone, item.accounts, visit.reload);
  }

  const acts = h("div", { class: "buttons" });
  return {
    title: t("phones.title"),
    node: h("div", null, heading(t("phones.title"), acts), hub, servers, sums, here, folded, none),
    load,
  };
}

/** An adb server and how its phones are. @param {import("../model/phones.js").AdbServer} one */
function serverLine(one) {
  const words = { server: one.name, n: one.phones, usable: one.usable };
  if (one.up) return h("li", { class: "calm small-text" }, t("phones.server", words));
  return h(
    "li",
    { class: "notice" },
    icon("plug"),
    `${t("phones.server_away", words)}: ${spoken(one.detail)} (${when(one.since)})`,
  );
}

/** The pause of the whole hub. @param {AbortSignal} signal @returns {Promise<import("../model/pauses.js").Paused>} */
async function hubPause(signal) {
  return (await raw("GET", "/readyz", undefined, { signal })).json();
}

/** @param {import("../model/pauses.js").Paused} state */
function pauseOf(state) {
  const { paused, paused_since, paused_until, pause_reason } = state;
  return { paused, paused_since, paused_until, pause_reason };
}

/** @param {Phone} phone */
function rank(phone) {
  if (phone.current_task !== null) return 0;
  if (phone.state === "device") return phone.detail ? 2 : 1;
  return 3;
}

/** @param {Phone} phone */
function nameOf(phone) {
  return phone.label || phone.serial;
}

/** @param {Phone} phone @param {Account[]} accounts @param {() => Promise<void>} after */
function phoneCard(phone, accounts, after) {
  const next = nextPost(accounts);
  const server = adbServers().length > 0 && phone.adb_server;
  const model = [phone.label && phone.serial, phone.model, server].filter(Boolean).join(" · ");
  return h(
    "section",
    { class: "card phone-card" },
    h(
      "div",
      { class: "phone-head" },
      h("h2", null, h("a", { href: to("phone", phone.serial) }, nameOf(phone))),
      phoneBadge(phone),
    ),
    (model || phone.battery_percent !== null) &&
      h(
        "p",
        { class: "calm small-text spread" },
        h("span", null, model),
        phone.battery_percent !== null && h("span", { class: "number battery" }, icon("battery"), `${phone.battery_percent} %`),
      ),
    heldUp(phone).map((line) => h("p", { class: "small-text held" }, line)),
    phone.state !== "device" && h("p", { class: "calm small-text" }, t("phones.since", { time: when(phone.since) })),
    accounts.length > 0 &&
      h(
        "ul",
        { class: "phone-accounts" },
        accounts.map((one) =>
          h("li", null, accountLine(one), !one.logined && one.status === 0 && badge("bad", t("accounts.not_logged_in"), "key")),
        ),
      ),
    phone.current_task !== null
      ? h(
          "p",
          { class: "small-text" },
          h("a", { href: to("task", phone.current_task) }, t("phones.works_on", { id: String(phone.current_task) })),
        )
      : next !== undefined &&
          next.next_task_id !== null &&
          h(
            "p",
            { class: "small-text" },
            h(
              "a",
              { href: to("task", next.next_task_id) },
              t("phones.next"),
              " ",
              time(String(next.next_post_at), "when"),
              ` @${next.username}`,
            ),
          ),
    h(
      "div",
      { class: "buttons" },
      phoneButton(phone, after),
      phone.state === "device" && rehearseButton(phone.serial, nameOf(phone), after),
      labelButton(phone, after),
    ),
  );
}

/** What keeps it from starting anything, a person's pause first. @param {Phone} phone @returns {string[]} */
export function heldUp(phone) {
  if (!phone.paused) return phone.detail ? [sentenceSaid(phone.detail)] : [];
  const rest = phone.detail.split("; ").slice(1).join("; ");
  return [pauseSentence(phone), sentenceSaid(rest)].filter(Boolean);
}

/** "Resume" where something is paused, by a person or by the hub itself; else "Pause". @param {Phone} phone @param {() => Promise<void>} after */
export function phoneButton(phone, after) {
  const path = `/api/v1/devices/${encodeURIComponent(phone.serial)}`;
  return phone.paused || phone.resumable
    ? button(t("pauses.resume"), () => resume(phone, after), { of: nameOf(phone), icon: "play", small: true })
    : button(t("pauses.pause"), () => void pause(path, nameOf(phone), after), { of: nameOf(phone), icon: "pause", small: true });
}

/** @param {Phone} phone @param {() => Promise<void>} after */
export function labelButton(phone, after) {
  const label = h("input", { name: "label", value: phone.label, maxlength: 100, autocomplete: "off" });
  return button(
    t("phones.edit_label"),
    () =>
      void ask({
        title: t("phones.label_title", { phone: phone.serial }),
        lines: [t("phones.label_line")],
        form: field(t("phones.label"), label),
        verb: t("phones.save"),
        async send() {
          await send(
            "PATCH",
            `/api/v1/devices/${encodeURIComponent(phone.serial)}`,
            { label: label.value.trim() },
            { repeat: true },
          );
          toast(t("phones.label_saved"));
          void askNow();
          await after();
        },
      }),
    { icon: "edit", of: nameOf(phone), small: true, kind: "quiet" },
  );
}

/** @param {Phone} phone */
export function phoneBadge(phone) {
  const known = `phones.state_${phone.state}`;
  if (phone.state !== "device") return badge("bad", t(known) === known ? phone.state : t(known), "plug");
  if (phone.current_task !== null) return badge("run", t("phones.works"));
  if (phone.paused) return badge("warn", t("pauses.paused"), "pause");
  return phone.detail ? badge("warn", t("phones.held_up"), "alert") : badge("good", t("phones.free"));
}
