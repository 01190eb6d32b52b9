// Accounts: who posts, from which phone, and whether it is logged in there.

import { get } from "../lib/api.js";
import { h, keyed } from "../lib/dom.js";
import { appIcon, appName, badge, empty, heading } from "../lib/parts.js";
import { to } from "../lib/router.js";
import { t } from "../lib/texts.js";
import { loadPhones, phoneName } from "../model/phones.js";

/**
 * @param {import("../lib/router.js").Visit} visit
 * @returns {import("../lib/router.js").Screen}
 */
export default function accounts(visit) {
  const list = h("ul", { class: "list" });
  const none = h("div", { hidden: true }, empty(t("accounts.none")));

  async function load() {
    const [found] = await Promise.all([get("/api/v1/accounts?page_size=100", { signal: visit.signal }), loadPhones()]);
    none.hidden = found.total > 0;
    keyed(
      list,
      found.accounts,
      (/** @type {any} */ one) => one.id,
      row,
      found.accounts.map((/** @type {any} */ one) => phoneName(one.device)).join(),
    );
  }

  /** @param {any} one */
  function row(one) {
    return h(
      "li",
      { class: "spread" },
      h(
        "span",
        { class: "who" },
        appIcon(one.platform),
        h("b", null, `@${one.username}`),
        h("span", { class: "calm" }, appName(one.platform)),
        one.device && h("a", { href: to("phone", one.device) }, phoneName(one.device)),
      ),
      one.status === 1
        ? badge("calm", t("accounts.disabled"), "pause")
        : one.logined
          ? badge("good", t("accounts.logged_in"))
          : badge("warn", t("accounts.not_logged_in"), "key"),
    );
  }

  return { title: t("accounts.title"), node: h("div", null, heading(t("accounts.title")), list, none), load };
}
