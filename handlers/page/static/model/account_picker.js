// Accounts to choose from, as chips: the app, the name, the phone it lives on and how that is.

import { get } from "../lib/api.js";
import { h, write } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { appIcon, appName, button, empty, linkButton } from "../lib/parts.js";
import { to } from "../lib/router.js";
import { t } from "../lib/texts.js";
import { phoneName, phoneOf } from "./phones.js";

/**
 * @typedef {object} Account as in docs/api.md
 * @property {number} id
 * @property {string} username
 * @property {string} platform
 * @property {string} device
 * @property {boolean} device_online
 * @property {0 | 1} logined
 * @property {0 | 1} status
 * @property {string[]} tags
 */

/** More than so many get a field that searches them. */
const MANY = 10;

/** Those that are enabled. @param {AbortSignal} signal @returns {Promise<Account[]>} */
export async function allAccounts(signal) {
  /** @type {Account[]} */
  const all = [];
  for (let page = 1; ; page += 1) {
    const found = await get(`/api/v1/accounts?page_size=100&page=${page}`, { signal });
    all.push(...found.accounts);
    if (page * 100 >= found.total) return all.filter((one) => one.status === 0);
  }
}

/** "@alice, TikTok" @param {Pick<Account, "username" | "platform">} account */
export function nameOf(account) {
  return `@${account.username}, ${appName(account.platform)}`;
}

/**
 * @param {Account[]} accounts
 * @param {number[]} before those that are chosen
 * @param {(chosen: number[]) => void} changed
 */
export function accountPicker(accounts, before, changed) {
  const sorted = [...accounts].sort((a, b) => a.username.localeCompare(b.username) || b.platform.localeCompare(a.platform));
  const rows = sorted.map((account) => {
    const box = h("input", { type: "checkbox", checked: before.includes(account.id), on: { change: tell } });
    return { account, box, node: chip(account, box) };
  });
  const count = h("span", { class: "calm" });
  const search = h("input", {
    type: "search",
    "aria-label": t("compose.search"),
    placeholder: t("compose.search"),
    on: { input: filter },
  });

  function tell() {
    const chosen = rows.filter(({ box }) => box.checked).map(({ account }) => account.id);
    write(count, chosen.length > 0 ? t("compose.of_accounts", { n: chosen.length, all: rows.length }) : "");
    changed(chosen);
  }

  function filter() {
    const wanted = search.value.trim().toLowerCase().replace(/^@/, "");
    for (const { account, node } of rows) {
      const words = [account.username, appName(account.platform), phoneName(account.device), ...account.tags]
        .join(" ")
        .toLowerCase();
      node.hidden = !words.includes(wanted);
    }
  }

  /** @param {(account: Account) => boolean} fits */
  function take(fits) {
    const shown = rows.filter(({ node }) => !node.hidden);
    const all = shown.filter(({ account }) => fits(account)).every(({ box }) => box.checked);
    for (const { account, box } of shown) if (fits(account)) box.checked = !all;
    tell();
  }

  const tags = [...new Set(accounts.flatMap((one) => one.tags))].sort();
  const shortcuts =
    rows.length > 1
      ? h(
          "div",
          { class: "buttons" },
          button(t("compose.all"), () => take(() => true), { small: true, kind: "quiet" }),
          tags
            .slice(0, 8)
            .map((tag) => button(`#${tag}`, () => take((one) => one.tags.includes(tag)), { small: true, kind: "quiet" })),
        )
      : null;
  const node = h(
    "fieldset",
    { class: "choice" },
    h("legend", { class: "accounts-legend" }, t("compose.accounts")),
    h("div", { class: "spread accounts-acts" }, count, shortcuts),
    rows.length > MANY && search,
    rows.length > 0
      ? h(
          "div",
          { class: "chips" },
          rows.map((row) => row.node),
        )
      : empty(t("compose.no_accounts"), linkButton(t("shell.accounts"), to("accounts"))),
  );
  return {
    node,
    /** @param {number[]} ids */
    choose(ids) {
      for (const { account, box } of rows) box.checked = ids.includes(account.id);
      write(count, "");
    },
  };
}

/** @param {Account} account @param {HTMLInputElement} box */
function chip(account, box) {
  const state = stateOf(account);
  return h(
    "label",
    { class: "account-chip" },
    box,
    appIcon(account.platform),
    h(
      "span",
      { class: "chip-text" },
      h(
        "span",
        { class: "chip-name" },
        h("b", null, `@${account.username}`),
        h("span", { class: "calm" }, `, ${appName(account.platform)}`),
      ),
      h("span", { class: "chip-phone calm" }, ` ${phoneName(account.device) || t("compose.no_phone")}`),
    ),
    state &&
      h("span", { class: `chip-state ${state.kind}`, title: state.text, "aria-hidden": "true" }, icon(state.icon), state.text),
  );
}

/** What may keep its post waiting; null where nothing does. @param {Account} account */
function stateOf(account) {
  const phone = phoneOf(account.device);
  if (account.logined === 0) return { kind: "warn", icon: "key", text: t("compose.logged_out") };
  if (!account.device_online) return { kind: "calm", icon: "plug", text: t("compose.offline") };
  if (phone?.detail) return { kind: "warn", icon: "alert", text: t("compose.held_up") };
  if (phone?.current_task) return { kind: "run", icon: "bolt", text: t("compose.works") };
  return null;
}
