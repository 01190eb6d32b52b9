// Start times of a post as people say them, on the hub's clock.

import { t } from "../lib/texts.js";
import { day, dayAfter, forInput, now, when } from "../lib/times.js";

/** Times that people often want. @returns {[string, string][]} */
export function presetTimes() {
  const today = day(now());
  const tomorrow = dayAfter(today, 1);
  /** @type {[string, string][]} */
  const all = [
    [`${t("times.today")} 18:00`, `${today}T18:00`],
    [`${t("times.tomorrow")} 9:00`, `${tomorrow}T09:00`],
    [`${t("times.tomorrow")} 18:00`, `${tomorrow}T18:00`],
  ];
  return all.filter(([, at]) => at > forInput(now()));
}

/** The first quarter of an hour that is an hour away, for an input of date and time. */
export function nextQuarter() {
  return forInput(Math.ceil((now() + 3_600_000) / 900_000) * 900_000);
}

/** A time of the hub's calendar as it is said: "Tomorrow 18:00". @param {string} at */
export function whenSaid(at) {
  const [date = "", clock = ""] = at.replace(" ", "T").split("T");
  const today = day(now());
  if (date === today) return `${t("times.today")} ${clock.slice(0, 5)}`;
  if (date === dayAfter(today, 1)) return `${t("times.tomorrow")} ${clock.slice(0, 5)}`;
  return `${when(`${date}T12:00:00Z`).replace(/ \d\d:\d\d$/, "")} ${clock.slice(0, 5)}`;
}
