// A phone's own page: what it shows, kept fresh while the page is open, and what holds it up.

import { get, raw } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { button, heading } from "../lib/parts.js";
import { to } from "../lib/router.js";
import { t } from "../lib/texts.js";
import { time } from "../lib/times.js";
import { resume } from "../model/actions.js";
import { loadPhones, phoneName, phoneOf } from "../model/phones.js";
import { phoneBadge } from "./phones.js";

const PICTURE_MS = 2000;

/**
 * @param {import("../lib/router.js").Visit} visit
 * @returns {Promise<import("../lib/router.js").Screen>}
 */
export default async function phone(visit) {
  const serial = visit.id;
  await loadPhones(true);
  const facts = h("div", { class: "card" });
  const image = h("img", { class: "phone-picture", alt: t("phones.screen_of", { phone: phoneName(serial) }), hidden: true });
  const said = h("p", { class: "calm" });
  let timer = 0;
  let url = "";

  async function picture() {
    if (!document.hidden) {
      try {
        const answer = await raw("GET", `/api/v1/devices/${encodeURIComponent(serial)}/screenshot`, undefined, {
          signal: visit.signal,
        });
        if (answer.headers.get("Content-Type")?.startsWith("image/")) {
          URL.revokeObjectURL(url);
          url = URL.createObjectURL(await answer.blob());
          image.src = url;
          image.hidden = false;
          said.textContent = "";
        } else said.textContent = (await answer.json()).message;
      } catch {
        if (visit.signal.aborted) return;
      }
    }
    timer = setTimeout(() => void picture(), PICTURE_MS);
  }

  async function load() {
    await loadPhones(true);
    const found = phoneOf(serial);
    if (found === undefined) {
      await get(`/api/v1/devices/${encodeURIComponent(serial)}`, { signal: visit.signal });
      return;
    }
    /** @type {[string, import("../lib/dom.js").Kid][]} */
    const rows = [
      [t("phones.serial"), found.serial],
      [t("phones.model"), [found.model, found.android && `Android ${found.android}`].filter(Boolean).join(", ")],
      [
        t("phones.battery"),
        found.battery_percent === null
          ? ""
          : `${found.battery_percent} %${found.battery_celsius === null ? "" : `, ${Math.round(found.battery_celsius)} °C`}`,
      ],
      [t("phones.state_since"), time(found.since)],
    ];
    fill(
      facts,
      h(
        "div",
        { class: "buttons" },
        phoneBadge(found),
        found.current_task !== null &&
          h("a", { href: to("task", found.current_task) }, t("tasks.task", { id: String(found.current_task) })),
      ),
      found.detail && h("p", null, found.detail),
      h(
        "dl",
        { class: "facts" },
        rows.filter(([, value]) => value !== "").map(([name, value]) => [h("dt", null, name), h("dd", null, value)]),
      ),
      found.resumable &&
        h(
          "div",
          { class: "buttons" },
          button(t("phones.resume"), () => resume(found, visit.reload), { icon: "play" }),
        ),
    );
  }

  void picture();
  return {
    title: phoneName(serial),
    node: h(
      "div",
      null,
      h("a", { class: "back", href: to("phones") }, t("phones.title")),
      heading(phoneName(serial)),
      facts,
      said,
      image,
    ),
    load,
    close() {
      clearTimeout(timer);
      URL.revokeObjectURL(url);
    },
  };
}
