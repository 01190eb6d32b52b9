// Times as people read them: on the hub's clock and in its zone, relative where that is short, exact on hover.

import { h, write } from "./dom.js";
import { currentLanguage, t } from "./texts.js";

let ahead_ms = 0; // the hub's clock against this browser's
let zone = "UTC";
let zoneName = "";

/**
 * Sets the clock from an answer of the hub.
 * @param {string} time RFC 3339
 * @param {string} timezone
 */
export function setClock(time, timezone) {
  const ahead = Date.parse(time) - Date.now();
  if (Math.abs(ahead - ahead_ms) > 1500 || ahead_ms === 0) ahead_ms = ahead;
  zoneName = timezone;
  try {
    new Intl.DateTimeFormat("en", { timeZone: timezone });
    zone = timezone;
  } catch {
    zone = "UTC"; // a zone that this browser does not know: the hub's name for it is still shown
  }
}

/** The hub's time in milliseconds. */
export function now() {
  return Date.now() + ahead_ms;
}

/** The hub's zone, e.g. Europe/Berlin. */
export function timezone() {
  return zoneName || zone;
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/**
 * @param {number} at
 * @param {Intl.DateTimeFormatOptions} options
 */
function format(at, options) {
  const key = `${currentLanguage()} ${zone} ${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (found === undefined) {
    // "en-GB": day before month and 24 hours, as the hub's own texts.
    const locale = currentLanguage() === "en" ? "en-GB" : currentLanguage();
    found = new Intl.DateTimeFormat(locale, { timeZone: zone, ...options });
    formats.set(key, found);
  }
  return found.format(at);
}

/** "18:30" @param {string | number} moment */
export function clock(moment) {
  return format(ms(moment), { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

/** "18:30:07" @param {string | number} moment */
export function seconds(moment) {
  return format(ms(moment), { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
}

/** "2027-01-15" on the hub's calendar: for grouping and for date inputs. @param {string | number} moment */
export function day(moment) {
  const at = ms(moment);
  /** @param {Intl.DateTimeFormatOptions} options */
  const part = (options) => {
    const found = new Intl.DateTimeFormat("en", { timeZone: zone, ...options }).format(at);
    return found.padStart(2, "0");
  };
  return `${part({ year: "numeric" })}-${part({ month: "2-digit" })}-${part({ day: "2-digit" })}`;
}

/** "2027-01-15T18:30" for an input of date and time. @param {string | number} moment */
export function forInput(moment) {
  return `${day(moment)}T${clock(moment)}`;
}

/** "Today", "Tomorrow", "Yesterday", else "Friday 15 January" (with the year where it is another). @param {string | number} moment */
export function dayName(moment) {
  const wanted = day(moment);
  if (wanted === day(now())) return t("times.today");
  if (wanted === dayAfter(day(now()), 1)) return t("times.tomorrow");
  if (wanted === dayAfter(day(now()), -1)) return t("times.yesterday");
  const sameYear = wanted.slice(0, 4) === day(now()).slice(0, 4);
  return format(ms(moment), { weekday: "long", day: "numeric", month: "long", ...(sameYear ? {} : { year: "numeric" }) });
}

/**
 * The calendar day so many days later.
 * @param {string} from YYYY-MM-DD
 * @param {number} days
 */
export function dayAfter(from, days) {
  return new Date(Date.parse(`${from}T12:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** "18:30" today, else "Tomorrow 18:30" or "15 Jan 18:30". @param {string | number} moment */
export function when(moment) {
  const at = ms(moment);
  const wanted = day(at);
  if (wanted === day(now())) return clock(at);
  if (wanted === dayAfter(day(now()), 1) || wanted === dayAfter(day(now()), -1)) return `${dayName(at)} ${clock(at)}`;
  const sameYear = wanted.slice(0, 4) === day(now()).slice(0, 4);
  return `${format(at, { day: "numeric", month: "short", ...(sameYear ? {} : { year: "numeric" }) })} ${clock(at)}`;
}

/** The exact moment with the zone, for hovering. @param {string | number} moment */
export function exact(moment) {
  return `${format(ms(moment), { dateStyle: "full", timeStyle: "medium", hourCycle: "h23" })}, ${timezone()}`;
}

/** "in 5 minutes", "3 hours ago". @param {string | number} moment */
export function relative(moment) {
  const off = (ms(moment) - now()) / 1000;
  const size = Math.abs(off);
  const words = new Intl.RelativeTimeFormat(currentLanguage(), { numeric: "auto", style: "long" });
  if (size < 45) return off > 0 ? t("times.soon") : t("times.just_now");
  if (size < 45 * 60) return words.format(Math.round(off / 60), "minute");
  if (size < 22 * 3600) return words.format(Math.round(off / 3600), "hour");
  return words.format(Math.round(off / 86_400), "day");
}

/** "1:05" minutes and seconds, "45 s" below a minute, "2 h 05" above an hour. @param {number} s */
export function duration(s) {
  const whole = Math.max(0, Math.round(s));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${String(whole % 60).padStart(2, "0")} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")}`;
}

/** @type {Record<string, (moment: string | number) => string>} */
const SHOWN = { relative, when, clock, seconds };

/**
 * A time that keeps itself right while the page stays open.
 * @param {string} moment RFC 3339
 * @param {"relative" | "when" | "clock" | "seconds"} [how]
 */
export function time(moment, how = "when") {
  return h("time", { datetime: moment, title: exact(moment), data: { how } }, SHOWN[how]?.(moment));
}

/** Writes all times of the page anew: called with each answer of the hub. */
export function refreshTimes() {
  for (const node of document.querySelectorAll("time[data-how]")) {
    const found = /** @type {HTMLTimeElement} */ (node);
    write(found, SHOWN[found.dataset.how ?? "when"]?.(found.dateTime) ?? "");
  }
}

/** @param {string | number} moment */
function ms(moment) {
  return typeof moment === "number" ? moment : Date.parse(moment);
}
