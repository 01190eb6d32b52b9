// The accounts: who posts from which phone, and what their pace does.

import { get } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { appIcon, appName, badge } from "../lib/parts.js";
import { t } from "../lib/texts.js";

/**
 * @typedef {object} Facts as in docs/api.md
 * @property {number} id
 * @property {string} username
 * @property {"tiktok" | "instagram"} platform
 * @property {string | null} packagename
 * @property {string} device
 * @property {boolean} device_online
 * @property {0 | 1} logined
 * @property {0 | 1} status 1 is disabled
 * @property {string[]} tags
 * @property {string} display_name
 * @property {"config" | "api"} managed
 * @property {number | null} min_gap_minutes
 * @property {number | null} max_per_day
 * @property {{ min_gap_minutes: number, max_per_day: number }} pace
 * @property {number} posts_today
 * @property {string | null} next_allowed_at
 * @property {string} pace_detail
 * @property {string | null} last_post_at
 * @property {string | null} next_post_at
 * @property {number | null} next_task_id
 *
 * @typedef {Facts & import("./pauses.js").Paused} Account
 */

const PAGE = 100;

/**
 * All accounts, page by page.
 * @param {AbortSignal} signal
 * @returns {Promise<Account[]>}
 */
export async function loadAccounts(signal) {
  /** @type {Account[]} */
  const found = [];
  for (let page = 1; ; page += 1) {
    const part = await get(`/api/v1/accounts?page_size=${PAGE}&page=${page}`, { signal });
    found.push(...part.accounts);
    if (found.length >= part.total || part.accounts.length === 0) return found;
  }
}

/** "@alice, TikTok": what tells it from all others. @param {Account} account */
export function accountName(account) {
  return `@${account.username}, ${appName(account.platform)}`;
}

/** The account with the sign of its app. @param {Account} account @param {...import("../lib/dom.js").Kid} more */
export function accountLine(account, ...more) {
  return h(
    "span",
    { class: "who" },
    appIcon(account.platform),
    h("span", { class: "sr" }, `${appName(account.platform)}, `),
    h("b", null, `@${account.username}`),
    ...more,
  );
}

/** What keeps it from posting, else that it is logged in. @param {Account} account */
export function accountBadge(account) {
  if (account.status === 1) return badge("calm", t("accounts.disabled"), "stop");
  if (account.paused) return badge("warn", t("pauses.paused"), "pause");
  if (!account.logined) return badge("bad", t("accounts.not_logged_in"), "key");
  return badge("good", t("accounts.logged_in"));
}

/** The next post of several accounts. @param {readonly Account[]} accounts */
export function nextPost(accounts) {
  const planned = accounts.filter((one) => one.next_post_at !== null);
  return planned.sort((a, b) => Date.parse(String(a.next_post_at)) - Date.parse(String(b.next_post_at)))[0];
}
