// The filters above a list of tasks: account, phone and text, kept in the address.

import { get } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { t } from "../lib/texts.js";
import { loadPhones } from "./phones.js";
import { fillSelect } from "./plan.js";

const TYPING_MS = 350;

/**
 * @param {URLSearchParams} params
 * @param {() => void} changed
 */
export function taskFilters(params, changed) {
  const account = h("select", { name: "account", on: { change: changed } });
  const phone = h("select", { name: "phone", on: { change: changed } });
  let timer = 0;
  const text = h("input", { type: "search", name: "q", maxlength: 200, value: params.get("q") ?? "", on: { input: typed } });

  function typed() {
    clearTimeout(timer);
    timer = setTimeout(changed, TYPING_MS);
  }

  /** @param {string} name @param {HTMLElement} control @param {string} more */
  const labelled = (name, control, more = "") => h("label", { class: `filter ${more}` }, h("span", null, name), control);
  let known = "";

  async function load() {
    const [found, phones] = await Promise.all([get("/api/v1/accounts?page_size=100"), loadPhones()]);
    /** @type {Set<string>} */
    const names = new Set(found.accounts.map((/** @type {{ username: string }} */ one) => one.username));
    const facts = JSON.stringify([[...names], phones.map((one) => [one.serial, one.label])]);
    if (facts === known) return;
    known = facts;
    const chosen = values();
    fillSelect(
      account,
      [{ value: "", text: t("queue.all_accounts") }, ...[...names].sort().map((name) => ({ value: name, text: `@${name}` }))],
      chosen.account || (params.get("account") ?? ""),
    );
    fillSelect(
      phone,
      [
        { value: "", text: t("queue.all_phones") },
        ...phones.map((one) => ({ value: one.serial, text: one.label || one.serial })),
      ],
      chosen.phone || (params.get("phone") ?? ""),
    );
  }

  function values() {
    return { account: account.value, phone: phone.value, q: text.value.trim() };
  }

  /** What the API is asked for. */
  function query() {
    const { account: username, phone: serial, q } = values();
    return { username, serial, q };
  }

  /** Takes what the address says. @param {URLSearchParams} fresh */
  function take(fresh) {
    for (const [control, name] of /** @type {const} */ ([
      [account, "account"],
      [phone, "phone"],
      [text, "q"],
    ])) {
      const wanted = fresh.get(name) ?? "";
      if (control.value !== wanted) control.value = wanted;
    }
  }

  const node = h(
    "search",
    { class: "filters" },
    labelled(t("queue.account"), account),
    labelled(t("queue.phone"), phone),
    labelled(t("queue.text"), text, "wide"),
  );
  return { node, load, values, query, take };
}
