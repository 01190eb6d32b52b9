// When a post starts: now, or at a time of the hub's calendar, with times that people often want.

import { fill, h } from "../lib/dom.js";
import { button, labelled, tick } from "../lib/parts.js";
import { t } from "../lib/texts.js";
import { forInput, now, timezone } from "../lib/times.js";
import { nextQuarter, presetTimes, whenSaid } from "./start_times.js";

/**
 * @param {import("./draft.js").Draft} draft its time is kept here
 * @param {() => void} changed
 */
export function whenPicker(draft, changed) {
  const nowBox = radio("now");
  const atBox = radio("at");
  const start = h("input", { type: "datetime-local", name: "start", min: forInput(now()) });
  start.value = draft.start || nextQuarter();
  start.addEventListener("input", () => plan(start.value));
  const presets = h("div", { class: "buttons presets" });
  const node = h(
    "fieldset",
    { class: "choice" },
    h("legend", null, h("h2", null, t("compose.when"))),
    h("div", { class: "whens" }, tick(nowBox, t("compose.now")), tick(atBox, t("compose.at"))),
    labelled(t("compose.start"), start, h("span", { class: "hint" }, t("compose.zone", { zone: timezone() }))),
    presets,
  );

  /** @param {"now" | "at"} wanted */
  function radio(wanted) {
    const box = h("input", { type: "radio", name: "when", value: wanted, checked: draft.when === wanted });
    box.addEventListener("change", () => {
      draft.when = wanted;
      draft.start = wanted === "at" ? start.value : draft.start;
      changed();
    });
    return box;
  }

  /** @param {string} at */
  function plan(at) {
    start.value = at;
    Object.assign(draft, { when: "at", start: at });
    atBox.checked = true;
    changed();
  }

  /** "Tomorrow" is another day after midnight, on a page that stays open, too. */
  function draw() {
    const times = presetTimes();
    const facts = JSON.stringify(times);
    if (presets.dataset.facts !== facts) {
      presets.dataset.facts = facts;
      fill(
        presets,
        times.map(([text, at]) => button(text, () => plan(at), { small: true })),
      );
    }
    start.min = forInput(now());
    if (draft.when === "now" && start.value < start.min && document.activeElement !== start) start.value = nextQuarter();
  }

  return {
    node,
    input: start,
    draw,
    said: () => (draft.when === "at" && draft.start ? whenSaid(draft.start) : t("compose.at_once")),
    /** For another post. */
    reset: () => {
      nowBox.checked = true;
    },
  };
}
