// Slots: posts that repeat, what they will make in the coming week, and what is in their way.

import { get, send } from "../lib/api.js";
import { ask } from "../lib/dialogs.js";
import { h, keyed } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { askNow } from "../lib/live.js";
import { badge, button, empty, fold, heading } from "../lib/parts.js";
import { to } from "../lib/router.js";
import { sentenceSaid, spoken } from "../lib/spoken.js";
import { t } from "../lib/texts.js";
import { day, dayAfter, dayName, now } from "../lib/times.js";
import { toast } from "../lib/toasts.js";
import { editSlot, weekdayName } from "../model/slots.js";

/** @typedef {import("../model/slots.js").Slot} Slot */
/** @typedef {import("../model/slots.js").Occurrence} Occurrence */

const DAYS = 7;

/**
 * @param {import("../lib/router.js").Visit} visit
 * @returns {import("../lib/router.js").Screen}
 */
export default function slots(visit) {
  const list = h("div", { class: "stack" });
  const none = h("div", { hidden: true }, empty(t("slots.none"), h("p", null, t("slots.none_how"))));

  async function load() {
    const found = await get("/api/v1/slots", { signal: visit.signal });
    const left = await Promise.all(found.slots.map(poolLeft));
    none.hidden = found.slots.length > 0;
    const items = found.slots.map((/** @type {Slot} */ slot, /** @type {number} */ place) => ({
      slot,
      left: left[place] ?? null,
    }));
    keyed(
      list,
      items,
      (/** @type {any} */ one) => one.slot.id,
      (one) => slotCard(one.slot, one.left, visit.reload),
      day(now()),
    );
  }

  /** How many unused files of the library a slot may still take; null where that is not known. @param {Slot} slot */
  async function poolLeft(slot) {
    const config = slot.script_config;
    const tags = String(config.materials_tags ?? "")
      .split(",")
      .map((tag) => tag.trim())
      .filter(Boolean);
    if (config.material_source === "localFolder" || tags.length > 1) return null;
    const kind = Number(config.content_type ?? 0) === 1 ? "image" : "video";
    const tag = tags[0] === undefined ? "" : `&tag=${encodeURIComponent(tags[0])}`;
    return (await get(`/api/v1/materials?used=free&kind=${kind}&page_size=1${tag}`, { signal: visit.signal })).total;
  }

  const add = button(t("slots.add"), () => void editSlot(null, visit.reload), { kind: "primary", icon: "compose" });
  return { title: t("slots.title"), node: h("div", null, heading(t("slots.title"), add), list, none), load };
}

/** @param {Slot} slot @param {number | null} left @param {() => Promise<void>} after */
function slotCard(slot, left, after) {
  const name = slot.name || t("slots.slot", { id: String(slot.id) });
  const problems = [...new Set(slot.next.map((one) => one.problem.replace(/^script_config\.\w+: /, "")).filter(Boolean))];
  return h(
    "section",
    { class: "card slot-card" },
    h(
      "div",
      { class: "spread" },
      h("h2", null, name),
      slot.paused ? badge("warn", t("pauses.paused"), "pause") : badge("good", t("slots.on")),
    ),
    h("p", null, scheduleOf(slot)),
    h("p", { class: "calm small-text" }, [sourceOf(slot), spanOf(slot)].filter(Boolean).join(" · ")),
    poolOf(slot, left),
    problems.map((problem) => h("p", { class: "problem" }, sentenceSaid(problem))),
    !slot.paused && week(slot),
    pastOf(slot),
    h(
      "div",
      { class: "buttons" },
      button(t("slots.edit"), () => void editSlot(slot, after), { small: true, icon: "edit", of: name }),
      slot.paused
        ? button(t("pauses.resume"), () => goOn(slot, name, after), { small: true, icon: "play", of: name })
        : button(t("pauses.pause"), () => void hold(slot, name, after), { small: true, icon: "pause", of: name }),
      button(t("slots.delete"), () => void remove(slot, name, after), { small: true, kind: "quiet", icon: "trash", of: name }),
    ),
  );
}

/** "Mon, Wed, Fri at 18:30 for @alice" @param {Slot} slot */
function scheduleOf(slot) {
  const days = slot.weekdays.length === DAYS ? t("slots.every_day") : slot.weekdays.map((word) => weekdayName(word)).join(", ");
  return t("slots.schedule", {
    days,
    times: slot.times.join(", "),
    accounts: slot.usernames.map((name) => `@${name}`).join(", "),
  });
}

/** @param {Slot} slot */
function sourceOf(slot) {
  const config = slot.script_config;
  if (config.material_source === "localFolder") return t("slots.from_folder", { folder: String(config.material_path ?? "") });
  return config.materials_tags ? t("slots.from_tags", { tags: String(config.materials_tags) }) : t("slots.from_library");
}

/** How long the files last. @param {Slot} slot @param {number | null} left */
function poolOf(slot, left) {
  if (left === null || slot.paused) return null;
  const waiting = slot.next.filter((one) => one.task_ids.length === 0).length;
  const a_week = slot.weekdays.length * slot.times.length * slot.usernames.length;
  const warn = (/** @type {string} */ text) =>
    h("p", { class: "small-text held with-icon" }, icon("alert"), h("span", null, text));
  if (left === 0) return warn(t("slots.dry"));
  if (left < waiting) return warn(t("slots.dry_this_week", { n: left }));
  const weeks = t("slots.weeks", { n: Math.floor(left / Math.max(1, a_week)) });
  return h("p", { class: "calm small-text" }, t("slots.lasts", { n: left, weeks }));
}

/** @param {Slot} slot */
function spanOf(slot) {
  return [
    slot.first_day && t("slots.from_day", { day: slot.first_day }),
    slot.last_day && t("slots.to_day", { day: slot.last_day }),
  ]
    .filter(Boolean)
    .join(" ");
}

/** What it makes on each of the coming days. @param {Slot} slot */
function week(slot) {
  const today = day(now());
  const days = [...Array(DAYS).keys()].map((place) => dayAfter(today, place));
  return h(
    "ol",
    { class: "week", "aria-label": t("slots.week") },
    days.map((one) => {
      const mine = slot.next.filter((next) => next.day === one);
      return h(
        "li",
        { class: mine.length === 0 ? "off" : "" },
        h(
          "span",
          { class: "week-day" },
          dayName(Date.parse(`${one}T12:00:00Z`))
            .split(" ")[0]
            ?.replace(",", "") ?? "",
        ),
        mine.length === 0
          ? h("span", { class: "calm" }, "–", h("span", { class: "sr" }, t("slots.no_post")))
          : h(
              "ul",
              null,
              byTime(mine).map((same) => occurrence(same)),
            ),
      );
    }),
  );
}

/** The time of the slot, and the one to which its post was moved. @param {Occurrence} one */
function timeOf(one) {
  const [on, at] = [one.start_time.slice(0, "2027-01-31".length), one.start_time.slice("2027-01-31 ".length, -":00".length)];
  if (on === one.day && at === one.time) return one.time;
  return `${one.time} → ${on === one.day ? at : `${on} ${at}`}`;
}

/** The posts of a day, those of one time together. @param {Occurrence[]} mine @returns {Occurrence[][]} */
function byTime(mine) {
  /** @type {Map<string, Occurrence[]>} */
  const times = new Map();
  for (const one of mine) times.set(timeOf(one), [...(times.get(timeOf(one)) ?? []), one]);
  return [...times.entries()].sort(([a], [b]) => a.localeCompare(b)).map(([, same]) => same);
}

/** @param {Occurrence[]} same */
function occurrence(same) {
  const names = same.map((one) => `@${one.username}`).join(", ");
  const id = same.length === 1 ? same[0]?.task_ids[0] : undefined;
  const said = [
    h("b", { class: "number" }, same[0] && timeOf(same[0])),
    " ",
    same.length === 1
      ? h("span", { class: "small-text" }, names)
      : h("span", { class: "small-text" }, t("slots.of_accounts", { n: same.length }), h("span", { class: "sr" }, `: ${names}`)),
  ];
  const bad = same.some((one) => one.problem);
  return h(
    "li",
    { class: bad ? "bad" : "", title: names },
    bad && icon("alert"),
    id === undefined ? h("span", null, said) : h("a", { href: to("task", id) }, said),
  );
}

/** What was not made. @param {Slot} slot */
function pastOf(slot) {
  const missed = slot.past.filter((one) => one.problem);
  if (missed.length === 0) return null;
  return fold(
    t("slots.missed", { n: missed.length }),
    h(
      "ul",
      { class: "small-text" },
      missed.map((one) => h("li", null, `${one.day} ${one.time} @${one.username}: ${spoken(one.problem)}`)),
    ),
  );
}

/** How many posts wait for their time already. @param {Slot} slot */
function planned(slot) {
  return slot.next.reduce((sum, one) => sum + one.task_ids.length, 0);
}

/** @param {Slot} slot @param {string} name @param {() => Promise<void>} after */
function hold(slot, name, after) {
  return ask({
    title: t("slots.pause_title", { name }),
    lines: [t("slots.taken_back", { n: planned(slot) }), t("slots.pause_line")],
    verb: t("pauses.pause"),
    async send() {
      await send("POST", `/api/v1/slots/${slot.id}/pause`, undefined, { repeat: true });
      await done(t("slots.is_paused", { name }), after);
    },
  });
}

/** @param {Slot} slot @param {string} name @param {() => Promise<void>} after */
async function goOn(slot, name, after) {
  await send("POST", `/api/v1/slots/${slot.id}/resume`, undefined, { repeat: true });
  await done(t("slots.goes_on", { name }), after);
}

/** @param {Slot} slot @param {string} name @param {() => Promise<void>} after */
function remove(slot, name, after) {
  return ask({
    title: t("slots.delete_title", { name }),
    lines: [t("slots.taken_back", { n: planned(slot) }), t("slots.delete_line")],
    verb: t("slots.delete"),
    danger: true,
    async send() {
      await send("DELETE", `/api/v1/slots/${slot.id}`, undefined, { repeat: true });
      await done(t("slots.deleted", { name }), after);
    },
  });
}

/** @param {string} said @param {() => Promise<void>} after */
async function done(said, after) {
  toast(said);
  void askNow();
  await after();
}
