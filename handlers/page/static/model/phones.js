// The phones by serial, read once for each change of the hub: screens name a phone by its label.

import { get } from "../lib/api.js";
import { live } from "../lib/live.js";

/**
 * @typedef {object} Facts as in docs/api.md
 * @property {string} serial
 * @property {string} label
 * @property {string} state
 * @property {string} detail
 * @property {string} since
 * @property {string | null} last_seen
 * @property {string} model
 * @property {string} android
 * @property {number | null} battery_percent
 * @property {number | null} battery_celsius
 * @property {boolean} resumable
 * @property {number | null} current_task
 * @property {string} adb_server
 *
 * @typedef {object} AdbServer as in docs/api.md
 * @property {string} name
 * @property {boolean} up
 * @property {string} detail
 * @property {string} since
 * @property {number} phones
 * @property {number} usable
 *
 * @typedef {Facts & import("./pauses.js").Paused} Phone
 */

/** @type {Map<string, Phone>} */
let phones = new Map();
/** @type {AdbServer[]} */
let servers = [];
/** @type {unknown} */
let readAt = null;

const KEPT_MS = 30_000;
let read_ms = 0;

/**
 * All phones.
 * @param {boolean} [fresh] read again although they were read some seconds ago: names change seldom, states often
 */
export async function loadPhones(fresh = false) {
  const same = live !== null && readAt === live.change;
  if (phones.size > 0 && (same || (!fresh && Date.now() - read_ms < KEPT_MS))) return [...phones.values()];
  const now = live?.change;
  const found = await get("/api/v1/devices");
  phones = new Map(found.devices.map((/** @type {Phone} */ phone) => [phone.serial, phone]));
  servers = found.adb_servers;
  readAt = now;
  read_ms = Date.now();
  return [...phones.values()];
}

/** Its label, else its serial. @param {string} serial */
export function phoneName(serial) {
  return phones.get(serial)?.label || serial;
}

/** The phone as it was read last. @param {string} serial */
export function phoneOf(serial) {
  return phones.get(serial);
}

/** The adb servers where there are several, else none: with one there is nothing to tell apart. */
export function adbServers() {
  return servers.length > 1 ? servers : [];
}
