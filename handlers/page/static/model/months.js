// Months on the hub's calendar, for choosing one.

import { currentLanguage } from "../lib/texts.js";
import { day, now } from "../lib/times.js";

/** The last months as "2027-01", the present one first. @param {number} count */
export function monthsBack(count) {
  const [year = 0, month = 1] = day(now()).split("-").map(Number);
  return Array.from({ length: count }, (_, back) => new Date(Date.UTC(year, month - 1 - back, 1)).toISOString().slice(0, 7));
}

/** "January 2027"; what is no month stays as it is. @param {string} month */
export function monthName(month) {
  const at = Date.parse(`${month}-15T12:00:00Z`);
  if (Number.isNaN(at)) return month;
  const words = new Intl.DateTimeFormat(currentLanguage(), { timeZone: "UTC", month: "long", year: "numeric" });
  return words.format(at);
}
