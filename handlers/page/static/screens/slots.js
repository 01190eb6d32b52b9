// Slots: posts that repeat, and what they will make next.

import { get } from "../lib/api.js";
import { h, keyed } from "../lib/dom.js";
import { badge, empty, heading } from "../lib/parts.js";
import { t } from "../lib/texts.js";

/**
 * @param {import("../lib/router.js").Visit} visit
 * @returns {import("../lib/router.js").Screen}
 */
export default function slots(visit) {
  const list = h("ul", { class: "list" });
  const none = h("div", { hidden: true }, empty(t("slots.none")));

  async function load() {
    const found = await get("/api/v1/slots", { signal: visit.signal });
    none.hidden = found.slots.length > 0;
    keyed(list, found.slots, (/** @type {any} */ one) => one.id, row);
  }

  /** @param {any} one */
  function row(one) {
    const problem = one.next.find((/** @type {any} */ next) => next.problem)?.problem ?? "";
    return h(
      "li",
      null,
      h(
        "div",
        { class: "spread" },
        h("b", null, one.name || one.times.join(", ")),
        one.paused ? badge("calm", t("slots.paused"), "pause") : badge("good", t("slots.on")),
      ),
      h(
        "p",
        { class: "calm small-text" },
        [
          one.weekdays.join(", "),
          one.times.join(", "),
          one.usernames.map((/** @type {string} */ name) => `@${name}`).join(", "),
        ].join(" · "),
      ),
      h(
        "p",
        { class: "small-text" },
        one.next
          .slice(0, 3)
          .map((/** @type {any} */ next) => next.start_time.slice(0, 16))
          .join(" · "),
      ),
      problem && h("p", { class: "problem" }, problem),
    );
  }

  return { title: t("slots.title"), node: h("div", null, heading(t("slots.title")), list, none), load };
}
