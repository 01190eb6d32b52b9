// Phones: working and free ones first, trouble next, absent ones folded.

import { h, keyed } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { badge, button, empty, heading } from "../lib/parts.js";
import { to } from "../lib/router.js";
import { t } from "../lib/texts.js";
import { day, now, relative } from "../lib/times.js";
import { resume } from "../model/actions.js";
import { loadPhones } from "../model/phones.js";

/** @typedef {import("../model/phones.js").Phone} Phone */

/**
 * @param {import("../lib/router.js").Visit} visit
 * @returns {import("../lib/router.js").Screen}
 */
export default function phones(visit) {
  const here = h("div", { class: "phone-grid" });
  const away = h("div", { class: "phone-grid" });
  const count = h("span");
  const folded = h("details", { class: "fold", hidden: true }, h("summary", null, icon("chevron"), count), away);
  const none = h("div", { hidden: true }, empty(t("phones.none")));

  async function load() {
    const found = await loadPhones(true);
    const sorted = [...found].sort((a, b) => rank(a) - rank(b) || (a.label || a.serial).localeCompare(b.label || b.serial));
    const absent = sorted.filter((phone) => phone.state === "absent");
    keyed(
      here,
      sorted.filter((phone) => phone.state !== "absent"),
      (phone) => phone.serial,
      (phone) => phoneCard(phone, visit.reload),
      day(now()),
    );
    keyed(
      away,
      absent,
      (phone) => phone.serial,
      (phone) => phoneCard(phone, visit.reload),
      day(now()),
    );
    count.textContent = t("phones.not_connected", { n: absent.length });
    folded.hidden = absent.length === 0;
    none.hidden = found.length > 0;
  }

  return { title: t("phones.title"), node: h("div", null, heading(t("phones.title")), here, folded, none), load };
}

/** @param {Phone} phone */
function rank(phone) {
  if (phone.current_task !== null) return 0;
  if (phone.state === "device") return phone.detail ? 2 : 1;
  return 3;
}

/** @param {Phone} phone @param {() => Promise<void>} after */
function phoneCard(phone, after) {
  const battery = phone.battery_percent === null ? "" : `${phone.battery_percent} %`;
  return h(
    "section",
    { class: "card phone-card" },
    h(
      "div",
      { class: "phone-head" },
      h("h2", null, h("a", { href: to("phone", phone.serial) }, phone.label || phone.serial)),
      phoneBadge(phone),
    ),
    phone.detail && h("p", { class: "small-text" }, phone.detail),
    h(
      "p",
      { class: "calm small-text" },
      [phone.label && phone.serial, phone.model && `${phone.model}${phone.android ? `, Android ${phone.android}` : ""}`, battery]
        .filter(Boolean)
        .join(" · "),
    ),
    phone.current_task !== null &&
      h(
        "p",
        { class: "small-text" },
        h("a", { href: to("task", phone.current_task) }, t("tasks.task", { id: String(phone.current_task) })),
      ),
    phone.state !== "device" && h("p", { class: "calm small-text" }, t("phones.since", { time: relative(phone.since) })),
    phone.resumable &&
      h(
        "div",
        { class: "buttons" },
        button(t("phones.resume"), () => resume(phone, after), { of: phone.label || phone.serial, icon: "play" }),
      ),
  );
}

/** @param {Phone} phone */
export function phoneBadge(phone) {
  if (phone.state !== "device") return badge("bad", phone.state.replaceAll("_", " "), "plug");
  if (phone.current_task !== null) return badge("run", t("phones.works"));
  return phone.detail ? badge("warn", t("phones.held_up"), "pause") : badge("good", t("phones.free"));
}
